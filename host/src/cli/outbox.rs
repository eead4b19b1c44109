//! `followup outbox`: what waits, with the rule that keeps it, and a person's word on it.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::load::{read_store, survey, write_store};
use super::table::{or_dash, second, table};
use super::{Common, block_on, print_json};
use crate::clock::{Clock, SystemClock};
use crate::store::DEFAULT_TENANT;
use crate::store::controls::Which;
use crate::store::explain::{OutboxFilter, OutboxReport, RuleCount, WaitingMessage};

const EXAMPLES: &str = "Examples:
  followup outbox                                  what is due first comes first
  followup outbox --rule paused --sequence welcome
  followup outbox release --all                    let go what is held because it is late
  followup outbox sent --message msg_0k3v…         it was in doubt, and the provider shows it
  followup outbox cancel --rule missing-field --reason 'the list was bad'";

#[derive(Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(super) struct Outbox {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Subcommand)]
enum Command {
    /// Let messages go that are held because they are late or a backup was restored (rules `stale`,
    /// `restored`), or send one again that is in
    /// doubt.
    Release(Release),
    /// Say of a message in doubt that it was sent.
    Sent(Sent),
    /// Cancel messages that have not been handed to a provider, or leave one in doubt as it is.
    Cancel(Cancel),
}

#[derive(Args)]
struct List {
    /// Only what this rule keeps: `paused`, `quiet`, `missing-field`, ...
    #[arg(long)]
    rule: Option<String>,
    /// Only of this sequence.
    #[arg(long, value_name = "NAME")]
    sequence: Option<String>,
    /// Only what this identity sends.
    #[arg(long, value_name = "NAME")]
    identity: Option<String>,
    /// Rows to list, 1000 at most; the summary counts all.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Release {
    /// One message.
    #[arg(long, value_name = "ID", required_unless_present = "all")]
    message: Option<String>,
    /// All that are stale or restored.
    #[arg(long, conflicts_with = "message")]
    all: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Sent {
    /// The message: the provider shows it, or the recipient has it.
    #[arg(long, value_name = "ID")]
    message: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Cancel {
    /// One message: queued, held or in doubt.
    #[arg(long, value_name = "ID", required_unless_present = "rule")]
    message: Option<String>,
    /// All that are held by this rule.
    #[arg(long, conflicts_with = "message")]
    rule: Option<String>,
    /// Kept with the messages.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    common: Common,
}

/// What a command changed, for programs.
#[derive(Serialize)]
struct Changed {
    messages: usize,
}

impl Outbox {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            None => self.list.run(),
            Some(Command::Release(release)) => release.run(),
            Some(Command::Sent(sent)) => sent.run(),
            Some(Command::Cancel(cancel)) => cancel.run(),
        }
    }
}

impl List {
    fn run(self) -> anyhow::Result<ExitCode> {
        let store = read_store(&self.common.config)?;
        let filter = OutboxFilter {
            rule: self.rule,
            sequence: self.sequence,
            identity: self.identity,
            limit: self.limit,
        };
        let report = block_on(store.outbox(DEFAULT_TENANT, filter))??;
        if self.common.json {
            print_json(&report)?;
        } else {
            print(&report);
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Release {
    fn run(self) -> anyhow::Result<ExitCode> {
        let store = write_store(&survey(&self.common.config)?)?;
        let now = SystemClock.now();
        let messages = block_on(store.release(DEFAULT_TENANT, self.message.as_deref(), now))??;
        if let (0, Some(id)) = (messages, &self.message) {
            bail!(
                "{id} is neither held as stale or restored nor in doubt, or an exit stopped it: see `followup why --message {id}`"
            );
        }
        report(
            &self.common,
            messages,
            "released; they are judged again as if due now",
        )
    }
}

impl Sent {
    fn run(self) -> anyhow::Result<ExitCode> {
        let store = write_store(&survey(&self.common.config)?)?;
        let now = SystemClock.now();
        let id = &self.message;
        if !block_on(store.confirm_sent(DEFAULT_TENANT, id, now))?? {
            bail!("{id} is not in doubt: see `followup why --message {id}`");
        }
        report(&self.common, 1, "sent")
    }
}

impl Cancel {
    fn run(self) -> anyhow::Result<ExitCode> {
        let store = write_store(&survey(&self.common.config)?)?;
        let now = SystemClock.now();
        let which = match (&self.message, &self.rule) {
            (Some(id), _) => Which::Message(id.clone()),
            (None, Some(rule)) => Which::HeldBy(rule.clone()),
            (None, None) => bail!("say which: --message ID or --rule RULE"),
        };
        let messages = block_on(store.cancel(DEFAULT_TENANT, which, &self.reason, now))??;
        if let (0, Some(id)) = (messages, &self.message) {
            bail!("{id} is neither queued, held nor in doubt: see `followup why --message {id}`");
        }
        report(&self.common, messages, "cancelled")
    }
}

fn report(common: &Common, messages: usize, done: &str) -> anyhow::Result<ExitCode> {
    if common.json {
        print_json(&Changed { messages })?;
    } else {
        println!("{} {done}", count(messages as u64, "message"));
    }
    Ok(ExitCode::SUCCESS)
}

fn print(report: &OutboxReport) {
    if report.total == 0 {
        println!("nothing waits");
        return;
    }
    let mut rows = table([
        "goes", "to", "sequence", "identity", "mail", "status", "rule", "reason",
    ]);
    for message in &report.messages {
        rows.add_row([
            when(message).as_str(),
            or_dash(message.to.as_deref()),
            &message.sequence,
            &message.identity,
            message.subject.as_ref().unwrap_or(&message.template),
            &message.status,
            or_dash(message.rule.as_deref()),
            or_dash(message.reason.as_deref()),
        ]);
    }
    println!("{rows}\n");
    if (report.messages.len() as u64) < report.total {
        println!(
            "{} of {} shown: see --limit\n",
            report.messages.len(),
            report.total
        );
    }
    println!("{}", by_rule(&report.by_rule));
}

/// What waits, by status and rule.
pub(super) fn by_rule(counts: &[RuleCount]) -> comfy_table::Table {
    let mut rows = table(["waiting", "rule", "how many", "first due"]);
    for count in counts {
        rows.add_row([
            count.status.as_str(),
            or_dash(count.rule.as_deref()),
            &count.messages.to_string(),
            &second(&count.first_due_at),
        ]);
    }
    rows
}

fn when(message: &WaitingMessage) -> String {
    goes(message.goes_at.as_deref(), message.waits_for.as_deref())
}

/// `2026-03-04T08:30:00Z`, or `waits for …`.
pub(super) fn goes(goes_at: Option<&str>, waits_for: Option<&str>) -> String {
    match (goes_at, waits_for) {
        (Some(at), None) => second(at),
        (Some(at), Some(what)) => format!("{}, after {what}", second(at)),
        (None, Some(what)) => format!("waits for {what}"),
        (None, None) => "–".to_owned(),
    }
}

/// `1 message`, `2 messages`.
pub(super) fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
