//! What is held of an entity that claims a reference: what questions and relations need at once, and the rest packed.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroU64,
};

use model::{Code, Entity, Evidence, Millis, Origin, RefKey, RelationType, Severity};
use thin_vec::ThinVec;

use super::{
    nodes::Nodes,
    pack::{Document, unpack},
    terms::TermId,
};

/// A reference that something claims.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// What claims it, the one that holds it first.
    pub(super) claims: ThinVec<Held>,
    /// `metadata.title` of the one that holds it.
    pub(super) title: Option<Box<str>>,
    /// Terms that follow from the document alone.
    pub(super) statics: Box<[TermId]>,
    /// Terms that depend on what else is in the catalog.
    pub(super) derived: Box<[TermId]>,
    /// Problems of the one that holds it: errors, warnings, notes.
    pub(super) counts: [u32; 3],
    /// Problems of the others that claim it.
    pub(super) rival_counts: [u32; 3],
}

impl Slot {
    /// What claims it, each document once: a file may be reached in two ways.
    pub(super) fn documents(&self) -> impl Iterator<Item = &Held> {
        let (mut seen, alone) = (HashSet::new(), self.claims.len() < 2);
        self.claims.iter().filter(move |held| alone || held.place.is_none_or(|place| seen.insert(place)))
    }

    /// All problems: errors, warnings, notes.
    pub(super) fn counted(&self) -> impl Iterator<Item = usize> + use<> {
        self.counts.into_iter().zip(self.rival_counts).map(|(own, rivals)| (own + rivals) as usize)
    }
}

/// One entity.
#[derive(Debug)]
pub(super) struct Held {
    /// [`Entity::id`].
    pub(super) id: i64,
    /// The connection it came by, by number.
    pub(super) connection: u16,
    pub(super) changed_at: Millis,
    /// The place in a file it was read from, as a hash; absent where there is no file.
    place: Option<NonZeroU64>,
    /// What it states about others, by number; an owner that was inferred comes last.
    pub(super) stated: ThinVec<(RelationType, u32)>,
    /// References that people use for it besides its own.
    pub(super) aliases: ThinVec<u32>,
    /// What is wrong with it by itself.
    pub(super) problems: ThinVec<(Code, Severity)>,
    document: Document,
    pub(super) ownership: Option<Owned>,
    pub(super) origin: Origin,
    /// Whether the document itself names an owner.
    pub(super) declares_owner: bool,
    /// Whether its name was written in lower case, as it is in its reference.
    pub(super) plain_name: bool,
}

/// What is known of an owner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owned {
    /// Absent where nobody is known.
    pub(super) owner: Option<u32>,
    pub(super) evidence: Evidence,
    pub(super) stated: bool,
}

impl Held {
    /// Takes an entity in; the references it names are noted.
    pub(super) fn of(
        entity: Box<Entity>,
        key: &RefKey,
        connection: u16,
        nodes: &mut Nodes,
        pack: impl FnOnce(Box<Entity>) -> Document,
    ) -> Self {
        let declares_owner = entity.relations.iter().any(|(kind, _)| *kind == RelationType::OwnedBy);
        let ownership = entity.ownership.as_ref().map(|ownership| Owned {
            owner: ownership.owner.as_ref().map(|owner| nodes.name(owner)),
            evidence: ownership.evidence,
            stated: ownership.is_stated(),
        });
        let mut stated: ThinVec<(RelationType, u32)> =
            entity.relations.iter().map(|(kind, target)| (*kind, nodes.name(target))).collect();
        // An owner that was inferred counts where the document names none, so that the owner's page lists it.
        let inferred = entity.ownership.as_ref().and_then(|ownership| ownership.owner.as_ref());
        stated.extend(inferred.filter(|_| !declares_owner).map(|owner| (RelationType::OwnedBy, nodes.name(owner))));
        stated.shrink_to_fit();
        Self {
            id: entity.id,
            connection,
            changed_at: entity.changed_at,
            place: place(&entity),
            stated,
            aliases: entity.aliases.iter().map(|alias| nodes.name(alias)).collect(),
            problems: entity.problems.iter().map(|problem| (problem.code, problem.severity)).collect(),
            ownership,
            origin: entity.origin,
            declares_owner,
            plain_name: entity.entity_ref.name() == key.name(),
            document: pack(entity),
        }
    }

    /// Takes back what `of` noted.
    pub(super) fn forget(&self, nodes: &mut Nodes) {
        self.stated.iter().for_each(|(_, target)| nodes.forget(*target));
        self.aliases.iter().for_each(|alias| nodes.forget(*alias));
        self.ownership.and_then(|owned| owned.owner).into_iter().for_each(|owner| nodes.forget(owner));
    }

    /// One file that is reached in two ways (found in its project, and listed by a Location of another) is read twice
    /// and claims nothing twice.
    pub(super) fn same_document(&self, other: &Self) -> bool {
        self.place.is_some() && self.place == other.place
    }

    /// The entity, if it is kept as it came.
    pub(super) fn whole(&self) -> Option<&Entity> {
        if let Document::Whole(entity) = &self.document { Some(entity) } else { None }
    }

    /// The entity as it came.
    pub(super) fn entity(&self, key: &RefKey, nodes: &Nodes) -> Entity {
        let (frame, dictionary) = match &self.document {
            Document::Whole(entity) => return entity.as_ref().clone(),
            Document::Packed(frame, dictionary) => (frame, dictionary),
        };
        let mut entity = unpack(frame, dictionary, key);
        let key_of = |number: u32| nodes.get(number).map(|node| node.key.clone());
        let inferred = !self.declares_owner && self.ownership.is_some_and(|ownership| ownership.owner.is_some());
        let own = self.stated.len() - usize::from(inferred);
        entity.relations.reserve_exact(own);
        let relations = self.stated.iter().take(own).filter_map(|(kind, target)| Some((*kind, key_of(*target)?)));
        entity.relations.extend(relations);
        entity.aliases.extend(self.aliases.iter().filter_map(|alias| key_of(*alias)));
        entity
    }

    /// Makes it smaller, if it is kept as it came.
    pub(super) fn pack(&mut self, pack: impl FnOnce(Box<Entity>) -> Document) {
        if let Document::Whole(entity) = &self.document {
            self.document = pack(entity.clone());
        }
    }

    /// How many bytes it holds on to besides itself: for the document, and for the rest.
    pub(super) fn bytes(&self) -> (usize, usize) {
        let lists = self.stated.capacity() * 8 + self.aliases.capacity() * 4 + self.problems.capacity() * 2;
        (self.document.bytes(), lists)
    }
}

/// Where in which file a document stands. The line is part of it, because one file may well claim one reference in two
/// documents.
fn place(entity: &Entity) -> Option<NonZeroU64> {
    let source = &entity.source;
    let file = source.file.as_ref()?;
    let mut hasher = DefaultHasher::new();
    (&source.connection, source.project, &source.git_ref, file, source.line).hash(&mut hasher);
    NonZeroU64::new(hasher.finish() | 1)
}
