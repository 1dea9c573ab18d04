//! CODEOWNERS files, read as GitLab reads them.
//!
//! Source: GitLab's documentation, "Syntax of CODEOWNERS file" (17.11 and later) and its advanced page. Text in, rules
//! and problems out; whether an owner exists and may approve is for others to know.

mod glob;

use model::{Code, Position, Problem, Severity};

use glob::Glob;

/// Where GitLab looks for the file, in its order; the first that exists is the only one used.
pub const PATHS: [&str; 3] = ["CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// Problems reported of one file at most.
const REPORTED: usize = 100;

/// One owner as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// `@user`, `@group` or `@group/sub`, without the `@`. Which of them only GitLab knows.
    Mention(String),
    /// An e-mail address.
    Email(String),
    /// `@@developer`, `@@maintainer` or `@@owner`: direct members with exactly that role. In the singular.
    Role(String),
}

/// The rule that decides for one path in one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The owners of the line, or of its section when the line names none. Empty means: deliberately nobody.
    pub owners: Vec<Owner>,
    /// The section's name as first written; `None` for rules before any section.
    pub section: Option<String>,
    /// The line of the rule, from 1.
    pub line: u32,
    /// The pattern as written.
    pub pattern: String,
}

/// A CODEOWNERS file.
#[derive(Debug, Clone, Default)]
pub struct Codeowners {
    /// The first has no name; the others in the order in which they first appear.
    sections: Vec<Section>,
}

#[derive(Debug, Clone, Default)]
struct Section {
    name: Option<String>,
    rules: Vec<Rule>,
    exclusions: Vec<Glob>,
}

#[derive(Debug, Clone)]
struct Rule {
    glob: Glob,
    owners: Vec<Owner>,
    line: u32,
    pattern: String,
}

impl Codeowners {
    /// Who owns a file: one match a section at most, the unnamed section first. The last matching rule of a section
    /// decides; a path that the section excludes has no match in it.
    #[must_use]
    pub fn owners_of(&self, path: &str) -> Vec<Match> {
        let path = path.trim_start_matches('/');
        self.sections.iter().filter_map(|section| section.decide(path)).collect()
    }

    /// Who owns the repository as a whole: the owners that a file of any new name at its root would have, from the
    /// first section that gives it some.
    #[must_use]
    pub fn of_repository(&self) -> Option<Match> {
        // No rule that names files can match this name, so what matches it matches everything.
        self.owners_of("\u{1}").into_iter().find(|found| !found.owners.is_empty())
    }
}

impl Section {
    fn decide(&self, path: &str) -> Option<Match> {
        if self.exclusions.iter().any(|glob| glob.matches(path)) {
            return None;
        }
        let rule = self.rules.iter().rev().find(|rule| rule.glob.matches(path))?;
        Some(Match {
            owners: rule.owners.clone(),
            section: self.name.clone(),
            line: rule.line,
            pattern: rule.pattern.clone(),
        })
    }
}

/// Reads a CODEOWNERS file. Lines that cannot be read are left out and reported; GitLab leaves them out silently.
#[must_use]
pub fn parse(text: &str) -> (Codeowners, Vec<Problem>) {
    let mut reader = Reader {
        file: Codeowners { sections: vec![Section::default()] },
        current: 0,
        defaults: Vec::new(),
        problems: Vec::new(),
    };
    for (line, number) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().zip(1..) {
        reader.line(line, number);
    }
    (reader.file, reader.problems)
}

struct Reader {
    file: Codeowners,
    current: usize,
    /// Owners of the section's heading.
    defaults: Vec<Owner>,
    problems: Vec<Problem>,
}

/// A word of a line and its column, from 1.
struct Word<'l> {
    text: &'l str,
    column: u32,
}

impl Reader {
    fn line(&mut self, line: &str, number: u32) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            return;
        }
        if trimmed.starts_with('[') || trimmed.starts_with("^[") {
            if let Some((name, rest)) = heading(trimmed) {
                self.section(name, rest, line, number);
                return;
            }
            self.warn(
                number,
                column_of(line, trimmed),
                format!("{trimmed:?} is no section heading, so GitLab reads it as a rule"),
                "Write [Name], [Name][2] for a number of approvals, or ^[Name] for an optional section.",
            );
        }
        self.rule(line, number);
    }

    fn section(&mut self, name: &str, rest: &str, line: &str, number: u32) {
        self.defaults = self.owners(words(rest, column_of(line, rest)), number);
        let known = self.file.sections.iter().position(|section| {
            section.name.as_deref().is_some_and(|known| known.to_lowercase() == name.to_lowercase())
        });
        self.current = known.unwrap_or_else(|| {
            self.file.sections.push(Section { name: Some(name.to_owned()), ..Section::default() });
            self.file.sections.len() - 1
        });
    }

    fn rule(&mut self, line: &str, number: u32) {
        let trimmed = line.trim_start();
        let end = pattern_end(trimmed);
        let (pattern, rest) = trimmed.split_at(end);
        let owners = self.owners(words(rest, column_of(line, rest)), number);
        let defaults = self.defaults.clone();
        let excluded = pattern.strip_prefix('!');
        let Some(glob) = Glob::new(excluded.unwrap_or(pattern)) else {
            let column = column_of(line, trimmed);
            self.warn(number, column, format!("the pattern {pattern:?} can match nothing"), "Mend or remove the line.");
            return;
        };
        let Some(section) = self.file.sections.get_mut(self.current) else { return };
        if excluded.is_some() {
            section.exclusions.push(glob);
            return;
        }
        let owners = if owners.is_empty() { defaults } else { owners };
        section.rules.push(Rule { glob, owners, line: number, pattern: pattern.to_owned() });
    }

    fn owners<'l>(&mut self, words: impl Iterator<Item = Word<'l>>, number: u32) -> Vec<Owner> {
        let mut owners: Vec<Owner> = Vec::new();
        let mut comment = false;
        for word in words {
            comment = comment || word.text.starts_with('#');
            let read = owner(word.text.trim_start_matches('#'));
            match read {
                Ok(read) => {
                    if comment {
                        let message = format!(
                            "{:?} stands in a comment after a rule, where GitLab reads it as an owner",
                            word.text
                        );
                        self.warn(number, word.column, message, "Move the comment to a line of its own.");
                    }
                    if !owners.contains(&read) {
                        owners.push(read);
                    }
                }
                Err(_) if comment => {}
                Err(reason) => self.warn(number, word.column, format!("{:?} {reason}", word.text), OWNER_REMEDY),
            }
        }
        owners
    }

    fn warn(&mut self, line: u32, column: u32, message: String, remedy: &str) {
        if self.problems.len() < REPORTED {
            let problem = Problem::new(Code::Codeowners, Severity::Warning, message, remedy);
            self.problems.push(problem.at(Some(Position { line, column })));
        }
    }
}

const OWNER_REMEDY: &str = "Write @user, @group/subgroup, @@maintainer or an e-mail address.";

/// Name and the rest of the line of a section heading.
fn heading(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?.split_once(']')?;
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    let rest = match rest.strip_prefix('[').map(|rest| rest.split_once(']')) {
        None => rest,
        Some(Some((approvals, rest))) if approvals.bytes().all(|b| b.is_ascii_digit()) => rest,
        Some(_) => return None,
    };
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some((name, rest))
}

/// Where the pattern ends: at the first white space that no backslash escapes.
fn pattern_end(line: &str) -> usize {
    let mut escaped = false;
    for (i, c) in line.char_indices() {
        if c.is_whitespace() && !escaped {
            return i;
        }
        escaped = c == '\\' && !escaped;
    }
    line.len()
}

fn owner(word: &str) -> Result<Owner, &'static str> {
    let word = word.trim_end_matches([',', ';']);
    if let Some(role) = word.strip_prefix("@@") {
        let role = role.to_lowercase();
        return match role.strip_suffix('s').unwrap_or(&role) {
            role @ ("developer" | "maintainer" | "owner") => Ok(Owner::Role(role.to_owned())),
            _ => Err("is no role that can own code; the roles are developer, maintainer and owner"),
        };
    }
    if let Some(mention) = word.strip_prefix('@') {
        let plain =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        return if mention.split('/').all(plain) {
            Ok(Owner::Mention(mention.to_owned()))
        } else {
            Err("is no user or group")
        };
    }
    match word.split_once('@') {
        Some((name, domain)) if !name.is_empty() && domain.contains('.') && !domain.contains('@') => {
            Ok(Owner::Email(word.to_owned()))
        }
        _ => Err("is no owner"),
    }
}

fn words(text: &str, first_column: u32) -> impl Iterator<Item = Word<'_>> {
    text.split_whitespace().map(move |word| Word {
        text: word,
        column: first_column.saturating_add(column_of(text, word)).saturating_sub(1),
    })
}

/// The column, from 1, of a slice of a line.
fn column_of(line: &str, part: &str) -> u32 {
    let offset = (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
    let before = line.get(..offset).map_or(0, |before| before.chars().count());
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests;
