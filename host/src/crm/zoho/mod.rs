//! Zoho CRM: notifications of watched modules, and the API v8 that completes them.
//!
//! In: notifications that name records (`events`), answers of the API (`hydrate`, `reconcile`). Out: events
//! in our words, the calls that fill them in, keep the channel alive (`channel`) and write back (`write`).
//! Never: webhooks of workflow rules, whose shape each administrator draws anew.
//!
//! A notification proves itself by a token of ours that it repeats. Ids are larger than 2^53: they are texts
//! everywhere.

mod api;
mod channel;
mod events;
mod fields;
mod hydrate;
mod reconcile;
mod state;
mod write;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use crate::crm::stages::{self, Stages};
use crate::domain::Instant;
use crate::domain::connector::{
    Authenticity, Connector, Field, Form, Kind, Pace, Settings, Sort, Unfit,
};
use crate::domain::fields::text;
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::instant::MINUTE_MS;
use crate::signatures::credential;

pub const KIND: Kind = Kind {
    name: "zoho",
    title: "Zoho CRM",
    sort: Sort::Crm,
    fields: &[
        Field::text(
            "client_id",
            "1000.ABCDEFGHIJ",
            "Of a \"Self Client\" in the Zoho API console.",
        )
        .needed(),
        Field::secret(
            "client_secret",
            "env:ZOHO_CLIENT_SECRET",
            "Of the same client.",
        )
        .needed(),
        Field::secret(
            "refresh_token",
            "env:ZOHO_REFRESH_TOKEN",
            "What the client's code was exchanged for: does not expire.",
        )
        .needed(),
        Field::secret(
            "webhook_token",
            "env:ZOHO_WEBHOOK_TOKEN",
            "A password of your own choice, 16 to 50 letters and digits: notifications repeat it.",
        )
        .needed(),
        Field::choice(
            "data_center",
            CENTERS,
            "us",
            "Where your account lives: the end of the address that you sign in at.",
        ),
        Field::text(
            "channel_id",
            "7700000001",
            "The number of our notification channel: another one for each connection of one account.",
        )
        .by_default("7700000001"),
        stages::WON,
        stages::LOST,
        url(
            "base_url",
            "https://sandbox.zohoapis.com",
            "Where its API is called, if not at the data center's address.",
        ),
        url(
            "accounts_url",
            "https://accounts.zoho.com",
            "Where tokens are given out, if not at the data center's address (or at base_url).",
        ),
    ],
    authenticity: Authenticity::EchoedToken,
    steps: &[
        "In the Zoho API console (api-console.zoho.com, or of your data center): add a Self Client, and generate \
         a code with the scopes ZohoCRM.modules.ALL, ZohoCRM.modules.emails.ALL, \
         ZohoCRM.notifications.ALL, ZohoCRM.org.READ and ZohoCRM.users.READ.",
        "Exchange the code for a refresh token within its minutes: POST to /oauth/v2/token of your accounts \
         address with grant_type=authorization_code, client_id, client_secret and code.",
        "Nothing to register: the channel to {url} is made, and made anew each day, while the server runs.",
    ],
    connect,
};

const CENTERS: &[&str] = &["us", "eu", "in", "au", "jp", "ca", "cn", "sa", "uk"];

/// The addresses of a data center: of its API, of its tokens (Zoho docs, "Multi DC").
fn center(word: &str) -> (&'static str, &'static str) {
    match word {
        "eu" => ("https://www.zohoapis.eu", "https://accounts.zoho.eu"),
        "in" => ("https://www.zohoapis.in", "https://accounts.zoho.in"),
        "au" => (
            "https://www.zohoapis.com.au",
            "https://accounts.zoho.com.au",
        ),
        "jp" => ("https://www.zohoapis.jp", "https://accounts.zoho.jp"),
        "ca" => ("https://www.zohoapis.ca", "https://accounts.zohocloud.ca"),
        "cn" => (
            "https://www.zohoapis.com.cn",
            "https://accounts.zoho.com.cn",
        ),
        "sa" => ("https://www.zohoapis.sa", "https://accounts.zoho.sa"),
        "uk" => ("https://www.zohoapis.uk", "https://accounts.zoho.uk"),
        _ => ("https://www.zohoapis.com", "https://accounts.zoho.com"),
    }
}

const fn url(key: &'static str, example: &'static str, help: &'static str) -> Field {
    Field {
        key,
        form: Form::Url,
        needed: false,
        default: None,
        help,
        example,
    }
}

/// "Maximum length of characters is 50" (Zoho docs, Enable Notifications).
const TOKEN_MAX_BYTES: usize = 50;

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let token = settings.password("webhook_token")?;
    let token = token.ok_or_else(|| Unfit::new("webhook_token", "is missing", "add it"))?;
    if token.expose_secret().len() > TOKEN_MAX_BYTES {
        let remedy = format!("write at most {TOKEN_MAX_BYTES} letters and digits");
        return Err(Unfit::new(
            "webhook_token",
            "is longer than Zoho takes",
            remedy,
        ));
    }
    let channel_id = settings.needed_text("channel_id")?;
    if channel_id.parse::<u64>().is_err() {
        return Err(Unfit::new("channel_id", "is no number", "write digits"));
    }
    let (api, accounts) = center(settings.text("data_center").unwrap_or_default());
    let written = |key| {
        settings
            .text(key)
            .map(|url| url.trim_end_matches('/').to_owned())
    };
    let base_url = written("base_url");
    let zoho = Arc::new(Zoho {
        client_id: settings.needed_text("client_id")?.to_owned(),
        client_secret: settings.needed_secret("client_secret")?,
        refresh_token: settings.needed_secret("refresh_token")?,
        webhook_token: token,
        channel_id: channel_id.to_owned(),
        stages: Stages::of(settings),
        accounts_url: written("accounts_url")
            // A sandbox has tokens of its data center; any other address has its own.
            .or_else(|| base_url.clone().filter(|url| !url.contains(".zohoapis.")))
            .unwrap_or_else(|| accounts.to_owned()),
        base_url: base_url.unwrap_or_else(|| api.to_owned()),
    });
    Ok(Connector {
        hook: Some(Arc::clone(&zoho) as _),
        hydrates: Some(Arc::clone(&zoho) as _),
        reconciles: Some(Arc::clone(&zoho) as _),
        writes: Some(Arc::clone(&zoho) as _),
        renews: Some(Arc::clone(&zoho) as _),
        probes: Some(Arc::clone(&zoho) as _),
        refreshes: Some(zoho),
        pace: Some(PACE),
        ..Connector::default()
    })
}

/// "The Standard edition allows 10 concurrent calls", the free one 5 (Zoho docs, API limits); beside that,
/// credits are counted by the day.
const PACE: Pace = Pace {
    calls: 100,
    per_ms: MINUTE_MS,
    concurrent_max: 5,
};

/// One connected account.
pub struct Zoho {
    client_id: String,
    client_secret: SecretString,
    refresh_token: SecretString,
    webhook_token: SecretString,
    channel_id: String,
    stages: Stages,
    base_url: String,
    accounts_url: String,
}

impl Hook for Zoho {
    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        let body = parse_json(&request.body).map_err(|_| Refusal::BadSignature)?;
        let given = text(&body, "token").ok_or(Refusal::BadSignature)?;
        if credential::same(self.webhook_token.expose_secret().trim(), given) {
            Ok(())
        } else {
            Err(Refusal::BadSignature)
        }
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        events::read(&parse_json(&request.body)?, now)
    }
}

impl fmt::Debug for Zoho {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zoho")
            .field("channel_id", &self.channel_id)
            .field("base_url", &self.base_url)
            .field("accounts_url", &self.accounts_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_center_has_its_own_addresses() {
        let all: std::collections::BTreeSet<_> = CENTERS.iter().map(|word| center(word)).collect();
        assert_eq!(all.len(), CENTERS.len());
    }
}
