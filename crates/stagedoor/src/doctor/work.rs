//! Is the work done that the database asks for: does the queue move, and does every server show what is stored?

use std::{sync::Arc, time::Duration};

use catalog::sync::Replica;
use model::{Millis, SystemClock};
use store::{Dialect, QueueState, Store, lock_holder};
use tokio::time::timeout;
use url::Url;

use super::{Check, database};
use crate::{
    config::Config,
    remote::{Remote, RemoteOptions},
};

/// A server says every three seconds that it is there.
const SILENT: Millis = 30_000;
/// What is due is taken at once, and shown at once; so long nobody waits for a worker that is only busy.
const LATE: Millis = 60_000;
/// For the server to say how far it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server that uses the database.
struct Server {
    /// For people.
    name: String,
    leads: bool,
    silent_for: Millis,
    /// The number of the last change it shows, as it says.
    shown: Result<i64, String>,
}

/// Nothing, where the database is not there yet: that was told.
pub(super) async fn work(config: &Config) -> Vec<Check> {
    let url = config.database_url();
    if !database::is_there(&url) {
        return Vec::new();
    }
    let skipped = |why: String| vec![Check::skipped("queue", "Queue", why)];
    let store = match Store::look(&url, Arc::new(SystemClock)).await {
        Ok(Some(store)) => store,
        Ok(None) => return skipped("the tables are not those of this version".to_owned()),
        Err(error) => return skipped(error.to_string()),
    };
    let looked = look(config, &url, &store).await;
    store.close().await;
    looked.unwrap_or_else(|error| {
        let remedy = "see `database` and `data` of the configuration";
        vec![Check::failed("queue", "Queue", error.to_string()).remedy(remedy)]
    })
}

async fn look(config: &Config, url: &str, store: &Store) -> Result<Vec<Check>, store::Error> {
    let servers = match store.dialect() {
        Dialect::Sqlite => match lock_holder(url)? {
            Some(holder) if holder.starts_with("stagedoor serve") => vec![alone(config, store, holder).await?],
            Some(other) => {
                return Ok(vec![Check::skipped("queue", "Queue", format!("{other} has the database for itself now"))]);
            }
            None => Vec::new(),
        },
        Dialect::Postgres => several(store).await?,
    };
    let runs = servers.iter().any(|server| server.silent_for <= SILENT);
    let mut checks = vec![queue(store, runs).await?];
    checks.extend(reading(&servers, runs));
    for server in servers.iter().filter(|server| server.silent_for <= SILENT) {
        checks.push(shows(store, server).await?);
    }
    Ok(checks)
}

/// The one server that may use SQLite, asked over HTTP.
async fn alone(config: &Config, store: &Store, name: String) -> Result<Server, store::Error> {
    let shown = match timeout(PATIENCE, lag(config)).await.ok().flatten() {
        Some(lag) => Ok(store.feed_head().await?.saturating_sub(lag)),
        None => Err(format!("it does not answer at {}", config.listen)),
    };
    Ok(Server { name, leads: true, silent_for: 0, shown })
}

async fn lag(config: &Config) -> Option<i64> {
    let server = Url::parse(&format!("http://{}", config.listen)).ok()?;
    let remote = Remote::from(&RemoteOptions { server: Some(server) }).ok()?;
    let replicas = remote.get("/system/replicas", &[]).await.ok()?;
    replicas.pointer("/items/0/feedLag")?.as_i64()
}

/// The servers that share a PostgreSQL, as they say of themselves.
async fn several(store: &Store) -> Result<Vec<Server>, store::Error> {
    let servers = store.replicas().await?.into_iter().map(|row| {
        let told: Result<Replica, _> = serde_json::from_str(&row.record);
        let host = told.as_ref().map_or("another version", |told| told.host.as_str());
        Server {
            name: format!("{} on {host}", row.id),
            leads: row.leads,
            silent_for: row.silent_for,
            shown: told.map(|told| told.shown).map_err(|error| format!("it says what cannot be read: {error}")),
        }
    });
    Ok(servers.collect())
}

async fn queue(store: &Store, runs: bool) -> Result<Check, store::Error> {
    const TITLE: &str = "Queue";
    let counts = store.queue_counts().await?;
    let late = counts.oldest_due.map_or(0, |due| model::Clock::now(&SystemClock).saturating_sub(due));
    let said = [
        (counts.waiting, "waiting"),
        (counts.running, "being done"),
        (counts.retrying, "tried again after a failure"),
        (counts.dead, "put aside"),
    ];
    let said: Vec<String> =
        said.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let said = if said.is_empty() { "nothing waits".to_owned() } else { said.join(", ") };
    if runs && late > LATE {
        let detail = format!("{said}; what is due longest waits since {}: no worker takes it", lasting(late));
        return Ok(Check::failed("queue", TITLE, detail)
            .remedy("restart the server; its log says why its workers stand still"));
    }
    for (count, state, remedy) in [
        (
            counts.dead,
            QueueState::Dead,
            "mend what it says, then `stagedoor queue retry`; `stagedoor queue list` shows all",
        ),
        (counts.retrying, QueueState::Retrying, "it is tried again by itself; `stagedoor queue list` shows all"),
    ] {
        if count > 0 {
            let job = store.queue(Some(state), 1).await?.into_iter().next();
            let why = job.and_then(|job| job.last_error).map_or_else(String::new, |why| format!(": {why}"));
            return Ok(Check::note("queue", TITLE, format!("{said}{why}")).remedy(remedy));
        }
    }
    let idle = if runs || counts.waiting == 0 { "" } else { ", for the next start" };
    Ok(Check::passed("queue", TITLE, format!("{said}{idle}")))
}

/// Does somebody read from GitLab, and do all servers live that should?
fn reading(servers: &[Server], runs: bool) -> Vec<Check> {
    const TITLE: &str = "Servers";
    if servers.is_empty() {
        return vec![Check::passed("servers", TITLE, "none uses the database now")];
    }
    let mut checks = Vec::new();
    let leader = servers.iter().find(|server| server.leads);
    checks.push(match leader {
        Some(leader) => Check::passed("servers", TITLE, format!("{} reads from GitLab", leader.name)),
        None if runs => Check::failed("servers", TITLE, "none of them leads, so none reads from GitLab by the clock")
            .remedy("look at the log of a server for `no sign of life could be given`"),
        None => Check::passed("servers", TITLE, "none uses the database now"),
    });
    for server in servers.iter().filter(|server| server.silent_for > SILENT) {
        let detail = format!("{} gave its last sign of life {} ago", server.name, lasting(server.silent_for));
        checks.push(
            Check::note("servers", TITLE, detail)
                .remedy("if it should run, look whether it hangs; it is forgotten after an hour"),
        );
    }
    checks
}

/// Does it show what is stored?
async fn shows(store: &Store, server: &Server) -> Result<Check, store::Error> {
    const TITLE: &str = "Changes shown";
    let shown = match &server.shown {
        Ok(shown) => *shown,
        Err(why) => {
            let detail = format!("how far {} is cannot be known: {why}", server.name);
            return Ok(
                Check::note("feed", TITLE, detail).remedy("give `--listen` as the server has it, or look at its log")
            );
        }
    };
    let (behind, since) = store.feed_behind(shown).await?;
    Ok(if since > LATE {
        let detail = format!("{} does not show {behind} change(s), the oldest since {}", server.name, lasting(since));
        Check::failed("feed", TITLE, detail)
            .remedy("restart it; its log says why: look for `the feed cannot be read` and `not shown yet`")
    } else {
        Check::passed("feed", TITLE, format!("by {}, {behind} to come", server.name))
    })
}

fn lasting(millis: Millis) -> String {
    match millis / 1_000 {
        seconds @ ..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}
