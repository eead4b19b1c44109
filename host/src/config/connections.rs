//! `[connections.NAME]`: CRMs, e-mail providers and anybody else who sends webhooks.
//!
//! Kinds of CRMs and providers are tables (`domain::connector::Kind`) and are read by them; what is
//! left has a variant of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use toml_edit::Item;
use url::{Host, Url};

use crate::domain::connector::{Connector, Field, Form, Kind, Sends, Settings, Sort};
use crate::domain::instant::MINUTE_MS;
use crate::domain::mail::Quirks;
use crate::domain::{EmailAddress, spelling};
use crate::{crm, providers};

use super::reader::Section;
use super::server::http_url;
use super::triggers::{Trigger, duration};

#[derive(Debug, Clone)]
pub enum Connection {
    /// A CRM or an e-mail provider.
    Kind(Known),
    /// Takes in raw mails: replies and reports.
    Inbound {
        secret: SecretString,
        /// Where replies go: each mail gets its own `+TOKEN` in it.
        address: Option<EmailAddress>,
    },
    /// Writes mails to a folder.
    Capture { folder: Option<PathBuf> },
    /// A plugin listens for it, or asks.
    Trigger(Trigger),
}

/// A connection of a kind that is a table.
#[derive(Clone)]
pub struct Known {
    pub kind: &'static Kind,
    pub settings: Settings,
    pub connector: Connector,
    /// Whether the administrator wrote where its API is: only then may it lead to a private address.
    pub base_url_written: bool,
    /// Where replies go, if it takes them in.
    pub inbound_address: Option<EmailAddress>,
    /// How often a CRM is asked for what its webhooks did not tell; none where it is not.
    pub reconcile_every_ms: Option<i64>,
    /// Whether tasks, notes and fields are written back, and copies of sent mail.
    pub write_back: bool,
    pub log_mail: bool,
}

/// The kinds that are not tables.
const OTHER_KINDS: [&str; 3] = ["inbound", "capture", "trigger"];

/// The shortest secret of a connection that compares it as it is.
const SECRET_MIN_BYTES: usize = 16;
/// RFC 5321 4.5.3.1.1 allows 64 bytes before the @, of which `+` and a reply token take 47.
const REPLY_LOCAL_MAX_BYTES: usize = 17;
/// The shortest and the longest time between two rounds of a reconcile poll.
const RECONCILE_MS: std::ops::RangeInclusive<i64> = MINUTE_MS..=24 * 60 * MINUTE_MS;

/// Every CRM and every provider that can be connected.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    crm::KINDS.iter().chain(providers::KINDS).copied()
}

/// The kind of this name.
pub fn find_kind(name: &str) -> Option<&'static Kind> {
    kinds().find(|kind| kind.name == name)
}

impl Connection {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Kind(known) => known.kind.name,
            Self::Inbound { .. } => "inbound",
            Self::Capture { .. } => "capture",
            Self::Trigger(_) => "trigger",
        }
    }

    /// Whether it sends mail.
    pub fn is_provider(&self) -> bool {
        match self {
            Self::Kind(known) => known.connector.sends.is_some(),
            Self::Capture { .. } => true,
            _ => false,
        }
    }

    /// What it makes of the mails that it sends.
    pub fn quirks(&self) -> Quirks {
        let Self::Kind(known) = self else {
            return Quirks::NONE;
        };
        match &known.connector.sends {
            Some(Sends::Http(provider)) => provider.quirks(),
            _ => Quirks::NONE,
        }
    }

    /// Where replies to our mails come in, if here.
    pub fn inbound_address(&self) -> Option<&EmailAddress> {
        match self {
            Self::Kind(known) => known.inbound_address.as_ref(),
            Self::Inbound { address, .. } => address.as_ref(),
            _ => None,
        }
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
            "inbound" => {
                let secret = section.secret("secret");
                if let Some(secret) = &secret {
                    check_inbound(section, secret);
                }
                let address = section.optional_parsed("address", REPLY_REMEDY, reply_address);
                secret.map(|secret| Self::Inbound { secret, address })
            }
            "capture" => {
                let folder = section
                    .optional_text("folder")
                    .map(|folder| section.reader.folder.join(folder));
                Some(Self::Capture { folder })
            }
            "trigger" => Trigger::read(section).map(Self::Trigger),
            name => {
                let Some(kind) = find_kind(name) else {
                    // Its keys cannot be judged without knowing the kind.
                    let names = kinds().map(|kind| kind.name).chain(OTHER_KINDS);
                    let remedy = spelling::suggest(name, names);
                    section.problem("kind", &format!("{name:?} is unknown"), remedy);
                    return None;
                };
                Known::read(section, kind).map(Self::Kind)
            }
        };
        section.finish();
        connection
    }
}

const REPLY_REMEDY: &str = "write an address without a + and with at most 17 letters before the @, like reply@in.example.com";

impl Known {
    /// Everything that is wrong is noted before giving up.
    fn read(section: &Section<'_>, kind: &'static Kind) -> Option<Self> {
        let mut settings = Settings::default();
        let mut complete = true;
        for field in kind.fields {
            let (read, ok) = read_field(section, field, settings);
            settings = read;
            complete &= ok;
        }
        let inbound_address = settings
            .text(Field::INBOUND_ADDRESS.key)
            .and_then(reply_address);
        let crm = Crm::read(section, kind);
        if !complete {
            return None;
        }
        match (kind.connect)(&settings) {
            Ok(connector) => Some(Self {
                kind,
                settings,
                base_url_written: section
                    .table()
                    .is_some_and(|table| table.contains_key("base_url")),
                inbound_address,
                reconcile_every_ms: connector
                    .reconciles
                    .as_ref()
                    .filter(|_| crm.reconcile)
                    .map(|source| crm.every_ms.unwrap_or_else(|| source.every_ms())),
                write_back: crm.write_back,
                log_mail: crm.log_mail,
                connector,
            }),
            Err(unfit) => {
                section.problem(unfit.key, &unfit.what, unfit.remedy);
                None
            }
        }
    }
}

/// What every CRM can be told beside its own fields.
struct Crm {
    reconcile: bool,
    every_ms: Option<i64>,
    write_back: bool,
    log_mail: bool,
}

impl Crm {
    fn read(section: &Section<'_>, kind: &Kind) -> Self {
        if kind.sort != Sort::Crm {
            return Self {
                reconcile: false,
                every_ms: None,
                write_back: false,
                log_mail: false,
            };
        }
        let remedy = "write a time from 1 minute to 24 hours, like \"15m\"";
        let every = section.optional_parsed("reconcile_every", remedy, |text| {
            duration(text).filter(|ms| RECONCILE_MS.contains(ms))
        });
        Self {
            reconcile: section.boolean("reconcile"),
            every_ms: every,
            write_back: section.boolean("write_back"),
            log_mail: section.boolean("log_mail"),
        }
    }
}

/// The settings with one more field, and whether it is as it must be.
fn read_field(section: &Section<'_>, field: &Field, settings: Settings) -> (Settings, bool) {
    let key = field.key;
    if field.form == Form::Secret {
        let secret = if field.needed {
            section.secret(key)
        } else {
            section.optional_secret(key)
        };
        let ok = secret.is_some() || !field.needed;
        return match secret {
            Some(secret) => (settings.with_secret(key, secret), ok),
            None => (settings, ok),
        };
    }
    let (remedy, parse) = reading(field);
    let value = section.optional_parsed(key, &remedy, parse);
    let value = if field.needed {
        let example = format!("{:?}", field.example);
        section.required(key, &example, value)
    } else {
        value.or_else(|| field.default.map(str::to_owned))
    };
    if let (Form::Url, Some(url)) = (field.form, &value)
        && url.starts_with("http://")
        && !is_loopback(url)
    {
        section.warn(key, "sends its key in clear text", "use https://");
    }
    match value {
        Some(value) => (settings.with_text(key, value), true),
        None => (settings, !field.needed),
    }
}

type Parse = Box<dyn Fn(&str) -> Option<String>>;

/// How a field is written, and what to do where it is not written so.
fn reading(field: &Field) -> (String, Parse) {
    match field.form {
        Form::Text | Form::Secret => (String::new(), Box::new(|text| Some(text.trim().to_owned()))),
        Form::Url => (
            format!("write it like {}", field.example),
            Box::new(http_url),
        ),
        Form::ReplyAddress => (
            REPLY_REMEDY.to_owned(),
            Box::new(|text| reply_address(text).map(|address| address.to_string())),
        ),
        Form::Choice(words) => (
            format!("use one of: {}", words.join(", ")),
            Box::new(move |text| words.contains(&text).then(|| text.to_owned())),
        ),
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known")
            .field("kind", &self.kind.name)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
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
