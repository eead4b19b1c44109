//! The world as a guest sees it: a clock that stands at the decision's `now`, dice that fall the
//! same way for the same seed, nothing to read, nobody to talk to.
//!
//! The whole of WASI 0.2 is there, since languages import half of it for code they never run;
//! all of it is virtual.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use rand::{SeedableRng, rngs::ChaCha12Rng};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx};

use crate::domain::Instant;

/// The most random bytes of one request.
const RANDOM_MAX_BYTES: u64 = 64 << 10;

/// The most that one write may hand over.
const WRITE_MAX_BYTES: usize = 64 << 10;

/// A WASI without authority; what the guest prints ends in `said`.
pub(super) fn context(now: Instant, seed: u64, said: &Said) -> WasiCtx {
    let now = Frozen(Duration::from_millis(u64::try_from(now.0).unwrap_or(0)));
    WasiCtx::builder()
        .wall_clock(now)
        .monotonic_clock(now)
        // Not the standard generator: that one may change with the library, and old decisions with it.
        .secure_random(ChaCha12Rng::seed_from_u64(seed))
        .insecure_random(ChaCha12Rng::seed_from_u64(seed ^ 1))
        .insecure_random_seed(u128::from(seed))
        .max_random_size(RANDOM_MAX_BYTES)
        .stdout(said.clone())
        .stderr(said.clone())
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .build()
}

#[derive(Clone, Copy)]
struct Frozen(Duration);

impl HostWallClock for Frozen {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        self.0
    }
}

/// Frozen as well: what a guest measures is always nothing.
impl HostMonotonicClock for Frozen {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        0
    }
}

/// The end of what a guest printed: a panic says last why it came.
#[derive(Clone)]
pub(super) struct Said {
    bytes: Arc<Mutex<VecDeque<u8>>>,
    max: usize,
}

impl Said {
    pub(super) fn new(max: usize) -> Self {
        Self {
            bytes: Arc::default(),
            max,
        }
    }

    pub(super) fn push(&self, text: &[u8]) {
        let text = &text[text.len().saturating_sub(self.max)..];
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let excess = (bytes.len() + text.len()).saturating_sub(self.max);
        bytes.drain(..excess);
        bytes.extend(text);
    }

    pub(super) fn text(&self) -> String {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(bytes.make_contiguous())
            .trim()
            .to_owned()
    }
}

impl IsTerminal for Said {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Said {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Said {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_MAX_BYTES)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Said {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Said {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.push(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept() {
        let check = |parts: &[&str], expect: &str| {
            let said = Said::new(8);
            for part in parts {
                said.push(part.as_bytes());
            }
            assert_eq!(said.text(), expect, "{parts:?}");
        };
        check(&[], "");
        check(&["short"], "short");
        check(&["12345", "67890"], "34567890");
        check(&["a very long line"], "ong line");
        // Cut within a character: still text.
        check(&["äöüß!"], "\u{fffd}öüß!");
    }
}
