//! Domain-based Message Authentication, Reporting, and Conformance (RFC 7489): what a receiver shall
//! do with mail that claims to be a domain's and is not.

use super::tags;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dmarc {
    pub policy: Policy,
    /// For domains below the one that publishes it.
    pub subdomains: Policy,
    /// "adkim=s": the signature's domain must be From's very domain, not only of the same organization.
    pub strict_dkim: bool,
    /// "aspf=s": the same of the envelope's domain.
    pub strict_spf: bool,
    /// Somebody reads the aggregate reports.
    pub reported: bool,
    /// Of the mails that fail, how many the policy is for.
    pub percent: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    None,
    Quarantine,
    Reject,
}

impl Policy {
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }
}

/// The records among the texts of `_dmarc.DOMAIN`: "Records that do not start with a \"v=\" tag that
/// identifies the current version of DMARC are discarded" (6.6.3).
pub fn records(texts: &[String]) -> Vec<&str> {
    let is_dmarc = |text: &&str| tags(text).first() == Some(&("v", "DMARC1"));
    texts.iter().map(String::as_str).filter(is_dmarc).collect()
}

/// The error is why receivers ignore the record.
pub fn read(record: &str) -> Result<Dmarc, String> {
    let tags = tags(record);
    let value = |name: &str| {
        tags.iter()
            .find(|(found, _)| *found == name)
            .map(|(_, value)| *value)
    };
    let reported = value("rua").is_some_and(|uris| uris.to_ascii_lowercase().contains("mailto:"));
    // "If a retrieved policy record does not contain a valid \"p\" tag [...] if a \"rua\" tag is present and
    // contains at least one syntactically valid reporting URI, the Mail Receiver SHOULD act as if a
    // record containing a valid \"v\" tag and \"p=none\" was retrieved" (6.6.3).
    let policy = match (value("p").and_then(policy), reported) {
        (Some(policy), _) => policy,
        (None, true) => Policy::None,
        (None, false) => return Err("it has no p=none, quarantine or reject".to_owned()),
    };
    Ok(Dmarc {
        policy,
        subdomains: value("sp").and_then(self::policy).unwrap_or(policy),
        strict_dkim: value("adkim").is_some_and(|mode| mode.eq_ignore_ascii_case("s")),
        strict_spf: value("aspf").is_some_and(|mode| mode.eq_ignore_ascii_case("s")),
        reported,
        percent: value("pct")
            .and_then(|percent| percent.parse().ok())
            .filter(|percent| *percent <= 100)
            .unwrap_or(100),
    })
}

fn policy(word: &str) -> Option<Policy> {
    [Policy::None, Policy::Quarantine, Policy::Reject]
        .into_iter()
        .find(|policy| policy.word().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_from_other_texts() {
        let texts = [
            "v=DMARC1; p=none",
            "v=DMARC1;p=reject",
            "v = DMARC1 ; p = none",
            // "The value of this tag MUST match precisely; if it does not or it is absent, the entire
            // retrieved record MUST be ignored. It MUST be the first tag in the list" (6.3).
            "v=dmarc1; p=none",
            "p=none; v=DMARC1",
            "v=DMARC10; p=none",
            "v=spf1 -all",
        ]
        .map(str::to_owned);
        assert_eq!(records(&texts), &texts[..3]);
    }

    /// RFC 7489, 6.3 and 6.6.3; the second and the last are of its appendix B.2.
    #[test]
    fn what_a_record_asks_for() {
        let plain = Dmarc {
            policy: Policy::None,
            subdomains: Policy::None,
            strict_dkim: false,
            strict_spf: false,
            reported: false,
            percent: 100,
        };
        for (record, expect) in [
            ("v=DMARC1; p=none", plain.clone()),
            (
                "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; ruf=mailto:auth-reports@example.com",
                Dmarc {
                    reported: true,
                    ..plain.clone()
                },
            ),
            (
                "v=DMARC1; p=Reject; sp=none; adkim=s; aspf=S",
                Dmarc {
                    policy: Policy::Reject,
                    strict_dkim: true,
                    strict_spf: true,
                    ..plain.clone()
                },
            ),
            // Without sp, p holds for domains below; what cannot be read has its default.
            (
                "v=DMARC1; p=quarantine; adkim=x; pct=200",
                Dmarc {
                    policy: Policy::Quarantine,
                    subdomains: Policy::Quarantine,
                    ..plain.clone()
                },
            ),
            // A p that is missing or wrong counts as none where reports are wanted.
            (
                "v=DMARC1; p=nothing; rua=mailto:a@example.com",
                Dmarc {
                    reported: true,
                    ..plain.clone()
                },
            ),
            (
                "v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net!10m; pct=25",
                Dmarc {
                    policy: Policy::Quarantine,
                    subdomains: Policy::Quarantine,
                    reported: true,
                    percent: 25,
                    ..plain.clone()
                },
            ),
        ] {
            assert_eq!(read(record), Ok(expect), "{record}");
        }
        for record in ["v=DMARC1", "v=DMARC1; p=all", "v=DMARC1; rua=https://x"] {
            assert!(read(record).is_err(), "{record}");
        }
    }
}
