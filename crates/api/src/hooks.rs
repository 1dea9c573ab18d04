//! Webhooks: authenticated, stored with the job they wake, acknowledged. Nothing of the payload is believed beyond which
//! project to look at.

use axum::{
    body::{Bytes, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use broker::HookSecrets;
use metrics::counter;
use model::{ConnectionName, Millis, ProjectId};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use store::{Accepted, HookEvent};
use subtle::ConstantTimeEq;

use crate::{Answer, Failure, services::App};

/// What GitLab sends at most.
const LARGEST: usize = 25 << 20;
/// How far the sender's clock may be off (Standard Webhooks).
const TOLERANCE: Millis = 5 * 60 * 1000;
/// The longest identifier that is stored as it is.
const LONGEST_ID: usize = 200;

/// Takes a webhook of a project, a group or the whole instance.
#[utoipa::path(post, path = "/hooks/gitlab/{connection}", tag = "hooks",
    params(("connection" = String, Path, description = "The configured name of the connection")),
    request_body(content = Object, description = "A GitLab webhook, at most 25 MB"),
    extensions(("x-stagedoor-action" = json!("Webhook"))),
    responses(
        (status = 204, description = "Durably stored, or stored before"),
        (status = 401, description = "Not known by token or signature; nothing says which connection exists")))]
pub(crate) async fn gitlab(
    State(app): State<App>,
    Path(connection): Path<String>,
    request: Request,
) -> Answer<StatusCode> {
    let (parts, body) = request.into_parts();
    let connection = ConnectionName::parse(&connection).ok();
    let secret = connection.as_ref().and_then(|name| app.broker.hook_secrets(name));
    // Before the body is read: who has neither a token nor a signature does not get to send 25 MB.
    let proof = Proof::of(&parts.headers, secret.as_ref()).ok_or_else(unknown)?;
    if !is_json(&parts.headers) {
        return Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-json",
            "Webhooks must be sent as application/json.",
        ));
    }
    let body = to_bytes(body, LARGEST).await.map_err(|_| {
        Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The webhook is larger than 25 MB or was cut off.")
    })?;
    let now = app.clock.now();
    let (true, Some(connection)) = (proof.holds(&body, now), connection) else { return Err(unknown()) };

    let payload: Payload = serde_json::from_slice(&body)
        .map_err(|error| Failure::bad_request(format!("The webhook's body cannot be read: {error}.")))?;
    let event = HookEvent {
        id: event_id(&parts.headers, &body, &app),
        kind: payload.kind(),
        project: payload.project(),
        received_at: now,
        connection,
    };
    let connection = event.connection.clone();
    let accepted = app.store.accept_hook(event).await.map_err(|error| {
        tracing::error!(%error, "a webhook could not be stored");
        counter!("stagedoor_hooks_total", "outcome" => "failed").increment(1);
        Failure::unavailable("The webhook could not be stored. Send it again.")
    })?;
    app.catalog.hook_received(&connection);
    let outcome = match accepted {
        Accepted::Stored => "stored",
        Accepted::Duplicate => "duplicate",
    };
    counter!("stagedoor_hooks_total", "outcome" => outcome).increment(1);
    Ok(StatusCode::NO_CONTENT)
}

/// One answer for every reason, so that nothing can be learnt by trying.
fn unknown() -> Failure {
    Failure::new(
        StatusCode::UNAUTHORIZED,
        "unknown-sender",
        "This webhook is not known by its connection and its token or signature. Compare both with the configuration.",
    )
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// How a request wants to be known.
enum Proof<'a> {
    Token { sent: &'a [u8], expected: &'a SecretString },
    Signature { headers: &'a HeaderMap, secret: &'a SecretString },
}

/// With both set, a signed request must have a good signature and an unsigned one the token.
impl<'a> Proof<'a> {
    fn of(headers: &'a HeaderMap, secret: Option<&'a HookSecrets>) -> Option<Self> {
        let secret = secret?;
        if let Some(signing) = &secret.signing
            && headers.contains_key("webhook-signature")
        {
            return Some(Self::Signature { headers, secret: signing });
        }
        let expected = secret.token.as_ref()?;
        let sent = headers.get("x-gitlab-token")?.as_bytes();
        // Checked here too, so that a wrong token is refused before the body.
        same(sent, expected).then_some(Self::Token { sent, expected })
    }

    fn holds(&self, body: &Bytes, now: Millis) -> bool {
        match self {
            Self::Token { sent, expected } => same(sent, expected),
            Self::Signature { headers, secret } => signed(headers, body, secret, now).unwrap_or(false),
        }
    }
}

/// In constant time, also over the lengths: digests are compared.
fn same(sent: &[u8], expected: &SecretString) -> bool {
    let expected = expected.expose_secret();
    !expected.is_empty() && Sha256::digest(sent).ct_eq(&Sha256::digest(expected.as_bytes())).into()
}

/// Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`; `None` when anything is absent or malformed.
fn signed(headers: &HeaderMap, body: &[u8], secret: &SecretString, now: Millis) -> Option<bool> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let (id, timestamp) = (text("webhook-id")?, text("webhook-timestamp")?);
    let sent_at: Millis = timestamp.parse::<i64>().ok()?.checked_mul(1000)?;
    if now.checked_sub(sent_at)?.abs() > TOLERANCE {
        return Some(false);
    }
    let key = STANDARD.decode(secret.expose_secret().strip_prefix("whsec_")?).ok()?;
    if key.is_empty() {
        return Some(false);
    }
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &key);
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let signatures = text("webhook-signature")?.split(' ').filter_map(|s| s.strip_prefix("v1,"));
    Some(
        signatures
            .filter_map(|signature| STANDARD.decode(signature).ok())
            .any(|signature| aws_lc_rs::hmac::verify(&key, &message, &signature).is_ok()),
    )
}

/// The identifier by which a second delivery is known. `X-Gitlab-Event-UUID` is shared by events that cause each other, so
/// it counts together with the body. Without any of them every delivery is new, which only costs a reading.
fn event_id(headers: &HeaderMap, body: &[u8], app: &App) -> String {
    let text = |name: &str| headers.get(name)?.to_str().ok().filter(|id| !id.is_empty());
    let id = match (text("idempotency-key").or_else(|| text("webhook-id")), text("x-gitlab-event-uuid")) {
        (Some(id), _) => id.to_owned(),
        (None, Some(uuid)) => format!("{uuid}/{}", hex::encode(Sha256::digest(body))),
        (None, None) => format!("unnamed/{:016x}", app.random.next()),
    };
    if id.len() <= LONGEST_ID { id } else { hex::encode(Sha256::digest(id)) }
}

/// What is read of a webhook. Unknown fields are skipped without being kept.
#[derive(Debug, Deserialize)]
struct Payload {
    object_kind: Option<String>,
    event_name: Option<String>,
    project_id: Option<u64>,
    project: Option<Project>,
}

#[derive(Debug, Deserialize)]
struct Project {
    id: Option<u64>,
}

impl Payload {
    /// GitLab's name of the event, cut to what a name may be.
    fn kind(&self) -> String {
        let kind = self.object_kind.as_deref().or(self.event_name.as_deref()).unwrap_or("unknown");
        kind.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect()
    }

    fn project(&self) -> Option<ProjectId> {
        self.project_id.or_else(|| self.project.as_ref()?.id).map(ProjectId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_counts_only_over_this_body_and_for_five_minutes() {
        let secret = SecretString::from(format!("whsec_{}", STANDARD.encode([7_u8; 32])));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[7_u8; 32]);
        let tag = aws_lc_rs::hmac::sign(&key, b"msg_1.1700000000.{}");
        let headers = |signature: String| {
            let pairs = [
                ("webhook-id", "msg_1".to_owned()),
                ("webhook-timestamp", "1700000000".to_owned()),
                ("webhook-signature", signature),
            ];
            pairs
                .into_iter()
                .map(|(name, value)| (name.parse().expect("name"), value.parse().expect("value")))
                .collect::<HeaderMap>()
        };
        let good = headers(format!("v1,AAAA v1,{}", STANDARD.encode(tag.as_ref())));
        let now = 1_700_000_000_000;
        assert_eq!(signed(&good, b"{}", &secret, now), Some(true));
        assert_eq!(signed(&good, b"{}", &secret, now + TOLERANCE), Some(true));
        assert_eq!(signed(&good, b"{}", &secret, now + TOLERANCE + 1), Some(false));
        assert_eq!(signed(&good, b"{}", &secret, now - TOLERANCE - 1), Some(false));
        assert_eq!(signed(&good, b"[]", &secret, now), Some(false));
        assert_eq!(signed(&headers("v1,AAAA".to_owned()), b"{}", &secret, now), Some(false));
        assert_eq!(signed(&headers(String::new()), b"{}", &secret, now), Some(false));
        assert_eq!(signed(&good, b"{}", &SecretString::from("whsec_"), now), Some(false));
        assert_eq!(signed(&good, b"{}", &SecretString::from("no prefix"), now), None);
    }

    #[test]
    fn an_empty_configured_token_admits_nobody() {
        assert!(!same(b"", &SecretString::from("")));
        assert!(!same(b"abc", &SecretString::from("abd")));
        assert!(same(b"abc", &SecretString::from("abc")));
    }
}
