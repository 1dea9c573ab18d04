//! Our token: whether it can be one, what kind it is, what it sees, and making a new one of it.

use http::Method;
use model::{Action, ConnectionName};
use policy::Permit;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Date, macros::format_description};

use crate::{
    Gitlab, TokenInfo, User,
    error::{Error, Kind},
    graphql::{Answer, Query},
    rest,
    transport::Request,
};

/// What kind of token a connection uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenKind {
    /// A person's.
    Personal,
    /// A group's: its bot is a member of that group alone.
    Group,
    /// A project's.
    Project,
    /// A service account's.
    ServiceAccount,
    /// Of an OAuth application.
    Oauth,
    /// GitLab does not say.
    Unknown,
}

impl TokenKind {
    /// By the user it belongs to: GitLab names the bots it makes.
    #[must_use]
    pub fn of(user: &User) -> Self {
        let numbered = |prefix: &str| {
            user.username.strip_prefix(prefix).is_some_and(|rest| {
                rest.split_once("_bot").is_some_and(|(id, _)| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
            })
        };
        if numbered("group_") {
            Self::Group
        } else if numbered("project_") {
            Self::Project
        } else if user.username.starts_with("service_account_") {
            Self::ServiceAccount
        } else if user.bot {
            Self::Unknown
        } else {
            Self::Personal
        }
    }

    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Personal => "personal token",
            Self::Group => "group token",
            Self::Project => "project token",
            Self::ServiceAccount => "token of a service account",
            Self::Oauth => "OAuth token",
            Self::Unknown => "token of unknown kind",
        }
    }
}

/// Prefixes of secrets that are not for the API, and what they are. `glpat-` and OAuth tokens are not among them.
const OTHERS: [(&str, &str); 12] = [
    ("gldt-", "a deploy token"),
    ("glrt-", "a runner authentication token"),
    ("glcbt-", "a CI job token"),
    ("glptt-", "a pipeline trigger token"),
    ("glft-", "a feed token"),
    ("glimt-", "an incoming mail token"),
    ("glagent-", "a token of the Kubernetes agent"),
    ("glsoat-", "a SCIM token"),
    ("glffct-", "a feature flags client token"),
    ("gloas-", "the secret of an OAuth application"),
    ("GR1348941", "a runner registration token"),
    ("_gitlab_session=", "a browser's session cookie"),
];

/// A token as it is sent: trimmed of what pasting adds, and possibly one.
pub(crate) fn checked(token: &SecretString) -> Result<&str, Error> {
    const REMEDY: &str =
        "create a personal, group or project access token with the scope read_api and give it as GitLab printed it";
    let wrong = |what: &str| Err(Error::caller(Kind::Configuration, format!("the token {what}"), REMEDY));
    let token = token.expose_secret().trim();
    if token.is_empty() {
        return wrong("is empty");
    }
    if token.contains(char::is_whitespace) {
        return wrong("holds a space or a line break: it is two words, or was cut when it was copied");
    }
    if token.starts_with(['"', '\'', '`']) {
        return wrong("begins with a quotation mark");
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return wrong("holds characters that no token has");
    }
    if let Some((_, what)) = OTHERS.iter().find(|(prefix, _)| token.starts_with(prefix)) {
        return wrong(&format!("is {what}, which does not open GitLab's API"));
    }
    Ok(token)
}

/// How much of GitLab a token sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Projects that would be read.
    pub projects: u64,
    /// Some of them, by full path.
    pub examples: Vec<String>,
    /// Groups that were asked for and are not to be seen.
    pub missing: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Seen {
    projects: Option<Counted>,
}

#[derive(Debug, Deserialize)]
struct SeenGroup {
    group: Option<GroupProjects>,
}

#[derive(Debug, Deserialize)]
struct GroupProjects {
    projects: Option<Counted>,
}

#[derive(Debug, Deserialize)]
struct Counted {
    count: u64,
    #[serde(default)]
    nodes: Vec<Option<Named>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    full_path: String,
}

/// Groups asked for one by one in a test; of more, the first are a fair sample.
const MOST_GROUPS: usize = 5;

/// Make a new token of the one we use; the old one ends at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotateToken {
    /// Of which GitLab.
    pub connection: ConnectionName,
    /// The last day of the new one; GitLab's own default is a week.
    pub expires: Option<Date>,
}

impl Action for RotateToken {
    const NAME: &'static str = "RotateToken";

    fn resource(&self) -> String {
        format!("connection/{}/token", self.connection)
    }
}

/// A token that GitLab just made; its secret is shown this once.
#[derive(Debug, Deserialize)]
pub struct NewToken {
    /// The secret.
    pub token: SecretString,
    /// What it may and until when.
    #[serde(flatten)]
    pub info: TokenInfo,
}

#[derive(Debug, Deserialize)]
struct OauthInfo {
    #[serde(default)]
    scope: Vec<String>,
}

impl Gitlab {
    /// The projects that a connection to these groups would read; without groups, those its user is a member of, or all
    /// it may see.
    ///
    /// # Errors
    /// When GitLab does not answer; a group that is not to be seen is no error.
    pub async fn sight(&self, groups: &[String], membership: bool) -> Result<Sight, Error> {
        let mut sight = Sight { projects: 0, examples: Vec::new(), missing: Vec::new() };
        if groups.is_empty() {
            const ROUTE: &str = "POST /api/graphql ConnectionTest";
            let text = if membership {
                "query ConnectionTest { projects(membership: true, first: 5) { count nodes { fullPath } } }"
            } else {
                "query ConnectionTest { projects(first: 5) { count nodes { fullPath } } }"
            };
            let answer: Answer<Seen> = self.graphql(Query { route: ROUTE, text }, &json!({})).await?;
            let Some(seen) = answer.data.projects else { return Err(self.fault(answer.faults.first(), ROUTE)) };
            sight.add(seen);
            return Ok(sight);
        }
        for group in groups.iter().take(MOST_GROUPS) {
            const ROUTE: &str = "POST /api/graphql ConnectionTestGroup";
            let text = "query ConnectionTestGroup($path: ID!) { group(fullPath: $path) { \
                        projects(includeSubgroups: true, first: 5) { count nodes { fullPath } } } }";
            let answer: Answer<SeenGroup> =
                self.graphql(Query { route: ROUTE, text }, &json!({ "path": group })).await?;
            match answer.data.group.and_then(|group| group.projects) {
                Some(seen) => sight.add(seen),
                None => sight.missing.push(group.clone()),
            }
        }
        Ok(sight)
    }

    /// Is there a project in which the token's user is at least `level` (30 Developer, 40 Maintainer)?
    ///
    /// # Errors
    /// When GitLab does not answer.
    pub async fn reaches_level(&self, level: u16) -> Result<bool, Error> {
        let level = level.to_string();
        let query =
            rest::query(&[("membership", "true"), ("simple", "true"), ("min_access_level", &level), ("per_page", "1")]);
        let rows: Vec<serde_json::Value> = self.get_query("GET /api/v4/projects", "api/v4/projects", query).await?;
        Ok(!rows.is_empty())
    }

    /// The full paths of the projects where the token's user is Maintainer or more, and so may keep hooks.
    ///
    /// # Errors
    /// When a page cannot be read.
    pub async fn maintained_projects(&self) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        struct Row {
            path_with_namespace: String,
        }
        let query = rest::query(&[
            ("membership", "true"),
            ("simple", "true"),
            ("archived", "false"),
            ("min_access_level", "40"),
            ("pagination", "keyset"),
            ("order_by", "id"),
            ("sort", "asc"),
            ("per_page", "100"),
        ]);
        let rows: Vec<Row> = self.get_all("GET /api/v4/projects", "api/v4/projects", query).await?;
        Ok(rows.into_iter().map(|row| row.path_with_namespace).collect())
    }

    /// The scopes of an OAuth token, which [`Gitlab::own_token`] does not know.
    ///
    /// # Errors
    /// [`Kind::Unauthorized`] for any other token.
    pub async fn oauth_scopes(&self) -> Result<Vec<String>, Error> {
        let info: OauthInfo = self.get("GET /oauth/token/info", "oauth/token/info").await?;
        Ok(info.scope)
    }

    /// Makes a new token of our own and ends the old one. Never sent twice: GitLab shows the new secret once, and a lost
    /// answer loses the access.
    ///
    /// # Errors
    /// [`Kind::Configuration`] for a permit of another connection; otherwise as GitLab answers. After an error without a
    /// status the old token may have ended.
    pub async fn rotate_own_token(&self, permit: &Permit<RotateToken>) -> Result<NewToken, Error> {
        const ROUTE: &str = "POST /api/v4/personal_access_tokens/self/rotate";
        let wanted = permit.action();
        if wanted.connection != *self.name() {
            let message = format!("the permit is for the connection {}, this is {}", wanted.connection, self.name());
            return Err(Error::ours(Kind::Configuration, message).on(ROUTE));
        }
        let format = format_description!("[year]-[month]-[day]");
        let expires = wanted.expires.and_then(|day| day.format(format).ok());
        let request = Request {
            method: Method::POST,
            route: ROUTE,
            path: "api/v4/personal_access_tokens/self/rotate".to_owned(),
            query: None,
            body: Some(expires.map_or_else(|| json!({}), |day| json!({ "expires_at": day })).to_string().into()),
            safe: false,
        };
        let response = self.transport().send(&request).await?;
        self.read(ROUTE, &response)
    }
}

impl Sight {
    fn add(&mut self, seen: Counted) {
        self.projects += seen.count;
        self.examples.extend(seen.nodes.into_iter().flatten().map(|project| project.full_path));
    }
}

#[cfg(test)]
mod tests {
    use model::UserId;

    use super::*;

    fn user(username: &str, bot: bool) -> User {
        User {
            id: UserId(1),
            username: username.to_owned(),
            name: String::new(),
            state: "active".to_owned(),
            public_email: None,
            avatar_url: None,
            web_url: String::new(),
            bot,
        }
    }

    #[test]
    fn kinds_are_known_by_the_bots_that_gitlab_makes() {
        for (username, bot, kind) in [
            ("ilse", false, TokenKind::Personal),
            ("group_12_bot_0a1b2c", true, TokenKind::Group),
            ("group_12_bot", true, TokenKind::Group),
            ("project_7_bot_0a1b2c", true, TokenKind::Project),
            ("service_account_group_9_0a1b", false, TokenKind::ServiceAccount),
            ("service_account_0a1b", true, TokenKind::ServiceAccount),
            ("project_manager", false, TokenKind::Personal),
            ("group_x_bot_1", false, TokenKind::Personal),
            ("alert-bot", true, TokenKind::Unknown),
        ] {
            assert_eq!(TokenKind::of(&user(username, bot)), kind, "{username}");
        }
    }

    #[test]
    fn what_is_no_token_is_called_by_its_name_and_never_quoted() {
        for (text, what) in [
            (" \n", "is empty"),
            ("glpat-abc def", "holds a space"),
            ("glpat-abc\ndef", "holds a space"),
            ("\"glpat-abc\"", "quotation mark"),
            ("glpat-äbc", "no token has"),
            ("gldt-abcdef", "a deploy token"),
            ("glrt-abcdef", "a runner"),
            ("glcbt-64_abcdef", "a CI job token"),
            ("GR1348941abc", "registration token"),
        ] {
            let error = checked(&SecretString::from(text)).map(str::to_owned).expect_err(text);
            assert!(error.message.contains(what), "{text}: {error}");
            assert!(!error.to_string().contains("abc"), "{error}");
        }
        assert_eq!(checked(&SecretString::from(" glpat-abc\r\n")).expect("trimmed"), "glpat-abc");
    }
}
