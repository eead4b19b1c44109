//! `[identities.NAME]`: who writes.

use std::collections::BTreeMap;

use crate::domain::EmailAddress;
use crate::domain::mail::Mailbox;
use crate::domain::spelling;
use crate::guardrails::{Absence, COUNT_MAX, IdentityRules, Ramp, Span};

use super::connections::Connection;
use super::guardrails::{SPAN_MAX_MS, at_most, caps};
use super::places::token;
use super::reader::Section;
use super::server::http_url;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    /// The provider connection that sends; none means the built-in capture folder.
    pub connection: Option<String>,
    pub limits: IdentityRules,
    /// Where people may write to be taken off.
    pub unsubscribe_mailto: Option<EmailAddress>,
    pub tracking: Option<Tracking>,
}

/// What is counted of an identity's mails, and through which domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracking {
    /// Without a slash at its end.
    pub url: String,
    pub opens: bool,
    pub clicks: bool,
}

const MAILBOX: &str = "write it like Ada Lovelace <ada@acme.example>";

impl Identity {
    pub(super) fn read_all(
        sections: &Section<'_>,
        connections: &BTreeMap<String, Connection>,
    ) -> BTreeMap<String, Self> {
        let read = |(name, section): (String, Section<'_>)| {
            Some((name, Self::read(&section, connections)?))
        };
        sections
            .named(|_, _| "NAME".to_owned())
            .into_iter()
            .filter_map(read)
            .collect()
    }

    fn read(section: &Section<'_>, connections: &BTreeMap<String, Connection>) -> Option<Self> {
        let from = section.optional_parsed("from", MAILBOX, parse_mailbox);
        let from = section.required("from", "\"Ada Lovelace <ada@acme.example>\"", from);
        let reply_to = section.optional_parsed("reply_to", MAILBOX, parse_mailbox);
        let connection = provider(section, connections);
        let limits = limits(section);
        let unsubscribe_mailto = section.optional_parsed(
            "unsubscribe_mailto",
            "write it like unsubscribe@acme.example",
            |text| EmailAddress::parse(text).ok(),
        );
        let tracking = tracking(section);
        section.finish();
        Some(Self {
            from: from?,
            reply_to,
            connection,
            limits,
            unsubscribe_mailto,
            tracking,
        })
    }
}

/// The most absences of one identity.
const ABSENCES_MAX: usize = 1_000;

fn limits(section: &Section<'_>) -> IdentityRules {
    let rules = IdentityRules {
        caps: caps(section, "caps"),
        gap_ms: section.number_in("gap_ms", 0..=SPAN_MAX_MS) as i64,
        jitter_ms: section.number_in("jitter_ms", 0..=SPAN_MAX_MS) as i64,
        ramp: ramp(&section.section("ramp")),
        absent: section.list(
            "absent",
            "write dates like \"2026-12-24..2027-01-02\", the last day included",
            Absence::parse,
        ),
    };
    at_most(section, "absent", rules.absent.len(), ABSENCES_MAX);
    let ends = rules.caps.iter().any(|cap| cap.span == Span::Day);
    if rules.ramp.is_some() && !ends {
        section.warn(
            "ramp",
            "never ends, since there is no cap per day",
            "add the number of mails a day to end at: caps = [\"200/day\"]",
        );
    }
    rules
}

fn ramp(section: &Section<'_>) -> Option<Ramp> {
    let per_day = 1..=u64::from(COUNT_MAX);
    let from = section.optional_parsed("from", "write a date like \"2026-11-01\"", |text| {
        text.parse().ok()
    });
    let start = section.optional_number_in("start", per_day.clone());
    let step = section.optional_number_in("step", per_day);
    section.table()?;
    let from = section.required("from", "\"2026-11-01\"", from);
    let start = section.required("start", "20", start);
    let step = section.required("step", "5", step);
    section.finish();
    Some(Ramp {
        from: from?,
        start: start? as u32,
        step: step? as u32,
    })
}

/// None where nothing is counted.
fn tracking(section: &Section<'_>) -> Option<Tracking> {
    let url = section.optional_parsed(
        "tracking_url",
        "write a domain of your own, like https://go.acme.example",
        |text| http_url(text).filter(|url| url.starts_with("https://") || is_loopback(url)),
    );
    let opens = section.boolean("track_opens");
    let clicks = section.boolean("track_clicks");
    if !opens && !clicks {
        return None;
    }
    if url.is_none() && !section.wrote("tracking_url") {
        let key = if opens { "track_opens" } else { "track_clicks" };
        let message = "needs a domain of your own for the links";
        let remedy = "add tracking_url = \"https://go.acme.example\", which leads to this server";
        section.problem(key, message, remedy);
    }
    Some(Tracking {
        url: url?,
        opens,
        clicks,
    })
}

/// This very machine, while somebody tries things out.
fn is_loopback(url: &str) -> bool {
    let host = url::Url::parse(url).ok();
    match host.as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn provider(section: &Section<'_>, connections: &BTreeMap<String, Connection>) -> Option<String> {
    let providers: Vec<&str> = connections
        .iter()
        .filter(|(_, connection)| connection.is_provider())
        .map(|(name, _)| name.as_str())
        .collect();
    let Some(named) = section.optional_text("connection") else {
        if providers.len() > 1 {
            let remedy = format!("use one of: {}", providers.join(", "));
            section.problem(
                "connection",
                "is needed, since there are several e-mail providers",
                remedy,
            );
        }
        return providers.first().map(|&name| name.to_owned());
    };
    match connections.get(&named) {
        Some(connection) if connection.is_provider() => {}
        Some(connection) => {
            let message = format!(
                "names {named:?}, a {} connection, which sends no mail",
                connection.kind()
            );
            section.problem("connection", &message, spelling::suggest(&named, providers));
        }
        // One that is written but wrong was complained about where it stands.
        None if section
            .reader
            .places
            .has(&format!("/connections/{}", token(&named))) => {}
        None => {
            let message = format!("names {named:?}, which is no connection");
            section.problem("connection", &message, spelling::suggest(&named, providers));
        }
    }
    Some(named)
}

/// `Ada Lovelace <ada@acme.example>`, `"Lovelace, Ada" <ada@acme.example>` or the address alone.
fn parse_mailbox(text: &str) -> Option<Mailbox> {
    let text = text.trim();
    let Some((name, rest)) = text.rsplit_once('<') else {
        return Some(Mailbox {
            name: None,
            address: EmailAddress::parse(text).ok()?,
        });
    };
    let address = EmailAddress::parse(rest.strip_suffix('>')?).ok()?;
    let name = name.trim();
    let name = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'))
        .unwrap_or(name);
    if name.chars().any(|c| c.is_control() || "<>\"".contains(c)) {
        return None;
    }
    Some(Mailbox {
        name: (!name.is_empty()).then(|| name.to_owned()),
        address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes() {
        for (text, expect) in [
            (
                "Ada Lovelace <Ada@Acme.example>",
                Some((Some("Ada Lovelace"), "ada@acme.example")),
            ),
            (
                "\"Lovelace, Ada\" <ada@acme.example>",
                Some((Some("Lovelace, Ada"), "ada@acme.example")),
            ),
            ("ada@acme.example", Some((None, "ada@acme.example"))),
            ("<ada@acme.example>", Some((None, "ada@acme.example"))),
            ("Ada <ada@acme.example", None),
            ("Ada\r\nBcc: x <ada@acme.example>", None),
            ("Ada", None),
        ] {
            let got = parse_mailbox(text);
            let got = got
                .as_ref()
                .map(|mailbox| (mailbox.name.as_deref(), mailbox.address.as_str()));
            assert_eq!(got, expect, "{text}");
        }
    }
}
