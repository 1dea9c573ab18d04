//! Which GitLab this is, what our token may, and who we are there.

use model::{GroupId, ProjectId, UserId};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    Existence, Gitlab, Metadata, Scope, TokenInfo, User,
    error::{Error, Kind},
    types::filled,
};

/// A user as REST gives them.
#[derive(Debug, Deserialize)]
struct RestUser {
    id: UserId,
    username: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    public_email: Option<String>,
    #[serde(default)]
    avatar_url: Option<String>,
    #[serde(default)]
    web_url: String,
    #[serde(default)]
    bot: bool,
}

#[derive(Debug, Deserialize)]
struct RestGroup {
    full_path: String,
}

#[derive(Debug, Deserialize)]
struct RestProject {
    path_with_namespace: String,
}

impl Gitlab {
    /// Version and edition.
    ///
    /// # Errors
    /// Everything in [`Kind`] up to [`Kind::RateLimited`]; this is the call that tests an address.
    pub async fn metadata(&self) -> Result<Metadata, Error> {
        self.get("GET /api/v4/metadata", "api/v4/metadata").await
    }

    /// Name, scopes and expiry of our own token. Works with every scope.
    ///
    /// # Errors
    /// [`Kind::Unauthorized`] says whether it expired, was revoked or is unknown.
    pub async fn own_token(&self) -> Result<TokenInfo, Error> {
        self.get("GET /api/v4/personal_access_tokens/self", "api/v4/personal_access_tokens/self").await
    }

    /// The user our token belongs to.
    ///
    /// # Errors
    /// As [`Gitlab::own_token`].
    pub async fn current_user(&self) -> Result<User, Error> {
        let user: RestUser = self.get("GET /api/v4/user", "api/v4/user").await?;
        Ok(User {
            id: user.id,
            username: user.username,
            name: user.name,
            state: user.state.to_ascii_lowercase(),
            public_email: filled(user.public_email),
            avatar_url: filled(user.avatar_url),
            web_url: user.web_url,
            bot: user.bot,
        })
    }

    /// Asks for one project before something that hangs on it is removed.
    ///
    /// # Errors
    /// Everything but GitLab's own 404, which is the answer [`Existence::Gone`].
    pub async fn project_exists(&self, id: ProjectId) -> Result<Existence, Error> {
        let found: Result<RestProject, Error> =
            self.get("GET /api/v4/projects/:id", &format!("api/v4/projects/{id}")).await;
        match found {
            Ok(project) => Ok(Existence::Present(project.path_with_namespace)),
            Err(error) if error.kind == Kind::NotFound => Ok(Existence::Gone),
            Err(error) => Err(error),
        }
    }

    /// Asks for one group before something that hangs on it is removed.
    ///
    /// # Errors
    /// As [`Gitlab::project_exists`].
    pub async fn group_exists(&self, id: GroupId) -> Result<Existence, Error> {
        let path = format!("api/v4/groups/{id}");
        let found: Result<RestGroup, Error> =
            self.get_query("GET /api/v4/groups/:id", &path, "with_projects=false".to_owned()).await;
        match found {
            Ok(group) => Ok(Existence::Present(group.full_path)),
            Err(error) if error.kind == Kind::NotFound => Ok(Existence::Gone),
            Err(error) => Err(error),
        }
    }

    /// Is somebody a member of a group, directly or, if `inherited`, of one above it?
    ///
    /// # Errors
    /// As [`Gitlab::project_exists`].
    pub async fn is_member(&self, group: GroupId, user: UserId, inherited: bool) -> Result<bool, Error> {
        let (route, all) = if inherited {
            ("GET /api/v4/groups/:id/members/all/:user_id", "all/")
        } else {
            ("GET /api/v4/groups/:id/members/:user_id", "")
        };
        let found: Result<IgnoredAny, Error> =
            self.get(route, &format!("api/v4/groups/{group}/members/{all}{user}")).await;
        match found {
            Ok(_) => Ok(true),
            Err(error) if error.kind == Kind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The projects we are a member of in which something may have happened since, by id.
    ///
    /// GitLab notes activity at most once an hour, so this also gives what was active in the hour before.
    ///
    /// # Errors
    /// When a page cannot be read.
    pub async fn active_since(&self, since: model::Millis) -> Result<Vec<ProjectId>, Error> {
        Ok(self.active_in(Scope::Member, since).await?.into_iter().map(|row| row.id).collect())
    }
}
