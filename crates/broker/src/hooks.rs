//! Webhooks of a connection: registered where the token may, each with a permit of its own, and tried at once.

use gitlab::{Error, HookScope, Kind, RegisterHook};
use model::{ConnectionName, Ctx};
use policy::{Gate, Outcome, Permit};
use url::{Host, Url};

use crate::{
    broker::{Broker, Change},
    error::BrokerError,
    health::Registered,
    spec::Register,
};

/// A place that shall tell us of its pushes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookTarget {
    /// The whole instance.
    System,
    /// A group, by full path.
    Group(String),
    /// A project, by full path.
    Project(String),
}

impl HookTarget {
    fn of(&self) -> String {
        match self {
            Self::System => "system".to_owned(),
            Self::Group(path) | Self::Project(path) => path.clone(),
        }
    }

    fn scope(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Group(_) => "group",
            Self::Project(_) => "project",
        }
    }
}

/// What is to be done for one target.
#[derive(Debug)]
pub enum HookPlan {
    /// It tells us already.
    There(Registered),
    /// Register it: needs a permit.
    Register(HookTarget, Box<RegisterHook>),
    /// The token may not, or there is no such place.
    Refused(HookTarget, Error),
}

impl Broker {
    /// What registering these would do. Asks GitLab, changes nothing.
    ///
    /// # Errors
    /// [`BrokerError::Invalid`] when there is no address at which GitLab could reach us, or no secret to know it by.
    pub async fn plan_hooks(
        &self,
        name: &ConnectionName,
        targets: &[HookTarget],
    ) -> Result<Vec<HookPlan>, BrokerError> {
        let url = self.hook_url(name)?;
        let client = self.gitlab(name)?.ok_or_else(|| BrokerError::Unknown(name.clone()))?;
        let secrets = self.hook_secrets(name);
        let Some(token) = secrets.as_ref().and_then(|secrets| secrets.token.clone()) else {
            return Err(BrokerError::Invalid {
                message: format!("no webhook secret is known for {name}, so nobody could tell who sent an event"),
                remedy: "set webhooks.secret of this connection in the configuration file".to_owned(),
            });
        };
        let signing = secrets.and_then(|secrets| secrets.signing);
        let mut plans = Vec::new();
        for target in targets {
            let place = match target {
                HookTarget::System => Ok(HookScope::System),
                HookTarget::Group(path) => client.group_place(path).await,
                HookTarget::Project(path) => client.project_place(path).await,
            };
            let known = match place {
                Ok(scope) => client.hooks(scope).await.map(|hooks| (scope, hooks)),
                Err(error) => Err(error),
            };
            plans.push(match known {
                Err(error) => HookPlan::Refused(target.clone(), explained(target, error)),
                Ok((scope, hooks)) => match hooks.into_iter().find(|hook| hook.url == url.as_str()) {
                    Some(hook) => HookPlan::There(registered(target, hook.id, None)),
                    None => HookPlan::Register(
                        target.clone(),
                        Box::new(RegisterHook {
                            connection: name.clone(),
                            scope,
                            url: url.clone(),
                            secret: token.clone(),
                            signing: signing.clone(),
                        }),
                    ),
                },
            });
        }
        Ok(plans)
    }

    /// Registers what was permitted and has GitLab try it. A hook that GitLab cannot deliver to is kept, with its words:
    /// polling goes on until it can.
    ///
    /// # Errors
    /// When GitLab does not take it.
    pub async fn register_hook(
        &self,
        permit: &Permit<RegisterHook>,
        target: &HookTarget,
    ) -> Result<Registered, BrokerError> {
        let client = self.gitlab(&permit.action().connection)?;
        let client = client.ok_or_else(|| BrokerError::Unknown(permit.action().connection.clone()))?;
        let hook = client.create_hook(permit).await.map_err(|error| explained(target, error))?;
        let error = client.test_hook(permit, hook.id).await.err().map(|error| error.message);
        Ok(registered(target, hook.id, error))
    }

    /// Keeps what was registered, and tells whether everything is heard of now.
    ///
    /// # Errors
    /// When it is not durably written.
    pub async fn keep_hooks(&self, name: &ConnectionName, found: &[Registered]) -> Result<(), BrokerError> {
        let _turn = self.inner.turn.lock().await;
        let (health, hears) = {
            let mut held = self.inner.held();
            let Some(held) = held.get_mut(name) else { return Ok(()) };
            for hook in found {
                held.health.hooks.retain(|known| known.of != hook.of || known.scope != hook.scope);
                held.health.hooks.push(hook.clone());
            }
            (held.health.clone(), held.hears_everything())
        };
        let _taken_up = self.tell(Change::Listening(name.clone(), hears)).await;
        self.changed();
        self.keep_health(name, &health).await
    }

    /// Registers the webhooks that the configuration file asks for. Without them polling finds every change, only later,
    /// so a failure is told and nothing stops.
    pub async fn register_declared(&self, gate: &Gate, ctx: &Ctx) {
        let wanted: Vec<(ConnectionName, Register, Vec<String>)> = {
            let held = self.inner.held();
            let wanted = held
                .values()
                .filter_map(|held| Some((held.name.clone(), held.register?, held.spec.discovery.groups.clone())));
            wanted.collect()
        };
        for (name, register, groups) in wanted {
            let of_groups: Vec<HookTarget> = groups.into_iter().map(HookTarget::Group).collect();
            let system = vec![HookTarget::System];
            let tries = match register {
                Register::System => vec![system],
                Register::Group => vec![of_groups],
                Register::Project => vec![self.unhooked_projects(&name).await],
                Register::Auto => vec![system, of_groups],
            };
            for targets in tries {
                match self.register_all(&name, &targets, gate, ctx).await {
                    Ok(found) if !found.is_empty() => break,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(connection = %name, error = %error, "no webhook was registered; polling goes on");
                    }
                }
            }
        }
    }

    /// The projects where the token may keep hooks and none is known to be ours.
    async fn unhooked_projects(&self, name: &ConnectionName) -> Vec<HookTarget> {
        let (groups, known) = {
            let held = self.inner.held();
            let Some(held) = held.get(name) else { return Vec::new() };
            let known: Vec<String> = held.health.hooks.iter().map(|hook| hook.of.clone()).collect();
            (held.spec.discovery.groups.clone(), known)
        };
        let Ok(Some(client)) = self.gitlab(name) else { return Vec::new() };
        let below = |path: &str, group: &str| path.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'));
        match client.maintained_projects().await {
            Ok(projects) => projects
                .into_iter()
                .filter(|path| groups.is_empty() || groups.iter().any(|group| below(path, group)))
                .filter(|path| !known.contains(path))
                .map(HookTarget::Project)
                .collect(),
            Err(error) => {
                tracing::warn!(connection = %name, %error, "projects for webhooks cannot be listed; polling goes on");
                Vec::new()
            }
        }
    }

    /// Looks whether GitLab still delivers to the hooks: it holds back those that fail, and people delete them.
    pub(crate) async fn look_at_hooks(&self, name: &ConnectionName) {
        /// Of more, the first are a fair sample.
        const MOST: usize = 5;
        let Ok(Some(client)) = self.gitlab(name) else { return };
        let (Ok(url), Ok(held)) = (self.hook_url(name), self.inner.copy(name)) else { return };
        let heard = self.inner.store.last_hook(name).await.ok().flatten();
        let mut changed = Vec::new();
        for hook in held.health.hooks.iter().take(MOST) {
            let place = match hook.scope.as_str() {
                "system" => Ok(HookScope::System),
                "group" => client.group_place(&hook.of).await,
                _ => client.project_place(&hook.of).await,
            };
            let listed = match place {
                Ok(scope) => client.hooks(scope).await,
                Err(error) => Err(error),
            };
            // An answer that does not come says nothing about the hook.
            let Ok(listed) = listed else { continue };
            let error = match listed.iter().find(|known| known.url == url.as_str()) {
                None => Some("it is not in GitLab any more: register it again".to_owned()),
                Some(known) => match known.alert_status.as_deref() {
                    Some(status) if status != "executable" => {
                        Some(format!("GitLab holds its deliveries back because they failed ({status})"))
                    }
                    // Something came since it was registered, so it reaches us.
                    _ if heard.is_some() => None,
                    _ => hook.error.clone(),
                },
            };
            if error != hook.error {
                changed.push(Registered { error, ..hook.clone() });
            }
        }
        if !changed.is_empty()
            && let Err(error) = self.keep_hooks(name, &changed).await
        {
            tracing::warn!(connection = %name, %error, "the state of webhooks is not kept");
        }
    }

    async fn register_all(
        &self,
        name: &ConnectionName,
        targets: &[HookTarget],
        gate: &Gate,
        ctx: &Ctx,
    ) -> Result<Vec<Registered>, BrokerError> {
        let mut found = Vec::new();
        for plan in self.plan_hooks(name, targets).await? {
            match plan {
                HookPlan::There(hook) => found.push(hook),
                HookPlan::Refused(target, error) => {
                    tracing::warn!(connection = %name, of = target.of(), %error, "a webhook was not registered; polling goes on");
                }
                HookPlan::Register(target, action) => {
                    let permit = match gate.permit(ctx, *action).await {
                        Ok(permit) => permit,
                        Err(refused) => {
                            tracing::warn!(connection = %name, %refused, "a webhook was not registered; polling goes on");
                            continue;
                        }
                    };
                    let made = self.register_hook(&permit, &target).await;
                    if let Err(error) = permit.done(ctx, outcome(&made)).await {
                        tracing::error!(%error, "an outcome is not in the audit trail");
                    }
                    match made {
                        Ok(hook) => {
                            tracing::info!(connection = %name, of = hook.of, hook = hook.hook, "a webhook was registered");
                            found.push(hook);
                        }
                        Err(error) => {
                            tracing::warn!(connection = %name, %error, "a webhook was not registered; polling goes on")
                        }
                    }
                }
            }
        }
        self.keep_hooks(name, &found).await?;
        Ok(found)
    }

    /// Where GitLab delivers to: the public address, or on one machine with GitLab our own.
    fn hook_url(&self, name: &ConnectionName) -> Result<Url, BrokerError> {
        let here = {
            let held = self.inner.held();
            let held = held.get(name).ok_or_else(|| BrokerError::Unknown(name.clone()))?;
            is_local(&held.url)
        };
        let options = &self.inner.options;
        let base = options.public_url.clone().or_else(|| here.then(|| options.local_url.clone()));
        let base = base.ok_or_else(|| BrokerError::Invalid {
            message: "GitLab could not reach this server: no public address is configured".to_owned(),
            remedy: "set publicUrl in the configuration file to the address at which GitLab reaches it".to_owned(),
        })?;
        base.join(&format!("hooks/gitlab/{name}")).map_err(|_| BrokerError::Unknown(name.clone()))
    }
}

/// How a registration ended, for the audit row.
#[must_use]
pub(crate) fn outcome(made: &Result<Registered, BrokerError>) -> Outcome {
    match made {
        Ok(Registered { hook, error: None, .. }) => Outcome::Done(format!("hook {hook}")),
        Ok(Registered { hook, error: Some(why), .. }) => Outcome::Done(format!("hook {hook}, not delivered to: {why}")),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

fn registered(target: &HookTarget, hook: u64, error: Option<String>) -> Registered {
    Registered { of: target.of(), scope: target.scope().to_owned(), hook, error }
}

/// GitLab's refusals of hooks in words that say what to do.
fn explained(target: &HookTarget, mut error: Error) -> Error {
    let remedy = match (&error.kind, target) {
        (Kind::Forbidden | Kind::NotFound | Kind::Unsupported, HookTarget::System) => {
            "only an administrator's token of a self-managed GitLab may; register hooks for groups or projects instead"
        }
        (Kind::Forbidden | Kind::NotFound | Kind::Unsupported, HookTarget::Group(_)) => {
            "group hooks need GitLab Premium and the role Owner; register hooks for projects instead"
        }
        (Kind::Forbidden | Kind::NotFound, HookTarget::Project(_)) => {
            "the token's user must be Maintainer of the project"
        }
        (Kind::InsufficientScope { .. }, _) => "use a token with the scope api; until then changes are asked for",
        (Kind::Rejected, _)
            if ["local network", "blocked", "Invalid url"].iter().any(|word| error.message.contains(word)) =>
        {
            "an administrator allows this server's host in GitLab under Admin, Settings, Network, Outbound requests"
        }
        _ => return error,
    };
    remedy.clone_into(&mut error.remedy);
    error
}

/// Does GitLab run on this machine? Then our loopback address is enough for it.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
