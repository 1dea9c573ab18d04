//! The second half of a test: what GitLab says of the token, and what the token sees.

use std::sync::Arc;

use gitlab::{Error, Gitlab, Kind, Metadata, Settings, TokenInfo, TokenKind, Unauthorized, User};
use time::OffsetDateTime;
use url::Url;

use super::{CheckId, Ended, Remedy, Test, network::day};

/// The oldest release whose API is used.
const OLDEST: u32 = 16;
/// Days before its end at which a token is spoken of.
const SOON: i64 = 14;
/// Access levels of GitLab.
const DEVELOPER: u16 = 30;
const DAY: i64 = 86_400_000;

/// What the token may, as far as GitLab says.
struct May {
    scopes: Vec<String>,
}

impl May {
    fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }

    fn reads(&self) -> bool {
        self.has("api") || self.has("read_api")
    }
}

impl Test<'_> {
    pub(super) async fn ask_account(&mut self, settings: &Settings) -> Result<(), Ended> {
        self.begin(CheckId::Token);
        let url = settings.url.clone();
        let mut settings = settings.clone();
        settings.token = match &self.draft.token {
            Ok(token) => token.clone(),
            Err(why) => {
                let remedy = new_token(&url, None);
                self.fail(CheckId::Token, "There is no token", why.clone(), remedy);
                return Err(Ended);
            }
        };
        let client = Gitlab::new(settings, Arc::clone(&self.clock), Arc::clone(&self.random))
            .map_err(|error| self.fail_token(&url, &error))?;
        let may = self.ask_token(&client, &url).await?;
        self.ask_read(&client, &url, &may).await?;
        self.ask_act(&client, &url, &may).await;
        self.tell_hearing();
        self.tell_rate(&client);
        Ok(())
    }

    /// Is it accepted, and what may it? Works with every scope.
    async fn ask_token(&mut self, client: &Gitlab, url: &Url) -> Result<May, Ended> {
        match client.own_token().await {
            Ok(info) => {
                self.facts.token_name = Some(info.name.clone());
                self.facts.scopes.clone_from(&info.scopes);
                self.pass(CheckId::Token, format!("{:?}, made in GitLab", info.name));
                self.tell_expiry(url, &info);
                Ok(May { scopes: info.scopes })
            }
            // An OAuth token has no row of its own there.
            Err(error)
                if matches!(
                    error.kind,
                    Kind::NotFound | Kind::Unsupported | Kind::Rejected | Kind::Unauthorized(Unauthorized::Unknown)
                ) =>
            {
                match client.oauth_scopes().await {
                    Ok(scopes) => {
                        self.facts.token_kind = Some(TokenKind::Oauth);
                        self.facts.scopes.clone_from(&scopes);
                        self.pass(CheckId::Token, "an OAuth token");
                        let remedy = Remedy::text("use a group or project access token, which lives up to a year");
                        self.note(
                            CheckId::Expiry,
                            "The token lasts two hours at most",
                            "OAuth tokens end by themselves",
                            remedy,
                        );
                        Ok(May { scopes })
                    }
                    Err(_) => Err(self.fail_token(url, &error)),
                }
            }
            Err(error) => Err(self.fail_token(url, &error)),
        }
    }

    fn fail_token(&mut self, url: &Url, error: &Error) -> Ended {
        let (title, remedy) = match &error.kind {
            Kind::Unauthorized(Unauthorized::Expired) => {
                ("The token has expired", new_token(url, Some("create a new token and paste it here")))
            }
            Kind::Unauthorized(Unauthorized::Revoked) => (
                "The token was revoked",
                new_token(url, Some("somebody revoked or rotated it: ask for the new one, or create another")),
            ),
            Kind::Unauthorized(Unauthorized::Unknown) => (
                "GitLab does not know the token",
                new_token(url, Some("check that it was copied whole and belongs to this GitLab")),
            ),
            Kind::Configuration => ("This is no token for the API", new_token(url, Some(&error.remedy))),
            _ => ("The token could not be checked", Remedy::text(error.remedy.clone())),
        };
        self.fail(CheckId::Token, title, error.message.clone(), remedy);
        Ended
    }

    fn tell_expiry(&mut self, url: &Url, info: &TokenInfo) {
        let Some(expires) = info.expires_at else {
            let remedy = Remedy::text("give it an end, and rotate it before");
            self.note(CheckId::Expiry, "The token never ends", "GitLab names no last day", remedy);
            return;
        };
        let at = OffsetDateTime::new_utc(expires, time::Time::MIDNIGHT).unix_timestamp() * 1000;
        let left = (at - self.clock.now()).div_euclid(DAY);
        self.facts.expires_on = Some(expires.to_string());
        self.facts.expires_at = Some(at);
        let detail = format!("ends on {}, {left} d left", day(at));
        if left <= SOON {
            let remedy = new_token(url, Some("rotate it here, or create a new one before it ends"));
            self.note(CheckId::Expiry, &format!("The token ends in {left} d"), detail, remedy);
        } else {
            self.pass(CheckId::Expiry, detail);
        }
    }

    async fn ask_read(&mut self, client: &Gitlab, url: &Url, may: &May) -> Result<(), Ended> {
        if !may.reads() {
            self.begin(CheckId::ScopeRead);
            let held = if may.scopes.is_empty() { "none".to_owned() } else { may.scopes.join(", ") };
            let remedy = new_token(url, Some("create a token with the scope read_api"));
            self.fail(
                CheckId::ScopeRead,
                "The token may not read",
                format!("the scope read_api is missing; it has {held}"),
                remedy,
            );
            return Err(Ended);
        }
        self.begin(CheckId::Version);
        let discovery = &self.draft.discovery;
        let (metadata, user, sight) = futures::join!(
            client.metadata(),
            client.current_user(),
            client.sight(&discovery.groups, discovery.membership)
        );
        self.tell_version(metadata)?;
        self.tell_user(user)?;
        self.begin(CheckId::ScopeRead);
        self.pass(CheckId::ScopeRead, format!("scopes: {}", may.scopes.join(", ")));
        self.begin(CheckId::Projects);
        let sight = match sight {
            Ok(sight) => sight,
            Err(error) => return Err(self.fail_with(CheckId::Projects, "The projects cannot be listed", &error)),
        };
        self.facts.projects = Some(sight.projects);
        let owner = self.facts.token_owner.clone().unwrap_or_default();
        if sight.projects == 0 {
            let (detail, text) = if discovery.groups.is_empty() {
                (
                    format!("@{owner} is a member of no project"),
                    format!(
                        "make @{owner} a member of a group, at least as Reporter; a token sees no more than its user"
                    ),
                )
            } else {
                let named = discovery.groups.join(", ");
                let seen = if sight.missing.is_empty() { "hold no project" } else { "are not to be seen" };
                (
                    format!("the groups {named} {seen} for @{owner}"),
                    format!("check the paths, and make @{owner} a member there, at least as Reporter"),
                )
            };
            self.fail(CheckId::Projects, "The token sees no project", detail, Remedy::text(text));
            return Err(Ended);
        }
        let count = thousands(sight.projects);
        let detail = format!(
            "{count} {}, such as {}",
            if sight.projects == 1 { "project" } else { "projects" },
            sight.examples.first().map_or("one without a name", String::as_str)
        );
        if sight.missing.is_empty() {
            self.pass(CheckId::Projects, detail);
        } else {
            let remedy = Remedy::text(format!(
                "check these paths, or make @{owner} a member there: {}",
                sight.missing.join(", ")
            ));
            self.note(CheckId::Projects, "Some groups are not to be seen", detail, remedy);
        }
        Ok(())
    }

    fn tell_version(&mut self, metadata: Result<Metadata, Error>) -> Result<(), Ended> {
        let metadata = metadata.map_err(|error| self.fail_with(CheckId::Version, "The version is not told", &error))?;
        self.facts.version = Some(metadata.version.clone());
        self.facts.enterprise = Some(metadata.enterprise);
        let edition = if metadata.enterprise { "Enterprise Edition" } else { "Community Edition" };
        let detail = format!("GitLab {}, {edition}", metadata.version);
        let major: Option<u32> = metadata.version.split('.').next().and_then(|major| major.parse().ok());
        if major.is_some_and(|major| major < OLDEST) {
            let remedy = Remedy::text(format!("upgrade GitLab to {OLDEST}.0 or newer"));
            self.fail(CheckId::Version, "This GitLab is too old", detail, remedy);
            return Err(Ended);
        }
        self.pass(CheckId::Version, detail);
        Ok(())
    }

    fn tell_user(&mut self, user: Result<User, Error>) -> Result<(), Ended> {
        self.begin(CheckId::Kind);
        let user = user.map_err(|error| self.fail_with(CheckId::Kind, "The token's user is not told", &error))?;
        let kind = *self.facts.token_kind.get_or_insert(TokenKind::of(&user));
        self.facts.token_owner = Some(user.username.clone());
        let detail = format!("{} of @{}", kind.words(), user.username);
        if kind == TokenKind::Personal {
            let remedy = Remedy::text(
                "it works until the person leaves. A group access token or a service account stays when people go",
            );
            self.note(CheckId::Kind, "The token is a person's", detail, remedy);
        } else {
            self.pass(CheckId::Kind, detail);
        }
        Ok(())
    }

    async fn ask_act(&mut self, client: &Gitlab, url: &Url, may: &May) {
        self.begin(CheckId::ScopeAct);
        if may.has("api") {
            self.pass(CheckId::ScopeAct, "with the scope api");
        } else {
            let remedy = new_token_with(
                url,
                "api",
                Some("reading needs no more. To run pipelines with this token, create one with the scope api"),
            );
            self.fail(CheckId::ScopeAct, "The token may not act", "the scope api is missing", remedy);
        }
        self.begin(CheckId::ScopeWrite);
        if may.has("api") || may.has("write_repository") {
            self.pass(
                CheckId::ScopeWrite,
                if may.has("write_repository") {
                    "with the scope write_repository"
                } else {
                    "through the API, with the scope api"
                },
            );
        } else {
            let remedy = new_token_with(
                url,
                "api",
                Some("reading needs no more. To open merge requests with this token, create one with the scope api"),
            );
            self.fail(
                CheckId::ScopeWrite,
                "The token may not push",
                "the scopes api and write_repository are missing",
                remedy,
            );
        }
        self.begin(CheckId::Role);
        match client.reaches_level(DEVELOPER).await {
            Ok(true) => self.pass(CheckId::Role, "Developer or more in at least one project"),
            Ok(false) => {
                let owner = self.facts.token_owner.clone().unwrap_or_default();
                let remedy = Remedy::text(format!(
                    "reading needs no more. To act, make @{owner} Developer where it shall write"
                ));
                self.fail(
                    CheckId::Role,
                    "Its user is nowhere Developer",
                    format!("@{owner} may look and not change"),
                    remedy,
                );
            }
            Err(error) => {
                let _told = self.fail_with(CheckId::Role, "Its role could not be asked for", &error);
            }
        }
    }

    fn tell_hearing(&mut self) {
        self.begin(CheckId::Webhooks);
        let hearing = &self.draft.hearing;
        let until = format!("until then GitLab is asked every {} s", hearing.poll_seconds);
        if let Some(why) = &hearing.failing {
            let host = hearing.public_url.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned();
            let text = if why.contains("local network") || why.contains("blocked") {
                format!(
                    "an administrator adds this host in GitLab under Admin, Settings, Network, Outbound requests; {until}"
                )
            } else {
                format!("look at the hook's recent events in GitLab; {until}")
            };
            let detail = format!("GitLab says: {why}");
            self.fail(
                CheckId::Webhooks,
                "GitLab cannot reach us with webhooks",
                detail,
                Remedy::text(text).copying(host),
            );
        } else if let (Some(last), true) = (hearing.last_received, hearing.hooks > 0) {
            let minutes = (self.clock.now() - last) / 60_000;
            self.pass(CheckId::Webhooks, format!("{} registered, last event {minutes} min ago", hooks(hearing.hooks)));
        } else if hearing.hooks > 0 {
            self.pass(CheckId::Webhooks, format!("{} registered", hooks(hearing.hooks)));
        } else if hearing.public_url.is_none() {
            let remedy = Remedy::text(format!(
                "set publicUrl to the address at which GitLab reaches this server, then register webhooks; {until}"
            ));
            self.note(
                CheckId::Webhooks,
                "No webhooks: changes are asked for",
                "no public address is configured",
                remedy,
            );
        } else {
            let remedy =
                Remedy::text(format!("register webhooks on the connection's page, or with the command; {until}"))
                    .copying("stagedoor connection webhooks NAME --scope system");
            self.note(CheckId::Webhooks, "No webhooks: changes are asked for", "none is registered", remedy);
        }
    }

    fn tell_rate(&mut self, client: &Gitlab) {
        self.begin(CheckId::Rate);
        let usage = client.usage();
        self.facts.rate = usage.limit;
        match (usage.limit, usage.left) {
            (Some(limit), Some(left)) if left * 10 < limit => {
                let remedy = Remedy::text("something else uses this token's user; give Stagedoor a user of its own");
                let detail = format!("{} of {} requests are left in this window", thousands(left), thousands(limit));
                self.note(CheckId::Rate, "Little is left of the rate limit", detail, remedy);
            }
            (Some(limit), _) => self.pass(CheckId::Rate, format!("{} requests a minute", thousands(limit))),
            (None, _) => self.pass(CheckId::Rate, "GitLab names no limit"),
        }
    }
}

fn hooks(count: u64) -> String {
    if count == 1 { "1 webhook".to_owned() } else { format!("{} webhooks", thousands(count)) }
}

/// Where a token is made, with name and scope filled in.
fn new_token(url: &Url, text: Option<&str>) -> Remedy {
    new_token_with(url, "read_api", text)
}

fn new_token_with(url: &Url, scope: &str, text: Option<&str>) -> Remedy {
    let text = text.unwrap_or("create a token with the scope read_api and paste it here");
    let page =
        url.join(&format!("-/user_settings/personal_access_tokens?name=stagedoor&scopes={scope}")).map(String::from);
    let remedy = Remedy::text(text);
    match page {
        Ok(page) => remedy.at("New token in GitLab", page),
        Err(_) => remedy,
    }
}

/// `1,184`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
