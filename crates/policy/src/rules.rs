//! The decision: pure, the same for the gate and for a page that asks beforehand.

use model::Principal;
use serde::Serialize;

/// What the rules say, and which rule said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// May they?
    pub allowed: bool,
    /// The name of the rule that decided.
    pub rule: String,
    /// The reason, for people.
    pub why: String,
    /// Who could do it instead, when it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
}

/// What Stagedoor does by itself, because its configuration says so.
const OWN_ACTIONS: &[&str] = &["RegisterHook"];

/// Decides whether `principal` may do `action`.
///
/// What no rule allows is refused.
#[must_use]
pub fn decide(principal: &Principal, action: &str) -> Decision {
    match principal {
        Principal::Operator => Decision {
            allowed: true,
            rule: "local-operator".to_owned(),
            why: "the person at this machine may do everything until sign-on is set up".to_owned(),
            who: None,
        },
        Principal::System if OWN_ACTIONS.contains(&action) => Decision {
            allowed: true,
            rule: "configured".to_owned(),
            why: "the configuration file asks for it".to_owned(),
            who: None,
        },
        Principal::System => Decision {
            allowed: false,
            rule: "default-deny".to_owned(),
            why: format!("Stagedoor does not do {action} by itself"),
            who: Some("the local operator".to_owned()),
        },
    }
}
