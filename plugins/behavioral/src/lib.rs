//! Behavioral: answers what the person did with one mail about that very thing.
//!
//! In come opens, clicks, visits, downloads and forms; out goes at most one mail per cool-down,
//! which names the link, page, resource, form or mail. An event that names nothing brings no mail:
//! "I saw that you did something" is worse than silence.

mod subject;

use std::collections::BTreeMap;

use followup_guest::{Context, Decision, Email, Event, Instant, Policy, PolicyError, Span, When};
use serde::{Deserialize, Serialize};

/// The timer that ends the enrollment, one cool-down after the last mail.
const DONE: &str = "done";

/// How many cool-downs the end waits for a mail that is held back.
const WAITS_MAX: u32 = 30;

pub struct Behavioral;

followup_guest::export!(Behavioral);

#[derive(Debug, Deserialize)]
pub struct Config {
    /// By the kind of event.
    on: BTreeMap<String, Answer>,
    #[serde(default = "three_days")]
    cooldown: Span,
    #[serde(default)]
    delay: Span,
    #[serde(default = "two_days")]
    ignore_older_than: Span,
    #[serde(default = "three")]
    max_mails: u32,
}

#[derive(Debug, Deserialize)]
struct Answer {
    template: String,
    contains: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    mails: u32,
    last_mail_at: Option<Instant>,
    /// How many cool-downs the end has waited.
    waits: u32,
}

impl Policy for Behavioral {
    type Config = Config;
    type State = State;

    fn decide(
        cx: &Context<Config>,
        state: &mut State,
        event: &Event,
    ) -> Result<Decision, PolicyError> {
        if event.is_timer(DONE) {
            return Ok(end(cx, state));
        }
        let Some(answer) = cx.config.on.get(&event.kind) else {
            return Ok(Decision::because(format!("{} is not answered", event.kind)));
        };
        let Some(subject) = subject::of(cx, event) else {
            let reason = format!("{} does not say what it was about", event.kind);
            return Ok(Decision::because(reason));
        };
        if let Some(reason) = silent_because(cx, state, event, answer, &subject) {
            return Ok(Decision::because(reason));
        }
        state.mails += 1;
        state.last_mail_at = Some(cx.now);
        let reason = format!("{}: {}", event.kind, subject.what);
        let mail = Email::template(&answer.template)
            .var("what", subject.what)
            .var("url", subject.url)
            .when(send_at(cx));
        let decision = Decision::because(reason).send(mail);
        Ok(if state.mails < cx.config.max_mails {
            decision
        } else {
            decision.timer(DONE, one_cooldown(cx))
        })
    }
}

/// Why an event that could be answered is not.
fn silent_because(
    cx: &Context<Config>,
    state: &State,
    event: &Event,
    answer: &Answer,
    subject: &subject::Subject,
) -> Option<String> {
    if let Some(text) = answer
        .contains
        .as_deref()
        .filter(|text| !subject.contains(text))
    {
        return Some(format!("{} does not contain {text:?}", subject.what));
    }
    let age_ms = cx.now.since_ms(event.occurred_at);
    if age_ms > cx.config.ignore_older_than.as_ms() {
        let limit = cx.config.ignore_older_than;
        return Some(format!(
            "{} was reported more than {limit} late",
            event.kind
        ));
    }
    if state.mails >= cx.config.max_mails {
        return Some(format!("all {} mails are sent", state.mails));
    }
    let last = state.last_mail_at?;
    (cx.now.since_ms(last) < cx.config.cooldown.as_ms()).then(|| {
        format!(
            "cool-down: the last mail is less than {} ago",
            cx.config.cooldown
        )
    })
}

/// Nobody answered the last mail for one cool-down.
fn end(cx: &Context<Config>, state: &mut State) -> Decision {
    match cx.waiting_email() {
        Some(touch) if state.waits < WAITS_MAX => {
            state.waits += 1;
            Decision::because(format!("the last mail is still {}", touch.status))
                .timer(DONE, one_cooldown(cx))
        }
        Some(touch) => {
            Decision::because(format!("the last mail stayed {}", touch.status)).exit("stalled")
        }
        None => Decision::because("all mails are sent and nobody answered").exit("completed"),
    }
}

fn send_at(cx: &Context<Config>) -> When {
    match cx.config.delay.as_ms() {
        0 => When::Now,
        _ => When::After(cx.config.delay),
    }
}

/// At least a day, so that a cool-down of none does not end the enrollment under the last mail.
fn one_cooldown(cx: &Context<Config>) -> When {
    let wait_ms = cx.config.cooldown.as_ms() + cx.config.delay.as_ms();
    When::After(Span::from_ms(wait_ms).max(Span::days(1)))
}

fn three_days() -> Span {
    Span::days(3)
}

fn two_days() -> Span {
    Span::days(2)
}

fn three() -> u32 {
    3
}

#[cfg(test)]
mod tests;
