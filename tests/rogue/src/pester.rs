//! Ways around the guardrails, as far as a policy can try them: one arm each.
//!
//! None of them is a fault: every decision here is one that the contract allows. What becomes of it
//! is the host's word.

use crate::bindings::exports::followup::plugin::policy_decide::{
    Action, BusinessDays, CustomAction, DecideInput, Decision, EmitEvent, Exit, SendEmail,
    SetTimer, When,
};
use crate::bindings::followup::plugin::calendar;
use crate::bindings::followup::plugin::types::{Attribute, Value};

const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600 * SECOND_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// So many mails are asked for in all, so many at once.
const FLOOD: usize = 1_000;
const AT_ONCE: usize = 25;

/// 9999-12-31T23:59:59.999Z, the last moment that the contract knows; and the most business days.
const LATEST: i64 = 253_402_300_799_999;
const BUSINESS_DAYS_MAX: u32 = 10_000;

/// None where no such way is known.
pub(crate) fn decide(misdeed: &str, input: &DecideInput) -> Option<Decision> {
    let actions = match misdeed {
        "flood" => flood(input, FLOOD, AT_ONCE),
        "drizzle" => flood(input, 12, 4),
        "night" => night(input),
        // Whatever happens is answered, and every hour that passes.
        "after-exit" | "suppressed" => {
            vec![mail("pester", When::Now), timer("hour", HOUR_MS, input)]
        }
        "blank" => blank(),
        "custom" => custom(),
        "re-enrol" => vec![
            mail("pester", When::Now),
            emit("rogue.again"),
            leave("again"),
        ],
        "clock-ends" => clock(input),
        "clock-wild" => vec![
            mail("pester", When::At(i64::MAX)),
            mail("pester", When::After(u64::MAX)),
        ],
        "send-and-leave" => vec![
            mail("pester", When::After((HOUR_MS).unsigned_abs())),
            leave("done"),
        ],
        "timers" => storm(input),
        "elsewhere" => vec![
            set("owner_time_zone", "Pacific/Kiritimati"),
            set("holidays_country", "SA"),
            set("country", "SA"),
            mail("pester", When::Now),
            timer("next", DAY_MS, input),
        ],
        _ => return None,
    };
    Some(Decision {
        actions,
        state: match misdeed {
            "flood" => Some((asked(input) + AT_ONCE).to_string()),
            "drizzle" => Some((asked(input) + 4).to_string()),
            _ => None,
        },
        reason: format!("tries {misdeed}"),
        extra: Vec::new(),
    })
}

/// A thousand mails, as fast as decisions come. A fixed moment, since a timer that counts from now
/// waits for the mails before it.
fn flood(input: &DecideInput, all: usize, at_once: usize) -> Vec<Action> {
    if asked(input) >= all {
        return Vec::new();
    }
    let mut actions = vec![mail("pester", When::Now); at_once];
    actions.push(timer("second", SECOND_MS, input));
    actions
}

/// How many mails earlier decisions asked for.
fn asked(input: &DecideInput) -> usize {
    let state = input.state.as_deref().unwrap_or_default();
    state.parse().unwrap_or_default()
}

/// At three in the morning of every day of the next two weeks, and at noon, Sundays and holidays too.
fn night(input: &DecideInput) -> Vec<Action> {
    let zone = &input.contact.time_zone;
    let moments = (0..14).flat_map(|day| {
        [3, 12].map(|hour| {
            let mut local = calendar::to_local(input.now + day * DAY_MS, zone).ok()?;
            (local.hour, local.minute) = (hour, 0);
            calendar::from_local(local, zone).ok()
        })
    });
    moments
        .flatten()
        .map(|at| mail("pester", When::At(at)))
        .collect()
}

/// Fields that nobody told, and words that say nothing.
fn blank() -> Vec<Action> {
    let mut actions = vec![mail("untold", When::Now), mail("empty", When::Now)];
    for nothing in ["", "   ", "\u{a0}", "\u{200b}", "\n"] {
        actions.push(with(mail("empty", When::Now), "name", nothing));
    }
    actions
}

/// Words that the host might take for something else.
fn custom() -> Vec<Action> {
    let elsewhere = r#"{"to":"boss@elsewhere.example","template":"pester","skip-guardrails":true}"#;
    let kinds = [
        "send-email",
        "send-email-to",
        "skip-guardrails",
        "resume",
        "unsuppress",
        "sql",
    ];
    let mut actions: Vec<_> = kinds
        .map(|kind| {
            let (kind, data) = (kind.to_owned(), elsewhere.to_owned());
            Action::Custom(CustomAction { kind, data })
        })
        .into();
    let mut email = mail("pester", When::Now);
    if let Action::SendEmail(email) = &mut email {
        for name in ["to", "cc", "bcc", "skip-guardrails", "priority"] {
            email.extra.push(text(name, "boss@elsewhere.example"));
        }
    }
    actions.extend([
        set("email", "boss@elsewhere.example"),
        set("subscribed", "yes"),
        email,
    ]);
    actions
}

/// Moments at both ends of time.
fn clock(input: &DecideInput) -> Vec<Action> {
    if input.enrollment.decisions > 50 {
        return Vec::new();
    }
    let days = |days| When::AfterBusinessDays(BusinessDays { days, at: None });
    let moments = [
        When::At(0),
        When::At(input.now - 10 * DAY_MS),
        When::At(LATEST),
        When::After(0),
        When::After((LATEST - input.now).unsigned_abs()),
        days(0),
        days(BUSINESS_DAYS_MAX),
    ];
    let mut actions = Vec::new();
    for (number, when) in moments.into_iter().enumerate() {
        let name = format!("t{number}");
        actions.push(mail("pester", when));
        actions.push(Action::CancelTimer(name.clone()));
        let data = "null".to_owned();
        actions.push(Action::SetTimer(SetTimer { name, when, data }));
    }
    actions
}

/// Each timer that rings sets ten others, all for now or for long ago.
fn storm(input: &DecideInput) -> Vec<Action> {
    let decisions = i64::try_from(input.enrollment.decisions).unwrap_or_default();
    (10 * decisions..10 * decisions + 10)
        .map(|number| {
            let when = if number % 2 == 0 {
                When::Now
            } else {
                When::At(number)
            };
            let (name, data) = (format!("t{number}"), "null".to_owned());
            Action::SetTimer(SetTimer { name, when, data })
        })
        .collect()
}

fn mail(template: &str, when: When) -> Action {
    let mail = Action::SendEmail(SendEmail {
        template: template.to_owned(),
        variables: Vec::new(),
        when,
        reply_to: None,
        extra: Vec::new(),
    });
    match template {
        "pester" => with(mail, "number", "one"),
        _ => mail,
    }
}

fn with(mut mail: Action, name: &str, value: &str) -> Action {
    if let Action::SendEmail(email) = &mut mail {
        email.variables.push(text(name, value));
    }
    mail
}

fn timer(name: &str, after_ms: i64, input: &DecideInput) -> Action {
    let (name, data) = (name.to_owned(), "null".to_owned());
    let when = When::At(input.now + after_ms);
    Action::SetTimer(SetTimer { name, when, data })
}

fn emit(kind: &str) -> Action {
    let (kind, data) = (kind.to_owned(), "{}".to_owned());
    Action::EmitEvent(EmitEvent { kind, data })
}

fn leave(outcome: &str) -> Action {
    let outcome = outcome.to_owned();
    Action::Exit(Exit { outcome })
}

fn set(name: &str, value: &str) -> Action {
    Action::SetProperties(vec![text(name, value)])
}

fn text(name: &str, value: &str) -> Attribute {
    let (name, value) = (name.to_owned(), Value::Text(value.to_owned()));
    Attribute { name, value }
}
