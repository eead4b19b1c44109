//! Freshsales (Freshworks CRM): webhooks that an administrator composes in workflows, and its API.
//!
//! In: webhooks in the form that our steps recommend, read tolerantly (`events`); answers of the API. Out:
//! events in our words, all of them thin: a workflow fills texts into JSON as they are, so that a quote in
//! a name breaks the body, while ids and times are safe. Never: the tracking API, the old Leads module.
//!
//! Sources: developers.freshworks.com/crm/api; Freshworks' "How to use Workflows with Webhooks". What was
//! not found in either says so.

mod events;
mod fields;
mod hydrate;
mod reconcile;
mod write;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::crm::call;
use crate::domain::Instant;
use crate::domain::answer;
use crate::domain::connector::{
    AskError, Authenticity, Connector, Field, Hydrates, Kind, Pace, Probes, Reconciles, Settings,
    Sort, Unfit, WritesBack,
};
use crate::domain::fields as read;
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Method, Request, Response};
use crate::domain::instant::HOUR_MS;
use crate::signatures::credential;

pub const KIND: Kind = Kind {
    name: "freshsales",
    title: "Freshsales",
    sort: Sort::Crm,
    fields: &[
        Field::own_base_url(
            "https://acme.myfreshworks.com/crm/sales/api",
            "Your bundle alias (Profile > Settings > API Settings) and /crm/sales/api behind it.",
        ),
        Field::secret(
            "api_key",
            "env:FRESHSALES_API_KEY",
            "Profile > Settings > API Settings, of a user who sees every record.",
        )
        .needed(),
        Field::secret(
            "webhook_password",
            "env:FRESHSALES_WEBHOOK_PASSWORD",
            "The password that its webhooks show: choose a long random one.",
        ),
    ],
    authenticity: Authenticity::StaticCredential,
    steps: &[
        "In Freshsales: Admin Settings > Workflows > Create workflow, for the module Contacts; when: a contact is \
         created (and another one: updated).",
        "Action: Trigger webhook; request type POST; URL: {url}; custom header X-Followup-Key: your \
         webhook_password; encoding JSON; content: Advanced.",
        "Body, for contacts: {\"object\": \"contact\", \"action\": \"updated\", \"id\": \"{{contact.id}}\", \
         \"updated_at\": \"{{contact.updated_at}}\"}, with the action created or updated as the workflow says.",
        "The same for the modules Deals, Tasks and Appointments: object deal, task or appointment, and {{deal.id}}, \
         {{deal.updated_at}} and so on, picked from the list of placeholders. Put no other texts into the \
         body: Freshsales does not escape them.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let freshsales = Arc::new(Freshsales {
        base_url: settings.base_url()?,
        api_key: settings.needed_secret("api_key")?,
        webhook_password: settings.password("webhook_password")?,
    });
    Ok(Connector {
        hook: Some(Arc::clone(&freshsales) as Arc<dyn Hook>),
        hydrates: Some(Arc::clone(&freshsales) as Arc<dyn Hydrates>),
        reconciles: Some(Arc::clone(&freshsales) as Arc<dyn Reconciles>),
        writes: Some(Arc::clone(&freshsales) as Arc<dyn WritesBack>),
        probes: Some(freshsales),
        // "1000 API requests per hour" for an account of the smaller plans; not verified.
        pace: Some(Pace {
            calls: 1_000,
            per_ms: HOUR_MS,
            concurrent_max: 2,
        }),
        ..Connector::default()
    })
}

/// One connected Freshsales account.
struct Freshsales {
    base_url: String,
    api_key: SecretString,
    /// Without it no webhook is believed.
    webhook_password: Option<SecretString>,
}

impl Hook for Freshsales {
    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        credential::verify_webhook(self.webhook_password.as_ref(), request)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        events::batch(&parse_json(&request.body)?, now)
    }
}

impl Probes for Freshsales {
    /// The call that each poll begins with. The list of owners is refused to the keys of some users.
    fn request(&self, _now: Instant) -> Request {
        self.get("/contacts/filters")
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body = success(answer, "filters")?;
        let views = call::items(&body, "filters").len();
        let host = self.base_url.split('/').nth(2).unwrap_or_default();
        Ok(format!("{host}, {views} views of contacts"))
    }
}

impl Freshsales {
    fn get(&self, path: &str) -> Request {
        call::get(format!("{}{path}", self.base_url), Some(self.credentials()))
    }

    fn send(&self, method: Method, path: &str, body: &Value) -> Request {
        let url = format!("{}{path}", self.base_url);
        call::send(method, url, Some(self.credentials()), body)
    }

    fn credentials(&self) -> (&'static str, String) {
        let key = self.api_key.expose_secret().trim();
        ("authorization", format!("Token token={key}"))
    }
}

/// The body of a good answer, in which `key` is.
fn success(answer: &Response, key: &str) -> Result<Value, AskError> {
    let body = answer.json();
    if answer.status == 200 && body.get(key).is_some_and(|value| !value.is_null()) {
        return Ok(body);
    }
    let hint = "check api_key and base_url, and that its user sees every record";
    Err(answer::ask_failure(
        "Freshsales",
        answer,
        &explanation(answer),
        hint,
    ))
}

/// `{"errors": {"code": 400, "message": ["..."]}}`, or by field `{"errors": {"amount": ["can't be blank"]}}`; for a
/// wrong key `{"login": "failed", "message": "..."}`.
fn explanation(answer: &Response) -> String {
    let body = answer.json();
    let said = body
        .pointer("/errors/message")
        .or_else(|| body.get("message"))
        .or_else(|| body.get("errors"));
    match said {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(texts)) => {
            let texts: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
            texts.join(", ")
        }
        Some(fields @ Value::Object(_)) => fields.to_string(),
        _ => read::text(&body, "description")
            .unwrap_or_default()
            .to_owned(),
    }
}

impl fmt::Debug for Freshsales {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Freshsales")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
