//! Connections to the doors: so many at once, each given so long for the head of its next request.
//!
//! Whoever connects and says nothing, or a byte now and then, is let go when its time is up; what a request's
//! body may take is the door's to say. Where all places are taken, new connections wait in the system's queue.
//! A stop closes what is idle and waits for the requests under way.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::clock::Clock;

/// How long to wait where the system has no more connections to give.
const EXHAUSTED_WAIT_MS: i64 = 500;

/// The limits by name as in `[server]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) connections_max: usize,
    pub(super) header_timeout_ms: u64,
}

/// Returns after `stopping`, when the last request was answered.
pub(super) async fn serve(
    listener: TcpListener,
    app: Router,
    limits: Limits,
    clock: Arc<dyn Clock>,
    stopping: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(limits.connections_max));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.header_timeout_ms));
    let open = GracefulShutdown::new();
    let accept = async {
        loop {
            let place = Arc::clone(&places).acquire_owned().await;
            let place = place.expect("the places are never closed");
            let stream = next(&listener, clock.as_ref()).await;
            let service = TowerToHyperService::new(app.clone());
            let served = open.watch(http.serve_connection(TokioIo::new(stream), service));
            tokio::spawn(async move {
                // One that breaks off, or is too slow, is the client's own affair.
                let _ = served.await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = stopping => {}
    }
    drop(listener);
    open.shutdown().await;
}

async fn next(listener: &TcpListener, clock: &dyn Clock) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // It went away before it was accepted.
            Err(e)
                if matches!(
                    e.kind(),
                    ErrorKind::ConnectionAborted
                        | ErrorKind::ConnectionReset
                        | ErrorKind::ConnectionRefused
                ) => {}
            Err(e) => {
                tracing::error!(error = %e, "no connection can be accepted; it is tried again");
                clock
                    .sleep_until(clock.now().plus_ms(EXHAUSTED_WAIT_MS))
                    .await;
            }
        }
    }
}
