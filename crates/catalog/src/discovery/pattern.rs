//! Patterns over paths and names.

use regex::Regex;

use super::{DiscoveryFault, fault, is_below};

/// Any one of them suffices; without any, everything does.
#[derive(Debug, Clone)]
pub(super) struct Patterns {
    patterns: Vec<Regex>,
    /// What everything that matches begins with; `None` where that cannot be told.
    prefixes: Option<Vec<String>>,
}

impl Patterns {
    pub(super) fn compile(pointer: &str, texts: &[String], faults: &mut Vec<DiscoveryFault>) -> Self {
        let mut patterns = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate() {
            match Regex::new(text) {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => faults.push(explain(&format!("{pointer}/{at}"), text, &error)),
            }
        }
        let prefixes = texts.iter().map(|text| prefix(text)).collect();
        Self { patterns, prefixes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    pub(super) fn admit(&self, text: &str) -> bool {
        self.is_empty() || self.patterns.iter().any(|pattern| pattern.is_match(text))
    }

    /// May the group at `top` or one below it match? A tree that cannot is not asked for.
    pub(super) fn may_match_below(&self, top: &str) -> bool {
        let Some(prefixes) = self.prefixes.as_ref().filter(|_| !self.is_empty()) else { return true };
        // Paths are compared without case, as GitLab does; a pattern that insists on it is asked later.
        let top = top.to_lowercase();
        prefixes.iter().map(|prefix| prefix.to_lowercase()).any(|prefix| {
            top.starts_with(&prefix) || is_below(&top, &prefix) || prefix == format!("{top}/") || prefix == top
        })
    }
}

/// The literal text that a pattern demands at the beginning; `None` when it demands none.
fn prefix(pattern: &str) -> Option<String> {
    let rest = pattern.strip_prefix('^')?;
    // An alternative may begin with anything, and a flag may change what a letter means.
    if pattern.contains('|') || pattern.contains("(?") {
        return None;
    }
    let literal = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
    let end = rest.find(|c| !literal(c)).unwrap_or(rest.len());
    let (mut prefix, after) = rest.split_at(end);
    if after.starts_with(['?', '*', '+', '{']) {
        // That much belongs to the last character only.
        prefix = prefix.get(..prefix.len().saturating_sub(1))?;
    }
    (!prefix.is_empty()).then(|| prefix.to_owned())
}

fn explain(pointer: &str, text: &str, error: &regex::Error) -> DiscoveryFault {
    let told = error.to_string();
    let why = told.lines().rev().find_map(|line| line.trim().strip_prefix("error: ")).unwrap_or(&told).to_owned();
    let remedy = if why.contains("look-around") || why.contains("backreferences") {
        "write it without (?=…), (?!…), (?<…) and \\1; what is to be left out belongs into exclude"
    } else if matches!(error, regex::Error::CompiledTooBig(_)) {
        "repeat less: numbers in {…} multiply"
    } else {
        "put \\ before a character that is meant as it stands, for example \\( or \\."
    };
    fault(pointer, format!("{text:?} is no pattern: {why}"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_only_what_every_match_begins_with() {
        for (pattern, expected) in [
            ("^sandrill/checkout$", Some("sandrill/checkout")),
            ("^sandrill/.*", Some("sandrill/")),
            ("^sandrills?/x", Some("sandrill")),
            ("^ab*", Some("a")),
            ("^a+", None),
            ("sandrill", None),
            ("^a|b", None),
            ("^(a)", None),
            ("^(?i)a", None),
            ("^", None),
        ] {
            assert_eq!(prefix(pattern).as_deref(), expected, "{pattern}");
        }
    }

    #[test]
    fn a_tree_without_a_possible_match_is_not_asked_for() {
        let patterns = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|t| (*t).to_owned()).collect();
            Patterns::compile("/x", &texts, &mut Vec::new())
        };
        let some = patterns(&["^sandrill/checkout/", "^harbour$"]);
        for (top, expected) in
            [("sandrill", true), ("sandrill/checkout", true), ("Harbour", true), ("harbour-b", true), ("other", false)]
        {
            assert_eq!(some.may_match_below(top), expected, "{top}");
        }
        assert!(patterns(&["^sandrill/", "checkout$"]).may_match_below("other"), "the second says nothing");
        assert!(patterns(&[]).may_match_below("other"));
    }
}
