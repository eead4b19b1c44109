//! SendGrid. Received mails: SendGrid's documentation ("Setting Up The Inbound Parse Webhook") and
//! django-anymail's tests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use followup::domain::connector::Settings;
use followup::providers::sendgrid;

use super::{PASSWORD, Sample, headers};

pub(super) fn sample() -> Sample {
    let settings = |public: &str| {
        Settings::default()
            .with_secret("api_key", "SG.x")
            .with_secret("webhook_public_key", public)
            .with_text("inbound_address", "reply@in.example.com")
            .with_secret("inbound_password", PASSWORD)
    };
    let (pair, public) = key_pair();
    Sample::of("sendgrid", settings(&public), Some(settings(&key_pair().1)))
        .signed_by_headers(move |body, at| {
            let timestamp = (at.0 / 1000).to_string();
            let message = [timestamp.as_bytes(), body].concat();
            let signature = pair.sign(&SystemRandom::new(), &message).expect("signs");
            headers(&[
                (sendgrid::SIGNATURE_HEADER, &STANDARD.encode(signature)),
                (sendgrid::TIMESTAMP_HEADER, &timestamp),
            ])
        })
        .in_batches()
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
