//! Requests over plain sockets that are kept open: the generator must not be what is measured.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::stopwatch;

/// What came of many requests.
pub(crate) struct Flood {
    pub(crate) took: Duration,
    /// Of each: when it was due, and how long it took from there to the answer.
    pub(crate) answered: Vec<(Instant, Duration)>,
}

impl Flood {
    pub(crate) fn latencies(&self) -> Vec<Duration> {
        self.answered.iter().map(|(_, took)| *took).collect()
    }
}

/// Sends all of them, each connection one after the other, as soon as the last one was answered; or at
/// a pace, from whose moments latency is counted, so that a stall counts for all that it delays.
pub(crate) async fn send(
    address: SocketAddr,
    requests: Vec<Vec<u8>>,
    connections: usize,
    per_s: Option<f64>,
) -> anyhow::Result<Flood> {
    let count = requests.len();
    let queue = Arc::new(Mutex::new(requests.into_iter().enumerate()));
    let mut streams = Vec::new();
    for _ in 0..connections {
        streams.push(Stream::connect(address).await?);
    }
    let started = stopwatch::now();
    let mut senders = JoinSet::new();
    for mut stream in streams {
        let queue = Arc::clone(&queue);
        senders.spawn(async move {
            let mut answered = Vec::new();
            let next = || queue.lock().expect("no sender panics here").next();
            while let Some((place, request)) = next() {
                let mut due = stopwatch::now();
                if let Some(per_s) = per_s {
                    due = started + Duration::from_secs_f64(place as f64 / per_s);
                    stopwatch::until(due).await;
                }
                stream.call(&request).await?;
                answered.push((place, (due, due.elapsed())));
            }
            anyhow::Ok(answered)
        });
    }
    let mut answered = Vec::with_capacity(count);
    while let Some(sender) = senders.join_next().await {
        answered.extend(sender??);
    }
    let took = started.elapsed();
    answered.sort_unstable_by_key(|(place, _)| *place);
    let answered = answered.into_iter().map(|(_, answer)| answer).collect();
    Ok(Flood { took, answered })
}

/// A connection that stays open.
pub(crate) struct Stream {
    socket: TcpStream,
    read: Vec<u8>,
}

impl Stream {
    pub(crate) async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self {
            socket,
            read: Vec::with_capacity(4096),
        })
    }

    /// Sends one request and reads its whole answer, which must be a 2xx.
    pub(crate) async fn call(&mut self, request: &[u8]) -> anyhow::Result<String> {
        self.socket.write_all(request).await?;
        self.read.clear();
        loop {
            if self.socket.read_buf(&mut self.read).await? == 0 {
                bail!("the server hung up");
            }
            if let Some(whole) = message_len(&self.read)
                && self.read.len() >= whole
            {
                break;
            }
        }
        let answer = String::from_utf8_lossy(&self.read);
        if !answer.starts_with("HTTP/1.1 2") {
            bail!("not taken: {answer}");
        }
        Ok(answer.into_owned())
    }
}

/// How long the HTTP message is, once its head is there.
pub(crate) fn message_len(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let body = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    Some(end + 4 + body.unwrap_or(0))
}

/// The sum of a counter of `/metrics` over its labels.
pub(crate) async fn counter(stream: &mut Stream, name: &str) -> anyhow::Result<usize> {
    let answer = stream
        .call(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .context("/metrics")?;
    let values = answer
        .lines()
        .filter(|line| line.starts_with(name))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
    Ok(values.sum::<f64>() as usize)
}
