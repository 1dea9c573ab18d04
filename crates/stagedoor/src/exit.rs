//! What a command's exit code says. `--help` of every command that asks a server repeats it.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// As asked.
    Good = 0,
    /// Refused, or something that was checked is not good.
    Refused = 1,
    /// Not understood: a flag, a value, a file that cannot be read.
    Unreadable = 2,
    /// No server answers, or it failed inside.
    Unreachable = 3,
    /// There is nothing of that name.
    NotFound = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The end of `--help` of a command that asks a server, with examples before it.
macro_rules! help {
    ($($examples:literal)?) => {
        concat!(
            $($examples, "\n\n",)?
            "Exit codes: 0 as asked; 1 refused; 2 a flag, a value or a file is not understood; 3 no server answers; ",
            "4 there is nothing of that name."
        )
    };
}
pub(crate) use help;
