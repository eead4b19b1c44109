//! Amazon SNS: the envelope in which Amazon SES hands over its events and received mails, and its proof.
//!
//! In: a request and the topic that is ours. Out: whether Amazon signed it for that topic, the message
//! inside, and the call that confirms a subscription. The signature covers the message and its
//! `Timestamp`; that is the moment of publishing, which repeated attempts of the next hour keep, so it is
//! not judged: a replay is known by its `MessageId`. Source: Amazon SNS developer guide, "Verifying the
//! signatures of Amazon SNS messages" and "Parsing Amazon SNS message formats".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use serde_json::Value;
use x509_parser::pem::parse_x509_pem;
use x509_parser::time::ASN1Time;

use crate::domain::hook::{HookRequest, Malformed, Refusal};
use crate::domain::http::{Method, Request};
use crate::domain::instant::SECOND_MS;
use crate::domain::{Instant, fields};

/// "Raw message delivery" leaves the envelope, and with it the signature, out; it says so here.
const RAW_HEADER: &str = "x-amz-sns-rawdelivery";

/// "The name-value pairs must be listed in byte-sort order."
const OF_NOTIFICATIONS: &[&str] = &[
    "Message",
    "MessageId",
    "Subject",
    "Timestamp",
    "TopicArn",
    "Type",
];
const OF_CONFIRMATIONS: &[&str] = &[
    "Message",
    "MessageId",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
];

/// A request as SNS makes it.
#[derive(Debug, Clone)]
pub(super) struct Envelope(Value);

impl Envelope {
    /// Reads the envelope; nothing in it is believed.
    pub(super) fn read(request: &HookRequest) -> Result<Self, Malformed> {
        let shape =
            "the body is no message of Amazon SNS: a JSON object with Type, TopicArn and Message";
        let body: Value = serde_json::from_slice(&request.body)
            .map_err(|e| Malformed(format!("{shape} ({e})")))?;
        let is_one = ["Type", "TopicArn", "Message"]
            .iter()
            .all(|key| body.get(*key).is_some_and(Value::is_string));
        if is_one {
            Ok(Self(body))
        } else {
            Err(Malformed(shape.to_owned()))
        }
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    pub(super) fn message_id(&self) -> Option<&str> {
        fields::text(&self.0, "MessageId")
    }

    /// When it was published.
    pub(super) fn published_at(&self) -> Option<Instant> {
        Instant::parse_rfc3339(self.text("Timestamp")?)
    }

    /// The JSON object inside a notification; none where the request carries none: confirmations, and
    /// what SES and SNS say once when they are connected.
    pub(super) fn message(&self) -> Result<Option<Value>, Malformed> {
        if self.text("Type") != Some("Notification") {
            return Ok(None);
        }
        let text = self.text("Message").unwrap_or_default();
        if text.starts_with("Successfully validated SNS topic") {
            return Ok(None);
        }
        let message: Value = serde_json::from_str(text)
            .map_err(|e| Malformed(format!("`Message` is no JSON of Amazon SES: {e}")))?;
        let kind = fields::text(&message, "notificationType");
        if kind == Some("AmazonSnsSubscriptionSucceeded") {
            return Ok(None);
        }
        if message.is_object() {
            Ok(Some(message))
        } else {
            Err(Malformed("`Message` is no JSON object".to_owned()))
        }
    }

    /// The bytes that are signed, by the kind of message.
    fn signed_bytes(&self) -> Option<Vec<u8>> {
        let keys = match self.text("Type")? {
            "Notification" => OF_NOTIFICATIONS,
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => OF_CONFIRMATIONS,
            _ => return None,
        };
        let mut bytes = Vec::new();
        for key in keys {
            match self.text(key) {
                Some(value) => bytes.extend_from_slice(format!("{key}\n{value}\n").as_bytes()),
                None if *key == "Subject" => {}
                None => return None,
            }
        }
        Some(bytes)
    }
}

/// Where the certificate is, once its address is known to be one of Amazon SNS.
pub(super) fn certificate_url(request: &HookRequest) -> Result<String, Refusal> {
    let envelope = enveloped(request)?;
    let url = envelope.text("SigningCertURL").unwrap_or_default();
    let is_certificate = |path: &str| {
        let file = path.strip_prefix("/SimpleNotificationService-");
        file.and_then(|file| file.strip_suffix(".pem"))
            .is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    match of_amazon(url) {
        Some(parsed) if is_certificate(parsed.path()) && parsed.query().is_none() => {
            Ok(url.to_owned())
        }
        _ => Err(Refusal::NotOurs(
            "SigningCertURL is no certificate of Amazon SNS",
        )),
    }
}

/// Whether Amazon signed the request for our topic.
pub(super) fn verify(topic_arn: &str, request: &HookRequest, now: Instant) -> Result<(), Refusal> {
    certificate_url(request)?;
    let envelope = enveloped(request)?;
    let algorithm: &dyn VerificationAlgorithm = match envelope.text("SignatureVersion") {
        Some("1") => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        Some("2") => &RSA_PKCS1_2048_8192_SHA256,
        _ => return Err(Refusal::BadSignature),
    };
    let pem = request.certificate.as_deref();
    let key = public_key(pem.ok_or(Refusal::BadSignature)?, now)?;
    let signature = STANDARD
        .decode(envelope.text("Signature").unwrap_or_default())
        .map_err(|_| Refusal::BadSignature)?;
    let signed = envelope.signed_bytes().ok_or(Refusal::BadSignature)?;
    UnparsedPublicKey::new(algorithm, key)
        .verify(&signed, &signature)
        .map_err(|_| Refusal::BadSignature)?;
    // Amazon signs for everybody's topics: only ours is meant for us.
    if envelope.text("TopicArn") == Some(topic_arn) {
        Ok(())
    } else {
        Err(Refusal::NotOurs(
            "it is signed by Amazon SNS, but for another topic: compare TopicArn with this connection's topic",
        ))
    }
}

/// The call that confirms a subscription, for a request that was verified.
pub(super) fn confirmation(request: &HookRequest) -> Option<Request> {
    let envelope = Envelope::read(request).ok()?;
    if envelope.text("Type") != Some("SubscriptionConfirmation") {
        return None;
    }
    let url = of_amazon(envelope.text("SubscribeURL")?)?;
    Some(Request {
        method: Method::Get,
        url: url.into(),
        headers: Vec::new(),
        body: Vec::new(),
    })
}

fn enveloped(request: &HookRequest) -> Result<Envelope, Refusal> {
    if request.headers.iter().any(|(name, _)| name == RAW_HEADER) {
        return Err(Refusal::NotOurs(
            "it came by raw message delivery, which signs nothing: turn that off for the SNS subscription",
        ));
    }
    Envelope::read(request)
        .map_err(|_| Refusal::NotOurs("it is no message of Amazon SNS, so nothing is signed"))
}

/// An address at `sns.REGION.amazonaws.com`, or the same in China.
fn of_amazon(url: &str) -> Option<url::Url> {
    let url = url::Url::parse(url).ok()?;
    let host = url.host_str()?;
    let host = host.strip_suffix(".cn").unwrap_or(host);
    let region = host.strip_prefix("sns.")?.strip_suffix(".amazonaws.com")?;
    let is_region = !region.is_empty()
        && region
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let is_plain = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (is_region && is_plain).then_some(url)
}

/// The RSA key of a certificate within its dates. Who issued it is not looked at: it was fetched from
/// Amazon's own host by TLS.
fn public_key(pem: &[u8], now: Instant) -> Result<Vec<u8>, Refusal> {
    let unreadable = Refusal::NotOurs("the certificate of Amazon SNS cannot be read");
    let (_, pem) = parse_x509_pem(pem).map_err(|_| unreadable.clone())?;
    let certificate = pem.parse_x509().map_err(|_| unreadable.clone())?;
    let at = ASN1Time::from_timestamp(now.0.div_euclid(SECOND_MS)).map_err(|_| unreadable)?;
    if !certificate.validity().is_valid_at(at) {
        return Err(Refusal::NotOurs(
            "the certificate of Amazon SNS is not valid now: check our clock",
        ));
    }
    Ok(certificate.public_key().subject_public_key.data.to_vec())
}

#[cfg(test)]
mod tests;
