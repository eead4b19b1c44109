//! `followup contact show`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::load::read_store;
use super::table::{or_dash, table};
use super::{Common, block_on, print_json};
use crate::domain::EmailAddress;
use crate::store::DEFAULT_TENANT;
use crate::store::ledger::ContactReport;

#[derive(Subcommand)]
pub(super) enum Contact {
    /// What is known of a person, what happened, what was decided and why, what was sent.
    Show(Show),
}

#[derive(Args)]
pub(super) struct Show {
    /// The person's e-mail address.
    email: String,
    #[command(flatten)]
    common: Common,
}

impl Contact {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Show(show) = self;
        let email =
            EmailAddress::parse(&show.email).with_context(|| format!("{:?}", show.email))?;
        let store = read_store(&show.common.config)?;
        let Some(report) = block_on(store.contact(DEFAULT_TENANT, &email))?? else {
            bail!("nobody known by {email}: no event about that address was taken in");
        };
        if show.common.json {
            print_json(&report)?;
        } else {
            print(&report);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(report: &ContactReport) {
    let contact = &report.contact;
    println!("{}", or_dash(contact.email.as_deref()));
    for (name, value) in &contact.attributes {
        println!("  {name}: {}", plain(value));
    }
    println!("  time zone: {}", or_dash(contact.time_zone.as_deref()));
    if let Some(suppression) = &contact.suppressed {
        println!(
            "  must not be mailed: {} since {}",
            suppression.reason, suppression.since
        );
    }
    if let Some(account) = &contact.account_key {
        println!("  account: {account}");
    }
    if let Some(quiet) = &contact.quiet {
        println!(
            "  not written to before: {} ({})",
            quiet.until, quiet.reason
        );
    }
    if !contact.opt_outs.is_empty() {
        println!("  opted out of: {}", contact.opt_outs.join(", "));
    }
    if contact.soft_bounces > 0 {
        println!(
            "  soft bounces since the last delivery: {}",
            contact.soft_bounces
        );
    }
    for pause in &contact.pauses {
        let what = if pause.scope == "tenant" {
            "everything"
        } else {
            "the contact"
        };
        let until = pause.until.as_deref().unwrap_or("somebody resumes it");
        println!(
            "  {what} is paused: {} since {}, until {until}",
            pause.reason, pause.since
        );
    }
    if let Some(at) = &contact.next_due_at {
        println!("  next decision: {at}");
    }

    let mut enrollments = table([
        "sequence",
        "status",
        "why",
        "enrolled",
        "finished",
        "next timer",
    ]);
    for enrollment in &report.enrollments {
        let why = enrollment
            .exit_reason
            .as_deref()
            .or(enrollment.pause_reason.as_deref());
        let timer = enrollment
            .timers
            .first()
            .map(|timer| format!("{} {}", timer.due_at, timer.name));
        enrollments.add_row([
            &enrollment.sequence,
            &enrollment.status,
            or_dash(why),
            &enrollment.enrolled_at,
            or_dash(enrollment.finished_at.as_deref()),
            or_dash(timer.as_deref()),
        ]);
    }
    section("Enrollments", &enrollments, report.enrollments.is_empty());

    let mut messages = table(["due", "status", "subject", "why"]);
    for message in &report.messages {
        let why = message
            .held_reason
            .as_deref()
            .or(message.status_reason.as_deref());
        messages.add_row([
            message.sent_at.as_ref().unwrap_or(&message.due_at),
            &message.status,
            or_dash(message.subject.as_deref()),
            or_dash(why),
        ]);
    }
    section("Messages", &messages, report.messages.is_empty());

    let mut tasks = table(["created", "kind", "what", "due"]);
    for task in &report.tasks {
        let what = task.title.clone().unwrap_or_else(|| plain(&task.body));
        tasks.add_row([
            &task.created_at,
            &task.kind,
            &what,
            or_dash(task.due_at.as_deref()),
        ]);
    }
    section("Tasks and notes", &tasks, report.tasks.is_empty());

    let mut events = table(["occurred", "kind", "from", "data"]);
    for event in &report.events {
        let data = serde_json::Value::Object(event.data.clone());
        events.add_row([
            &event.occurred_at,
            &event.kind,
            &event.connection,
            &plain(&data),
        ]);
    }
    section("Events", &events, report.events.is_empty());

    let mut decisions = table(["at", "sequence", "because of", "reason", "actions"]);
    for decision in &report.decisions {
        let actions: Vec<_> = decision.actions.iter().map(action).collect();
        decisions.add_row([
            &decision.at,
            &decision.sequence,
            &decision.event,
            &decision.reason,
            &actions.join("\n"),
        ]);
    }
    section("Decisions", &decisions, report.decisions.is_empty());

    if !report.faults.is_empty() {
        let mut faults = table(["at", "sequence", "because of", "attempt", "fault", "again"]);
        for fault in &report.faults {
            faults.add_row([
                &fault.at,
                &fault.sequence,
                &fault.event,
                &fault.attempt.to_string(),
                &fault.fault,
                fault.retry_at.as_deref().unwrap_or("parked"),
            ]);
        }
        section("Failed calls of plugins", &faults, false);
    }
}

fn section(title: &str, rows: &comfy_table::Table, empty: bool) {
    if empty {
        println!("\n{title}: none");
    } else {
        println!("\n{title}\n{rows}");
    }
}

/// `send-email step-1`, `set-timer next: 2026-03-04T08:30:00Z`,
/// `send-email step-2: refused (suppressed: …)`.
pub(super) fn action(action: &serde_json::Value) -> String {
    let word = |name: &str| action.get(name).and_then(serde_json::Value::as_str);
    let object = ["template", "name", "title", "kind", "outcome"]
        .iter()
        .find_map(|name| word(name));
    let what = format!(
        "{} {}",
        word("action").unwrap_or("?"),
        object.unwrap_or_default()
    );
    let what = what.trim_end();
    match (word("verdict"), word("rule"), word("reason"), word("at")) {
        (Some(verdict), Some(rule), Some(reason), _) => {
            format!("{what}: {verdict} ({rule}: {reason})")
        }
        (_, _, _, Some(at)) => format!("{what}: {at}"),
        _ => what.to_owned(),
    }
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
