//! Whether a decision keeps the contract (`wit/policy.wit`): everything that types cannot say.
//!
//! A decision is taken whole or not at all. Each message names the action and the word that is wrong.

pub(super) mod trigger;

use serde_json::Value;

use crate::calendar::{BUSINESS_DAYS_MAX, EARLIEST, LATEST};
use crate::domain::Instant;
use crate::domain::decision::{Action, Decision, When};
use crate::domain::event::{KIND_MAX_BYTES, kind};
use crate::domain::manifest::Manifest;

use super::Limits;
use super::fault::BadOutput;

/// The longest name of a timer, a template, an outcome, a touch.
const NAME_MAX_BYTES: usize = 100;

/// The decision, if all of it may be acted upon.
pub(super) fn decision(
    decision: Decision,
    manifest: &Manifest,
    limits: &Limits,
    now: Instant,
) -> Result<Decision, BadOutput> {
    whole(&decision, limits).map_err(BadOutput)?;
    for (index, action) in decision.actions.iter().enumerate() {
        let word = action.word();
        if !manifest.actions.iter().any(|listed| listed == word) {
            let text = format!(
                "actions[{index}]: {word} is not among the manifest's actions: list it there"
            );
            return Err(BadOutput(text));
        }
        self::action(action, now)
            .map_err(|why| BadOutput(format!("actions[{index}] ({word}): {why}")))?;
    }
    Ok(decision)
}

/// The state that a newer version made of an older one's.
pub(super) fn migrated(state: String, limits: &Limits) -> Result<String, BadOutput> {
    self::state(&state, limits).map_err(BadOutput)?;
    Ok(state)
}

fn state(text: &str, limits: &Limits) -> Result<(), String> {
    at_most(
        "the state",
        text.len(),
        limits.state_max_bytes,
        "state_max_bytes",
    )?;
    // Parsed whole, so that whoever shows it can.
    serde_json::from_str::<Value>(text).map_err(|e| format!("the state is no JSON: {e}"))?;
    Ok(())
}

fn whole(decision: &Decision, limits: &Limits) -> Result<(), String> {
    let reason = &decision.reason;
    if reason.trim().is_empty() {
        return Err("the reason is empty: say in a sentence why".to_owned());
    }
    at_most(
        "the reason",
        reason.len(),
        limits.reason_max_bytes,
        "reason_max_bytes",
    )?;
    decision
        .state
        .as_deref()
        .map_or(Ok(()), |text| self::state(text, limits))?;
    if decision.actions.len() > limits.actions_max {
        return Err(format!(
            "{} actions, actions_max is {}",
            decision.actions.len(),
            limits.actions_max
        ));
    }
    let written = serde_json::to_vec(decision).map_err(|e| e.to_string())?;
    at_most(
        "the decision",
        written.len(),
        limits.output_max_bytes,
        "output_max_bytes",
    )
}

fn at_most(what: &str, bytes: usize, max: usize, limit: &str) -> Result<(), String> {
    if bytes <= max {
        return Ok(());
    }
    Err(format!("{what} is {bytes} bytes long, {limit} is {max}"))
}

fn action(action: &Action, now: Instant) -> Result<(), String> {
    match action {
        Action::SendEmail(email) => {
            name("template", &email.template)?;
            email
                .reply_to
                .as_deref()
                .map_or(Ok(()), |touch| name("reply-to", touch))?;
            email
                .variables
                .keys()
                .try_for_each(|key| name("a variable's name", key))?;
            when(email.when, now)
        }
        Action::SetTimer(timer) => {
            name("name", &timer.name)?;
            when(timer.when, now)
        }
        Action::CancelTimer { name: timer } => name("name", timer),
        Action::CreateTask(task) => {
            not_empty("title", &task.title)?;
            when(task.due, now)
        }
        Action::AddNote { text } => not_empty("note", text),
        Action::SetProperties { properties } => properties
            .keys()
            .try_for_each(|key| name("a property's name", key)),
        Action::EmitEvent { kind, .. } => own_kind(kind),
        Action::Exit { outcome } => name("outcome", outcome),
        Action::Custom { kind, .. } => name("kind", kind),
    }
}

fn not_empty(what: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("the {what} is empty"));
    }
    Ok(())
}

fn name(what: &str, text: &str) -> Result<(), String> {
    not_empty(what, text)?;
    if text.len() > NAME_MAX_BYTES {
        return Err(format!(
            "the {what} is {} bytes long, {NAME_MAX_BYTES} are allowed",
            text.len()
        ));
    }
    Ok(())
}

/// A kind of the plugin's own: dotted, so that no plugin can say `replied` in the host's name.
fn own_kind(text: &str) -> Result<(), String> {
    if kind::ALL.contains(&text) {
        return Err(format!("{text} is one of the host's own kinds"));
    }
    if text.len() > KIND_MAX_BYTES
        || text.split('.').count() < 2
        || text.split('.').any(str::is_empty)
    {
        let shown: String = text.chars().take(KIND_MAX_BYTES).collect();
        return Err(format!(
            "the kind {shown:?} is no dotted name of at most {KIND_MAX_BYTES} bytes, like acme.lead-warm"
        ));
    }
    Ok(())
}

fn when(when: When, now: Instant) -> Result<(), String> {
    let at = match when {
        When::Now => return Ok(()),
        When::At(at) => at,
        When::AfterMs(ms) => now.plus_ms(i64::try_from(ms).unwrap_or(i64::MAX)),
        When::AfterBusinessDays { days, at } => {
            if days > BUSINESS_DAYS_MAX {
                return Err(format!(
                    "{days} business days, {BUSINESS_DAYS_MAX} are allowed"
                ));
            }
            return match at {
                Some(at) if at.hour > 23 || at.minute > 59 => {
                    Err(format!("{}:{:02} is no time of day", at.hour, at.minute))
                }
                _ => Ok(()),
            };
        }
    };
    if (EARLIEST..=LATEST).contains(&at) {
        Ok(())
    } else {
        Err(format!("{at} lies outside the years 1970 to 9999"))
    }
}

#[cfg(test)]
mod tests;
