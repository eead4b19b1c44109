//! Against a mail server on loopback that plays a script: how far a submission came.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;

const LIMITS: NetLimits = NetLimits {
    connect_timeout_ms: 5_000,
    total_timeout_ms: 20_000,
    response_max_bytes: 1_000,
};
const HELLO: &str = "250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME";
const MAIL: &[u8] = b"Subject: Hi\r\n\r\n.one\r\ntwo\r\n";

fn server(port: u16, encryption: Encryption, login: bool) -> Arc<SmtpServer> {
    Arc::new(SmtpServer {
        host: "127.0.0.1".to_owned(),
        port,
        encryption,
        login: login.then(|| ("jane".to_owned(), "secret".to_owned().into())),
    })
}

/// What a submission ends with where the server answers its commands, in order, with these replies; and
/// what it heard. A reply of nothing closes the connection.
async fn played(
    replies: &[&str],
    encryption: Encryption,
    login: bool,
    to: &str,
) -> (Submission, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let net = Net::new(LIMITS).expect("a client");
    let submitter = net.submitter(server(port, encryption, login));
    let address = |text| EmailAddress::parse(text).expect("an address");
    let (from, to) = (address("jane@acme.example"), address(to));
    let serve = async {
        let (stream, _) = listener.accept().await.expect("a connection");
        drop(listener);
        let mut stream = BufReader::new(stream);
        let mut heard = Vec::new();
        for reply in replies {
            if reply.is_empty() {
                return heard;
            }
            let reply = format!("{reply}\r\n");
            stream.write_all(reply.as_bytes()).await.expect("written");
            let mut line = String::new();
            if reply.starts_with("354") {
                while !line.ends_with("\r\n.\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).await.expect("a mail");
                    line.push(char::from(byte[0]));
                }
            } else if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
                return heard;
            }
            heard.push(line.trim_end().to_owned());
        }
        heard
    };
    tokio::join!(submitter.submit(&from, &to, MAIL), serve)
}

async fn check(replies: &[&str], stage: Stage, code: Option<u16>) {
    let (ended, _) = played(replies, Encryption::None, true, "zoe@example.com").await;
    let got = ended.reply.as_ref().ok().map(|reply| reply.code);
    assert_eq!((ended.stage, got), (stage, code), "{replies:?}: {ended:?}");
}

#[tokio::test]
async fn a_mail_is_taken() {
    let replies = [
        "220 hi",
        HELLO,
        "235 ok",
        "250 ok",
        "250 ok",
        "354 go",
        "250 2.0.0 queued as 7",
    ];
    let (ended, heard) = played(&replies, Encryption::None, true, "zoe@example.com").await;
    assert_eq!(
        heard,
        [
            "EHLO acme.example",
            "AUTH PLAIN AGphbmUAc2VjcmV0",
            "MAIL FROM:<jane@acme.example>",
            "RCPT TO:<zoe@example.com>",
            "DATA",
            "Subject: Hi\r\n\r\n..one\r\ntwo\r\n.",
            "QUIT",
        ]
    );
    let reply = Reply {
        code: 250,
        text: "2.0.0 queued as 7".to_owned(),
    };
    assert_eq!(
        ended,
        Submission {
            stage: Stage::End,
            reply: Ok(reply)
        }
    );
}

#[tokio::test]
async fn each_stage_is_told() {
    let good = ["220 hi", HELLO, "235 ok", "250 ok", "250 ok", "354 go"];
    let then = |count: usize, reply| [&good[..count], &[reply]].concat();
    for (count, stage) in [
        (0, Stage::Connection),
        (1, Stage::Connection),
        (2, Stage::Login),
        (3, Stage::Sender),
        (4, Stage::Recipient),
        (5, Stage::Data),
        (6, Stage::End),
    ] {
        check(&then(count, "451 later"), stage, Some(451)).await;
        check(&then(count, "550 no"), stage, Some(550)).await;
        check(&then(count, ""), stage, None).await;
        check(&then(count, "what?"), stage, None).await;
    }
}

#[tokio::test]
async fn what_the_server_lacks_is_not_done_without() {
    let plain = "250 mail.example";
    let zoe = "zoe@example.com";
    for (encryption, login, to, stage) in [
        (Encryption::StartTls, false, zoe, Stage::Encryption),
        (Encryption::None, true, zoe, Stage::Login),
        (Encryption::None, false, "zoë@example.com", Stage::Sender),
    ] {
        let (ended, heard) = played(&["220 hi", plain, ""], encryption, login, to).await;
        assert_eq!(ended.stage, stage, "{ended:?}");
        assert!(ended.reply.is_err(), "{ended:?}");
        assert!(
            heard.iter().all(|line| !line.starts_with("MAIL")),
            "{heard:?}"
        );
    }
}

#[derive(Debug)]
struct Public;

#[async_trait::async_trait]
impl Names for Public {
    async fn lookup(&self, _name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(vec![IpAddr::from([192, 88, 100, 1])])
    }
}

#[tokio::test]
async fn nothing_goes_over_the_internet_in_clear_text() {
    let net = Net::with_names(LIMITS, Arc::new(Public)).expect("a client");
    let mut server = (*server(25, Encryption::None, false)).clone();
    server.host = "mail.example.com".to_owned();
    let zoe = EmailAddress::parse("zoe@example.com").expect("an address");
    let ended = net
        .submitter(Arc::new(server))
        .submit(&zoe, &zoe, MAIL)
        .await;
    assert_eq!(ended.stage, Stage::Connection);
    let why = ended.reply.expect_err("refused");
    assert!(why.contains("private network"), "{why}");
}
