//! The parser's errors as problems, with a remedy for the mistakes people make.

use granit_parser::{ErrorKind, ScanError};
use model::{Code, Position, Problem, Severity};

use super::position;

/// What a parser's error means.
pub(super) fn syntax(error: &ScanError, text: &str) -> Problem {
    let mut at = position(*error.marker());
    let remedy = match error.kind() {
        ErrorKind::RecursionLimitExceeded => {
            return too_deep(at);
        }
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar
        | ErrorKind::InvalidBlockEntryWhitespace
        | ErrorKind::InvalidMappingValueWhitespace => "Indent with spaces; YAML allows no tabs there.",
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            "Put the value in quotes if it contains a colon followed by a space, or mend the indentation."
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => "Close the quotes.",
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::MismatchedFlowCollectionEnd { .. } => "Close the bracket.",
        ErrorKind::UnexpectedCharacter { .. } | ErrorKind::MissingAnchorOrAliasName => {
            "Put the value in quotes if it begins with a character that YAML reserves (@ ` % & * ! | >)."
        }
        ErrorKind::UnknownQuotedScalarEscape | ErrorKind::InvalidQuotedScalarHexEscape => {
            "Double the backslash, or use single quotes."
        }
        ErrorKind::UndeclaredTagHandle => "Remove the tag.",
        ErrorKind::ExpectedDocumentStart => "Separate documents by a line with --- and nothing before it.",
        _ => "Look at the indentation and the quotes on this line and the one before it.",
    };
    if matches!(error.kind(), ErrorKind::TabInPlainScalar) {
        at = first_tab(text, at);
    }
    Problem::new(Code::Syntax, Severity::Error, format!("this is not YAML: {}", error.kind()), remedy).at(Some(at))
}

/// The first tab in the indentation of a line after `from`, where the parser points at the value before it.
fn first_tab(text: &str, from: Position) -> Position {
    let skipped = usize::try_from(from.line).unwrap_or(usize::MAX);
    for (line, number) in text.lines().skip(skipped).zip(from.line.saturating_add(1)..) {
        let indentation = line.chars().take_while(|c| c.is_whitespace());
        if let Some(column) = indentation.zip(1..).find_map(|(c, column)| (c == '\t').then_some(column)) {
            return Position { line: number, column };
        }
    }
    from
}

pub(super) fn too_deep(at: Position) -> Problem {
    Problem::new(
        Code::TooComplex,
        Severity::Error,
        "lists and mappings stand too deep inside each other",
        "Make the document flatter, or move the value into a file of its own and read it with $text.",
    )
    .at(Some(at))
}
