//! One row: a lead, or the reason why it is none.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono_tz::{TZ_VARIANTS, Tz};
use serde_json::{Value, json};

use super::columns::{Columns, Field, Target};
use super::names::words;
use super::records::Malformed;
use crate::domain::{ContactPatch, EmailAddress, JsonMap, digest};

/// Addresses remembered to find those that a list names twice: some 24 bytes each. Rows beyond are
/// told apart by the store, whose keys make of two rows one all the same.
pub const REMEMBERED_MAX: usize = 4_000_000;
/// RFC 5321 section 4.5.3.1.1: "The maximum total length of a user name or other local-part is 64
/// octets."
const LOCAL_MAX_BYTES: usize = 64;
/// RFC 1035 section 2.3.4.
const LABEL_MAX_BYTES: usize = 63;
/// Longer ones are no language tags (RFC 5646 section 4.4.1 recommends room for 35).
const LOCALE_MAX_BYTES: usize = 35;

/// A person whom a list names.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    pub email: EmailAddress,
    /// What the row tells; blank cells tell nothing.
    pub patch: ContactPatch,
    /// The row as it stands in the file.
    pub raw: JsonMap,
    /// What was left out, and why.
    pub warnings: Vec<String>,
}

/// Why a row is no lead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the row {0}")]
    Malformed(#[from] Malformed),
    #[error("the address {0}")]
    Invalid(String),
    #[error("{0} is a role, not a person")]
    Role(EmailAddress),
    #[error("column {column:?} says {said:?}, which is no consent")]
    NoConsent { column: String, said: String },
    #[error("the same address as in row {0}")]
    Duplicate(u64),
}

impl Rejection {
    /// Its word in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Invalid(_) => "invalid",
            Self::Role(_) => "role",
            Self::NoConsent { .. } => "no-consent",
            Self::Duplicate(_) => "duplicate-in-file",
        }
    }
}

/// Reads the rows of one list.
pub struct Reader<R> {
    columns: Columns,
    email: usize,
    /// Where consent comes from, as people read it: the name of the list.
    list: String,
    is_role: R,
    seen: HashMap<[u8; 16], u64>,
}

impl<R: Fn(&EmailAddress) -> bool> Reader<R> {
    /// `is_role` says of which addresses rows are rejected because nobody in person reads there.
    pub fn new(columns: Columns, list: &str, is_role: R) -> Self {
        let email = columns
            .place(&Target::Field(Field::Email))
            .expect("columns without an address are refused");
        Self {
            columns,
            email,
            list: list.to_owned(),
            is_role,
            seen: HashMap::new(),
        }
    }

    /// What the row's cell says where the address should be.
    pub fn address<'c>(&self, cells: &'c [String]) -> &'c str {
        cells.get(self.email).map_or("", |cell| cell.trim())
    }

    /// `cells` must be as many as there are columns.
    pub fn read(&mut self, row: u64, cells: &[String]) -> Result<Lead, Rejection> {
        let email = address(self.address(cells)).map_err(Rejection::Invalid)?;
        if (self.is_role)(&email) {
            return Err(Rejection::Role(email));
        }
        let mut lead = Lead {
            email,
            patch: ContactPatch::default(),
            raw: JsonMap::new(),
            warnings: Vec::new(),
        };
        for (column, cell) in self.columns.0.iter().zip(cells) {
            let text = cell.trim();
            if column.target == Target::Consent {
                if !agrees(text) {
                    return Err(Rejection::NoConsent {
                        column: column.header.clone(),
                        said: text.to_owned(),
                    });
                }
                let source = format!("{}, row {row}", self.list);
                lead.tell("consent", text);
                lead.tell("consent_source", &source);
            }
            if text.is_empty() {
                continue;
            }
            lead.raw.insert(column.header.clone(), Value::from(text));
            match &column.target {
                Target::Field(field) => lead.take(*field, text),
                Target::Attribute(name) => lead.tell(name, text),
                Target::Consent | Target::Dropped => {}
            }
        }
        lead.complete_account();
        self.remember(row, &lead.email)?;
        Ok(lead)
    }

    fn remember(&mut self, row: u64, email: &EmailAddress) -> Result<(), Rejection> {
        let digest = digest::sha256(&[email.as_str().as_bytes()]);
        let key: [u8; 16] = digest[..16].try_into().expect("half of 32 bytes");
        let full = self.seen.len() >= REMEMBERED_MAX;
        match self.seen.entry(key) {
            Entry::Occupied(first) => Err(Rejection::Duplicate(*first.get())),
            Entry::Vacant(free) => {
                if !full {
                    free.insert(row);
                }
                Ok(())
            }
        }
    }
}

impl Lead {
    fn take(&mut self, field: Field, text: &str) {
        match field {
            Field::Email => {}
            Field::TimeZone => match zone(text) {
                Some(zone) => self.patch.time_zone = Some(zone.to_owned()),
                None => self.warn(format!(
                    "time zone {text:?} is unknown (use IANA names, like Europe/Berlin)"
                )),
            },
            Field::Locale => match locale(text) {
                Some(tag) => self.patch.locale = Some(tag),
                None => self.warn(format!(
                    "locale {text:?} is no language tag (use BCP 47, like de-AT)"
                )),
            },
            Field::AccountId => self.account("id", text),
            Field::AccountDomain => match host(text) {
                Some(host) => self.account("domain", &host),
                None => self.warn(format!("{text:?} is no domain")),
            },
            Field::FirstName
            | Field::LastName
            | Field::FullName
            | Field::Company
            | Field::JobTitle
            | Field::Phone
            | Field::Country
            | Field::Owner => self.tell(field.as_str(), text),
        }
    }

    fn tell(&mut self, name: &str, text: &str) {
        self.patch.attributes.insert(name.to_owned(), json!(text));
    }

    fn account(&mut self, name: &str, text: &str) {
        let account = self.patch.account.get_or_insert_default();
        account.insert(name.to_owned(), json!(text));
    }

    /// An account that is known by id or domain is called what the person's company is called.
    fn complete_account(&mut self) {
        let company = self.patch.attributes.get("company").cloned();
        if let (Some(account), Some(company)) = (&mut self.patch.account, company) {
            account.insert("name".to_owned(), company);
        }
    }

    fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }
}

/// The address in a cell, as people and programs write it there: `Ada <ada@x.example>`,
/// `mailto:ada@x.example`, `ada@x.example;`. What is wrong with it reads on after "the address".
pub(super) fn address(cell: &str) -> Result<EmailAddress, String> {
    let invisible =
        |c: char| c.is_whitespace() || "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}".contains(c);
    let mut text = cell.trim_matches(invisible);
    if let Some(open) = text.rfind('<')
        && let Some(inside) = text[open + 1..]
            .trim_end_matches([',', ';', '.'])
            .strip_suffix('>')
    {
        text = inside;
    }
    text = text.trim_matches(|c| invisible(c) || "\"'<>,;".contains(c));
    if let Some(scheme) = text.get(..7)
        && scheme.eq_ignore_ascii_case("mailto:")
    {
        text = text[7..].split('?').next().unwrap_or_default();
    }
    text = text.trim_end_matches(|c| invisible(c) || ".,;".contains(c));
    if text.matches('@').count() > 1 && text.contains([',', ';', ' ', '/', '\n']) {
        return Err("is more than one: a row is one person".to_owned());
    }
    let address = EmailAddress::parse(text).map_err(|e| match text {
        "" => e.to_string(),
        _ => format!("{:?} {e}", shortened(text)),
    })?;
    match objection(&address) {
        Some(objection) => Err(format!("{:?} {objection}", address.as_str())),
        None => Ok(address),
    }
}

/// What mail systems refuse though it has the shape of an address.
fn objection(address: &EmailAddress) -> Option<&'static str> {
    let (local, domain) = address.as_str().split_once('@')?;
    if local.len() > LOCAL_MAX_BYTES {
        return Some("has more than 64 bytes in front of the @");
    }
    // RFC 5321 section 4.1.2, Dot-string: atoms between single dots.
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Some("has a dot in front of the @ that does not stand between two letters");
    }
    let Some((_, top)) = domain.rsplit_once('.') else {
        return Some("needs a domain with a dot, like example.com");
    };
    let bad = |label: &str| {
        label.len() > LABEL_MAX_BYTES
            || label.starts_with('-')
            || label.ends_with('-')
            || !label
                .chars()
                .all(|c| c == '-' || c.is_alphanumeric() || !c.is_ascii())
    };
    if domain.split('.').any(bad) {
        return Some("has a domain with characters that none has");
    }
    // RFC 3696 section 2: "any top-level domain … will … not be all-numeric".
    if top.bytes().all(|byte| byte.is_ascii_digit()) || top.chars().count() < 2 {
        return Some("has a domain that ends like none");
    }
    None
}

fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 80;
    text.chars().take(SHOWN_MAX).collect()
}

/// Whether what a consent column says can be taken for consent: it must say something, and not no.
fn agrees(text: &str) -> bool {
    const NO: &str = "-, –, ?, n/a, na, null, none, 0, no, n, false, f, off, nein, falsch, non, faux, \
         nej, nee, nei, não, nao, falso, ei, nie, нет, いいえ, 否, denied, declined, refused, \
         withdrawn, revoked, unknown, unbekannt, pending, unconfirmed, unsubscribed, \
         opt-out, opt out, optout, opted out, opted-out, not given, no consent, widerrufen, \
         abgelehnt, abgemeldet";
    let text = text.trim().to_lowercase();
    !text.is_empty() && words(NO).all(|no| no != text)
}

/// The IANA name, whatever its case.
fn zone(text: &str) -> Option<&'static str> {
    if let Ok(zone) = text.parse::<Tz>() {
        return Some(zone.name());
    }
    let name = text.replace(' ', "_");
    let mut zones = TZ_VARIANTS.iter().map(|zone| zone.name());
    zones.find(|zone| zone.eq_ignore_ascii_case(&name))
}

/// A tag with the shape of BCP 47, `de_AT` as `de-AT`.
fn locale(text: &str) -> Option<String> {
    let tag = text.replace('_', "-");
    let mut parts = tag.split('-');
    let language = parts.next()?;
    let letters =
        (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
    let fine = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    (letters && tag.len() <= LOCALE_MAX_BYTES && parts.all(fine)).then_some(tag)
}

/// The host of `https://www.acme.example/about` or `acme.example`, without `www.`.
pub(super) fn host(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let rest = text
        .split_once("://")
        .map_or(text.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next()?;
    let host = host
        .strip_prefix("www.")
        .unwrap_or(host)
        .trim_end_matches('.');
    let probe = EmailAddress::parse(&format!("x@{host}")).ok()?;
    objection(&probe).is_none().then(|| host.to_owned())
}

#[cfg(test)]
mod tests;
