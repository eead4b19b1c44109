//! HTTP by hand, for what a well-behaved client does not do.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No answer may take longer; a test that waits in vain ends.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// A connection on which anything can be written.
pub struct Raw(TcpStream);

impl Raw {
    /// Connects to `http://ADDRESS:PORT`.
    pub async fn connect(base: &str) -> Self {
        let address = base.trim_start_matches("http://");
        Self(TcpStream::connect(address).await.expect("a connection"))
    }

    pub async fn write(&mut self, text: &str) {
        // The server may have answered and closed already: its answer is what counts.
        let _ = self.0.write_all(text.as_bytes()).await;
    }

    /// Sends a byte at every beat until the other side ends it. The answer, if there was one.
    pub async fn drip(mut self, beat: Duration) -> String {
        let mut answer = Vec::new();
        let mut chunk = [0; 1024];
        let mut beat = tokio::time::interval(beat);
        let dripping = async {
            loop {
                tokio::select! {
                    read = self.0.read(&mut chunk) => match read {
                        Ok(read @ 1..) => answer.extend_from_slice(&chunk[..read]),
                        _ => return,
                    },
                    _ = beat.tick() => {
                        // What cannot be written ends with the next read.
                        let _ = self.0.write_all(b"x").await;
                    }
                }
            }
        };
        let in_time = tokio::time::timeout(ANSWER_MAX, dripping).await;
        assert!(in_time.is_ok(), "not let go within {ANSWER_MAX:?}");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The answer as text, to the end of the connection: requests say `connection: close`.
    pub async fn answer(mut self) -> String {
        let mut answer = Vec::new();
        let mut chunk = [0; 4096];
        let reading = async {
            // A reset after the answer takes nothing of it back.
            while let Ok(read @ 1..) = self.0.read(&mut chunk).await {
                answer.extend_from_slice(&chunk[..read]);
            }
        };
        let in_time = tokio::time::timeout(ANSWER_MAX, reading).await;
        assert!(
            in_time.is_ok(),
            "no end of the answer within {ANSWER_MAX:?}"
        );
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// The head of a POST that closes the connection afterwards; `more` are further header lines.
pub fn head(path: &str, more: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: followup\r\nconnection: close\r\n{more}\r\n")
}

/// The status of an answer.
pub fn status(answer: &str) -> u16 {
    let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    code.unwrap_or_else(|| panic!("no answer: {answer:?}"))
}
