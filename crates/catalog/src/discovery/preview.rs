//! What a discovery would find, from as few requests as possible.

use gitlab::{Error, Gitlab, Kind, ListedPage, Scope, Whose};
use model::Discovery;
use serde::Serialize;

use super::{Candidate, Rules};

/// Pages looked at where every project must be, over all groups: two thousand projects are enough to see whether a
/// pattern does what was meant.
const MOST_PAGES: u32 = 20;
/// Projects named.
const EXAMPLES: usize = 20;

/// What would be found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// Projects.
    pub projects: u64,
    /// Were all of them looked at or counted by GitLab?
    pub exact: bool,
    /// Groups that would become entities.
    pub groups: u64,
    /// Full paths of some of the projects.
    pub examples: Vec<String>,
    /// What asking cost.
    pub requests: u64,
    /// What people should know: a group that is not there, an estimate.
    pub notes: Vec<String>,
}

/// What is found so far.
struct Looking<'a> {
    gitlab: &'a Gitlab,
    rules: Rules,
    pages_left: u32,
    found: Preview,
}

/// Asks GitLab what a discovery would find. Nothing is stored.
///
/// # Errors
/// [`Kind::Configuration`] when the discovery cannot be followed, and everything that keeps GitLab from answering. A
/// group that the token does not see is a note.
pub async fn preview(gitlab: &Gitlab, discovery: &Discovery) -> Result<Preview, Error> {
    let rules = Rules::compile(discovery).map_err(|faults| refused(&faults))?;
    let before = gitlab.usage().sent;
    let found = Preview { exact: true, ..Preview::default() };
    let mut looking = Looking { gitlab, rules, pages_left: MOST_PAGES, found };
    looking.projects().await?;
    looking.groups().await?;
    let mut found = looking.found;
    found.requests = gitlab.usage().sent.saturating_sub(before);
    Ok(found)
}

impl Looking<'_> {
    async fn projects(&mut self) -> Result<(), Error> {
        let rules = self.rules.clone();
        for scope in rules.scopes() {
            // GitLab filters neither a group's projects by topics, nor anything by a pattern.
            match self.scope(&rules, scope).await {
                Ok(()) => {}
                Err(error) if error.kind == Kind::NotFound => {
                    let what = if let Scope::Group { path, .. } = scope { path } else { "projects" };
                    self.found.notes.push(format!("group {what}: {}; {}", error.message, error.remedy));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn scope(&mut self, rules: &Rules, scope: Scope<'_>) -> Result<(), Error> {
        let topics = &rules.listing().topics;
        let archived = (!rules.archived()).then_some(false);
        let mut page = self.gitlab.list_projects(scope, topics, archived, 1).await?;
        let total = page.total;
        self.pages_left = self.pages_left.saturating_sub(1);
        let (mut looked, mut kept) = self.take(rules, &page);
        if !rules.counts_locally() {
            match total {
                Some(total) => {
                    self.found.projects += total;
                    return Ok(());
                }
                None if !page.more => {
                    self.found.projects += kept;
                    return Ok(());
                }
                None => {}
            }
        }
        let mut number = 1;
        while page.more && self.pages_left > 0 {
            number += 1;
            page = self.gitlab.list_projects(scope, topics, archived, number).await?;
            self.pages_left -= 1;
            let (more, good) = self.take(rules, &page);
            looked += more;
            kept += good;
        }
        if !page.more {
            self.found.projects += kept;
            return Ok(());
        }
        self.found.exact = false;
        match total {
            Some(total) => {
                self.found.projects += kept.saturating_mul(total) / looked.max(1);
                self.found.notes.push(format!("estimated from the newest {looked} of {total} projects"));
            }
            None => {
                self.found.projects += kept;
                self.found.notes.push(format!("GitLab does not say how many there are; {looked} were looked at"));
            }
        }
        Ok(())
    }

    /// Looks at a page; answers how many projects it has and how many of them are part of it.
    fn take(&mut self, rules: &Rules, page: &ListedPage) -> (u64, u64) {
        let mut kept = 0;
        for project in &page.items {
            let forked = project.forked();
            // Archived ones and topics were left out by GitLab.
            let topics = rules.listing().topics;
            let candidate = Candidate { path: &project.path, archived: false, topics, forked };
            if !rules.admits(&candidate) {
                continue;
            }
            kept += 1;
            if self.found.examples.len() < EXAMPLES {
                self.found.examples.push(project.path.clone());
            }
        }
        let seen = u64::try_from(page.items.len()).unwrap_or(u64::MAX);
        (seen, kept)
    }

    async fn groups(&mut self) -> Result<(), Error> {
        let rules = self.rules.clone();
        if !rules.reads_people() {
            return Ok(());
        }
        let named = !rules.scopes().iter().any(|scope| matches!(scope, Scope::Member | Scope::Visible));
        if !named && !rules.keeps_some_groups() {
            // One question for all of them; trees of which the user is no member are few.
            self.found.groups = self.counted(None).await?;
            return Ok(());
        }
        let tops: Vec<Option<String>> =
            if named { rules.people_trees(Vec::new()).into_iter().map(Some).collect() } else { vec![None] };
        for top in tops {
            match self.tree(&rules, top.as_deref()).await {
                Ok(()) => {}
                // The projects of that group were not found either, and it was told there.
                Err(error) if error.kind == Kind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// How many groups there are, or below one. GitLab counts lists of up to 10,000.
    async fn counted(&mut self, top: Option<&str>) -> Result<u64, Error> {
        let (paths, total, more) = self.gitlab.list_groups(top, 1).await?;
        if total.is_none() && more {
            self.found.notes.push("there are more than 10,000 groups".to_owned());
        }
        let listed = if more { 10_000 } else { u64::try_from(paths.len()).unwrap_or(u64::MAX) };
        Ok(total.unwrap_or(listed))
    }

    async fn tree(&mut self, rules: &Rules, top: Option<&str>) -> Result<(), Error> {
        if let Some(top) = top {
            if !rules.keeps_some_groups() {
                let below = self.counted(Some(top)).await?;
                self.found.groups += 1 + if rules.nested() { below } else { 0 };
                return Ok(());
            }
            self.found.groups += u64::from(rules.admits_group(top));
            if !rules.nested() {
                return Ok(());
            }
        }
        let mut number = 0;
        loop {
            number += 1;
            if self.pages_left == 0 {
                self.found.exact = false;
                self.found.notes.push("not all groups were looked at; there are more of them than counted".to_owned());
                return Ok(());
            }
            let (paths, _, more) = self.gitlab.list_groups(top, number).await?;
            self.pages_left -= 1;
            let kept = paths.iter().filter(|path| rules.admits_group(path)).count();
            self.found.groups += u64::try_from(kept).unwrap_or(u64::MAX);
            if !more {
                return Ok(());
            }
        }
    }
}

fn refused(faults: &[super::DiscoveryFault]) -> Error {
    let first = faults.first();
    Error {
        kind: Kind::Configuration,
        whose: Whose::Caller,
        retry: false,
        status: None,
        message: first.map_or_else(String::new, |f| format!("{}: {}", f.pointer, f.message)),
        remedy: first.map_or_else(String::new, |f| f.remedy.clone()),
        route: "",
    }
}
