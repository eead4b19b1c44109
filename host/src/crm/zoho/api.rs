//! Calls of the API v8: the token, what failures mean, and the one that proves the credentials.
//!
//! Sources: Zoho CRM docs, "Refresh Access Tokens", "Status Codes". Requests carry no token of their own:
//! `net` adds the one that `Refreshes` gives out, as `Zoho-oauthtoken`.

use secrecy::ExposeSecret;
use serde_json::Value;

use crate::crm::call;
use crate::domain::Instant;
use crate::domain::answer::ask_failure;
use crate::domain::connector::{AskError, Probes, Refreshes, Token};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};
use crate::domain::instant::{HOUR_MS, MINUTE_MS, SECOND_MS};

use super::Zoho;

impl Zoho {
    /// `path` behind the version: `/Leads/123`.
    pub(super) fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Request {
        call::request(
            method,
            format!("{}/crm/v8{path}", self.base_url),
            None,
            body,
        )
    }
}

impl Refreshes for Zoho {
    fn request(&self) -> Request {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose_secret()),
            ("refresh_token", self.refresh_token.expose_secret()),
        ];
        call::token(format!("{}/oauth/v2/token", self.accounts_url), &form)
    }

    /// A refused token is answered 200 with `{"error": "invalid_code"}`; too many tokens in ten minutes
    /// with "Access Denied".
    fn read(&self, answer: &Response) -> Result<Token, AskError> {
        let body = answer.json();
        let token = fields::text(&body, "access_token").filter(|_| answer.status == 200);
        if let Some(token) = token {
            let expires_s = body.get("expires_in").and_then(Value::as_i64);
            return Ok(Token {
                value: token.to_owned().into(),
                expires_in_ms: expires_s.map_or(HOUR_MS, |s| s.saturating_mul(SECOND_MS)),
            });
        }
        match fields::text(&body, "error") {
            Some("Access Denied") => Err(AskError::Retry {
                reason: "Zoho gives out no more tokens for now".to_owned(),
                after_ms: Some(10 * MINUTE_MS),
            }),
            Some(error) => Err(AskError::Refused(format!(
                "Zoho gives out no token: {error} (check client_id, client_secret, refresh_token and \
                 data_center)"
            ))),
            None => Err(failure(answer)),
        }
    }

    fn header(&self, token: &str) -> String {
        format!("Zoho-oauthtoken {token}")
    }
}

impl Probes for Zoho {
    fn request(&self, _now: Instant) -> Request {
        self.call(Method::Get, "/org", None)
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body = answer.json();
        let org = body.pointer("/org/0").filter(|_| answer.status == 200);
        let org = org.ok_or_else(|| failure(answer))?;
        let name = fields::text(org, "company_name").unwrap_or("unnamed");
        let id = fields::id(org, "zgid").or_else(|| fields::id(org, "id"));
        Ok(format!("{name} (account {})", id.unwrap_or_default()))
    }
}

/// The verdict on the one record of an answer, or on the whole of it: `SUCCESS`, `INVALID_DATA`, ...
pub(super) fn verdict(body: &Value) -> &Value {
    let lists = ["/data/0", "/Emails/0", "/watch/0"];
    lists
        .iter()
        .find_map(|list| body.pointer(list))
        .unwrap_or(body)
}

pub(super) fn explanation(answer: &Response) -> String {
    let body = answer.json();
    let verdict = verdict(&body);
    let said = |key| fields::text(verdict, key).map(str::to_owned);
    let details = verdict.get("details").and_then(Value::as_object);
    let details = details.filter(|details| !details.is_empty());
    let details = details.map(|details| Value::Object(details.clone()).to_string());
    let parts = [said("code"), said("message"), details];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

pub(super) fn failure(answer: &Response) -> AskError {
    let hint = match answer.status {
        401 => "check refresh_token, data_center and the scopes of the client",
        _ => "the user of the token needs access to this module",
    };
    ask_failure("Zoho", answer, &explanation(answer), hint)
}

/// Whether a text is an id that may stand in a path.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a module is not there for the user of the token.
pub(super) fn is_hidden(answer: &Response) -> bool {
    let body = answer.json();
    let code = fields::text(verdict(&body), "code").unwrap_or_default();
    matches!(
        code,
        "NO_PERMISSION" | "INVALID_MODULE" | "OAUTH_SCOPE_MISMATCH"
    )
}
