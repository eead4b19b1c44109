//! How the CRMs do: what was asked of them, and what was written into them.

use crate::cli::table::{or_dash, table};
use crate::store::reconciles::ReconcileFacts;
use crate::store::writebacks::{TroubledWrite, WriteCount, WriteFacts};

pub(super) fn show(polls: &[ReconcileFacts], writes: &WriteFacts) {
    if !polls.is_empty() {
        println!("\n{}", asked(polls));
    }
    for poll in polls {
        for refused in &poll.refused {
            println!("{} does not let us look through {refused}", poll.connection);
        }
    }
    if !writes.counts.is_empty() {
        println!("\n{}", written(&writes.counts));
    }
    if !writes.troubled.is_empty() {
        println!("\nNot written, or nobody knows: see for yourself in the CRM.");
        println!("{}", troubled(&writes.troubled));
    }
}

fn asked(polls: &[ReconcileFacts]) -> comfy_table::Table {
    let mut rows = table([
        "asked",
        "last",
        "next",
        "records",
        "found only by poll",
        "trouble",
    ]);
    for poll in polls {
        let trouble = poll.fault.as_ref().map(|fault| {
            let times = poll.failures;
            format!("{times} in a row: {fault}")
        });
        rows.add_row([
            poll.connection.as_str(),
            or_dash(poll.asked_at.as_deref()),
            &poll.due_at,
            &poll.records.to_string(),
            &poll.found_only.to_string(),
            or_dash(trouble.as_deref()),
        ]);
    }
    rows
}

fn written(counts: &[WriteCount]) -> comfy_table::Table {
    let mut rows = table(["write-backs to", "status", "how many"]);
    for count in counts {
        rows.add_row([
            count.connection.as_deref().unwrap_or("no CRM"),
            &count.status,
            &count.count.to_string(),
        ]);
    }
    rows
}

fn troubled(writes: &[TroubledWrite]) -> comfy_table::Table {
    let mut rows = table(["to", "contact", "what", "status", "why"]);
    for write in writes {
        rows.add_row([
            or_dash(write.connection.as_deref()),
            or_dash(write.contact.as_deref()),
            &write.kind,
            &write.status,
            or_dash(write.reason.as_deref()),
        ]);
    }
    rows
}
