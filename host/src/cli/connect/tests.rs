//! Asking and registering, with a kind of the test's own whose API is a socket.

use std::sync::{Arc, Mutex};

use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::shown::Connected;
use super::{Known, trial};
use crate::domain::Instant;
use crate::domain::connector::{
    AskError, Authenticity, Connector, Field, Kind, Probes, Registered, Registers, Settings, Sort,
    Unfit,
};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal};
use crate::domain::http::{Method, Request, Response};
use crate::net::{Net, NetLimits};

const KIND: Kind = Kind {
    name: "own",
    title: "Own CRM",
    sort: Sort::Crm,
    fields: &[Field::own_base_url("https://own.example", "Where it is.")],
    authenticity: Authenticity::StaticCredential,
    steps: &["Post webhooks to {url}.", "Mails go to {inbound_url}."],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let own = Arc::new(Own {
        base_url: settings.base_url()?,
    });
    Ok(Connector {
        hook: Some(Arc::clone(&own) as _),
        probes: Some(Arc::clone(&own) as _),
        registers: Some(own),
        ..Connector::default()
    })
}

struct Own {
    base_url: String,
}

impl Own {
    fn call(&self, method: Method, path: &str) -> Request {
        Request {
            method,
            url: format!("{}{path}", self.base_url),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

fn good(answer: &Response) -> Result<String, AskError> {
    match answer.status {
        200 => Ok(String::from_utf8_lossy(&answer.body).into_owned()),
        429 => Err(AskError::Retry {
            reason: "Own CRM is busy".to_owned(),
            after_ms: None,
        }),
        status => Err(AskError::Refused(format!("Own CRM answered {status}"))),
    }
}

impl Probes for Own {
    fn request(&self, _now: Instant) -> Request {
        self.call(Method::Get, "/me")
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        good(answer)
    }
}

impl Registers for Own {
    fn requests(&self, url: &str, inbound_url: &str) -> Vec<Request> {
        let told = |url: &str| self.call(Method::Post, &format!("/hooks?to={url}"));
        vec![told(url), told(inbound_url)]
    }

    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        let secrets: Result<Vec<_>, _> = answers.iter().map(good).collect();
        Ok(Registered {
            secrets: vec![("secret", secrets?.concat().into())],
            ids: vec!["hook 7".to_owned()],
            ..Registered::default()
        })
    }
}

impl Hook for Own {
    fn verify(&self, _request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        Ok(())
    }

    fn normalize(&self, _request: &HookRequest, _now: Instant) -> Result<Batch, Malformed> {
        Ok(Batch::default())
    }
}

/// An API that gives every caller the same answer; what it was asked.
async fn api(status: u16, body: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let noted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            let line = text.lines().next().unwrap_or_default().to_owned();
            noted.lock().expect("unpoisoned").push(line);
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, asked)
}

fn known(url: &str) -> Known {
    let settings = Settings::default().with_text("base_url", url);
    Known {
        kind: &KIND,
        connector: (KIND.connect)(&settings).expect("connects"),
        settings,
        base_url_written: true,
        inbound_address: None,
        reconcile_every_ms: None,
        write_back: false,
        log_mail: false,
    }
}

fn net() -> Arc<Net> {
    Arc::new(Net::new(NetLimits::default()).expect("a client"))
}

#[tokio::test]
async fn who_answers_is_told_and_who_does_not_stops_it() {
    for (status, expect) in [
        (200, Ok(Some("Acme (account 7)"))),
        (401, Err("Own CRM answered 401")),
        (429, Err("Own CRM is busy")),
    ] {
        let (url, asked) = api(status, "Acme (account 7)").await;
        match (trial::test(&known(&url), &net()).await, expect) {
            (Ok(who), Ok(expect)) => assert_eq!(who.as_deref(), expect),
            (Err(error), Err(part)) => {
                let error = error.to_string();
                assert!(
                    error.contains(part) && error.contains("Nothing was written"),
                    "{error}"
                );
            }
            (got, _) => panic!("{status}: {got:?}"),
        }
        assert_eq!(*asked.lock().expect("unpoisoned"), ["GET /me HTTP/1.1"]);
    }
    // A port that nobody listens on.
    let error = trial::test(&known("http://127.0.0.1:9"), &net()).await;
    assert!(error.expect_err("nobody").to_string().contains("not sent"));
}

#[tokio::test]
async fn what_registering_gives_is_kept_for_writing() {
    let (url, asked) = api(200, "s3cret").await;
    let known = known(&url);
    let registers = known.connector.registers.clone().expect("registers");
    let here = "https://f.example/hooks/own";
    let registered = trial::register(&registers, &known, &net(), here).await;
    let registered = registered.expect("registered");
    assert_eq!(registered.secrets[0].1.expose_secret(), "s3crets3cret");
    let expect = [here, "https://f.example/hooks/own/inbound"]
        .map(|to| format!("POST /hooks?to={to} HTTP/1.1"));
    assert_eq!(*asked.lock().expect("unpoisoned"), expect);

    let (url, _) = api(403, "").await;
    let known = self::known(&url);
    let registers = known.connector.registers.clone().expect("registers");
    let error = trial::register(&registers, &known, &net(), here).await;
    let error = error.expect_err("refused").to_string();
    assert!(error.contains("Own CRM answered 403"), "{error}");
}

#[test]
fn people_are_told_what_is_left_to_do() {
    let known = known("http://127.0.0.1:9");
    let told = |connected: &Connected| {
        let mut out = Vec::new();
        connected.write_text(&mut out).expect("written");
        String::from_utf8(out).expect("text")
    };
    let mut connected = Connected::of(&KIND, &known, "own", Some("https://f.example"));
    connected.answered_by = Some("Acme (account 7)".to_owned());
    let text = told(&connected);
    for part in [
        "Own CRM answered: Acme (account 7)",
        "Webhooks of own come to https://f.example/hooks/own\n",
        "static-credential: each webhook shows the same password",
        "unless you let --register --yes do it",
        "  1. Post webhooks to https://f.example/hooks/own.\n",
        "  2. Mails go to https://f.example/hooks/own/inbound.\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    connected.registered = Some(vec!["hook 7".to_owned()]);
    assert!(told(&connected).contains("Registered: hook 7."));

    let text = told(&Connected::of(&KIND, &known, "own", None));
    assert!(text.contains("https://YOUR.HOST/hooks/own"), "{text}");
    assert!(text.contains("set server.public_url"), "{text}");
}
