//! An e-mail provider that takes every mail at once, as SendGrid answers, and notes when it was called.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::client::message_len;
use crate::people::MARK;
use crate::stopwatch;

const ANSWER: &[u8] = b"HTTP/1.1 202 Accepted\r\nx-message-id: load\r\ncontent-length: 0\r\n\r\n";

#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    mails: Arc<Mails>,
}

#[derive(Default)]
struct Mails {
    /// Whom the mails went to, by number, and when they came.
    taken: Mutex<Vec<(usize, Instant)>>,
    more: Notify,
}

impl Provider {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let provider = Self {
            address: listener.local_addr()?,
            mails: Arc::default(),
        };
        let mails = Arc::clone(&provider.mails);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let mails = Arc::clone(&mails);
                tokio::spawn(async move { take_all(socket, &mails).await });
            }
        });
        Ok(provider)
    }

    pub(crate) fn count(&self) -> usize {
        self.taken().len()
    }

    /// Waits until there are so many.
    pub(crate) async fn wait_for(&self, count: usize) {
        while self.count() < count {
            self.mails.more.notified().await;
        }
    }

    /// All mails so far, which are forgotten here.
    pub(crate) fn drain(&self) -> Vec<(usize, Instant)> {
        std::mem::take(&mut *self.taken())
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, Vec<(usize, Instant)>> {
        self.mails.taken.lock().expect("no holder panics")
    }
}

async fn take_all(mut socket: TcpStream, mails: &Mails) -> Option<()> {
    socket.set_nodelay(true).ok()?;
    let mut read = Vec::with_capacity(16 << 10);
    loop {
        while message_len(&read).is_none_or(|whole| read.len() < whole) {
            if socket.read_buf(&mut read).await.ok()? == 0 {
                return None;
            }
        }
        let whole = message_len(&read)?;
        let came = stopwatch::now();
        socket.write_all(ANSWER).await.ok()?;
        let number = person(&read[..whole])?;
        mails
            .taken
            .lock()
            .expect("no holder panics")
            .push((number, came));
        mails.more.notify_one();
        read.drain(..whole);
    }
}

/// The number in the recipient's address.
fn person(request: &[u8]) -> Option<usize> {
    let mark = MARK.as_bytes();
    let start = request.windows(mark.len()).position(|part| part == mark)? + mark.len();
    let digits = request[start..].split(|b| !b.is_ascii_digit()).next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
