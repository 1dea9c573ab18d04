//! Smart-HTTP git: the real `git` program on a project's bare repository, behind GitLab's checks.
//!
//! Any user name goes with a token as the password, and only after a 401, because git sends nothing before it is asked.

use std::io::Read as _;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::read::GzDecoder;
use tokio::io::AsyncWriteExt as _;

use crate::app::Shared;
use crate::auth::Viewer;
use crate::hooks::Push;
use crate::repo::bare;
use crate::repo::object::Oid;
use crate::world::model::{Project, Visibility, level};

/// Largest body taken, packed and unpacked.
const BODY_LIMIT: usize = 512 << 20;

/// Which way objects travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pack {
    /// Clone and fetch.
    Upload,
    /// Push.
    Receive,
}

impl Pack {
    fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload-pack",
            Self::Receive => "receive-pack",
        }
    }
}

/// One of the three requests of the protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    pack: Pack,
    advertise: bool,
}

impl Service {
    /// Whether a request is one of git's, and the full path of the project it is about.
    pub(crate) fn of(method: &Method, path: &str, query: &str) -> Option<(Self, String)> {
        let (service, path) = if let Some(path) = path.strip_suffix("/info/refs") {
            let pack = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "service")?.1;
            let pack = match pack.as_ref() {
                "git-upload-pack" => Pack::Upload,
                "git-receive-pack" => Pack::Receive,
                _ => return None,
            };
            (*method == Method::GET).then_some((Self { pack, advertise: true }, path))?
        } else if let Some(path) = path.strip_suffix("/git-upload-pack") {
            (*method == Method::POST).then_some((Self { pack: Pack::Upload, advertise: false }, path))?
        } else {
            let path = path.strip_suffix("/git-receive-pack")?;
            (*method == Method::POST).then_some((Self { pack: Pack::Receive, advertise: false }, path))?
        };
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
        Some((service, path.into_owned()))
    }

    /// The route's name in the statistics.
    pub(crate) fn route(self) -> &'static str {
        match (self.advertise, self.pack) {
            (true, _) => "/{path}.git/info/refs",
            (false, Pack::Upload) => "/{path}.git/git-upload-pack",
            (false, Pack::Receive) => "/{path}.git/git-receive-pack",
        }
    }
}

fn text(status: StatusCode, text: &str) -> Response {
    let mut response = (status, text.to_owned()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Basic realm=\"GitLab\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

const DENIED: &str = "HTTP Basic: Access denied. If a password was provided for Git authentication, the password was \
                      incorrect or you're required to use a token instead of a password.\n";
const LOST: &str = "The project you were looking for could not be found or you don't have permission to view it.\n";

/// Answers a request of git's.
pub(crate) async fn serve(app: Shared, service: Service, path: &str, request: Request) -> Response {
    let viewer = match credentials(request.headers()) {
        None => Viewer::default(),
        Some(token) => match Viewer::with_token(&app, &token) {
            Ok(viewer) => viewer,
            Err(_) => return text(StatusCode::UNAUTHORIZED, DENIED),
        },
    };
    // A path that the project had before still leads to it.
    let project = app.world.project_at(path).or_else(|| app.world.project_once_at(path));
    if viewer.user.is_none() {
        let open = project.as_ref().is_some_and(|project| project.visibility == Visibility::Public);
        if !open || service.pack == Pack::Receive {
            return text(StatusCode::UNAUTHORIZED, DENIED);
        }
    }
    let Some(project) = project.filter(|project| viewer.sees(&app.world, project)) else {
        return text(StatusCode::NOT_FOUND, LOST);
    };
    if let Err(reason) = allowed(&app, &viewer, &project, service.pack) {
        return text(StatusCode::FORBIDDEN, reason);
    }
    let headers = request.headers().clone();
    let body = match body(&headers, request.into_body()).await {
        Ok(body) => body,
        Err(error) => return text(StatusCode::BAD_REQUEST, &format!("{error:#}\n")),
    };
    match run(&app, &viewer, &project, service, &headers, body).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(error = %format!("{error:#}"), "git failed");
            text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error:#}\n"))
        }
    }
}

fn credentials(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(rest.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

fn allowed(app: &Shared, viewer: &Viewer, project: &Project, pack: Pack) -> Result<(), &'static str> {
    let scopes: &[&str] = match pack {
        Pack::Upload => &["api", "read_repository", "write_repository"],
        Pack::Receive => &["api", "write_repository"],
    };
    if viewer.user.is_some() && !scopes.iter().any(|scope| viewer.has_scope(scope)) {
        return Err("You are not allowed to access this repository with the scopes of the provided token.\n");
    }
    match pack {
        Pack::Upload if !viewer.reads_code(&app.world, project) => {
            Err("You are not allowed to download code from this project.\n")
        }
        Pack::Receive if project.archived => {
            Err("You can't push code to a read-only GitLab project: it is archived.\n")
        }
        Pack::Receive if viewer.level(&app.world, project.id) < level::DEVELOPER => {
            Err("You are not allowed to push code to this project.\n")
        }
        Pack::Upload | Pack::Receive => Ok(()),
    }
}

/// The body, unpacked: git packs requests above a kilobyte.
async fn body(headers: &HeaderMap, body: Body) -> Result<Bytes> {
    let bytes = axum::body::to_bytes(body, BODY_LIMIT).await.context("the request's body broke off or is too large")?;
    let packed = headers.get(header::CONTENT_ENCODING).is_some_and(|value| value.as_bytes().ends_with(b"gzip"));
    if !packed {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    GzDecoder::new(bytes.as_ref())
        .take(BODY_LIMIT as u64)
        .read_to_end(&mut plain)
        .context("the request's body is not gzip")?;
    Ok(plain.into())
}

async fn run(
    app: &Shared,
    viewer: &Viewer,
    project: &Project,
    service: Service,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let bare = app.repos.bare(&app.world, project)?;
    let protocol = headers.get("git-protocol").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let pushing = service.pack == Pack::Receive && !service.advertise;
    let lock = app.repos.writing(project.id);
    let held = if pushing { Some(lock.lock().await) } else { None };
    let before = if pushing { app.repos.read(&app.world, project).refs() } else { Vec::new() };
    let may = viewer.level(&app.world, project.id) >= level::MAINTAINER;
    let mut command = bare::git(&bare.path);
    command.arg(service.pack.word()).arg("--stateless-rpc");
    if service.advertise {
        command.arg("--advertise-refs");
    }
    command
        .arg(&bare.path)
        .env("GIT_PROTOCOL", &protocol)
        .env("SANDBOX_PROTECTED", format!("refs/heads/{}", project.default_branch))
        .env("SANDBOX_MAY_PUSH_PROTECTED", if may { "yes" } else { "no" })
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child =
        command.spawn().context("the program git cannot be run; the sandbox needs it for clone and push")?;
    let mut stdin = child.stdin.take().context("git has no standard input")?;
    let feeding = tokio::spawn(async move {
        // Git may end before it has read everything (a refused push); that is its answer, not a failure of ours.
        let _ = stdin.write_all(&body).await;
    });
    let done = child.wait_with_output().await.context("git broke off")?;
    feeding.await.context("the body could not be handed to git")?;
    if done.stdout.is_empty() && !done.status.success() {
        anyhow::bail!("git {}: {}", service.pack.word(), String::from_utf8_lossy(&done.stderr).trim());
    }
    if pushing {
        let after = app.repos.read(&app.world, project).refs();
        announce(app, viewer, project, &before, &after);
    }
    drop(held);
    Ok(answer(service, &protocol, done.stdout))
}

fn answer(service: Service, protocol: &str, output: Vec<u8>) -> Response {
    let word = service.pack.word();
    let (kind, body) = if service.advertise {
        let mut body = Vec::new();
        // The service line belongs to the older versions of the protocol only (gitprotocol-http).
        if !protocol.contains("version=2") {
            let line = format!("# service=git-{word}\n");
            body.extend_from_slice(format!("{:04x}{line}0000", line.len() + 4).as_bytes());
        }
        body.extend_from_slice(&output);
        (format!("application/x-git-{word}-advertisement"), body)
    } else {
        (format!("application/x-git-{word}-result"), output)
    };
    let mut response = body.into_response();
    if let Ok(kind) = HeaderValue::from_str(&kind) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Tells of every branch and tag that a push moved, made or deleted.
fn announce(app: &Shared, viewer: &Viewer, project: &Project, before: &[(String, Oid)], after: &[(String, Oid)]) {
    let Some(user) = viewer.id() else { return };
    let find = |rows: &[(String, Oid)], name: &str| rows.iter().find(|(other, _)| other == name).map(|(_, oid)| *oid);
    let mut names: Vec<&String> = before.iter().chain(after).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (old, new) = (find(before, name).unwrap_or(Oid::ZERO), find(after, name).unwrap_or(Oid::ZERO));
        if old != new {
            app.pushed(Push { project: project.id, user, reference: name.clone(), before: old, after: new });
        }
    }
}
