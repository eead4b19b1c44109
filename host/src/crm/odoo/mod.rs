//! Odoo 17 and later: webhooks of automation rules, and its API as JSON-RPC or JSON-2.
//!
//! In: webhooks that name a record (`events`), answers of the API (`api`). Out: events in our words, and
//! the calls that read, search and write records. A person is a partner or a lead without one: their
//! ids are told in Odoo's own notation, `res.partner,7` and `crm.lead,7`. Never: "On webhook" rules, which take
//! webhooks in; XML-RPC.
//!
//! A webhook is one try: "requests.post(url, ..., timeout=1)", failures are only logged (odoo/odoo,
//! `ir_actions.py`). So the reconcile poll is no luxury here.

mod api;
mod events;
mod fields;
mod hydrate;
mod reconcile;
mod records;
mod write;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::json;

use crate::domain::Instant;
use crate::domain::connector::{
    AskError, Authenticity, Connector, Field, Hydrates, Kind, Pace, Probes, Reconciles, Settings,
    Sort, Unfit, WritesBack,
};
use crate::domain::fields as read;
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Request, Response};
use crate::domain::instant::SECOND_MS;
use crate::signatures::credential;

use api::Protocol;

pub const KIND: Kind = Kind {
    name: "odoo",
    title: "Odoo",
    sort: Sort::Crm,
    fields: &[
        Field::own_base_url(
            "https://acme.odoo.com",
            "The address of your Odoo, without a path.",
        ),
        Field::text("database", "acme", "The name of the database.").needed(),
        Field::secret(
            "api_key",
            "env:ODOO_API_KEY",
            "My Profile > Account Security > New API Key, of a user with the rights of a salesperson for all documents.",
        )
        .needed(),
        Field::choice(
            "api",
            &["json-rpc", "json-2"],
            "json-rpc",
            "json-2 from Odoo 19 on, json-rpc before (and until Odoo 22).",
        ),
        Field::text(
            "user_id",
            "2",
            "The number of the API key's user, for json-rpc: Settings > Users, open the user, the number in the \
             address. 2 is the administrator that every database begins with.",
        )
        .by_default("2"),
        Field::secret(
            "webhook_password",
            "env:ODOO_WEBHOOK_PASSWORD",
            "Stands as ?key= in the address of its webhooks: choose a long random one.",
        ),
    ],
    authenticity: Authenticity::StaticCredential,
    steps: &[
        "In Odoo, in developer mode: Settings > Technical > Automation Rules > New (or Studio > Automations).",
        "One rule for the model Contact, one for Lead/Opportunity, one for Calendar Event; trigger: On save. \
         For deleted ones, rules of their own with the trigger On deletion.",
        "Action: Send Webhook Notification, to {url}?key=YOUR_WEBHOOK_PASSWORD; field: Last Updated on. Name the \
         action so that it says what happened: Followup created, Followup updated, Followup deleted.",
        "The address shows the password in Odoo's pages and logs: who reads them can forge webhooks.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let odoo = Arc::new(Odoo {
        base_url: settings.base_url()?,
        database: settings.needed_text("database")?.to_owned(),
        api_key: settings.needed_secret("api_key")?,
        protocol: protocol(settings)?,
        webhook_password: settings.password("webhook_password")?,
    });
    Ok(Connector {
        hook: Some(Arc::clone(&odoo) as Arc<dyn Hook>),
        hydrates: Some(Arc::clone(&odoo) as Arc<dyn Hydrates>),
        reconciles: Some(Arc::clone(&odoo) as Arc<dyn Reconciles>),
        writes: Some(Arc::clone(&odoo) as Arc<dyn WritesBack>),
        probes: Some(odoo),
        // A courtesy to servers of any size: no limit is documented for those of one's own. Not verified
        // against the terms of Odoo Online.
        pace: Some(Pace {
            calls: 2,
            per_ms: SECOND_MS,
            concurrent_max: 1,
        }),
        ..Connector::default()
    })
}

fn protocol(settings: &Settings) -> Result<Protocol, Unfit> {
    if settings.text("api") == Some("json-2") {
        return Ok(Protocol::Json2);
    }
    let user_id = settings.needed_text("user_id")?.parse();
    user_id
        .map(|user_id| Protocol::JsonRpc { user_id })
        .map_err(|_| {
            Unfit::new(
                "user_id",
                "is no whole number",
                "write the number that Odoo shows in the address of the user's page",
            )
        })
}

/// One connected Odoo database.
struct Odoo {
    base_url: String,
    database: String,
    api_key: SecretString,
    protocol: Protocol,
    /// Without it no webhook is believed.
    webhook_password: Option<SecretString>,
}

impl Hook for Odoo {
    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        credential::verify_webhook(self.webhook_password.as_ref(), request)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        events::batch(&parse_json(&request.body)?, now)
    }
}

impl Probes for Odoo {
    fn request(&self, _now: Instant) -> Request {
        self.call("res.users", "context_get", None, json!({}))
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let context = self.ask(answer)?;
        let user = read::id(&context, "uid").unwrap_or_else(|| "unknown".to_owned());
        let language = read::text(&context, "lang").unwrap_or("no language");
        Ok(format!(
            "database {}, as user {user} ({language})",
            self.database
        ))
    }
}

impl fmt::Debug for Odoo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Odoo")
            .field("base_url", &self.base_url)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}
