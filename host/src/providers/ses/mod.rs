//! Amazon SES v2: sending, signed by `SigV4`; events and received mails by way of Amazon SNS.
//!
//! In: mails, answers, notifications. Out: requests, outcomes, our events, received mails. SES gives each
//! mail a Message-ID of its own, which the answer tells. It has no idempotency key and cannot be searched
//! for a mail, so a lost answer is known by its events only.

mod events;
mod inbound;
mod outcome;
mod send;
mod sign;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::domain::Instant;
use crate::domain::answer::ask_failure;
use crate::domain::connector::{
    AskError, Authenticity, Connector, Field, Kind, Probes, Received, Receives, Settings, Sort,
    Unfit,
};
use crate::domain::hook::{Batch, Hook, HookRequest, Malformed, Refusal, Rejected};
use crate::domain::http::{Failure, Method, Request, Response};
use crate::domain::mail::{Mail, Outcome, Provider, Quirks};
use crate::providers::sns::{self, Envelope};
use sign::Signer;

pub const KIND: Kind = Kind {
    name: "ses",
    title: "Amazon SES",
    sort: Sort::Provider,
    fields: &[
        Field::secret(
            "access_key_id",
            "env:AWS_ACCESS_KEY_ID",
            "The access key of a user that may ses:SendEmail, ses:SendRawEmail and ses:GetAccount.",
        )
        .needed(),
        Field::secret(
            "secret_access_key",
            "env:AWS_SECRET_ACCESS_KEY",
            "The secret that belongs to it.",
        )
        .needed(),
        Field::secret(
            "session_token",
            "env:AWS_SESSION_TOKEN",
            "Only with temporary credentials; they end, and must be written anew then.",
        ),
        Field::text(
            "region",
            "eu-west-1",
            "The region in which the sender is verified.",
        )
        .needed(),
        Field::text(
            "configuration_set",
            "followups",
            "The configuration set whose events go to topic_arn; without it, no events come.",
        ),
        Field::text(
            "topic_arn",
            "arn:aws:sns:eu-west-1:123456789012:followup-events",
            "The SNS topic of its events; without it, they are refused.",
        ),
        Field::text(
            "inbound_topic_arn",
            "arn:aws:sns:eu-west-1:123456789012:followup-mails",
            "The SNS topic of the receipt rule, where it is another.",
        ),
        Field::INBOUND_ADDRESS,
        Field {
            needed: false,
            ..Field::own_base_url(
                "https://email.eu-west-1.amazonaws.com",
                "Where its API is called, where that is not the region's own address (a VPC endpoint).",
            )
        },
    ],
    authenticity: Authenticity::Signed,
    steps: &[
        "In Amazon SNS, in the same region: create a standard topic, and write its ARN into topic_arn.",
        "Create a subscription of it: protocol HTTPS, endpoint {url}, raw message delivery off. Followup confirms it by itself.",
        "Give the subscription a delivery policy that retries for an hour: after its own three tries SNS forgets.",
        "In Amazon SES: create a configuration set with an event destination of that topic, for every event type but opens and clicks; write its name into configuration_set.",
        "Turn e-mail feedback forwarding and SNS feedback of the identity off, else events come twice.",
        "To receive replies: a receipt rule with an SNS action, encoding Base64, to a topic (inbound_topic_arn) with an HTTPS subscription of {inbound_url}. Mails over 150 KB bounce there.",
    ],
    connect,
};

fn connect(settings: &Settings) -> Result<Connector, Unfit> {
    let region = settings.needed_text("region")?.trim().to_owned();
    let is_region = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if region.is_empty() || !region.chars().all(is_region) {
        let remedy = "write it as Amazon does, like eu-west-1";
        return Err(Unfit::new("region", "is no region", remedy));
    }
    let base_url = match settings.text("base_url") {
        Some(_) => settings.base_url()?,
        None => regional_url(&region),
    };
    let topic = |key| settings.text(key).map(|arn| arn.trim().to_owned());
    let topic_arn = topic("topic_arn");
    let ses = Arc::new(Ses {
        inbound_topic_arn: topic("inbound_topic_arn").or_else(|| topic_arn.clone()),
        topic_arn,
        signer: Signer {
            access_key_id: settings.needed_secret("access_key_id")?,
            secret_access_key: settings.needed_secret("secret_access_key")?,
            session_token: settings.secret("session_token").cloned(),
            region,
        },
        configuration_set: settings.text("configuration_set").map(str::to_owned),
        base_url,
    });
    if ses
        .signed(Method::Get, ACCOUNT, Vec::new(), Instant(0))
        .is_none()
    {
        let remedy = "write it like https://email.eu-west-1.amazonaws.com, or leave it out";
        return Err(Unfit::new("base_url", "is no address", remedy));
    }
    Ok(super::connector(&ses))
}

const ACCOUNT: &str = "/v2/email/account";

/// "Endpoint: email.us-east-2.amazonaws.com"; the regions in China have a domain of their own.
fn regional_url(region: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://email.{region}.amazonaws.com{china}")
}

/// One account in one region.
pub struct Ses {
    signer: Signer,
    base_url: String,
    configuration_set: Option<String>,
    /// Without one, every notification is refused.
    topic_arn: Option<String>,
    inbound_topic_arn: Option<String>,
}

impl Ses {
    fn signed(&self, method: Method, path: &str, body: Vec<u8>, now: Instant) -> Option<Request> {
        let url = format!("{}{path}", self.base_url);
        self.signer.request(method, &url, body, now)
    }

    /// `<MESSAGE-ID@REGION.amazonses.com>`, in Virginia `@email.amazonses.com`. In Amazon's documentation it
    /// stands in examples only; nodemailer's SES transport has told its callers the same for years.
    fn message_domain(&self) -> String {
        match self.signer.region.as_str() {
            "us-east-1" => "email.amazonses.com".to_owned(),
            region => format!("{region}.amazonses.com"),
        }
    }
}

impl Provider for Ses {
    fn send_request(&self, mail: &Mail, now: Instant) -> Request {
        let body = send::body(mail, self.configuration_set.as_deref());
        let body = body.to_string().into_bytes();
        self.signed(Method::Post, "/v2/email/outbound-emails", body, now)
            .expect("the address was signed once when it was configured")
    }

    fn outcome(&self, answer: &Result<Response, Failure>) -> Outcome {
        outcome::outcome(answer, &self.message_domain())
    }

    fn repeatable_ms(&self) -> Option<i64> {
        None
    }

    fn quirks(&self) -> Quirks {
        Quirks {
            keeps_message_id: false,
            remarks: &[
                "events carry our id only with a configuration set",
                "received mails over 150 KB bounce at the SNS action",
            ],
            ..Quirks::NONE
        }
    }
}

impl Hook for Ses {
    fn certificate_url(&self, request: &HookRequest) -> Result<Option<String>, Refusal> {
        configured(self.topic_arn.as_ref(), "topic_arn")?;
        sns::certificate_url(request).map(Some)
    }

    fn confirmation(&self, request: &HookRequest) -> Option<Request> {
        sns::confirmation(request)
    }

    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        let topic = configured(self.topic_arn.as_ref(), "topic_arn")?;
        sns::verify(topic, request, now)
    }

    fn normalize(&self, request: &HookRequest, now: Instant) -> Result<Batch, Malformed> {
        let envelope = Envelope::read(request)?;
        let Some(message) = envelope.message()? else {
            return Ok(Batch::default());
        };
        let notice = events::Notice {
            id: envelope.message_id(),
            at: envelope.published_at().unwrap_or(now),
            message_domain: &self.message_domain(),
        };
        let mut batch = Batch::default();
        match events::read(&message, &notice) {
            Ok(events) => batch.events = events,
            Err(what) => batch.rejected.push(Rejected {
                index: 0,
                reason: format!("events[0]: {what}"),
            }),
        }
        Ok(batch)
    }
}

impl Receives for Ses {
    fn certificate_url(&self, request: &HookRequest) -> Result<Option<String>, Refusal> {
        configured(self.inbound_topic_arn.as_ref(), "inbound_topic_arn")?;
        sns::certificate_url(request).map(Some)
    }

    fn confirmation(&self, request: &HookRequest) -> Option<Request> {
        sns::confirmation(request)
    }

    fn verify(&self, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
        let topic = configured(self.inbound_topic_arn.as_ref(), "inbound_topic_arn")?;
        sns::verify(topic, request, now)
    }

    fn mails(&self, request: &HookRequest) -> Result<Vec<Received>, Malformed> {
        let message = Envelope::read(request)?.message()?;
        message.iter().map(inbound::mail).collect()
    }
}

fn configured<'a>(topic: Option<&'a String>, key: &'static str) -> Result<&'a str, Refusal> {
    let topic = topic.ok_or(Refusal::NotConfigured(key))?;
    Ok(topic.as_str())
}

impl Probes for Ses {
    fn request(&self, now: Instant) -> Request {
        self.signed(Method::Get, ACCOUNT, Vec::new(), now)
            .expect("the address was signed once when it was configured")
    }

    fn read(&self, answer: &Response) -> Result<String, AskError> {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let flag = |key: &str| body.get(key).and_then(Value::as_bool);
        let production = flag("ProductionAccessEnabled").filter(|_| answer.status == 200);
        let Some(production) = production else {
            let (kind, message) = outcome::explanation(answer);
            let said = format!("{kind} {message}");
            let hint = "check the access key, its right ses:GetAccount, region, and our clock";
            return Err(ask_failure("Amazon SES", answer, said.trim(), hint));
        };
        let place = if production { "production" } else { "sandbox" };
        let enabled = flag("SendingEnabled").unwrap_or(true);
        let paused = if enabled { "" } else { ", sending is paused" };
        let quota = body.pointer("/SendQuota/Max24HourSend");
        let quota = quota.and_then(Value::as_f64).unwrap_or_default();
        let region = &self.signer.region;
        Ok(format!("{region}, {place}, {quota} mails a day{paused}"))
    }
}

impl fmt::Debug for Ses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ses")
            .field("region", &self.signer.region)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
