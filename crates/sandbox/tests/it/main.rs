//! The sandbox from outside: a running instance and plain HTTP, git and webhooks.

mod content;
mod errors;
mod estate;
mod git;
mod graphql;
mod paging;
mod roles;
mod server;
mod shapes;
mod webhooks;
