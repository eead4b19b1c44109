//! Telling SendGrid where to send its webhooks, and asking what the key may do.
//!
//! An event webhook is made unsigned; its id is needed to have it signed, and the answer to that holds the
//! key that its signatures are checked with. Parse settings take no password and no policy of their own, so
//! that the password stands in their address. Source: SendGrid's OpenAPI documents "Webhooks" and "Scopes".

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::SendGrid;
use super::outcome::explanation;
use crate::domain::Instant;
use crate::domain::answer::ask_failure;
use crate::domain::connector::{AskError, Probes, Registered, Registers};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};
use crate::providers::address::with_password;

const HINT: &str = "check api_key, and that it may change webhooks (user.webhooks.*)";

const EVENTS: &[&str] = &[
    "processed",
    "dropped",
    "delivered",
    "deferred",
    "bounce",
    "open",
    "click",
    "spam_report",
    "unsubscribe",
    "group_unsubscribe",
    "group_resubscribe",
];

impl Registers for SendGrid {
    fn requests(&self, url: &str, inbound_url: &str) -> Vec<Request> {
        let mut events = json!({"enabled": true, "url": url, "friendly_name": "Followup"});
        for event in EVENTS {
            events[*event] = json!(true);
        }
        let path = "/v3/user/webhooks/event/settings";
        let mut requests = vec![self.request(Method::Post, path, Some(&events))];
        if let Some(domain) = &self.inbound.domain {
            let url = match &self.inbound.password {
                Some(password) => with_password(inbound_url, password.expose_secret().trim()),
                None => inbound_url.to_owned(),
            };
            let parse = json!({
                "url": url,
                "hostname": domain,
                "spam_check": false,
                "send_raw": true,
            });
            let path = "/v3/user/webhooks/parse/settings";
            requests.push(self.request(Method::Post, path, Some(&parse)));
        }
        requests
    }

    /// "If you do not pass a webhook ID to this endpoint, it will enable signature verification for your
    /// oldest webhook": the id must be there.
    fn follow_up(&self, answers: &[Response]) -> Vec<Request> {
        let first = answers.first().and_then(|answer| read(answer).ok());
        let id = first.and_then(|body| webhook_id(&body));
        let sign = |id| {
            let path = format!("/v3/user/webhooks/event/settings/signed/{id}");
            self.request(Method::Patch, &path, Some(&json!({"enabled": true})))
        };
        id.map(sign).into_iter().collect()
    }

    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        let mut registered = Registered::default();
        for answer in answers {
            let body = read(answer)?;
            if let Some(key) = fields::text(&body, "public_key") {
                let secret = ("webhook_public_key", key.to_owned().into());
                registered.secrets.push(secret);
            } else {
                let id = fields::text(&body, "id").or_else(|| fields::text(&body, "hostname"));
                registered.ids.extend(id.map(str::to_owned));
            }
        }
        Ok(registered)
    }
}

/// An id that can stand in a path.
fn webhook_id(body: &Value) -> Option<String> {
    let id = fields::text(body, "id")?;
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    plain.then(|| id.to_owned())
}

impl Probes for SendGrid {
    /// Every key may ask what it may do; who owns the account is for others.
    fn request(&self, _now: Instant) -> Request {
        self.request(Method::Get, "/v3/scopes", None)
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body = read(answer)?;
        let scopes = body.get("scopes").and_then(Value::as_array);
        let scopes = scopes.map(Vec::as_slice).unwrap_or_default();
        if scopes.iter().any(|scope| scope == "mail.send") {
            Ok(format!("a key with {} permissions", scopes.len()))
        } else {
            let what = "the key may not send mail: give it the permission mail.send";
            Err(AskError::Refused(what.to_owned()))
        }
    }
}

fn read(answer: &Response) -> Result<Value, AskError> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if (200..=299).contains(&answer.status) && body.is_object() {
        return Ok(body);
    }
    Err(ask_failure("SendGrid", answer, &explanation(answer), HINT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sendgrid() -> SendGrid {
        let base_url = "https://api.sendgrid.com".to_owned();
        SendGrid::new("SG.x".to_owned().into(), None, base_url).expect("connects")
    }

    #[test]
    fn signing_follows_from_the_id() {
        let made = |body: Value| {
            let answer = Response {
                status: 201,
                headers: Vec::new(),
                body: body.to_string().into_bytes(),
            };
            sendgrid().follow_up(&[answer])
        };
        let requests = made(json!({"id": "77d4a5da-7015-11ed-a1eb-0242ac120002"}));
        assert_eq!(requests.len(), 1);
        assert_eq!(
            requests[0].url,
            "https://api.sendgrid.com/v3/user/webhooks/event/settings/signed/77d4a5da-7015-11ed-a1eb-0242ac120002"
        );
        assert_eq!(made(json!({"id": "../x"})), []);
        assert_eq!(made(json!({})), []);
        assert_eq!(sendgrid().follow_up(&[]), []);
    }
}
