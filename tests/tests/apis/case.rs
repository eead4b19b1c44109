//! One case: a call, the answer of the other side, and what is made of both.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use followup::domain::connector::{
    AskError, Connector, Done, Sends, SentMail, Write, WriteKind, WriteOutcome, marker,
};
use followup::domain::event::Hydrate;
use followup::domain::http::{Failure, Request, Response};
use followup::domain::mail::{Mail, Mailbox, Outcome, Provider};
use followup::domain::{ContactPatch, ContactRef, EmailAddress, Instant, JsonMap, NewEvent};
use followup_tests::connectors::NOW;

const HOOK_URL: &str = "https://followup.example.com/hooks/x";
const INBOUND_URL: &str = "https://followup.example.com/hooks/x/inbound";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// send, lookup, hydrate, reconcile, write, search, probe, token, register, renew, fetch.
    pub call: String,
    #[serde(default)]
    answer: Option<Answer>,
    /// Of `register`.
    #[serde(default)]
    answers: Vec<Answer>,
    /// accepted, rejected, retry, in-doubt, done, found, absent, gone, refused, ok.
    #[serde(default)]
    expect: Option<String>,
    #[serde(default)]
    after_ms: Option<i64>,
    /// Of `hydrate`.
    #[serde(default)]
    thin: Option<Hydrate>,
    /// Of `hydrate`: what the thin event was, where that matters.
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    data: JsonMap,
    /// Of `reconcile`.
    #[serde(default)]
    object: Option<String>,
    /// Of `reconcile`: which page was asked for.
    #[serde(default)]
    page: Option<String>,
    /// Of `write` and `search`.
    #[serde(default)]
    kind: Option<String>,
    /// What earlier calls of the same write gave.
    #[serde(default)]
    done: Vec<Done>,
    /// Of `write`: the CRM's id of the contact, where its form matters.
    #[serde(default)]
    contact_id: Option<String>,
    /// Of `fetch`.
    #[serde(default)]
    id: Option<String>,
    /// For people.
    #[serde(default)]
    #[expect(dead_code, reason = "says where a case comes from")]
    source: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
}

impl Answer {
    fn response(&self) -> Response {
        Response {
            status: self.status,
            headers: self.headers.clone().into_iter().collect(),
            body: match &self.body {
                Value::Null => Vec::new(),
                Value::String(text) => text.clone().into_bytes(),
                json => json.to_string().into_bytes(),
            },
        }
    }
}

/// The requests that need no case: the mail, and each kind of write.
pub fn requests(connector: &Connector) -> Vec<(String, Value)> {
    let mut requests = Vec::new();
    if let Some(provider) = provider(connector) {
        for (name, mail) in [("send", mail()), ("send-plain", plain_mail())] {
            // The composer gives such a provider none.
            if mail.html.is_none() && provider.quirks().needs_html {
                continue;
            }
            requests.push((name.to_owned(), show(&provider.send_request(&mail, NOW))));
        }
        if let Some(lookup) = provider.lookup(&mail(), NOW.plus_ms(-60_000), NOW) {
            requests.push(("lookup".to_owned(), show(&lookup)));
        }
    }
    if let Some(writes) = &connector.writes {
        for kind in ["task", "note", "properties", "mail"] {
            let write = write(kind, None);
            let shown = match writes.check(&write) {
                Err(why) => json!({ "impossible": why }),
                Ok(()) => writes
                    .request(&write, &[])
                    .map_or(Value::Null, |request| show(&request)),
            };
            requests.push((format!("write-{kind}"), shown));
            if let Some(search) = writes.search(&write, &[]) {
                requests.push((format!("search-{kind}"), show(&search)));
            }
        }
    }
    if let Some(reconciles) = &connector.reconciles {
        for object in reconciles.objects() {
            let request = reconciles.request(object, NOW.plus_ms(-3_600_000), None);
            requests.push((format!("reconcile-{object}"), show(&request)));
            let next = reconciles.request(object, NOW.plus_ms(-3_600_000), Some("page-2"));
            requests.push((format!("reconcile-{object}-next"), show(&next)));
        }
    }
    if let Some(probes) = &connector.probes {
        requests.push(("probe".to_owned(), show(&probes.request(NOW))));
    }
    if let Some(refreshes) = &connector.refreshes {
        requests.push(("token".to_owned(), show(&refreshes.request())));
        requests.push(("token-header".to_owned(), json!(refreshes.header("TOKEN"))));
    }
    if let Some(registers) = &connector.registers {
        let calls = registers.requests(HOOK_URL, INBOUND_URL);
        let shown: Vec<_> = calls.iter().map(show).collect();
        requests.push(("register".to_owned(), Value::from(shown)));
    }
    if let Some(renews) = &connector.renews {
        requests.push(("renew".to_owned(), show(&renews.request(HOOK_URL, NOW))));
    }
    requests
}

impl Case {
    /// The requests that this case alone knows how to ask for.
    pub fn requests(&self, connector: &Connector, at: &str) -> Vec<(String, Value)> {
        let name = at.rsplit('/').next().unwrap_or_default();
        match self.call.as_str() {
            "hydrate" => {
                let hydrates = connector.hydrates.as_ref().expect(at);
                let shown = match hydrates.request(self.thin.as_ref().expect(at)) {
                    Ok(request) => show(&request),
                    Err(e) => json!({ "impossible": e.to_string() }),
                };
                vec![(format!("hydrate ({name})"), shown)]
            }
            "fetch" => {
                let receives = connector.receives.as_ref().expect(at);
                let request = receives.fetch(self.id.as_deref().expect(at));
                vec![(format!("fetch ({name})"), show(&request.expect(at)))]
            }
            "write" | "search" if !self.done.is_empty() || self.contact_id.is_some() => {
                let writes = connector.writes.as_ref().expect(at);
                let write = self.write(at);
                let request = match self.call.as_str() {
                    "write" => writes.request(&write, &self.done),
                    _ => writes.search(&write, &self.done),
                };
                let shown = request.map_or(Value::Null, |request| show(&request));
                vec![(format!("{} ({name})", self.call), shown)]
            }
            _ => Vec::new(),
        }
    }

    /// What the answer is read as.
    pub fn read(&self, connector: &Connector, at: &str) -> Value {
        let answer = self.answer.as_ref().map(Answer::response);
        let answer = || answer.clone().expect("the case has an answer");
        match self.call.as_str() {
            "send" => outcome(&provider(connector).expect(at).outcome(&Ok(answer()))),
            "lookup" => {
                let found = provider(connector).expect(at).looked_up(&mail(), &answer());
                asked(found.map(|found| match found {
                    Some(found) => json!({"found": outcome(&found)}),
                    None => json!({"absent": true}),
                }))
            }
            "hydrate" => {
                let wanted = self.thin.clone().expect(at);
                let thin = self.thin_event(&wanted);
                let hydrates = connector.hydrates.as_ref().expect(at);
                asked(
                    hydrates
                        .complete(&thin, &wanted, &answer())
                        .map(|e| events(&e)),
                )
            }
            "reconcile" => {
                let reconciles = connector.reconciles.as_ref().expect(at);
                let found = reconciles.read_page(
                    self.object.as_deref().expect(at),
                    NOW.plus_ms(-3_600_000),
                    self.page.as_deref(),
                    &answer(),
                );
                asked(found.map(|found| {
                    let record = |record: &followup::domain::connector::Record| {
                        json!({"id": record.id, "modified_at": record.modified_at.to_string(),
                            "events": events(&record.events)})
                    };
                    let records: Vec<_> = found.records.iter().map(record).collect();
                    json!({"records": records, "next_page": found.next_page})
                }))
            }
            "write" => {
                let writes = connector.writes.as_ref().expect(at);
                let made = writes.outcome(&self.write(at), &self.done, &Ok(answer()));
                write_outcome(&made)
            }
            "search" => {
                let writes = connector.writes.as_ref().expect(at);
                let found = writes.found(&self.write(at), &self.done, &answer());
                asked(found.map(|found| match found {
                    Some(done) => json!({ "found": done }),
                    None => json!({"absent": true}),
                }))
            }
            "probe" => {
                let read = connector.probes.as_ref().expect(at).read(&answer());
                asked(read.map(|who| json!({ "ok": who })))
            }
            "token" => {
                let read = connector.refreshes.as_ref().expect(at).read(&answer());
                asked(read.map(|token| json!({"ok": {"expires_in_ms": token.expires_in_ms}})))
            }
            "register" => {
                let answers: Vec<_> = self.answers.iter().map(Answer::response).collect();
                let read = connector.registers.as_ref().expect(at).read(&answers);
                asked(read.map(|made| {
                    let secrets: Vec<_> = made.secrets.iter().map(|(key, _)| *key).collect();
                    json!({"ok": {"secrets": secrets, "texts": made.texts, "ids": made.ids}})
                }))
            }
            "renew" => {
                let read = connector.renews.as_ref().expect(at).read(&answer());
                asked(read.map(|()| json!({"ok": true})))
            }
            "fetch" => {
                let receives = connector.receives.as_ref().expect(at);
                let read = receives.fetched(self.id.as_deref().expect(at), &answer());
                asked(read.map(|mail| {
                    json!({"ok": {"envelope_to": mail.envelope_to,
                        "mail": String::from_utf8_lossy(&mail.bytes)}})
                }))
            }
            other => panic!("{at}: there is no call {other:?}"),
        }
    }

    /// The one word of the reading, where the case says which.
    pub fn check(&self, reading: &Value, at: &str) {
        let word = reading
            .as_object()
            .and_then(|object| object.keys().next())
            .map_or("ok", String::as_str);
        if let Some(expect) = &self.expect {
            assert_eq!(word, expect, "{at}: {reading}");
        }
        if let Some(expect) = self.after_ms {
            assert_eq!(reading["after_ms"], expect, "{at}: {reading}");
        }
    }

    fn thin_event(&self, wanted: &Hydrate) -> NewEvent {
        NewEvent {
            source_key: "key-1".to_owned(),
            kind: self
                .event
                .clone()
                .unwrap_or_else(|| "contact-updated".to_owned()),
            occurred_at: NOW,
            contact: ContactRef::default(),
            patch: ContactPatch::default(),
            message_id: None,
            answers: Vec::new(),
            data: self.data.clone(),
            raw: json!({"thin": true}),
            hydrate: Some(wanted.clone()),
            about: None,
        }
    }

    fn write(&self, at: &str) -> Write {
        write(self.kind.as_deref().expect(at), self.contact_id.as_deref())
    }
}

fn provider(connector: &Connector) -> Option<&dyn Provider> {
    match &connector.sends {
        Some(Sends::Http(provider)) => Some(&**provider),
        _ => None,
    }
}

/// A request as people read it. Credentials are covered, and so is what is signed.
pub fn show(request: &Request) -> Value {
    let headers: serde_json::Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let body = serde_json::from_str(&body).unwrap_or_else(|_| json!(body));
    json!({
        "method": format!("{:?}", request.method).to_uppercase(),
        "url": request.url,
        "headers": headers,
        "body": body,
    })
}

fn outcome(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Accepted {
            provider_id,
            message_id,
        } => json!({"accepted": provider_id, "message_id": message_id}),
        Outcome::Rejected { reason } => json!({ "rejected": reason }),
        Outcome::Retry { reason, after_ms } => json!({"retry": reason, "after_ms": after_ms}),
        Outcome::InDoubt { reason } => json!({ "in-doubt": reason }),
    }
}

fn write_outcome(outcome: &WriteOutcome) -> Value {
    match outcome {
        WriteOutcome::Done(done) => json!({ "done": done }),
        WriteOutcome::Rejected { reason } => json!({ "rejected": reason }),
        WriteOutcome::Retry { reason, after_ms } => json!({"retry": reason, "after_ms": after_ms}),
        WriteOutcome::InDoubt { reason } => json!({ "in-doubt": reason }),
    }
}

fn asked(answer: Result<Value, AskError>) -> Value {
    match answer {
        Ok(value) => value,
        Err(AskError::Retry { reason, after_ms }) => json!({"retry": reason, "after_ms": after_ms}),
        Err(AskError::Gone) => json!({"gone": true}),
        Err(AskError::Refused(reason)) => json!({ "refused": reason }),
    }
}

fn events(events: &[NewEvent]) -> Value {
    let mut shown = json!(events);
    for event in shown.as_array_mut().expect("a list") {
        let event = event.as_object_mut().expect("an object");
        event.remove("raw");
    }
    json!({ "events": shown })
}

/// An answer in a thread, with what is hard: commas, umlauts, braces, a line break in a header.
pub fn mail() -> Mail {
    let person = |name: Option<&str>, address: &str| Mailbox {
        name: name.map(str::to_owned),
        address: EmailAddress::parse(address).expect("an address"),
    };
    Mail {
        id: "msg_abc123".to_owned(),
        from: person(Some("Doe, Jane"), "jane@acme.example"),
        to: person(Some("Zoë \"Z\" Ünal"), "zoe@example.com"),
        reply_to: Some(person(None, "reply+t1@in.acme.example")),
        subject: "Re: Grüße {{x}}\r\nBcc: x@example.com".to_owned(),
        text: "Hallo Zoë,\n\nalles gut? {{first_name}}\n".to_owned(),
        html: Some("<p>Hallo Zoë,</p>\n<p>alles gut? {{first_name}}</p>\n".to_owned()),
        message_id: "msg_abc123@acme.example".to_owned(),
        in_reply_to: Some("parent@acme.example".to_owned()),
        references: vec![
            "first@acme.example".to_owned(),
            "parent@acme.example".to_owned(),
        ],
        headers: [
            (
                "List-Unsubscribe",
                "<https://f.acme.example/u/t1>, <mailto:out@acme.example?subject=unsubscribe>",
            ),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            ("X-Note", "a\r\nBcc: x@example.com\0"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        links: Vec::new(),
        tags: vec!["pricing-page".to_owned()],
    }
}

/// The same without an HTML part, a thread and an address for replies.
pub fn plain_mail() -> Mail {
    Mail {
        html: None,
        reply_to: None,
        in_reply_to: None,
        references: Vec::new(),
        tags: Vec::new(),
        ..mail()
    }
}

/// A write of a kind.
pub fn write(kind: &str, contact_id: Option<&str>) -> Write {
    let kind = match kind {
        "task" => WriteKind::Task {
            title: "Call Zoë \"Z\" & ask".to_owned(),
            body: "She asked <about> pricing.\nTwice.".to_owned(),
            due_at: Some(NOW.plus_ms(86_400_000)),
        },
        "note" => WriteKind::Note {
            body: "Opened the pricing page <twice> & left.".to_owned(),
        },
        "properties" => {
            let mut map = JsonMap::new();
            map.insert("lead_status".to_owned(), json!("engaged"));
            map.insert("score".to_owned(), json!(7));
            map.insert("nickname".to_owned(), Value::Null);
            WriteKind::Properties(map)
        }
        "mail" => WriteKind::Mail(SentMail {
            from: "jane@acme.example".to_owned(),
            to: "zoe@example.com".to_owned(),
            subject: "Grüße".to_owned(),
            text: "Hallo Zoë".to_owned(),
            html: Some("<p>Hallo Zoë</p>".to_owned()),
            message_id: "msg_abc123@acme.example".to_owned(),
            sent_at: NOW,
        }),
        other => panic!("there is no write {other:?}"),
    };
    Write {
        id: "wb_abc123".to_owned(),
        kind,
        contact_id: contact_id.unwrap_or("123").to_owned(),
        account_id: Some("77".to_owned()),
        deal_id: Some("55".to_owned()),
        owner_id: Some("9".to_owned()),
        at: NOW,
    }
}

/// Whether what is written can be found again.
pub fn carries_marker(request: &Request, write: &Write) -> bool {
    String::from_utf8_lossy(&request.body).contains(&marker(write))
}

/// No answer: the connection broke after the request had left.
pub fn lost() -> Result<Response, Failure> {
    Err(Failure::Unknown("connection closed".to_owned()))
}

/// No answer: it never left.
pub fn not_sent() -> Result<Response, Failure> {
    Err(Failure::NotSent("connection refused".to_owned()))
}

/// An answer of a status, which says nothing else.
pub fn status(status: u16, headers: &[(&str, &str)]) -> Response {
    Response {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: Vec::new(),
    }
}

/// The moment of all requests.
pub const fn now() -> Instant {
    NOW
}
