//! The declared world: `sandrill.yaml` and its files, read into memory once. Content of a project is unpacked only when
//! the project is first read.
//!
//! The literal `{{base_url}}` in a file becomes the server's own address, so that a catalog file can name a file of
//! another project by its full URL.

mod sheet;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use time::OffsetDateTime;

use sheet::{GroupRow, MemberRow, PersonRow, ProjectRow, Sheet, active};

use super::files::WorldFiles;
use super::model::{Group, Member, Namespace, Person, Project, UserKind, Visibility, WorldCommit, WorldFile, level};
use crate::clock;

/// The suffix that a file carries where its real name would trouble the embedding, for example a nested `.gitignore`.
const SUFFIX: &str = ".world";

/// The declared world in memory. Ids: people, groups and projects count from 1 in the order of the sheet, person 1
/// being the administrator.
#[derive(Debug)]
pub(crate) struct Sandrill {
    pub(crate) people: Vec<Arc<Person>>,
    pub(crate) groups: Vec<Arc<Group>>,
    pub(crate) projects: Vec<Arc<Project>>,
    people_by_name: HashMap<String, u64>,
    groups_by_path: HashMap<String, u64>,
    projects_by_path: HashMap<String, u64>,
    /// Per project: world path of each file and the path it has in the repository.
    listing: HashMap<u64, Vec<(String, String)>>,
    history: HashMap<u64, Vec<WorldCommit>>,
    /// Role to user id.
    pub(crate) roles: BTreeMap<String, u64>,
    files: WorldFiles,
    base_url: String,
}

impl Sandrill {
    /// Reads the sheet. Fails with the place of the fault where it is not readable; a member or author that no person
    /// has is a fault too, because it would be a silent hole in the demo.
    pub(crate) fn load(files: WorldFiles, base_url: &str) -> Result<Self> {
        let raw = files.get("sandrill.yaml").context("the world has no sandrill.yaml")?;
        let text = std::str::from_utf8(&raw).context("sandrill.yaml is not UTF-8")?;
        let sheet: Sheet = serde_saphyr::from_str(text).context("sandrill.yaml cannot be read")?;
        let mut world = Self {
            people: Vec::new(),
            groups: Vec::new(),
            projects: Vec::new(),
            people_by_name: HashMap::new(),
            groups_by_path: HashMap::new(),
            projects_by_path: HashMap::new(),
            listing: HashMap::new(),
            history: HashMap::new(),
            roles: BTreeMap::new(),
            files,
            base_url: base_url.to_owned(),
        };
        world.add_people(sheet.people);
        world.add_groups(sheet.groups, &sheet.projects)?;
        world.add_projects(sheet.projects)?;
        world.seat_roles(&sheet.tokens)?;
        world.list_files();
        Ok(world)
    }

    fn add_people(&mut self, rows: Vec<PersonRow>) {
        self.add_person(PersonRow {
            username: "root".to_owned(),
            name: "Administrator".to_owned(),
            email: "root@sandrill.example".to_owned(),
            job_title: None,
            state: active(),
            bot: false,
            created: None,
        });
        for row in rows {
            self.add_person(row);
        }
    }

    fn add_person(&mut self, row: PersonRow) -> u64 {
        let id = self.people.len() as u64 + 1;
        self.people_by_name.insert(row.username.to_lowercase(), id);
        self.people.push(Arc::new(Person {
            id,
            admin: row.username == "root",
            username: row.username,
            name: row.name,
            email: row.email,
            job_title: row.job_title.filter(|title| !title.is_empty()),
            state: row.state,
            kind: if row.bot { UserKind::ProjectBot } else { UserKind::Human },
            created: moment(row.created.as_deref(), "2023-01-09"),
        }));
        id
    }

    fn members(&self, rows: &[MemberRow], place: &str) -> Result<Vec<Member>> {
        rows.iter()
            .map(|row| {
                let user = self.people_by_name.get(&row.user.to_lowercase());
                Ok(Member {
                    user: *user.with_context(|| format!("{place} has the member {}, who is no person", row.user))?,
                    level: row.level,
                    created: moment(None, "2023-01-10"),
                    expires: row.expires.as_deref().and_then(clock::parse_date),
                })
            })
            .collect()
    }

    /// Groups in the order of the sheet; a parent that is only implied by a path is made too.
    fn add_groups(&mut self, rows: Vec<GroupRow>, projects: &[ProjectRow]) -> Result<()> {
        for row in rows {
            self.imply_groups(super::model::last_segment(&row.path).len(), &row.path);
            self.add_group(row)?;
        }
        for project in projects {
            let first = project.path.split('/').next().unwrap_or_default();
            if !self.people_by_name.contains_key(&first.to_lowercase()) {
                self.imply_groups(super::model::last_segment(&project.path).len(), &project.path);
            }
        }
        let tops: Vec<usize> =
            self.groups.iter().enumerate().filter(|(_, g)| g.parent.is_none()).map(|(at, _)| at).collect();
        for top in tops {
            let administrator =
                Member { user: 1, level: level::OWNER, created: moment(None, "2023-01-09"), expires: None };
            Arc::make_mut(&mut self.groups[top]).members.insert(0, administrator);
        }
        Ok(())
    }

    fn imply_groups(&mut self, last: usize, path: &str) {
        let front = path[..path.len() - last].trim_end_matches('/');
        let mut at = String::new();
        for segment in front.split('/').filter(|segment| !segment.is_empty()) {
            if !at.is_empty() {
                at.push('/');
            }
            at.push_str(segment);
            if !self.groups_by_path.contains_key(&at.to_lowercase()) {
                self.push_group(at.clone(), segment.to_owned(), String::new(), Visibility::Private, Vec::new(), None);
            }
        }
    }

    fn add_group(&mut self, row: GroupRow) -> Result<()> {
        let members = self.members(&row.members, &row.path)?;
        let name = row.name.unwrap_or_else(|| super::model::last_segment(&row.path).to_owned());
        let description = row.description.unwrap_or_default();
        if let Some(id) = self.groups_by_path.get(&row.path.to_lowercase()) {
            bail!("sandrill.yaml: the group {} is declared after something in it (group {id})", row.path);
        }
        self.push_group(row.path, name, description, row.visibility, members, row.created.as_deref());
        Ok(())
    }

    fn push_group(
        &mut self,
        path: String,
        name: String,
        description: String,
        visibility: Visibility,
        members: Vec<Member>,
        created: Option<&str>,
    ) {
        let id = self.groups.len() as u64 + 1;
        let parent =
            path.rsplit_once('/').and_then(|(front, _)| self.groups_by_path.get(&front.to_lowercase()).copied());
        self.groups_by_path.insert(path.to_lowercase(), id);
        let created = moment(created, "2023-01-10");
        self.groups.push(Arc::new(Group { id, path, name, parent, description, visibility, created, members }));
    }

    fn add_projects(&mut self, rows: Vec<ProjectRow>) -> Result<()> {
        let mut forks = Vec::new();
        for row in rows {
            let id = self.projects.len() as u64 + 1;
            let mut members = self.members(&row.members, &row.path)?;
            let front = row.path.rsplit_once('/').map_or("", |(front, _)| front).to_lowercase();
            let namespace = match (self.groups_by_path.get(&front), self.people_by_name.get(&front)) {
                (Some(group), _) => Namespace::Group(*group),
                (None, Some(user)) => {
                    for (user, level) in [(*user, level::OWNER), (1, level::MAINTAINER)] {
                        if members.iter().all(|member| member.user != user) {
                            members.push(Member { user, level, created: moment(None, "2023-01-10"), expires: None });
                        }
                    }
                    Namespace::User(*user)
                }
                (None, None) => bail!("sandrill.yaml: {} lies in no group and in no person's namespace", row.path),
            };
            if let Some(source) = &row.forked_from {
                forks.push((id, source.to_lowercase()));
            }
            let created = moment(row.created.as_deref(), "2024-01-15");
            let last_activity = row.last_activity.as_deref().map_or(created, |text| moment(Some(text), "2026-11-18"));
            let history = self.commits(&row, created, last_activity)?;
            self.history.insert(id, history);
            let mut languages: Vec<_> = row.languages.into_iter().collect();
            languages.sort_by(|a, b| b.1.total_cmp(&a.1));
            self.projects_by_path.insert(row.path.to_lowercase(), id);
            self.projects.push(Arc::new(Project {
                id,
                name: row.name.unwrap_or_else(|| super::model::last_segment(&row.path).to_owned()),
                path: row.path,
                namespace,
                description: row.description.filter(|text| !text.is_empty()),
                topics: row.topics,
                visibility: row.visibility,
                archived: row.archived,
                default_branch: row.default_branch,
                languages,
                members,
                created,
                last_activity,
                forked_from: None,
            }));
        }
        for (id, source) in forks {
            let source = self.projects_by_path.get(&source).copied();
            let at = usize::try_from(id - 1)?;
            Arc::make_mut(&mut self.projects[at]).forked_from = source;
        }
        Ok(())
    }

    fn commits(&self, row: &ProjectRow, created: OffsetDateTime, last: OffsetDateTime) -> Result<Vec<WorldCommit>> {
        if row.empty {
            return Ok(Vec::new());
        }
        let administrator = || self.people.first().cloned().context("no administrator");
        let mut commits = Vec::new();
        for commit in &row.commits {
            let author = match &commit.author {
                Some(name) => {
                    let id = self.people_by_name.get(&name.to_lowercase());
                    let id = *id.with_context(|| format!("{}: the author {name} is no person", row.path))?;
                    self.people.get(usize::try_from(id - 1)?).cloned().context("a person without a row")?
                }
                None => administrator()?,
            };
            let at = commit.date.as_deref().map_or(created, |text| moment(Some(text), "2024-01-15"));
            commits.push(WorldCommit { author, at, message: commit.message.clone() });
        }
        if commits.is_empty() {
            commits.push(WorldCommit { author: administrator()?, at: last, message: "Initial commit".to_owned() });
        }
        Ok(commits)
    }

    /// A role's user is the one the sheet names, else the first direct member of a top-level group with the role's
    /// level, else the first member of any group with it; guest is made where nobody is one.
    fn seat_roles(&mut self, named: &BTreeMap<String, String>) -> Result<()> {
        let wanted = [
            ("owner", level::OWNER),
            ("maintainer", level::MAINTAINER),
            ("developer", level::DEVELOPER),
            ("reporter", level::REPORTER),
            ("guest", level::GUEST),
        ];
        for (role, level) in wanted {
            let user = match named.get(role) {
                Some(name) => {
                    let id = self.people_by_name.get(&name.to_lowercase());
                    *id.with_context(|| format!("sandrill.yaml: the token {role} names {name}, who is no person"))?
                }
                None => match self.first_member(level) {
                    Some(user) => user,
                    None => self.seat_stranger(role, level),
                },
            };
            self.roles.insert(role.to_owned(), user);
        }
        Ok(())
    }

    fn first_member(&self, level: u8) -> Option<u64> {
        let tops = self.groups.iter().filter(|group| group.parent.is_none());
        let mut members = tops.flat_map(|group| &group.members);
        members.find(|member| member.level == level && member.user != 1).map(|member| member.user)
    }

    fn seat_stranger(&mut self, role: &str, level: u8) -> u64 {
        let username = format!("sandbox-{role}");
        let user = self.add_person(PersonRow {
            email: format!("{username}@sandrill.example"),
            name: format!("Sandbox {role}"),
            username,
            job_title: None,
            state: active(),
            bot: true,
            created: None,
        });
        if let Some(top) = self.groups.iter_mut().find(|group| group.parent.is_none()) {
            let created = moment(None, "2023-01-10");
            Arc::make_mut(top).members.push(Member { user, level, created, expires: None });
        }
        user
    }

    fn list_files(&mut self) {
        for world_path in self.files.paths() {
            let Some(rest) = world_path.strip_prefix("files/") else { continue };
            let mut cut = rest.len();
            // The longest front of the path that is a project owns the file.
            while let Some(slash) = rest[..cut].rfind('/') {
                if let Some(id) = self.projects_by_path.get(&rest[..slash].to_lowercase()) {
                    let inside = rest[slash + 1..].strip_suffix(SUFFIX).unwrap_or(&rest[slash + 1..]).to_owned();
                    self.listing.entry(*id).or_default().push((world_path.clone(), inside));
                    break;
                }
                cut = slash;
            }
        }
        for files in self.listing.values_mut() {
            files.sort_by(|a, b| a.1.cmp(&b.1));
        }
    }

    pub(crate) fn person_named(&self, username: &str) -> Option<u64> {
        self.people_by_name.get(&username.to_lowercase()).copied()
    }

    pub(crate) fn group_at(&self, path: &str) -> Option<u64> {
        self.groups_by_path.get(&path.to_lowercase()).copied()
    }

    pub(crate) fn project_at(&self, path: &str) -> Option<u64> {
        self.projects_by_path.get(&path.to_lowercase()).copied()
    }

    pub(crate) fn history(&self, id: u64) -> &[WorldCommit] {
        self.history.get(&id).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn files(&self, id: u64) -> Vec<WorldFile> {
        if self.history(id).is_empty() {
            return Vec::new();
        }
        let listing = self.listing.get(&id).map_or(&[][..], Vec::as_slice);
        listing
            .iter()
            .filter_map(|(world_path, path)| {
                let data = self.with_address(self.files.get(world_path)?.into_owned());
                let executable = data.starts_with(b"#!") || path.ends_with("/mvnw") || path.ends_with("/gradlew");
                Some(WorldFile { path: path.clone(), executable, data: Bytes::from(data) })
            })
            .collect()
    }

    fn with_address(&self, data: Vec<u8>) -> Vec<u8> {
        match std::str::from_utf8(&data) {
            Ok(text) if text.contains("{{base_url}}") => text.replace("{{base_url}}", &self.base_url).into_bytes(),
            _ => data,
        }
    }
}

/// A date or time of the sheet; a bare date means nine in the morning, when people push.
fn moment(text: Option<&str>, otherwise: &str) -> OffsetDateTime {
    let text = text.unwrap_or(otherwise);
    let at = clock::parse(text).or_else(|| clock::parse(otherwise)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    if text.len() <= 10 { at + time::Duration::hours(9) } else { at }
}
