//! What is printed: read from the ledger, day by day.

use anyhow::Context;
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::script::PEOPLE;
use super::world::World;
use crate::cli::print_json;
use crate::cli::table::{or_dash, table};
use crate::domain::Instant;
use crate::domain::instant::DAY_MS;
use crate::store::DEFAULT_TENANT;
use crate::store::ledger::ContactReport;

const ZONE: Tz = chrono_tz::Europe::Berlin;

pub(super) struct Journal {
    json: bool,
}

/// One line of a day.
struct Line {
    at: Instant,
    /// Keeps cause before effect where both have the same time.
    rank: u8,
    who: String,
    what: String,
    why: String,
}

impl Journal {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(super) fn open(&self, world: &World) {
        if self.json {
            return;
        }
        println!(
            "Followup listens on http://{} with a clock of its own.",
            world.daemon.address
        );
        println!(
            "Acme's CRM sends it signed webhooks; five sequences are configured, one per kind of follow-up"
        );
        println!("and one with a plugin that never ends. Times are Berlin's.");
    }

    /// The day that ends at `ends_at`.
    pub(super) async fn day(&self, world: &World, ends_at: Instant) -> anyhow::Result<()> {
        if self.json {
            return Ok(());
        }
        let begins_at = ends_at.plus_ms(-DAY_MS);
        let mut lines = Vec::new();
        for email in PEOPLE {
            if let Some(report) = world.report(email).await? {
                lines.extend(lines_of(email, &report)?);
            }
        }
        lines.retain(|line| line.at >= begins_at && line.at < ends_at);
        lines.sort_by(|a, b| (a.at, &a.who, a.rank).cmp(&(b.at, &b.who, b.rank)));
        if lines.is_empty() {
            return Ok(());
        }
        println!(
            "\n{}",
            begins_at.to_utc().with_timezone(&ZONE).format("%A %-d %B")
        );
        let mut shown = table(["time", "who", "what", "why"]);
        for line in lines {
            let time = line
                .at
                .to_utc()
                .with_timezone(&ZONE)
                .format("%H:%M")
                .to_string();
            let name = line.who.split('@').next().unwrap_or_default().to_owned();
            shown.add_row([time, name, line.what, line.why]);
        }
        println!("{shown}");
        Ok(())
    }

    /// Where everybody stands, and where the mail lies.
    pub(super) async fn close(&self, world: &World) -> anyhow::Result<()> {
        let mut reports = Vec::new();
        for email in PEOPLE {
            reports.extend(world.report(email).await?);
        }
        let status = world.daemon.store.status(DEFAULT_TENANT).await?;
        if self.json {
            return print_json(
                &json!({ "folder": world.folder, "status": status, "contacts": reports }),
            );
        }
        println!("\nHow it ended");
        let mut shown = table(["who", "sequence", "status", "why", "mails sent", "not sent"]);
        for report in &reports {
            for enrollment in &report.enrollments {
                let of_sequence = report
                    .messages
                    .iter()
                    .filter(|m| m.sequence == enrollment.sequence);
                let (sent, not_sent): (Vec<_>, Vec<_>) =
                    of_sequence.partition(|m| m.sent_at.is_some());
                let not_sent: Vec<_> = not_sent
                    .iter()
                    .map(|m| format!("{}: {}", m.status, or_dash(m.status_reason.as_deref())))
                    .collect();
                let why = enrollment
                    .exit_reason
                    .as_deref()
                    .or(enrollment.pause_reason.as_deref());
                shown.add_row([
                    or_dash(report.contact.email.as_deref()),
                    &enrollment.sequence,
                    &enrollment.status,
                    or_dash(why),
                    &sent.len().to_string(),
                    &not_sent.join("\n"),
                ]);
            }
        }
        println!("{shown}");
        let mails = std::fs::read_dir(world.folder.join("outbox"))
            .context("no mail was written")?
            .count();
        println!(
            "\n{mails} mails lie in {} as .eml files.",
            world.folder.join("outbox").display()
        );
        println!("Look closer:");
        let config = world.folder.join("followup.toml");
        println!(
            "  followup contact show amy@north.example --config {}",
            config.display()
        );
        println!("  followup status --config {}", config.display());
        Ok(())
    }
}

fn lines_of(email: &str, report: &ContactReport) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut add = |at: &str, rank: u8, what: String, why: String| {
        let at = Instant::parse_rfc3339(at).context("a report's time")?;
        lines.push(Line {
            at,
            rank,
            who: email.to_owned(),
            what,
            why,
        });
        anyhow::Ok(())
    };
    for event in &report.events {
        let word = |name: &str| event.data.get(name).and_then(serde_json::Value::as_str);
        let about = [
            "link", "resource", "form", "title", "subject", "name", "reason",
        ]
        .iter()
        .find_map(|name| word(name));
        add(
            &event.received_at,
            0,
            format!("● {}", event.kind),
            about.unwrap_or_default().to_owned(),
        )?;
    }
    for decision in &report.decisions {
        let acts: Vec<_> = decision.actions.iter().filter_map(act).collect();
        let what = if acts.is_empty() {
            "→ nothing".to_owned()
        } else {
            acts.join("\n")
        };
        add(
            &decision.at,
            2,
            what,
            format!("{}: {}", decision.plugin, decision.reason),
        )?;
    }
    for fault in &report.faults {
        let next = if fault.retry_at.is_some() {
            "again later"
        } else {
            "parked, a person must look"
        };
        let what = format!(
            "✗ {} fails, attempt {}: {next}",
            fault.plugin, fault.attempt
        );
        // Where in the guest it was is for the plugin's author: `contact show` has it.
        let why = fault.fault.split(", in ").next().unwrap_or_default();
        add(&fault.at, 2, what, why.to_owned())?;
    }
    for message in &report.messages {
        if let Some(sent_at) = &message.sent_at {
            let subject = or_dash(message.subject.as_deref());
            add(sent_at, 3, format!("✉ {subject}"), String::new())?;
        }
    }
    for enrollment in &report.enrollments {
        if let (Some(at), Some(exit)) = (&enrollment.finished_at, &enrollment.exit_reason) {
            add(
                at,
                4,
                format!("■ {} ends", enrollment.sequence),
                exit.clone(),
            )?;
        }
    }
    for task in report.tasks.iter().filter(|task| task.kind == "task") {
        add(
            &task.created_at,
            3,
            format!("☐ {}", or_dash(task.title.as_deref())),
            String::new(),
        )?;
    }
    Ok(lines)
}

/// One action for the table; cancelling a timer to set it anew is no news.
fn act(action: &Value) -> Option<String> {
    let word = |name: &str| action.get(name).and_then(Value::as_str);
    let at = word("at").and_then(Instant::parse_rfc3339).map(local);
    Some(match (word("action")?, word("verdict")?) {
        (kind, verdict @ ("refused" | "held")) => {
            format!(
                "→ {kind}: {verdict}, {}",
                word("reason").unwrap_or_default()
            )
        }
        ("send-email", _) => format!("→ send {}", word("template")?),
        ("set-timer", _) => format!("→ wait until {}", at?),
        ("create-task", _) => format!("→ task, due {}", at?),
        ("cancel-timer", _) => return None,
        (kind, _) => format!("→ {kind}"),
    })
}

fn local(at: Instant) -> String {
    at.to_utc()
        .with_timezone(&ZONE)
        .format("%a %-d %b %H:%M")
        .to_string()
}
