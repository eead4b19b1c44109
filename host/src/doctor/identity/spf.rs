//! The SPF record of a domain, with the records that it includes.

use std::collections::BTreeSet;

use crate::doctor::records::spf::{self, All, LOOKUPS_MAX, Spf};
use crate::doctor::senders::Sender;
use crate::doctor::{Finding, Record, Unanswered, Zone};

/// A record and everything that it leads to.
struct Tree {
    root: Spf,
    /// What holds for everybody else: its own word, or that of the record it redirects to.
    all: Option<All>,
    lookups: usize,
    /// Domains that are let through, at any depth.
    includes: BTreeSet<String>,
    /// What makes receivers give up.
    broken: Option<String>,
}

/// What was found, and whether there is a record that receivers can use; none where nobody answered.
/// `signed`: the provider's DKIM key was seen, so that mail is proven without SPF too.
pub(super) async fn look(
    about: &str,
    domain: &str,
    sender: Option<&Sender>,
    signed: bool,
    zone: &dyn Zone,
) -> (Vec<Finding>, Option<bool>) {
    let texts = match zone.ask(domain, Record::Txt).await {
        Ok(texts) => texts,
        Err(unanswered) => return (vec![Finding::skipped(about, unanswered.to_string())], None),
    };
    let include = sender.and_then(|sender| sender.include);
    let records = spf::records(&texts);
    let record = match records[..] {
        [record] => record,
        [] => return (vec![missing(about, domain, include, signed)], Some(false)),
        _ => {
            // RFC 7208, 4.5: "If the resultant record set includes more than one record, check_host()
            // produces the \"permerror\" result."
            let finding = Finding::problem(
                about,
                format!(
                    "{domain} has {} SPF records: receivers take none of them",
                    records.len()
                ),
                "make one of them: v=spf1, the terms of all, and one ~all at the end",
            );
            return (vec![finding], Some(false));
        }
    };
    let tree = match follow(domain, record, zone).await {
        Ok(Ok(tree)) => tree,
        Ok(Err(why)) => {
            let found = format!("the SPF record of {domain} is invalid: {why}");
            let remedy = "correct it: receivers take an invalid record for a failure";
            return (vec![Finding::problem(about, found, remedy)], Some(false));
        }
        Err(unanswered) => return (vec![Finding::skipped(about, unanswered.to_string())], None),
    };
    let mut findings = judge(about, domain, &tree);
    let good = findings.is_empty();
    if good {
        let found = format!("SPF of {domain}: {record}");
        findings.push(Finding::ok(about, found));
    }
    if let Some(include) = include {
        let asked = included(domain, sender, include, &tree, zone).await;
        findings.extend(asked.map(|place| not_included(about, &place, include, signed)));
    }
    let usable = tree.broken.is_none() && tree.lookups <= LOOKUPS_MAX;
    (findings, Some(usable))
}

fn missing(about: &str, domain: &str, include: Option<&str>, signed: bool) -> Finding {
    let record = include.map_or_else(
        || "v=spf1 ~all, with the include of your provider".to_owned(),
        |include| format!("v=spf1 include:{include} ~all"),
    );
    let found = format!("{domain} has no SPF record");
    let remedy = format!("add a TXT record at {domain}: {record}");
    if signed {
        Finding::warning(about, found, remedy)
    } else {
        Finding::problem(about, found, remedy)
    }
}

/// What is wrong with it; nothing where it is as it should be.
fn judge(about: &str, domain: &str, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(why) = &tree.broken {
        findings.push(Finding::problem(
            about,
            format!("the SPF record of {domain} leads nowhere: {why}"),
            "take out what no longer exists: receivers take it for a failure",
        ));
    }
    if tree.lookups > LOOKUPS_MAX {
        findings.push(Finding::problem(
            about,
            format!(
                "the SPF record of {domain} needs {} lookups or more, {LOOKUPS_MAX} are allowed (RFC 7208, 4.6.4)",
                tree.lookups
            ),
            "take out providers that no longer send for it, or move one to a domain below",
        ));
    }
    let ends = match tree.all {
        Some(All::Fail | All::SoftFail) => None,
        Some(All::Pass) => Some((true, "lets the whole world send for it (+all)")),
        Some(All::Neutral) => Some((false, "says nothing of other servers (?all)")),
        None => Some((false, "says nothing of other servers: it has no `all`")),
    };
    if let Some((bad, what)) = ends {
        let found = format!("the SPF record of {domain} {what}");
        let remedy = "end it with ~all or -all";
        findings.push(if bad {
            Finding::problem(about, found, remedy)
        } else {
            Finding::warning(about, found, remedy)
        });
    }
    if tree.root.ptr {
        findings.push(Finding::warning(
            about,
            format!("the SPF record of {domain} uses ptr, which RFC 7208 (5.5) says not to"),
            "name the servers by a, mx, ip4 or ip6",
        ));
    }
    findings
}

/// The place whose record should include the provider and does not.
async fn included(
    domain: &str,
    sender: Option<&Sender>,
    include: &str,
    tree: &Tree,
    zone: &dyn Zone,
) -> Option<String> {
    let lets = |includes: &BTreeSet<String>| {
        includes
            .iter()
            .any(|name| name == include || name.ends_with(&format!(".{include}")))
    };
    if lets(&tree.includes) {
        return None;
    }
    let place = match sender.and_then(|sender| sender.return_path) {
        None => return Some(domain.to_owned()),
        Some(label) => format!("{label}.{domain}"),
    };
    let texts = zone.ask(&place, Record::Txt).await.ok()?;
    let good = spf::records(&texts)
        .into_iter()
        .any(|record| spf::read(record).is_ok_and(|spf| lets(&spf.includes.into_iter().collect())));
    (!good).then_some(place)
}

/// Receivers look at the record of the domain that bounces go to; many providers use one of their own, or
/// one below From's.
fn not_included(about: &str, place: &str, include: &str, signed: bool) -> Finding {
    let found = format!("SPF of {place} does not include {include}");
    if signed {
        let why = "needed only where bounces go there; DKIM proves the mail";
        return Finding::ok(about, format!("{found}: {why}"));
    }
    let remedy =
        format!("add include:{include} to it, unless your provider shows another return path");
    Finding::warning(about, found, remedy)
}

/// Reads the record and those that it includes or redirects to, within the lookups that receivers make. The
/// inner error is what makes the record itself invalid.
async fn follow(
    domain: &str,
    record: &str,
    zone: &dyn Zone,
) -> Result<Result<Tree, String>, Unanswered> {
    let root = match spf::read(record) {
        Ok(root) => root,
        Err(why) => return Ok(Err(why)),
    };
    let mut tree = Tree {
        all: root.all,
        lookups: 0,
        includes: BTreeSet::new(),
        broken: None,
        root: root.clone(),
    };
    let mut seen = BTreeSet::from([domain.to_owned()]);
    // Each with whether its `all` is that of the whole.
    let mut waiting = vec![(root, true)];
    while let Some((spf, decides)) = waiting.pop() {
        tree.lookups += spf.lookups;
        if decides {
            tree.all = spf.all;
        }
        let includes = spf.includes.into_iter().map(|name| (name, false));
        let redirect = spf.redirect.into_iter().map(|name| (name, decides));
        for (name, decides) in includes.chain(redirect) {
            tree.includes.insert(name.clone());
            // A macro stands for a name that only a receiver knows.
            let known = !name.contains('%') && seen.insert(name.clone());
            if !known || tree.lookups > LOOKUPS_MAX {
                continue;
            }
            let texts = zone.ask(&name, Record::Txt).await?;
            let read = match spf::records(&texts)[..] {
                [record] => spf::read(record),
                [] => Err("it has no SPF record".to_owned()),
                _ => Err("it has several SPF records".to_owned()),
            };
            match read {
                Ok(spf) => waiting.push((spf, decides)),
                Err(why) => {
                    tree.broken.get_or_insert(format!("{name}: {why}"));
                }
            }
        }
    }
    Ok(Ok(tree))
}
