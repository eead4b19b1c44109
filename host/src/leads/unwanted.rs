//! Lists of people who must not be written to, as other systems export them.

use super::names::{fold, words};
use super::row::{address, host};
use crate::domain::Instant;

/// The names of the columns, folded; the surest first.
const ADDRESS: &str = "email, email address, e mail, e mail address, address, recipient, mail, \
     e mail adresse, adresse e mail, correo electronico, domain, domain name, email domain";
const REASON: &str = "reason, status, type, unsub reason, unsubscribe reason, bounce type, bounce reason, \
     hard bounce reason, unsub campaign title, grund, raison";
const AT: &str = "created, created at, at, date, timestamp, unsub time, unsubscribed at, \
     unsubscribe date, bounced at, optout time, last changed, datum";

/// Whether a person opted out of everything, in an export of all (HubSpot).
const OPTED_OUT: &str = "unsubscribed from all email, opted out of all email";
/// Filled in only where mail came back (HubSpot).
const BOUNCED: &str = "hard bounce reason, email hard bounce reason";
/// Mailchimp's exports of those who unsubscribed, and of those whose mail came back.
const UNSUBSCRIBED_AT: &str = "unsub time";
const CLEANED_AT: &str = "clean time";

/// What the columns of such a list are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnwantedColumns {
    address: usize,
    reason: Option<usize>,
    at: Option<usize>,
    opted_out: Option<usize>,
    bounced: Option<usize>,
    /// Whose export it looks like.
    pub system: Option<&'static str>,
    /// What a row means that says nothing.
    otherwise: Option<&'static str>,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwanted {
    /// An address, or `@` and a domain.
    pub address: String,
    pub reason: String,
    pub at: Option<Instant>,
}

impl UnwantedColumns {
    /// None where no column is called like an address or a domain.
    pub fn guess(headers: &[String]) -> Option<Self> {
        let folded: Vec<_> = headers.iter().map(|header| fold(header)).collect();
        let find = |names| words(names).find_map(|name| folded.iter().position(|is| is == name));
        let (opted_out, bounced) = (find(OPTED_OUT), find(BOUNCED));
        let (unsubscribed, cleaned) = (find(UNSUBSCRIBED_AT), find(CLEANED_AT));
        let (system, otherwise) = if opted_out.or(bounced).is_some() {
            (Some("HubSpot"), None)
        } else if unsubscribed.is_some() {
            (Some("Mailchimp"), Some("unsubscribed"))
        } else if cleaned.is_some() {
            (Some("Mailchimp"), Some("hard-bounce"))
        } else if folded.iter().any(|header| header == "created") {
            // Bounces, blocks, spam reports and unsubscribes all have `email` and `created`.
            (Some("SendGrid"), None)
        } else {
            (None, None)
        };
        Some(Self {
            address: find(ADDRESS)?,
            reason: find(REASON),
            at: find(AT).or(unsubscribed).or(cleaned),
            opted_out,
            bounced,
            system,
            otherwise,
        })
    }

    /// The row's entry; none for a row that asks for none; else what is wrong with it. `otherwise` is
    /// the reason where the list gives none.
    pub fn read(&self, cells: &[String], otherwise: &str) -> Result<Option<Unwanted>, String> {
        let cell = |place: Option<usize>| {
            let text = place
                .and_then(|place| cells.get(place))
                .map(|cell| cell.trim());
            text.filter(|text| !text.is_empty())
        };
        let marked = if cell(self.opted_out).is_some_and(says_yes) {
            Some("unsubscribed")
        } else {
            cell(self.bounced).map(|_| "hard-bounce")
        };
        if marked.is_none() && self.opted_out.or(self.bounced).is_some() {
            return Ok(None);
        }
        let said = marked
            .or_else(|| cell(self.reason).map(word))
            .or(self.otherwise);
        Ok(Some(Unwanted {
            address: target(cell(Some(self.address)).unwrap_or_default())?,
            reason: said.unwrap_or(otherwise).to_owned(),
            at: cell(self.at).and_then(moment),
        }))
    }
}

/// An address, or `@` and a domain, of what a person wrote: `ada@x.example`, `@x.example`,
/// `x.example`.
pub fn target(text: &str) -> Result<String, String> {
    let text = text.trim();
    let domain = match text.strip_prefix('@').or_else(|| text.strip_prefix("*@")) {
        Some(domain) => domain,
        None if !text.contains('@') && text.contains('.') => text,
        None => {
            return address(text)
                .map(|address| address.to_string())
                .map_err(|e| format!("the address {e}"));
        }
    };
    host(domain)
        .map(|host| format!("@{host}"))
        .ok_or_else(|| format!("{text:?} is no domain (write @example.com)"))
}

fn says_yes(text: &str) -> bool {
    ["true", "yes", "1", "ja", "oui"].contains(&text.to_lowercase().as_str())
}

/// Our word for what other systems call the same; their own where there is none.
fn word(reason: &str) -> &str {
    match fold(reason).as_str() {
        "unsubscribe" | "unsubscribed" | "opt out" | "opted out" | "optout"
        | "group unsubscribe" => "unsubscribed",
        "hard" | "hard bounce" | "hard bounced" | "bounce" | "bounced" | "bounces" | "cleaned"
        | "invalid" => "hard-bounce",
        "spam" | "spam report" | "spamreport" | "spam complaint" | "complaint" | "abuse" => {
            "complaint"
        }
        _ => reason,
    }
}

/// RFC 3339, `2026-01-31 10:00:00`, a date alone, or Unix seconds; UTC where no zone is said.
fn moment(text: &str) -> Option<Instant> {
    if let Ok(seconds) = text.parse::<i64>() {
        let ms = seconds
            .checked_mul(1_000)
            .filter(|ms| (0..=LATEST_MS).contains(ms));
        return ms.map(Instant);
    }
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{}:00Z", text.replace(' ', "T")),
        19 => format!("{}Z", text.replace(' ', "T")),
        _ => text.to_owned(),
    };
    Instant::parse_rfc3339(&full)
}

/// The last moment of the year 9999.
const LATEST_MS: i64 = 253_402_300_799_999;

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn targets() {
        for (text, expect) in [
            ("Ada@X.example", Some("ada@x.example")),
            ("@X.example", Some("@x.example")),
            ("*@x.example", Some("@x.example")),
            ("https://www.x.example/", Some("@x.example")),
            ("x.example", Some("@x.example")),
            ("@x", None),
            ("ada", None),
            ("", None),
        ] {
            assert_eq!(target(text).ok().as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn exports_of_other_systems() {
        let check = |headers: &[&str],
                     row: &[&str],
                     system: Option<&str>,
                     expect: Option<(&str, &str, i64)>| {
            let columns = UnwantedColumns::guess(&texts(headers)).expect("an address");
            assert_eq!(columns.system, system, "{headers:?}");
            let got = columns.read(&texts(row), "imported").expect("readable");
            let got = got.map(|entry| (entry.address, entry.reason, entry.at.map_or(0, |at| at.0)));
            let expect =
                expect.map(|(address, reason, at)| (address.to_owned(), reason.to_owned(), at));
            assert_eq!(got, expect, "{headers:?}");
        };
        let day = 1_768_435_200_000;
        // SendGrid: bounces, and unsubscribes.
        check(
            &["status", "reason", "email", "created"],
            &["5.1.1", "550 no such user", "a@x.example", "1768435200"],
            Some("SendGrid"),
            Some(("a@x.example", "550 no such user", day)),
        );
        check(
            &["email", "created"],
            &["a@x.example", "1768435200"],
            Some("SendGrid"),
            Some(("a@x.example", "imported", day)),
        );
        // Mailchimp: unsubscribed and cleaned audience exports.
        check(
            &["Email Address", "First Name", "UNSUB_TIME", "UNSUB_REASON"],
            &["a@x.example", "Ada", "2026-01-15 00:00:00", ""],
            Some("Mailchimp"),
            Some(("a@x.example", "unsubscribed", day)),
        );
        check(
            &["Email Address", "CLEAN_TIME"],
            &["a@x.example", ""],
            Some("Mailchimp"),
            Some(("a@x.example", "hard-bounce", 0)),
        );
        // HubSpot exports all contacts; only those that opted out are meant.
        let hubspot = ["Email", "Unsubscribed from all email"];
        check(
            &hubspot,
            &["a@x.example", "true"],
            Some("HubSpot"),
            Some(("a@x.example", "unsubscribed", 0)),
        );
        check(&hubspot, &["a@x.example", "false"], Some("HubSpot"), None);
        // Ours.
        check(
            &["address", "reason", "source", "at"],
            &["@x.example", "competitor", "cli", "2026-01-15T00:00:00Z"],
            None,
            Some(("@x.example", "competitor", day)),
        );
        check(
            &["Domain", "Type"],
            &["x.example", "Spam report"],
            None,
            Some(("@x.example", "complaint", 0)),
        );
        let bounces = ["Email", "Email hard bounce reason"];
        check(
            &bounces,
            &["a@x.example", "UNKNOWN_USER"],
            Some("HubSpot"),
            Some(("a@x.example", "hard-bounce", 0)),
        );
        check(&bounces, &["a@x.example", ""], Some("HubSpot"), None);
        assert_eq!(UnwantedColumns::guess(&texts(&["name"])), None);
    }
}
