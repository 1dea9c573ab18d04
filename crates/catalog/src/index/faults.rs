//! What only the whole catalog shows to be wrong with an entity: conflicts, references to what is not known, nobody as
//! owner. Which faults there are is known without the document; what is said of them is written when it is asked for.

use model::{Code, Entity, Evidence, Origin, Problem, RefKey, RelationType, Severity};

use super::{
    View,
    held::Held,
    state::{Found, Index},
};

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) severity: Severity,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    /// Another claims its reference and came later: which of the slot's documents.
    Rival(usize),
    /// Another claimed its reference first.
    Beaten,
    /// A reference that leads nowhere.
    Unknown(RelationType, u32),
    /// A reference that fits several.
    Ambiguous(RelationType, u32),
    Nobody,
}

impl Index {
    /// What is wrong with an entity that claims this slot.
    pub(super) fn faults(&self, number: u32, held: &Held) -> Vec<Fault> {
        let Some(slot) = self.slot(number) else { return Vec::new() };
        let fault = |code, severity, what| Fault { code, severity, what };
        let holder = slot.claims.first();
        if let Some(holder) = holder.filter(|holder| holder.id != held.id) {
            // What the document says of others is not in the catalog either, so it cannot be wrong there.
            let beaten = !holder.same_document(held);
            return beaten.then(|| fault(Code::Conflict, Severity::Error, What::Beaten)).into_iter().collect();
        }
        let rivals = if slot.claims.len() < 2 { 0 } else { slot.documents().count() - 1 };
        let mut found: Vec<Fault> =
            (1..=rivals).map(|nth| fault(Code::Conflict, Severity::Warning, What::Rival(nth))).collect();
        for (kind, target) in held.stated.iter().copied() {
            let owned = kind == RelationType::OwnedBy;
            found.push(match self.find(target) {
                Found::Slot(_) => continue,
                Found::Ambiguous => {
                    let code = if owned { Code::AmbiguousOwner } else { Code::Dangling };
                    fault(code, Severity::Warning, What::Ambiguous(kind, target))
                }
                Found::Nothing => {
                    let code = if owned { Code::UnknownOwner } else { Code::Dangling };
                    fault(code, held.severity_of_unknown(kind), What::Unknown(kind, target))
                }
            });
        }
        let nobody = held.ownership.is_some_and(|ownership| ownership.owner.is_none());
        if nobody && !held.problems.iter().any(|(code, _)| *code == Code::NoOwner) {
            found.push(fault(Code::NoOwner, Severity::Warning, What::Nobody));
        }
        found
    }

    /// The same in words.
    pub(super) fn found_problems(&self, view: &View<'_>) -> Vec<Problem> {
        let faults = self.faults(view.number, view.held).into_iter();
        let problems = faults.filter_map(|fault| Some((fault, self.problem(view, fault)?)));
        let problems = problems.map(|(fault, mut problem)| {
            (problem.code, problem.severity) = (fault.code, fault.severity);
            if problem.since == 0 {
                problem.since = view.held.changed_at;
            }
            problem
        });
        problems.collect()
    }

    fn problem(&self, view: &View<'_>, fault: Fault) -> Option<Problem> {
        let entity = view.entity();
        let (kind, target, problem) = match fault.what {
            What::Rival(nth) => return self.rival(view, nth),
            What::Beaten => return self.beaten(view),
            What::Nobody => return Some(nobody(entity)),
            What::Unknown(kind, target) => {
                let key = self.key(target)?;
                let owned = kind == RelationType::OwnedBy;
                (kind, key, if owned { unknown_owner(entity, key) } else { dangling(entity, kind, key) })
            }
            What::Ambiguous(kind, target) => {
                let key = self.key(target)?;
                let candidates: Vec<&str> = self.called(target).into_iter().map(RefKey::as_str).collect();
                let candidates = candidates.join(", ");
                let owned = kind == RelationType::OwnedBy;
                let problem =
                    if owned { ambiguous_owner(key, &candidates) } else { ambiguous(entity, kind, key, &candidates) };
                (kind, key, problem)
            }
        };
        // An owner that was inferred stands in no field.
        let written = kind != RelationType::OwnedBy || view.held.declares_owner;
        Some(if written { problem.on(pointer(entity, kind, target)) } else { problem })
    }

    fn rival(&self, view: &View<'_>, nth: usize) -> Option<Problem> {
        let rival = view.slot.documents().nth(nth)?.entity(view.key, &self.nodes);
        let message = format!("{} is also claimed by {}, which came later", view.key, place(&rival));
        let mut problem = Problem::new(Code::Conflict, Severity::Warning, message, ONE_NAME).on("metadata.name");
        problem.since = rival.claimed_at;
        Some(problem)
    }

    fn beaten(&self, view: &View<'_>) -> Option<Problem> {
        let holder = view.slot.claims.first()?.entity(view.key, &self.nodes);
        let held = format!("{} is held by {}, which claimed it first", view.key, place(&holder));
        let message = format!("{held}; this document is not in the catalog");
        let mut problem = Problem::new(Code::Conflict, Severity::Error, message, ONE_NAME).on("metadata.name");
        problem.since = view.entity().claimed_at;
        Some(problem)
    }
}

impl Held {
    /// How bad a reference is that leads nowhere. What nobody wrote is nobody's mistake: an owner that follows from who
    /// works there or where the project lives, a membership beyond what the token sees.
    fn severity_of_unknown(&self, kind: RelationType) -> Severity {
        let evidence = self.ownership.map(|ownership| ownership.evidence);
        let unwritten = match kind {
            RelationType::OwnedBy => matches!(evidence, Some(Evidence::Commits | Evidence::Group)),
            _ => self.origin == Origin::Directory,
        };
        if unwritten { Severity::Note } else { Severity::Warning }
    }
}

const ONE_NAME: &str = "Give one of the two another metadata.name, or delete the file that is not meant.";

fn nobody(entity: &Entity) -> Problem {
    Problem::new(
        Code::NoOwner,
        Severity::Warning,
        format!("{} has no owner, and none could be inferred", entity.entity_ref.key()),
        "Name the owning group in spec.owner of its catalog file, or in CODEOWNERS.",
    )
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
        Some((Evidence::Commits, detail)) => Problem::new(
            Code::UnknownOwner,
            Severity::Note,
            format!("The owner {target}, who wrote {detail}, is not in the catalog any more"),
            "Name an owner in the catalog file or in CODEOWNERS.",
        ),
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
    let field = pointer(entity, kind, target);
    Problem::new(
        Code::Dangling,
        Severity::Warning,
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
