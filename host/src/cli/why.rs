//! `followup why`: what will be sent to somebody, what was, what was not, and why.

mod summary;

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;

use super::load::read_store;
use super::outbox::goes;
use super::table::{or_dash, second, table};
use super::{Common, block_on, print_json};
use crate::clock::{Clock, SystemClock};
use crate::domain::EmailAddress;
use crate::domain::mail::Outcome;
use crate::store::explain::{
    AttemptFacts, Because, Look, MessageInFull, MessageStory, ThreadFacts, Why,
};
use crate::store::{DEFAULT_TENANT, Store};

#[derive(Args)]
#[command(after_help = "Examples:
  followup why ada@example.com
  followup why --message msg_0k3v…      one message in full
  followup why ada@example.com --json   field names: host/docs/administrators.md")]
pub(super) struct WhyArgs {
    /// The person's e-mail address.
    #[arg(required_unless_present = "message")]
    email: Option<String>,
    /// One message in full.
    #[arg(long, value_name = "ID")]
    message: Option<String>,
    /// Messages, refused actions and remarks to list, the newest of each; 1000 at most.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Told<'a> {
    summary: String,
    #[serde(flatten)]
    why: &'a Why,
}

impl WhyArgs {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let email = self
            .email
            .as_deref()
            .map(|text| EmailAddress::parse(text).with_context(|| format!("{text:?}")))
            .transpose()?;
        let store = read_store(&self.common.config)?;
        match (&self.message, email) {
            (Some(id), email) => message(&*store, id, email.as_ref(), self.common.json),
            (None, Some(email)) => person(&*store, &email, self.limit, self.common.json),
            (None, None) => bail!("say who: an e-mail address, or --message ID"),
        }
    }
}

fn person(
    store: &dyn Store,
    email: &EmailAddress,
    limit: usize,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let why = block_on(store.why(DEFAULT_TENANT, email, limit, SystemClock.now()))??;
    let summary = summary::summary(&why);
    if json {
        print_json(&Told {
            summary: summary.join(" "),
            why: &why,
        })?;
    } else {
        println!("{}", summary.join("\n"));
        print(&why);
    }
    Ok(ExitCode::SUCCESS)
}

fn message(
    store: &dyn Store,
    id: &str,
    email: Option<&EmailAddress>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let Some(message) = block_on(store.why_message(DEFAULT_TENANT, id))?? else {
        bail!("there is no message {id}: `followup why EMAIL` lists those of a person");
    };
    let to = message.story.to.as_deref();
    if let Some(email) = email
        && to != Some(email.as_str())
    {
        bail!("{id} is a message to {}, not to {email}", or_dash(to));
    }
    if json {
        print_json(&message)?;
    } else {
        print_in_full(&message);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(why: &Why) {
    if !why.next.is_empty() {
        let mut next = table(["next", "what", "sequence", "rule", "reason"]);
        for upcoming in &why.next {
            next.add_row([
                goes(upcoming.at.as_deref(), upcoming.waits_for.as_deref()).as_str(),
                &format!("{} {}", upcoming.what, upcoming.name),
                or_dash(upcoming.sequence.as_deref()),
                or_dash(upcoming.rule.as_deref()),
                or_dash(upcoming.reason.as_deref()),
            ]);
        }
        println!("\n{next}");
    }
    if !why.messages.is_empty() {
        let mut messages = table(["message", "status", "when", "rule and reason", "because"]);
        for message in &why.messages {
            messages.add_row([
                format!("{}\n{}", mail(message), message.id),
                message.status.clone(),
                when_and_asked(message),
                ruling(message.rule.as_deref(), message.reason.as_deref()),
                because(&message.because),
            ]);
        }
        println!("\n{messages}");
    }
    if !why.refused.is_empty() {
        let mut refused = table(["refused", "at", "rule and reason", "because"]);
        for action in &why.refused {
            refused.add_row([
                format!(
                    "{} {}",
                    action.action,
                    action.name.as_deref().unwrap_or_default()
                ),
                second(&action.because.decided_at),
                ruling(Some(&action.rule), Some(&action.reason)),
                because(&action.because),
            ]);
        }
        println!("\n{refused}");
    }
    if !why.remarks.is_empty() {
        let mut remarks = table(["event", "occurred", "from", "remark"]);
        for remark in &why.remarks {
            remarks.add_row([
                &remark.kind,
                &second(&remark.occurred_at),
                &remark.connection,
                &remark.remark,
            ]);
        }
        println!("\n{remarks}");
    }
    if !why.enrollments.is_empty() {
        let mut runs = table(["sequence", "status", "why", "enrolled", "by", "finished"]);
        for run in &why.enrollments {
            runs.add_row([
                run.sequence.as_str(),
                &run.status,
                or_dash(run.reason.as_deref()),
                &second(&run.enrolled_at),
                or_dash(run.enrolled_by.as_deref()),
                or_dash(run.finished_at.as_deref().map(second).as_deref()),
            ]);
        }
        println!("\n{runs}");
    }
}

fn print_in_full(message: &MessageInFull) {
    let story = &message.story;
    println!("{}: {}", story.id, mail(story));
    let decided = &story.because;
    let lines = [
        ("to", story.to.clone()),
        ("as", Some(story.identity.clone())),
        ("status", Some(story.status.clone())),
        ("when", Some(when(story))),
        ("rule", story.rule.clone()),
        ("reason", story.reason.clone()),
        ("asked for", Some(second(&story.asked_at))),
        ("queued", Some(second(&story.queued_at))),
        ("first look", story.first_look.as_ref().map(look)),
        ("second look", story.second_look.as_ref().map(look)),
        ("released", story.released_at.as_deref().map(second)),
        (
            "because of",
            Some(format!("{} {}", decided.kind, second(&decided.occurred_at))),
        ),
        (
            "",
            Some(serde_json::Value::Object(decided.data.clone()).to_string()),
        ),
        (
            "decided by",
            Some(format!(
                "{} {} for {}, decision {} at {}",
                decided.plugin,
                decided.plugin_version,
                decided.sequence,
                decided.decision,
                second(&decided.decided_at)
            )),
        ),
        ("it says", Some(decided.reason.clone())),
        ("thread", message.thread.as_ref().map(thread)),
        ("Message-ID", message.message_id.clone()),
        ("provider's id", story.provider_id.clone()),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            println!("  {name:<14} {value}");
        }
    }
    if !story.attempts.is_empty() {
        let mut attempts = table(["attempt", "began", "ended", "answer"]);
        for attempt in &story.attempts {
            attempts.add_row([
                attempt.number.to_string().as_str(),
                &attempt.started_at,
                or_dash(attempt.finished_at.as_deref()),
                &answer(attempt),
            ]);
        }
        println!("\n{attempts}");
    }
    if !message.heard.is_empty() {
        let mut heard = table(["heard since", "at", "from", "reason"]);
        for event in &message.heard {
            heard.add_row([
                event.kind.as_str(),
                &second(&event.occurred_at),
                &event.connection,
                or_dash(event.reason.as_deref()),
            ]);
        }
        println!("\n{heard}");
    }
    if !message.touches.is_empty() {
        let mut touches = table(["touched before", "who", "by", "trouble"]);
        for touch in &message.touches {
            touches.add_row([
                second(&touch.at).as_str(),
                or_dash(touch.email.as_deref()),
                touch.message.as_deref().unwrap_or("hand"),
                or_dash(touch.trouble.as_deref()),
            ]);
        }
        println!("\n{touches}");
    }
}

/// `welcome/step-1 "Hello Ada"`.
fn mail(message: &MessageStory) -> String {
    let name = format!("{}/{}", message.sequence, message.template);
    match &message.subject {
        Some(subject) => format!("{name} {subject:?}"),
        None => name,
    }
}

/// When it went or goes.
fn when(message: &MessageStory) -> String {
    match &message.sent_at {
        Some(at) => second(at),
        None => goes(message.goes_at.as_deref(), message.waits_for.as_deref()),
    }
}

/// The same, and when it was to go where that is another time.
fn when_and_asked(message: &MessageStory) -> String {
    let (when, asked) = (when(message), second(&message.asked_at));
    if when == asked {
        return when;
    }
    format!("{when}\n(asked for {asked})")
}

fn ruling(rule: Option<&str>, reason: Option<&str>) -> String {
    match (rule, reason) {
        (Some(rule), Some(reason)) => format!("{rule}: {reason}"),
        (Some(text), None) | (None, Some(text)) => text.to_owned(),
        (None, None) => "–".to_owned(),
    }
}

fn because(because: &Because) -> String {
    format!(
        "{} {}\n{} {}: {}",
        because.kind,
        second(&because.occurred_at),
        because.plugin,
        because.decision,
        because.reason
    )
}

/// `delayed until 2026-…: send-window: …`.
fn look(look: &Look) -> String {
    let mut text = look.verdict.to_owned();
    if let Some(until) = &look.until {
        text = format!("{text}, to go {}", second(until));
    }
    if look.rule.is_some() || look.reason.is_some() {
        let ruling = ruling(look.rule.as_deref(), look.reason.as_deref());
        text = format!("{text} ({ruling})");
    }
    match &look.at {
        Some(at) => format!("{text}, said {}", second(at)),
        None => text,
    }
}

fn thread(thread: &ThreadFacts) -> String {
    let id = &thread.answers;
    match thread.kept {
        Some(true) => format!("answers {id}"),
        Some(false) => format!(
            "a mail of its own, though it was to answer {id}: its provider drops In-Reply-To"
        ),
        None => format!("to answer {id}, where its provider keeps threads"),
    }
}

fn answer(attempt: &AttemptFacts) -> String {
    match &attempt.answer {
        None => "under way".to_owned(),
        Some(Outcome::Accepted { provider_id, .. }) => {
            format!("accepted as {}", or_dash(provider_id.as_deref()))
        }
        Some(Outcome::Rejected { reason }) => format!("refused: {reason}"),
        Some(Outcome::Retry { reason, .. }) => format!("not accepted, to be repeated: {reason}"),
        Some(Outcome::InDoubt { reason }) => format!("in doubt: {reason}"),
    }
}
