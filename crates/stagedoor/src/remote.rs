//! A running server, asked over HTTP. It refuses to know what its answers are for.

mod error;
mod events;

use std::time::Duration;

use clap::Args;
use reqwest::{Client, Method, Response, StatusCode, header, redirect};
use serde_json::Value;
use url::Url;

pub(crate) use error::RemoteError;
pub(crate) use events::Events;

/// Where `serve` and `demo` listen unless told otherwise.
const DEFAULT: &str = "http://127.0.0.1:7330";
/// Until a connection stands. The server is near.
const CONNECT: Duration = Duration::from_secs(5);
/// Between two pieces of an answer. A connection test may wait for several time-outs of a GitLab; events come at least
/// every 15 seconds.
const SILENCE: Duration = Duration::from_secs(180);

/// Which server.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RemoteOptions {
    /// The Stagedoor to ask [default: http://127.0.0.1:7330]
    #[arg(long, env = "STAGEDOOR_SERVER", value_name = "URL", value_parser = address, hide_env_values = true)]
    pub(crate) server: Option<Url>,
}

/// An address as people write it: the scheme may be left out.
fn address(text: &str) -> Result<Url, String> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    match Url::parse(&whole) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        Ok(_) => Err("give an http or https address, such as http://127.0.0.1:7330".to_owned()),
        Err(error) => Err(format!("{error}; give an address such as http://127.0.0.1:7330")),
    }
}

/// A running server.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    client: Client,
    base: Url,
}

impl Remote {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// When no client can be made, which is a fault of this machine.
    pub(crate) fn from(options: &RemoteOptions) -> Result<Self, RemoteError> {
        let base = match &options.server {
            Some(url) => url.clone(),
            None => Url::parse(DEFAULT).map_err(|e| RemoteError::broken(DEFAULT, &e))?,
        };
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            // The server is on this machine or named; a proxy for the way out would only be in between.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .user_agent(concat!("stagedoor/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| RemoteError::broken(base.as_str(), &error))?;
        Ok(Self { client, base })
    }

    /// The address that is asked, without a path.
    pub(crate) fn server(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Does a Stagedoor answer there at all?
    pub(crate) async fn is_alive(&self) -> bool {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/livez", self.base.path().trim_end_matches('/')));
        match self.send(Method::GET, url, None, "*/*").await {
            Ok(response) => response.text().await.is_ok_and(|text| text.trim() == "ok"),
            Err(_) => false,
        }
    }

    /// `path` is below `/api/v1`, `/entities`; parameters are added to it.
    ///
    /// # Errors
    /// When nothing answers, or with a problem.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, RemoteError> {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.json(Method::GET, url, None).await
    }

    /// # Errors
    /// As [`Remote::get`].
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, RemoteError> {
        self.json(Method::POST, self.url(path), Some(body)).await
    }

    /// # Errors
    /// As [`Remote::get`].
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, RemoteError> {
        self.json(Method::PUT, self.url(path), Some(body)).await
    }

    /// # Errors
    /// As [`Remote::get`].
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, RemoteError> {
        self.json(Method::DELETE, self.url(path), None).await
    }

    /// Server-sent events: of a GET without a body, of a POST with one.
    ///
    /// # Errors
    /// As [`Remote::get`]; what breaks later comes out of [`Events::next`].
    pub(crate) async fn stream(&self, path: &str, body: Option<&Value>) -> Result<Events, RemoteError> {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let response = self.send(method, self.url(path), body, "text/event-stream").await?;
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("text/event-stream") {
            return Err(RemoteError::NotStagedoor { server: self.server().to_owned() });
        }
        Ok(Events::new(self.server().to_owned(), response))
    }

    async fn json(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Value, RemoteError> {
        let response = self.send(method, url, body, "application/json").await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let bytes = response.bytes().await.map_err(|error| RemoteError::broken(self.server(), &error))?;
        serde_json::from_slice(&bytes).map_err(|_| RemoteError::NotStagedoor { server: self.server().to_owned() })
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
        accept: &'static str,
    ) -> Result<Response, RemoteError> {
        let mut request = self.client.request(method, url).header(header::ACCEPT, accept);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| {
            let unreachable = error.is_connect() || error.is_timeout();
            if unreachable {
                RemoteError::unreachable(self.server(), &error)
            } else {
                RemoteError::broken(self.server(), &error)
            }
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let bytes = response.bytes().await.unwrap_or_default();
        Err(RemoteError::of_answer(self.server(), status, &bytes))
    }

    /// Below the server's own path: a proxy may have put it under one.
    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{}/api/v1{path}", self.base.path().trim_end_matches('/')));
        url.set_query(query);
        url.set_fragment(None);
        url
    }
}

/// One part of a path, so that a name with a slash stays one part.
pub(crate) fn part(text: &str) -> String {
    let mut url = Url::parse("http://x/").map(|mut url| {
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.clear().push(text);
        }
        url.path().trim_start_matches('/').to_owned()
    });
    url.as_mut().map(std::mem::take).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        let read = |text| address(text).map(|url| url.to_string());
        assert_eq!(read("localhost:7330").as_deref(), Ok("http://localhost:7330/"));
        assert_eq!(read("https://stagedoor.example/here").as_deref(), Ok("https://stagedoor.example/here"));
        assert!(read("ftp://x").is_err());
        assert!(read("").is_err());
    }

    #[test]
    fn paths_stand_below_the_servers_own() {
        let remote = |text: &str| {
            let options = RemoteOptions { server: Some(address(text).expect("address")) };
            Remote::from(&options).expect("client")
        };
        assert_eq!(remote("x:1").url("/entities").as_str(), "http://x:1/api/v1/entities");
        assert_eq!(remote("x:1/under/").url("/a?b=c").as_str(), "http://x:1/under/api/v1/a?b=c");
        assert_eq!(part("a/b c?"), "a%2Fb%20c%3F");
    }
}
