//! No response: silence after a message brings a nudge in its thread, up to a number of times, then
//! a task for the rep.
//!
//! The clock runs from the newest e-mail that went out to the contact: one of any sequence, or one
//! that a rep sent. A newer one restarts it. In come reports of sent mail and this policy's own
//! timer; the reply itself never arrives here, because it ends the enrollment in the host.

use followup_guest::{
    Context, Decision, Email, Event, Instant, Policy, PolicyError, Task, TimeOfDay, Touch, When,
};
use serde::{Deserialize, Serialize};

/// The timer of the silence; it is set anew for every message.
const SILENCE: &str = "silence";

/// How many times in a row it looks for a message to chase, or waits for a nudge to leave.
const WAITS_MAX: u32 = 30;

pub struct NoResponse;

followup_guest::export!(NoResponse);

#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct Config {
    silence_days: u32,
    business_days: bool,
    at: Option<TimeOfDay>,
    nudges: Vec<String>,
    task: String,
    oldest_message_days: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            silence_days: 3,
            business_days: true,
            at: None,
            nudges: vec!["nudge-1".into(), "nudge-2".into()],
            task: "Call {{ contact.first_name }}: no answer by e-mail".into(),
            oldest_message_days: 30,
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The id of the message whose answer is awaited.
    awaiting: Option<String>,
    nudges: usize,
    /// How many times in a row there was nothing to do but wait.
    waits: u32,
}

impl Policy for NoResponse {
    type Config = Config;
    type State = State;

    fn decide(
        cx: &Context<Config>,
        state: &mut State,
        event: &Event,
    ) -> Result<Decision, PolicyError> {
        let rings = event.is_timer(SILENCE);
        if cx.waiting_email().is_some() {
            let why = "the nudge has not left yet";
            return Ok(if rings {
                wait(state, why, "stalled")
            } else {
                Decision::because(why)
            });
        }
        match newest_message(cx) {
            Some(message) if state.awaiting.as_ref() != Some(&message.id) => {
                await_answer(cx, state, message)
            }
            Some(message) if rings => Ok(break_silence(cx, state, message)),
            Some(_) => Ok(Decision::because(format!(
                "{} is no new message",
                event.kind
            ))),
            None if rings || cx.is_first() => {
                Ok(wait(state, "no message to chase yet", "nothing-sent"))
            }
            None => Ok(Decision::because("no message to chase yet")),
        }
    }
}

/// The newest e-mail that went out, unless it is too old to come back to.
fn newest_message(cx: &Context<Config>) -> Option<&Touch> {
    let oldest_ms = i64::from(cx.config.oldest_message_days) * 24 * 60 * 60 * 1000;
    let oldest = cx.enrollment.enrolled_at.minus_ms(oldest_ms);
    cx.emails()
        .filter(|touch| touch.went_out() && touch.at >= oldest)
        .max_by_key(|touch| touch.at)
}

/// Starts the clock at the message, wherever it came from.
fn await_answer(
    cx: &Context<Config>,
    state: &mut State,
    message: &Touch,
) -> Result<Decision, PolicyError> {
    state.awaiting = Some(message.id.clone());
    state.waits = 0;
    let due = silence_ends(cx, message.at)?.max(cx.now);
    let days = cx.config.silence_days;
    let reason = format!("awaits an answer to {} for {days} days", quoted(message));
    Ok(Decision::because(reason).timer(SILENCE, When::At(due)))
}

/// Nobody answered the message: nudge, or hand over to the rep.
fn break_silence(cx: &Context<Config>, state: &mut State, message: &Touch) -> Decision {
    let days = cx.config.silence_days;
    let why = format!("no answer to {} for {days} days", quoted(message));
    let Some(template) = cx.config.nudges.get(state.nudges) else {
        let title = cx.config.task.as_str();
        let body = format!("{why}, after {} nudges.", state.nudges);
        return Decision::because(format!("{why}: over to the rep"))
            .task(Task::titled(title).body(body))
            .exit("no-response");
    };
    state.nudges += 1;
    state.waits = 0;
    let (number, of) = (state.nudges, cx.config.nudges.len());
    let nudge = Email::template(template)
        .in_thread(message.id.as_str())
        .var("subject", plain_subject(message))
        .var("days", days);
    Decision::because(format!("{why}: nudge {number} of {of}"))
        .send(nudge)
        // Set anew from the moment the nudge leaves; this one sees to it that somebody looks.
        .timer(SILENCE, silence(cx))
}

/// Looks again after a business day, but not for ever.
fn wait(state: &mut State, why: &str, outcome: &str) -> Decision {
    state.waits += 1;
    if state.waits > WAITS_MAX {
        return Decision::because(format!("{why}, for {WAITS_MAX} business days")).exit(outcome);
    }
    Decision::because(why).timer(SILENCE, When::after_business_days(1))
}

fn silence(cx: &Context<Config>) -> When {
    let days = cx.config.silence_days;
    if cx.config.business_days {
        When::after_business_days(days).at(cx.config.at)
    } else {
        When::after_days(days)
    }
}

fn silence_ends(cx: &Context<Config>, from: Instant) -> Result<Instant, PolicyError> {
    Ok(cx.resolve(silence(cx), from)?)
}

fn quoted(message: &Touch) -> String {
    match &message.subject {
        Some(subject) => format!("\"{subject}\""),
        None => "the last message".to_owned(),
    }
}

/// The subject without the `Re:` that the template puts before it.
fn plain_subject(message: &Touch) -> &str {
    let mut subject = message
        .subject
        .as_deref()
        .unwrap_or("my last message")
        .trim();
    while let Some((prefix, rest)) = subject.split_at_checked(3) {
        if !prefix.eq_ignore_ascii_case("re:") {
            break;
        }
        subject = rest.trim_start();
    }
    subject
}

#[cfg(test)]
mod tests;
