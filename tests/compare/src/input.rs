//! What is asked, in the host's types and in the contract's.

use followup::domain::decision::{ContactView, DecideInput, EnrollmentView};
use followup::domain::{Event, Instant, JsonMap};
use serde_json::{Value, json};

use crate::engines::bindings::exports::followup::plugin::policy_decide as wit;
use crate::engines::bindings::followup::plugin::types;

/// What a contact brings that enrols: 30 fields of the CRM and 20 past events (as in `host/benches`).
pub fn input() -> DecideInput {
    let now = Instant(1_775_030_400_000);
    let event = |n: i64, kind: &str| Event {
        id: format!("evt_{n}"),
        kind: kind.to_owned(),
        occurred_at: now.plus_ms(-1_000 * n),
        data: JsonMap::from_iter([(
            "url".to_owned(),
            json!(format!("https://acme.example/pricing?visit={n}")),
        )]),
    };
    let field = |n| {
        (
            format!("crm_field_{n:02}"),
            json!(format!("what field {n} holds")),
        )
    };
    DecideInput {
        now,
        seed: 7,
        event: event(0, "enrolled"),
        contact: ContactView {
            id: "con_1".to_owned(),
            email: Some("ada@example.com".to_owned()),
            time_zone: "Europe/Berlin".to_owned(),
            locale: None,
            attributes: (1..=30).map(field).collect(),
        },
        account: None,
        enrollment: EnrollmentView {
            id: "enr_1".to_owned(),
            sequence: "welcome".to_owned(),
            enrolled_at: now,
            decisions: 0,
            timers: Vec::new(),
        },
        touches: Vec::new(),
        history: (1..=20).map(|n| event(n, "page-visited")).collect(),
        state: None,
        config: "{}".to_owned(),
    }
}

/// The same in the contract's types. What `input` leaves empty stays empty.
pub fn contracted(input: DecideInput) -> wit::DecideInput {
    let event = |it: Event| types::Event {
        id: it.id,
        kind: it.kind,
        occurred_at: it.occurred_at.0,
        data: Value::Object(it.data).to_string(),
        extra: Vec::new(),
    };
    let text = |value: Value| types::Value::Text(value.as_str().unwrap_or_default().to_owned());
    let attribute = |(name, value)| types::Attribute {
        name,
        value: text(value),
    };
    wit::DecideInput {
        now: input.now.0,
        seed: input.seed,
        event: event(input.event),
        contact: types::Contact {
            id: input.contact.id,
            email: input.contact.email,
            time_zone: input.contact.time_zone,
            locale: input.contact.locale,
            attributes: input
                .contact
                .attributes
                .into_iter()
                .map(attribute)
                .collect(),
        },
        account: None,
        enrollment: wit::Enrollment {
            id: input.enrollment.id,
            sequence: input.enrollment.sequence,
            enrolled_at: input.enrollment.enrolled_at.0,
            decisions: input.enrollment.decisions,
            timers: Vec::new(),
            extra: Vec::new(),
        },
        touches: Vec::new(),
        history: input.history.into_iter().map(event).collect(),
        state: input.state,
        config: input.config,
        extra: Vec::new(),
    }
}
