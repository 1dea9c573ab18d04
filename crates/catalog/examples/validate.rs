//! Prints the verdicts on catalog files as JSON: what `stagedoor catalog validate --output json` prints, for trying the
//! format without the rest of the house. Arguments other than files are skipped.
use std::process::ExitCode;

use catalog::format::{Row, validate_report};

fn main() -> ExitCode {
    let skipped = ["catalog", "validate", "--output", "json"];
    let mut rows: Vec<Row> = Vec::new();
    for file in std::env::args().skip(1).filter(|arg| !skipped.contains(&arg.as_str())) {
        match std::fs::read(&file) {
            Ok(bytes) => rows.extend(validate_report(&file, &bytes)),
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::from(2);
            }
        }
    }
    match serde_json::to_string_pretty(&rows) {
        Ok(json) => println!("{json}"),
        Err(error) => {
            eprintln!("the report is no JSON: {error}");
            return ExitCode::from(2);
        }
    }
    ExitCode::from(u8::from(rows.iter().any(|row| !row.accepted)))
}
