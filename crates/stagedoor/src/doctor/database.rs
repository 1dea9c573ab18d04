//! Does the database open, and does this version know its tables? Nothing of it is changed.

use std::path::Path;

use store::Tables;

use super::Check;
use crate::config::Config;

const TITLE: &str = "Database";

pub(super) async fn database(config: &Config) -> Check {
    let url = config.database_url();
    if let Some(file) = not_there(&url) {
        return Check::passed("database", TITLE, format!("{file} will be made at the first start"));
    }
    match store::tables(&url).await {
        Ok(Tables { found, known }) if found == known => {
            Check::passed("database", TITLE, format!("opens; schema version {found}, as this Stagedoor has it"))
        }
        Ok(Tables { found: 0, .. }) => {
            Check::passed("database", TITLE, "opens; it is empty and gets its tables at the first start")
        }
        Ok(Tables { found, known }) if found < known => Check::note(
            "database",
            TITLE,
            format!("opens; schema version {found} is brought to {known} at the next start"),
        )
        .remedy(before(config)),
        Ok(Tables { found, known }) => Check::failed(
            "database",
            TITLE,
            format!("a newer Stagedoor wrote it: schema version {found}, this one knows {known}"),
        )
        .remedy("run the newer version, or restore the backup made before its upgrade"),
        Err(error) => {
            Check::failed("database", TITLE, error.to_string()).remedy("see `database` and `data` of the configuration")
        }
    }
}

/// The file of a database that is not made yet; opening it would make it.
fn not_there(url: &str) -> Option<&str> {
    let file = url.strip_prefix("sqlite:")?.split('?').next()?.trim_start_matches("//");
    (file != ":memory:" && !Path::new(file).exists()).then_some(file)
}

/// Can the database be looked at without making it?
pub(super) fn is_there(url: &str) -> bool {
    not_there(url).is_none()
}

fn before(config: &Config) -> String {
    if config.backups.before_migration {
        let folder = config.backups_folder();
        format!("a backup is made before, in {}: see that there is room", folder.display())
    } else {
        "make a backup before, `stagedoor backup create`: an older Stagedoor does not read it afterwards".to_owned()
    }
}
