//! Connections that another process of the same database added, changed or removed.

use model::ConnectionName;

use crate::{
    broker::{Broker, Change},
    error::BrokerError,
    held::Origin,
};

impl Broker {
    /// Takes over what the database has of a connection: somebody else changed it. A declared one is not concerned.
    ///
    /// # Errors
    /// When the store does not answer or the row cannot be read.
    pub async fn take_over(&self, name: &ConnectionName) -> Result<(), BrokerError> {
        let _turn = self.inner.turn.lock().await;
        let origin = self.inner.held().get(name).map(|held| held.origin);
        if origin == Some(Origin::Declared) {
            return Ok(());
        }
        match self.inner.store.connection(name).await? {
            Some(row) => {
                let held = self.open_kept(row).await?;
                self.hold(held).await;
            }
            None if origin.is_some() => {
                self.inner.held().remove(name);
                let taken_up = self.tell(Change::Disconnected(name.clone()));
                self.changed();
                let _ended = taken_up.await;
            }
            None => {}
        }
        Ok(())
    }

    /// Takes over everything that the database has of connections.
    ///
    /// # Errors
    /// When the store does not answer or a row cannot be read.
    pub async fn take_over_all(&self) -> Result<(), BrokerError> {
        let kept = self.inner.store.connections().await?;
        let held: Vec<ConnectionName> = self.inner.held().keys().cloned().collect();
        for name in kept.into_iter().map(|row| row.name).chain(held) {
            self.take_over(&name).await?;
        }
        Ok(())
    }
}
