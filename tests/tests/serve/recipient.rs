//! The pages and addresses behind a mail's links, as mail programs, browsers and scanners use them.

use followup::domain::http::Response;
use followup::domain::token::{Token, purpose};
use followup_tests::raw::{Raw, status};
use followup_tests::senders::form;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::World;

const ADA: &str = "ada@x.example";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const URLENCODED: &str = "application/x-www-form-urlencoded";
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";
const LINKS: [&str; 3] = [
    "https://acme.example/pricing?a=b",
    "https://acme.example/security",
    "javascript:alert(1)",
];

/// Somebody who got a mail, and the tokens in it.
struct Town {
    world: World,
    message: String,
    key: Vec<u8>,
}

impl Town {
    async fn start() -> Self {
        let world = World::start().await;
        world.server.crm(&form("welcome", ADA)).await;
        let sent = world.until_message(ADA, "sent").await;
        let message = sent["id"].as_str().expect("text").to_owned();
        let database = Connection::open(world.server.site.path("followup.db")).expect("opens");
        let key = database.query_row("SELECT signing_key FROM tenants", [], |row| row.get(0));
        let key = key.expect("a key");
        let town = Self {
            world,
            message,
            key,
        };
        town.database()
            .execute(
                "UPDATE messages SET mail = json_set(mail, '$.links', json(?1))",
                [json!(LINKS).to_string()],
            )
            .expect("written");
        town
    }

    fn database(&self) -> Connection {
        Connection::open(self.world.server.site.path("followup.db")).expect("opens")
    }

    fn token(&self, purpose: &str) -> String {
        Token::sign(&self.key, purpose, &self.message)
    }

    fn unsubscribe(&self) -> String {
        format!("/u/{}", self.token(purpose::UNSUBSCRIBE))
    }

    fn preferences(&self) -> String {
        format!("/p/{}", self.token(purpose::UNSUBSCRIBE))
    }

    async fn choose(&self, choice: &str) -> String {
        let body = format!("choice={choice}");
        let answer = self
            .world
            .server
            .form(&self.preferences(), URLENCODED, &body)
            .await;
        assert_eq!(answer.status, 200, "{choice}");
        text(&answer)
    }

    fn shown(&self) -> Value {
        self.world.server.site.contact(ADA).expect("known")
    }

    /// The kinds of the contact's events but the first.
    fn kinds(&self) -> Vec<String> {
        let shown = self.shown();
        let events = shown["events"].as_array().expect("a list");
        let kinds = events.iter().skip(1).map(|event| &event["kind"]);
        kinds
            .map(|kind| kind.as_str().expect("text").to_owned())
            .collect()
    }

    async fn head(&self, path: &str) -> String {
        let mut raw = Raw::connect(&self.world.server.base).await;
        let request = format!(
            "HEAD {path} HTTP/1.1\r\nhost: followup\r\nuser-agent: {FIREFOX}\r\nconnection: close\r\n\r\n"
        );
        raw.write(&request).await;
        raw.answer().await
    }
}

fn text(answer: &Response) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

fn guarded(answer: &Response) {
    let header = |name| answer.header(name).unwrap_or_default();
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("x-robots-tag"), "noindex");
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

/// RFC 8058: the POST unsubscribes, as often as it comes; nothing else does.
#[tokio::test(flavor = "multi_thread")]
async fn one_click_unsubscribes_and_nothing_less() {
    let town = Town::start().await;
    let server = &town.world.server;
    let path = town.unsubscribe();
    let page = server.get(&path).await;
    guarded(&page);
    assert_eq!(page.status, 200);
    assert!(text(&page).contains("a***@x.example"), "{}", text(&page));
    assert!(!text(&page).contains(ADA));
    for wrong in [
        "",
        "List-Unsubscribe=Two",
        "choice=pause-30",
        "a=b&List-Unsubscribe=One-Click",
    ] {
        assert_eq!(
            server.form(&path, URLENCODED, wrong).await.status,
            400,
            "{wrong}"
        );
    }
    assert_eq!(
        server
            .form(&path, URLENCODED, &"x".repeat(10_000))
            .await
            .status,
        400
    );
    assert!(town.shown()["contact"]["suppressed"].is_null());

    for _ in 0..3 {
        let answer = server.form(&path, URLENCODED, ONE_CLICK).await;
        assert_eq!(
            (answer.status, text(&answer).as_str()),
            (200, "unsubscribed\n")
        );
    }
    let shown = town.shown();
    assert_eq!(shown["contact"]["suppressed"]["reason"], "unsubscribed");
    assert_eq!(shown["enrollments"][0]["exit_reason"], "unsubscribed");
    assert_eq!(town.kinds(), ["unsubscribed"], "three times is once");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_in_parts_and_by_the_button() {
    let town = Town::start().await;
    let server = &town.world.server;
    let part = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    let path = town.unsubscribe();
    let multipart = "multipart/form-data; boundary=b";
    assert_eq!(server.form(&path, multipart, part).await.status, 200);
    assert_eq!(
        town.shown()["contact"]["suppressed"]["reason"],
        "unsubscribed"
    );

    // Taken back, and chosen anew: the same link works again.
    let page = town.choose("return").await;
    assert!(page.contains("pause-30"), "{page}");
    assert!(town.shown()["contact"]["suppressed"].is_null());
    let page = server.form(&path, URLENCODED, "choice=unsubscribe").await;
    assert!(
        text(&page).contains("You are unsubscribed"),
        "{}",
        text(&page)
    );
    assert_eq!(
        town.shown()["contact"]["suppressed"]["reason"],
        "unsubscribed"
    );
    assert_eq!(town.kinds(), ["unsubscribed", "opted-in", "unsubscribed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_hold_and_are_taken_back() {
    let town = Town::start().await;
    assert!(
        town.choose("stop-sequence")
            .await
            .contains("return-to-sequence")
    );
    assert_eq!(town.shown()["enrollments"][0]["exit_reason"], "opted-out");
    assert!(town.choose("pause-90").await.contains("No e-mails until"));
    assert!(town.choose("return").await.contains("return-to-sequence"));
    assert!(
        town.choose("return-to-sequence")
            .await
            .contains("stop-sequence")
    );
    let kinds = ["opted-out", "paused-by-contact", "opted-in", "opted-in"];
    assert_eq!(town.kinds(), kinds);
    let server = &town.world.server;
    for wrong in ["choice=everything", ONE_CLICK, ""] {
        let answer = server.form(&town.preferences(), URLENCODED, wrong).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    assert!(town.shown()["contact"]["suppressed"].is_null());
    assert_eq!(town.kinds(), kinds);
}

/// Whoever only looks changes nothing: not a byte of the file.
#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing() {
    let town = Town::start().await;
    let server = &town.world.server;
    let (click, open) = (town.token(purpose::CLICK), town.token(purpose::OPEN));
    let database = town.database();
    let version = || -> i64 {
        let read = database.query_row("PRAGMA data_version", [], |row| row.get(0));
        read.expect("read")
    };
    let before = version();
    for path in [town.unsubscribe(), town.preferences()] {
        for query in ["", "?List-Unsubscribe=One-Click", "?choice=unsubscribe"] {
            let path = format!("{path}{query}");
            assert_eq!(server.get(&path).await.status, 200, "{path}");
            assert_eq!(status(&town.head(&path).await), 200, "{path}");
        }
    }
    let redirect = town.head(&format!("/c/{click}/0")).await;
    assert_eq!(status(&redirect), 302);
    assert!(redirect.contains(LINKS[0]), "{redirect}");
    assert_eq!(status(&town.head(&format!("/o/{open}")).await), 200);
    assert_eq!(version(), before);
    server.get(&format!("/c/{click}/0")).await;
    assert_ne!(version(), before, "a click is noted, so this would be seen");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_where_the_mail_said_and_nowhere_else() {
    let town = Town::start().await;
    let server = &town.world.server;
    // Longer ago than any machine's haste.
    town.database()
        .execute("UPDATE attempts SET started_at = started_at - 60000", [])
        .expect("written");
    let click = |n: &str| format!("/c/{}/{n}", town.token(purpose::CLICK));
    let open = format!("/o/{}", town.token(purpose::OPEN));

    let pixel = server.follow(&open, FIREFOX).await;
    guarded(&pixel);
    assert_eq!(pixel.header("content-type"), Some("image/gif"));
    assert!(pixel.body.starts_with(b"GIF89a") && pixel.body.ends_with(b";"));
    server
        .follow(&open, "Mozilla/5.0 (via ggpht.com GoogleImageProxy)")
        .await;
    for (user_agent, link) in [(FIREFOX, 0), ("BarracudaCentral/1.0", 0)] {
        let redirect = server.follow(&click(&link.to_string()), user_agent).await;
        guarded(&redirect);
        assert_eq!(redirect.status, 302);
        assert_eq!(redirect.header("location"), Some(LINKS[link]));
    }
    let kinds = [
        "email-opened",
        "machine-opened",
        "link-clicked",
        "machine-clicked",
    ];
    assert_eq!(town.kinds(), kinds);
    let clicked = &town.shown()["events"][3]["data"];
    assert_eq!(
        (&clicked["url"], &clicked["n"]),
        (&json!(LINKS[0]), &json!(0))
    );

    for nowhere in [
        "2",
        "3",
        "-1",
        "99999999999999999999",
        "x",
        "0/https://evil.example",
    ] {
        let answer = server.follow(&click(nowhere), FIREFOX).await;
        assert_eq!(answer.status, 404, "{nowhere}");
    }
    let evil = format!("{}?url=https://evil.example", click("1"));
    let answer = server.follow(&evil, FIREFOX).await;
    assert_eq!(answer.header("location"), Some(LINKS[1]));
}

/// A token made up, of another purpose, or with any character changed gets the same answer.
#[tokio::test(flavor = "multi_thread")]
async fn only_our_tokens_open_anything() {
    let town = Town::start().await;
    let server = &town.world.server;
    let unknown = server.get("/u/nonsense").await;
    assert_eq!(unknown.status, 404);
    guarded(&unknown);
    let token = town.token(purpose::UNSUBSCRIBE);
    let mut wrong = vec![
        town.token(purpose::CLICK),
        town.token(purpose::REPLY),
        token[1..].to_owned(),
        format!("{token}a"),
        Token::sign(
            &town.key,
            purpose::UNSUBSCRIBE,
            "msg_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        ),
        "%ff%fe".to_owned(),
    ];
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'a' { b'b' } else { b'a' };
        wrong.push(String::from_utf8(changed).expect("ASCII"));
    }
    for token in wrong {
        for room in ["u", "p"] {
            let answer = server.get(&format!("/{room}/{token}")).await;
            assert_eq!(
                (answer.status, &answer.body),
                (404, &unknown.body),
                "{token}"
            );
            let path = format!("/{room}/{token}");
            let answer = server.form(&path, URLENCODED, ONE_CLICK).await;
            assert_eq!(
                (answer.status, &answer.body),
                (404, &unknown.body),
                "{token}"
            );
        }
        for path in [format!("/c/{token}x/0"), format!("/o/{token}x")] {
            let answer = server.follow(&path, FIREFOX).await;
            assert_eq!(
                (answer.status, &answer.body),
                (404, &unknown.body),
                "{path}"
            );
        }
    }
    assert!(town.kinds().is_empty());
    let shouted = format!("/u/{}", token.to_uppercase());
    assert_eq!(
        server.get(&shouted).await.status,
        200,
        "some mail systems fold case"
    );
}

/// Whoever has a link cannot fill the disk with it, and is redirected all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_followed_more_often_than_recorded() {
    let town = Town::start().await;
    let path = format!("/c/{}/1", town.token(purpose::CLICK));
    for _ in 0..120 {
        let answer = town.world.server.follow(&path, FIREFOX).await;
        assert_eq!(answer.header("location"), Some(LINKS[1]));
    }
    let recorded: i64 = town
        .database()
        .query_row(
            "SELECT count(*) FROM events WHERE connection = '@recipient'",
            [],
            |row| row.get(0),
        )
        .expect("read");
    assert_eq!(recorded, 100);
}
