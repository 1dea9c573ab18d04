//! `/api/v1`: what the console and the command line speak.

mod connections;
mod dto;
mod entities;
mod entity;
mod events;
mod filters;
mod problems;
mod queue;
mod removed;
mod replicas;
mod rows;
mod status;
mod system;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::services::App;

pub use connections::{Check as ConnectionCheck, Report as ConnectionReport};
pub(crate) use filters::key_of_path;
pub(crate) use system::scope_of_ref;

/// All routes, each with its documentation and the action it demands.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(system::instance))
        .routes(routes!(system::catalog_status))
        .routes(routes!(entities::list))
        .routes(routes!(entities::facets))
        .routes(routes!(entity::page))
        .routes(routes!(entity::graph))
        .routes(routes!(problems::list))
        .routes(routes!(problems::facets))
        .routes(routes!(entities::search))
        .routes(routes!(system::refresh))
        .routes(routes!(system::permission))
        .routes(routes!(events::events))
        .routes(routes!(queue::list))
        .routes(routes!(queue::retry_all))
        .routes(routes!(queue::retry))
        .routes(routes!(queue::drop_one))
        .routes(routes!(removed::list))
        .routes(routes!(replicas::list))
        .merge(connections::routes())
}
