//! Calls of the REST API: the token, what failures mean, and the query that proves the credentials.
//!
//! Sources: Salesforce docs, "OAuth 2.0 Client Credentials Flow", REST API guide, "Status Codes and Error
//! Responses". Requests carry no token of their own: `net` adds the one that `Refreshes` gives out.

use secrecy::ExposeSecret;
use serde_json::Value;

use crate::crm::call;
use crate::domain::Instant;
use crate::domain::answer::ask_failure;
use crate::domain::connector::{AskError, Probes, Refreshes, Token};
use crate::domain::fields;
use crate::domain::http::{Method, Request, Response};
use crate::domain::instant::{HOUR_MS, MINUTE_MS};

use super::Salesforce;
use super::id::long;

/// Where everything of the API lies.
pub(super) const DATA: &str = "/services/data/v60.0";

impl Salesforce {
    pub(super) fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Request {
        call::request(method, format!("{}{path}", self.base_url), None, body)
    }

    /// `queryAll`, since it tells of deleted and merged records too.
    pub(super) fn query(&self, soql: &str) -> Request {
        let path = call::url(&format!("{DATA}/queryAll/"), &[("q", soql)]);
        self.call(Method::Get, &path, None)
    }
}

impl Refreshes for Salesforce {
    fn request(&self) -> Request {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose_secret()),
        ];
        call::token(format!("{}/services/oauth2/token", self.base_url), &form)
    }

    /// The answer tells no end: sessions last as long as the organization's policy says, 2 hours by
    /// default; an hour is kept, and a 401 ends it sooner.
    fn read(&self, answer: &Response) -> Result<Token, AskError> {
        let body = answer.json();
        let token = fields::text(&body, "access_token").filter(|_| answer.status == 200);
        match token {
            Some(token) => Ok(Token {
                value: token.to_owned().into(),
                expires_in_ms: HOUR_MS,
            }),
            // 400 with `invalid_client_id`, `invalid_client`, `invalid_grant`.
            None => Err(failure(answer)),
        }
    }
}

impl Probes for Salesforce {
    fn request(&self, _now: Instant) -> Request {
        self.query("SELECT Id, Name, IsSandbox FROM Organization")
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body = answer.json();
        let found = body.pointer("/records/0").filter(|_| answer.status == 200);
        let found = found.ok_or_else(|| failure(answer))?;
        let id = fields::text(found, "Id").and_then(long).unwrap_or_default();
        if id != self.organization_id {
            return Err(AskError::Refused(format!(
                "the credentials are of organization {id}: set organization_id to it, or use others"
            )));
        }
        let name = fields::text(found, "Name").unwrap_or("unnamed");
        let sandbox = found.get("IsSandbox").and_then(Value::as_bool);
        let sort = if sandbox == Some(true) {
            "sandbox"
        } else {
            "organization"
        };
        Ok(format!("{name} ({sort} {id})"))
    }
}

/// The first of the errors: `[{"errorCode": ..., "message": ...}]`, for tokens `{"error": ...}`.
pub(super) fn error_code(answer: &Response) -> String {
    let body = answer.json();
    let code = body.pointer("/0/errorCode").or_else(|| body.get("error"));
    code.and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) fn explanation(answer: &Response) -> String {
    let body = answer.json();
    let message = body
        .pointer("/0/message")
        .or_else(|| body.get("error_description"));
    let message = message.and_then(Value::as_str).unwrap_or("no explanation");
    match error_code(answer).as_str() {
        "" => message.to_owned(),
        code => format!("{code}: {message}"),
    }
}

/// How long to wait where an error is no judgement on the request.
///
/// `REQUEST_LIMIT_EXCEEDED`: the requests of the last 24 hours are used up; some come free each hour.
/// `UNABLE_TO_LOCK_ROW`: somebody else writes to the same record; nothing was done.
pub(super) fn wait_ms(answer: &Response) -> Option<i64> {
    match error_code(answer).as_str() {
        "REQUEST_LIMIT_EXCEEDED" => Some(HOUR_MS),
        "UNABLE_TO_LOCK_ROW" | "SERVER_UNAVAILABLE" | "INVALID_QUERY_LOCATOR" => Some(MINUTE_MS),
        _ => None,
    }
}

pub(super) fn failure(answer: &Response) -> AskError {
    let hint = match answer.status {
        401 => {
            "check client_id and client_secret, and that the app allows the client credentials flow"
        }
        _ => "the user that the app runs as needs the permission \"API Enabled\" and to read this",
    };
    let failure = ask_failure("Salesforce", answer, &explanation(answer), hint);
    match (failure, wait_ms(answer)) {
        (AskError::Refused(reason) | AskError::Retry { reason, .. }, Some(after_ms)) => {
            AskError::Retry {
                reason,
                after_ms: Some(after_ms),
            }
        }
        (failure, _) => failure,
    }
}
