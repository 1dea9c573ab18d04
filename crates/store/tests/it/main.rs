//! The store on both databases. `make test` starts a PostgreSQL and names it in `STAGEDOOR_TEST_POSTGRES`; without it the
//! PostgreSQL half fails, because a half that is skipped proves nothing.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends there")]

mod backup;
mod catalog;
mod connections;
mod feed;
mod jobs;
mod queue;
mod sources;
mod support;
mod trail;
