//! Mailgun. Payloads: the examples of its OpenAPI document (`events`) and the sanitized real ones of
//! django-anymail's tests; received mails after django-anymail's and the documentation's table of fields.

use serde_json::{Value, json};

use followup::domain::Instant;
use followup::domain::connector::Settings;
use followup::signatures::hmac;

use super::{OTHER_PASSWORD, PASSWORD, Sample, Signed};

/// Of the documentation, "Securing Webhooks".
const TOKEN: &str = "e0b5477167110d68991efc6b9f89f0a11066af27834600e123";

pub(super) fn sample() -> Sample {
    let settings = |key: &str| {
        Settings::default()
            .with_secret("api_key", "key-x")
            .with_text("domain", "mg.acme.example")
            .with_text("inbound_address", "reply@in.acme.example")
            .with_secret("webhook_signing_key", key)
    };
    let stranger = settings(OTHER_PASSWORD);
    Sample::of("mailgun", settings(PASSWORD), Some(stranger)).signed(signed)
}

/// The proof stands in the body: in `signature` of an event, in fields of a forwarded mail.
fn signed(body: &[u8], at: Instant) -> Signed {
    let timestamp = (at.0 / 1000).to_string();
    let parts = [timestamp.as_bytes(), TOKEN.as_bytes()];
    let signature = hmac::sign_hex(PASSWORD.as_bytes(), &parts);
    let body = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(mut item)) => {
            let proof = json!({"timestamp": timestamp, "token": TOKEN, "signature": signature});
            item.insert("signature".to_owned(), proof);
            json!(item).to_string().into_bytes()
        }
        Ok(_) => body.to_vec(),
        Err(_) => with_fields(body, &timestamp, &signature),
    };
    Signed {
        headers: Vec::new(),
        body,
    }
}

/// A form with the proof in place of what stands for it.
fn with_fields(body: &[u8], timestamp: &str, signature: &str) -> Vec<u8> {
    String::from_utf8_lossy(body)
        .replace("TIMESTAMP", timestamp)
        .replace("TOKEN", TOKEN)
        .replace("SIGNATURE", signature)
        .into_bytes()
}
