//! `stagedoor catalog validate`.

use std::io::{self, Write};

use catalog::format::{self, Limits, Row};

use crate::{
    cli::{Validate, ValidateOptions},
    exit::Exit,
};

pub(crate) fn validate(options: &ValidateOptions) -> Exit {
    let mut rows = Vec::new();
    let mut unreadable = false;
    let mut refused = false;
    for file in &options.files {
        let name = file.display().to_string();
        // A little more than what is parsed, so that a file of any size is refused.
        let most = u64::try_from(Limits::default().bytes).unwrap_or(u64::MAX).saturating_add(1);
        let bytes = match super::read_file(file, most) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("stagedoor: {name} cannot be read: {error}");
                unreadable = true;
                continue;
            }
        };
        let of_file = format::validate_report(&name, &bytes);
        refused |= of_file.is_empty() || of_file.iter().any(|row| !row.accepted);
        if options.output == Validate::Text && print(&name, &bytes, &of_file).is_err() {
            // Whoever read our output has gone; the exit code still tells.
            break;
        }
        rows.extend(of_file);
    }
    if options.output == Validate::Json {
        match serde_json::to_string_pretty(&rows) {
            Ok(text) => println!("{text}"),
            Err(error) => {
                eprintln!("stagedoor: the report cannot be written as JSON: {error}");
                return Exit::Unreadable;
            }
        }
    }
    match (unreadable, refused) {
        (true, _) => Exit::Unreadable,
        (false, true) => Exit::Refused,
        (false, false) => Exit::Good,
    }
}

fn print(name: &str, bytes: &[u8], rows: &[Row]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let parsed = format::parse(bytes, &Limits::default());
    out.write_all(format::render(name, &String::from_utf8_lossy(bytes), &parsed).as_bytes())?;
    for row in rows {
        let what = row.entity_ref.as_deref().unwrap_or("a document without a readable reference");
        writeln!(out, "{} {name}: {what}", if row.accepted { "accepted" } else { "refused " })?;
    }
    Ok(())
}
