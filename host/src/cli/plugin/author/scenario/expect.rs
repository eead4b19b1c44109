//! What a scenario can expect at a moment. What it does not name is not looked at.
//!
//! | key | holds |
//! |---|---|
//! | `mails` | every message so far, in order: those of the listed fields that are written are compared |
//! | `tasks` | every task so far: `at`, `title` |
//! | `timers` | what still will ring: name → time |
//! | `enrollments` | each run so far: `"welcome: active"`, `"welcome: finished, replied"` |
//! | `decisions` | each decision so far: `"form-submitted: step 1 of 3: sends step-1"` |

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::mails::SentMail;
use super::policy::instant;
use crate::store::ledger::{ContactReport, MessageFacts};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    mails: Option<Vec<ExpectedMail>>,
    tasks: Option<Vec<ExpectedTask>>,
    timers: Option<BTreeMap<String, String>>,
    enrollments: Option<Vec<String>>,
    decisions: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedMail {
    /// When it was sent, or, where it was not, when it was to be.
    at: String,
    template: String,
    subject: Option<String>,
    /// `sent`, unless said otherwise.
    status: Option<String>,
    /// Why it is held or was cancelled.
    why: Option<String>,
    /// The message it answers: `mail 1` is the first of these, anything else a Message-ID.
    replies_to: Option<String>,
    /// The thread it stands in, from its first message on.
    thread: Option<Vec<String>>,
    /// Texts that stand in the mail.
    #[serde(default)]
    says: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedTask {
    at: String,
    title: String,
}

impl Expect {
    pub(super) fn check(
        &self,
        report: &ContactReport,
        mails: &BTreeMap<String, SentMail>,
    ) -> anyhow::Result<()> {
        if let Some(expected) = &self.mails {
            check_mails(expected, report, mails)?;
        }
        if let Some(expected) = &self.tasks {
            let expected = expected
                .iter()
                .map(|task| Ok((time(&task.at)?, task.title.clone())));
            let tasks = report.tasks.iter().filter(|task| task.kind == "task");
            let actual = tasks.map(|task| {
                (
                    task.created_at.clone(),
                    task.title.clone().unwrap_or_default(),
                )
            });
            same(
                "tasks",
                &expected.collect::<anyhow::Result<Vec<_>>>()?,
                &actual.collect(),
            )?;
        }
        if let Some(expected) = &self.timers {
            let expected = expected
                .iter()
                .map(|(name, at)| Ok((name.clone(), time(at)?)));
            let timers = report.enrollments.iter().flat_map(|run| &run.timers);
            let actual = timers.map(|timer| (timer.name.clone(), timer.due_at.clone()));
            same(
                "timers",
                &expected.collect::<anyhow::Result<BTreeMap<_, _>>>()?,
                &actual.collect(),
            )?;
        }
        if let Some(expected) = &self.enrollments {
            same("enrollments", expected, &enrollments(report))?;
        }
        if let Some(expected) = &self.decisions {
            let actual = report
                .decisions
                .iter()
                .map(|one| format!("{}: {}", one.event, one.reason));
            same("decisions", expected, &actual.collect())?;
        }
        Ok(())
    }
}

fn check_mails(
    expected: &[ExpectedMail],
    report: &ContactReport,
    files: &BTreeMap<String, SentMail>,
) -> anyhow::Result<()> {
    let shown: Vec<Value> = report.messages.iter().map(show).collect();
    let shown = serde_json::to_string_pretty(&shown)?;
    if expected.len() != report.messages.len() {
        bail!(
            "expected {} mails, there are {}:\n{shown}",
            expected.len(),
            report.messages.len()
        );
    }
    for (number, (expect, message)) in expected.iter().zip(&report.messages).enumerate() {
        expect
            .check(message, report, files)
            .with_context(|| format!("mail {} of these:\n{shown}", number + 1))?;
    }
    let sent = report
        .messages
        .iter()
        .filter(|message| message.sent_at.is_some())
        .count();
    same("files in the outbox", &sent, &files.len())
}

fn show(message: &MessageFacts) -> Value {
    json!({
        "at": message.sent_at.as_ref().unwrap_or(&message.due_at),
        "template": message.template,
        "subject": message.subject,
        "status": message.status,
        "why": why(message),
    })
}

/// `welcome: finished, replied`, for each run.
pub(super) fn enrollments(report: &ContactReport) -> Vec<String> {
    let run = report.enrollments.iter().map(|run| {
        let why = run.exit_reason.as_deref().or(run.pause_reason.as_deref());
        let why = why.map(|why| format!(", {why}")).unwrap_or_default();
        format!("{}: {}{why}", run.sequence, run.status)
    });
    run.collect()
}

pub(super) fn why(message: &MessageFacts) -> Option<&String> {
    message
        .held_reason
        .as_ref()
        .or(message.status_reason.as_ref())
}

impl ExpectedMail {
    fn check(
        &self,
        message: &MessageFacts,
        report: &ContactReport,
        files: &BTreeMap<String, SentMail>,
    ) -> anyhow::Result<()> {
        same(
            "at",
            &time(&self.at)?,
            message.sent_at.as_ref().unwrap_or(&message.due_at),
        )?;
        same("template", &self.template, &message.template)?;
        same(
            "status",
            self.status.as_ref().unwrap_or(&"sent".to_owned()),
            &message.status,
        )?;
        if self.subject.is_some() {
            same("subject", &self.subject, &message.subject)?;
        }
        if self.why.is_some() {
            same("why", &self.why.as_ref(), &why(message))?;
        }
        let file = files.get(&message.id);
        if message.sent_at.is_none() {
            return same("a file in the outbox", &None, &file);
        }
        let file = file.context("it is sent, but no file lies in the outbox")?;
        same(
            "subject in the file",
            &message.subject.as_deref().unwrap_or_default(),
            &file.subject.as_str(),
        )?;
        let header = |parent: &String| Ok(format!("<{}>", parent_id(parent, report, files)?));
        let parent = self
            .replies_to
            .as_ref()
            .map(header)
            .transpose()?
            .unwrap_or_default();
        same("In-Reply-To", &parent, &file.in_reply_to)?;
        let references = &file.references;
        // RFC 5322 3.6.4: the parent is the last of the references.
        same(
            "the last of References",
            &parent.as_str(),
            &references.split_whitespace().last().unwrap_or_default(),
        )?;
        if let Some(thread) = &self.thread {
            let thread = thread
                .iter()
                .map(header)
                .collect::<anyhow::Result<Vec<_>>>()?;
            same("References", &thread.join(" "), references)?;
        }
        let text = &file.text;
        let missing: Vec<_> = self
            .says
            .iter()
            .filter(|words| !text.contains(*words))
            .collect();
        if !missing.is_empty() {
            bail!("{missing:?} does not stand in:\n{text}");
        }
        Ok(())
    }
}

/// The Message-ID without its brackets.
fn parent_id(
    parent: &str,
    report: &ContactReport,
    files: &BTreeMap<String, SentMail>,
) -> anyhow::Result<String> {
    let Some(number) = parent.strip_prefix("mail ") else {
        return Ok(parent.to_owned());
    };
    let place = number
        .parse::<usize>()?
        .checked_sub(1)
        .context("mails count from 1")?;
    let message = report
        .messages
        .get(place)
        .with_context(|| format!("there is no {parent}"))?;
    let file = files
        .get(&message.id)
        .with_context(|| format!("{parent} was not sent"))?;
    Ok(file.message_id.trim_matches(['<', '>']).to_owned())
}

/// The way the ledger writes a time.
fn time(text: &str) -> anyhow::Result<String> {
    Ok(instant(text)?.to_string())
}

fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: &T,
    actual: &T,
) -> anyhow::Result<()> {
    if expected != actual {
        bail!("{what}: expected\n  {expected:#?}\nbut it is\n  {actual:#?}");
    }
    Ok(())
}
