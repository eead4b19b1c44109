//! Amazon SES. Payloads: the SES developer guide, "Examples of event data that Amazon SES publishes to Amazon
//! SNS", "Examples of notifications for Amazon SES email receiving"; the SNS developer guide for confirmations.
//! Signed with a key of our own (`tests/keys`) in place of Amazon's.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use followup::domain::Instant;
use followup::domain::connector::Settings;

use super::{Sample, Signed};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:followup";
/// Read once: reading checks it, which takes longer than signing.
static KEY: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::from_pkcs8(include_bytes!("../../keys/sns.pk8")).expect("a key"));

const OTHER_TOPIC: &str = "arn:aws:sns:eu-west-1:210987654321:followup";

pub(super) fn sample() -> Sample {
    let settings = |topic: &str| {
        Settings::default()
            .with_secret("access_key_id", "AKIDEXAMPLE")
            .with_secret(
                "secret_access_key",
                "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            )
            .with_text("region", "eu-west-1")
            .with_text("configuration_set", "followups")
            .with_text("topic_arn", topic)
    };
    let mut sample = Sample::of("ses", settings(TOPIC), Some(settings(OTHER_TOPIC)));
    sample.content_type = "text/plain; charset=UTF-8";
    sample.ping = Some("Confirmation");
    sample.certificate = Some(include_bytes!("../../keys/sns.pem").to_vec());
    sample.signed(signed)
}

/// The payload in the envelope of SNS; a payload that is one gets what Amazon would fill in.
fn signed(body: &[u8], at: Instant) -> Signed {
    let Ok(text) = std::str::from_utf8(body) else {
        return unsigned(body);
    };
    let mut envelope = match serde_json::from_str(text) {
        Ok(Value::Object(map)) if map.contains_key("Type") => Value::Object(map),
        _ => json!({"Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC, "Message": text}),
    };
    envelope["Timestamp"] = json!(at.to_string());
    envelope["SignatureVersion"] = json!("2");
    let certificate = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b2c.pem";
    envelope["SigningCertURL"] = json!(certificate);
    envelope["Signature"] = json!(signature(&envelope));
    Signed {
        headers: Vec::new(),
        body: envelope.to_string().into_bytes(),
    }
}

fn unsigned(body: &[u8]) -> Signed {
    Signed {
        headers: Vec::new(),
        body: body.to_vec(),
    }
}

/// By the developer guide: the fields that are there, in the order of their names, a line each.
fn signature(envelope: &Value) -> String {
    let keys = [
        "Message",
        "MessageId",
        "Subject",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ];
    let line = |key: &str| Some(format!("{key}\n{}\n", envelope.get(key)?.as_str()?));
    let text: String = keys.into_iter().filter_map(line).collect();
    let mut signature = vec![0; KEY.public().modulus_len()];
    let random = SystemRandom::new();
    KEY.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature)
        .expect("signs");
    STANDARD.encode(signature)
}
