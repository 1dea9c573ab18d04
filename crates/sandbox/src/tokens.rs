//! Tokens: whose they are, what they open, how long they are good, and what becomes of them when they are rotated.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};
use time::{Date, Duration, OffsetDateTime};

use crate::clock::Clock;
use crate::errors::ApiError;
use crate::world::{Seats, World};

/// What a token was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A user's own, or a service account's.
    Personal,
    /// A project's; the user is its bot.
    Project(u64),
    /// A group's; the user is its bot.
    Group(u64),
    /// What an application got from a person.
    OAuth,
}

/// A token without its value.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) kind: TokenKind,
    pub(crate) user: u64,
    pub(crate) scopes: Vec<&'static str>,
    pub(crate) created: OffsetDateTime,
    pub(crate) expires: OffsetDateTime,
    pub(crate) revoked: bool,
    /// The first of those that followed on each other by rotation.
    family: u64,
}

impl Token {
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scopes.contains(&scope)
    }

    /// Neither revoked nor expired.
    pub(crate) fn active(&self, now: OffsetDateTime) -> bool {
        !self.revoked && self.expires > now
    }
}

/// Why a token is not rotated.
#[derive(Debug)]
pub(crate) enum Unrotated {
    Missing,
    Revoked,
}

/// What a test may make of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    Expired,
    Revoked,
}

#[derive(Debug, Default)]
struct Book {
    /// Values, and the id of the token of each.
    ids: HashMap<String, u64>,
    tokens: BTreeMap<u64, Token>,
    /// Role to the token that holds it now.
    roles: BTreeMap<String, u64>,
}

/// All tokens of the instance. Values follow from the seed, so a script may keep them.
#[derive(Debug)]
pub(crate) struct Tokens {
    book: Mutex<Book>,
    /// Role to value, as printed in the banner.
    pub(crate) roles: BTreeMap<String, String>,
    pub(crate) admin: String,
    seed: u64,
    clock: Arc<Clock>,
}

const ALL: [&str; 5] = ["api", "read_api", "read_user", "read_repository", "write_repository"];
/// GitLab's OAuth access tokens live two hours.
const OAUTH_LIFE: Duration = Duration::seconds(7_200);

impl Tokens {
    /// One token for each role of the world, and:
    ///
    /// - `read_only` (`read_api`), `no_scope` (`read_user`), `expired`, `revoked`, `expiring` (five days left) and
    ///   `self_rotate` (`read_api` and `self_rotate`), all a Maintainer's;
    /// - `reporter_api`: the Reporter's with scope `api` alone; `lonely`: of a person who is a member of nothing;
    /// - `project_bot`, `group_bot`, `service_account`; `oauth`, an application's for the Maintainer;
    /// - `deploy`: a deploy token's value, which the API does not know;
    /// - the administrator's.
    pub(crate) fn mint(world: &World, seats: &Seats, seed: u64, clock: Arc<Clock>) -> Self {
        let roles = world.roles();
        let of = |role: &str| roles.get(role).copied().unwrap_or(1);
        let (maintainer, all) = (of("maintainer"), ALL.to_vec());
        let mut wanted: Vec<(String, u64, Vec<&'static str>)> =
            roles.iter().map(|(role, user)| (role.clone(), *user, all.clone())).collect();
        let mut more =
            |role: &str, user, scopes: &[&'static str]| wanted.push((role.to_owned(), user, scopes.to_vec()));
        more("read_only", maintainer, &["read_api"]);
        more("no_scope", maintainer, &["read_user"]);
        more("expired", maintainer, &ALL);
        more("revoked", maintainer, &ALL);
        more("admin", 1, &ALL);
        more("expiring", maintainer, &ALL);
        more("self_rotate", maintainer, &["read_api", "self_rotate"]);
        more("reporter_api", of("reporter"), &["api"]);
        more("lonely", seats.lonely, &ALL);
        more("project_bot", seats.project_bot, &ALL);
        more("group_bot", seats.group_bot, &ALL);
        more("service_account", seats.service_account, &ALL);
        more("oauth", maintainer, &["api"]);
        let now = clock.now();
        let mut tokens = Self { book: Mutex::default(), roles: BTreeMap::new(), admin: String::new(), seed, clock };
        for (role, user, scopes) in wanted {
            let kind = match role.as_str() {
                "project_bot" => TokenKind::Project(seats.project),
                "group_bot" => TokenKind::Group(seats.group),
                "oauth" => TokenKind::OAuth,
                _ => TokenKind::Personal,
            };
            let life = match role.as_str() {
                "expired" => -2,
                "expiring" => 5,
                _ => 300,
            };
            let (created, expires) = match kind {
                TokenKind::OAuth => (now, now + OAUTH_LIFE),
                _ => (now - Duration::days(30), midnight((now + Duration::days(life)).date())),
            };
            let revoked = role == "revoked";
            let name = format!("sandbox {role}");
            let token = Token { id: 0, name, kind, user, scopes, created, expires, revoked, family: 0 };
            let value = value(seed, &role, kind);
            let id = tokens.book().add(value.clone(), token, None);
            tokens.book().roles.insert(role.clone(), id);
            if role == "admin" {
                tokens.admin = value;
            } else {
                tokens.roles.insert(role, value);
            }
        }
        let deploy = format!("gldt-{}", letters(seed, "deploy"));
        tokens.roles.insert("deploy".to_owned(), deploy);
        tokens
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token with this value, if it is good. A revoked one that asks to be rotated takes its whole family with it:
    /// somebody has kept what another has already changed.
    pub(crate) fn check(&self, value: &str, rotates: bool) -> Result<Arc<Token>, ApiError> {
        let mut book = self.book();
        let token = book.ids.get(value).and_then(|id| book.tokens.get(id)).ok_or_else(ApiError::unauthorized)?.clone();
        if token.revoked {
            if rotates {
                book.revoke_family(token.family);
            }
            let why = "Token was revoked. You have to re-authorize from the user.";
            return Err(ApiError::invalid_token(why));
        }
        if !token.active(self.clock.now()) {
            let why = "Token is expired. You can either do re-authorization or token refresh.";
            return Err(ApiError::invalid_token(why));
        }
        Ok(Arc::new(token))
    }

    /// A token as it is now.
    pub(crate) fn get(&self, id: u64) -> Option<Token> {
        self.book().tokens.get(&id).cloned()
    }

    /// All tokens of a kind, by id.
    pub(crate) fn of_kind(&self, kind: TokenKind) -> Vec<Token> {
        self.book().tokens.values().filter(|token| token.kind == kind).cloned().collect()
    }

    /// Revokes a token and makes the one that follows it, until the end of that date.
    pub(crate) fn rotate(&self, id: u64, expires: Date) -> Result<(Token, String), Unrotated> {
        let mut book = self.book();
        let old = book.tokens.get_mut(&id).ok_or(Unrotated::Missing)?;
        if old.revoked {
            return Err(Unrotated::Revoked);
        }
        old.revoked = true;
        let next = Token { created: self.clock.now(), expires: midnight(expires), revoked: false, ..old.clone() };
        let value = value(self.seed, &format!("after {id}"), next.kind);
        let family = next.family;
        let new = book.add(value.clone(), next, Some(family));
        for held in book.roles.values_mut().filter(|held| **held == id) {
            *held = new;
        }
        let token = book.tokens.get(&new).cloned().ok_or(Unrotated::Missing)?;
        Ok((token, value))
    }

    pub(crate) fn revoke(&self, id: u64) {
        if let Some(token) = self.book().tokens.get_mut(&id) {
            token.revoked = true;
        }
    }

    /// Makes the token that holds a role now good, expired or revoked; `None` where there is no such role.
    pub(crate) fn set(&self, role: &str, state: State) -> Option<()> {
        let now = self.clock.now();
        let mut book = self.book();
        let id = *book.roles.get(role)?;
        let token = book.tokens.get_mut(&id)?;
        token.revoked = state == State::Revoked;
        match state {
            State::Expired => token.expires = now - Duration::days(1),
            State::Active if token.expires <= now => token.expires = midnight((now + Duration::days(300)).date()),
            State::Active | State::Revoked => {}
        }
        Some(())
    }

    /// Role to the value that holds it now, which after a rotation is not the banner's.
    pub(crate) fn current(&self) -> BTreeMap<String, String> {
        let book = self.book();
        let value = |id: &u64| book.ids.iter().find(|(_, other)| *other == id).map(|(value, _)| value.clone());
        book.roles.iter().filter_map(|(role, id)| Some((role.clone(), value(id)?))).collect()
    }
}

impl Book {
    fn add(&mut self, value: String, token: Token, family: Option<u64>) -> u64 {
        let id = self.tokens.len() as u64 + 1;
        self.ids.insert(value, id);
        self.tokens.insert(id, Token { id, family: family.unwrap_or(id), ..token });
        id
    }

    fn revoke_family(&mut self, family: u64) {
        for token in self.tokens.values_mut().filter(|token| token.family == family) {
            token.revoked = true;
        }
    }
}

/// A token is good until its day begins, in UTC.
fn midnight(day: Date) -> OffsetDateTime {
    day.midnight().assume_utc()
}

fn letters(seed: u64, role: &str) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let digest = Sha256::digest(format!("sandbox token {seed} {role}").as_bytes());
    digest.iter().take(20).map(|byte| char::from(ALPHABET[usize::from(*byte) % 62])).collect()
}

/// `glpat-` and twenty letters or digits; an application's has sixty-four hexadecimal digits and no prefix.
fn value(seed: u64, role: &str, kind: TokenKind) -> String {
    match kind {
        TokenKind::OAuth => hex::encode(Sha256::digest(format!("sandbox token {seed} {role}").as_bytes())),
        _ => format!("glpat-{}", letters(seed, role)),
    }
}
