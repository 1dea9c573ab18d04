//! The context of one call: who, which request, what time. It goes through every call that may act.

use std::{fmt, sync::Arc};

use crate::{Clock, Millis, Principal, Random};

/// The identifier that ties log lines, audit rows and error answers of one request together: 16 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// A fresh one.
    #[must_use]
    pub fn fresh(random: &dyn Random) -> Self {
        Self(format!("{:016x}", random.next()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Principal, request and clock of one call.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// Who is answerable.
    pub principal: Principal,
    /// Which request.
    pub request: RequestId,
    clock: Arc<dyn Clock>,
}

impl Ctx {
    /// A context for `principal`.
    #[must_use]
    pub fn new(principal: Principal, request: RequestId, clock: Arc<dyn Clock>) -> Self {
        Self { principal, request, clock }
    }

    /// The time by this call's clock.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }
}
