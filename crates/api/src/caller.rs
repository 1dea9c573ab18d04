//! Who asks: the context that every call which may act is given.

use axum::{extract::FromRequestParts, http::request::Parts};
use model::{Ctx, Principal, RequestId};

use crate::{Failure, services::App};

/// The context of this request. Until sign-on exists everybody who reaches the listener is the local operator, which is
/// why it listens on loopback only and [`crate::edge`] refuses what other sites' pages send.
#[derive(Debug)]
pub(crate) struct Caller(pub(crate) Ctx);

impl FromRequestParts<App> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let request = parts.extensions.get::<RequestId>().cloned();
        let request = request.unwrap_or_else(|| RequestId::fresh(app.random.as_ref()));
        Ok(Self(Ctx::new(Principal::Operator, request, app.clock.clone())))
    }
}
