//! Over real sockets on loopback: what counts as "not sent" and what as "nobody knows".

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Long enough for a busy machine; only the size is meant to be met.
const LIMITS: NetLimits = NetLimits {
    connect_timeout_ms: 5_000,
    total_timeout_ms: 20_000,
    response_max_bytes: 1_000,
};

fn net() -> Net {
    Net::new(LIMITS).expect("a client")
}

fn request(url: &str) -> Request {
    Request {
        method: Method::Post,
        url: url.to_owned(),
        headers: vec![("authorization", "Bearer secret".to_owned())],
        body: b"{}".to_vec(),
    }
}

/// Reads one request from the next connection.
async fn receive(listener: &TcpListener) -> (TcpStream, String) {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut text = Vec::new();
    while !text.ends_with(b"{}") {
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await.expect("a request");
        assert!(read > 0, "the client gave up");
        text.extend_from_slice(&buffer[..read]);
    }
    (stream, String::from_utf8(text).expect("text"))
}

/// Calls a server that answers one request with these bytes and closes.
async fn answered(answer: &str) -> (Result<Response, Failure>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("bound"));
    let (net, request) = (net(), request(&url));
    let serve = async {
        let (mut stream, received) = receive(&listener).await;
        stream.write_all(answer.as_bytes()).await.expect("written");
        received
    };
    tokio::join!(net.call(&request, Reach::Configured), serve)
}

#[tokio::test]
async fn a_whole_answer() {
    let (answer, received) =
        answered("HTTP/1.1 429 Slow\r\nRetry-After: 3\r\ncontent-length: 5\r\n\r\nhello").await;
    let answer = answer.expect("an answer");
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (429, &b"hello"[..])
    );
    assert_eq!(answer.header("retry-after"), Some("3"));
    let received = received.to_lowercase();
    assert!(received.starts_with("post /v1 http/1.1\r\n"), "{received}");
    assert!(received.contains(concat!("user-agent: followup/", env!("CARGO_PKG_VERSION"))));
    assert!(received.contains("authorization: bearer secret"));
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let (answer, _) = answered(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    assert_eq!(answer.expect("an answer").status, 302);
}

#[tokio::test]
async fn what_breaks_off_may_have_been_received() {
    for answer in [
        "",
        "HTTP/1.1 202",
        "HTTP/1.1 202 Accepted\r\ncontent-length: 10\r\n\r\nhalf",
        "no http\r\n\r\n",
        &format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}",
            "x".repeat(1_001)
        ),
    ] {
        let (got, _) = answered(answer).await;
        assert!(
            matches!(got, Err(Failure::Unknown(_))),
            "{answer:?}: {got:?}"
        );
    }
}

#[tokio::test]
async fn silence_after_the_request_may_mean_anything() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let impatient = NetLimits {
        total_timeout_ms: 300,
        ..LIMITS
    };
    let (net, request) = (Net::new(impatient).expect("a client"), request(&url));
    let (got, _stream) = tokio::join!(net.call(&request, Reach::Configured), receive(&listener));
    let Err(Failure::Unknown(reason)) = got else {
        panic!("{got:?}")
    };
    assert!(reason.contains("timed out"), "{reason}");
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let closed = listener.local_addr().expect("bound");
    drop(listener);
    for url in [
        format!("http://{closed}/"),
        "ftp://127.0.0.1/".to_owned(),
        "no url".to_owned(),
    ] {
        let got = net().call(&request(&url), Reach::Configured).await;
        assert!(matches!(got, Err(Failure::NotSent(_))), "{url}: {got:?}");
    }
    let mut injected = request(&format!("http://{closed}/"));
    injected.headers = vec![("x-name", "a\r\nb: c".to_owned())];
    let got = net().call(&injected, Reach::Configured).await;
    assert!(matches!(got, Err(Failure::NotSent(_))), "{got:?}");
}

/// A server that would answer, and must not be reached.
#[tokio::test]
async fn the_public_reach_ends_before_our_own_network() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ] {
        let url = format!("http://{host}:{port}/");
        let got = net().call(&request(&url), Reach::Public).await;
        let Err(Failure::NotSent(reason)) = got else {
            panic!("{url}: {got:?}")
        };
        assert!(
            reason.contains("not on the public internet"),
            "{url}: {reason}"
        );
    }
}

#[tokio::test]
async fn a_machine_without_certificates_says_so() {
    let bare = Net::build(LIMITS, Arc::new(SystemNames), true).expect("a client");
    let got = bare
        .call(&request("https://127.0.0.1:1/"), Reach::Configured)
        .await;
    let Err(Failure::NotSent(reason)) = got else {
        panic!("{got:?}")
    };
    assert!(reason.contains("CA certificates"), "{reason}");
}
