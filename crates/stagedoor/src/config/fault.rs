//! A configuration file that is not understood: the place with a caret, and what was probably meant.

use std::fmt;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_saphyr::Error;

use super::spellings;
use crate::output::clean;

/// What is wrong at one place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    file: String,
    what: String,
    help: String,
    /// The line with its number from 1, the column in characters from 0, and the line before it.
    place: Option<Place>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    length: usize,
    before: Option<String>,
    text: String,
}

impl Fault {
    pub(super) fn of(file: &str, text: &str, error: &Error) -> Self {
        let error = error.without_snippet();
        let (what, help, word) = match error {
            Error::SerdeUnknownField { field, expected, .. } => {
                (format!("there is no key `{field}` here"), spellings::instead(field, expected), Some(field.as_str()))
            }
            Error::SerdeUnknownVariant { variant, expected, .. } => (
                format!("`{variant}` is not known here"),
                spellings::instead(variant, expected),
                Some(variant.as_str()),
            ),
            Error::SerdeMissingField { field, .. } => (
                format!("`{field}` is missing here"),
                format!("add `{field}`; `stagedoor config reference` says what it means"),
                None,
            ),
            Error::DuplicateMappingKey { key: Some(key), .. } => {
                (format!("`{key}` is written twice"), "keep one of them".to_owned(), Some(key.as_str()))
            }
            other => (plain(other), "see `stagedoor config reference` for what can be written here".to_owned(), None),
        };
        let place = error.location().and_then(|location| {
            let line = usize::try_from(location.line()).ok()?;
            let column = usize::try_from(location.column()).ok()?.checked_sub(1)?;
            Place::of(text, line, column, word)
        });
        // A key may be anything, also what a terminal would act on.
        Self { file: clean(file), what: clean(&what), help: clean(&help), place }
    }

    /// In one line: what, and where.
    pub(crate) fn line(&self) -> String {
        match &self.place {
            Some(place) => format!("{}: {}:{}:{}", self.what, self.file, place.line, place.column + 1),
            None => format!("{}: {}", self.what, self.file),
        }
    }

    /// What to write instead.
    pub(crate) fn help(&self) -> &str {
        &self.help
    }

    /// As `catalog validate` shows what is wrong.
    pub(crate) fn render(&self, colour: bool) -> String {
        let title = Level::ERROR.primary_title(self.what.as_str());
        let help = Level::HELP.message(self.help.as_str());
        let source = self.place.as_ref().map(Place::source);
        let group = match (&self.place, &source) {
            (Some(place), Some((text, span))) => title
                .element(
                    Snippet::source(text.as_str())
                        .path(self.file.as_str())
                        .line_start(place.line - usize::from(place.before.is_some()))
                        .annotation(AnnotationKind::Primary.span(span.clone())),
                )
                .element(help),
            _ => title.element(Level::NOTE.message(format!("in {}", self.file))).element(help),
        };
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group]).to_string()
    }
}

/// The reader's message without the place, which the caret shows.
fn plain(error: &Error) -> String {
    let text = error.to_string();
    let text = text.lines().next().unwrap_or_default();
    let end = text.find(" at line ").unwrap_or(text.len());
    let start = text.strip_prefix("error: ").map_or(0, |rest| text.len() - rest.len());
    let text = text.get(start..end).unwrap_or(text);
    match text {
        "invalid u64" => return "this is no whole number".to_owned(),
        "invalid socket address syntax" => return "this is no address with a port, such as 127.0.0.1:7330".to_owned(),
        _ => {}
    }
    // `line 2 column 3: …`
    match text.split_once(": ") {
        Some((place, rest)) if place.starts_with("line ") => rest.to_owned(),
        _ => text.to_owned(),
    }
}

impl Place {
    fn of(text: &str, line: usize, column: usize, word: Option<&str>) -> Option<Self> {
        let index = line.checked_sub(1)?;
        let shown = clean(text.lines().nth(index).unwrap_or_default());
        let before = index.checked_sub(1).and_then(|index| text.lines().nth(index)).map(clean);
        // Some readers point behind a key, at its value.
        let at = |column: usize, word: &str| shown.chars().skip(column).take(word.chars().count()).eq(word.chars());
        let found =
            word.and_then(|word| (0..=column).rev().chain(column..shown.chars().count()).find(|c| at(*c, word)));
        let column = found.unwrap_or(column);
        let length = match (found, word) {
            (Some(_), Some(word)) => word.chars().count(),
            _ => shown.chars().skip(column).take_while(|c| !c.is_whitespace()).count().max(1),
        };
        Some(Self { line, column, length, before, text: shown })
    }

    /// The lines to show and the bytes to point at.
    fn source(&self) -> (String, std::ops::Range<usize>) {
        let mut out = self.before.as_ref().map(|before| format!("{before}\n")).unwrap_or_default();
        let bytes =
            |count: usize, skip: usize| -> usize { self.text.chars().skip(skip).take(count).map(char::len_utf8).sum() };
        let start = out.len() + bytes(self.column, 0);
        let end = start + bytes(self.length, self.column);
        out.push_str(&self.text);
        (out, start..end)
    }
}

/// Without colour; `main` asks for it where it is wanted.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Fault {}
