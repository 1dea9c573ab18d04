//! A connection's token: another in its place, or a new one made of it by GitLab.

use gitlab::RotateToken;
use policy::Permit;
use secrecy::SecretString;

use crate::{
    actions::UpdateToken,
    broker::{Broker, read},
    check::{self, Draft, Report},
    error::BrokerError,
    held::Connection,
    opening::TOKEN,
    spec::{Given, Spec},
};
use model::ConnectionName;

impl Broker {
    /// Puts a token in the place of the old one, if it reads what the connection needs.
    ///
    /// # Errors
    /// [`BrokerError::Fails`] with the report: the old one then stays.
    pub async fn update_token(&self, permit: &Permit<UpdateToken>) -> Result<Connection, BrokerError> {
        let _turn = self.inner.turn.lock().await;
        let UpdateToken { name, token } = permit.action();
        self.kept(name)?;
        let secret = read(token)?;
        let mut draft = self.draft_of_kept(name)?;
        draft.token = Ok(secret.clone());
        let report = check::run(&draft, &self.inner.clock, &self.inner.random, &mut |_| {}).await;
        if !report.reads {
            return Err(BrokerError::Fails(Box::new(report)));
        }
        let spec = self.spec_of(name, |spec| {
            spec.token = match token {
                Given::Pasted(_) => None,
                Given::Reference(reference) => Some(reference.clone()),
            };
        })?;
        let sealed = match token {
            Given::Pasted(_) => vec![self.seal(name, TOKEN, &secret)?],
            Given::Reference(_) => Vec::new(),
        };
        self.inner.store.change_connection(name, &serde_json::to_string(&spec)?, &sealed).await?;
        self.take_up(name, spec, Some(report), None).await
    }

    /// Has GitLab make a new token of the kept one, which ends at once, and keeps the new one.
    ///
    /// # Errors
    /// [`BrokerError::Elsewhere`] for a token that is not kept here; [`BrokerError::OnlyInMemory`] when the new one is in
    /// use and could not be stored.
    pub async fn rotate_token(&self, permit: &Permit<RotateToken>) -> Result<Connection, BrokerError> {
        let _turn = self.inner.turn.lock().await;
        let name = &permit.action().connection;
        self.kept(name)?;
        let spec = self.spec_of(name, |_| {})?;
        if let Some(reference) = &spec.token {
            return Err(BrokerError::Elsewhere { name: name.clone(), place: reference.to_string() });
        }
        // A database that does not answer is found out before GitLab ends the old token, not after.
        self.inner.store.ping().await?;
        let client = self.gitlab(name)?.ok_or_else(|| BrokerError::Unknown(name.clone()))?;
        let made = client.rotate_own_token(permit).await?;
        // From here on the old one is worth nothing: whatever fails now, the new one is used.
        let stored = match self.seal(name, TOKEN, &made.token) {
            Ok(sealed) => self.inner.store.keep_secret(&sealed).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let connection = self.take_up(name, spec, None, Some(made.token)).await?;
        match stored {
            Ok(()) => Ok(connection),
            Err(why) => {
                tracing::error!(connection = %name, why, "a rotated token is not stored");
                Err(BrokerError::OnlyInMemory(why))
            }
        }
    }

    /// What a test of a kept connection goes with.
    ///
    /// # Errors
    /// [`BrokerError::Unknown`].
    pub(crate) fn draft_of_kept(&self, name: &ConnectionName) -> Result<Draft, BrokerError> {
        let held = self.inner.held();
        let held = held.get(name).ok_or_else(|| BrokerError::Unknown(name.clone()))?;
        let opened = held.opened.as_ref();
        let password = opened.and_then(|opened| opened.proxy_password.clone());
        let user = held.spec.proxy_user.clone();
        let failing = held.health.hooks.iter().find_map(|hook| hook.error.clone());
        Ok(Draft {
            url: held.url.to_string(),
            token: opened.map(|opened| opened.token.clone()).ok_or_else(|| {
                let known = held.health.failing.as_ref().map(|failing| failing.detail.clone());
                known.unwrap_or_else(|| "no token is kept for it".to_owned())
            }),
            ca: held.spec.ca.as_ref().map(|ca| ca.as_bytes().to_vec()),
            proxy: held.spec.proxy.clone().map(SecretString::from),
            proxy_credentials: user.map(|user| (user, password.unwrap_or_else(|| SecretString::from("")))),
            no_proxy: held.spec.no_proxy.clone(),
            discovery: held.spec.discovery.clone(),
            hearing: check::Hearing {
                public_url: self.inner.options.public_url.clone(),
                hooks: u64::try_from(held.health.hooks.len()).unwrap_or(0),
                last_received: None,
                failing,
                poll_seconds: self.inner.options.poll_seconds,
            },
        })
    }

    fn spec_of(&self, name: &ConnectionName, change: impl FnOnce(&mut Spec)) -> Result<Spec, BrokerError> {
        let held = self.inner.held();
        let mut spec = held.get(name).ok_or_else(|| BrokerError::Unknown(name.clone()))?.spec.clone();
        change(&mut spec);
        Ok(spec)
    }

    /// Uses changed settings or another token from now on. `in_use` is a token that may not be in the store.
    pub(crate) async fn take_up(
        &self,
        name: &ConnectionName,
        spec: Spec,
        report: Option<Report>,
        in_use: Option<SecretString>,
    ) -> Result<Connection, BrokerError> {
        let mut held = self.inner.copy(name)?;
        held.spec = spec;
        match (in_use, &mut held.opened) {
            (Some(token), Some(opened)) => {
                opened.token = token;
                let settings = held.spec.settings(&held.name, &held.url, opened)?;
                held.client = Some(self.client(settings)?);
            }
            _ => self.make_client(&mut held).await,
        }
        let now = self.inner.clock.now();
        if let Some(report) = report {
            held.health.take(report, now);
        } else {
            // Looked at anew at once.
            held.next_check = Some(now);
        }
        let kept = self.keep_health(name, &held.health).await;
        let view = held.view();
        self.hold(held).await;
        kept.map(|()| view)
    }
}
