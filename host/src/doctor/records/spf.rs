//! Sender Policy Framework (RFC 7208): which servers may send for a domain.

use std::net::{Ipv4Addr, Ipv6Addr};

/// "SPF implementations MUST limit the total number of those terms to 10 during SPF evaluation"
/// (4.6.4).
pub const LOOKUPS_MAX: usize = 10;

/// A record, as far as a sender cares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spf {
    /// What is said of everybody else.
    pub all: Option<All>,
    /// Domains whose servers are let through too.
    pub includes: Vec<String>,
    /// Whose record holds instead, where nothing matches and there is no `all` (6.1).
    pub redirect: Option<String>,
    /// Terms of this record that cost a lookup: "include", "a", "mx", "ptr", "exists", "redirect" (4.6.4).
    pub lookups: usize,
    /// "ptr" is used: "This mechanism SHOULD NOT be published" (5.5).
    pub ptr: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum All {
    Pass,
    Neutral,
    SoftFail,
    Fail,
}

/// The records among a domain's texts. "Records that do not begin with a version section of exactly
/// \"v=spf1\" are discarded. Note that the version section is terminated by either an SP character or the
/// end of the record" (4.5).
pub fn records(texts: &[String]) -> Vec<&str> {
    let is_spf = |text: &&str| {
        text.get(..6)
            .is_some_and(|head| head.eq_ignore_ascii_case("v=spf1"))
            && matches!(text.as_bytes().get(6), None | Some(b' '))
    };
    texts.iter().map(String::as_str).filter(is_spf).collect()
}

/// The error is what makes the record invalid, "permerror" (4.6).
pub fn read(record: &str) -> Result<Spf, String> {
    let mut spf = Spf::default();
    for term in record.split(' ').skip(1).filter(|term| !term.is_empty()) {
        // "Mechanisms after \"all\" will never be tested" (5.1), but must be written correctly (4.6).
        let decided = spf.all.is_some();
        let (qualifier, rest) = qualified(term);
        let (name, value) = split(rest);
        let lower = name.to_ascii_lowercase();
        if let Some(value) = rest
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('='))
        {
            if lower == "redirect" {
                if spf.redirect.is_some() {
                    return Err("it has two redirects".to_owned());
                }
                spf.redirect = Some(domain(value, term)?);
            }
            // "exp", and modifiers that nobody knows, change nothing (6).
            continue;
        }
        let costs = match lower.as_str() {
            "all" if value.is_none() => {
                spf.all = spf.all.or(Some(qualifier));
                false
            }
            "include" => {
                let included = domain(value.unwrap_or_default(), term)?;
                if !decided {
                    spf.includes.push(included);
                }
                true
            }
            "exists" => {
                domain(value.unwrap_or_default(), term)?;
                true
            }
            "a" | "mx" => true,
            "ptr" => {
                spf.ptr |= !decided;
                true
            }
            "ip4" => network::<Ipv4Addr>(value, 32, term)?,
            "ip6" => network::<Ipv6Addr>(value, 128, term)?,
            _ => return Err(format!("{term:?} is no term of it")),
        };
        spf.lookups += usize::from(costs && !decided);
    }
    // "If a record contains both \"all\" and \"redirect\", the \"redirect\" modifier is ignored" (6.1).
    if spf.all.is_some() {
        spf.redirect = None;
    }
    spf.lookups += usize::from(spf.redirect.is_some());
    Ok(spf)
}

fn qualified(term: &str) -> (All, &str) {
    let qualifier = match term.as_bytes()[0] {
        b'+' => All::Pass,
        b'?' => All::Neutral,
        b'~' => All::SoftFail,
        b'-' => All::Fail,
        _ => return (All::Pass, term),
    };
    (qualifier, &term[1..])
}

/// The name of a term, and what stands behind its colon.
fn split(term: &str) -> (&str, Option<&str>) {
    let end = term.find([':', '/', '=']).unwrap_or(term.len());
    let value = term[end..].strip_prefix(':');
    (&term[..end], value)
}

fn domain(value: &str, term: &str) -> Result<String, String> {
    let name = value.trim_end_matches('.').to_ascii_lowercase();
    // A macro (`%{i}`) stands for a name that only a receiver knows.
    if name.is_empty() || (!name.contains('.') && !name.contains('%')) {
        return Err(format!("{term:?} names no domain"));
    }
    Ok(name)
}

/// Addresses cost no lookup.
fn network<A: std::str::FromStr>(
    value: Option<&str>,
    bits_max: u8,
    term: &str,
) -> Result<bool, String> {
    let value = value.unwrap_or_default();
    let (address, bits) = match value.split_once('/') {
        Some((address, bits)) => (address, bits.parse().ok()),
        None => (value, Some(bits_max)),
    };
    if address.parse::<A>().is_ok() && bits.is_some_and(|bits: u8| bits <= bits_max) {
        Ok(false)
    } else {
        Err(format!("{term:?} is no network"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_from_other_texts() {
        let texts = [
            "v=spf1",
            "v=spf1 -all",
            "V=SPF1 -all",
            "v=spf10 -all",
            "v=spf2.0/pra -all",
            "google-site-verification=x",
            " v=spf1 -all",
        ]
        .map(str::to_owned);
        assert_eq!(records(&texts), ["v=spf1", "v=spf1 -all", "V=SPF1 -all"]);
    }

    #[test]
    fn what_a_record_says_of_everybody_else() {
        for (record, expect) in [
            ("v=spf1 -all", Some(All::Fail)),
            ("v=spf1 ~all", Some(All::SoftFail)),
            ("v=spf1 ?all", Some(All::Neutral)),
            ("v=spf1 +all", Some(All::Pass)),
            ("v=spf1 all", Some(All::Pass)),
            ("v=spf1 -ALL", Some(All::Fail)),
            ("v=spf1  a  mx   -all ", Some(All::Fail)),
            ("v=spf1", None),
            ("v=spf1 a mx", None),
            // "Mechanisms after \"all\" will never be tested."
            ("v=spf1 -all +all", Some(All::Fail)),
        ] {
            assert_eq!(read(record).map(|spf| spf.all), Ok(expect), "{record}");
        }
    }

    /// The examples of RFC 7208, appendix A.1, and what costs a lookup by 4.6.4.
    #[test]
    fn what_costs_a_lookup() {
        for (record, lookups) in [
            ("v=spf1 +all", 0),
            ("v=spf1 a -all", 1),
            ("v=spf1 a:example.org -all", 1),
            ("v=spf1 mx -all", 1),
            ("v=spf1 mx:example.org -all", 1),
            ("v=spf1 mx mx:example.org -all", 2),
            ("v=spf1 mx/30 mx:example.org/30 -all", 2),
            ("v=spf1 ptr -all", 1),
            ("v=spf1 ip4:192.0.2.128/28 -all", 0),
            ("v=spf1 ip6:2001:db8::/32 -all", 0),
            ("v=spf1 include:example.com include:example.net -all", 2),
            (
                "v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d} -exists:%{d}.x.example -all",
                2,
            ),
            ("v=spf1 redirect=example.com", 1),
            ("v=spf1 -all redirect=example.com", 0),
            ("v=spf1 -all a mx ptr", 0),
            ("v=spf1 a exp=explain._spf.%{d} moo=cow -all", 1),
        ] {
            assert_eq!(read(record).map(|spf| spf.lookups), Ok(lookups), "{record}");
        }
    }

    #[test]
    fn who_else_is_let_through() {
        let spf =
            read("v=spf1 include:SendGrid.net ?include:b.example. ptr ~all include:c.example");
        let spf = spf.expect("valid");
        assert_eq!(spf.includes, ["sendgrid.net", "b.example"]);
        assert!(spf.ptr);
        let spf = read("v=spf1 redirect=_spf.example.com").expect("valid");
        assert_eq!(spf.redirect.as_deref(), Some("_spf.example.com"));
    }

    #[test]
    fn what_makes_a_record_invalid() {
        for (record, part) in [
            ("v=spf1 inclde:sendgrid.net -all", "inclde:sendgrid.net"),
            ("v=spf1 include: -all", "names no domain"),
            ("v=spf1 include:sendgrid -all", "names no domain"),
            ("v=spf1 ip4:192.0.2.300 -all", "no network"),
            ("v=spf1 ip4:192.0.2.1/33 -all", "no network"),
            ("v=spf1 ip6:192.0.2.1 -all", "no network"),
            ("v=spf1 -all:example.com", "is no term"),
            ("v=spf1 - all", "is no term"),
            (
                "v=spf1 redirect=a.example redirect=b.example",
                "two redirects",
            ),
        ] {
            let error = read(record).expect_err(record);
            assert!(error.contains(part), "{record}: {error}");
        }
    }
}
