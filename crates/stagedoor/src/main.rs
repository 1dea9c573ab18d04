//! The binary: commands, configuration and wiring. It knows every room and stays short; the only one that knows flags,
//! environment variables and exit codes.

mod catalog_command;
mod cli;
mod config;
mod demo;
mod logs;
mod sandbox_command;
mod serve;
mod signals;

use std::process::ExitCode;

use clap::Parser;
use cli::{CatalogCommand, Cli, Command, ConfigCommand};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // One TLS implementation for the whole process; a second call could only come from a second main.
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let done = match cli.command {
        Command::Catalog(CatalogCommand::Validate(options)) => return catalog_command::validate(&options),
        Command::Config(ConfigCommand::Check(options)) => return serve::check(&options),
        Command::Openapi => print_openapi(),
        Command::Serve(options) => run(serve::run(options)),
        Command::Sandbox(options) => run(sandbox_command::run(options)),
        Command::Demo(options) => run(demo::run(options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stagedoor: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    // One thread a core: queries are short, and a waiting thread costs memory for nothing.
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

fn print_openapi() -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(&api::openapi())?);
    Ok(())
}
