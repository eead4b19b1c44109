//! {{name}}: greets a new contact, and asks the rep to call if they download something.

use followup_guest::{
    Context, Decision, Email, Event, Policy, PolicyError, Task, When, kind,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub struct {{Type}};

followup_guest::export!({{Type}});

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The template of the greeting.
    #[schemars(extend("format" = "template"))]
    #[serde(default = "greeting")]
    greeting: String,
}

fn greeting() -> String {
    "greeting".to_owned()
}

/// What it remembers of one person's run. The next version reads what this one wrote: keep the
/// names, and `serde(default)`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    greeted: bool,
}

impl Policy for {{Type}} {
    type Config = Config;
    type State = State;

    fn decide(
        cx: &Context<Config>,
        state: &mut State,
        event: &Event,
    ) -> Result<Decision, PolicyError> {
        if !state.greeted {
            state.greeted = true;
            return Ok(Decision::because("greets a new contact")
                .send(Email::template(&cx.config.greeting))
                .timer("over", When::after_business_days(5)));
        }
        if event.is_timer("over") {
            return Ok(Decision::because("nothing happened for a week").exit("completed"));
        }
        if event.is(kind::RESOURCE_DOWNLOADED) {
            let what = event.text("resource").unwrap_or("something");
            return Ok(Decision::because(format!("downloaded {what}"))
                .task(Task::titled("Call {{ contact.first_name }}").body(what)));
        }
        Ok(Decision::because(format!("{} needs no answer", event.kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use followup_guest::{json, testing::Scenario};

    #[test]
    fn greets_once() {
        let mut s = Scenario::<{{Type}}>::new(json!({}));
        let first = s.event(kind::ENROLLED, json!({}));
        assert_eq!(first.emails().count(), 1);
        assert_eq!(s.fire("over").outcome(), Some("completed"));
    }

    #[test]
    fn a_download_is_a_task() {
        let mut s = Scenario::<{{Type}}>::new(json!({}));
        s.event(kind::ENROLLED, json!({}));
        let then = s.event(kind::RESOURCE_DOWNLOADED, json!({"resource": "Prices"}));
        assert_eq!(then.tasks().count(), 1);
    }

    #[test]
    fn the_manifest_has_the_schema_of_the_type() {
        followup_guest::schema::check::<Config>("plugin.toml");
    }
}
