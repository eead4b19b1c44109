//! Blessing: writes what came out into a scenario's `expect`, in the words it is read by.
//!
//! Keys that stand there are filled anew; where there are none, all but `decisions` are written. What
//! a person wrote to look closer (`says`, `thread`) stays.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::expect::{enrollments, why};
use super::mails::SentMail;
use crate::store::ledger::{ContactReport, MessageFacts};

pub(super) fn fill(expect: &mut Value, report: &ContactReport, mails: &BTreeMap<String, SentMail>) {
    let Some(expect) = expect.as_object_mut() else {
        return;
    };
    if expect.is_empty() {
        let keys = ["mails", "tasks", "timers", "enrollments"];
        expect.extend(keys.map(|key| (key.to_owned(), Value::Null)));
    }
    for (key, slot) in expect.iter_mut() {
        match key.as_str() {
            "mails" => *slot = all_mails(slot, report, mails),
            "tasks" => {
                let tasks = report.tasks.iter().filter(|task| task.kind == "task");
                let task = tasks.map(|task| json!({"at": task.created_at, "title": task.title}));
                *slot = task.collect();
            }
            "timers" => {
                let timers = report.enrollments.iter().flat_map(|run| &run.timers);
                let timers = timers.map(|timer| (timer.name.clone(), json!(timer.due_at)));
                *slot = Value::Object(timers.collect());
            }
            "enrollments" => *slot = json!(enrollments(report)),
            "decisions" => {
                let decisions = report.decisions.iter();
                *slot = decisions
                    .map(|one| json!(format!("{}: {}", one.event, one.reason)))
                    .collect();
            }
            _ => {}
        }
    }
}

fn all_mails(before: &Value, report: &ContactReport, files: &BTreeMap<String, SentMail>) -> Value {
    let messages = report.messages.iter().enumerate();
    messages
        .map(|(place, message)| {
            let mut mail = mail(message, report, files);
            for kept in ["says", "thread"] {
                if let Some(written) = before.get(place).and_then(|mail| mail.get(kept)) {
                    mail.insert(kept.to_owned(), written.clone());
                }
            }
            Value::Object(mail)
        })
        .collect()
}

fn mail(
    message: &MessageFacts,
    report: &ContactReport,
    files: &BTreeMap<String, SentMail>,
) -> Map<String, Value> {
    let mut mail = Map::new();
    let mut put = |key: &str, value: &str| mail.insert(key.to_owned(), json!(value));
    put("at", message.sent_at.as_ref().unwrap_or(&message.due_at));
    put("template", &message.template);
    if let Some(subject) = &message.subject {
        put("subject", subject);
    }
    if message.status != "sent" {
        put("status", &message.status);
        if let Some(why) = why(message) {
            put("why", why);
        }
    }
    let parent = files.get(&message.id).map(|file| file.in_reply_to.as_str());
    if let Some(parent) = parent.filter(|parent| !parent.is_empty()) {
        let is_parent = |other: &MessageFacts| {
            files
                .get(&other.id)
                .is_some_and(|file| file.message_id == parent)
        };
        let place = report.messages.iter().position(is_parent);
        let outside = parent.trim_matches(['<', '>']).to_owned();
        put(
            "replies_to",
            &place.map_or(outside, |place| format!("mail {}", place + 1)),
        );
    }
    mail
}
