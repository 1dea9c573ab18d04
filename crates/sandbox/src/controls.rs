//! `/-/sandbox/…`: what a test turns. None of it is GitLab's, and none of it is counted, limited or delayed.
//!
//! Answered on loopback only: the controls ask for no token.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::app::{Shared, Table};
use crate::call::Fields;
use crate::errors::{ApiError, json_response};
use crate::stats::Limit;

/// What every control's path begins with.
pub(crate) const PREFIX: &str = "/-/sandbox/";

type Answer = Result<Response, ApiError>;

pub(crate) fn routes(table: &mut Table) {
    table.get("/-/sandbox/stats", async |State(app): State<Shared>| json_response(StatusCode::OK, &app.stats.json()));
    table.delete("/-/sandbox/stats", async |State(app): State<Shared>| {
        app.stats.reset();
        StatusCode::NO_CONTENT
    });
    table.get("/-/sandbox/routes", async |State(app): State<Shared>| json_response(StatusCode::OK, &json!(app.routes)));
    table.put("/-/sandbox/limits", set_limits);
}

fn done() -> Answer {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `{"requests": n, "seconds": n}`: another rate limit, from now on.
async fn set_limits(State(app): State<Shared>, fields: Fields) -> Answer {
    let number = |name: &str| fields.0.get(name).and_then(Value::as_u64).filter(|n| *n > 0);
    let (Some(requests), Some(seconds)) = (number("requests"), number("seconds")) else {
        return Err(ApiError::parameter("requests and seconds must be whole numbers above zero"));
    };
    app.throttle.set(Limit { requests, seconds: i64::try_from(seconds).unwrap_or(60) });
    done()
}
