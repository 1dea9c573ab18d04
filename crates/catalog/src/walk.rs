//! From the file a root begins with to all it leads to: Locations, placeholders, documents, problems.
//!
//! Pure: it works on the files it is given and says which others it needs. The caller reads those and asks again, for
//! many roots at once, so that a hundred Locations cost one request.

use std::collections::{BTreeSet, HashMap};

use model::{BlobId, Code, Position, Problem, Severity};
use serde_json::Value;
use store::FileKey;
use url::Url;

use crate::{
    format::{self, Accepted, Document, Limits},
    project::Projects,
    target,
};

/// How many Locations may lead to one another.
const DEEPEST: usize = 10;
/// How many files one root may be read from.
const MOST_FILES: usize = 1_000;

/// A file as far as it is known in this reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FileState {
    Text {
        text: String,
        blob: BlobId,
    },
    TooLarge {
        bytes: u64,
    },
    Binary,
    /// The project answered and has no such file.
    Missing,
    /// There was no definite answer.
    Failed(String),
}

/// The files known in this reading.
pub(crate) type Files = HashMap<FileKey, FileState>;

/// One document that was accepted, with the file it stands in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) file: FileKey,
    pub(crate) blob: BlobId,
    pub(crate) line: u32,
    pub(crate) accepted: Accepted,
    pub(crate) problems: Vec<Problem>,
}

/// What a root leads to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Walked {
    pub(crate) found: Vec<Found>,
    /// Problems of files and refused documents, which no entity of their own can carry.
    pub(crate) problems: Vec<(FileKey, Problem)>,
    /// References that refused documents meant to describe, with the file.
    pub(crate) refused: Vec<(FileKey, model::RefKey)>,
    /// Files that are no YAML from some point on: what they held before is not known to be gone.
    pub(crate) unreadable: Vec<FileKey>,
    /// Every file that was looked at.
    pub(crate) reach: Vec<FileKey>,
    /// Files that are needed and not known yet; the rest is not complete while there are some.
    pub(crate) needs: Vec<FileKey>,
    /// Why there is no definite answer for some of it.
    pub(crate) failed: Option<String>,
}

/// A file to look at, and who asked for it.
struct Visit {
    key: FileKey,
    /// The files that led here.
    trail: Vec<FileKey>,
    required: bool,
    position: Option<Position>,
}

/// What walking needs to know besides files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Map<'a> {
    pub(crate) instance: &'a Url,
    pub(crate) projects: &'a Projects,
    pub(crate) files: &'a Files,
}

/// Walks from `start`. A missing start is no problem: most projects have no catalog file.
pub(crate) fn walk(start: &FileKey, required: bool, map: Map<'_>) -> Walked {
    let mut walked = Walked::default();
    let mut seen = BTreeSet::new();
    let first = Visit { key: start.clone(), trail: Vec::new(), required, position: None };
    let mut next = vec![first];
    while let Some(visit) = next.pop() {
        if !seen.insert(visit.key.clone()) {
            continue;
        }
        if seen.len() > MOST_FILES {
            let message = format!("more than {MOST_FILES} files are listed from here; the others are not read");
            walked.problems.push((
                start.clone(),
                Problem::new(Code::TooComplex, Severity::Error, message, "Split the Location over several projects."),
            ));
            break;
        }
        walked.look_at(visit, map, &mut next);
    }
    walked
}

impl Walked {
    fn look_at(&mut self, visit: Visit, map: Map<'_>, next: &mut Vec<Visit>) {
        self.reach.push(visit.key.clone());
        let Some(state) = map.files.get(&visit.key) else {
            self.needs.push(visit.key);
            return;
        };
        let problem = match state {
            FileState::Text { text, blob } => {
                self.read(&visit, text, blob, map, next);
                return;
            }
            FileState::Failed(why) => {
                self.failed.get_or_insert_with(|| why.clone());
                return;
            }
            FileState::Missing if !visit.required => return,
            FileState::Missing => Problem::new(
                Code::TargetMissing,
                Severity::Error,
                format!("{} does not exist", visit.key.path),
                "Correct the target, or set spec.presence to optional.",
            ),
            FileState::TooLarge { bytes } => Problem::new(
                Code::TooLarge,
                Severity::Error,
                format!("{} has {bytes} bytes; at most {} are read", visit.key.path, Limits::default().bytes),
                "Split it into several files and list them in a Location.",
            ),
            FileState::Binary => Problem::new(
                Code::Encoding,
                Severity::Error,
                format!("{} is not text in UTF-8", visit.key.path),
                "Save the file as UTF-8.",
            ),
        };
        let holder = visit.trail.last().unwrap_or(&visit.key).clone();
        self.problems.push((holder, problem.at(visit.position)));
    }

    fn read(&mut self, visit: &Visit, text: &str, blob: &BlobId, map: Map<'_>, next: &mut Vec<Visit>) {
        let parsed = format::parse(text.as_bytes(), &Limits::default());
        if parsed.problems.iter().any(|p| p.severity == Severity::Error) {
            self.unreadable.push(visit.key.clone());
        }
        self.problems.extend(parsed.problems.into_iter().map(|p| (visit.key.clone(), p)));
        // Popped from the end: pushed in reverse, files are looked at in the order they are written.
        let mut visits = Vec::new();
        for document in parsed.documents {
            self.document(visit, document, blob, map, &mut visits);
        }
        next.extend(visits.into_iter().rev());
    }

    fn document(&mut self, visit: &Visit, document: Document, blob: &BlobId, map: Map<'_>, visits: &mut Vec<Visit>) {
        let Document { position, entity, claimed_ref, mut problems, .. } = document;
        let Some(mut accepted) = entity else {
            match claimed_ref {
                Some(refused) => self.refused.push((visit.key.clone(), refused.key())),
                // It may have been any of the entities that the file held.
                None => self.unreadable.push(visit.key.clone()),
            }
            self.problems.extend(problems.into_iter().map(|p| (visit.key.clone(), p)));
            return;
        };
        let placeholders = std::mem::take(&mut accepted.placeholders);
        if !placeholders.is_empty() {
            for placeholder in &placeholders {
                problems.extend(self.fill(visit, &mut accepted, placeholder, map));
            }
            // What was filled in may be of a form that the field does not allow.
            let (still, found) = format::check_value(&Value::Object(accepted.body.clone()));
            problems.extend(found.into_iter().map(|p| p.at(Some(position))));
            match still {
                Some(still) => accepted.location = still.location,
                // With an open or failed placeholder it is judged again when that is known.
                None if problems.iter().any(|p| p.code == Code::Placeholder) => {}
                None => {
                    self.refused.push((visit.key.clone(), accepted.entity_ref.key()));
                    self.problems.extend(problems.into_iter().map(|p| (visit.key.clone(), p)));
                    return;
                }
            }
        }
        if let Some(location) = &accepted.location {
            for (target, position) in &location.targets {
                match self.follow(visit, target, *position, location.required, map) {
                    Ok(visit) => visits.push(visit),
                    Err(problem) => problems.push(problem.at(*position).on("spec.target")),
                }
            }
        }
        let (file, blob, line) = (visit.key.clone(), blob.clone(), position.line);
        self.found.push(Found { file, blob, line, accepted, problems });
    }

    fn follow(
        &self,
        visit: &Visit,
        target: &str,
        position: Option<Position>,
        required: bool,
        map: Map<'_>,
    ) -> Result<Visit, Box<Problem>> {
        let key = target::resolve(target, &visit.key, map.instance, map.projects).map_err(|error| {
            let remedy = "Point at a file of a project that this connection reads.";
            Box::new(Problem::new(Code::OutOfReach, Severity::Error, error.to_string(), remedy))
        })?;
        let mut trail = visit.trail.clone();
        trail.push(visit.key.clone());
        if trail.contains(&key) {
            let message = format!("{target:?} leads back to a file that led here");
            let remedy = "Remove one of the two targets.";
            return Err(Box::new(Problem::new(Code::LocationCycle, Severity::Warning, message, remedy)));
        }
        if trail.len() > DEEPEST {
            let message = format!("{target:?} is more than {DEEPEST} Locations deep");
            let remedy = "List the file nearer to the start.";
            return Err(Box::new(Problem::new(Code::TooComplex, Severity::Error, message, remedy)));
        }
        if format::is_skeleton_path(&key.path) {
            let message = format!("{target:?} is part of a template's skeleton and describes nothing yet");
            return Err(Box::new(Problem::new(Code::OutOfReach, Severity::Note, message, "Remove the target.")));
        }
        Ok(Visit { key, trail, required, position })
    }

    fn fill(
        &mut self,
        visit: &Visit,
        accepted: &mut Accepted,
        placeholder: &format::Placeholder,
        map: Map<'_>,
    ) -> Option<Problem> {
        let bad = |message: String, remedy: &str| {
            Some(
                Problem::new(Code::Placeholder, Severity::Error, message, remedy)
                    .at(placeholder.position)
                    .on(placeholder.pointer.trim_start_matches('/').replace('/', ".")),
            )
        };
        let key = match target::resolve(&placeholder.target, &visit.key, map.instance, map.projects) {
            Ok(key) if key.project == visit.key.project => key,
            Ok(_) => return bad(format!("{:?} is in another project", placeholder.target), "Copy the file here."),
            Err(error) => return bad(error.to_string(), "Point at a file of this repository."),
        };
        self.reach.push(key.clone());
        match map.files.get(&key) {
            None => {
                self.needs.push(key);
                None
            }
            Some(FileState::Text { text, .. }) => format::fill(&mut accepted.body, placeholder, text).err(),
            Some(FileState::Missing) => bad(format!("{} does not exist", key.path), "Correct the path."),
            Some(FileState::TooLarge { bytes }) => {
                bad(format!("{} has {bytes} bytes, which is too much", key.path), "Link to it instead.")
            }
            Some(FileState::Binary) => bad(format!("{} is not text", key.path), "Point at a text file."),
            Some(FileState::Failed(why)) => {
                self.failed.get_or_insert_with(|| why.clone());
                None
            }
        }
    }
}
