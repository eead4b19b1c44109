//! The secrets of a test site, and signing with them exactly as each sender does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use followup::crm::hubspot;
use followup::domain::Instant;
use followup::providers::sendgrid;
use followup::signatures::standard_webhooks::{self, Secret};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

/// Headers of a request.
pub type Headers = Vec<(&'static str, String)>;

/// What a `SubjectPublicKeyInfo` of a P-256 key begins with (RFC 5480).
const P256_HEAD: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=";

/// Every secret of a site. The texts are told apart from anything else, to be searched for in logs.
pub struct Keys {
    pub crm: String,
    pub resend_webhook: String,
    pub hubspot_client: String,
    pub hubspot_token: &'static str,
    pub resend_api: &'static str,
    pub sendgrid_api: &'static str,
    /// Not secret: the public half, as SendGrid shows it.
    pub sendgrid_public: String,
    sendgrid: EcdsaKeyPair,
}

impl Keys {
    pub fn of_the_site() -> Self {
        Self::whose("site")
    }

    /// Keys that a server knows nothing of.
    pub fn of_a_stranger() -> Self {
        Self::whose("stranger")
    }

    fn whose(owner: &str) -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("generates");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("reads");
        let head = STANDARD.decode(P256_HEAD).expect("base64");
        let whsec = |who: &str| {
            format!(
                "whsec_{}",
                STANDARD.encode(format!("{who} signs for the {owner}"))
            )
        };
        Self {
            crm: whsec("a well-known crm"),
            resend_webhook: whsec("resend, the provider,"),
            hubspot_client: format!("hubspot-client-secret-of-the-{owner}"),
            hubspot_token: "pat-hubspot-access-token-f00d",
            resend_api: "re_resend_api_key_f00d",
            sendgrid_api: "SG.sendgrid_api_key_f00d",
            sendgrid_public: STANDARD.encode([&head[..], pair.public_key().as_ref()].concat()),
            sendgrid: pair,
        }
    }

    /// What must never be seen outside the files they stand in.
    pub fn secrets(&self) -> [&str; 6] {
        [
            self.crm.trim_start_matches("whsec_"),
            self.resend_webhook.trim_start_matches("whsec_"),
            &self.hubspot_client,
            self.hubspot_token,
            self.resend_api,
            self.sendgrid_api,
        ]
    }

    /// The headers of a request to a connection of the site, signed as its sender does.
    pub fn sign(&self, connection: &str, id: &str, url: &str, at: Instant, body: &[u8]) -> Headers {
        match connection {
            "crm" => self.crm(id, at, body),
            "resend" => self.resend(id, at, body),
            "hubspot" => self.hubspot(url, at, body),
            "sendgrid" => self.sendgrid(at, body),
            other => panic!("the test site has no connection {other}"),
        }
    }

    /// Standard Webhooks, as a CRM signs CloudEvents.
    fn crm(&self, id: &str, at: Instant, body: &[u8]) -> Headers {
        vec![
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", seconds(at)),
            (
                "webhook-signature",
                standard_webhook(&self.crm, id, at, body),
            ),
        ]
    }

    /// Svix, as Resend signs.
    fn resend(&self, id: &str, at: Instant, body: &[u8]) -> Headers {
        vec![
            ("svix-id", id.to_owned()),
            ("svix-timestamp", seconds(at)),
            (
                "svix-signature",
                standard_webhook(&self.resend_webhook, id, at, body),
            ),
        ]
    }

    fn hubspot(&self, url: &str, at: Instant, body: &[u8]) -> Headers {
        let signature = hubspot::sign(&self.hubspot_client, "POST", url, body, at.0);
        vec![
            (hubspot::SIGNATURE_HEADER, signature),
            (hubspot::TIMESTAMP_HEADER, at.0.to_string()),
        ]
    }

    fn sendgrid(&self, at: Instant, body: &[u8]) -> Headers {
        let signed = [seconds(at).as_bytes(), body].concat();
        let signature = self
            .sendgrid
            .sign(&SystemRandom::new(), &signed)
            .expect("signs");
        vec![
            (sendgrid::SIGNATURE_HEADER, STANDARD.encode(signature)),
            (sendgrid::TIMESTAMP_HEADER, seconds(at)),
        ]
    }
}

fn seconds(at: Instant) -> String {
    (at.0 / 1000).to_string()
}

fn standard_webhook(secret: &str, id: &str, at: Instant, body: &[u8]) -> String {
    let secret = Secret::parse(&secret.to_owned().into()).expect("a secret");
    standard_webhooks::sign(&secret, id, at.0 / 1000, body)
}
