//! What a policy answers, from the contract's types to the host's. JSON text must parse and numbers
//! must be numbers; every other rule is in `check.rs`.

use serde_json::{Number, Value};

use crate::domain::decision::{Action, CreateTask, Decision, SendEmail, SetTimer, TimeOfDay, When};
use crate::domain::fault::Remedy;
use crate::domain::{Instant, JsonMap};
use crate::sandbox::fault::BadOutput;

use super::Refusal;
use super::bindings::exports::followup::plugin::policy_decide as wit;
use super::bindings::followup::plugin::types;

/// Wrong fields of a configuration that one message names.
const FIELD_ERRORS_MAX: usize = 5;

/// Beyond, a float no longer tells one whole number from the next.
const EXACT_MAX: f64 = (1_u64 << 53) as f64;

pub(super) fn decision(decision: wit::Decision) -> Result<Decision, BadOutput> {
    let actions = decision.actions.into_iter().enumerate();
    let actions = actions.map(|(index, given)| {
        action(given).map_err(|why| BadOutput(format!("actions[{index}]: {why}")))
    });
    Ok(Decision {
        actions: actions.collect::<Result<_, _>>()?,
        state: decision.state,
        reason: decision.reason,
    })
}

fn action(action: wit::Action) -> Result<Action, String> {
    Ok(match action {
        wit::Action::SendEmail(email) => Action::SendEmail(SendEmail {
            template: email.template,
            variables: attributes(email.variables)?,
            when: when(email.when),
            reply_to: email.reply_to,
        }),
        wit::Action::SetTimer(timer) => Action::SetTimer(SetTimer {
            data: json("data", &timer.data)?,
            name: timer.name,
            when: when(timer.when),
        }),
        wit::Action::CancelTimer(name) => Action::CancelTimer { name },
        wit::Action::CreateTask(task) => Action::CreateTask(CreateTask {
            title: task.title,
            body: task.body,
            due: when(task.due),
        }),
        wit::Action::AddNote(text) => Action::AddNote { text },
        wit::Action::SetProperties(properties) => Action::SetProperties {
            properties: attributes(properties)?,
        },
        wit::Action::EmitEvent(event) => match json("data", &event.data)? {
            Value::Object(data) => Action::EmitEvent {
                kind: event.kind,
                data,
            },
            _ => return Err("the event's data is no JSON object".to_owned()),
        },
        wit::Action::Exit(exit) => Action::Exit {
            outcome: exit.outcome,
        },
        wit::Action::Custom(custom) => Action::Custom {
            data: json("data", &custom.data)?,
            kind: custom.kind,
        },
    })
}

fn when(when: wit::When) -> When {
    match when {
        wit::When::Now => When::Now,
        wit::When::At(at) => When::At(Instant(at)),
        wit::When::After(ms) => When::AfterMs(ms),
        wit::When::AfterBusinessDays(wit::BusinessDays { days, at }) => When::AfterBusinessDays {
            days,
            at: at.map(|wit::TimeOfDay { hour, minute }| TimeOfDay { hour, minute }),
        },
    }
}

/// One map; a name given twice is an error, since one of the two would be lost.
pub(super) fn attributes(attributes: Vec<types::Attribute>) -> Result<JsonMap, String> {
    let mut map = JsonMap::new();
    for attribute in attributes {
        let value = value(attribute.value).map_err(|why| format!("{:?} {why}", attribute.name))?;
        if map.contains_key(&attribute.name) {
            return Err(format!("{:?} is given twice", attribute.name));
        }
        map.insert(attribute.name, value);
    }
    Ok(map)
}

/// The fields of a log line: whatever they hold, the line is worth keeping.
pub(super) fn attributes_as_told(attributes: Vec<types::Attribute>) -> JsonMap {
    attributes
        .into_iter()
        .map(|attribute| {
            (
                attribute.name,
                value(attribute.value).unwrap_or_else(Value::String),
            )
        })
        .collect()
}

fn value(value: types::Value) -> Result<Value, String> {
    Ok(match value {
        types::Value::Text(text) => Value::String(text),
        types::Value::Boolean(yes) => Value::Bool(yes),
        types::Value::Number(number) => Value::Number(self::number(number)?),
        // As text, which is what templates and CRMs want of a time.
        types::Value::At(at) => Value::String(Instant(at).to_string()),
        types::Value::Json(text) => json("value", &text)?,
    })
}

/// A whole number is written as one: `3`, not `3.0`, in somebody's mail.
fn number(number: f64) -> Result<Number, String> {
    if number.fract() == 0.0 && number.abs() <= EXACT_MAX {
        return Ok(Number::from(number as i64));
    }
    Number::from_f64(number).ok_or_else(|| format!("is {number}: no number that JSON knows"))
}

pub(super) fn json(what: &str, text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| format!("{what} is no JSON: {e}"))
}

/// What the host does next is in the type of the error (`wit/types.wit`, `plugin-error`).
pub(super) fn refusal(error: types::PluginError) -> Refusal {
    let parked = |message| Refusal {
        message,
        remedy: Remedy::Park,
    };
    match error {
        types::PluginError::InvalidConfig(fields) => {
            let told: Vec<_> = fields
                .iter()
                .take(FIELD_ERRORS_MAX)
                .map(|field| format!("{}: {}", field.path, field.message))
                .collect();
            parked(format!("the configuration is wrong: {}", told.join("; ")))
        }
        types::PluginError::InvalidState(why) => parked(format!("cannot read its state: {why}")),
        types::PluginError::UnsupportedEvent(why) => {
            parked(format!("cannot handle the event: {why}"))
        }
        types::PluginError::Transient(retry) => Refusal {
            message: format!("passing trouble: {}", retry.message),
            remedy: retry
                .not_before
                .map_or(Remedy::Retry, |at| Remedy::RetryNotBefore(Instant(at))),
        },
        types::PluginError::Permanent(why) => parked(why),
        types::PluginError::Other(attribute) => parked(format!(
            "{}: {}",
            attribute.name,
            value(attribute.value).map_or_else(|why| why, |value| value.to_string())
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::input;
    use super::*;

    #[test]
    fn values_there_and_back() {
        let check = |given: Value| {
            let back = value(input::value(&given));
            assert_eq!(back, Ok(given));
        };
        check(json!("text"));
        check(json!(true));
        check(json!(null));
        check(json!(3));
        check(json!(-3.25));
        check(json!(["a", {"b": 1}]));
        // An id that a float would round.
        check(json!(9_007_199_254_740_993_u64));
        check(json!(-9_007_199_254_740_993_i64));
    }

    #[test]
    fn values_that_are_none() {
        let check = |given: types::Value, expect: &str| {
            let why = value(given).expect_err("no value");
            assert!(why.contains(expect), "{why}");
        };
        check(types::Value::Number(f64::NAN), "NaN");
        check(types::Value::Number(f64::INFINITY), "inf");
        check(types::Value::Json("{".to_owned()), "no JSON");
        check(types::Value::Json(String::new()), "no JSON");
        check(types::Value::Json("[".repeat(1_000)), "no JSON");
    }

    #[test]
    fn attributes_given_twice() {
        let attribute = |name: &str| types::Attribute {
            name: name.to_owned(),
            value: types::Value::Boolean(true),
        };
        assert!(attributes(vec![attribute("a"), attribute("b")]).is_ok());
        assert!(attributes(vec![attribute("a"), attribute("a")]).is_err());
    }

    #[test]
    fn refusals_say_what_comes_next() {
        let check = |error: types::PluginError, message: &str, remedy: Remedy| {
            let refusal = refusal(error);
            assert_eq!(
                (refusal.message.as_str(), refusal.remedy),
                (message, remedy)
            );
        };
        let retry = |not_before| {
            types::PluginError::Transient(types::Retry {
                message: "busy".to_owned(),
                not_before,
            })
        };
        check(retry(None), "passing trouble: busy", Remedy::Retry);
        check(
            retry(Some(5)),
            "passing trouble: busy",
            Remedy::RetryNotBefore(Instant(5)),
        );
        check(
            types::PluginError::Permanent("no".to_owned()),
            "no",
            Remedy::Park,
        );
        let field = types::FieldError {
            path: "/steps".to_owned(),
            message: "is empty".to_owned(),
        };
        check(
            types::PluginError::InvalidConfig(vec![field]),
            "the configuration is wrong: /steps: is empty",
            Remedy::Park,
        );
    }
}
