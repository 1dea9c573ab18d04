//! Who is calling: the token's scopes, and what its user may see.

use std::sync::Arc;

use axum::http::{HeaderMap, Method, header};

use crate::app::App;
use crate::errors::ApiError;
use crate::tokens::Token;
use crate::world::World;
use crate::world::model::{Person, Project, Visibility, level};

/// Whoever sent the request; both parts are `None` for an anonymous caller.
#[derive(Clone, Debug, Default)]
pub(crate) struct Viewer {
    pub(crate) user: Option<Arc<Person>>,
    pub(crate) token: Option<Arc<Token>>,
}

impl Viewer {
    /// Reads the token of a request, if it has one: `PRIVATE-TOKEN`, `Authorization: Bearer`, or the query parameters
    /// `private_token` and `access_token`.
    pub(crate) fn of(app: &App, headers: &HeaderMap, path: &str, query: &str) -> Result<Self, ApiError> {
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
        Self::known(app, &value, rotates(path))
    }

    /// The viewer that a token's value stands for.
    pub(crate) fn with_token(app: &App, value: &str) -> Result<Self, ApiError> {
        Self::known(app, value, false)
    }

    fn known(app: &App, value: &str, rotates: bool) -> Result<Self, ApiError> {
        let token = app.tokens.check(value, rotates)?;
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
                    || world
                        .own_projects(user)
                        .iter()
                        .any(|project| world.group_of(*project).is_some_and(|group| world.lineage(group).contains(&id)))
            })
    }

    pub(crate) fn reads_code(&self, world: &World, project: &Project) -> bool {
        self.sees(world, project) && World::reads_code(project, self.level(world, project.id))
    }
}

/// Whether a path asks for a token to be rotated.
fn rotates(path: &str) -> bool {
    path.ends_with("/rotate") && path.contains("access_tokens/")
}

/// Whether a token may use a route at all; anonymous callers are judged by what they see instead.
pub(crate) fn check_scope(viewer: &Viewer, method: &Method, route: &str) -> Result<(), ApiError> {
    let Some(token) = &viewer.token else { return Ok(()) };
    let about_itself = route.contains("/personal_access_tokens/self") && !rotates(route);
    if token.has("api") || about_itself {
        return Ok(());
    }
    if route.ends_with("/self/rotate") {
        let may = token.has("self_rotate");
        return if may { Ok(()) } else { Err(ApiError::insufficient_scope("api self_rotate")) };
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
