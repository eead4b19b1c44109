//! The outside world: APIs over real HTTP on loopback, in the test's own process.

pub mod collector;
pub mod dns;
pub mod gate;
pub mod hubspot;
pub mod json_api;
pub mod provider;
pub mod scripted;

use axum::Router;

/// Serves until the test's runtime ends; returns the base URL.
async fn serve(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}
