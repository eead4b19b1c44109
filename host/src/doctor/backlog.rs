//! What in the store waits for a person: what is in doubt, and what fails again and again.

use super::Finding;
use crate::store::ledger::StatusReport;
use crate::store::place::Place;
use crate::store::reconciles::ReconcileFacts;
use crate::store::triggers::TriggerFacts;
use crate::store::writebacks::WriteCount;
use crate::store::{DEFAULT_TENANT, Error};

pub(super) async fn look(place: &Place) -> Result<Vec<Finding>, Error> {
    let store = place.open_read_only()?;
    let report = store.status(DEFAULT_TENANT).await?;
    let triggers = store.trigger_facts(DEFAULT_TENANT).await?;
    let asked = store.reconcile_facts(DEFAULT_TENANT).await?;
    let writes = store.write_facts(DEFAULT_TENANT).await?;
    let opens = format!("opens; {} contacts", report.contacts);
    let mut findings = vec![Finding::ok("store", opens)];
    findings.extend(waiting(&report));
    let failing = triggers.iter().filter(|trigger| trigger.is_failing());
    findings.extend(failing.map(failing_trigger));
    let failing = asked.iter().filter(|asked| asked.failures > 0);
    findings.extend(failing.map(failing_poll));
    findings.extend(writes.counts.iter().filter_map(troubled_writes));
    Ok(findings)
}

/// What no loop goes on with by itself.
fn waiting(report: &StatusReport) -> Vec<Finding> {
    let mut findings = Vec::new();
    let uncertain = report.messages.get("uncertain").copied().unwrap_or(0);
    if uncertain > 0 {
        findings.push(Finding::warning(
            "messages",
            format!("{uncertain} in doubt: nobody knows whether the provider took them"),
            "look for them at the provider; `followup why EMAIL` says which they are",
        ));
    }
    if report.parked_decisions > 0 {
        findings.push(Finding::warning(
            "decisions",
            format!(
                "{} parked: a plugin failed too often",
                report.parked_decisions
            ),
            "`followup status` shows them; `followup plugin resume ID` tries again",
        ));
    }
    findings
}

fn failing_trigger(trigger: &TriggerFacts) -> Finding {
    let fault = trigger.last_fault.as_deref().unwrap_or_default();
    let times = trigger.poll.as_ref().map_or(1, |poll| poll.failures.max(1));
    Finding::warning(
        &format!("connection {}", trigger.connection),
        format!("its plugin's last call failed ({times} in a row): {fault}"),
        "`followup status` shows when it is tried again, `followup plugin show` how its plugin fares",
    )
}

fn failing_poll(asked: &ReconcileFacts) -> Finding {
    let fault = asked.fault.as_deref().unwrap_or_default();
    let what = if asked.kind == "renewal" {
        "its webhook subscription could not be renewed, and will lapse"
    } else {
        "it could not be asked for what its webhooks did not tell"
    };
    Finding::warning(
        &format!("connection {}", asked.connection),
        format!("{what} ({} times in a row): {fault}", asked.failures),
        format!(
            "see whether it answers and takes our credentials; it is tried again at {}",
            asked.due_at
        ),
    )
}

fn troubled_writes(writes: &WriteCount) -> Option<Finding> {
    let what = match writes.status.as_str() {
        "failed" => "could not be written",
        "uncertain" => "are in doubt: nobody knows whether they were written",
        _ => return None,
    };
    let about = match &writes.connection {
        Some(name) => format!("connection {name}"),
        None => "write-back".to_owned(),
    };
    Some(Finding::warning(
        &about,
        format!("{} tasks, notes or fields {what}", writes.count),
        "`followup status` shows the latest with the reason",
    ))
}
