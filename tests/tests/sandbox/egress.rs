//! What a trigger may call, over real sockets on loopback: whatever it tries, the server of a
//! forbidden address hears nothing.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use followup::domain::fault::FaultKind;
use followup::net::Names;
use followup::sandbox::TriggerLimits;
use serde_json::{Value, json};

use super::post::{Allowed, Hall, Post, TOKEN, patient_triggers};

/// A connection that may call the hall by its address.
async fn with_hall(limits: TriggerLimits) -> (Post, Hall) {
    let hall = Hall::start().await;
    let allowed = Allowed {
        config: json!({ "url": hall.url("127.0.0.1", "/v1/") }),
        private: vec!["127.0.0.1/32"],
        ..Allowed::default()
    };
    (Post::new(limits, allowed), hall)
}

/// The answers of a resolver, one list of addresses per question; after the last, none.
#[derive(Debug)]
struct Answers(Mutex<VecDeque<Vec<IpAddr>>>);

impl Answers {
    fn of(answers: &[&[&str]]) -> Arc<Self> {
        let address = |text: &&str| text.parse().expect("an address");
        let list = |list: &&[&str]| list.iter().map(address).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(list).collect())))
    }
}

#[async_trait::async_trait]
impl Names for Answers {
    async fn lookup(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers
            .pop_front()
            .ok_or_else(|| io::Error::other("nobody asks so often"))
    }
}

fn get(url: &str) -> Value {
    json!([{ "url": url }])
}

#[tokio::test]
async fn a_granted_request_arrives_as_it_was_meant() {
    let (post, hall) = with_hall(patient_triggers()).await;
    let url = hall.url("127.0.0.1", "/v1/events?since=7");
    let told = post
        .fetch(
            "fetch",
            json!([{ "method": "POST", "url": url, "body": "{}", "headers": {"x-a": "b"} }]),
        )
        .await;
    assert_eq!(told, "200 hello");
    let [seen] = hall.seen().try_into().expect("one request");
    assert_eq!((seen.line.as_str(), seen.body), ("/v1/events?since=7", 2));
    assert_eq!(seen.headers["host"], format!("127.0.0.1:{}", hall.port));
    assert_eq!(seen.headers["x-a"], "b");
    assert_eq!(seen.headers["content-length"], "2");
}

#[tokio::test]
async fn what_was_not_granted_is_denied_and_explained() {
    let (post, hall) = with_hall(patient_triggers()).await;
    let own = |path: &str| hall.url("127.0.0.1", path);
    let check = async |request: Value, expect: &str| {
        let told = post.fetch("fetch", json!([request])).await;
        assert!(
            told.starts_with("error: ErrorCode::HttpRequestDenied"),
            "{told}"
        );
        assert!(told.contains(expect), "{told}");
    };
    check(
        json!({ "url": "https://evil.example/x" }),
        "[[grants.http]]\\nhost = \\\"evil.example\\\"",
    )
    .await;
    check(
        json!({ "url": own("/v2/x") }),
        "paths = [\\\"/v1/*\\\", \\\"/v2/x\\\"]",
    )
    .await;
    check(
        json!({ "url": own("/v1/x"), "method": "DELETE" }),
        "methods = [\\\"GET\\\", \\\"POST\\\", \\\"DELETE\\\"]",
    )
    .await;
    check(json!({ "url": own("/v1/%2e%2e/admin") }), "the path /admin").await;
    check(
        json!({ "url": hall.url("localhost", "/v1/x") }),
        "no request to localhost",
    )
    .await;
    // The body is read all the same: the guest is told of the denial, not of a broken stream.
    check(
        json!({ "url": "https://evil.example/x", "method": "POST", "body_bytes": 200_000 }),
        "evil.example",
    )
    .await;
    assert_eq!(hall.seen(), []);
    post.assert_alive("denials").await;
}

/// Every way to write an address of this machine, against a manifest that asks for whatever the
/// configuration names, and an administrator who allowed nothing private.
#[tokio::test]
async fn our_own_network_is_out_of_reach() {
    let (mut post, hall) = (Post::alone(), Hall::start().await);
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fd00:ec2::254]",
        "169.254.169.254",
        "10.0.0.1",
        "localhost",
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{}/v1/x", hall.port);
            // Even where the administrator wrote that very URL; and with an unrelated range allowed.
            for private in [vec![], vec!["192.168.77.0/24"]] {
                let allowed = Allowed {
                    config: json!({ "url": url }),
                    private,
                    ..Allowed::default()
                };
                post.reconnect(allowed);
                let told = post.fetch("fetch", get(&url)).await;
                assert!(
                    told.starts_with("error: ErrorCode::HttpRequestDenied"),
                    "{url}: {told}"
                );
            }
        }
    }
    assert_eq!(hall.seen(), []);
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_held_to_it() {
    let (good, evil) = (Hall::start().await, Hall::on("127.0.0.2:0").await);
    let check = async |hall: &Hall, answers: &[&[&str]], times: u64, expect: &str| {
        let url = hall.url("crm.test", "/v1/x");
        let allowed = Allowed {
            config: json!({ "url": url }),
            private: vec!["127.0.0.1/32"],
            names: Some(Answers::of(answers)),
            ..Allowed::default()
        };
        let post = Post::new(patient_triggers(), allowed);
        let told = post
            .fetch("fetch", json!([{ "url": url, "times": times }]))
            .await;
        assert!(told.contains(expect), "{answers:?}: {told}");
        told
    };
    let (own, other): (&[&str], &[&str]) = (&["127.0.0.1"], &["127.0.0.2"]);
    check(&good, &[own], 1, "200 hello").await;
    // One question: were there a second between the look and the connection, it would find no answer.
    check(&good, &[own, other], 1, "200 hello").await;
    // A name to loopback, and a remedy that names the address.
    check(&evil, &[other], 1, "allow_private = [\\\"127.0.0.2/32\\\"]").await;
    // Two answers at once: only the allowed one is tried, though the other would answer.
    check(&evil, &[&["127.0.0.2", "127.0.0.1"]], 1, "error: ").await;
    // Another answer the second time (rebinding): judged anew.
    let told = check(&evil, &[own, other], 2, "HttpRequestDenied").await;
    assert!(!told.contains("hello"), "{told}");
    for disguised in [
        "::ffff:127.0.0.2",
        "64:ff9b::7f00:2",
        "169.254.169.254",
        "fd00:ec2::254",
        "0.0.0.0",
    ] {
        check(&evil, &[&[disguised]], 1, "HttpRequestDenied").await;
    }
    assert_eq!(evil.seen(), []);
    assert_eq!(good.seen().len(), 2);
}

#[tokio::test]
async fn a_redirect_goes_back_to_the_guest() {
    let (post, hall) = with_hall(patient_triggers()).await;
    let evil = Hall::on("127.0.0.2:0").await;
    let target = evil.url("127.0.0.2", "/v1/x");
    let told = post
        .fetch(
            "fetch",
            get(&hall.url("127.0.0.1", &format!("/v1/elsewhere?{target}"))),
        )
        .await;
    assert!(
        told.starts_with(&format!("302 location={target}")),
        "{told}"
    );
    // The next hop is a request like any other.
    let told = post.fetch("fetch", get(&target)).await;
    assert!(told.contains("HttpRequestDenied"), "{told}");
    assert_eq!(evil.seen(), []);
}

#[tokio::test]
async fn the_administrator_narrows_what_was_granted() {
    let hall = Hall::start().await;
    let check = async |hosts: Vec<&'static str>, expect: &str| {
        let url = hall.url("127.0.0.1", "/v1/x");
        let allowed = Allowed {
            config: json!({ "url": url }),
            private: vec!["127.0.0.1/32"],
            hosts: Some(hosts),
            ..Allowed::default()
        };
        let told = Post::new(patient_triggers(), allowed)
            .fetch("fetch", get(&url))
            .await;
        assert!(told.contains(expect), "{told}");
    };
    check(vec!["config:/url"], "200 hello").await;
    check(
        vec!["api.example.com"],
        "[connections.webinar]: hosts = [\\\"127.0.0.1\\\"]",
    )
    .await;
    check(vec![], "the administrator did not list 127.0.0.1").await;
}

#[tokio::test]
async fn a_secret_leaves_in_a_header_to_its_host_alone() {
    let (hall, other) = (Hall::start().await, Hall::start().await);
    let allowed = Allowed {
        config: json!({ "url": hall.url("127.0.0.1", "/v1/"), "other": other.url("127.0.0.1", "/") }),
        private: vec!["127.0.0.1/32"],
        ..Allowed::default()
    };
    let post = Post::new(patient_triggers(), allowed);
    let url = hall.url("127.0.0.1", "/v1/echo");
    let bearer = json!({ "authorization": "Bearer {token}" });

    let told = post
        .fetch("fetch", json!([{ "url": url, "headers": bearer }]))
        .await;
    assert_eq!(
        hall.seen()[0].headers["authorization"],
        format!("Bearer {TOKEN}")
    );
    // The server repeats it in a header and in its body; the guest reads its placeholder in both.
    assert!(
        told.starts_with("200 x-told=Bearer followup-secret-"),
        "{told}"
    );
    assert!(!told.contains(TOKEN), "{told}");

    let check = async |request: Value, expect: &str| {
        let told = post.fetch("fetch", json!([request])).await;
        assert!(
            told.starts_with("error: ErrorCode::HttpRequestDenied"),
            "{told}"
        );
        assert!(told.contains(expect) && !told.contains(TOKEN), "{told}");
    };
    check(
        json!({ "url": format!("{url}?key={{token}}") }),
        "secret token stands in its URL",
    )
    .await;
    check(
        json!({ "url": url, "method": "POST", "body": "{token}" }),
        "secret token stands in its body",
    )
    .await;
    let elsewhere = other.url("127.0.0.1", "/");
    check(
        json!({ "url": elsewhere, "headers": bearer }),
        "secret token was not granted for 127.0.0.1 (header authorization)",
    )
    .await;
    assert_eq!((hall.seen().len(), other.seen().len()), (1, 0));
}

#[tokio::test]
async fn quotas_have_names() {
    let limits = TriggerLimits {
        http_calls_max: 3,
        http_concurrent_max: 2,
        http_per_minute_max: 6,
        ..patient_triggers()
    };
    let (post, hall) = with_hall(limits).await;
    let url = hall.url("127.0.0.1", "/v1/x");
    let times = |times: u64| json!([{ "url": url, "times": times }]);
    let count = |told: &str| told.matches("200 hello").count();

    let told = post.fetch("fetch", times(5)).await;
    assert_eq!(count(&told), 3, "{told}");
    assert!(
        told.contains("http_calls_max is 3")
            && told.contains("[sandbox.triggers]: http_calls_max = 4"),
        "{told}"
    );
    let told = post.fetch("fetch", times(3)).await;
    assert_eq!(count(&told), 3, "{told}");
    let told = post.fetch("fetch", times(1)).await;
    assert!(told.contains("http_per_minute_max is 6"), "{told}");
    assert_eq!(hall.seen().len(), 6);
}

#[tokio::test]
async fn few_requests_are_under_way_at_once() {
    let limits = TriggerLimits {
        http_concurrent_max: 2,
        http_timeout_ms: 300,
        ..patient_triggers()
    };
    let (post, hall) = with_hall(limits).await;
    let slow = json!([{ "url": hall.url("127.0.0.1", "/v1/slow"), "times": 3 }]);
    let told = post.fetch("fetch-at-once", slow.clone()).await;
    let count = |told: &str, what: &str| told.matches(what).count();
    assert_eq!(count(&told, "HttpResponseTimeout"), 2, "{told}");
    assert!(told.contains("http_concurrent_max is 2"), "{told}");
    // Those that ended are under way no more.
    let told = post.fetch("fetch-at-once", slow).await;
    assert_eq!(count(&told, "HttpResponseTimeout"), 2, "{told}");
}

#[tokio::test]
async fn sizes_and_times_are_held() {
    let limits = TriggerLimits {
        http_timeout_ms: 300,
        ..patient_triggers()
    };
    let (post, hall) = with_hall(limits).await;
    let url = |path: &str| hall.url("127.0.0.1", path);
    let check = async |request: Value, expect: &str| {
        let told = post.fetch("fetch", json!([request])).await;
        assert!(told.contains(expect), "{request}: {told}");
        post.assert_alive(expect).await;
    };
    check(json!({ "url": url("/v1/slow") }), "HttpResponseTimeout").await;
    check(
        json!({ "url": url("/v1/headers") }),
        "HttpResponseHeaderSectionSize",
    )
    .await;
    check(json!({ "url": url("/v1/huge") }), "HttpResponseBodySize").await;
    check(
        json!({ "url": url("/v1/x"), "method": "POST", "body_bytes": 1_200_000 }),
        "HttpRequestBodySize",
    )
    .await;
    let long = json!({ "url": url("/v1/x"), "headers": { "x-long": 100_000 } });
    let called = post
        .receive_with(json!({ "misbehave": "fetch", "requests": [long] }), b"")
        .await;
    let fault = called.result.expect_err("too long");
    assert_eq!(fault.kind, FaultKind::BadOutput, "{fault:?}");
    assert!(
        fault.message.contains("http_headers_max_bytes, 32768"),
        "{fault:?}"
    );
    post.assert_alive("long headers").await;
    let dead = json!({ "url": "http://127.0.0.1:1/v1/x" });
    check(dead, "HttpRequestDenied").await;
}
