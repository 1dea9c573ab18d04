//! `/api/catalog`.

use utoipa_axum::router::OpenApiRouter;

use crate::services::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
