//! A domain and what is said of it, over a zone of the test's own.

use std::collections::BTreeMap;

use super::super::{Record, Unanswered, Verdict};
use super::*;

/// Records by name and kind; a name with the text `SILENT` is not answered for.
#[derive(Default)]
struct Written(BTreeMap<(String, Record), Vec<String>>);

const SILENT: &str = "SILENT";

#[async_trait::async_trait]
impl Zone for Written {
    async fn ask(&self, name: &str, record: Record) -> Result<Vec<String>, Unanswered> {
        let found = self.0.get(&(name.to_owned(), record));
        let found = found.cloned().unwrap_or_default();
        if found.iter().any(|text| text == SILENT) {
            return Err(Unanswered {
                name: name.to_owned(),
                why: "request timed out".to_owned(),
            });
        }
        Ok(found)
    }
}

fn zone(texts: &[(&str, &str)]) -> Written {
    let mut zone = Written::default();
    for (name, text) in texts {
        let place = zone.0.entry(((*name).to_owned(), Record::Txt));
        place.or_default().push((*text).to_owned());
    }
    zone
}

const KEY: &str = concat!(
    "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
);
const SPF: (&str, &str) = ("acme.example", "v=spf1 include:sendgrid.net ~all");
const OF_SENDGRID: (&str, &str) = ("sendgrid.net", "v=spf1 ip4:192.0.2.0/24 ~all");
const DKIM: (&str, &str) = ("s1._domainkey.acme.example", KEY);
const DMARC: (&str, &str) = (
    "_dmarc.acme.example",
    "v=DMARC1; p=reject; rua=mailto:d@acme.example",
);

async fn looked(kind: &str, domain: &str, texts: &[(&str, &str)]) -> (Vec<Finding>, Proven) {
    domain_of("identity ada", domain, senders::of(kind), &zone(texts)).await
}

fn has(findings: &[Finding], verdict: Verdict, part: &str) -> bool {
    let mut findings = findings.iter();
    findings.any(|finding| finding.verdict == verdict && finding.found.contains(part))
}

#[tokio::test]
async fn a_domain_in_order() {
    let texts = [SPF, OF_SENDGRID, DKIM, DMARC];
    let (findings, proven) = looked("sendgrid", "acme.example", &texts).await;
    let verdicts: Vec<_> = findings.iter().map(|finding| finding.verdict).collect();
    assert_eq!(verdicts, [Verdict::Ok; 3], "{findings:?}");
    let yes = Some(true);
    let expect = Proven {
        spf: yes,
        dkim: yes,
        dmarc: yes,
    };
    assert_eq!(proven, expect);
}

#[tokio::test]
async fn what_may_be_wrong_with_it() {
    use Verdict::{Ok, Problem, Skipped, Warning};
    let apex = "acme.example";
    for (kind, texts, verdict, part) in [
        // SPF.
        ("sendgrid", &[DMARC][..], Problem, "has no SPF record"),
        ("sendgrid", &[DKIM, DMARC], Warning, "has no SPF record"),
        (
            "sendgrid",
            &[SPF, (apex, "v=spf1 -all"), DKIM],
            Problem,
            "has 2 SPF records",
        ),
        (
            "sendgrid",
            &[(apex, "v=spf1 inclde:sendgrid.net ~all")],
            Problem,
            "is invalid",
        ),
        (
            "sendgrid",
            &[SPF],
            Problem,
            "sendgrid.net: it has no SPF record",
        ),
        (
            "sendgrid",
            &[(apex, "v=spf1 +all")],
            Problem,
            "the whole world",
        ),
        ("sendgrid", &[(apex, "v=spf1 ?all")], Warning, "?all"),
        ("sendgrid", &[(apex, "v=spf1 mx")], Warning, "no `all`"),
        ("sendgrid", &[(apex, "v=spf1 ptr -all")], Warning, "ptr"),
        (
            "sendgrid",
            &[(apex, "v=spf1 mx -all")],
            Warning,
            "does not include sendgrid.net",
        ),
        (
            "sendgrid",
            &[(apex, "v=spf1 mx -all"), DKIM],
            Ok,
            "does not include sendgrid.net",
        ),
        (
            "sendgrid",
            &[(
                apex,
                "v=spf1 mx mx:a.b mx:b.c mx:c.d mx:d.e mx:e.f mx:f.g a a:h.i a:i.k exists:k.l -all",
            )],
            Problem,
            "needs 11 lookups",
        ),
        // Resend's bounces go to a domain below, whose record counts.
        (
            "resend",
            &[(apex, "v=spf1 mx -all")],
            Warning,
            "SPF of send.acme.example does not include amazonses.com",
        ),
        ("sendgrid", &[(apex, SILENT)], Skipped, "does not answer"),
        // DKIM.
        (
            "sendgrid",
            &[SPF, OF_SENDGRID, DMARC],
            Warning,
            "no DKIM key",
        ),
        (
            "sendgrid",
            &[("s1._domainkey.acme.example", "v=DKIM1; p=")],
            Problem,
            "is revoked",
        ),
        (
            "postmark",
            &[SPF],
            Skipped,
            "cannot be checked from here: Postmark",
        ),
        (
            "unheard-of",
            &[SPF],
            Skipped,
            "cannot be checked from here: the provider",
        ),
        // DMARC.
        ("sendgrid", &[SPF, DKIM], Problem, "no DMARC record"),
        (
            "sendgrid",
            &[DMARC, ("_dmarc.acme.example", "v=DMARC1; p=none")],
            Problem,
            "2 DMARC records",
        ),
        (
            "sendgrid",
            &[("_dmarc.acme.example", "v=DMARC1; p=all")],
            Problem,
            "is ignored",
        ),
        (
            "sendgrid",
            &[("_dmarc.acme.example", "v=DMARC1; p=none")],
            Warning,
            "nobody reads its reports",
        ),
        ("sendgrid", &[DMARC], Problem, "DKIM key is missing"),
        (
            "sendgrid",
            &[
                DKIM,
                (
                    "_dmarc.acme.example",
                    "v=DMARC1; p=none; adkim=s; rua=mailto:d@acme.example",
                ),
            ],
            Ok,
            "adkim=s",
        ),
    ] {
        let (findings, _) = looked(kind, apex, texts).await;
        assert!(has(&findings, verdict, part), "{part}: {findings:#?}");
    }
}

#[tokio::test]
async fn records_are_followed() {
    // The provider's include may lie deeper, and `all` may be another's to say.
    let texts = [
        ("acme.example", "v=spf1 redirect=_spf.acme.example"),
        ("_spf.acme.example", "v=spf1 include:deep.acme.example -all"),
        ("deep.acme.example", "v=spf1 include:sendgrid.net ?all"),
        OF_SENDGRID,
    ];
    let (findings, proven) = looked("sendgrid", "acme.example", &texts).await;
    assert!(
        has(&findings, Verdict::Ok, "SPF of acme.example"),
        "{findings:#?}"
    );
    assert_eq!(proven.spf, Some(true));

    // A circle ends.
    let texts = [
        ("acme.example", "v=spf1 include:b.example -all"),
        ("b.example", "v=spf1 include:acme.example -all"),
    ];
    let (_, proven) = looked("sendgrid", "acme.example", &texts).await;
    assert_eq!(proven.spf, Some(true));
}

#[tokio::test]
async fn a_domain_below_has_the_policy_of_the_organization() {
    let organization = (
        "_dmarc.acme.example",
        "v=DMARC1; p=reject; sp=none; rua=mailto:d@acme.example",
    );
    let (findings, proven) = looked("postmark", "news.mail.acme.example", &[organization]).await;
    let found = has(
        &findings,
        Verdict::Ok,
        "DMARC of acme.example: mail that fails is to be treated as p=none",
    );
    assert!(found, "{findings:#?}");
    assert_eq!(proven.dmarc, Some(true));
}
