//! The DMARC record of a domain, or of the organization above it.

use std::fmt::Write as _;

use crate::doctor::records::dmarc::{self, Dmarc, Policy};
use crate::doctor::{Finding, Record, Unanswered, Zone};

/// What was found, and whether there is a record; none where nobody answered. `signed`: whether the
/// provider's DKIM key was seen, where that can be told.
pub(super) async fn look(
    about: &str,
    domain: &str,
    signed: Option<bool>,
    zone: &dyn Zone,
) -> (Finding, Option<bool>) {
    let (place, records) = match find(domain, zone).await {
        Ok(found) => found,
        Err(unanswered) => return (Finding::skipped(about, unanswered.to_string()), None),
    };
    let remedy =
        format!("add a TXT record at _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:you@{domain}");
    let found = match &records[..] {
        [] => format!("{domain} has no DMARC record: Gmail, Yahoo and Microsoft ask for one"),
        [record] => match dmarc::read(record) {
            Ok(record) => {
                return (judge(about, domain, &place, &record, signed), Some(true));
            }
            Err(why) => format!("the DMARC record of {place} is ignored: {why}"),
        },
        // RFC 7489, 6.6.3: "If the remaining set contains multiple records or no records, policy discovery
        // terminates and DMARC processing is not applied to this message."
        several => format!(
            "{place} has {} DMARC records: receivers take none of them",
            several.len()
        ),
    };
    (Finding::problem(about, found, remedy), Some(false))
}

fn judge(about: &str, domain: &str, place: &str, record: &Dmarc, signed: Option<bool>) -> Finding {
    let policy = if place == domain {
        record.policy
    } else {
        record.subdomains
    };
    let mut found = format!(
        "DMARC of {place}: mail that fails is to be treated as p={}",
        policy.word()
    );
    if record.percent < 100 {
        let _ = write!(found, ", for {} % of it", record.percent);
    }
    if record.strict_dkim {
        let _ = write!(
            found,
            "; the signature must be by {domain} itself (adkim=s)"
        );
    }
    if record.strict_spf {
        let _ = write!(
            found,
            "; bounces must go to {domain} itself for SPF to count (aspf=s)"
        );
    }
    if policy != Policy::None && signed == Some(false) {
        return Finding::problem(
            about,
            format!("{found}, and the provider's DKIM key is missing"),
            "authenticate the domain at the provider before anything is sent",
        );
    }
    if !record.reported {
        let remedy = format!("add rua=mailto:you@{domain}, to hear who sends in its name");
        return Finding::warning(about, format!("{found}; nobody reads its reports"), remedy);
    }
    Finding::ok(about, found)
}

/// The records of the domain, else of the nearest domain above it that has any: at the latest its
/// organization's. RFC 7489 (6.6.3) asks the organizational domain alone, which takes a list of public
/// suffixes to know; asking one after the other finds the same, as its successor does.
async fn find(domain: &str, zone: &dyn Zone) -> Result<(String, Vec<String>), Unanswered> {
    let mut place = domain;
    loop {
        let texts = zone.ask(&format!("_dmarc.{place}"), Record::Txt).await?;
        let records: Vec<String> = dmarc::records(&texts)
            .into_iter()
            .map(str::to_owned)
            .collect();
        match place.split_once('.') {
            Some((_, above)) if records.is_empty() && above.contains('.') => place = above,
            _ => return Ok((place.to_owned(), records)),
        }
    }
}
