//! Pages of lists. Offset: `page` and `per_page` with totals and four links; keyset: only a link to what follows.
//! Totals and the last page are left out above 10,000 rows, as GitLab does.

use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value;

use crate::call::Params;
use crate::errors::{ApiError, json_response};

/// Rows above which GitLab stops counting.
const COUNT_LIMIT: usize = 10_000;

/// Which rows are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) size: usize,
}

/// The rows of a page and what is known about the rest.
#[derive(Debug)]
pub(crate) struct Paged<T> {
    pub(crate) rows: Vec<T>,
    /// `None` above 10,000.
    pub(crate) total: Option<usize>,
    pub(crate) more: bool,
}

impl Page {
    /// Reads `page` (1) and `per_page` (20, cut at 100).
    pub(crate) fn of(params: &Params) -> Result<Self, ApiError> {
        let number = params.number("page")?.unwrap_or(1);
        let size = params.number("per_page")?.unwrap_or(20);
        if size == 0 {
            return Err(ApiError::parameter("per_page does not have a valid value"));
        }
        let fit = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Ok(Self { number: fit(number.max(1)), size: fit(size.min(100)) })
    }

    /// Takes the page out of a lazy list; looks no further than is needed to count to 10,000.
    pub(crate) fn cut<T>(self, rows: impl Iterator<Item = T>) -> Paged<T> {
        let skip = self.size.saturating_mul(self.number - 1);
        let mut taken = Vec::new();
        let mut seen = 0;
        for row in rows {
            if seen >= skip && taken.len() < self.size {
                taken.push(row);
            }
            seen += 1;
            if seen > COUNT_LIMIT && seen > skip + self.size {
                break;
            }
        }
        Paged { more: seen > skip + taken.len(), rows: taken, total: (seen <= COUNT_LIMIT).then_some(seen) }
    }

    /// The answer: rows as JSON with all paging headers. `address` is the request's own URL.
    pub(crate) fn answer<T>(self, address: &str, paged: &Paged<T>, rows: Vec<Value>) -> Response {
        let mut response = json_response(StatusCode::OK, &Value::Array(rows));
        let pages = paged.total.map(|total| total.div_ceil(self.size).max(1));
        let mut links = Vec::new();
        let mut link = |number: usize, rel: &str| {
            let target =
                with_parameters(address, &[("page", &number.to_string()), ("per_page", &self.size.to_string())], &[]);
            links.push(format!("<{target}>; rel=\"{rel}\""));
        };
        if self.number > 1 {
            link(self.number - 1, "prev");
        }
        if paged.more {
            link(self.number + 1, "next");
        }
        link(1, "first");
        if let Some(pages) = pages {
            link(pages, "last");
        }
        let count = |number: Option<usize>| number.map(|n| n.to_string()).unwrap_or_default();
        let mut set = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        };
        set("link", links.join(", "));
        set("x-page", self.number.to_string());
        set("x-per-page", self.size.to_string());
        set("x-next-page", count(paged.more.then_some(self.number + 1)));
        set("x-prev-page", count((self.number > 1).then(|| self.number - 1)));
        if let (Some(total), Some(pages)) = (paged.total, pages) {
            set("x-total", total.to_string());
            set("x-total-pages", pages.to_string());
        }
        response
    }
}

/// A keyset answer: rows, and a link to the next ones where there are some. `next` names the parameter that carries
/// the place, and its value.
pub(crate) fn keyset_answer(address: &str, size: usize, rows: Vec<Value>, next: Option<(&str, String)>) -> Response {
    let mut response = json_response(StatusCode::OK, &Value::Array(rows));
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&size.to_string()) {
        headers.insert("x-per-page", value);
    }
    if let Some((name, value)) = next {
        let target = with_parameters(address, &[(name, &value), ("per_page", &size.to_string())], &["page"]);
        if let Ok(value) = HeaderValue::from_str(&format!("<{target}>; rel=\"next\"")) {
            headers.insert("link", value);
        }
    }
    response
}

/// The address with some parameters set anew, some taken away, and no secret in it.
fn with_parameters(address: &str, set: &[(&str, &str)], drop: &[&str]) -> String {
    let Ok(mut url) = url::Url::parse(address) else { return address.to_owned() };
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| {
            let key = key.as_ref();
            !matches!(key, "private_token" | "access_token")
                && !drop.contains(&key)
                && set.iter().all(|(name, _)| *name != key)
        })
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(set);
    url.into()
}
