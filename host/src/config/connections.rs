//! `[connections.NAME]`: CRMs, e-mail providers and anybody else who sends webhooks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use toml_edit::Item;
use url::{Host, Url};

use crate::domain::{EmailAddress, spelling};

use super::reader::Section;
use super::server::http_url;
use super::triggers::Trigger;

#[derive(Debug, Clone)]
pub enum Connection {
    Hubspot {
        client_secret: SecretString,
        access_token: Option<SecretString>,
        base_url: BaseUrl,
    },
    CloudEvents {
        secret: SecretString,
    },
    SendGrid {
        api_key: SecretString,
        webhook_public_key: Option<SecretString>,
        base_url: BaseUrl,
    },
    Resend {
        api_key: SecretString,
        webhook_secret: Option<SecretString>,
        base_url: BaseUrl,
    },
    /// Takes in raw mails: replies and reports.
    Inbound {
        secret: SecretString,
        /// Where replies go: each mail gets its own `+TOKEN` in it.
        address: Option<EmailAddress>,
    },
    /// Writes mails to a folder.
    Capture {
        folder: Option<PathBuf>,
    },
    /// A plugin listens for it, or asks.
    Trigger(Trigger),
}

/// Where an API is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// Without a slash at its end.
    pub url: String,
    /// Whether the administrator wrote it: only then may it lead to a private address.
    pub written: bool,
}

const KINDS: [&str; 7] = [
    "hubspot",
    "cloudevents",
    "sendgrid",
    "resend",
    "inbound",
    "capture",
    "trigger",
];

/// The shortest secret of a connection that compares it as it is.
const SECRET_MIN_BYTES: usize = 16;
/// RFC 5321 4.5.3.1.1 allows 64 bytes before the @, of which `+` and a reply token take 47.
const REPLY_LOCAL_MAX_BYTES: usize = 17;

impl Connection {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Hubspot { .. } => "hubspot",
            Self::CloudEvents { .. } => "cloudevents",
            Self::SendGrid { .. } => "sendgrid",
            Self::Resend { .. } => "resend",
            Self::Inbound { .. } => "inbound",
            Self::Capture { .. } => "capture",
            Self::Trigger(_) => "trigger",
        }
    }

    /// Whether it sends mail.
    pub fn is_provider(&self) -> bool {
        matches!(
            self,
            Self::SendGrid { .. } | Self::Resend { .. } | Self::Capture { .. }
        )
    }

    /// All of them; those that cannot be read are noted and left out.
    pub(super) fn read_all(sections: &Section<'_>) -> BTreeMap<String, Self> {
        let kind_of = |_: &str, table: &dyn toml_edit::TableLike| {
            table
                .get("kind")
                .and_then(Item::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let read = |(name, section): (String, Section<'_>)| Some((name, Self::read(&section)?));
        sections
            .named(kind_of)
            .into_iter()
            .filter_map(read)
            .collect()
    }

    fn read(section: &Section<'_>) -> Option<Self> {
        let kind = section.required_text("kind", "\"cloudevents\"")?;
        let connection = match kind.as_str() {
            "hubspot" => {
                let client_secret = section.secret("client_secret");
                let access_token = section.optional_secret("access_token");
                let base_url = BaseUrl::read(section);
                client_secret.map(|client_secret| Self::Hubspot {
                    client_secret,
                    access_token,
                    base_url,
                })
            }
            "cloudevents" => section
                .secret("secret")
                .inspect(|secret| check_whsec(section, "secret", secret))
                .map(|secret| Self::CloudEvents { secret }),
            "sendgrid" => {
                let api_key = section.secret("api_key");
                let webhook_public_key = section.optional_secret("webhook_public_key");
                let base_url = BaseUrl::read(section);
                api_key.map(|api_key| Self::SendGrid {
                    api_key,
                    webhook_public_key,
                    base_url,
                })
            }
            "resend" => {
                let api_key = section.secret("api_key");
                let webhook_secret = section.optional_secret("webhook_secret");
                if let Some(secret) = &webhook_secret {
                    check_whsec(section, "webhook_secret", secret);
                }
                let base_url = BaseUrl::read(section);
                api_key.map(|api_key| Self::Resend {
                    api_key,
                    webhook_secret,
                    base_url,
                })
            }
            "inbound" => {
                let secret = section.secret("secret");
                if let Some(secret) = &secret {
                    check_inbound(section, secret);
                }
                let remedy = "write an address without a + and with at most 17 letters before the @, \
                              like reply@in.example.com";
                let address = section.optional_parsed("address", remedy, reply_address);
                secret.map(|secret| Self::Inbound { secret, address })
            }
            "capture" => {
                let folder = section
                    .optional_text("folder")
                    .map(|folder| section.reader.folder.join(folder));
                Some(Self::Capture { folder })
            }
            "trigger" => Trigger::read(section).map(Self::Trigger),
            // Its keys cannot be judged without knowing the kind.
            _ => {
                section.problem(
                    "kind",
                    &format!("{kind:?} is unknown"),
                    spelling::suggest(&kind, KINDS),
                );
                return None;
            }
        };
        section.finish();
        connection
    }
}

impl BaseUrl {
    fn read(section: &Section<'_>) -> Self {
        let url = section.parsed(
            "base_url",
            "write it like https://api.example.com",
            http_url,
        );
        let written = section
            .table()
            .is_some_and(|table| table.contains_key("base_url"));
        if written && url.starts_with("http://") && !is_loopback(&url) {
            section.warn("base_url", "sends its key in clear text", "use https://");
        }
        Self { url, written }
    }
}

fn is_loopback(url: &str) -> bool {
    match Url::parse(url)
        .ok()
        .and_then(|url| url.host().map(|host| host.to_owned()))
    {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An address that has room for the token of a reply.
fn reply_address(text: &str) -> Option<EmailAddress> {
    let address = EmailAddress::parse(text).ok()?;
    let (local, _) = address.as_str().split_once('@')?;
    let fits = local.len() <= REPLY_LOCAL_MAX_BYTES && !local.contains('+');
    fits.then_some(address)
}

/// Whoever knows the secret of inbound mail can stop sequences and suppress addresses.
fn check_inbound(section: &Section<'_>, secret: &SecretString) {
    let text = secret.expose_secret().trim();
    if text.starts_with("whsec_") {
        check_whsec(section, "secret", secret);
    } else if text.len() < SECRET_MIN_BYTES {
        let remedy = "write at least 16 random letters and digits";
        section.problem("secret", "is too short to be one", remedy);
    }
}

/// Standard Webhooks, "Symmetric signatures": the secret is "base64 encoded, prefixed with whsec_"
/// and "between 24 bytes (192 bits) and 64 bytes (512 bits)".
fn check_whsec(section: &Section<'_>, key: &str, secret: &SecretString) {
    let encoded = secret.expose_secret().trim().strip_prefix("whsec_");
    let size = encoded
        .and_then(|text| STANDARD.decode(text).ok())
        .map(|bytes| bytes.len());
    if !size.is_some_and(|size| (24..=64).contains(&size)) {
        let remedy = "write whsec_ and the base64 of 24 to 64 random bytes, as the sender shows it";
        section.problem(key, "is no signing secret", remedy);
    }
}
