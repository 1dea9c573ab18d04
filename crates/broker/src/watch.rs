//! Looking after the connections: each is looked at every few minutes, briefly while it works, wholly when it does not.

use std::time::Duration;

use gitlab::{Kind, TokenKind};
use model::{ConnectionName, Millis};
use policy::Permit;
use secrecy::SecretString;

use crate::{
    actions::TestConnection,
    broker::Broker,
    check::{self, CheckId, Report, Tell},
    error::BrokerError,
};

/// From one whole test of a connection that works to the next: versions, scopes and certificates change slowly.
const WHOLE: Millis = 6 * 60 * 60 * 1000;
/// The longest sleep between two looks at what is due; also how soon an added connection is looked after.
const TICK: Duration = Duration::from_secs(5);

impl Broker {
    /// Tests a connection, kept or not, and tells of each check as it ends.
    ///
    /// # Errors
    /// [`BrokerError::Unknown`]; whatever the test finds stands in the report.
    pub async fn test(&self, permit: &Permit<TestConnection>, tell: Tell<'_>) -> Result<Report, BrokerError> {
        match permit.action() {
            TestConnection::New(new) => {
                Ok(check::run(&self.draft_of(new), &self.inner.clock, &self.inner.random, tell).await)
            }
            TestConnection::Kept(name) => self.test_kept(name, tell).await,
        }
    }

    async fn test_kept(&self, name: &ConnectionName, tell: Tell<'_>) -> Result<Report, BrokerError> {
        self.reread(name).await;
        self.look_at_hooks(name).await;
        let mut draft = self.draft_of_kept(name)?;
        draft.hearing.last_received = self.inner.store.last_hook(name).await?;
        let report = check::run(&draft, &self.inner.clock, &self.inner.random, tell).await;
        self.note(name, Some(report.clone()), draft.token.as_ref().ok()).await?;
        Ok(report)
    }

    /// Looks after the connections until the future is dropped.
    pub async fn run(self) {
        loop {
            let now = self.inner.clock.now();
            let due: Vec<ConnectionName> = {
                let held = self.inner.held();
                held.values()
                    .filter(|held| held.next_check.is_none_or(|at| at <= now))
                    .map(|h| h.name.clone())
                    .collect()
            };
            for name in due {
                if let Err(error) = self.look(&name).await {
                    tracing::warn!(connection = %name, %error, "a connection could not be looked at");
                }
            }
            tokio::time::sleep(TICK.min(self.inner.options.check_every)).await;
        }
    }

    /// One look: a single question while it works.
    async fn look(&self, name: &ConnectionName) -> Result<(), BrokerError> {
        self.reread(name).await;
        let now = self.inner.clock.now();
        let (client, works, oauth, token) = {
            let held = self.inner.held();
            let Some(held) = held.get(name) else { return Ok(()) };
            let report = held.health.report.as_ref();
            let recent = report.is_some_and(|report| report.reads && now - report.checked_at < WHOLE);
            let oauth = report.is_some_and(|report| report.facts.token_kind == Some(TokenKind::Oauth));
            let token = held.opened.as_ref().map(|opened| opened.token.clone());
            (held.client.clone(), recent && held.health.failing.is_none(), oauth, token)
        };
        if let (Some(client), true) = (&client, works) {
            let answered = match oauth {
                true => client.current_user().await.map(|_| ()),
                false => client.own_token().await.map(|_| ()),
            };
            match answered {
                Ok(()) => return self.note(name, None, token.as_ref()).await,
                // Too many questions at the moment says nothing about the connection.
                Err(error) if matches!(error.kind, Kind::RateLimited { .. }) => {
                    return self.note(name, None, token.as_ref()).await;
                }
                Err(error) => tracing::info!(connection = %name, %error, "a connection is tested wholly"),
            }
        }
        self.look_at_hooks(name).await;
        let mut draft = self.draft_of_kept(name)?;
        draft.hearing.last_received = self.inner.store.last_hook(name).await?;
        let report = check::run(&draft, &self.inner.clock, &self.inner.random, &mut |_| {}).await;
        self.note(name, Some(report), draft.token.as_ref().ok()).await
    }

    /// A token by reference may have been renewed where it is.
    async fn reread(&self, name: &ConnectionName) {
        let renewed = {
            let held = self.inner.held();
            let Some(held) = held.get(name) else { return };
            let Some(reference) = &held.spec.token else { return };
            match reference.read() {
                Ok(token) if held.uses(&token) => false,
                Ok(_) => true,
                // Gone while it is in use: what is held goes on; the next start says it.
                Err(error) => {
                    tracing::warn!(connection = %name, %error, "a token cannot be read again");
                    false
                }
            }
        };
        if !renewed {
            return;
        }
        let _turn = self.inner.turn.lock().await;
        let Ok(mut held) = self.inner.copy(name) else { return };
        self.make_client(&mut held).await;
        tracing::info!(connection = %name, "another token was found where it is kept, and is used now");
        self.hold(held).await;
    }

    /// Takes in what a look with this token found; nothing, if another is used by now.
    async fn note(
        &self,
        name: &ConnectionName,
        report: Option<Report>,
        token: Option<&SecretString>,
    ) -> Result<(), BrokerError> {
        let _turn = self.inner.turn.lock().await;
        let now = self.inner.clock.now();
        let (kept, before, after) = {
            let mut held = self.inner.held();
            let Some(held) = held.get_mut(name) else { return Ok(()) };
            if token.is_some_and(|token| !held.uses(token)) {
                return Ok(());
            }
            let before = held.health.failing.as_ref().map(|failing| failing.check);
            match report {
                Some(report) => held.health.take(report, now),
                None => held.health.works(now),
            }
            held.next_check = Some(now + self.check_every());
            (held.health.clone(), before, held.health.failing.as_ref().map(|failing| failing.check))
        };
        tell_turn(name, before, after);
        self.keep_health(name, &kept).await?;
        self.changed();
        Ok(())
    }
}

fn tell_turn(name: &ConnectionName, before: Option<CheckId>, after: Option<CheckId>) {
    match (before, after) {
        (None, Some(check)) => {
            tracing::warn!(connection = %name, check = check.as_str(), "a connection stopped working")
        }
        (Some(_), None) => tracing::info!(connection = %name, "a connection works again"),
        _ => {}
    }
}
