//! Reads bunker notes (CSV) and serves the balance of each ship.

mod balance;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::{extract::Path, routing::get, Json, Router};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let notes = balance::read(std::fs::File::open("bunker-notes.csv")?)?;
    let table: Arc<BTreeMap<String, i64>> = Arc::new(balance::by_ship(&notes));
    let app = Router::new().route(
        "/ships/:ship",
        get(move |Path(ship): Path<String>| {
            let table = Arc::clone(&table);
            async move { Json(table.get(&ship).copied()) }
        }),
    );
    axum::Server::bind(&([0, 0, 0, 0], 8080).into()).serve(app.into_make_service()).await?;
    Ok(())
}
