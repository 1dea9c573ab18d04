//! The typed client of one GitLab.
//!
//! The only room that speaks GitLab's JSON. It knows no SQL, no status code of ours and no page; it decides nothing
//! about what it reads. Reads are plain calls; whatever changes GitLab takes a [`policy::Permit`] and does exactly what
//! the permit says.
//!
//! A call either answers, answers in part and says which ([`Partial`], [`Repository::Unanswered`],
//! [`Content::Unanswered`]), or fails with an [`Error`] that says whose fault it is, whether another attempt helps and
//! what to do. An absence is only ever stated when GitLab answered definitely.
//!
//! Order: [`Settings`] and the values given out; the calls (`identity`, `tokens`, `projects`, `listing`, `texts`, `groups`,
//! `commits`, `hooks`); below them `graphql`, `cost` and `rest`; at the bottom `transport`, `route`, `budget`, `refusal`,
//! `authority` and `certificate`. [`Probe`] goes the same way one step at a time, for a test that says which step fails.

mod address;
mod authority;
mod budget;
mod certificate;
mod commits;
mod cost;
mod error;
mod graphql;
mod groups;
mod hooks;
mod identity;
mod listing;
mod presented;
mod probe;
mod projects;
mod refusal;
mod rest;
mod route;
mod settings;
mod texts;
mod tokens;
mod transport;
mod types;

use std::{fmt, sync::Arc};

use model::{Clock, ConnectionName, Random};
use url::Url;

pub use address::{Address, instance_root};
pub use authority::Authorities;
pub use budget::Usage;
pub use commits::CommitAuthor;
pub use error::{Certificate, Error, Kind, ProxyFault, Unauthorized, Unreachable, Whose};
pub use groups::TreeWant;
pub use hooks::{HookScope, RegisterHook};
pub use listing::{Listed, ListedPage};
pub use presented::Presented;
pub use probe::{Anonymous, Probe, Resolved, Stream};
pub use route::{NoProxy, Proxy, Route};
pub use settings::{Limits, Settings, Timeouts};
pub use tokens::{NewToken, RotateToken, Sight, TokenKind};
pub use types::{
    Content, Existence, FileMeta, FileText, FileWanted, Group, GroupRef, GroupTree, Hook, Listing, Member, Metadata,
    Page, Partial, Project, Repository, Scope, TokenInfo, User, Visibility, Want,
};

use crate::{budget::Budget, cost::PageSize, transport::Transport};

/// A client of one GitLab. Clones share connections, the rate budget and what was learnt about page sizes.
#[derive(Clone)]
pub struct Gitlab {
    inner: Arc<Inner>,
}

struct Inner {
    name: ConnectionName,
    transport: Transport,
    project_pages: PageSize,
    text_pages: PageSize,
    group_pages: PageSize,
    apart_pages: PageSize,
}

impl fmt::Debug for Gitlab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gitlab").field("name", &self.inner.name).field("transport", &self.inner.transport).finish()
    }
}

impl Gitlab {
    /// A client for these settings. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Kind::Configuration`] when the address, the token or the certificate authority cannot be used.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, Error> {
        let budget = Budget::new(settings.limits.concurrency, clock);
        let transport = Transport::new(&settings, budget, random)?;
        let page = settings.limits.page;
        Ok(Self {
            inner: Arc::new(Inner {
                name: settings.name,
                transport,
                project_pages: PageSize::new(page),
                text_pages: PageSize::new(page),
                group_pages: PageSize::new(page),
                apart_pages: PageSize::new(groups::AT_ONCE),
            }),
        })
    }

    /// The connection's name.
    #[must_use]
    pub fn name(&self) -> &ConnectionName {
        &self.inner.name
    }

    /// The connection's address, with a path that ends in a slash.
    #[must_use]
    pub fn url(&self) -> &Url {
        self.inner.transport.base()
    }

    /// What was spent so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.inner.transport.budget.usage()
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.inner.transport
    }
}
