//! One visit out of what a page reports; none where nobody is known or nobody wants it told.

use followup_guest::{ContactRef, Request, TriggerContext, TriggerEvent, kind};
use serde::Deserialize;

use crate::Config;

/// The longest address and title of a page kept, in characters.
const TEXT_MAX: usize = 500;
/// The longest e-mail address (RFC 5321 4.5.3.1.3: a path of 256 octets with its brackets).
const EMAIL_MAX_BYTES: usize = 254;
/// What the host writes behind links.
const TOKEN_BYTES: usize = 46;

/// What machines call themselves that load pages for nobody in particular.
const MACHINES: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "headless",
    "preview",
    "scan",
    "lighthouse",
];

/// As `beacon.js` writes it.
#[derive(Debug, Deserialize)]
struct Report {
    url: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    referrer: String,
    #[serde(default)]
    fu: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

pub fn read(cx: &TriggerContext<Config>, request: &Request) -> Option<TriggerEvent> {
    if wants_no_tracking(request) || is_machine(request) {
        return None;
    }
    let report: Report = request.json().ok()?;
    let url = page(&report.url);
    let ours = |origin: &String| {
        let path = url.strip_prefix(origin.as_str());
        path.is_some_and(|path| path.is_empty() || path.starts_with('/'))
    };
    if !cx.config.origins.iter().any(ours) {
        return None;
    }
    let (who, contact) = visitor(&report, &cx.config)?;
    let bucket_ms = i64::from(cx.config.bucket_minutes.max(1)) * 60_000;
    let bucket = cx.now.0.div_euclid(bucket_ms);
    let key = format!("{:016x}/{:016x}/{bucket}", hash(who), hash(url));
    let mut event = TriggerEvent::new(key, kind::PAGE_VISITED)
        .contact(contact)
        .at(cx.now)
        .data("url", short(url));
    for (key, text) in [
        ("title", short(&report.title)),
        ("referrer", short(page(&report.referrer))),
    ] {
        if !text.is_empty() {
            event = event.data(key, text);
        }
    }
    Some(event)
}

/// The person, by what is proven or else by what is trusted.
fn visitor<'r>(report: &'r Report, config: &Config) -> Option<(&'r str, ContactRef)> {
    if let Some(token) = &report.fu
        && token.len() == TOKEN_BYTES
    {
        return Some((token, ContactRef::Token(token.clone())));
    }
    let email = report.email.as_deref().map(str::trim)?;
    let known = config.trust_emails && email.contains('@') && email.len() <= EMAIL_MAX_BYTES;
    known.then(|| (email, ContactRef::Email(email.to_owned())))
}

/// Global Privacy Control, "The Sec-GPC header field": `1`; Do Not Track, "DNT header field": `1`.
fn wants_no_tracking(request: &Request) -> bool {
    ["sec-gpc", "dnt"].into_iter().any(|name| {
        request
            .header(name)
            .is_some_and(|value| value.trim() == "1")
    })
}

fn is_machine(request: &Request) -> bool {
    let agent = request.header("user-agent").unwrap_or_default();
    let agent = agent.to_ascii_lowercase();
    let purpose = request.header("sec-purpose").unwrap_or_default();
    agent.trim().is_empty()
        || purpose.contains("prefetch")
        || MACHINES.iter().any(|word| agent.contains(word))
}

/// An address without its query and fragment.
fn page(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default().trim()
}

fn short(text: &str) -> String {
    text.trim().chars().take(TEXT_MAX).collect()
}

/// FNV-1a, 64 bits: the same text has the same number everywhere. It hides nothing and proves nothing.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
