//! Who is calling: tokens, their scopes, and what their user may see.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{HeaderMap, Method, header};
use sha2::{Digest as _, Sha256};
use time::{Date, Duration, OffsetDateTime};

use crate::app::App;
use crate::clock::Clock;
use crate::errors::ApiError;
use crate::world::World;
use crate::world::model::{Person, Project, Visibility, level};

/// A personal access token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) user: u64,
    pub(crate) scopes: Vec<&'static str>,
    pub(crate) created: OffsetDateTime,
    pub(crate) expires: Date,
    pub(crate) revoked: bool,
}

impl Token {
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scopes.contains(&scope)
    }

    /// Neither revoked nor expired.
    pub(crate) fn active(&self, now: OffsetDateTime) -> bool {
        !self.revoked && self.expires > now.date()
    }
}

/// All tokens of the instance, by value. Values follow from the seed, so a script may keep them.
#[derive(Debug)]
pub(crate) struct Tokens {
    by_value: BTreeMap<String, Arc<Token>>,
    /// Role to value, as printed in the banner.
    pub(crate) roles: BTreeMap<String, String>,
    pub(crate) admin: String,
    clock: Arc<Clock>,
}

impl Tokens {
    /// One token for each role of the world, the odd ones (`read_only`, `no_scope`, `expired`, `revoked`), and the
    /// administrator's.
    pub(crate) fn mint(world: &World, seed: u64, clock: Arc<Clock>) -> Self {
        let all = ["api", "read_api", "read_user", "read_repository", "write_repository"];
        let roles = world.roles();
        let maintainer = roles.get("maintainer").copied().unwrap_or(1);
        let mut wanted: Vec<(String, u64, Vec<&'static str>)> =
            roles.iter().map(|(role, user)| (role.clone(), *user, all.to_vec())).collect();
        wanted.push(("read_only".to_owned(), maintainer, vec!["read_api"]));
        wanted.push(("no_scope".to_owned(), maintainer, vec!["read_user"]));
        wanted.push(("expired".to_owned(), maintainer, all.to_vec()));
        wanted.push(("revoked".to_owned(), maintainer, all.to_vec()));
        wanted.push(("admin".to_owned(), 1, all.to_vec()));
        let today = clock.now();
        let mut tokens = Self { by_value: BTreeMap::new(), roles: BTreeMap::new(), admin: String::new(), clock };
        for (id, (role, user, scopes)) in (1..).zip(wanted) {
            let value = value(seed, &role);
            let life = if role == "expired" { Duration::days(-2) } else { Duration::days(300) };
            let token = Token {
                id,
                name: format!("sandbox {role}"),
                user,
                scopes,
                created: today - Duration::days(30),
                expires: (today + life).date(),
                revoked: role == "revoked",
            };
            insert(&mut tokens, role, value, token);
        }
        tokens
    }

    /// The token with this value, if it is good.
    pub(crate) fn check(&self, value: &str) -> Result<Arc<Token>, ApiError> {
        let token = self.by_value.get(value).ok_or_else(ApiError::unauthorized)?;
        if token.revoked {
            let why = "Token was revoked. You have to re-authorize from the user.";
            return Err(ApiError::invalid_token(why));
        }
        if !token.active(self.clock.now()) {
            let why = "Token is expired. You can either do re-authorization or token refresh.";
            return Err(ApiError::invalid_token(why));
        }
        Ok(token.clone())
    }
}

fn insert(tokens: &mut Tokens, role: String, value: String, token: Token) {
    tokens.by_value.insert(value.clone(), Arc::new(token));
    if role == "admin" {
        tokens.admin = value;
    } else {
        tokens.roles.insert(role, value);
    }
}

/// `glpat-` and twenty letters or digits.
fn value(seed: u64, role: &str) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let digest = Sha256::digest(format!("sandbox token {seed} {role}").as_bytes());
    let letters: String = digest.iter().take(20).map(|byte| char::from(ALPHABET[usize::from(*byte) % 62])).collect();
    format!("glpat-{letters}")
}

/// Whoever sent the request; both parts are `None` for an anonymous caller.
#[derive(Clone, Debug, Default)]
pub(crate) struct Viewer {
    pub(crate) user: Option<Arc<Person>>,
    pub(crate) token: Option<Arc<Token>>,
}

impl Viewer {
    /// Reads the token of a request, if it has one: `PRIVATE-TOKEN`, `Authorization: Bearer`, or the query parameters
    /// `private_token` and `access_token`.
    pub(crate) fn of(app: &App, headers: &HeaderMap, query: &str) -> Result<Self, ApiError> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let bearer = header(header::AUTHORIZATION.as_str()).and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        });
        let parameter = || {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == "private_token" || key == "access_token")
                .map(|(_, value)| value.into_owned())
        };
        let Some(value) = header("private-token").or(bearer).or_else(parameter).or_else(|| header("job-token")) else {
            return Ok(Self::default());
        };
        Self::with_token(app, &value)
    }

    /// The viewer that a token's value stands for.
    pub(crate) fn with_token(app: &App, value: &str) -> Result<Self, ApiError> {
        let token = app.tokens.check(value)?;
        let user = app.world.person(token.user).ok_or_else(ApiError::unauthorized)?;
        if user.state != "active" {
            return Err(ApiError::forbidden_because("Your account has been blocked."));
        }
        Ok(Self { user: Some(user), token: Some(token) })
    }

    pub(crate) fn id(&self) -> Option<u64> {
        self.user.as_ref().map(|user| user.id)
    }

    pub(crate) fn admin(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.admin)
    }

    /// The signed-in user, or 401.
    pub(crate) fn person(&self) -> Result<&Arc<Person>, ApiError> {
        self.user.as_ref().ok_or_else(ApiError::unauthorized)
    }

    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.token.as_ref().is_some_and(|token| token.has(scope))
    }

    /// Level on a project; an administrator has every right everywhere.
    pub(crate) fn level(&self, world: &World, project: u64) -> u8 {
        if self.admin() { level::OWNER } else { self.id().map_or(0, |user| world.level(user, project)) }
    }

    /// Level in a group, likewise.
    pub(crate) fn group_level(&self, world: &World, group: u64) -> u8 {
        if self.admin() { level::OWNER } else { self.id().map_or(0, |user| world.group_level(user, group)) }
    }

    fn sees_visibility(&self, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Public => true,
            Visibility::Internal => self.user.is_some(),
            Visibility::Private => false,
        }
    }

    pub(crate) fn sees(&self, world: &World, project: &Project) -> bool {
        self.sees_visibility(project.visibility) || self.level(world, project.id) > 0
    }

    /// A group is seen by its members, and by those who are members further down.
    pub(crate) fn sees_group(&self, world: &World, id: u64, visibility: Visibility) -> bool {
        self.sees_visibility(visibility)
            || self.group_level(world, id) > 0
            || self.id().is_some_and(|user| {
                world.descendants(id).iter().any(|below| world.group_level(user, *below) > 0)
                    || world.projects_in(id).iter().any(|project| world.own_level(user, *project) > 0)
            })
    }

    pub(crate) fn reads_code(&self, world: &World, project: &Project) -> bool {
        self.sees(world, project) && World::reads_code(project, self.level(world, project.id))
    }
}

/// Whether a token may use a route at all; anonymous callers are judged by what they see instead.
pub(crate) fn check_scope(viewer: &Viewer, method: &Method, route: &str) -> Result<(), ApiError> {
    let Some(token) = &viewer.token else { return Ok(()) };
    if token.has("api") || route.ends_with("/personal_access_tokens/self") {
        return Ok(());
    }
    let reading = matches!(*method, Method::GET | Method::HEAD) || route == "/api/graphql";
    if !reading {
        return Err(ApiError::insufficient_scope("api"));
    }
    if token.has("read_api") {
        return Ok(());
    }
    let about_users = route.starts_with("/api/v4/user") || matches!(route, "/api/v4/version" | "/api/v4/metadata");
    if about_users && token.has("read_user") {
        return Ok(());
    }
    let content =
        route.contains("/repository/files/") || route.ends_with("/raw") || route.contains("/repository/archive");
    if content && token.has("read_repository") {
        return Ok(());
    }
    Err(ApiError::insufficient_scope(if content { "api read_api read_repository" } else { "api read_api" }))
}
