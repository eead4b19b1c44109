//! The senders of the contract: how each is set up, and how it signs.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use followup::crm::{CloudEvents, Hubspot, hubspot};
use followup::domain::Instant;
use followup::domain::hook::{Hook, HookRequest};
use followup::providers::{Resend, SendGrid, sendgrid};
use followup::signatures::standard_webhooks::{self, Secret};

/// 2026-03-02T09:00:00Z.
pub const NOW: Instant = Instant(1_772_442_000_000);
pub const URL: &str = "https://followup.example.com/hooks/x?team=a%40b";
const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

type Headers = Vec<(String, String)>;
/// Headers of a body signed at a moment.
type Sign = Box<dyn Fn(&[u8], Instant) -> Headers>;

/// One sender as the contract needs it.
pub struct Sender {
    pub name: &'static str,
    pub hook: Box<dyn Hook>,
    /// The same sender with another key.
    pub stranger: Box<dyn Hook>,
    pub sign: Sign,
    pub content_type: &'static str,
    /// Arrays of events, or one event a request.
    pub batches: bool,
}

pub fn senders() -> Vec<Sender> {
    vec![hubspot(), cloudevents(), sendgrid(), resend()]
}

pub fn hubspot() -> Sender {
    let hook = |secret: &str| {
        let base_url = hubspot::BASE_URL.to_owned();
        Box::new(Hubspot::new(secret.to_owned().into(), None, base_url)) as Box<dyn Hook>
    };
    Sender {
        name: "hubspot",
        hook: hook("client-secret"),
        stranger: hook("other-secret"),
        sign: Box::new(|body, at| {
            let signature = hubspot::sign("client-secret", "POST", URL, body, at.0);
            headers(&[
                (hubspot::SIGNATURE_HEADER, &signature),
                (hubspot::TIMESTAMP_HEADER, &at.0.to_string()),
            ])
        }),
        content_type: "application/json",
        batches: true,
    }
}

pub fn cloudevents() -> Sender {
    let hook = |secret: &str| {
        Box::new(CloudEvents::new(&secret.to_owned().into()).expect("a secret")) as Box<dyn Hook>
    };
    Sender {
        name: "cloudevents",
        hook: hook(WEBHOOK_SECRET),
        stranger: hook("whsec_b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldA=="),
        sign: Box::new(|body, at| signed_by_svix("webhook", body, at)),
        content_type: "application/json; charset=utf-8",
        batches: true,
    }
}

pub fn resend() -> Sender {
    let hook = |secret: &str| {
        let secret = secret.to_owned().into();
        let made = Resend::new("re_x".to_owned().into(), Some(&secret), String::new());
        Box::new(made.expect("a secret")) as Box<dyn Hook>
    };
    Sender {
        name: "resend",
        hook: hook(WEBHOOK_SECRET),
        stranger: hook("whsec_b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldA=="),
        sign: Box::new(|body, at| signed_by_svix("svix", body, at)),
        content_type: "application/json",
        batches: false,
    }
}

pub fn sendgrid() -> Sender {
    let hook = |public: &str| {
        let made = SendGrid::new("SG.x".to_owned().into(), Some(public), String::new());
        Box::new(made.expect("a key")) as Box<dyn Hook>
    };
    let (pair, public) = key_pair();
    Sender {
        name: "sendgrid",
        hook: hook(&public),
        stranger: hook(&key_pair().1),
        sign: Box::new(move |body, at| {
            let timestamp = (at.0 / 1000).to_string();
            let message = [timestamp.as_bytes(), body].concat();
            let signature = pair.sign(&SystemRandom::new(), &message).expect("signs");
            headers(&[
                (sendgrid::SIGNATURE_HEADER, &STANDARD.encode(signature)),
                (sendgrid::TIMESTAMP_HEADER, &timestamp),
            ])
        }),
        content_type: "application/json",
        batches: true,
    }
}

fn signed_by_svix(family: &str, body: &[u8], at: Instant) -> Headers {
    let secret = Secret::parse(&WEBHOOK_SECRET.to_owned().into()).expect("a secret");
    let signature = standard_webhooks::sign(&secret, "msg_2b", at.0 / 1000, body);
    headers(&[
        (&format!("{family}-id"), "msg_2b"),
        (&format!("{family}-timestamp"), &(at.0 / 1000).to_string()),
        (&format!("{family}-signature"), &signature),
    ])
}

/// A key pair and its public half as SendGrid shows it: DER with the head of every P-256 key.
fn key_pair() -> (EcdsaKeyPair, String) {
    let (algorithm, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("generates");
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("reads");
    let head = STANDARD
        .decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=")
        .expect("base64");
    let der = [&head[..], pair.public_key().as_ref()].concat();
    (pair, STANDARD.encode(der))
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

/// The payloads of a sender, by name.
pub fn golden(sender: &Sender) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(sender.name);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("a folder of payloads")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read(&path).expect("readable"))
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no payloads in {}", folder.display());
    files
}

/// The body as that sender would send it, signed at a moment.
pub fn request(sender: &Sender, body: &[u8], signed_at: Instant) -> HookRequest {
    let mut headers = (sender.sign)(body, signed_at);
    headers.push(("content-type".to_owned(), sender.content_type.to_owned()));
    HookRequest {
        method: "POST".to_owned(),
        url: URL.to_owned(),
        headers,
        body: body.to_vec(),
    }
}
