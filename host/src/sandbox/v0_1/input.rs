//! What a policy is given, from the host's types to the contract's. The ledger keeps the former.

use serde_json::Value;

use crate::domain::decision::{
    AccountView, ContactView, DecideInput, EnrollmentView, Timer, Touch,
};
use crate::domain::{Event, JsonMap};

use super::bindings::exports::followup::plugin::policy_decide as wit;
use super::bindings::followup::plugin::types;

/// Whole numbers up to here are the same as a 64-bit float; a longer id must not lose its last digits.
const EXACT_MAX: u64 = 1 << 53;

pub(super) fn input(input: &DecideInput) -> wit::DecideInput {
    wit::DecideInput {
        now: input.now.0,
        seed: input.seed,
        event: event(&input.event),
        contact: contact(&input.contact),
        account: input.account.as_ref().map(account),
        enrollment: enrollment(&input.enrollment),
        touches: input.touches.iter().map(touch).collect(),
        history: input.history.iter().map(event).collect(),
        state: input.state.clone(),
        config: input.config.clone(),
        extra: Vec::new(),
    }
}

fn event(event: &Event) -> types::Event {
    types::Event {
        id: event.id.clone(),
        kind: event.kind.clone(),
        occurred_at: event.occurred_at.0,
        data: serde_json::to_string(&event.data).expect("a JSON object is JSON"),
        extra: Vec::new(),
    }
}

fn contact(contact: &ContactView) -> types::Contact {
    types::Contact {
        id: contact.id.clone(),
        email: contact.email.clone(),
        time_zone: contact.time_zone.clone(),
        locale: contact.locale.clone(),
        attributes: attributes(&contact.attributes),
    }
}

fn account(account: &AccountView) -> types::Account {
    types::Account {
        id: account.id.clone(),
        name: account.name.clone(),
        attributes: attributes(&account.attributes),
    }
}

fn enrollment(enrollment: &EnrollmentView) -> wit::Enrollment {
    wit::Enrollment {
        id: enrollment.id.clone(),
        sequence: enrollment.sequence.clone(),
        enrolled_at: enrollment.enrolled_at.0,
        decisions: enrollment.decisions,
        timers: enrollment.timers.iter().map(timer).collect(),
        extra: Vec::new(),
    }
}

fn timer(timer: &Timer) -> wit::Timer {
    wit::Timer {
        name: timer.name.clone(),
        at: timer.at.0,
        data: timer.data.to_string(),
    }
}

fn touch(touch: &Touch) -> wit::Touch {
    wit::Touch {
        id: touch.id.clone(),
        kind: touch.kind.clone(),
        at: touch.at.0,
        subject: touch.subject.clone(),
        template: touch.template.clone(),
        sequence: touch.sequence.clone(),
        status: touch.status.clone(),
        extra: Vec::new(),
    }
}

/// Sorted by name, as `contact.attributes` promises.
fn attributes(fields: &JsonMap) -> Vec<types::Attribute> {
    let mut attributes: Vec<_> = fields
        .iter()
        .map(|(name, field)| types::Attribute {
            name: name.clone(),
            value: value(field),
        })
        .collect();
    attributes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    attributes
}

pub(super) fn value(value: &Value) -> types::Value {
    match value {
        Value::String(text) => types::Value::Text(text.clone()),
        Value::Bool(yes) => types::Value::Boolean(*yes),
        Value::Number(number) => {
            let whole = number.as_i64().map(i64::unsigned_abs).or(number.as_u64());
            match number.as_f64() {
                Some(float) if whole.is_none_or(|whole| whole <= EXACT_MAX) => {
                    types::Value::Number(float)
                }
                _ => types::Value::Json(number.to_string()),
            }
        }
        other => types::Value::Json(other.to_string()),
    }
}
