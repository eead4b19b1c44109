//! Between the generated types and the SDK's own, for contract 0.1: the only place that knows both.

use serde_json::Value as Json;

use crate::bindings::exports::followup::plugin::policy_decide as wire;
use crate::bindings::followup::plugin::types;
use crate::policy::{Answer, Call};
use crate::{
    Account, Action, Attributes, Contact, Context, Email, Enrollment, Event, Instant, PluginError,
    Task, Timer, Touch, Value, When,
};

pub(crate) fn call_in(input: wire::DecideInput) -> Result<Call, PluginError> {
    let event = event_in(input.event)?;
    let history = input
        .history
        .into_iter()
        .map(event_in)
        .collect::<Result<_, _>>()?;
    Ok(Call {
        context: Context {
            now: Instant(input.now),
            seed: input.seed,
            contact: Contact {
                id: input.contact.id,
                email: input.contact.email,
                time_zone: input.contact.time_zone,
                locale: input.contact.locale,
                attributes: attributes_in(input.contact.attributes),
            },
            account: input.account.map(|account| Account {
                id: account.id,
                name: account.name,
                attributes: attributes_in(account.attributes),
            }),
            enrollment: enrollment_in(input.enrollment)?,
            touches: input.touches.into_iter().map(touch_in).collect(),
            history,
            config: input.config,
            extra: attributes_in(input.extra),
        },
        state: input.state,
        event,
    })
}

pub(crate) fn answer_out(answer: Answer) -> wire::Decision {
    wire::Decision {
        actions: answer
            .decision
            .actions
            .into_iter()
            .map(action_out)
            .collect(),
        state: answer.state,
        reason: answer.decision.reason,
        extra: Vec::new(),
    }
}

pub(crate) fn error_out(error: PluginError) -> types::PluginError {
    match error {
        PluginError::InvalidConfig(fields) => types::PluginError::InvalidConfig(
            fields
                .into_iter()
                .map(|field| types::FieldError {
                    path: field.path,
                    message: field.message,
                })
                .collect(),
        ),
        PluginError::InvalidState(message) => types::PluginError::InvalidState(message),
        PluginError::UnsupportedEvent(message) => types::PluginError::UnsupportedEvent(message),
        PluginError::Transient {
            message,
            not_before,
        } => types::PluginError::Transient(types::Retry {
            message,
            not_before: not_before.map(|at| at.0),
        }),
        PluginError::Permanent(message) => types::PluginError::Permanent(message),
    }
}

pub(crate) fn attributes_out(attributes: Attributes) -> Vec<types::Attribute> {
    let value = |value| match value {
        Value::Text(text) => types::Value::Text(text),
        Value::Number(number) => types::Value::Number(number),
        Value::Boolean(flag) => types::Value::Boolean(flag),
        Value::At(at) => types::Value::At(at.0),
        Value::Json(json) => types::Value::Json(json.to_string()),
    };
    attributes
        .into_iter()
        .map(|(name, v)| types::Attribute {
            name,
            value: value(v),
        })
        .collect()
}

pub(crate) fn attributes_in(attributes: Vec<types::Attribute>) -> Attributes {
    let value = |value| match value {
        types::Value::Text(text) => Value::Text(text),
        types::Value::Number(number) => Value::Number(number),
        types::Value::Boolean(flag) => Value::Boolean(flag),
        types::Value::At(at) => Value::At(Instant(at)),
        // The host writes valid JSON; anything else is text.
        types::Value::Json(text) => match serde_json::from_str(&text) {
            Ok(json) => Value::Json(json),
            Err(_) => Value::Text(text),
        },
    };
    attributes
        .into_iter()
        .map(|a| (a.name, value(a.value)))
        .collect()
}

fn event_in(event: types::Event) -> Result<Event, PluginError> {
    let data = serde_json::from_str(&event.data)
        .map_err(|e| format!("data of event {} is no JSON object: {e}", event.id))?;
    Ok(Event {
        id: event.id,
        kind: event.kind,
        occurred_at: Instant(event.occurred_at),
        data,
        extra: attributes_in(event.extra),
    })
}

fn enrollment_in(enrollment: wire::Enrollment) -> Result<Enrollment, PluginError> {
    let timer = |timer: wire::Timer| {
        let data = serde_json::from_str(&timer.data)
            .map_err(|e| format!("data of timer {:?} is no JSON: {e}", timer.name))?;
        Ok::<_, PluginError>(Timer {
            name: timer.name,
            at: Instant(timer.at),
            data,
        })
    };
    Ok(Enrollment {
        id: enrollment.id,
        sequence: enrollment.sequence,
        enrolled_at: Instant(enrollment.enrolled_at),
        decisions: enrollment.decisions,
        timers: enrollment
            .timers
            .into_iter()
            .map(timer)
            .collect::<Result<_, _>>()?,
        extra: attributes_in(enrollment.extra),
    })
}

fn touch_in(touch: wire::Touch) -> Touch {
    Touch {
        id: touch.id,
        kind: touch.kind,
        at: Instant(touch.at),
        subject: touch.subject,
        template: touch.template,
        sequence: touch.sequence,
        status: touch.status,
        extra: attributes_in(touch.extra),
    }
}

fn action_out(action: Action) -> wire::Action {
    let text = |json: Json| json.to_string();
    match action {
        Action::SendEmail(Email {
            template,
            variables,
            when,
            reply_to,
        }) => wire::Action::SendEmail(wire::SendEmail {
            template,
            variables: attributes_out(variables),
            when: when_out(when),
            reply_to,
            extra: Vec::new(),
        }),
        Action::SetTimer { name, when, data } => wire::Action::SetTimer(wire::SetTimer {
            name,
            when: when_out(when),
            data: text(data),
        }),
        Action::CancelTimer { name } => wire::Action::CancelTimer(name),
        Action::CreateTask(Task { title, body, due }) => {
            wire::Action::CreateTask(wire::CreateTask {
                title,
                body,
                due: when_out(due),
                extra: Vec::new(),
            })
        }
        Action::AddNote { text } => wire::Action::AddNote(text),
        Action::SetProperties(fields) => wire::Action::SetProperties(attributes_out(fields)),
        Action::EmitEvent { kind, data } => wire::Action::EmitEvent(wire::EmitEvent {
            kind,
            data: text(data),
        }),
        Action::Exit { outcome } => wire::Action::Exit(wire::Exit { outcome }),
        Action::Custom { kind, data } => wire::Action::Custom(wire::CustomAction {
            kind,
            data: text(data),
        }),
    }
}

fn when_out(when: When) -> wire::When {
    match when {
        When::Now => wire::When::Now,
        When::At(at) => wire::When::At(at.0),
        When::After(span) => wire::When::After(span.as_ms().unsigned_abs()),
        When::AfterBusinessDays { days, at } => wire::When::AfterBusinessDays(wire::BusinessDays {
            days,
            at: at.map(|time| wire::TimeOfDay {
                hour: time.hour,
                minute: time.minute,
            }),
        }),
    }
}
