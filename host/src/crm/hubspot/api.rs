//! Calls of HubSpot's API: how they are written, what their failures mean, and the one that proves the token.
//!
//! Sources: HubSpot docs, "CRM objects", "Error handling", "Account information".

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::crm::call;
use crate::domain::Instant;
use crate::domain::answer::{ask_failure, retry_after_ms};
use crate::domain::connector::{AskError, Probes};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};
use crate::domain::instant::{HOUR_MS, SECOND_MS};

use super::Hubspot;

/// Their objects in our events and in the paths of the API.
const PATHS: &[(&str, &str)] = &[
    ("contact", "contacts"),
    ("deal", "deals"),
    ("meeting", "meetings"),
    ("email", "emails"),
    ("call", "calls"),
    ("task", "tasks"),
    ("note", "notes"),
];

pub(super) fn path_of(object: &str) -> Option<&'static str> {
    let found = PATHS.iter().find(|(name, _)| *name == object);
    found.map(|(_, path)| *path)
}

impl Hubspot {
    /// A call with the token, where there is one.
    pub(super) fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Request {
        let bearer = |token: &SecretString| format!("Bearer {}", token.expose_secret());
        let token = self.access_token.as_ref().map(bearer);
        let url = format!("{}{path}", self.base_url.trim_end_matches('/'));
        call::request(
            method,
            url,
            token.map(|token| ("authorization", token)),
            body,
        )
    }
}

impl Probes for Hubspot {
    fn request(&self, _now: Instant) -> Request {
        self.call(Method::Get, "/account-info/v3/details", None)
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body = answer.json();
        let portal = fields::id(&body, "portalId").filter(|_| answer.status == 200);
        let portal = portal.ok_or_else(|| failure(answer))?;
        let sort = fields::text(&body, "accountType").unwrap_or("unknown type");
        Ok(format!("account {portal} ({sort})"))
    }
}

pub(super) fn explanation(answer: &Response) -> String {
    let body = answer.json();
    let said = fields::text(&body, "message").unwrap_or("no explanation");
    said.to_owned()
}

/// "429, 423 and 5xx: retry later"; "477: HubSpot is currently migrating" (HubSpot docs, "Error
/// handling").
pub(super) fn failure(answer: &Response) -> AskError {
    let hint = match answer.status {
        401 => "check access_token of this connection",
        _ => "the app needs the scopes that the steps of this connection name",
    };
    let said = explanation(answer);
    match ask_failure("HubSpot", answer, &said, hint) {
        AskError::Refused(reason) if answer.status == MIGRATING => AskError::Retry {
            reason,
            after_ms: retry_after_ms(answer),
        },
        AskError::Retry { reason, after_ms } => AskError::Retry {
            reason,
            after_ms: after_ms.or_else(|| limit_ms(answer)),
        },
        other => other,
    }
}

/// Sent while an account moves between data centres.
pub(super) const MIGRATING: u16 = 477;

/// How long the limit lasts that a 429 names.
pub(super) fn limit_ms(answer: &Response) -> Option<i64> {
    match fields::text(&answer.json(), "policyName")? {
        "TEN_SECONDLY_ROLLING" => Some(10 * SECOND_MS),
        "SECONDLY" => Some(SECOND_MS),
        "DAILY" => Some(HOUR_MS),
        _ => None,
    }
}

/// A moment as HubSpot writes it: RFC 3339, or Unix milliseconds as text.
pub(super) fn moment(text: &str) -> Option<Instant> {
    Instant::parse_rfc3339(text).or_else(|| text.parse().ok().map(Instant))
}

/// Whether a text is an id that may stand in a path.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit())
}
