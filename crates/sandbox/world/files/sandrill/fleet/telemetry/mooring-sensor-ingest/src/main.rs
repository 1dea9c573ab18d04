//! Takes readings over websockets.

mod reading;

use tracing::info;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt::init();
    let listener = tokio::net::TcpListener::bind("0.0.0.0:9000").await?;
    info!("listening");
    loop {
        let (stream, from) = listener.accept().await?;
        tokio::spawn(async move {
            if let Ok(socket) = tokio_tungstenite::accept_async(stream).await {
                info!(%from, "bollard connected");
                drop(socket);
            }
        });
    }
}
