//! REST reads: one object, or a list followed page by page.

use http::{HeaderMap, Method, header};
use model::Millis;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    Gitlab,
    error::{Error, Kind},
    graphql::malformed,
    transport::{Request, Response},
};

/// Pages of one list, after which something is wrong with the links rather than with the size of the estate.
const MOST_PAGES: usize = 10_000;

/// RFC 3986 calls the rest unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `a=b&c=d`, percent-encoded.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| {
        format!("{}={}", utf8_percent_encode(name, ENCODED), utf8_percent_encode(value, ENCODED))
    };
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// One segment of a path: GitLab takes full paths with their slashes encoded where a number may stand.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// A time as GitLab reads it, to the second.
pub(crate) fn instant(at: Millis) -> Result<String, Error> {
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    time::OffsetDateTime::from_unix_timestamp(at.div_euclid(1000))
        .ok()
        .and_then(|at| at.format(format).ok())
        .ok_or_else(|| Error::ours(Kind::Malformed, format!("{at} is no time that can be asked for")))
}

impl Gitlab {
    pub(crate) async fn get<T: DeserializeOwned>(&self, route: &'static str, path: &str) -> Result<T, Error> {
        let response = self.get_raw(route, path, None).await?;
        self.read(route, &response)
    }

    /// One page, as it is asked for.
    pub(crate) async fn get_query<T: DeserializeOwned>(
        &self,
        route: &'static str,
        path: &str,
        query: String,
    ) -> Result<T, Error> {
        let response = self.get_raw(route, path, Some(query)).await?;
        self.read(route, &response)
    }

    /// Every page of a list, by `Link: rel="next"`.
    ///
    /// Only the query of the link is used, on our own address: a GitLab behind a proxy may print an address of its own
    /// there, and the token goes to no other.
    pub(crate) async fn get_all<T: DeserializeOwned>(
        &self,
        route: &'static str,
        path: &str,
        first: String,
    ) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        let mut asked = first;
        for _ in 0..MOST_PAGES {
            let response = self.get_raw(route, path, Some(asked.clone())).await?;
            let page: Vec<T> = self.read(route, &response)?;
            items.extend(page);
            match next_query(&response.headers, self.transport().base()) {
                None => return Ok(items),
                Some(next) if next == asked => return Err(malformed("a page names itself as the next one").on(route)),
                Some(next) => asked = next,
            }
        }
        Err(malformed("the list does not end").on(route))
    }

    /// One page of a list with its headers.
    pub(crate) async fn get_page<T: DeserializeOwned>(
        &self,
        route: &'static str,
        path: &str,
        query: String,
    ) -> Result<(Vec<T>, HeaderMap), Error> {
        let response = self.get_raw(route, path, Some(query)).await?;
        Ok((self.read(route, &response)?, response.headers))
    }

    async fn get_raw(&self, route: &'static str, path: &str, query: Option<String>) -> Result<Response, Error> {
        let path = path.to_owned();
        self.transport().send(&Request { method: Method::GET, route, path, query, body: None, safe: true }).await
    }

    pub(crate) fn read<T: DeserializeOwned>(&self, route: &'static str, response: &Response) -> Result<T, Error> {
        serde_json::from_slice(&response.body)
            .map_err(|e| malformed(&self.transport().quoted(&e.to_string())).on(route))
    }
}

/// The query of the link to the next page (RFC 8288).
pub(crate) fn next_query(headers: &HeaderMap, base: &Url) -> Option<String> {
    let links = headers.get_all(header::LINK).iter().filter_map(|v| v.to_str().ok());
    for link in links.flat_map(split_links) {
        let Some((target, parameters)) = link.trim().strip_prefix('<').and_then(|l| l.split_once('>')) else {
            continue;
        };
        let is_next = |p: &str| {
            let Some((name, value)) = p.split_once('=') else { return false };
            name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').split(' ').any(|r| r == "next")
        };
        if parameters.split(';').any(is_next) {
            return base.join(target).ok()?.query().map(str::to_owned);
        }
    }
    None
}

/// Splits at the commas between links, not at those inside `<…>`.
fn split_links(header: &str) -> Vec<&str> {
    let mut links = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (at, byte) in header.bytes().enumerate() {
        match byte {
            b'<' => inside = true,
            b'>' => inside = false,
            b',' if !inside => {
                links.push(&header[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    links.push(&header[start..]);
    links
}

#[cfg(test)]
mod tests;
