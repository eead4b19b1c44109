//! What it takes to acknowledge an event: in the store (one file, `synchronous=FULL`), and through the
//! whole door over HTTP. Every event is about a new person with 30 fields.
//!
//! `cargo bench -p followup --bench ingest`

#[path = "parts/callers.rs"]
mod callers;
#[path = "parts/world.rs"]
mod world;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use followup::signatures::standard_webhooks::{self, Secret};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use world::{NOW, SECRET, World};

/// Requests under way at once: with one, each pays for a commit of its own.
const CALLERS: [usize; 2] = [1, 32];

fn ingest(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let world = Arc::new(runtime.block_on(World::start()));
    let mut group = criterion.benchmark_group("ingest");
    group.throughput(Throughput::Elements(1));
    for callers in CALLERS {
        group.bench_function(format!("store, {callers} at a time"), |bencher| {
            bencher.to_async(&runtime).iter_custom(|events| {
                let arrivals: Vec<_> = (0..events).map(|_| world.arrival(1)).collect();
                let store = Arc::clone(&world.daemon.store);
                callers::work_off(arrivals, callers, move |arrival| {
                    let store = Arc::clone(&store);
                    async move {
                        let ingested = store.ingest(arrival).await.expect("stored");
                        assert_eq!(ingested.stored, 1);
                    }
                })
            });
        });
    }
    for callers in CALLERS {
        group.bench_function(format!("HTTP, {callers} at a time"), |bencher| {
            bencher.to_async(&runtime).iter_custom(|events| {
                let requests: Vec<_> = (0..events).map(|_| request(&world)).collect();
                post_all(world.daemon.address, requests, callers)
            });
        });
    }
    group.finish();
}

/// A signed webhook as it goes over the wire.
fn request(world: &World) -> Vec<u8> {
    let (id, body) = world.webhook();
    let secret = Secret::parse(&SECRET.to_owned().into()).expect("a secret");
    let timestamp_s = NOW.0 / 1_000;
    let signature = standard_webhooks::sign(&secret, &id, timestamp_s, &body);
    let mut request = format!(
        "POST /hooks/crm HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/cloudevents+json\r\n\
         webhook-id: {id}\r\nwebhook-timestamp: {timestamp_s}\r\nwebhook-signature: {signature}\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend(body);
    request
}

/// Plain sockets, kept open: the client must not be what is measured.
async fn post_all(address: SocketAddr, requests: Vec<Vec<u8>>, callers: usize) -> Duration {
    let mut streams = Vec::new();
    for _ in 0..callers {
        streams.push(TcpStream::connect(address).await.expect("connects"));
    }
    let idle = Arc::new(Mutex::new(streams));
    callers::work_off(requests, callers, move |request| {
        let idle = Arc::clone(&idle);
        async move {
            let stream = idle.lock().expect("no caller panics here").pop();
            let mut stream = stream.expect("there is one for each caller");
            post(&mut stream, &request).await;
            idle.lock().expect("no caller panics here").push(stream);
        }
    })
    .await
}

async fn post(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).await.expect("sent");
    let mut answer = [0; 1024];
    let bytes = stream.read(&mut answer).await.expect("answered");
    let answer = String::from_utf8_lossy(&answer[..bytes]);
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with('}'),
        "{answer}"
    );
}

criterion_group!(benches, ingest);
criterion_main!(benches);
