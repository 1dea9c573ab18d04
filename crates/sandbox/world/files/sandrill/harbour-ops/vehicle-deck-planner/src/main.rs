//! Reads a load list and prints a deck plan.

mod plan;

use clap::Parser;

#[derive(Parser)]
struct Arguments {
    /// Load list of a sailing, YAML
    file: std::path::PathBuf,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let text = std::fs::read_to_string(arguments.file)?;
    let load: plan::Load = serde_yaml::from_str(&text)?;
    println!("{}", serde_json::to_string_pretty(&plan::place(&load))?);
    Ok(())
}
