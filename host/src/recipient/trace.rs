//! Clicks and opens: where a link leads, and the event it leaves behind. Pure.

use axum::http::{HeaderMap, header};
use serde_json::{Value, json};
use url::Url;

use super::choice;
use crate::compose::without_token;
use crate::domain::event::kind;
use crate::domain::machine::{Signal, unmask};
use crate::domain::{Instant, NewEvent};
use crate::store::recipient::Addressee;

/// Opens and clicks of one message that are recorded; further ones are answered and forgotten, so
/// that nobody who has a link fills the disk with it.
pub(super) const RECORDED_MAX: usize = 100;
/// What is kept of a user agent.
const USER_AGENT_MAX_BYTES: usize = 300;

/// What was followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trace {
    Open,
    /// The link of this number, from 0.
    Click(usize),
}

/// Where a link of the message leads; none where the message has no such link or where it leads
/// nowhere a browser should be sent.
pub(super) fn target(addressee: &Addressee, link: usize) -> Option<Url> {
    let url = Url::parse(addressee.links.get(link)?).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// The event to record; none where enough are.
///
/// Its key counts the records before it, so that requests at once cannot make more than allowed.
pub(super) fn event(
    addressee: &Addressee,
    trace: Trace,
    headers: &HeaderMap,
    now: Instant,
) -> Option<NewEvent> {
    if addressee.recorded >= RECORDED_MAX {
        return None;
    }
    let user_agent = text(headers, header::USER_AGENT.as_str());
    let kept = &user_agent[..user_agent.floor_char_boundary(USER_AGENT_MAX_BYTES)];
    let mut data = json!({"user_agent": kept});
    let (event_kind, key) = match trace {
        Trace::Open => (kind::EMAIL_OPENED, format!("open/{}", addressee.recorded)),
        Trace::Click(link) => {
            data["url"] = Value::from(without_token(addressee.links.get(link)?));
            data["n"] = Value::from(link);
            let key = format!("click/{link}/{}", addressee.recorded);
            (kind::LINK_CLICKED, key)
        }
    };
    let data = data.as_object().cloned().unwrap_or_default();
    let event = choice::event(addressee, event_kind, &key, data, now);
    let signal = Signal {
        user_agent: Some(user_agent.as_str()),
        prefetched: prefetched(headers),
        ..Signal::default()
    };
    Some(unmask(event, &signal))
}

/// Browsers and mail programs that load a page before anybody asks for it say so.
fn prefetched(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .into_iter()
        .map(|name| text(headers, name).to_ascii_lowercase())
        .any(|value| value.contains("prefetch") || value.contains("preview"))
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map_or_else(String::new, |value| {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::super::choice::tests::addressee;
    use super::*;

    fn linked(links: Vec<String>) -> Addressee {
        Addressee {
            links,
            ..addressee()
        }
    }

    fn headers(rows: &[(&'static str, &'static str)]) -> HeaderMap {
        rows.iter()
            .map(|(name, value)| {
                let name = name.parse().expect("a header's name");
                (name, HeaderValue::from_static(value))
            })
            .collect()
    }

    #[test]
    fn only_the_web() {
        for (link, expect) in [
            (
                "https://acme.example/a?b=c#d",
                Some("https://acme.example/a?b=c#d"),
            ),
            ("HTTP://acme.example", Some("http://acme.example/")),
            (
                "https://acme.example/ü",
                Some("https://acme.example/%C3%BC"),
            ),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("mailto:a@b.example", None),
            ("/relative", None),
            ("", None),
        ] {
            let found = target(&linked(vec![link.to_owned()]), 0);
            assert_eq!(found.as_ref().map(Url::as_str), expect, "{link}");
        }
    }

    #[test]
    fn who_followed() {
        let firefox = (
            "user-agent",
            "Mozilla/5.0 (X11; rv:128.0) Gecko/20100101 Firefox/128.0",
        );
        let of = linked(vec!["https://a.example/".to_owned()]);
        for (rows, opened, clicked) in [
            (vec![firefox], "email-opened", "link-clicked"),
            (vec![], "machine-opened", "machine-clicked"),
            (
                vec![("user-agent", "Mozilla/5.0")],
                "machine-opened",
                "link-clicked",
            ),
            (
                vec![firefox, ("sec-purpose", "prefetch;prerender")],
                "machine-opened",
                "machine-clicked",
            ),
        ] {
            let kind = |trace| event(&of, trace, &headers(&rows), Instant(0)).map(|e| e.kind);
            assert_eq!(kind(Trace::Open).as_deref(), Some(opened), "{rows:?}");
            assert_eq!(kind(Trace::Click(0)).as_deref(), Some(clicked), "{rows:?}");
            assert_eq!(kind(Trace::Click(1)), None, "there is no second link");
        }
        let full = Addressee {
            recorded: RECORDED_MAX,
            ..of
        };
        assert_eq!(event(&full, Trace::Open, &headers(&[]), Instant(0)), None);
    }

    proptest! {
        #[test]
        fn a_redirect_leads_only_to_a_link_of_the_message(
            links in prop::collection::vec("(https?|ftp|javascript)://[a-z]{1,8}\\.example/[ -~]{0,12}|[ -~]{0,20}", 0..6),
            link in 0_usize..8,
        ) {
            if let Some(url) = target(&linked(links.clone()), link) {
                prop_assert!(["http", "https"].contains(&url.scheme()));
                prop_assert!(links.iter().any(|link| Url::parse(link).is_ok_and(|known| known == url)));
            }
        }
    }
}
