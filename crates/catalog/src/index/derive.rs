//! What follows from an entity's place among the others: resolved relations, our own filter keys, problems.

use model::{Code, RelationType, Severity};

use super::{
    document::{OWNER_WORDS, WITH_TERMS, add_words},
    held::Held,
    links::End,
    state::Index,
    terms::TermId,
};

impl Index {
    /// Brings the derived terms and the counts of a slot up to date.
    pub(super) fn derive(&mut self, number: u32) {
        let Some(rows) = self.derived_rows(number) else { return };
        let Some(slot) = self.nodes.get_mut(number).and_then(|node| node.slot.as_mut()) else { return };
        slot.counted().zip(&mut self.totals).for_each(|(count, total)| *total -= count);
        let terms = &mut self.terms;
        terms.remove(number, &std::mem::take(&mut slot.derived));
        let mut ids: Vec<TermId> = Vec::with_capacity(rows.terms.len() + 4);
        for (path, value) in &rows.terms {
            let field = terms.intern(path);
            ids.extend(terms.add(field, number, value, &super::flatten::lower(value)));
        }
        if !rows.owner_words.is_empty() {
            let field = terms.intern(OWNER_WORDS);
            add_words(terms, field, number, &rows.owner_words, usize::MAX, &mut ids);
        }
        terms.arrange(&mut ids);
        slot.derived = ids.into();
        slot.counts = rows.counts;
        slot.rival_counts = rows.rival_counts;
        slot.counted().zip(&mut self.totals).for_each(|(count, total)| *total += count);
    }

    fn derived_rows(&self, number: u32) -> Option<Derived> {
        let slot = self.slot(number)?;
        let holder = slot.claims.first()?;
        let mut rows = Derived::default();
        for kind in WITH_TERMS {
            for target in self.ends(number, kind).into_iter().filter_map(|end| self.end_key(end)) {
                rows.terms.push((relation_path(kind), target.to_string()));
                if kind == RelationType::PartOf && target.kind() == "system" {
                    rows.terms.push(("stagedoor.system", target.to_string()));
                }
            }
        }
        if let Some(ownership) = holder.ownership {
            rows.terms.push(("stagedoor.evidence", ownership.evidence.as_str().to_owned()));
            let owner = ownership.owner.map(|owner| self.end(owner));
            let key = owner.and_then(|end| self.end_key(end));
            let standing = match owner {
                Some(End::Slot(_)) if ownership.stated => "stated",
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
        for (code, severity) in self.wrong_with(number, holder) {
            rows.terms.push(("stagedoor.problem", code.as_str().to_owned()));
            rows.terms.push(("stagedoor.problem", severity_text(severity).to_owned()));
            rows.counts[severity_index(severity)] += 1;
        }
        if rows.counts != [0; 3] {
            rows.terms.push(("stagedoor.problem", "any".to_owned()));
        }
        for rival in slot.documents().skip(1) {
            for (_, severity) in self.wrong_with(number, rival) {
                rows.rival_counts[severity_index(severity)] += 1;
            }
        }
        Some(rows)
    }

    /// Everything that is wrong with an entity that claims this slot.
    fn wrong_with(&self, number: u32, held: &Held) -> Vec<(Code, Severity)> {
        let found = self.faults(number, held).into_iter().map(|fault| (fault.code, fault.severity));
        held.problems.iter().copied().chain(found).collect()
    }
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
