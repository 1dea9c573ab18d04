//! What went wrong on the way, said so that one knows what to do.

use std::{error::Error, fmt};

use reqwest::StatusCode;
use serde_json::Value;

use crate::{exit::Exit, output};

/// Why there is no answer as asked.
#[derive(Debug)]
pub(crate) enum RemoteError {
    /// Nobody answers there.
    Unreachable { server: String, reason: String },
    /// Something answers that is no Stagedoor.
    NotStagedoor { server: String },
    /// The answer broke off.
    Broken { server: String, reason: String },
    /// The server says no, as an RFC 9457 problem.
    Problem(Box<Problem>),
}

/// RFC 9457.
#[derive(Debug)]
pub(crate) struct Problem {
    /// The HTTP status.
    pub(crate) status: u16,
    /// What kind.
    pub(crate) title: String,
    /// What is wrong and what to do.
    pub(crate) detail: String,
    /// Objects of detail.
    pub(crate) errors: Vec<Value>,
    /// By which the log has it.
    pub(crate) request_id: Option<String>,
}

impl RemoteError {
    pub(super) fn unreachable(server: &str, error: &dyn Error) -> Self {
        Self::Unreachable { server: server.to_owned(), reason: innermost(error) }
    }

    pub(super) fn broken(server: &str, error: &dyn Error) -> Self {
        Self::Broken { server: server.to_owned(), reason: innermost(error) }
    }

    pub(super) fn of_answer(server: &str, status: StatusCode, body: &[u8]) -> Self {
        let Ok(Value::Object(mut body)) = serde_json::from_slice(body) else {
            return Self::NotStagedoor { server: server.to_owned() };
        };
        let mut text = |name: &str| match body.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (title, detail, request_id) = (text("title"), text("detail"), text("requestId"));
        let (Some(title), Some(detail)) = (title, detail) else {
            return Self::NotStagedoor { server: server.to_owned() };
        };
        let errors = match body.remove("errors") {
            Some(Value::Array(errors)) => errors,
            _ => Vec::new(),
        };
        Self::Problem(Box::new(Problem { status: status.as_u16(), title, detail, errors, request_id }))
    }

    /// The exit code of a command that ends with it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } | Self::NotStagedoor { .. } | Self::Broken { .. } => Exit::Unreachable,
            Self::Problem(problem) => match problem.status {
                400 => Exit::Unreadable,
                404 => Exit::NotFound,
                500.. => Exit::Unreachable,
                _ => Exit::Refused,
            },
        }
    }
}

/// The reason itself; what stands around it repeats the address.
fn innermost(error: &dyn Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { server, reason } => write!(
                f,
                "no Stagedoor answers at {server}; start one with `stagedoor serve`, or name it with --server ({reason})"
            ),
            Self::NotStagedoor { server } => {
                write!(f, "what answers at {server} is no Stagedoor of this version; name the right one with --server")
            }
            Self::Broken { server, reason } => {
                write!(f, "the answer of {server} broke off: {reason}. Ask again; its log may have the reason")
            }
            Self::Problem(problem) => {
                let (title, detail) = (output::clean(&problem.title), output::clean(&problem.detail));
                // "Not Found: There is no …" says one thing twice.
                match problem.status {
                    404 => write!(f, "{detail}")?,
                    _ => write!(f, "{title}: {detail}")?,
                }
                // Names that are near the one that was asked for; the first stands in the detail.
                let near: Vec<&str> =
                    problem.errors.iter().skip(1).filter_map(|error| error.get("ref")?.as_str()).collect();
                if !near.is_empty() {
                    write!(f, " Near it: {}.", output::clean(&near.join(", ")))?;
                }
                match &problem.request_id {
                    Some(id) if problem.status >= 500 => write!(f, " (request {})", output::clean(id)),
                    _ => Ok(()),
                }
            }
        }
    }
}

impl Error for RemoteError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> RemoteError {
        RemoteError::of_answer("http://x", StatusCode::from_u16(status).expect("status"), body.as_bytes())
    }

    #[test]
    fn problems_are_told_and_have_their_exit_code() {
        let missing = answer(404, r#"{"title":"Not Found","detail":"There is no component:default/x.","status":404}"#);
        assert_eq!(missing.to_string(), "There is no component:default/x.");
        assert_eq!(missing.exit(), Exit::NotFound);
        let refused = answer(403, r#"{"title":"Forbidden","detail":"Ask the\u001b[31m operator.","errors":[{"a":1}]}"#);
        assert_eq!(refused.to_string(), "Forbidden: Ask the\u{fffd}[31m operator.");
        assert_eq!(refused.exit(), Exit::Refused);
        let inside = answer(503, r#"{"title":"Unavailable","detail":"Wait.","requestId":"r1"}"#);
        assert_eq!(inside.to_string(), "Unavailable: Wait. (request r1)");
        assert_eq!(inside.exit(), Exit::Unreachable);
        assert_eq!(answer(400, r#"{"title":"Bad","detail":"x"}"#).exit(), Exit::Unreadable);
    }

    #[test]
    fn another_server_is_noticed() {
        for body in ["", "<html>", "[]", r#"{"message":"404 Not Found"}"#] {
            assert!(matches!(answer(404, body), RemoteError::NotStagedoor { .. }), "{body}");
        }
    }
}
