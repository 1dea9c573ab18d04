//! Owners by recent commits: looked at after everything else, one project at a time and slowly, and each project once until
//! something happens in it.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use model::{Entity, Evidence, Millis, Origin, ProjectId, RefKey};
use serde_json::Value;
use store::{Batch, Reading, ShareRow};

use super::{
    Connection, Sync,
    connection::stored,
    fetch::{Fetched, on_default, paths},
    roots::{Freshness, start_of},
    upstream::Failure,
};
use crate::{
    commits::{People, Person, Share, WINDOW, day},
    index::{Filter, Query},
    walk::FileState,
};

/// From one project to the next: half a request a second is nothing to any GitLab.
const PACE: Millis = 2_000;
/// A project in which something happens all the time is looked at once a day.
const AGAIN: Millis = 24 * 60 * 60 * 1000;

/// What is known of commits on one connection.
#[derive(Debug, Default)]
pub(super) struct Commits {
    /// When something last happened in a project, as its list said.
    pub(super) active: HashMap<ProjectId, Millis>,
    /// What was found out, also that nothing follows from it.
    pub(super) shares: HashMap<ProjectId, ShareRow>,
    queue: VecDeque<ProjectId>,
    /// The people of the time when the queue was made.
    people: Arc<People>,
}

impl Commits {
    pub(super) fn of(shares: HashMap<ProjectId, ShareRow>) -> Self {
        Self { shares, ..Self::default() }
    }

    fn is_due(&self, project: ProjectId, now: Millis) -> bool {
        let Some(row) = self.shares.get(&project) else { return true };
        let moved = self.active.get(&project).is_some_and(|at| *at > row.active_at);
        moved && row.asked_at + AGAIN <= now
    }

    pub(super) fn share(&self, project: ProjectId) -> Option<Share> {
        self.shares.get(&project).and_then(|row| serde_json::from_str(&row.record).ok()).flatten()
    }
}

impl Sync {
    /// Notes which projects are to be looked at. Answers whether there is any.
    pub(super) fn plan_commits(&self, connection: &Connection) -> bool {
        if !self.settings.commits {
            return false;
        }
        let guessed = self.guessed(connection);
        let people = Arc::new(self.people_of(connection));
        let now = self.catalog.clock().now();
        let mut commits = connection.commits();
        commits.queue = guessed.into_iter().filter(|project| commits.is_due(*project, now)).collect();
        commits.people = people;
        !commits.queue.is_empty()
    }

    /// Looks at one project; answers when to look at the next.
    pub(super) async fn read_commits(&self, connection: &Connection) -> Result<Option<Millis>, Failure> {
        let next = connection.commits().queue.pop_front();
        let next = match next {
            Some(next) => Some(next),
            None if self.plan_commits(connection) => connection.commits().queue.pop_front(),
            None => None,
        };
        let Some(project) = next else { return Ok(None) };
        if let Err(failure) = self.read_commits_of(connection, project).await {
            // Asked for again by whatever looks next; one project must not stop the others.
            if !matches!(&failure, Failure::Gitlab(error) if error.kind == gitlab::Kind::NotFound) {
                connection.commits().queue.push_back(project);
                return Err(failure);
            }
        }
        let more = !connection.commits().queue.is_empty();
        Ok(more.then(|| self.catalog.clock().now() + PACE))
    }

    async fn read_commits_of(&self, connection: &Connection, project: ProjectId) -> Result<(), Failure> {
        let now = self.catalog.clock().now();
        let since = now - WINDOW;
        // Where a repository cannot be read, that is an answer too.
        let authors = match connection.gitlab.commit_authors(project, since).await {
            Err(error) if error.kind == gitlab::Kind::NotFound => Vec::new(),
            answer => answer?,
        };
        let near = connection.projects().get(project).and_then(|p| p.group.as_ref()).map(|g| g.path.clone());
        let near = near.map(|path| model::EntityRef::new("Group", "default", model::safe_name(&path)).key());
        let people = Arc::clone(&connection.commits().people);
        let share = people.owner_of(&authors, near.as_ref(), &day(since));
        let active_at = connection.commits().active.get(&project).copied().unwrap_or(0);
        let row = ShareRow { project, active_at, asked_at: now, record: serde_json::to_string(&share)? };
        let writing = connection.write().await?;
        let (store, name, kept) = (self.store().clone(), connection.name.clone(), row.clone());
        stored(writing, async move { store.put_share(&name, &kept).await }).await?;
        let before = connection.commits().share(project);
        connection.commits().shares.insert(project, row);
        if before != share { self.assemble_again(connection, project).await } else { Ok(()) }
    }

    /// States a project anew from what the store has of it.
    async fn assemble_again(&self, connection: &Connection, project: ProjectId) -> Result<(), Failure> {
        let since = self.store().feed_head().await?;
        let mut fetched = Fetched::default();
        let wanted = paths(&connection.file).into_iter().map(|path| on_default(project, &path)).collect();
        for missing in fetched.stored_as_is(self.store(), connection, wanted).await? {
            fetched.files.insert(missing, FileState::Missing);
        }
        let starts = vec![start_of(connection, project)];
        let walks = self.walk_all(connection, starts, &mut fetched, Freshness::StoredUnless(&[])).await?;
        let replacements = self.replacements(connection, walks, &mut fetched).await?;
        let batch = Batch { replacements, reading: Reading::Job { since }, ..Batch::default() };
        // What was read meanwhile is younger; the next look at commits states it anew.
        self.store_job(connection, batch).await.map(|_overtaken| ())
    }

    /// The projects of which nobody stated an owner.
    fn guessed(&self, connection: &Connection) -> Vec<ProjectId> {
        let wanted = |entity: &Entity| {
            let guess = |e: Evidence| matches!(e, Evidence::Group | Evidence::Missing | Evidence::Commits);
            entity.origin == Origin::Inferred
                && entity.source.connection == connection.name
                && entity.ownership.as_ref().is_some_and(|ownership| guess(ownership.evidence))
        };
        self.entities("inferred", |entity| wanted(entity).then_some(entity.source.project).flatten())
    }

    fn people_of(&self, connection: &Connection) -> People {
        let person = |entity: &Entity| {
            let ours = entity.source.connection == connection.name && entity.entity_ref.kind() == "User";
            if ours { person(entity) } else { None }
        };
        People::of(self.entities("directory", person))
    }

    fn entities<T>(&self, origin: &str, take: impl Fn(&Entity) -> Option<T>) -> Vec<T> {
        let filter = Filter::any_of("stagedoor.origin", [origin]);
        let query = Query { filter, limit: usize::MAX, ..Query::default() };
        let index = self.catalog.index();
        let page = index.query(&query).map(|page| page.items).unwrap_or_default();
        page.iter().filter_map(|view| take(view.entity())).collect()
    }
}

/// A person as the catalog knows them. Their user name is the path they were read under.
fn person(entity: &Entity) -> Option<Person> {
    let body: Value = serde_json::from_str(&entity.body).ok()?;
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let group = |name: &Value| RefKey::parse(&format!("group:default/{}", name.as_str()?)).ok();
    let groups = body.pointer("/spec/memberOf").and_then(Value::as_array);
    Some(Person {
        key: entity.entity_ref.key(),
        username: entity.source.project_path.clone(),
        name: text("/spec/profile/displayName").unwrap_or_default(),
        email: text("/spec/profile/email"),
        groups: groups.into_iter().flatten().filter_map(group).collect(),
    })
}
