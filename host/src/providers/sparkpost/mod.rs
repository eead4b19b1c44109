//! SparkPost (Bird): the transmissions API, its webhooks, and mails of relay webhooks.
//!
//! In: mails, answers, batches of events. Out: requests, outcomes, our events, received mails. There is no
//! idempotency key, but the events can be searched. Webhooks are not signed: they show a password. Everything
//! in a mail passes through a template language, which is kept from reading it (`braces`).

mod braces;
mod events;
mod inbound;
mod lookup;
mod outcome;
mod register;
mod send;

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::domain::answer::ask_failure;
use crate::domain::connector::{
    AskError, Authenticity, Connector, Field, Kind, Probes, Received, Receives, Registered,
    Registers, Settings, Sort, Unfit,
};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, parse_json};
use crate::domain::http::{Failure, Method, Request, Response};
use crate::domain::mail::{Mail, Outcome, Provider, Quirks};
use crate::domain::{Instant, fields};
use crate::signatures::credential;

pub const KIND: Kind = Kind {
    name: "sparkpost",
    title: "SparkPost",
    sort: Sort::Provider,
    fields: &[
        Field::secret(
            "api_key",
            "env:SPARKPOST_API_KEY",
            "An API key that may write transmissions; with Events Search it also looks up, with Webhooks and Relay Webhooks it registers.",
        )
        .needed(),
        Field::secret(
            "webhook_password",
            "env:SPARKPOST_WEBHOOK_PASSWORD",
            "A password of your choice that its webhooks show; without it, they are refused.",
        ),
        Field::INBOUND_ADDRESS,
        // Accounts in the EU live at https://api.eu.sparkpost.com, and there only.
        Field::base_url("https://api.sparkpost.com"),
    ],
    authenticity: Authenticity::StaticCredential,
    steps: &[
        "In SparkPost: Configuration > Webhooks > Create: target {url}, all events but opens and clicks.",
        "Authentication: Basic, any user name, webhook_password as password. (With OAuth 2, webhook_password is the token that your authorization server gives out.)",
        "To receive replies: Configuration > Inbound Domains: add the domain of inbound_address, with its MX records.",
        "Then create a relay webhook for it by the API: target {inbound_url}, auth_token the same password. `followup connect` can do both.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let sparkpost = Arc::new(SparkPost {
        api_key: settings.needed_secret("api_key")?,
        webhook_password: settings.password("webhook_password")?,
        inbound_address: settings.text("inbound_address").map(str::to_owned),
        base_url: settings.base_url()?,
    });
    // A webhook that shows nothing would be refused.
    let can_register = sparkpost.webhook_password.is_some();
    Ok(Connector {
        registers: can_register.then(|| Arc::clone(&sparkpost) as _),
        ..super::connector(&sparkpost)
    })
}

/// Relay webhooks, and webhooks made before there was `auth_type`, show their token here.
const TOKEN_HEADER: &str = "x-messagesystems-webhook-token";

/// One account.
pub struct SparkPost {
    api_key: SecretString,
    /// Without one, every webhook is refused.
    webhook_password: Option<SecretString>,
    inbound_address: Option<String>,
    base_url: String,
}

impl SparkPost {
    /// "Authorization: the API key", without a word before it.
    fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Request {
        let key = self.api_key.expose_secret().trim().to_owned();
        let mut headers = vec![("authorization", key)];
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        Request {
            method,
            url: format!("{}/api/v1{path}", self.base_url),
            headers,
            body: body.map_or_else(Vec::new, |body| body.to_string().into_bytes()),
        }
    }

    fn check(&self, request: &HookRequest) -> Result<(), Refusal> {
        let password = credential::configured(self.webhook_password.as_ref())?;
        match request.header(TOKEN_HEADER) {
            Ok(token) if !token.trim().is_empty() => {
                let is_same = credential::same(password.expose_secret().trim(), token.trim());
                is_same.then_some(()).ok_or(Refusal::BadSignature)
            }
            Ok(_) | Err(Refusal::MissingHeader(_)) => credential::verify(password, request),
            Err(repeated) => Err(repeated),
        }
    }
}

impl Provider for SparkPost {
    fn send_request(&self, mail: &Mail, _now: Instant) -> Request {
        self.call(Method::Post, "/transmissions", Some(&send::body(mail)))
    }

    fn outcome(&self, answer: &Result<Response, Failure>) -> Outcome {
        outcome::outcome(answer)
    }

    fn repeatable_ms(&self) -> Option<i64> {
        None
    }

    /// `headers` are "headers other than Subject, From, To, and Reply-To"; "headers such as Content-Type and
    /// Content-Transfer-Encoding are not allowed" (SparkPost API documentation, "Header Notes"): so In-Reply-To and
    /// References are. Whether Message-ID is kept is not said; "a unique value assigned to every individual message"
    /// ("Out of Band Bounces") may be SparkPost's own. A List-Unsubscribe of ours would be kept in a mail marked as
    /// transactional (SparkPost/python-sparkpost, issues 159 and 163), which ours is not.
    fn quirks(&self) -> Quirks {
        Quirks {
            keeps_unsubscribe: false,
            remarks: &[
                "the List-Unsubscribe header is SparkPost's own; who uses it is on its suppression list too",
            ],
            ..Quirks::NONE
        }
    }

    fn lookup(&self, mail: &Mail, since: Instant, _now: Instant) -> Option<Request> {
        let query = lookup::query(mail, since);
        Some(self.call(Method::Get, &format!("/events/message?{query}"), None))
    }

    fn looked_up(&self, mail: &Mail, answer: &Response) -> Result<Option<Outcome>, AskError> {
        lookup::read(mail, answer)
    }
}

impl Hook for SparkPost {
    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        self.check(request)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        match parse_json(&request.body)? {
            Value::Array(items) if items.iter().all(events::is_ping) => Ok(Batch::default()),
            Value::Array(items) => Batch::collect(&items, |item| events::read(item, now)),
            _ => Err(Malformed(
                "the body is no JSON array: SparkPost's webhook sends arrays of events".to_owned(),
            )),
        }
    }
}

impl Receives for SparkPost {
    fn verify(&self, request: &HookRequest, _now: Instant) -> Result<(), Refusal> {
        self.check(request)
    }

    fn mails(&self, request: &HookRequest) -> Result<Vec<Received>, Malformed> {
        inbound::mails(request)
    }
}

impl Registers for SparkPost {
    fn requests(&self, url: &str, inbound_url: &str) -> Vec<Request> {
        register::requests(self, url, inbound_url)
    }

    fn read(&self, answers: &[Response]) -> Result<Registered, AskError> {
        register::read(answers)
    }
}

impl Probes for SparkPost {
    fn request(&self, _now: Instant) -> Request {
        self.call(Method::Get, "/account", None)
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let results = body.get("results").filter(|results| results.is_object());
        let Some(results) = results.filter(|_| answer.status == 200) else {
            let hint = "check api_key, that it may read the account, and base_url";
            let said = outcome::explanation(answer);
            return Err(ask_failure("SparkPost", answer, &said, hint));
        };
        let company = fields::text(results, "company_name").unwrap_or("an account");
        let status = fields::text(results, "status").unwrap_or("status unknown");
        Ok(format!("{company} ({status})"))
    }
}

impl fmt::Debug for SparkPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SparkPost")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_a_relay_webhook_is_the_password() {
        let password = "correct-horse-battery";
        let settings = Settings::default()
            .with_secret("api_key", "k")
            .with_text("base_url", "https://api.sparkpost.com")
            .with_secret("webhook_password", password);
        let connector = connect(&settings).expect("good settings");
        let verify = |headers: &[(&str, &str)]| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let request = HookRequest {
                method: "POST".to_owned(),
                url: "https://x.example/hooks/sp".to_owned(),
                headers: headers.iter().map(owned).collect(),
                body: Vec::new(),
                certificate: None,
            };
            let receives = connector.receives.as_ref().expect("receives");
            receives.verify(&request, Instant(0))
        };
        assert_eq!(verify(&[(TOKEN_HEADER, password)]), Ok(()));
        assert_eq!(verify(&[(TOKEN_HEADER, "x")]), Err(Refusal::BadSignature));
        let bearer = format!("Bearer {password}");
        let both = [(TOKEN_HEADER, ""), ("authorization", bearer.as_str())];
        assert_eq!(verify(&both), Ok(()));
        assert!(matches!(verify(&[]), Err(Refusal::MissingHeader(_))));
        let twice = [(TOKEN_HEADER, password), (TOKEN_HEADER, password)];
        assert!(matches!(verify(&twice), Err(Refusal::RepeatedHeader(_))));
    }
}
