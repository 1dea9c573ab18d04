//! The binary: commands, configuration and wiring. It knows every room and stays short; the only one that knows flags,
//! environment variables and exit codes.

mod backup_command;
mod catalog_command;
mod cli;
mod config;
mod config_command;
mod connection_command;
mod connections;
mod demo;
mod doctor;
mod exit;
mod logs;
mod output;
mod queue_command;
mod remote;
mod sandbox_command;
mod serve;
mod signals;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use cli::{Cli, Command};
use config::Fault;
use exit::Exit;
use output::Look;
use remote::RemoteError;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // One TLS implementation for the whole process; a second call could only come from a second main.
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let done = match cli.command {
        Command::Catalog(command) => return ask(catalog_command::run(*command)),
        Command::Connection(command) => return ask(connection_command::run(*command)),
        Command::Queue(command) => return ask(queue_command::run(command)),
        Command::Backup(command) => return ask(async { Ok(backup_command::run(command).await) }),
        Command::Config(command) => return config_command::run(&command).into(),
        Command::Doctor(options) => return ask(async { Ok(doctor::run(options).await) }),
        Command::Openapi => print_openapi(),
        Command::Completions { shell } => print_completions(shell),
        Command::Serve(options) => run(serve::run(options)),
        Command::Sandbox(options) => run(sandbox_command::run(options)),
        Command::Demo(options) => run(demo::run(options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            Exit::Refused.into()
        }
    }
}

/// Says what went wrong; a fault of the configuration file with its line.
fn complain(error: &anyhow::Error) {
    match error.downcast_ref::<Fault>() {
        Some(fault) => eprintln!("{}", fault.render(Look::of_stderr().colour)),
        None => eprintln!("stagedoor: {error:#}"),
    }
}

fn run(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    // One thread a core: queries are short, and a waiting thread costs memory for nothing.
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// Runs a command that asks a running server. One thread is enough: it mostly waits.
fn ask(work: impl Future<Output = Result<Exit, RemoteError>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("stagedoor: {error}");
            return Exit::Refused.into();
        }
    };
    let exit = runtime.block_on(work).unwrap_or_else(|error| {
        eprintln!("stagedoor: {error}");
        error.exit()
    });
    // A name server that does not answer must not hold the command back.
    runtime.shutdown_background();
    exit.into()
}

fn print_completions(shell: clap_complete::Shell) -> anyhow::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "stagedoor", &mut text);
    Ok(output::write(&String::from_utf8(text)?)?)
}

fn print_openapi() -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(&api::openapi())?);
    Ok(())
}
