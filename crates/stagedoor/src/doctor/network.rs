//! Names, proxies and our own address. No GitLab is asked anything.

use std::{io, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream, lookup_host},
    time::timeout,
};
use url::{Host, Url};

use super::Check;
use crate::{
    config::{Config, GitlabConfig, Route},
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

/// For each GitLab: does its name resolve, or does its proxy let us connect?
pub(super) async fn connections(config: &Config) -> Vec<Check> {
    futures::future::join_all(config.gitlab.iter().map(connection)).await
}

async fn connection(gitlab: &GitlabConfig) -> Check {
    let name = &gitlab.name;
    match gitlab.route() {
        // Then the proxy resolves the name, and this machine often cannot.
        Route::Through(proxy) => reached(proxy, &format!("proxy/{name}"), &format!("Proxy of {name}")).await,
        Route::Direct | Route::Past(_) => {
            resolved(&gitlab.url, &format!("dns/{name}"), &format!("Name of {name}")).await
        }
    }
}

async fn resolved(url: &Url, id: &str, title: &str) -> Check {
    let Some((Host::Domain(host), port)) = url.host().zip(url.port_or_known_default()) else {
        return Check::passed(id, title, format!("{url} is an address"));
    };
    let (detail, reason) = match timeout(PATIENCE, lookup_host((host, port))).await {
        Ok(Ok(found)) => {
            let mut found: Vec<String> = found.map(|address| address.ip().to_string()).collect();
            found.dedup();
            if !found.is_empty() {
                return Check::passed(id, title, format!("{host} is {}", found.join(", ")));
            }
            (format!("{host} has no address"), None)
        }
        Ok(Err(error)) => (format!("{host} cannot be resolved"), Some(error)),
        Err(_) => (format!("the name server does not answer for {host} within {} s", PATIENCE.as_secs()), None),
    };
    let detail = reason.map_or(detail.clone(), |error| format!("{detail}: {error}"));
    Check::failed(id, title, detail)
        .remedy("correct `url`, or let this machine's name server know the name; behind a proxy, name it with `proxy`")
}

async fn reached(proxy: &Url, id: &str, title: &str) -> Check {
    let (Some(host), Some(port)) = (proxy.host_str(), proxy.port_or_known_default()) else {
        return Check::failed(id, title, "its address has no host").remedy("write http://proxy:3128");
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let why = match timeout(PATIENCE, TcpStream::connect((bare, port))).await {
        Ok(Ok(_closed)) => return Check::passed(id, title, format!("{host}:{port} accepts connections")),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    Check::failed(id, title, format!("{host}:{port} cannot be reached: {why}"))
        .remedy("correct `proxy`, or name the GitLab in `noProxy` if it is reached without")
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    fn url(text: &str) -> Url {
        Url::parse(text).expect("url")
    }

    #[tokio::test]
    async fn names_and_proxies() {
        assert_eq!(resolved(&url("http://localhost:1"), "i", "t").await.state, State::Passed);
        assert_eq!(resolved(&url("http://127.0.0.1"), "i", "t").await.state, State::Passed);
        // RFC 2606: never exists.
        let check = resolved(&url("https://gitlab.invalid"), "i", "t").await;
        assert_eq!(check.state, State::Failed, "{check:?}");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
        let address = listener.local_addr().expect("address");
        assert_eq!(reached(&url(&format!("http://{address}")), "i", "t").await.state, State::Passed);
        drop(listener);
        let check = reached(&url(&format!("http://{address}")), "i", "t").await;
        assert!(check.state == State::Failed && check.remedy.is_some(), "{check:?}");
    }
}
