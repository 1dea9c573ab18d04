//! Version, metadata, and the caller's own token.

use serde_json::json;

use super::{Answer, ok, rows};
use crate::app::Table;
use crate::call::Call;
use crate::errors::ApiError;

/// The GitLab version that the sandbox speaks for.
pub(crate) const VERSION: &str = "18.6.2";
/// Its revision.
pub(crate) const REVISION: &str = "5a7d0b1c3e9";

pub(super) fn routes(table: &mut Table) {
    // The older name of the same answer.
    table.get("/api/v4/version", metadata);
    table.get("/api/v4/metadata", metadata);
    table.get("/api/v4/personal_access_tokens/self", own_token);
}

async fn metadata(call: Call) -> Answer {
    call.viewer.person()?;
    ok(&json!({
        "version": VERSION,
        "revision": REVISION,
        "kas": { "enabled": false, "externalUrl": null, "externalK8sProxyUrl": null, "version": null },
        "enterprise": false,
    }))
}

async fn own_token(call: Call) -> Answer {
    let token = call.viewer.token.as_ref().ok_or_else(ApiError::unauthorized)?;
    ok(&rows::token(token, call.app.clock.now()))
}
