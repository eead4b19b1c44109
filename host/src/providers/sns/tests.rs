//! With a key of our own in place of Amazon's.

use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;

use super::*;

const NOW: Instant = Instant(1_772_442_000_000);
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:followup";
const CERTIFICATE: &[u8] = include_bytes!("../../../../tests/keys/sns.pem");
const CERTIFICATE_URL: &str =
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b2c.pem";

fn notification() -> Value {
    json!({
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": "{\"eventType\":\"Send\"}",
        "Timestamp": "2026-03-02T08:59:59.655Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE_URL,
    })
}

fn request(body: &Value) -> HookRequest {
    HookRequest {
        method: "POST".to_owned(),
        url: "https://x.example/hooks/ses".to_owned(),
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
        certificate: Some(CERTIFICATE.to_vec()),
    }
}

fn signed(mut body: Value) -> HookRequest {
    let key = RsaKeyPair::from_pkcs8(include_bytes!("../../../../tests/keys/sns.pk8"));
    let key = key.expect("a key");
    let bytes = Envelope(body.clone()).signed_bytes().expect("all fields");
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        &bytes,
        &mut signature,
    )
    .expect("signs");
    body["Signature"] = json!(STANDARD.encode(signature));
    request(&body)
}

fn refused(request: &HookRequest) -> Refusal {
    verify(TOPIC, request, NOW).expect_err("refused")
}

#[test]
fn what_amazon_signed_for_our_topic() {
    assert_eq!(verify(TOPIC, &signed(notification()), NOW), Ok(()));
    let mut with_subject = notification();
    with_subject["Subject"] = json!("Amazon SES Email Event Notification");
    assert_eq!(verify(TOPIC, &signed(with_subject.clone()), NOW), Ok(()));
    with_subject["Signature"] = json!("AAAA");
    assert_eq!(refused(&request(&with_subject)), Refusal::BadSignature);
    let other = verify(
        "arn:aws:sns:eu-west-1:1:other",
        &signed(notification()),
        NOW,
    );
    assert!(matches!(other, Err(Refusal::NotOurs(why)) if why.contains("another topic")));
}

/// Signed by `openssl dgst -sha1 -sign` over the bytes of the developer guide's rule.
#[test]
fn the_first_version_is_sha1() {
    let mut body = notification();
    body["SignatureVersion"] = json!("1");
    body["Signature"] = json!(include_str!("../../../../tests/keys/sns.sha1.txt").trim());
    assert_eq!(verify(TOPIC, &request(&body), NOW), Ok(()));
    body["SignatureVersion"] = json!("2");
    assert_eq!(refused(&request(&body)), Refusal::BadSignature);
}

#[test]
fn certificates() {
    let years = 24 * 3_600_000 * 366;
    for away in [-2 * years, 80 * years] {
        let got = verify(TOPIC, &signed(notification()), NOW.plus_ms(away));
        assert!(matches!(got, Err(Refusal::NotOurs(why)) if why.contains("not valid now")));
    }
    let mut unread = signed(notification());
    unread.certificate = Some(b"-----BEGIN CERTIFICATE-----\nAAAA\n".to_vec());
    assert!(matches!(refused(&unread), Refusal::NotOurs(_)));
    unread.certificate = None;
    assert_eq!(refused(&unread), Refusal::BadSignature);
}

#[test]
fn where_certificates_are() {
    for (url, good) in [
        (CERTIFICATE_URL, true),
        (
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-a1.pem",
            true,
        ),
        (
            "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a1.pem",
            false,
        ),
        (
            "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-a1.pem",
            false,
        ),
        (
            "https://evil.example/sns.eu-west-1.amazonaws.com/SimpleNotificationService-a1.pem",
            false,
        ),
        (
            "https://sns.a.b.amazonaws.com/SimpleNotificationService-a1.pem",
            false,
        ),
        (
            "https://u@sns.eu-west-1.amazonaws.com/SimpleNotificationService-a1.pem",
            false,
        ),
        (
            "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-a1.pem",
            false,
        ),
        (
            "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a1.pem?x=1",
            false,
        ),
        (
            "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a/../b.pem",
            false,
        ),
        ("https://sns.eu-west-1.amazonaws.com/other.pem", false),
        (
            "https://bucket.s3.amazonaws.com/SimpleNotificationService-a1.pem",
            false,
        ),
        ("", false),
    ] {
        let mut body = notification();
        body["SigningCertURL"] = json!(url);
        assert_eq!(certificate_url(&request(&body)).is_ok(), good, "{url}");
    }
}

#[test]
fn raw_delivery_is_refused_in_words() {
    let mut raw = request(&json!({"eventType": "Send"}));
    raw.headers.push((RAW_HEADER.to_owned(), "true".to_owned()));
    assert!(refused(&raw).to_string().contains("raw message delivery"));
}

#[test]
fn subscriptions() {
    let confirmation_of = |url: &str, kind: &str| {
        let mut body = notification();
        body["Type"] = json!(kind);
        body["Token"] = json!("2336412f37");
        body["SubscribeURL"] = json!(url);
        let request = signed(body);
        assert_eq!(verify(TOPIC, &request, NOW), Ok(()));
        confirmation(&request).map(|request| request.url)
    };
    let url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37";
    let subscribed = "SubscriptionConfirmation";
    assert_eq!(confirmation_of(url, subscribed).as_deref(), Some(url));
    assert_eq!(confirmation_of("https://evil.example/?a", subscribed), None);
    assert_eq!(confirmation_of(url, "UnsubscribeConfirmation"), None);
}

#[test]
fn messages() {
    let message = |text: &str| {
        let mut body = notification();
        body["Message"] = json!(text);
        Envelope(body).message()
    };
    assert!(message("{\"eventType\":\"Send\"}").is_ok_and(|m| m.is_some()));
    let validated = "Successfully validated SNS topic for Amazon SES event publishing.";
    assert_eq!(message(validated), Ok(None));
    let subscribed = "{\"notificationType\":\"AmazonSnsSubscriptionSucceeded\"}";
    assert_eq!(message(subscribed), Ok(None));
    assert!(message("hello").is_err() && message("[]").is_err());
}
