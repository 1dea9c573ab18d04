//! Webhooks: who wants to know, and telling them. Push and tag push, to hooks of the project, of the groups above it
//! and of the instance.
//!
//! Headers and payload as GitLab documents them; with a `signing_token` also the Standard Webhooks signature. A
//! delivery is tried once and its outcome kept, as GitLab keeps it; nothing is sent again.

pub(crate) mod faults;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::app::{App, Shared};
use crate::clock::Clock;
use crate::options::Edition;
use crate::repo::object::Oid;
use faults::HookFaults;

/// Deliveries kept for each hook.
const KEPT: usize = 50;
/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A ref that moved.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    pub(crate) project: u64,
    pub(crate) user: u64,
    /// Full name, `refs/heads/main`.
    pub(crate) reference: String,
    pub(crate) before: Oid,
    pub(crate) after: Oid,
}

/// What a hook is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Instance,
    /// The group and everything below it.
    Group(u64),
    Project(u64),
}

/// A hook.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) id: u64,
    pub(crate) place: Place,
    pub(crate) url: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// Which `*_events` are on, and `enable_ssl_verification`.
    pub(crate) flags: BTreeMap<&'static str, bool>,
    pub(crate) branch_filter: String,
    pub(crate) filter_strategy: String,
    pub(crate) token: Option<String>,
    /// `whsec_` and 32 bytes in base64.
    pub(crate) signing_token: Option<String>,
    pub(crate) custom_headers: Vec<(String, String)>,
    pub(crate) created: OffsetDateTime,
    pub(crate) uuid: Uuid,
}

impl Hook {
    pub(crate) fn wants(&self, event: &str) -> bool {
        self.flags.get(event).copied().unwrap_or(false)
    }

    /// Whether a push to this branch passes the hook's filter; `*` stands for any characters.
    fn wants_branch(&self, branch: &str) -> bool {
        if self.filter_strategy == "all_branches" || self.branch_filter.is_empty() {
            return true;
        }
        let mut rest = branch;
        let mut parts = self.branch_filter.split('*');
        let Some(after) = parts.next().and_then(|first| rest.strip_prefix(first)) else { return false };
        rest = after;
        let mut last_found = !self.branch_filter.contains('*');
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
            last_found = part.is_empty();
        }
        rest.is_empty() || last_found && self.branch_filter.ends_with('*')
    }
}

/// How a delivery ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The receiver's status, or `internal error` in GitLab's words when none came.
    pub(crate) status: Result<u16, String>,
}

/// All hooks and their latest deliveries.
pub(crate) struct Hooks {
    all: Mutex<BTreeMap<u64, Hook>>,
    events: Mutex<BTreeMap<u64, VecDeque<Value>>>,
    next: AtomicU64,
    serial: AtomicU64,
    seed: u64,
    clock: Arc<Clock>,
    client: reqwest::Client,
    /// Whether hooks may lead to addresses of the local network.
    local: AtomicBool,
    /// What becomes of deliveries on their way.
    pub(crate) faults: HookFaults,
    /// One delivery after the other to each hook, in the order of the pushes.
    turns: Mutex<BTreeMap<u64, Arc<tokio::sync::Mutex<()>>>>,
}

impl Hooks {
    pub(crate) fn new(seed: u64, clock: Arc<Clock>) -> Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("the client for webhooks cannot be made")?;
        Ok(Self {
            all: Mutex::default(),
            events: Mutex::default(),
            next: AtomicU64::new(1),
            serial: AtomicU64::new(1),
            seed,
            clock,
            client,
            local: AtomicBool::new(true),
            faults: HookFaults::default(),
            turns: Mutex::default(),
        })
    }

    /// Lets hooks lead to the local network from now on, or not.
    pub(crate) fn allow_local(&self, allow: bool) {
        self.local.store(allow, Ordering::Relaxed);
    }

    /// Why nothing may be sent to this address, in GitLab's words. Names are not resolved here.
    pub(crate) fn blocked(&self, address: &str) -> Option<&'static str> {
        let Some(url) = url::Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return Some("Only allowed schemes are http, https");
        };
        if self.local.load(Ordering::Relaxed) {
            return None;
        }
        let ip = match url.host()? {
            url::Host::Ipv4(ip) => IpAddr::V4(ip),
            url::Host::Ipv6(ip) => ip.to_canonical(),
            url::Host::Domain(name) => {
                let local = name == "localhost" || name.ends_with(".localhost");
                return local.then_some("Requests to localhost are not allowed");
            }
        };
        let near = match ip {
            IpAddr::V4(ip) => ip.is_private() || ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
        };
        if ip.is_loopback() || ip.is_unspecified() {
            Some("Requests to localhost are not allowed")
        } else {
            near.then_some("Requests to the local network are not allowed")
        }
    }

    /// A new UUID. Drawn from the seed and a counter, so that a run can be repeated.
    pub(crate) fn uuid(&self) -> Uuid {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let high = u128::from(crate::world::mix(self.seed ^ serial)) << 64;
        let low = u128::from(crate::world::mix(serial.wrapping_mul(31) ^ self.seed.rotate_left(7)));
        uuid::Builder::from_random_bytes((high | low).to_be_bytes()).into_uuid()
    }

    pub(crate) fn add(&self, mut hook: Hook) -> Hook {
        hook.id = self.next.fetch_add(1, Ordering::Relaxed);
        self.all.lock().unwrap_or_else(PoisonError::into_inner).insert(hook.id, hook.clone());
        hook
    }

    /// The hooks of a place, by id.
    pub(crate) fn of(&self, place: Place) -> Vec<Hook> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().filter(|hook| hook.place == place).cloned().collect()
    }

    pub(crate) fn get(&self, place: Place, id: u64) -> Option<Hook> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&id).filter(|hook| hook.place == place).cloned()
    }

    pub(crate) fn replace(&self, hook: Hook) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).insert(hook.id, hook);
    }

    pub(crate) fn remove(&self, id: u64) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.events.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn turn(&self, hook: u64) -> Arc<tokio::sync::Mutex<()>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).entry(hook).or_default().clone()
    }

    /// Latest deliveries of a hook, newest first.
    pub(crate) fn events(&self, hook: u64) -> Vec<Value> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.get(&hook).map(|list| list.iter().cloned().collect()).unwrap_or_default()
    }

    /// Sends one payload to one hook and waits for the answer.
    pub(crate) async fn deliver(
        &self,
        app: &App,
        hook: &Hook,
        event: &str,
        (event_id, delivery): (Uuid, Uuid),
        payload: &Value,
    ) -> Outcome {
        let body = serde_json::to_vec(payload).unwrap_or_default();
        let delivery = delivery.to_string();
        let header = if hook.place == Place::Instance { "System Hook" } else { event };
        let mut headers = vec![
            ("Content-Type".to_owned(), "application/json".to_owned()),
            ("User-Agent".to_owned(), format!("GitLab/{}", crate::rest::version())),
            ("Idempotency-Key".to_owned(), delivery.clone()),
            ("X-Gitlab-Event".to_owned(), header.to_owned()),
            ("X-Gitlab-Webhook-UUID".to_owned(), hook.uuid.to_string()),
            ("X-Gitlab-Instance".to_owned(), app.url.clone()),
            ("X-Gitlab-Event-UUID".to_owned(), event_id.to_string()),
        ];
        if let Some(token) = &hook.token {
            headers.push(("X-Gitlab-Token".to_owned(), token.clone()));
        }
        if let Some(secret) = &hook.signing_token {
            let stamp = self.clock.now().unix_timestamp().to_string();
            if let Some(signature) = sign(secret, &delivery, &stamp, &body) {
                headers.push(("webhook-id".to_owned(), delivery));
                headers.push(("webhook-timestamp".to_owned(), stamp));
                headers.push(("webhook-signature".to_owned(), signature));
            }
        }
        headers.extend(hook.custom_headers.iter().cloned());
        let mut request = self.client.post(&hook.url).body(body);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let status = match self.blocked(&hook.url) {
            Some(why) => Err(format!("URL is blocked: {why}")),
            None => match request.send().await {
                Ok(response) => Ok(response.status().as_u16()),
                Err(error) => Err(format!("{error:#}")),
            },
        };
        self.keep(hook, event, &headers, payload, &status);
        Outcome { status }
    }

    fn keep(
        &self,
        hook: &Hook,
        event: &str,
        headers: &[(String, String)],
        payload: &Value,
        status: &Result<u16, String>,
    ) {
        let secret = |name: &str| matches!(name, "X-Gitlab-Token" | "webhook-signature");
        let shown: BTreeMap<&str, &str> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), if secret(name) { "[REDACTED]" } else { value }))
            .collect();
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let list = events.entry(hook.id).or_default();
        list.push_front(json!({
            "id": self.serial.fetch_add(1, Ordering::Relaxed),
            "url": hook.url,
            "trigger": if event == "Tag Push Hook" { "tag_push_hooks" } else { "push_hooks" },
            "request_headers": shown,
            "request_data": payload,
            "response_headers": {},
            "response_body": status.as_ref().err().cloned().unwrap_or_default(),
            "execution_duration": 0.0,
            "response_status": status.as_ref().map_or_else(|_| "internal error".to_owned(), ToString::to_string),
        }));
        list.truncate(KEPT);
    }
}

/// `v1,<base64>`: HMAC-SHA256 over `id.timestamp.body` (Standard Webhooks). `None` for a secret of another form.
fn sign(secret: &str, id: &str, stamp: &str, body: &[u8]) -> Option<String> {
    let key = BASE64.decode(secret.strip_prefix("whsec_")?).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let mut message = format!("{id}.{stamp}.").into_bytes();
    message.extend_from_slice(body);
    Some(format!("v1,{}", BASE64.encode(hmac::sign(&key, &message))))
}

impl App {
    /// What follows a moved ref: the project's activity, and word to every hook that wants it, in the background.
    pub(crate) fn pushed(self: &Shared, push: Push) {
        self.world.touch(push.project, self.clock.now());
        let (kind, event) = kind_of(&push);
        let branch = push.reference.strip_prefix("refs/heads/").map(str::to_owned);
        let mut wanted: Vec<Hook> = self.hooks.of(Place::Project(push.project));
        if let (Edition::Premium, Some(group)) = (self.edition, self.world.group_of(push.project)) {
            wanted.extend(self.world.lineage(group).into_iter().flat_map(|group| self.hooks.of(Place::Group(group))));
        }
        wanted.extend(self.hooks.of(Place::Instance));
        wanted.retain(|hook| hook.wants(event) && branch.as_ref().is_none_or(|branch| hook.wants_branch(branch)));
        if wanted.is_empty() {
            return;
        }
        let Some(payload) = self.push_payload(&push) else { return };
        let event_id = self.hooks.uuid();
        let payload = Arc::new(payload);
        for hook in wanted {
            let fate = self.hooks.faults.fate();
            let (app, payload) = (self.clone(), payload.clone());
            tokio::spawn(async move {
                // Whoever waits for its turn keeps it: pushes are told in their order, unless that is the fault.
                let turn = app.hooks.turn(hook.id);
                let held = if fate.apart { None } else { Some(turn.lock().await) };
                tokio::time::sleep(fate.delay).await;
                // A second copy has the key of the first, as GitLab keeps it when it sends again.
                let ids = (event_id, app.hooks.uuid());
                for _ in 0..fate.copies {
                    let outcome = app.hooks.deliver(&app, &hook, kind, ids, &payload).await;
                    if let Err(error) = outcome.status {
                        tracing::warn!(hook = hook.id, %error, "a webhook could not be delivered");
                    }
                }
                drop(held);
            });
        }
    }
}

/// The event's name in the header, and the flag that asks for it.
pub(crate) fn kind_of(push: &Push) -> (&'static str, &'static str) {
    if push.reference.starts_with("refs/tags/") {
        ("Tag Push Hook", "tag_push_events")
    } else {
        ("Push Hook", "push_events")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filter: &str, branch: &str, expected: bool) {
        let hook = Hook {
            id: 1,
            place: Place::Instance,
            url: String::new(),
            name: None,
            description: None,
            flags: BTreeMap::new(),
            branch_filter: filter.to_owned(),
            filter_strategy: "wildcard".to_owned(),
            token: None,
            signing_token: None,
            custom_headers: Vec::new(),
            created: OffsetDateTime::UNIX_EPOCH,
            uuid: Uuid::nil(),
        };
        assert_eq!(hook.wants_branch(branch), expected, "{filter} on {branch}");
    }

    #[test]
    fn branch_filters_are_wildcards() {
        check("", "main", true);
        check("main", "main", true);
        check("main", "maintenance", false);
        check("release/*", "release/1.2", true);
        check("release/*", "main", false);
        check("*-stable", "1-2-stable", true);
        check("*-stable", "1-2-stable-x", false);
        check("a*b*c", "aXbYc", true);
        check("a*b*c", "aXc", false);
    }

    /// The example of the Standard Webhooks specification.
    #[test]
    fn signature_of_the_specification() {
        let signature = sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }
}
