//! `stagedoor catalog …`: the catalog of a running server, for people and programs. All but `validate` and `import` ask the server.

mod get;
mod import;
mod list;
mod pages;
mod problems;
mod refresh;
mod validate;

use std::{
    io::{self, Read},
    path::Path,
};

use model::EntityRef;
use serde_json::Value;

use crate::{cli::CatalogCommand, exit::Exit, output, remote::RemoteError};

use validate::validate;

/// What asking a server came to.
type Asked = Result<Exit, RemoteError>;

pub(crate) async fn run(command: CatalogCommand) -> Asked {
    match command {
        CatalogCommand::List(options) => list::list(&options).await,
        CatalogCommand::Unowned(options) => list::unowned(&options).await,
        CatalogCommand::Get(options) => get::get(&options).await,
        CatalogCommand::Search(options) => list::search(&options).await,
        CatalogCommand::Problems(options) => problems::problems(&options).await,
        CatalogCommand::Refresh(options) => refresh::refresh(&options).await,
        // These need no server, and no waiting.
        CatalogCommand::Validate(options) => Ok(validate(&options)),
        CatalogCommand::Import(options) => Ok(import::import(&options)),
    }
}

/// At most `most` bytes, so that no file of any size fills the memory; `-` is standard input.
fn read_file(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(file)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The end of a command that has printed its answer.
fn printed(done: io::Result<()>) -> Exit {
    match done {
        Ok(()) => Exit::Good,
        Err(error) => {
            eprintln!("stagedoor: the answer cannot be written: {error}");
            Exit::Unreadable
        }
    }
}

/// The text at a path of an answer; empty when there is none.
fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A reference as people write it. One that is none is told at once.
fn read_ref(text: &str) -> Result<EntityRef, Exit> {
    EntityRef::parse(text, Some("component"), "default").map_err(|error| {
        eprintln!("stagedoor: {}: {error}; write kind:namespace/name", output::clean(text));
        Exit::Unreadable
    })
}

/// A reference without the namespace that is meant anyway; every command takes it so.
fn short(reference: &str) -> String {
    reference.replacen(":default/", ":", 1)
}

fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
