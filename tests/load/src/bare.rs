//! What there is to compare with: HTTP in, the body appended to SQLite with the same durability (WAL,
//! `synchronous=FULL`) and group commit, 200 out. No signature, no parsing, one table.

use std::path::Path;
use std::sync::mpsc;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use rusqlite::Connection;
use tokio::sync::oneshot;

/// As the server's own default (`store.commit_batch_max`).
const BATCH_MAX: usize = 256;
const QUEUE_MAX: usize = 4_096;

type Job = (Bytes, oneshot::Sender<()>);

#[expect(
    clippy::print_stdout,
    reason = "the line says where it listens, as the server's"
)]
pub(crate) fn serve(file: &Path) -> anyhow::Result<()> {
    let connection = Connection::open(file)?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
         CREATE TABLE bodies (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;",
    )?;
    let (jobs, inbox) = mpsc::sync_channel::<Job>(QUEUE_MAX);
    std::thread::spawn(move || write(connection, &inbox));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on http://{}", listener.local_addr()?);
        let app = Router::new()
            .route("/hooks/crm", post(append))
            .with_state(jobs);
        axum::serve(listener, app).await.context("the bare server")
    })
}

async fn append(State(jobs): State<mpsc::SyncSender<Job>>, body: Bytes) -> StatusCode {
    let (stored, answer) = oneshot::channel();
    if jobs.try_send((body, stored)).is_err() || answer.await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    StatusCode::OK
}

fn write(mut connection: Connection, inbox: &mpsc::Receiver<Job>) {
    while let Ok(first) = inbox.recv() {
        let rest = std::iter::from_fn(|| inbox.try_recv().ok());
        let batch: Vec<_> = std::iter::once(first)
            .chain(rest.take(BATCH_MAX - 1))
            .collect();
        // What is not stored is not answered: its sender hears 503.
        if append_all(&mut connection, &batch).is_ok() {
            for (_, stored) in batch {
                let _ = stored.send(());
            }
        }
    }
}

fn append_all(connection: &mut Connection, batch: &[Job]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for (body, _) in batch {
        transaction
            .prepare_cached("INSERT INTO bodies (body) VALUES (?1)")?
            .execute([&body[..]])?;
    }
    transaction.commit()
}
