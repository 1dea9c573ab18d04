//! What `catalog validate` prints: rows for machines, the line with a caret for people.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use model::{Position, Problem, Severity};
use serde::Serialize;

use super::{Limits, Parsed, parse};

/// The verdict on one document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The file as it was named.
    pub file: String,
    /// Which document of it, from 0. What is wrong with the file as a whole stands at document 0.
    pub document: u32,
    /// The reference it describes, as far as it could be read.
    #[serde(rename = "ref")]
    pub entity_ref: Option<String>,
    /// Whether the catalog takes it.
    pub accepted: bool,
    /// What is wrong; an accepted document may have problems too.
    pub problems: Vec<Problem>,
}

/// Reads a file within the default [`Limits`] and gives a row for each document. A file that holds none, or that
/// cannot be read at all, has one row that is not accepted.
#[must_use]
pub fn validate_report(file: &str, bytes: &[u8]) -> Vec<Row> {
    let parsed = parse(bytes, &Limits::default());
    let mut rows: Vec<Row> = parsed
        .documents
        .into_iter()
        .map(|document| Row {
            file: file.to_owned(),
            document: document.index,
            entity_ref: document.claimed_ref.map(|claimed| claimed.to_string()),
            accepted: document.entity.is_some(),
            problems: document.problems,
        })
        .collect();
    if !parsed.problems.is_empty() {
        let document = rows.last().map_or(0, |row| row.document.saturating_add(1));
        rows.push(Row {
            file: file.to_owned(),
            document,
            entity_ref: None,
            accepted: false,
            problems: parsed.problems,
        });
    }
    rows
}

/// All problems of a file for people: message, place, the line with a caret, remedy. Empty when nothing is wrong.
///
/// Without colour and without control characters, so that a hostile file cannot write to the terminal.
#[must_use]
pub fn render(file: &str, text: &str, parsed: &Parsed) -> String {
    let mut out = String::new();
    for document in &parsed.documents {
        for problem in &document.problems {
            out.push_str(&one(file, text, problem));
        }
    }
    for problem in &parsed.problems {
        out.push_str(&one(file, text, problem));
    }
    out
}

fn one(file: &str, text: &str, problem: &Problem) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let help = Level::HELP.message(problem.remedy.as_str());
    let title = level.primary_title(problem.message.as_str()).id(problem.code.as_str());
    // Only the lines around the place: a file may be a megabyte, and its problems many.
    let excerpt = problem.position.and_then(|position| excerpt(text, position));
    let group = match &excerpt {
        Some(excerpt) => title
            .element(
                Snippet::source(excerpt.text.as_str())
                    .path(file)
                    .line_start(excerpt.first_line)
                    .annotation(AnnotationKind::Primary.span(excerpt.span.clone())),
            )
            .element(help),
        None => title.element(Level::NOTE.message(format!("in {file}"))).element(help),
    };
    let mut rendered = Renderer::plain().render(&[group]).to_string();
    rendered.push_str("\n\n");
    rendered
}

struct Excerpt {
    text: String,
    first_line: usize,
    span: Range<usize>,
}

/// The line of a position and the one before it, with the bytes to point at.
fn excerpt(text: &str, position: Position) -> Option<Excerpt> {
    const LONGEST: usize = 400;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let index = usize::try_from(position.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(position.column).ok()?.saturating_sub(1);
    let mut lines = text.lines();
    let before = if index == 0 { None } else { lines.nth(index - 1) };
    let line = lines.next().unwrap_or("");
    // A minified file has one line of a megabyte; a window around the place is enough.
    let skipped = column.saturating_sub(LONGEST / 2);
    let clean = |line: &str, skip: usize| -> String {
        line.chars().skip(skip).take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
    };
    let shown = clean(line, skipped);
    let (mut out, first_line) = match before {
        Some(before) => (clean(before, 0) + "\n", index),
        None => (String::new(), index + 1),
    };
    let bytes_before: usize = shown.chars().take(column - skipped).map(char::len_utf8).sum();
    let start = out.len() + bytes_before;
    let word: usize = shown[bytes_before..].chars().take_while(|c| !c.is_whitespace()).map(char::len_utf8).sum();
    out.push_str(&shown);
    Some(Excerpt { span: start..start + word, text: out, first_line })
}
