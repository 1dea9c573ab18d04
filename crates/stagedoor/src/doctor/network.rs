//! Our own address.

use std::{io, time::Duration};

use tokio::{net::TcpListener, time::timeout};
use url::Url;

use super::Check;
use crate::{
    config::Config,
    remote::{Remote, RemoteOptions},
};

/// For one name or one connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Is our address free, or is it ourselves who answer there?
pub(super) async fn listening(config: &Config) -> Check {
    const TITLE: &str = "Listening";
    let address = config.listen;
    match TcpListener::bind(address).await {
        Ok(_free_again) => Check::passed("listen", TITLE, format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => match running(&address.to_string()).await {
            Some(version) => Check::passed("listen", TITLE, format!("a Stagedoor {version} answers at {address}")),
            None => Check::failed("listen", TITLE, format!("something that is no Stagedoor listens at {address}"))
                .remedy("end it, or name another address with `listen`"),
        },
        Err(error) => Check::failed("listen", TITLE, format!("{address} cannot be listened on: {error}"))
            .remedy("name an address of this machine with `listen`, and a port above 1023"),
    }
}

/// The version of the Stagedoor that answers there.
async fn running(address: &str) -> Option<String> {
    let server = Url::parse(&format!("http://{address}")).ok()?;
    let remote = Remote::from(&RemoteOptions { server: Some(server) }).ok()?;
    if !timeout(PATIENCE, remote.is_alive()).await.unwrap_or(false) {
        return None;
    }
    let instance = timeout(PATIENCE, remote.get("/instance", &[])).await.ok()?.ok()?;
    Some(instance.get("version")?.as_str()?.to_owned())
}
