//! Bells: one process tells the others that there is something to look at. PostgreSQL carries them; a bell that is lost
//! costs a second, because everybody also looks by the clock.

use std::time::Duration;

use sqlx::{AnyConnection, postgres::PgListener};

use crate::{Dialect, Error, Inner, Store};

/// From one look at the feed to the next when no bell rings.
const LOOK: Duration = Duration::from_secs(1);
/// The channel of `NOTIFY`.
const CHANNEL: &str = "stagedoor";

/// What there is to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bell {
    /// A job may be due.
    Jobs,
    /// The feed has a new row.
    Feed,
    /// How reading goes was told.
    Status,
}

impl Bell {
    fn name(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Feed => "feed",
            Self::Status => "status",
        }
    }
}

impl Inner {
    /// Rings at the end of a transaction: it is heard when that commits.
    pub(crate) async fn ring(&self, tx: &mut AnyConnection, bell: Bell) -> Result<(), Error> {
        if self.dialect == Dialect::Postgres {
            sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(bell.name()).execute(tx).await?;
        }
        Ok(())
    }
}

/// Hears the bells of the other replicas.
#[derive(Debug)]
pub struct Listener {
    store: Store,
    listener: Option<PgListener>,
}

impl Store {
    /// A listener; with SQLite there is nobody to hear, and [`Listener::heard`] never ends.
    #[must_use]
    pub fn listener(&self) -> Listener {
        Listener { store: self.clone(), listener: None }
    }
}

impl Listener {
    /// Waits until there may be something new in the feed or in the statuses: a bell, or a second. Bells for jobs wake
    /// the workers meanwhile.
    pub async fn heard(&mut self) {
        if self.store.dialect() == Dialect::Sqlite {
            return std::future::pending().await;
        }
        let look = tokio::time::sleep(LOOK);
        tokio::pin!(look);
        loop {
            tokio::select! {
                () = &mut look => return,
                told = self.next() => match told {
                    Ok(bell) if bell == Bell::Jobs.name() => self.store.inner.jobs.notify_waiters(),
                    Ok(_) => return,
                    Err(error) => {
                        tracing::warn!(%error, "the bells of the database are not heard; looking by the clock");
                        self.listener = None;
                        look.await;
                        return;
                    }
                }
            }
        }
    }

    async fn next(&mut self) -> Result<String, sqlx::Error> {
        let listener = match &mut self.listener {
            Some(listener) => listener,
            None => {
                let mut listener = PgListener::connect(&self.store.inner.url.0).await?;
                listener.listen(CHANNEL).await?;
                self.listener.insert(listener)
            }
        };
        Ok(listener.recv().await?.payload().to_owned())
    }
}
