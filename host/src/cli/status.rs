//! `followup status`.

mod crm;

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::load::read_store;
use super::table::{or_dash, table};
use super::{Common, block_on, outbox, pause, print_json};
use crate::clock::{Clock, SystemClock};
use crate::store::DEFAULT_TENANT;
use crate::store::explain::Hindrances;
use crate::store::ledger::StatusReport;
use crate::store::reconciles::ReconcileFacts;
use crate::store::triggers::TriggerFacts;
use crate::store::writebacks::WriteFacts;

#[derive(Args)]
pub(super) struct Status {
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Standing {
    #[serde(flatten)]
    report: StatusReport,
    #[serde(flatten)]
    hindrances: Hindrances,
    triggers: Vec<TriggerFacts>,
    crms: Vec<ReconcileFacts>,
    writebacks: WriteFacts,
}

impl Status {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let store = read_store(&self.common.config)?;
        let standing = Standing {
            report: block_on(store.status(DEFAULT_TENANT))??,
            hindrances: block_on(store.hindrances(DEFAULT_TENANT, SystemClock.now()))??,
            triggers: block_on(store.trigger_facts(DEFAULT_TENANT))??,
            crms: block_on(store.reconcile_facts(DEFAULT_TENANT))??,
            writebacks: block_on(store.write_facts(DEFAULT_TENANT))??,
        };
        if self.common.json {
            print_json(&standing)?;
        } else {
            show(&standing);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn show(standing: &Standing) {
    let Standing {
        report,
        hindrances,
        triggers,
        crms,
        writebacks,
    } = standing;
    let mut counts = table(["what", "how many"]);
    counts.add_row(["contacts".to_owned(), report.contacts.to_string()]);
    let groups: [(&str, &BTreeMap<String, u64>); 3] = [
        ("enrollments", &report.enrollments),
        ("messages", &report.messages),
        ("events", &report.events),
    ];
    for (what, by_status) in groups {
        for (status, count) in by_status {
            counts.add_row([format!("{what} {status}"), count.to_string()]);
        }
    }
    counts.add_row(["open tasks".to_owned(), report.open_tasks.to_string()]);
    counts.add_row([
        "suppressed addresses".to_owned(),
        report.suppressed_addresses.to_string(),
    ]);
    counts.add_row([
        "contacts not written to for now".to_owned(),
        hindrances.quiet_contacts.to_string(),
    ]);
    counts.add_row([
        "decisions to be repeated".to_owned(),
        report.retrying_decisions.to_string(),
    ]);
    counts.add_row([
        "decisions parked".to_owned(),
        report.parked_decisions.to_string(),
    ]);
    println!("{counts}");
    if !hindrances.waiting.is_empty() {
        println!("\n{}", outbox::by_rule(&hindrances.waiting));
    }
    if !hindrances.pauses.is_empty() {
        println!("\n{}", pause::pauses(&hindrances.pauses));
    }
    let failing: Vec<_> = triggers.iter().filter(|t| t.is_failing()).collect();
    if !failing.is_empty() {
        println!("\n{}", troubles(&failing));
    }
    crm::show(crms, writebacks);
    if report.parked.is_empty() {
        return;
    }
    println!(
        "\nParked: these plugins failed too often. They are tried again by `followup plugin resume ID`, and"
    );
    println!("when the plugin or the sequence's configuration changes.");
    let mut parked = table(["contact", "sequence", "event", "attempts", "fault"]);
    for call in &report.parked {
        parked.add_row([
            or_dash(call.contact.as_deref()),
            &call.sequence,
            &call.event,
            &call.attempts.to_string(),
            &call.fault,
        ]);
    }
    println!("{parked}");
}

/// Triggers whose last call failed. Polls are tried again by themselves; webhooks by their senders.
fn troubles(failing: &[&TriggerFacts]) -> comfy_table::Table {
    let mut rows = table(["trigger", "failed in a row", "next try", "fault"]);
    for trigger in failing {
        let poll = trigger.poll.as_ref();
        let failures = poll.map(|poll| poll.failures.to_string());
        rows.add_row([
            trigger.connection.as_str(),
            or_dash(failures.as_deref()),
            or_dash(poll.map(|poll| poll.due_at.as_str())),
            or_dash(trigger.last_fault.as_deref()),
        ]);
    }
    rows
}
