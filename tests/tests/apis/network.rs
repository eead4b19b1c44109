//! The other side misbehaves on the wire: every provider, over real connections.

use std::sync::Arc;

use followup::domain::connector::Sends;
use followup::domain::mail::{Outcome, Provider};
use followup::net::{Net, NetLimits, Reach};
use followup_tests::connectors::{connect, samples};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::case::{mail, now};

/// What the other side does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Nobody listens.
    Refuse,
    /// Closes at once.
    CloseBefore,
    /// Reads the request, then closes without a word.
    CloseAfter,
    /// Reads the request and says nothing.
    Hang,
    /// Breaks off in the middle of its answer.
    HalfAnAnswer,
    /// Answers what is no HTTP.
    Gibberish,
}

/// How long a call may take here: the hanging ones take as long.
const TIMEOUT_MS: u64 = 300;

#[tokio::test]
async fn whatever_happens_on_the_wire_is_no_acceptance() {
    let net = Net::new(NetLimits {
        total_timeout_ms: TIMEOUT_MS,
        ..NetLimits::default()
    });
    let net = net.expect("a client");
    for manner in [
        Manner::Refuse,
        Manner::CloseBefore,
        Manner::CloseAfter,
        Manner::Hang,
        Manner::HalfAnAnswer,
        Manner::Gibberish,
    ] {
        let base = upstream(manner).await;
        for (name, provider) in providers(&base) {
            let request = provider.send_request(&mail(), now());
            assert!(
                request.url.starts_with(&base),
                "{name} ignores base_url: {}",
                request.url
            );
            let answer = net.call(&request, Reach::Configured).await;
            let outcome = provider.outcome(&answer);
            let retried = matches!(outcome, Outcome::Retry { .. });
            let in_doubt = matches!(outcome, Outcome::InDoubt { .. });
            let fits = match manner {
                Manner::Refuse => retried,
                // The client may have found out before it wrote anything.
                Manner::CloseBefore => retried || in_doubt,
                _ => in_doubt,
            };
            assert!(fits, "{name}, {manner:?}: {outcome:?}");
        }
    }
}

fn providers(base: &str) -> Vec<(&'static str, Arc<dyn Provider>)> {
    let provider = |sample: followup_tests::connectors::Sample| {
        let settings = sample.settings.clone().with_text("base_url", base);
        match connect(sample.kind, &settings).sends {
            Some(Sends::Http(provider)) => Some((sample.name(), provider)),
            _ => None,
        }
    };
    samples().into_iter().filter_map(provider).collect()
}

/// Serves until the test ends; returns `http://ADDRESS:PORT`.
async fn upstream(manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    if manner != Manner::Refuse {
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(behave(connection, manner));
            }
        });
    }
    base
}

async fn behave(mut connection: TcpStream, manner: Manner) {
    if manner == Manner::CloseBefore {
        return;
    }
    read_request(&mut connection).await;
    let said: &[u8] = match manner {
        Manner::HalfAnAnswer => b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":",
        Manner::Gibberish => b"220 smtp.example ESMTP\r\n",
        Manner::Hang => {
            // To the end of the client's patience.
            let _ = connection.read(&mut [0]).await;
            return;
        }
        _ => return,
    };
    // The client may have gone: then its outcome is the same.
    let _ = connection.write_all(said).await;
}

/// The head, and as much body as it announces.
async fn read_request(connection: &mut TcpStream) {
    let (mut read, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let Ok(count @ 1..) = connection.read(&mut chunk).await else {
            return;
        };
        read.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&read).to_lowercase();
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok())
            .unwrap_or(0);
        if read.len() >= head.len() + 4 + length {
            return;
        }
    }
}
