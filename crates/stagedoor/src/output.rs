//! How answers are shown: aligned columns for people, the API's JSON for programs, the same tree as YAML.
//!
//! Nothing that came from elsewhere can write to the terminal: control characters and those that turn the direction of
//! writing are replaced.

mod table;

use std::{
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
};

use clap::{Args, ValueEnum};
use serde_json::Value;

pub(crate) use table::{Cell, Paint, Table, clean};

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns, cut to the width of the terminal
    #[default]
    Table,
    /// As the API answers
    Json,
    /// The same tree as YAML
    Yaml,
}

/// The flag of every command that lists or shows.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct OutputOptions {
    /// For people or for programs
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) output: Format,
}

/// What the reader's end can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Look {
    /// Is colour wanted?
    pub(crate) colour: bool,
    /// Columns of the terminal; none when it is a file or another program.
    pub(crate) width: Option<usize>,
}

impl Look {
    /// Of standard output.
    pub(crate) fn of_stdout() -> Self {
        Self::of(&io::stdout())
    }

    /// Of standard error.
    pub(crate) fn of_stderr() -> Self {
        Self::of(&io::stderr())
    }

    fn of(out: &(impl IsTerminal + AsFd)) -> Self {
        if !out.is_terminal() {
            return Self::default();
        }
        // https://no-color.org: set and not empty. A dumb terminal shows the codes themselves.
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
        let width = rustix::termios::tcgetwinsize(out).map_or(0, |size| usize::from(size.ws_col));
        Self { colour: !set("NO_COLOR") && !dumb, width: (width > 0).then_some(width) }
    }

    /// The text in a colour, if colours are wanted.
    pub(crate) fn paint(self, paint: Paint, text: &str) -> String {
        match paint.code() {
            Some(code) if self.colour => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}

/// Prints an answer. `table` is asked only when people are to read it.
///
/// # Errors
/// When it cannot be written. A reader that has gone (`| head`) is no error.
pub(crate) fn print(format: Format, tree: &Value, table: impl FnOnce(Look) -> String) -> io::Result<()> {
    let text = match format {
        Format::Table => table(Look::of_stdout()),
        Format::Json => serde_json::to_string_pretty(tree)? + "\n",
        Format::Yaml => yaml(tree)?,
    };
    write(&text)
}

/// Writes to standard output; a reader that has gone is no error.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

fn yaml(tree: &Value) -> io::Result<String> {
    let mut text = serde_saphyr::to_string(tree).map_err(io::Error::other)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_is_the_same_tree() {
        let tree = json!({
            "items": [{"ref": "component:default/a", "title": null, "no": "no", "n": "007", "at": "2026-11-20T17:34:14.120Z"}],
            "text": "two\nlines", "escape": "\u{1b}[31m", "total": 1, "nothing": {}, "none": []
        });
        let text = yaml(&tree).expect("yaml");
        let back: Value = serde_saphyr::from_str(&text).expect(&text);
        assert_eq!(back, tree, "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn colours_only_where_they_are_wanted() {
        let plain = Look::default();
        assert_eq!(plain.paint(Paint::Bad, "x"), "x");
        let bright = Look { colour: true, width: None };
        assert_eq!(bright.paint(Paint::Bad, "x"), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(bright.paint(Paint::Plain, "x"), "x");
    }
}
