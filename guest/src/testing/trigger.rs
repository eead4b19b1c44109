//! A trigger under test, natively: one connection, its secrets, and the answers of the network.
//!
//! ```
//! # use followup_guest::{Received, TriggerContext, TriggerError, TriggerEvent, Webhook};
//! # struct Shop;
//! # impl Webhook for Shop {
//! #     type Config = followup_guest::serde_json::Value;
//! #     fn receive(_: &TriggerContext<Self::Config>, request: &Request) -> Result<Received, TriggerError> {
//! #         let order: followup_guest::serde_json::Value = request.json()?;
//! #         let email = order["email"].as_str().unwrap_or_default();
//! #         Ok(Received::event(TriggerEvent::new("order-1", "shop.order-paid").email(email)))
//! #     }
//! # }
//! use followup_guest::{ContactRef, Request, json, testing::TriggerScenario};
//!
//! let mut s = TriggerScenario::<Shop>::new(json!({}));
//! let received = s.receive(Request::post(json!({"email": "ada@example.com"}))).expect("an order");
//! assert_eq!(received.events[0].contact, Some(ContactRef::Email("ada@example.com".into())));
//! ```

use std::collections::BTreeSet;
use std::marker::PhantomData;

use ::hmac::{Hmac as Mac, Mac as _};
use serde_json::Value as Json;

use super::fake::{self, Host};
use super::{START, instant};
use crate::secrets::Hmac;
use crate::trigger::wire::nobody;
use crate::{
    Attributes, Page, PluginError, Poll, Received, Request, Span, TriggerContext, TriggerEvent,
    Webhook, trigger,
};

/// One connection of the trigger. Starts on Monday, 2 March 2026, 09:00 UTC, without a cursor.
/// Panics where a trigger hands over what the host would refuse.
#[derive(Debug)]
pub struct TriggerScenario<T> {
    /// What the next call will be given. Tests may change anything in it.
    pub cx: TriggerContext<String>,
    cursor: Option<String>,
    host: Host,
    seen: BTreeSet<String>,
    trigger: PhantomData<T>,
}

impl<T> TriggerScenario<T> {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests write json!({..}) in place"
    )]
    pub fn new(config: Json) -> Self {
        Self {
            cx: TriggerContext {
                now: instant(START),
                seed: 1,
                connection: "under-test".to_owned(),
                config: config.to_string(),
                extra: Attributes::default(),
            },
            cursor: None,
            host: Host::default(),
            seen: BTreeSet::new(),
            trigger: PhantomData,
        }
    }

    /// A secret that was granted, with its value.
    #[must_use]
    pub fn secret(mut self, name: &str, value: &str) -> Self {
        let secret = (name.to_owned(), value.to_owned());
        self.host.secrets.extend([secret]);
        self
    }

    /// The network answers one request of this method to exactly this address.
    #[cfg(feature = "http")]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests write json!({..}) in place"
    )]
    pub fn answers(&mut self, method: &str, url: &str, status: u16, body: Json) {
        let response = crate::http::Response {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        };
        let answer = (method.to_owned(), url.to_owned(), response);
        self.host.answers.push(answer);
    }

    /// What was asked of the network so far.
    #[cfg(feature = "http")]
    pub fn requests(&self) -> &[crate::http::Request] {
        &self.host.requests
    }

    /// Lets time pass.
    pub fn wait(&mut self, span: Span) {
        self.cx.now = self.cx.now.plus_ms(span.as_ms());
    }

    /// The stored cursor; null at first.
    pub fn cursor(&self) -> Json {
        let text = self.cursor.as_deref().unwrap_or("null");
        serde_json::from_str(text).unwrap_or_else(|e| panic!("cursor {text}: {e}"))
    }

    /// Checks what the host would check.
    fn hand_over(&mut self, events: &[TriggerEvent]) -> Result<(), PluginError> {
        for event in events {
            if event.contact.is_none() {
                return Err(nobody(&event.dedupe_key));
            }
            assert!(
                (1..=200).contains(&event.dedupe_key.len()),
                "a dedupe key has 1 to 200 bytes: {event:?}"
            );
        }
        self.seen
            .extend(events.iter().map(|event| event.dedupe_key.clone()));
        Ok(())
    }

    /// How many different events the host has stored by now: the same key twice is one.
    pub fn stored(&self) -> usize {
        self.seen.len()
    }
}

impl<T: Webhook> TriggerScenario<T> {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests make the request in place"
    )]
    pub fn receive(&mut self, request: Request) -> Result<Received, PluginError> {
        let cx = self.cx.clone();
        let received = fake::with(&mut self.host, || trigger::receive::<T>(cx, &request))?;
        self.hand_over(&received.events)?;
        Ok(received)
    }
}

impl<T: Poll> TriggerScenario<T> {
    /// One poll now; its cursor is kept for the next.
    pub fn poll(&mut self) -> Result<Page<Json>, PluginError> {
        let (cx, cursor) = (self.cx.clone(), self.cursor.clone());
        let page = fake::with(&mut self.host, || trigger::poll::<T>(cx, cursor.as_deref()))?;
        self.hand_over(&page.events)?;
        let has_cursor = page.cursor.is_some();
        if has_cursor {
            self.cursor = page.cursor;
        }
        Ok(Page {
            events: page.events,
            cursor: has_cursor.then(|| self.cursor()),
            next_at: page.next_at,
        })
    }
}

/// The HMAC of a message, as a sender would sign it.
pub fn hmac(hash: Hmac, key: &[u8], message: &[u8]) -> Vec<u8> {
    macro_rules! sign {
        ($digest:ty) => {{
            let mac = Mac::<$digest>::new_from_slice(key).expect("a key of any length will do");
            mac.chain_update(message).finalize().into_bytes().to_vec()
        }};
    }
    match hash {
        Hmac::Sha1 => sign!(sha1::Sha1),
        Hmac::Sha256 => sign!(sha2::Sha256),
        Hmac::Sha512 => sign!(sha2::Sha512),
    }
}

/// The same in hexadecimal digits.
pub fn hmac_hex(hash: Hmac, key: &[u8], message: &[u8]) -> String {
    let mac = hmac(hash, key, message);
    let digit = |four: u8| char::from(b"0123456789abcdef"[usize::from(four)]);
    mac.iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets;

    #[test]
    fn signatures_are_those_of_the_standards() {
        let check = |hash: Hmac, expect: &str| {
            let what = b"what do ya want for nothing?";
            assert_eq!(hmac_hex(hash, b"Jefe", what), expect, "{hash:?}");
        };
        // RFC 2202 3, test case 2.
        check(Hmac::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        // RFC 4231 4.3, test case 2.
        check(
            Hmac::Sha256,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check(
            Hmac::Sha512,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        );
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_cursor_is_kept_and_doubles_are_one() {
        use crate::{http, json};

        struct Orders;

        impl Poll for Orders {
            type Config = Json;
            type Cursor = u64;

            fn poll(
                cx: &TriggerContext<Json>,
                cursor: Option<u64>,
            ) -> Result<Page<u64>, PluginError> {
                let url = format!("https://a.example/after/{}", cursor.unwrap_or(0));
                let ids: Vec<u64> = http::get(url).send()?.success(cx.now)?.json()?;
                let event =
                    |id: &u64| TriggerEvent::new(id.to_string(), "a.order").email("a@b.example");
                let page = Page::events(ids.iter().map(event));
                Ok(match ids.last() {
                    Some(last) => page.cursor(*last),
                    None => page,
                })
            }
        }

        let mut s = TriggerScenario::<Orders>::new(json!({}));
        for (after, ids, cursor, stored) in [
            (0, json!([1, 2]), json!(2), 2),
            (2, json!([2, 3]), json!(3), 3),
            (3, json!([]), json!(3), 3),
        ] {
            s.answers("GET", &format!("https://a.example/after/{after}"), 200, ids);
            s.poll().expect("the network answers");
            assert_eq!((s.cursor(), s.stored()), (cursor, stored), "after {after}");
        }
        let error = s.poll().expect_err("nothing answers");
        assert!(matches!(error, PluginError::Transient { .. }), "{error}");
        assert_eq!(s.requests().len(), 4);
    }

    #[test]
    fn only_granted_secrets_are_there() {
        let mut host = Host::default();
        host.secrets.insert("key".into(), "Jefe".into());
        let signature = hmac_hex(Hmac::Sha256, b"Jefe", b"hello");
        fake::with(&mut host, || {
            let verify = |name| secrets::verify_hmac_hex(name, Hmac::Sha256, b"hello", &signature);
            assert_eq!(verify("key"), Ok(true));
            assert!(verify("other").is_err());
            assert!(secrets::placeholder("key").is_ok());
            assert!(secrets::placeholder("other").is_err());
        });
    }
}
