//! Who we are to others: connections to GitLab, their tests, their tokens and their webhooks.
//!
//! The room holds one client for each connection and hands it out; what is read with it is another room's affair, which is
//! told by [`Change`]. It knows no HTTP status, no page and no command. Secrets come in as [`secrecy::SecretString`], are
//! kept sealed or by reference (`secrets`), and never go out.
//!
//! Order: what a connection is (`spec`), the test (`check`), how it goes (`health`), what is held (`held`, `opening`, `broker`), and
//! what is done with it (`tokens`, `hooks`, `watch`).

mod actions;
mod broker;
pub mod check;
mod elsewhere;
mod error;
mod health;
mod held;
mod hooks;
pub mod import;
mod opening;
mod spec;
mod tokens;
mod watch;

pub use actions::{AddConnection, ChangeDiscovery, RemoveConnection, TestConnection, UpdateToken};
pub use broker::{Broker, Change, Options, Told};
pub use error::BrokerError;
pub use health::{Failing, Health, Registered};
pub use held::{Connection, HookSecrets, Origin};
pub use hooks::{HookPlan, HookTarget};
pub use spec::{Declared, Given, NewConnection, Patience, Register, Spec};
