//! Cadence: scheduled steps, one after the other, until the person answers.
//!
//! In comes the enrolment and this policy's own timer; out goes one step (an e-mail or a task for
//! the rep) and the timer of the next. A step never overtakes the one before: where a guardrail
//! held an e-mail back, the rest of the sequence shifts. Answers end the enrollment in the host.

use followup_guest::{
    Context, Decision, Email, Event, Instant, Policy, PolicyError, Task, TimeOfDay, When,
};
use serde::{Deserialize, Serialize};

/// The timer of the next step; its data is the step's index.
const NEXT: &str = "next";

/// How many business days in a row an e-mail may be held back before the sequence gives up.
const WAITS_MAX: u32 = 60;

/// An e-mail that left this much later than planned does not move the steps after it.
const SLACK_MS: i64 = 60 * 60 * 1000;

pub struct Cadence;

followup_guest::export!(Cadence);

#[derive(Debug, Deserialize)]
pub struct Config {
    steps: Vec<Step>,
    #[serde(default = "yes")]
    same_thread: bool,
    #[serde(default = "three")]
    closing_wait_business_days: u32,
}

/// An e-mail where `template` is given, else a task.
#[derive(Debug, Deserialize)]
struct Step {
    template: Option<String>,
    task: Option<String>,
    #[serde(default)]
    notes: String,
    #[serde(default)]
    after_business_days: u32,
    at: Option<TimeOfDay>,
}

/// How far the enrollment has come.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    started: bool,
    /// The index of the step that comes next; the number of steps means: the closing wait.
    next: usize,
    /// How many times in a row the next step had to wait.
    waits: u32,
}

impl Policy for Cadence {
    type Config = Config;
    type State = State;

    fn decide(
        cx: &Context<Config>,
        state: &mut State,
        event: &Event,
    ) -> Result<Decision, PolicyError> {
        if !state.started {
            state.started = true;
            return Ok(begin(cx, state));
        }
        // A timer that was set for another step, and any event of others, moves nothing.
        if !event.is_timer(NEXT) || event.timer_data().as_u64() != Some(state.next as u64) {
            let reason = format!("{} does not concern step {}", event.kind, state.next + 1);
            return Ok(Decision::because(reason));
        }
        if let Some(wait) = wait_for_the_mail_before(cx, state)? {
            return Ok(wait);
        }
        state.waits = 0;
        Ok(match cx.config.steps.get(state.next) {
            Some(step) => take(cx, state, step),
            None => Decision::because("every step is done and nobody answered").exit("completed"),
        })
    }
}

/// The first step, at once if it has no delay.
fn begin(cx: &Context<Config>, state: &mut State) -> Decision {
    match cx.config.steps.first() {
        Some(step) if step.after_business_days == 0 && step.at.is_none() => take(cx, state, step),
        _ => plan_next(cx, state, Decision::because("enrolled; step 1 is planned")),
    }
}

fn take(cx: &Context<Config>, state: &mut State, step: &Step) -> Decision {
    let (number, of) = (state.next + 1, cx.config.steps.len());
    let decision = if let Some(template) = &step.template {
        let thread = cx.own_emails().find(|touch| touch.went_out());
        let thread = thread.filter(|_| cx.config.same_thread);
        Decision::because(format!("step {number} of {of}: sends {template}"))
            .send(Email::template(template).in_thread(thread.map(|touch| touch.id.as_str())))
    } else {
        let title = step
            .task
            .as_deref()
            .unwrap_or("Follow up with {{ contact.email }}");
        Decision::because(format!("step {number} of {of}: asks the rep to act"))
            .task(Task::titled(title).body(step.notes.as_str()))
    };
    state.next += 1;
    plan_next(cx, state, decision)
}

fn plan_next(cx: &Context<Config>, state: &State, decision: Decision) -> Decision {
    set_timer(state, decision, delay(cx, state))
}

fn set_timer(state: &State, decision: Decision, when: When) -> Decision {
    decision.timer_with(NEXT, when, state.next.into())
}

/// How long after the step before the next one comes.
fn delay(cx: &Context<Config>, state: &State) -> When {
    match cx.config.steps.get(state.next) {
        Some(step) => When::after_business_days(step.after_business_days).at(step.at),
        None => When::after_business_days(cx.config.closing_wait_business_days),
    }
}

/// Shifts the next step where the e-mail before it has not left, or left late.
fn wait_for_the_mail_before(
    cx: &Context<Config>,
    state: &mut State,
) -> Result<Option<Decision>, PolicyError> {
    if let Some(touch) = cx.waiting_email() {
        state.waits += 1;
        if state.waits > WAITS_MAX {
            let reason = format!(
                "an e-mail was {} for {WAITS_MAX} business days",
                touch.status
            );
            return Ok(Some(Decision::because(reason).exit("stalled")));
        }
        let reason = format!(
            "step {} waits: the e-mail before is still {}",
            state.next + 1,
            touch.status
        );
        let tomorrow = When::after_business_days(1);
        return Ok(Some(set_timer(state, Decision::because(reason), tomorrow)));
    }
    let Some(left_at) = left_late(cx, state) else {
        return Ok(None);
    };
    let due = cx.resolve(delay(cx, state), left_at)?;
    if due.since_ms(cx.now) <= SLACK_MS {
        return Ok(None);
    }
    let reason = format!(
        "step {} shifts: the e-mail before left later than planned",
        state.next + 1
    );
    Ok(Some(set_timer(
        state,
        Decision::because(reason),
        When::At(due),
    )))
}

/// When the step before was an e-mail: when it left.
fn left_late(cx: &Context<Config>, state: &State) -> Option<Instant> {
    let before = cx.config.steps.get(state.next.checked_sub(1)?)?;
    let template = before.template.as_ref()?;
    let touch = cx
        .own_emails()
        .find(|touch| touch.template.as_ref() == Some(template))?;
    Some(touch.at)
}

fn yes() -> bool {
    true
}

fn three() -> u32 {
    3
}

#[cfg(test)]
mod tests;
