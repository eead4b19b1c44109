//! Inbound mail, from bytes to events: the mails in `golden/inbound`, each with its label in
//! `labels.csv`, through the hook as a sender would post them; and what must hold for any bytes.

mod hostile;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use followup::domain::hook::{Hook, HookRequest};
use followup::domain::token::{Token, purpose};
use followup::domain::{EmailAddress, Instant, NewEvent, digest};
use followup::inbound::{Envelope, Inbound, InboundMail, Ours, classify};

/// 2025-12-18T10:00:00Z.
const NOW: Instant = Instant(1_766_052_000_000);
const KEY: &[u8] = b"a key of the store, 32 bytes long";
const SECRET: &str = "a-secret-of-the-inbound-connection";
const OURS: &str = "msg_abcdefghijklmnopqrstuvwxyz@acme.example";

struct Label {
    file: String,
    class: String,
    events: String,
    return_on: String,
    about_ours: bool,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/inbound")
}

fn labels() -> Vec<Label> {
    let text = fs::read_to_string(folder().join("labels.csv")).expect("labels");
    let label = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let [file, class, events, return_on, about_ours] = cells[..] else {
            panic!("five cells: {line}");
        };
        Label {
            file: file.to_owned(),
            class: class.to_owned(),
            events: events.to_owned(),
            return_on: return_on.to_owned(),
            about_ours: about_ours == "yes",
        }
    };
    text.lines().skip(1).map(label).collect()
}

fn ours() -> Ours {
    Ours {
        addresses: vec![EmailAddress::parse("ada@acme.example").expect("valid")],
        key: KEY.to_vec(),
    }
}

fn hook() -> Inbound {
    Inbound::new(SECRET.to_owned().into(), ours()).expect("a secret")
}

fn post(url: &str, body: &[u8]) -> HookRequest {
    HookRequest {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: vec![("authorization".to_owned(), format!("Bearer {SECRET}"))],
        body: body.to_vec(),
        certificate: None,
    }
}

fn received(url: &str, body: &[u8]) -> Vec<NewEvent> {
    let (hook, request) = (hook(), post(url, body));
    assert_eq!(hook.verify(&request, NOW), Ok(()));
    hook.normalize(&request, NOW).expect("a mail").events
}

const URL: &str = "https://followup.example.com/hooks/inbound";

#[test]
fn every_mail_is_what_its_label_says() {
    let labels = labels();
    assert!(labels.len() >= 60, "{} mails", labels.len());
    let mut wrong = Vec::new();
    for label in &labels {
        let bytes = fs::read(folder().join(format!("{}.eml", label.file))).expect("a mail");
        let mail = InboundMail::read(&bytes, &Envelope::default());
        let is = classify(&mail, &ours(), NOW);
        let events = received(URL, &bytes);
        let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        let returns = events.first().and_then(|event| event.data.get("return_on"));
        let returns = returns.and_then(|day| day.as_str()).unwrap_or_default();
        let about = is.answers.iter().any(|id| id == OURS);
        let seen = (is.kind.as_str(), kinds.join("+"), returns, about);
        let told = (
            label.class.as_str(),
            label.events.clone(),
            label.return_on.as_str(),
            label.about_ours,
        );
        if seen != told {
            wrong.push(format!(
                "{}: {seen:?}, not {told:?} ({})",
                label.file, is.sign
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_mail_has_a_label() {
    let labelled: BTreeSet<String> = labels()
        .into_iter()
        .map(|label| format!("{}.eml", label.file))
        .collect();
    let there: BTreeSet<String> = fs::read_dir(folder())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "eml"))
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    assert_eq!(labelled, there);
}

#[test]
fn the_same_mail_has_the_same_keys_and_others_have_others() {
    let mut keys = BTreeSet::new();
    let mut all = 0;
    for label in labels() {
        let bytes = fs::read(folder().join(format!("{}.eml", label.file))).expect("a mail");
        let events = received(URL, &bytes);
        assert_eq!(events, received(URL, &bytes), "{}", label.file);
        all += events.len();
        keys.extend(events.into_iter().map(|event| event.source_key));
    }
    assert_eq!(keys.len(), all, "different events have different keys");
}

#[test]
fn a_token_proves_the_message_whatever_the_headers_say() {
    let id = digest::id("msg", &[b"1"]);
    let token = Token::sign(KEY, purpose::REPLY, &id);
    let mail = b"From: bob@x.example\r\nSubject: hello\r\n\r\nYes.\r\n";
    let proven = |to: &str| {
        let url = format!("{URL}?to={}", to.replace('+', "%2B"));
        received(&url, mail).remove(0).message_id
    };
    assert_eq!(
        proven(&format!("reply+{token}@in.example.com")),
        Some(id.clone())
    );
    assert_eq!(
        proven(&format!("REPLY+{}@in.example.com", token.to_uppercase())),
        Some(id.clone())
    );
    assert_eq!(proven("reply+made-up@in.example.com"), None);
    let other = Token::sign(KEY, purpose::OPEN, &id);
    assert_eq!(proven(&format!("reply+{other}@in.example.com")), None);

    let in_header =
        format!("From: bob@x.example\r\nTo: <reply+{token}@in.example.com>\r\n\r\nYes.\r\n");
    assert_eq!(
        received(URL, in_header.as_bytes())[0].message_id,
        Some(id.clone())
    );
    let in_body = format!("From: bob@x.example\r\n\r\nreply+{token}@in.example.com\r\n");
    assert_eq!(
        received(URL, in_body.as_bytes())[0].message_id,
        None,
        "a body can be forwarded"
    );
}

#[test]
fn who_an_event_is_about() {
    let email = |file: &str, index: usize| {
        let bytes = fs::read(folder().join(file)).expect("a mail");
        let event = received(URL, &bytes).swap_remove(index);
        event.contact.email.map(|address| address.to_string())
    };
    for (file, index, expect) in [
        ("person-forward.eml", 0, "carol@x.example"),
        ("bounce-postfix-unknown.eml", 0, "bob@x.example"),
        ("bounce-two-recipients.eml", 1, "carol@x.example"),
        ("bounce-qmail.eml", 0, "bob@x.example"),
        ("bounce-exim-warning.eml", 0, "bob@x.example"),
        ("bounce-old-exchange-fr.eml", 0, "bob@x.example"),
        ("complaint-yahoo.eml", 0, "bob@x.example"),
        ("complaint-microsoft.eml", 0, "bob@x.example"),
        ("receipt-displayed.eml", 0, "bob@x.example"),
    ] {
        assert_eq!(email(file, index).as_deref(), Some(expect), "{file}");
    }
}

#[test]
fn who_left_and_who_stands_in() {
    let data = |file: &str| {
        let bytes = fs::read(folder().join(file)).expect("a mail");
        received(URL, &bytes).swap_remove(0).data
    };
    for file in ["auto-departed.eml", "auto-departed-de.eml"] {
        let data = data(file);
        assert_eq!(data["departed"], true, "{file}");
        assert_eq!(data["instead"], "carol@x.example", "{file}");
    }
    let away = data("auto-exchange-en.eml");
    assert_eq!(away["deputy"], "carol@x.example");
    assert!(
        !away.contains_key("instead") && !away.contains_key("departed"),
        "{away:?}"
    );
}
