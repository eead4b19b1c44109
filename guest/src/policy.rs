//! The one trait of an author, and how its call is made of JSON texts.
//!
//! In go the host's input with configuration and state as JSON text; out comes the decision and,
//! only where it changed, the next state. Wrong JSON ends the call with the place of the mistake.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Context, Decision, Event, PolicyError, pointer};

/// The host's limit. A reason often quotes what somebody wrote, so it is shortened and not refused.
const REASON_MAX_BYTES: usize = 1_000;

/// Decides what follows an event. Called with the event that enrolled the contact, with every
/// later event of a kind that `plugin.toml` lists, and with each timer that comes due.
///
/// The same input must give the same decision: a decision is explained, and recomputed, from its
/// recorded input.
pub trait Policy {
    /// The sequence's configuration, valid against the schema in `plugin.toml`.
    type Config: DeserializeOwned;
    /// What the policy remembers of one enrollment. Give its fields `#[serde(default)]`: the next
    /// version of the plugin reads what this one wrote.
    type State: Default + Serialize + DeserializeOwned;

    /// Changes to `state` are kept only where this returns `Ok`.
    fn decide(
        cx: &Context<Self::Config>,
        state: &mut Self::State,
        event: &Event,
    ) -> Result<Decision, PolicyError>;
}

/// A policy that carries the state of running enrollments over from its earlier versions.
///
/// Only needed where `#[serde(default)]` on the fields of the state does not do: where the old state
/// means something else in the new version's words.
///
/// ```
/// # use followup_guest::{Context, Decision, Event, Policy};
/// # use serde::{Deserialize, Serialize};
/// use followup_guest::{Migrate, PolicyError, serde_json};
///
/// # struct Mine;
/// #[derive(Default, Serialize, Deserialize)]
/// struct State {
///     /// 0.1 counted in `mails`.
///     touches: u64,
/// }
/// # impl Policy for Mine {
/// #     type Config = serde_json::Value;
/// #     type State = State;
/// #     fn decide(_: &Context<Self::Config>, _: &mut State, _: &Event) -> Result<Decision, PolicyError> {
/// #         Ok(Decision::because("nothing to do"))
/// #     }
/// # }
///
/// impl Migrate for Mine {
///     fn migrate(old: serde_json::Value, from_version: &str, _config: &Self::Config) -> Result<State, PolicyError> {
///         match old["mails"].as_u64() {
///             Some(touches) => Ok(State { touches }),
///             None => Err(format!("version {from_version} wrote no count"))?,
///         }
///     }
/// }
/// // followup_guest::export!(Mine, migrate);
/// # fn main() {}
/// ```
pub trait Migrate: Policy {
    /// Called once for each enrollment, before its next decision. An error leaves the enrollment
    /// parked with its old state kept.
    fn migrate(
        old: serde_json::Value,
        from_version: &str,
        config: &Self::Config,
    ) -> Result<Self::State, PolicyError>;
}

/// One call as it arrives: what the context holds, beside an event, with JSON still as text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub context: Context<String>,
    pub state: Option<String>,
    pub event: Event,
}

/// One call's answer; no state leaves the stored one as it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub decision: Decision,
    pub state: Option<String>,
}

pub(crate) fn run<P: Policy>(call: Call) -> Result<Answer, PolicyError> {
    let cx = call.context.try_map_config(|text| {
        parse(&text).map_err(|(path, message)| PolicyError::config(path, message))
    })?;
    let mut state = match &call.state {
        Some(text) => parse(text).map_err(|(path, message)| {
            PolicyError::InvalidState(format!("{message}, at {path:?} of the stored state"))
        })?,
        None => P::State::default(),
    };
    let before = write(&state)?;
    let mut decision = P::decide(&cx, &mut state, &call.event)?;
    clip(&mut decision.reason, REASON_MAX_BYTES);
    let after = write(&state)?;
    Ok(Answer {
        decision,
        state: (after != before).then_some(after),
    })
}

pub(crate) fn migrate<P: Migrate>(
    state: &str,
    from_version: &str,
    config: &str,
) -> Result<String, PolicyError> {
    let config = parse(config).map_err(|(path, message)| PolicyError::config(path, message))?;
    let old = parse(state).map_err(|(_, message)| {
        PolicyError::InvalidState(format!("{message}, in the old state"))
    })?;
    write(&P::migrate(old, from_version, &config)?)
}

/// Shortens a text to whole characters; what was cut is marked.
fn clip(text: &mut String, max_bytes: usize) {
    const MARK: &str = "…";
    if text.len() > max_bytes {
        text.truncate(text.floor_char_boundary(max_bytes - MARK.len()));
        text.push_str(MARK);
    }
}

pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, (String, String)> {
    serde_json::from_str(text).map_err(|error| {
        let path = pointer::locate(text, error.line(), error.column());
        (path, error.to_string())
    })
}

pub(crate) fn write<T: Serialize>(value: &T) -> Result<String, PolicyError> {
    serde_json::to_string(value).map_err(|e| {
        PolicyError::Permanent(format!(
            "the state or cursor cannot be written as JSON: {e}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::testing::call;

    struct Counter;

    #[derive(Deserialize)]
    struct Config {
        steps: Vec<Step>,
    }

    #[derive(Deserialize)]
    struct Step {
        by: u32,
    }

    #[derive(Default, Serialize, Deserialize)]
    #[serde(default)]
    struct State {
        count: u32,
    }

    impl Policy for Counter {
        type Config = Config;
        type State = State;

        fn decide(
            cx: &Context<Config>,
            state: &mut State,
            _event: &Event,
        ) -> Result<Decision, PolicyError> {
            state.count += cx.config.steps.iter().map(|s| s.by).sum::<u32>();
            Ok(Decision::because("counted"))
        }
    }

    fn check(config: &str, state: Option<&str>, expect: Result<Option<&str>, PolicyError>) {
        let got = run::<Counter>(call(config, state)).map(|answer| answer.state);
        assert_eq!(
            got,
            expect.map(|s| s.map(str::to_owned)),
            "{config} {state:?}"
        );
    }

    #[test]
    fn state_is_written_where_it_changed() {
        let by_two = r#"{"steps":[{"by":2}]}"#;
        check(by_two, None, Ok(Some(r#"{"count":2}"#)));
        check(by_two, Some(r#"{"count":2}"#), Ok(Some(r#"{"count":4}"#)));
        check(r#"{"steps":[]}"#, Some(r#"{"count":2}"#), Ok(None));
        check(r#"{"steps":[]}"#, None, Ok(None));
    }

    #[test]
    fn long_texts_are_clipped_between_characters() {
        let check = |text: &str, max_bytes: usize, expect: &str| {
            let mut clipped = text.to_owned();
            clip(&mut clipped, max_bytes);
            assert_eq!(clipped, expect);
        };
        check("because", 7, "because");
        check("because I can", 7, "beca…");
        check("ééééé", 9, "ééé…");
    }

    #[test]
    fn mistakes_name_their_place() {
        let message = "invalid type: string \"two\", expected u32 at line 1 column 29";
        check(
            r#"{"steps":[{"by":1},{"by":"two"}]}"#,
            None,
            Err(PolicyError::config(
                "/steps/1/by",
                message.replace("29", "30"),
            )),
        );
        check(
            r#"{"steps":[]}"#,
            Some(r#"{"count":-1}"#),
            Err(PolicyError::InvalidState(
                "invalid value: integer `-1`, expected u32 at line 1 column 11, at \"/count\" of the stored state".into(),
            )),
        );
    }
}
