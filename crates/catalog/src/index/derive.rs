//! What follows from an entity's place among the others: resolved relations, our own filter keys, problems.

use model::{Code, Entity, Evidence, Origin, Problem, RefKey, RelationType, Severity};

use super::{
    document::{OWNER_WORDS, WITH_TERMS, add_words},
    links::{End, stated},
    state::{Found, Index},
    terms::TermId,
};

impl Index {
    /// Brings the derived terms and the counts of a slot up to date.
    pub(super) fn derive(&mut self, number: u32) {
        let Some(rows) = self.derived_rows(number) else { return };
        let Some(mut slot) = self.slots.get_mut(number as usize).and_then(Option::take) else { return };
        self.count_out(&slot);
        self.terms.remove(number, &std::mem::take(&mut slot.derived));
        let mut ids: Vec<TermId> = Vec::with_capacity(rows.terms.len() + 4);
        for (path, value) in &rows.terms {
            let field = self.terms.intern(path);
            ids.extend(self.terms.add(field, number, value, &super::flatten::lower(value)));
        }
        if !rows.owner_words.is_empty() {
            let field = self.terms.intern(OWNER_WORDS);
            add_words(&mut self.terms, field, number, &rows.owner_words, usize::MAX, &mut ids);
        }
        ids.sort_unstable();
        ids.dedup();
        slot.derived = ids.into();
        slot.counts = rows.counts;
        slot.rival_counts = rows.rival_counts;
        self.count_in(&slot);
        if let Some(place) = self.slots.get_mut(number as usize) {
            *place = Some(slot);
        }
    }

    fn derived_rows(&self, number: u32) -> Option<Derived> {
        let slot = self.slot(number)?;
        let entity = self.holder(number)?;
        let mut rows = Derived::default();
        for kind in WITH_TERMS {
            for end in self.ends(number, kind) {
                let Some(target) = self.end_key(&end) else { continue };
                rows.terms.push((relation_path(kind), target.to_string()));
                if kind == RelationType::PartOf && target.kind() == "system" {
                    rows.terms.push(("stagedoor.system", target.to_string()));
                }
            }
        }
        rows.terms.push(("stagedoor.origin", entity.origin.as_str().to_owned()));
        rows.terms.push(("stagedoor.project", entity.source.project_path.clone()));
        rows.terms.extend(entity.language.clone().map(|language| ("stagedoor.language", language)));
        if entity.stale.is_some() {
            rows.terms.push(("stagedoor.stale", "true".to_owned()));
        }
        if let Some(ownership) = &entity.ownership {
            rows.terms.push(("stagedoor.evidence", ownership.evidence.as_str().to_owned()));
            let owner = ownership.owner.as_ref().map(|owner| self.end(owner));
            let key = owner.as_ref().and_then(|end| self.end_key(end));
            let standing = match &owner {
                Some(End::Slot(_)) if ownership.is_stated() => "stated",
                Some(End::Slot(_)) => "guessed",
                _ => "unowned",
            };
            rows.terms.push(("stagedoor.ownership", standing.to_owned()));
            rows.terms.push(("stagedoor.owner", key.map_or_else(|| "none".to_owned(), ToString::to_string)));
            if let Some(key) = key {
                key.name().clone_into(&mut rows.owner_words);
            }
            if let Some(End::Slot(owner)) = owner
                && let Some(title) = self.slot(owner).and_then(|slot| slot.title.as_deref())
            {
                rows.owner_words.push(' ');
                rows.owner_words.push_str(title);
            }
        }
        for problem in entity.problems.iter().chain(&self.found_problems(number, entity)) {
            rows.terms.push(("stagedoor.problem", problem.code.as_str().to_owned()));
            rows.terms.push(("stagedoor.problem", severity_text(problem.severity).to_owned()));
            rows.counts[severity_index(problem.severity)] += 1;
        }
        if rows.counts != [0; 3] {
            rows.terms.push(("stagedoor.problem", "any".to_owned()));
        }
        for rival in slot.documents().skip(1) {
            for problem in rival.problems.iter().chain(&self.found_problems(number, rival)) {
                rows.rival_counts[severity_index(problem.severity)] += 1;
            }
        }
        Some(rows)
    }

    /// What only the whole catalog shows to be wrong with an entity that claims this slot.
    pub(super) fn found_problems(&self, number: u32, entity: &Entity) -> Vec<Problem> {
        let mut found = Vec::new();
        self.conflicts_of(number, entity, &mut found);
        if self.holder(number).map(|holder| holder.id) != Some(entity.id) {
            // What the document says of others is not in the catalog either, so it cannot be wrong there.
            return found;
        }
        for (kind, target) in stated(entity) {
            let problem = match (self.find(target), kind) {
                (Found::Slot(_), _) => continue,
                (Found::Ambiguous, RelationType::OwnedBy) => ambiguous_owner(target, &self.candidates(target)),
                (Found::Nothing, RelationType::OwnedBy) => unknown_owner(entity, target),
                (Found::Ambiguous, _) => ambiguous(entity, kind, target, &self.candidates(target)),
                (Found::Nothing, _) => dangling(entity, kind, target),
            };
            found.push(match kind {
                RelationType::OwnedBy if !declared(entity) => problem,
                _ => problem.on(pointer(entity, kind, target)),
            });
        }
        let nobody = entity.ownership.as_ref().is_some_and(|ownership| ownership.owner.is_none());
        if nobody && !entity.problems.iter().any(|problem| problem.code == Code::NoOwner) {
            found.push(Problem::new(
                Code::NoOwner,
                Severity::Warning,
                format!("{} has no owner, and none could be inferred", entity.entity_ref.key()),
                "Name the owning group in spec.owner of its catalog file, or in CODEOWNERS.",
            ));
        }
        for problem in &mut found {
            if problem.since == 0 {
                problem.since = entity.changed_at;
            }
        }
        found
    }

    fn conflicts_of(&self, number: u32, entity: &Entity, found: &mut Vec<Problem>) {
        let Some(slot) = self.slot(number).filter(|slot| slot.claims.len() > 1) else { return };
        let remedy = "Give one of the two another metadata.name, or delete the file that is not meant.";
        if slot.claims.first().map(|holder| holder.id) == Some(entity.id) {
            for rival in slot.documents().skip(1) {
                let message = format!("{} is also claimed by {}, which came later", slot.key, place(rival));
                let mut problem = Problem::new(Code::Conflict, Severity::Warning, message, remedy).on("metadata.name");
                problem.since = rival.claimed_at;
                found.push(problem);
            }
        } else if let Some(holder) = self.holder(number).filter(|holder| !same_document(holder, entity)) {
            let held = format!("{} is held by {}, which claimed it first", slot.key, place(holder));
            let message = format!("{held}; this document is not in the catalog");
            let mut problem = Problem::new(Code::Conflict, Severity::Error, message, remedy).on("metadata.name");
            problem.since = entity.claimed_at;
            found.push(problem);
        }
    }

    fn candidates(&self, target: &RefKey) -> String {
        let slots = self.aliases.get(target).map_or(&[][..], Vec::as_slice).iter();
        let mut keys: Vec<&str> = slots.filter_map(|slot| self.slot(*slot)).map(|slot| slot.key.as_str()).collect();
        keys.sort_unstable();
        keys.join(", ")
    }
}

/// One file that is reached in two ways (found in its project, and listed by a Location of another) is read twice and
/// claims nothing twice.
pub(super) fn same_document(one: &Entity, other: &Entity) -> bool {
    fn place(entity: &Entity) -> impl PartialEq + '_ {
        let source = &entity.source;
        // The line, because one file may well claim one reference in two documents.
        (&source.connection, source.project, &source.git_ref, &source.file, source.line)
    }
    one.source.file.is_some() && place(one) == place(other)
}

/// Terms and counts of a slot, before they are put in.
#[derive(Debug, Default)]
struct Derived {
    terms: Vec<(&'static str, String)>,
    owner_words: String,
    counts: [u32; 3],
    rival_counts: [u32; 3],
}

fn relation_path(kind: RelationType) -> &'static str {
    match kind {
        RelationType::OwnedBy => "relations.ownedby",
        RelationType::PartOf => "relations.partof",
        RelationType::MemberOf => "relations.memberof",
        _ => "relations.childof",
    }
}

/// The spelling of the API.
pub(super) fn severity_text(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn severity_index(severity: Severity) -> usize {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Note => 2,
    }
}

/// Whether the owner stands in the document itself.
fn declared(entity: &Entity) -> bool {
    entity.relations.iter().any(|(kind, _)| *kind == RelationType::OwnedBy)
}

/// Where an entity comes from, for people.
fn place(entity: &Entity) -> String {
    match &entity.source.file {
        Some(file) => format!("{file} of {}", entity.source.project_path),
        None => entity.source.project_path.clone(),
    }
}

fn ambiguous_owner(target: &RefKey, candidates: &str) -> Problem {
    Problem::new(
        Code::AmbiguousOwner,
        Severity::Warning,
        format!("The owner {target} fits several groups: {candidates}"),
        "Write the one that is meant as a full reference.",
    )
}

fn unknown_owner(entity: &Entity, target: &RefKey) -> Problem {
    let evidence = entity.ownership.as_ref().map(|ownership| (ownership.evidence, ownership.detail.as_str()));
    match evidence {
        Some((Evidence::Codeowners, detail)) => Problem::new(
            Code::UnknownOwner,
            Severity::Warning,
            format!("The owner {target}, from {detail}, is not in the catalog"),
            "Correct the line of CODEOWNERS, or let the connection's token see that group.",
        ),
        // Nobody wrote this one: it follows from who works there.
        Some((Evidence::Commits, detail)) => Problem::new(
            Code::UnknownOwner,
            Severity::Note,
            format!("The owner {target}, who wrote {detail}, is not in the catalog any more"),
            "Name an owner in the catalog file or in CODEOWNERS.",
        ),
        // Nobody wrote this one: the project simply lives there.
        Some((Evidence::Group, _)) => Problem::new(
            Code::UnknownOwner,
            Severity::Note,
            format!("The owner {target}, the project's group, is not in the catalog"),
            "Let the connection's token see that group, or name an owner in the catalog file.",
        ),
        _ => Problem::new(
            Code::UnknownOwner,
            Severity::Warning,
            format!("The owner {target} is not in the catalog"),
            "Correct spec.owner to a group or user that is, or let the connection's token see that group.",
        ),
    }
}

fn dangling(entity: &Entity, kind: RelationType, target: &RefKey) -> Problem {
    // Groups and people come from GitLab: a membership beyond what the token sees is nobody's mistake.
    let severity = if entity.origin == Origin::Directory { Severity::Note } else { Severity::Warning };
    let field = pointer(entity, kind, target);
    Problem::new(
        Code::Dangling,
        severity,
        format!("{field} names {target}, which is not in the catalog"),
        format!("Correct the reference, or add a catalog file that describes {target}."),
    )
}

fn ambiguous(entity: &Entity, kind: RelationType, target: &RefKey, candidates: &str) -> Problem {
    let field = pointer(entity, kind, target);
    Problem::new(
        Code::Dangling,
        Severity::Warning,
        format!("{field} names {target}, which fits several entities: {candidates}"),
        "Write the one that is meant as a full reference.",
    )
}

/// The field that states a relation.
fn pointer(entity: &Entity, kind: RelationType, target: &RefKey) -> &'static str {
    match kind {
        RelationType::OwnedBy | RelationType::OwnerOf => "spec.owner",
        RelationType::PartOf | RelationType::HasPart => match entity.entity_ref.key().kind() {
            "system" => "spec.domain",
            "domain" => "spec.subdomainOf",
            "component" if target.kind() == "component" => "spec.subcomponentOf",
            _ => "spec.system",
        },
        RelationType::ProvidesApi | RelationType::ApiProvidedBy => "spec.providesApis",
        RelationType::ConsumesApi | RelationType::ApiConsumedBy => "spec.consumesApis",
        RelationType::DependsOn => "spec.dependsOn",
        RelationType::DependencyOf => "spec.dependencyOf",
        RelationType::MemberOf => "spec.memberOf",
        RelationType::HasMember => "spec.members",
        RelationType::ChildOf => "spec.parent",
        RelationType::ParentOf => "spec.children",
    }
}
