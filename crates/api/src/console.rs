//! The console's files, embedded when the binary was built.
//!
//! Every path that nothing else answers and that has no dot is a page of the console, so its `index.html` is sent. Files
//! under `assets/` have their hash in their name and may be kept for ever; everything else is asked for again.

use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{DefaultHasher, Hasher},
    io::Write as _,
    sync::OnceLock,
};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use rust_embed::RustEmbed;

use crate::{Answer, Failure, services::App};

#[derive(RustEmbed)]
#[folder = "../../console/dist"]
#[allow_missing = true]
struct Dist;

/// Below this, compressing saves nothing that a packet would notice.
const WORTH_COMPRESSING: usize = 1024;

/// All files by path.
#[derive(Debug)]
pub(crate) struct Assets(HashMap<String, Asset>);

#[derive(Debug)]
struct Asset {
    bytes: Bytes,
    gzip: OnceLock<Option<Bytes>>,
    etag: HeaderValue,
    kind: &'static str,
    immutable: bool,
}

impl Assets {
    pub(crate) fn embedded() -> Self {
        Self(
            Dist::iter()
                .filter_map(|path| Some((path.to_string(), Asset::new(&path, Dist::get(&path)?.data))))
                .collect(),
        )
    }
}

impl Asset {
    fn new(path: &str, data: Cow<'static, [u8]>) -> Self {
        let bytes = match data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        let etag = format!("W/\"{:016x}\"", hasher.finish());
        Self {
            bytes,
            gzip: OnceLock::new(),
            etag: HeaderValue::from_str(&etag).unwrap_or(HeaderValue::from_static("W/\"0\"")),
            kind: kind_of(path),
            immutable: path.starts_with("assets/"),
        }
    }

    /// Compressed once, when the first browser asks.
    fn gzip(&self) -> Option<&Bytes> {
        let compress = || {
            if self.bytes.len() < WORTH_COMPRESSING || !self.kind.contains("charset") {
                return None;
            }
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(&self.bytes).ok()?;
            encoder.finish().ok().map(Bytes::from)
        };
        self.gzip.get_or_init(compress).as_ref()
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let cache = if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let cache = HeaderValue::from_static(cache);
        let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|tag| tag == self.etag);
        if known {
            return (StatusCode::NOT_MODIFIED, [(header::ETAG, self.etag.clone()), (header::CACHE_CONTROL, cache)])
                .into_response();
        }
        let fixed = [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.kind)),
            (header::ETAG, self.etag.clone()),
            (header::CACHE_CONTROL, cache),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ];
        match self.gzip().filter(|_| accepts_gzip(headers)) {
            Some(gzip) => (fixed, [(header::CONTENT_ENCODING, "gzip")], gzip.clone()).into_response(),
            None => (fixed, self.bytes.clone()).into_response(),
        }
    }
}

/// Every path that no route has.
pub(crate) async fn fallback(State(app): State<App>, method: Method, uri: Uri, headers: HeaderMap) -> Answer {
    let path = uri.path().trim_start_matches('/');
    let ours = ["api/", "hooks/"].iter().any(|prefix| path.starts_with(prefix));
    if ours || !matches!(method, Method::GET | Method::HEAD) {
        return Err(Failure::not_found(format!("There is nothing at {} for {method}.", uri.path())));
    }
    if let Some(asset) = app.assets.0.get(path) {
        return Ok(asset.answer(&headers));
    }
    let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.') && !path.starts_with("assets/");
    // Entity names may have dots, and their pages are the console's too.
    if !is_page && !path.starts_with("catalog/") {
        return Err(Failure::not_found(format!("There is no file {}.", uri.path())));
    }
    Ok(match app.assets.0.get("index.html") {
        Some(index) => index.answer(&headers),
        None => (StatusCode::NOT_FOUND, Html(NOT_BUILT)).into_response(),
    })
}

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Stagedoor</title>\
<h1>The console is not in this binary</h1><p>It was built before the console was. Run <code>npm ci &amp;&amp; npm run build</code> \
in <code>console/</code>, then build the binary again; <code>make demo</code> does both.</p>\
<p>The API is here: <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>.</p></html>";

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            matches!(parts.next(), Some("gzip" | "*")) && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0"))
        })
    })
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml; charset=utf-8",
        Some("json" | "map") => "application/json; charset=utf-8",
        Some("webmanifest") => "application/manifest+json; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
