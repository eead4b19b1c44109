//! Notes a step a day, and says which version noted it.
//!
//! Tests make other versions of the component by writing other bytes of the same length over two
//! places: the manifest's version, and `MARK`. Behaviour 3 panics.

use followup_guest::{
    Context, Decision, Email, Event, Migrate, Policy, PolicyError, When, export, serde_json,
};
use serde::{Deserialize, Serialize};

export!(Pacer, migrate);

/// Patched by tests; see `tests/src/versions.rs`.
#[used]
static MARK: [u8; 17] = *b"pacer-behaviour:1";

pub struct Pacer;

#[derive(Deserialize)]
pub struct Config {
    #[serde(default)]
    mails: bool,
}

#[derive(Default, Serialize, Deserialize)]
pub struct State {
    step: u32,
    /// The version that the state was migrated from.
    #[serde(default)]
    from: Option<String>,
}

fn behaviour() -> char {
    // Read as it stands in the component, not as the compiler knows it.
    let mark = std::hint::black_box(&MARK);
    char::from(mark[mark.len() - 1])
}

impl Policy for Pacer {
    type Config = Config;
    type State = State;

    fn decide(
        cx: &Context<Config>,
        state: &mut State,
        _event: &Event,
    ) -> Result<Decision, PolicyError> {
        let behaviour = behaviour();
        assert_ne!(behaviour, '3', "behaviour 3 is broken");
        state.step += 1;
        let from = state.from.as_deref().unwrap_or("nobody");
        let step = state.step;
        let decision = Decision::because(format!("step {step}"))
            .note(format!("step {step} by {behaviour}, from {from}"))
            .timer("next", When::after_days(1));
        Ok(if cx.config.mails {
            decision.send(Email::template("step").var("step", f64::from(step)))
        } else {
            decision
        })
    }
}

impl Migrate for Pacer {
    fn migrate(
        old: serde_json::Value,
        from_version: &str,
        _config: &Config,
    ) -> Result<State, PolicyError> {
        let mut state: State =
            serde_json::from_value(old).map_err(|e| PolicyError::InvalidState(e.to_string()))?;
        state.from = Some(from_version.to_owned());
        Ok(state)
    }
}
