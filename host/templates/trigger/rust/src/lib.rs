//! {{name}}: turns the webhooks of a form tool into events.

use followup_guest::{
    Instant, Received, Request, TriggerContext, TriggerError, TriggerEvent, Webhook, kind,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub struct {{Type}};

followup_guest::export_trigger!({{Type}}, webhook);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Only this form is listened to.
    form: String,
}

/// The body of a webhook, as the form tool's manual gives it.
#[derive(Deserialize)]
struct Submission {
    id: String,
    form: String,
    email: String,
    first_name: Option<String>,
    submitted_at: Option<String>,
}

impl Webhook for {{Type}} {
    type Config = Config;

    fn receive(
        cx: &TriggerContext<Config>,
        request: &Request,
    ) -> Result<Received, TriggerError> {
        let told: Submission = request.json()?;
        if told.form != cx.config.form {
            return Ok(Received::nothing());
        }
        // A webhook sent twice is one event: the key is made of what it tells, never of the clock.
        let mut event = TriggerEvent::new(told.id, kind::FORM_SUBMITTED)
            .email(told.email)
            .at(told.submitted_at.as_deref().and_then(Instant::parse_rfc3339))
            .data("form", told.form);
        if let Some(name) = told.first_name {
            event = event.field("first_name", name);
        }
        Ok(Received::event(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use followup_guest::{ContactRef, json, testing::TriggerScenario};

    #[test]
    fn a_submission_is_an_event() {
        let mut s = TriggerScenario::<{{Type}}>::new(json!({"form": "demo"}));
        let body = json!({"id": "s_1", "form": "demo", "email": "ada@example.com"});
        let received = s.receive(Request::post(body)).expect("a submission");
        let contact = ContactRef::Email("ada@example.com".to_owned());
        assert_eq!(received.events[0].contact, Some(contact));
    }

    #[test]
    fn other_forms_are_nothing() {
        let mut s = TriggerScenario::<{{Type}}>::new(json!({"form": "demo"}));
        let body = json!({"id": "s_1", "form": "jobs", "email": "ada@example.com"});
        assert_eq!(s.receive(Request::post(body)), Ok(Received::nothing()));
    }

    #[test]
    fn the_manifest_has_the_schema_of_the_type() {
        followup_guest::schema::check::<Config>("plugin.toml");
    }
}
