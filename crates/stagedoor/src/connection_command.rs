//! `stagedoor connection …`: the same as the pages do, through the same API; and a test without a server.

mod show;
mod test;
mod write;

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use model::Discovery;
use secrecy::{ExposeSecret, SecretString};
use secrets::SecretRef;
use serde_json::{Value, json};

use crate::{
    cli::{ConnectionCommand, TokenOptions, WayOptions},
    exit::Exit,
    output,
    remote::RemoteError,
};

/// How a command ended, or why the server could not be asked.
type Asked = Result<Exit, RemoteError>;

pub(crate) async fn run(command: ConnectionCommand) -> Asked {
    match command {
        ConnectionCommand::List(options) => show::list(&options).await,
        ConnectionCommand::Show(options) => show::show(&options).await,
        ConnectionCommand::Test(options) => test::test(&options).await,
        ConnectionCommand::Preview(options) => write::preview(&options).await,
        ConnectionCommand::Add(options) => write::add(&options).await,
        ConnectionCommand::UpdateToken(options) => write::update_token(&options).await,
        ConnectionCommand::Rotate(options) => write::rotate(&options).await,
        ConnectionCommand::Webhooks(options) => write::webhooks(&options).await,
        ConnectionCommand::Remove(options) => write::remove(&options).await,
    }
}

/// The token, from where it was said to be; otherwise what is wrong was told.
fn token(options: &TokenOptions) -> Result<SecretString, Exit> {
    let told = |what: &dyn std::fmt::Display| {
        eprintln!("stagedoor: {what}");
        Exit::Unreadable
    };
    match (&options.token_file, &options.token_env) {
        (Some(path), _) if path == Path::new("-") => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map_err(|error| told(&format!("standard input: {error}")))?;
            Ok(SecretString::from(text.trim().to_owned()))
        }
        // White space inside is told by the test, with its remedy.
        (Some(path), _) => match fs::read_to_string(path) {
            Ok(text) => Ok(SecretString::from(text.trim().to_owned())),
            Err(error) => Err(told(&format!("the token file {}: {error}", path.display()))),
        },
        (None, Some(name)) => SecretRef::Env(name.clone()).read().map_err(|error| told(&error)),
        (None, None) => {
            Err(told(&"give the token with --token-file FILE, - for standard input, or --token-env VARIABLE"))
        }
    }
}

/// What is read, as the options say it.
fn discovery(way: &WayOptions) -> Discovery {
    let mut discovery = Discovery {
        groups: way.groups.clone(),
        projects: way.projects.clone(),
        exclude: way.exclude.clone(),
        topics: way.topics.clone(),
        archived: way.archived,
        forks: !way.no_forks,
        ..Discovery::default()
    };
    discovery.people.read = !way.no_people;
    discovery
}

/// The proxy's address with the credentials of the file.
fn proxy(way: &WayOptions) -> Result<Option<SecretString>, Exit> {
    let Some(proxy) = &way.proxy else { return Ok(None) };
    let Some(path) = &way.proxy_credentials_file else { return Ok(Some(SecretString::from(proxy.clone()))) };
    let told = |what: String| {
        eprintln!("stagedoor: {what}");
        Exit::Unreadable
    };
    let pair = fs::read_to_string(path).map_err(|error| told(format!("{}: {error}", path.display())))?;
    let Some((user, password)) = pair.trim().split_once(':') else {
        return Err(told(format!("{} should hold user:password", path.display())));
    };
    let mut url = url::Url::parse(proxy).map_err(|error| told(format!("--proxy: {error}; write http://proxy:3128")))?;
    let set = url.set_username(user).and_then(|()| url.set_password(Some(password)));
    set.map_err(|()| told("--proxy: this address takes no user name; write http://proxy:3128".to_owned()))?;
    Ok(Some(SecretString::from(url.to_string())))
}

fn ca(way: &WayOptions) -> Result<Option<Vec<u8>>, Exit> {
    let Some(path) = &way.ca else { return Ok(None) };
    fs::read(path).map(Some).map_err(|error| {
        eprintln!("stagedoor: the certificates in {}: {error}", path.display());
        Exit::Unreadable
    })
}

/// The body that adds or tests a connection through the server.
fn draft(name: &str, url: &str, options: &TokenOptions, way: &WayOptions) -> Result<Value, Exit> {
    let token = token(options)?;
    let ca = match ca(way)? {
        // What is no text is said to be none by whoever reads it.
        Some(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) => match gitlab::Authorities::parse(error.as_bytes()) {
                Ok(_) => None,
                Err(error) => {
                    eprintln!("stagedoor: {}; {}", error.message, error.remedy);
                    return Err(Exit::Unreadable);
                }
            },
        },
        None => None,
    };
    let mut body = json!({
        "name": name,
        "url": url,
        "token": token.expose_secret(),
        "noProxy": way.no_proxy,
        "discovery": discovery(way),
    });
    if let Some(ca) = ca {
        body["ca"] = ca.into();
    }
    if let Some(proxy) = proxy(way)? {
        body["proxy"] = proxy.expose_secret().into();
    }
    Ok(body)
}

fn text<'a>(tree: &'a Value, pointer: &str) -> &'a str {
    tree.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn printed(done: io::Result<()>, exit: Exit) -> Exit {
    match done {
        Ok(()) => exit,
        Err(error) => {
            eprintln!("stagedoor: {error}");
            Exit::Unreadable
        }
    }
}

/// A refusal that carries the report of a test: the report is shown as a test shows it.
fn with_report(error: RemoteError, look: output::Look) -> Asked {
    let report = match &error {
        RemoteError::Problem(problem) => problem.errors.iter().find_map(|error| error.get("report").cloned()),
        _ => None,
    };
    let Some(report) = report else { return Err(error) };
    eprint!("{}", test::table(&report, look));
    eprintln!("stagedoor: nothing was changed: the connection cannot read");
    Ok(Exit::Refused)
}
