//! A method of a model, called by JSON-RPC (`execute_kw`) or JSON-2, and what its answer says.
//!
//! JSON-RPC answers every call with 200, errors as `error`; JSON-2 (Odoo 19) answers with the bare result,
//! errors with their status. Either way a call is one transaction: what fails was not done.
//! Sources: Odoo docs, "External RPC API" and "External JSON-2 API".

use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use crate::crm::call;
use crate::domain::answer;
use crate::domain::connector::{AskError, Done, WriteOutcome};
use crate::domain::fields as read;
use crate::domain::http::{Failure, Method, Request, Response};

use super::Odoo;

const HINT: &str = "check database, user_id and api_key of this connection";

/// How methods are called.
#[derive(Debug, Clone, Copy)]
pub(super) enum Protocol {
    JsonRpc { user_id: u64 },
    Json2,
}

/// What an answer says.
#[derive(Debug, PartialEq)]
enum Said {
    Result(Value),
    /// `odoo.exceptions.AccessError`, and the sentence with it.
    Error {
        name: String,
        message: String,
    },
    /// Not Odoo's: a gateway, a login page.
    Nothing,
}

impl Odoo {
    /// `ids` are the records of a method of records; a method of the model has none.
    pub(super) fn call(
        &self,
        model: &str,
        method: &str,
        ids: Option<&[i64]>,
        named: Value,
    ) -> Request {
        let mut named = match named {
            Value::Object(named) => named,
            _ => Map::new(),
        };
        let key = self.api_key.expose_secret().trim();
        match self.protocol {
            Protocol::JsonRpc { user_id } => {
                let mut positional: Vec<Value> = ids.map(|ids| json!(ids)).into_iter().collect();
                // `create` looks at its first argument, which must not be a named one (`odoo/api.py`,
                // call_kw_model_create).
                positional.extend(named.remove("vals_list"));
                let args = json!([
                    self.database,
                    user_id,
                    key,
                    model,
                    method,
                    positional,
                    named
                ]);
                let body = json!({
                    "jsonrpc": "2.0",
                    "method": "call",
                    "id": 1,
                    "params": {"service": "object", "method": "execute_kw", "args": args},
                });
                call::send(
                    Method::Post,
                    format!("{}/jsonrpc", self.base_url),
                    None,
                    &body,
                )
            }
            Protocol::Json2 => {
                if let Some(ids) = ids {
                    named.insert("ids".to_owned(), json!(ids));
                }
                let url = format!("{}/json/2/{model}/{method}", self.base_url);
                let credentials = Some(("authorization", format!("bearer {key}")));
                let mut request = call::send(Method::Post, url, credentials, &Value::Object(named));
                let database = self.database.clone();
                request.headers.push(("x-odoo-database", database));
                request
            }
        }
    }

    pub(super) fn search_read(&self, model: &str, named: Value) -> Request {
        self.call(model, "search_read", None, named)
    }

    fn said(&self, answer: &Response) -> Said {
        let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
            return Said::Nothing;
        };
        let error = match self.protocol {
            Protocol::JsonRpc { .. } => body.get("error").map(|error| {
                let data = &error["data"];
                (
                    read::text(data, "name").unwrap_or("odoo.http.SessionExpiredException"),
                    read::text(data, "message").or_else(|| read::text(error, "message")),
                )
            }),
            Protocol::Json2 if answer.status != 200 => {
                read::text(&body, "name").map(|name| (name, read::text(&body, "message")))
            }
            Protocol::Json2 => None,
        };
        match (error, self.protocol) {
            (Some((name, message)), _) => Said::Error {
                name: name.to_owned(),
                message: message.unwrap_or("no explanation").to_owned(),
            },
            (None, _) if answer.status != 200 => Said::Nothing,
            (None, Protocol::Json2) => Said::Result(body),
            (None, Protocol::JsonRpc { .. }) => match body.get("result") {
                Some(result) => Said::Result(result.clone()),
                None => Said::Nothing,
            },
        }
    }

    /// The result of a question.
    pub(super) fn ask(&self, answer: &Response) -> Result<Value, AskError> {
        match self.said(answer) {
            Said::Result(result) => Ok(result),
            Said::Nothing => Err(answer::ask_failure("Odoo", answer, "", HINT)),
            Said::Error { name, message } => {
                let reason = answer::line("Odoo", answer, &format!("{name}: {message}"));
                Err(match fault(&name) {
                    Fault::Missing => AskError::Gone,
                    Fault::Denied => AskError::Refused(format!("{reason} ({HINT})")),
                    Fault::Busy => AskError::Retry {
                        reason,
                        after_ms: answer::retry_after_ms(answer),
                    },
                    Fault::Other => AskError::Refused(reason),
                })
            }
        }
    }

    /// What the answer to a write means; `done` reads what it made of the result.
    pub(super) fn written(
        &self,
        answer: &Result<Response, Failure>,
        done: impl Fn(&Value) -> Option<Done>,
    ) -> WriteOutcome {
        let said = answer.as_ref().map(|answer| (answer, self.said(answer)));
        match said {
            Ok((_, Said::Result(result))) => {
                answer::written("Odoo", answer, |_| String::new(), |_| done(&result))
            }
            Ok((given, Said::Error { name, message })) => {
                let reason = answer::line("Odoo", given, &format!("{name}: {message}"));
                match fault(&name) {
                    Fault::Denied => WriteOutcome::Retry {
                        reason: format!("{reason} ({HINT})"),
                        after_ms: None,
                    },
                    Fault::Busy => WriteOutcome::Retry {
                        reason,
                        after_ms: answer::retry_after_ms(given),
                    },
                    Fault::Missing | Fault::Other => WriteOutcome::Rejected { reason },
                }
            }
            _ => answer::written("Odoo", answer, |_| String::new(), |_| None),
        }
    }
}

enum Fault {
    /// The key, the user or the database is not right.
    Denied,
    /// The record was deleted.
    Missing,
    /// Another transaction was in the way, which Odoo repeats itself five times before it gives up.
    Busy,
    Other,
}

fn fault(name: &str) -> Fault {
    let last = name.rsplit('.').next().unwrap_or_default();
    match last {
        "AccessDenied" | "SessionExpiredException" | "Unauthorized" => Fault::Denied,
        "MissingError" => Fault::Missing,
        "SerializationFailure"
        | "LockNotAvailable"
        | "DeadlockDetected"
        | "OperationalError"
        | "ConcurrencyError"
        | "TooManyRequests" => Fault::Busy,
        _ => Fault::Other,
    }
}
