//! What recipients see: small pages that need nothing from elsewhere, and the headers that go with
//! every answer of this door. Pure.
//!
//! No script, no picture, no font; a policy that forbids all of them; nothing kept by caches, told
//! to the next page or found by search engines, since the address of each page is a secret of one
//! person. Every value is escaped.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use ring::digest::{SHA256, digest};

use super::choice::Choice;
use super::form::CHOICE_FIELD;
use crate::domain::EmailAddress;
use crate::store::recipient::Addressee;

const STYLE: &str = "\
body{margin:0;padding:2rem 1rem;background:#f6f6f4;color:#1d1d1b;font:1.0625rem/1.5 system-ui,sans-serif}\
main{max-width:26rem;margin:0 auto;padding:1.5rem;background:#fff;border-radius:.75rem}\
h1{margin:0 0 1rem;font-size:1.375rem;line-height:1.25}p{margin:0 0 1rem;overflow-wrap:anywhere}\
button{display:block;width:100%;margin:0 0 .75rem;padding:.75rem 1rem;border:1px solid #1d1d1b;\
border-radius:.5rem;background:#fff;color:inherit;font:inherit;cursor:pointer}\
button.main{background:#1d1d1b;color:#fff}a{color:inherit}\
@media(prefers-color-scheme:dark){body{background:#161615;color:#eee}main{background:#222220}\
button{background:#222220;border-color:#eee}button.main{background:#eee;color:#161615}}";

/// Only our style, and forms only to ourselves.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64.encode(digest(&SHA256, STYLE.as_bytes()).as_ref());
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("base64 is ASCII")
});

/// One page.
#[derive(Debug)]
pub(super) struct Page {
    status: StatusCode,
    title: &'static str,
    body: String,
}

impl Page {
    fn new(status: StatusCode, title: &'static str, body: String) -> Self {
        Self {
            status,
            title,
            body,
        }
    }

    /// Asks before anything changes.
    pub(super) fn confirm(addressee: &Addressee, token: &str) -> Self {
        if addressee.is_off() {
            return Self::unsubscribed(addressee, token);
        }
        let button = button(Choice::Unsubscribe, "Unsubscribe", true);
        let body = format!(
            "<p>No more e-mails to <b>{}</b>?</p>{}{}",
            whom(addressee),
            form(&button),
            elsewhere(token, "Fewer e-mails, or a pause")
        );
        Self::new(StatusCode::OK, "Unsubscribe", body)
    }

    pub(super) fn unsubscribed(addressee: &Addressee, token: &str) -> Self {
        let body = format!(
            "<p>We will not write to <b>{}</b> any more.</p>{}",
            whom(addressee),
            elsewhere(token, "That was a mistake")
        );
        Self::new(StatusCode::OK, "You are unsubscribed", body)
    }

    /// How things are, and a button for everything that can be chosen.
    pub(super) fn preferences(addressee: &Addressee) -> Self {
        let lines = state(addressee).join("<br>");
        let buttons: String = [
            (Choice::Return, "Write to me again", false),
            (Choice::ReturnToSequence, "Allow this series again", false),
            (Choice::StopSequence, "Stop this series of e-mails", false),
            (Choice::PauseShort, "No e-mails for 30 days", false),
            (Choice::PauseLong, "No e-mails for 90 days", false),
            (Choice::Unsubscribe, "Unsubscribe from all e-mails", true),
        ]
        .into_iter()
        .filter(|(choice, ..)| choice.is_open(addressee))
        .map(|(choice, label, main)| button(choice, label, main))
        .collect();
        let body = format!(
            "<p><b>{}</b></p><p>{lines}</p>{}",
            whom(addressee),
            form(&buttons)
        );
        Self::new(StatusCode::OK, "Your e-mails from us", body)
    }

    /// The same for a token that was cut off, made up, or names nothing any more.
    pub(super) fn unknown() -> Self {
        let body = "<p>This link is not complete. Open it from the e-mail again, or copy the whole of it.</p>\
                    <p>To get no more e-mails you can also answer the e-mail with <b>unsubscribe</b>.</p>";
        Self::new(StatusCode::NOT_FOUND, "Link not found", body.to_owned())
    }

    pub(super) fn not_understood() -> Self {
        let body = "<p>Nothing was changed. Go back, and use one of the buttons.</p>";
        Self::new(
            StatusCode::BAD_REQUEST,
            "That was not understood",
            body.to_owned(),
        )
    }

    pub(super) fn wrong_method() -> Self {
        let body = "<p>Nothing was changed. Open the link from the e-mail again.</p>";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "That is not possible",
            body.to_owned(),
        )
    }

    pub(super) fn busy() -> Self {
        let body = "<p>Nothing was changed. Please try again in a moment.</p>";
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Please try again",
            body.to_owned(),
        )
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let Self {
            status,
            title,
            body,
        } = self;
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title><style>{STYLE}</style></head>\
             <body><main><h1>{title}</h1>{body}</main></body></html>"
        );
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        (status, [(header::CONTENT_TYPE, kind)], html).into_response()
    }
}

/// What every answer of this door says beside its content.
pub(super) fn guard(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    for (name, value) in [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn state(addressee: &Addressee) -> Vec<String> {
    let mut lines = Vec::new();
    if addressee.suppressed.is_some() {
        lines.push("This address gets no e-mails from us.".to_owned());
        if !addressee.may_return() {
            lines.push("To change that, write to us.".to_owned());
        }
        return lines;
    }
    if let Some(until) = addressee.paused_until {
        let day = until.to_utc().format("%Y-%m-%d");
        lines.push(format!("No e-mails until {day}."));
    }
    if addressee.opted_out {
        lines.push("This series of e-mails is stopped.".to_owned());
    }
    lines
}

/// The action is the page's own address: it works behind any prefix.
fn form(buttons: &str) -> String {
    format!("<form method=\"post\">{buttons}</form>")
}

fn button(choice: Choice, label: &str, main: bool) -> String {
    let class = if main { " class=\"main\"" } else { "" };
    let value = choice.as_str();
    format!("<button{class} name=\"{CHOICE_FIELD}\" value=\"{value}\">{label}</button>")
}

fn elsewhere(token: &str, label: &str) -> String {
    format!("<p><a href=\"../p/{}\">{label}</a></p>", escape(token))
}

fn whom(addressee: &Addressee) -> String {
    addressee
        .address
        .as_ref()
        .map_or_else(|| "you".to_owned(), |address| escape(&mask(address)))
}

/// Enough for its owner to know it, and no address for whom the mail was passed on to.
fn mask(address: &EmailAddress) -> String {
    let first = address.as_str().chars().next().unwrap_or('*');
    format!("{first}***@{}", address.domain())
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::choice::tests::addressee;
    use super::*;
    use crate::domain::Instant;
    use crate::store::recipient::Suppressed;

    fn check(page: &Page, says: &[&str], never: &[&str]) {
        for text in says {
            assert!(page.body.contains(text), "{text}: {}", page.body);
        }
        for text in never {
            assert!(!page.body.contains(text), "{text}: {}", page.body);
        }
    }

    #[test]
    fn pages_offer_what_is_open_and_show_no_address() {
        let fresh = addressee();
        let masked = "z***@x.example";
        let never = ["zoe@", "pricing", "value=\"return"];
        check(
            &Page::confirm(&fresh, "t"),
            &[masked, "<form method=\"post\">", "../p/t"],
            &never,
        );
        check(
            &Page::preferences(&fresh),
            &[
                masked,
                "pause-30",
                "pause-90",
                "stop-sequence",
                "unsubscribe",
            ],
            &never,
        );
        let paused = Addressee {
            paused_until: Some(Instant(1_772_442_000_000)),
            opted_out: true,
            ..fresh.clone()
        };
        check(
            &Page::preferences(&paused),
            &["until 2026-03-02", "\"return\"", "return-to-sequence"],
            &["stop-sequence"],
        );
        let off = |own| Addressee {
            suppressed: Some(Suppressed {
                reason: "unsubscribed".to_owned(),
                own,
            }),
            unsubscribed_last: true,
            ..fresh.clone()
        };
        check(&Page::preferences(&off(true)), &["\"return\""], &["pause"]);
        check(
            &Page::preferences(&off(false)),
            &["write to us"],
            &["<button"],
        );
        check(&Page::confirm(&off(true), "t"), &["any more"], &["<form"]);
    }

    #[test]
    fn values_are_escaped() {
        let odd = Addressee {
            address: EmailAddress::parse("'&@b&'b.example").ok(),
            ..addressee()
        };
        check(
            &Page::confirm(&odd, "\"<x>"),
            &["&#39;***@b&amp;&#39;b", "&quot;&lt;x&gt;"],
            &["<x>"],
        );
    }
}
