//! Pipedrive: webhooks of both versions, and the API that completes, reconciles and takes writes.
//!
//! In: webhooks that show our password (`events`), answers of the API. Out: events in our words, calls
//! to API v2, and to v1 where v2 has nothing: notes, webhooks, users.
//!
//! Sources: Pipedrive docs, "Guide for Webhooks v2" and "Webhooks v2 migration guide"; its OpenAPI
//! documents for v1 and v2. A webhook that fails is tried three times more within minutes, and one that
//! keeps failing is switched off: what was lost comes by `reconcile`.

mod events;
mod fields;
mod hydrate;
mod reconcile;
mod register;
mod token;
mod words;
mod write;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;

use crate::crm::call;
use crate::domain::Instant;
use crate::domain::answer;
use crate::domain::connector::{
    AskError, Authenticity, Connector, Field, Form, Kind, Pace, Probes, Settings, Sort, Unfit,
};
use crate::domain::fields as read;
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Method, Request, Response};
use crate::domain::instant::HOUR_MS;
use crate::signatures::credential;

use token::Access;

pub const KIND: Kind = Kind {
    name: "pipedrive",
    title: "Pipedrive",
    sort: Sort::Crm,
    fields: &[
        Field::own_base_url(
            "https://acme.pipedrive.com",
            "The address of your company's Pipedrive.",
        ),
        Field::secret(
            "api_token",
            "env:PIPEDRIVE_API_TOKEN",
            "Settings > Personal preferences > API, of a user who sees everything. Without it, or an app by the three below, \
             nothing is asked and nothing is written.",
        ),
        Field::text(
            "client_id",
            "b4d083d9216986345b32",
            "Of an app in the Developer Hub, with the scopes deals, activities, contacts and leads (full), users:read \
             and, to register webhooks, admin.",
        ),
        Field::secret(
            "client_secret",
            "env:PIPEDRIVE_CLIENT_SECRET",
            "Of the same app.",
        ),
        Field::secret(
            "refresh_token",
            "env:PIPEDRIVE_REFRESH_TOKEN",
            "What the code of the app's authorization was exchanged for.",
        ),
        Field {
            key: "oauth_url",
            form: Form::Url,
            needed: false,
            default: Some("https://oauth.pipedrive.com"),
            help: "Where the app's access tokens are given out.",
            example: "https://oauth.pipedrive.com",
        },
        Field::secret(
            "webhook_password",
            "env:PIPEDRIVE_WEBHOOK_PASSWORD",
            "The HTTP Auth password of its webhooks: choose a long random one.",
        )
        .needed(),
        Field::choice(
            "campaigns",
            &["no", "yes"],
            "no",
            "Whether the company uses Campaigns: only then does Pipedrive tell who unsubscribed.",
        ),
    ],
    authenticity: Authenticity::StaticCredential,
    steps: &[
        "`followup connect` can register the webhooks itself. By hand, in Pipedrive: Tools and apps > \
         Webhooks > Create new webhook.",
        "Event action: *, event object: person; endpoint URL: {url}; HTTP Auth username: followup, \
         password: your webhook_password; webhook version: v2.",
        "The same for the event objects deal, activity and lead.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let (access, app) = token::of(settings)?;
    let pipedrive = Arc::new(Pipedrive {
        base_url: settings.base_url()?,
        access,
        webhook_password: settings
            .password("webhook_password")?
            .ok_or_else(|| Unfit::new("webhook_password", "is missing", "add webhook_password"))?,
        campaigns: settings.text("campaigns") == Some("yes"),
    });
    let asking = match pipedrive.access {
        Access::Nothing => None,
        _ => Some(&pipedrive),
    };
    Ok(Connector {
        hook: Some(Arc::clone(&pipedrive) as Arc<dyn Hook>),
        hydrates: asking.map(|pipedrive| Arc::clone(pipedrive) as _),
        reconciles: asking.map(|pipedrive| Arc::clone(pipedrive) as _),
        writes: asking.map(|pipedrive| Arc::clone(pipedrive) as _),
        registers: asking.map(|pipedrive| Arc::clone(pipedrive) as _),
        probes: asking.map(|pipedrive| Arc::clone(pipedrive) as _),
        refreshes: app.map(|app| Arc::new(app) as _),
        // The smallest burst limit that is named: 20 requests in 2 seconds for each API token (docs, "Rate
        // limiting"; the daily budget of tokens depends on plan and seats and is told by 429 only).
        pace: Some(Pace {
            calls: 20,
            per_ms: 2_000,
            concurrent_max: 4,
        }),
        ..Connector::default()
    })
}

/// One connected Pipedrive company.
struct Pipedrive {
    base_url: String,
    access: Access,
    /// What its webhooks show.
    webhook_password: SecretString,
    /// `marketing_status` "can only be included if the company has marketing app enabled" (API v2, Get
    /// details of a person).
    campaigns: bool,
}

impl Hook for Pipedrive {
    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        credential::verify(&self.webhook_password, request)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        events::batch(&parse_json(&request.body)?, now)
    }
}

impl Probes for Pipedrive {
    fn request(&self, _now: Instant) -> Request {
        self.get("/api/v1/users/me")
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body = success(answer)?;
        let said = |key| body.pointer(key).and_then(Value::as_str);
        let company = said("/data/company_name").unwrap_or("a company without a name");
        let user = said("/data/name").unwrap_or("a user without a name");
        let id = read::id(&body["data"], "company_id").unwrap_or_default();
        Ok(format!("{company} (company {id}), as {user}"))
    }
}

impl Pipedrive {
    fn get(&self, path: &str) -> Request {
        call::get(format!("{}{path}", self.base_url), self.access.credential())
    }

    fn send(&self, method: Method, path: &str, body: &Value) -> Request {
        let url = format!("{}{path}", self.base_url);
        call::send(method, url, self.access.credential(), body)
    }
}

/// The body of an answer that says `success`.
fn success(answer: &Response) -> Result<Value, AskError> {
    let body = answer.json();
    if answer.status == 200 && body["data"] != Value::Null {
        return Ok(body);
    }
    let hint = "check api_token or the app, and that its user may see everything";
    let error = answer::ask_failure("Pipedrive", answer, &explanation(answer), hint);
    Err(call::asking(error, wait_ms(answer)))
}

/// `{"success": false, "error": "...", "error_info": "..."}`.
fn explanation(answer: &Response) -> String {
    let body = answer.json();
    let said = read::text(&body, "error").or_else(|| read::text(&body, "message"));
    said.unwrap_or_default().to_owned()
}

/// How long a 429 lasts. "x-ratelimit-reset: the amount of seconds before the limit resets" speaks of the
/// burst; a day's budget that is used up is back at midnight, so it is asked for each hour.
fn wait_ms(answer: &Response) -> Option<i64> {
    let spent = |header: &str| answer.header(header).is_some_and(|left| left.trim() == "0");
    // The first is not documented, but sent; the second is of the time before token budgets.
    if spent("x-daily-ratelimit-token-remaining") || spent("x-daily-requests-left") {
        return Some(HOUR_MS);
    }
    answer::reset_in_ms(answer, "x-ratelimit-reset")
}

impl fmt::Debug for Pipedrive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipedrive")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
