//! Version and metadata.

use serde_json::json;

use super::{Answer, ok};
use crate::app::Table;
use crate::call::Call;
use crate::options::Edition;

/// The GitLab version that the sandbox speaks for.
pub(crate) const VERSION: &str = "18.6.2";
/// Its revision.
pub(crate) const REVISION: &str = "5a7d0b1c3e9";

pub(super) fn routes(table: &mut Table) {
    // The older name of the same answer.
    table.get("/api/v4/version", metadata);
    table.get("/api/v4/metadata", metadata);
}

async fn metadata(call: Call) -> Answer {
    call.viewer.person()?;
    ok(&json!({
        "version": VERSION,
        "revision": REVISION,
        "kas": { "enabled": false, "externalUrl": null, "externalK8sProxyUrl": null, "version": null },
        "enterprise": call.app.edition == Edition::Premium,
    }))
}
