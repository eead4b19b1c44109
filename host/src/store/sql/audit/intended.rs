//! The intended set: every mail that a policy asked for has its message, or a verdict that says why none.
//!
//! The ledger is walked in pages, each with the messages that name its rows: actions and verdicts are
//! read as what they are, and their order counts.

use std::collections::BTreeMap;

use crate::domain::decision::{Action, Decision};
use crate::domain::verdict::Verdict;
use crate::store::audit::{Checked, FINDINGS_MAX, Finding, Mails};
use crate::store::sql::db::{Db, params};
use crate::store::sql::rows::{collect, get, parse};
use crate::store::{Error, TenantId};

/// Rows of the ledger that are read at once.
const PAGE: usize = 1_000;

struct Entry {
    id: i64,
    output: String,
    verdicts: String,
}

pub(super) fn check(db: &Db, tenant: TenantId) -> Result<(Mails, Checked), Error> {
    let mut mails = Mails::default();
    let mut checked = Checked {
        name: "intended",
        promise: "every mail that a policy asked for has one message, or a verdict that says why none",
        looked_at: 0,
        found: 0,
        findings: Vec::new(),
        remedy: "a mail is missing or nobody asked for it: compare `contact show`, and restore the row from a backup",
    };
    let mut after = i64::MIN;
    loop {
        let page = page(db, tenant, after)?;
        let Some(last) = page.last().map(|entry| entry.id) else {
            break;
        };
        let mut messages = messages(db, tenant, after, last)?;
        for entry in page {
            mails.decisions += 1;
            let stored = messages.remove(&entry.id).unwrap_or_default();
            let wrong = account(&entry, &stored, &mut mails);
            for wrong in wrong {
                checked.found += 1;
                if checked.findings.len() < FINDINGS_MAX {
                    let row = format!("decision {}", entry.id);
                    checked.findings.push(Finding { row, wrong });
                }
            }
        }
        after = last;
    }
    checked.looked_at = mails.asked_for;
    Ok((mails, checked))
}

fn page(db: &Db, tenant: TenantId, after: i64) -> Result<Vec<Entry>, Error> {
    collect(
        db,
        "SELECT id, output, verdicts FROM decisions WHERE tenant_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        params![tenant.0, after, PAGE],
        |row| {
            Ok(Entry {
                id: get(row, "id")?,
                output: get(row, "output")?,
                verdicts: get(row, "verdicts")?,
            })
        },
    )
}

/// The messages of a page, by their rows. Messages are found by contact, as they are everywhere.
fn messages(
    db: &Db,
    tenant: TenantId,
    after: i64,
    last: i64,
) -> Result<BTreeMap<i64, Vec<String>>, Error> {
    let pairs = collect(
        db,
        "SELECT d.id AS decision, m.id AS message FROM decisions d
         CROSS JOIN messages m ON m.contact_id = d.contact_id AND m.decision_id = d.id
         WHERE d.tenant_id = ?1 AND d.id > ?2 AND d.id <= ?3",
        params![tenant.0, after, last],
        |row| Ok((get::<i64>(row, "decision")?, get::<String>(row, "message")?)),
    )?;
    let mut messages = BTreeMap::<i64, Vec<String>>::new();
    for (decision, message) in pairs {
        messages.entry(decision).or_default().push(message);
    }
    Ok(messages)
}

/// What is wrong with a row and its messages.
fn account(entry: &Entry, stored: &[String], mails: &mut Mails) -> Vec<String> {
    let read = parse::<Decision>(&entry.output, "output")
        .and_then(|output| Ok((output, parse::<Vec<Verdict>>(&entry.verdicts, "verdicts")?)));
    let (output, verdicts) = match read {
        Ok(read) => read,
        Err(e) => return vec![e.to_string()],
    };
    let mut wrong = Vec::new();
    if output.actions.len() != verdicts.len() {
        wrong.push(format!(
            "{} actions and {} verdicts",
            output.actions.len(),
            verdicts.len()
        ));
    }
    let mut intended = Vec::new();
    for (place, action) in output.actions.iter().enumerate() {
        let Action::SendEmail(email) = action else {
            continue;
        };
        mails.asked_for += 1;
        let template = &email.template;
        match verdicts.get(place) {
            Some(Verdict::Refused { .. }) => mails.refused += 1,
            Some(
                Verdict::Allowed {
                    message: Some(id), ..
                }
                | Verdict::Delayed { message: id, .. }
                | Verdict::Held { message: id, .. },
            ) if stored.contains(id) => intended.push(id.clone()),
            Some(
                Verdict::Allowed {
                    message: Some(id), ..
                }
                | Verdict::Delayed { message: id, .. }
                | Verdict::Held { message: id, .. },
            ) => wrong.push(format!("{id} ({template}) was to be sent and is nowhere")),
            Some(Verdict::Allowed { message: None, .. }) => {
                wrong.push(format!("{template} was allowed as no message"));
            }
            None => wrong.push(format!("nothing was said to {template}")),
        }
    }
    for id in stored.iter().filter(|id| !intended.contains(id)) {
        wrong.push(format!("it did not ask for its message {id}"));
    }
    wrong
}
