//! Bytes to text. What is no UTF-8, and control characters that YAML does not allow, become U+FFFD and a problem with
//! its place, so that the documents beside them can still be read.

use model::{Code, Position, Problem, Severity};

/// Problems of this sort reported at most; a binary file would have one a byte.
const REPORTED: usize = 20;

pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) problems: Vec<Problem>,
}

pub(super) fn decode(bytes: &[u8]) -> Decoded {
    // A byte order mark is allowed at the start and would only shift the columns.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = Reader { text: String::with_capacity(bytes.len()), problems: Vec::new(), line: 1, column: 1 };
    for chunk in bytes.utf8_chunks() {
        let mut chars = chunk.valid().chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\n' => reader.line_break(c),
                '\r' if chars.peek() != Some(&'\n') => reader.line_break(c),
                '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\x7f' => {
                    reader
                        .replace(format!("the control character U+{:04X} is not allowed", u32::from(c)), "Remove it.");
                }
                _ => reader.push(c),
            }
        }
        if !chunk.invalid().is_empty() {
            let hex: Vec<String> = chunk.invalid().iter().map(|b| format!("0x{b:02X}")).collect();
            reader.replace(format!("the bytes {} are no UTF-8", hex.join(" ")), "Save the file as UTF-8.");
        }
    }
    Decoded { text: reader.text, problems: reader.problems }
}

struct Reader {
    text: String,
    problems: Vec<Problem>,
    line: u32,
    column: u32,
}

impl Reader {
    fn push(&mut self, c: char) {
        self.text.push(c);
        self.column = self.column.saturating_add(1);
    }

    fn line_break(&mut self, c: char) {
        self.text.push(c);
        self.line = self.line.saturating_add(1);
        self.column = 1;
    }

    fn replace(&mut self, message: String, remedy: &str) {
        if self.problems.len() < REPORTED {
            let at = Position { line: self.line, column: self.column };
            self.problems.push(Problem::new(Code::Encoding, Severity::Error, message, remedy).at(Some(at)));
        }
        self.push('\u{fffd}');
    }
}
