//! Wiring of connections: what the configuration file declares becomes the broker's, and what the broker says of
//! connections reaches whoever reads them.

use anyhow::Context;
use broker::{Broker, Change, Declared, Patience, Spec, Told};
use catalog::{Catalog, Elsewhere, sync::Sync};
use tokio::sync::{broadcast::error::RecvError, mpsc::UnboundedReceiver};

use crate::config::{GitlabConfig, Register};

/// A connection of the configuration file as the broker takes it. A secret that cannot be read does not end the server:
/// its connection says so. What is wrong with the file itself does.
pub(crate) fn declared(config: &GitlabConfig) -> anyhow::Result<Declared> {
    let account = config.proxy.as_ref().and_then(|proxy| proxy.account());
    let spec = Spec {
        proxy: config.proxy.as_ref().map(|proxy| proxy.url().to_string()),
        proxy_user: account.and_then(|account| account.username.clone()),
        no_proxy: config.no_proxy.clone(),
        ca: config
            .ca
            .as_ref()
            .map(|ca| ca.read().map(|(text, _)| text))
            .transpose()
            .with_context(|| format!("gitlab {}", config.name))?,
        patience: Patience { connect: Some(config.timeouts.connect), answer: Some(config.timeouts.answer) },
        discovery: config.discovery.clone(),
        token: Some(config.token.clone()),
    };
    let webhooks = config.webhooks.as_ref();
    Ok(Declared {
        name: config.name.clone(),
        url: config.url.clone(),
        spec,
        proxy_password: account.and_then(|account| account.password.clone()),
        hook_token: webhooks.and_then(|webhooks| webhooks.secret.clone()),
        hook_signing: webhooks.and_then(|webhooks| webhooks.signing_secret.clone()),
        register: webhooks.and_then(|webhooks| match webhooks.register {
            Register::Off => None,
            Register::Auto => Some(broker::Register::Auto),
            Register::System => Some(broker::Register::System),
            Register::Group => Some(broker::Register::Group),
            Register::Project => Some(broker::Register::Project),
        }),
    })
}

/// Passes on what the broker says, until it is gone.
pub(crate) async fn pass_on(mut changes: UnboundedReceiver<Told>, sync: Sync, catalog: Catalog) {
    while let Some(told) = changes.recv().await {
        if let Err(error) = apply(&told.change, &sync, &catalog).await {
            tracing::error!(%error, "a change of connections was not taken up; it is with the next start");
        }
    }
}

/// Takes up what is waiting, without waiting for more: at the start, before anything is answered.
pub(crate) async fn pass_on_waiting(
    changes: &mut UnboundedReceiver<Told>,
    sync: &Sync,
    catalog: &Catalog,
) -> anyhow::Result<()> {
    while let Ok(told) = changes.try_recv() {
        apply(&told.change, sync, catalog).await?;
    }
    Ok(())
}

async fn apply(change: &Change, sync: &Sync, catalog: &Catalog) -> Result<(), catalog::CatalogError> {
    match change {
        Change::Connected { name, gitlab, discovery } => {
            sync.connect(name.clone(), gitlab.as_ref().clone(), discovery.as_ref().clone()).await
        }
        Change::Disconnected(name) => sync.disconnect(name).await,
        Change::Listening(name, listening) => {
            catalog.set_listening(name, *listening);
            Ok(())
        }
    }
}

/// Takes over what other processes of the same database change of connections, until the future is dropped.
pub(crate) async fn take_over(broker: Broker, catalog: Catalog) {
    let mut elsewhere = catalog.elsewhere();
    loop {
        let taken = match elsewhere.recv().await {
            Ok(Elsewhere::Connection(name)) => broker.take_over(&name).await,
            Ok(Elsewhere::Projects(..)) => Ok(()),
            Ok(Elsewhere::Anything) | Err(RecvError::Lagged(_)) => broker.take_over_all().await,
            Err(RecvError::Closed) => return,
        };
        if let Err(error) = taken {
            tracing::error!(%error, "a connection that another process changed is not taken over until the next start");
        }
    }
}
