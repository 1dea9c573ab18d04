//! YAML text to trees, document by document, within a budget.
//!
//! Built on the parser's events rather than on serde: a duplicate key, an alias and a place are all lost once a
//! document has become a value. After a syntax error reading goes on at the next document.

mod builder;
mod syntax;

use granit_parser::{Event, Marker, Parser, Span, StrInput, YamlVersion, options};
use model::{Code, Position, Problem, Severity};

use super::{
    Limits,
    node::{Node, Tree},
};
use builder::Builder;
use syntax::syntax;

/// All documents of a text.
pub(super) struct Stream {
    pub(super) documents: Vec<RawDocument>,
    /// Problems that belong to no document.
    pub(super) problems: Vec<Problem>,
}

/// One document before anybody asked whether it is an entity.
pub(super) struct RawDocument {
    pub(super) index: u32,
    /// The line of its `---`, or of its first content.
    pub(super) first_line: u32,
    pub(super) at: Position,
    /// What was read; after a syntax error, what stood before it.
    pub(super) root: Option<Node>,
    pub(super) problems: Vec<Problem>,
    /// Whether it is unreadable as a whole.
    pub(super) refused: bool,
}

impl RawDocument {
    pub(super) fn refuse(&mut self, problem: Problem) {
        self.warn(problem);
        self.refused = true;
    }

    fn warn(&mut self, problem: Problem) {
        if self.problems.len() < super::check::REPORTED {
            self.problems.push(problem.in_document(self.index));
        }
    }
}

pub(super) fn read(text: &str, limits: &Limits) -> Stream {
    let mut parser_options = options! {
        emit_unresolved_aliases: true,
        // The parser's own limit stands behind ours, which knows about aliases too.
        flow_nesting_limit: limits.depth.saturating_mul(2).saturating_add(8),
        block_nesting_limit: limits.depth.saturating_mul(2).saturating_add(8),
    };
    parser_options.set_emit_comments(false);
    let mut reader = Reader {
        text,
        parser: Parser::new_from_str_with_options(text, parser_options),
        limits,
        stream: Stream { documents: Vec::new(), problems: Vec::new() },
        index: 0,
    };
    reader.run();
    reader.stream
}

struct Reader<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    limits: &'t Limits,
    stream: Stream,
    index: u32,
}

impl Reader<'_> {
    fn run(&mut self) {
        loop {
            match self.parser.next_event() {
                None | Some(Ok((Event::StreamEnd, _))) => return,
                Some(Ok((Event::DocumentStart(_, version), span))) => {
                    if !self.room(span) {
                        return;
                    }
                    let more = self.document(version, span);
                    self.index = self.index.saturating_add(1);
                    if !more {
                        return;
                    }
                }
                Some(Ok(_)) => {}
                // An error before a document began: a directive that cannot be read.
                Some(Err(error)) => {
                    let mut raw = self.begun(*error.marker());
                    raw.refuse(syntax(&error, self.text));
                    self.stream.documents.push(raw);
                    self.index = self.index.saturating_add(1);
                    if !self.parser.proceed_next_document().unwrap_or(false) {
                        return;
                    }
                }
            }
        }
    }

    /// Whether one more document is read.
    fn room(&mut self, span: Span) -> bool {
        if self.stream.documents.len() < self.limits.documents {
            return true;
        }
        let problem = Problem::new(
            Code::TooComplex,
            Severity::Error,
            format!("the file holds more than {} documents; the rest is not read", self.limits.documents),
            "Split it into several files and list them in a Location.",
        );
        self.stream.problems.push(problem.at(Some(position(span.start))));
        false
    }

    fn begun(&self, at: Marker) -> RawDocument {
        let at = position(at);
        RawDocument { index: self.index, first_line: at.line, at, root: None, problems: Vec::new(), refused: false }
    }

    /// Reads one document; `false` when the stream ends with it.
    fn document(&mut self, version: Option<YamlVersion>, span: Span) -> bool {
        let raw = self.begun(span.start);
        let mut builder = Builder::new(raw, self.limits, self.text);
        if let Some(version) = version.filter(|version| *version != YamlVersion::new(1, 2)) {
            builder.raw.warn(
                Problem::new(
                    Code::Syntax,
                    Severity::Warning,
                    format!("%YAML {}.{} is read as YAML 1.2", version.major, version.minor),
                    "Remove the %YAML line.",
                )
                .at(Some(position(span.start))),
            );
        }
        let (end, more) = loop {
            match self.parser.next_event() {
                None | Some(Ok((Event::StreamEnd, _))) => break (Ok(()), false),
                Some(Ok((Event::DocumentEnd, _))) => break (Ok(()), true),
                Some(Ok((event, span))) => {
                    if let Err(problem) = builder.event(event, span) {
                        break (Err(problem), self.parser.proceed_next_document().unwrap_or(false));
                    }
                }
                Some(Err(error)) => {
                    break (
                        Err(Box::new(syntax(&error, self.text))),
                        self.parser.proceed_next_document().unwrap_or(false),
                    );
                }
            }
        };
        let mut raw = builder.finish();
        if let Err(problem) = end {
            raw.refuse(*problem);
        }
        // A document of comments only is nobody's mistake.
        let empty = raw.root.as_ref().is_none_or(|root| root.tree == Tree::Null);
        if !(empty && raw.problems.is_empty()) {
            self.stream.documents.push(raw);
        }
        more
    }
}

fn position(marker: Marker) -> Position {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position { line: number(marker.line().max(1)), column: number(marker.col().saturating_add(1)) }
}
