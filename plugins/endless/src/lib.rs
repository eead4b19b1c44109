//! Endless: never comes to an end. The demo installs it to show what that costs: its own calls.

use std::hint::black_box;

use followup_guest::{Context, Decision, Event, Policy, PolicyError};
use serde::Deserialize;

pub struct Endless;

followup_guest::export!(Endless);

#[derive(Debug, Deserialize)]
pub struct Config {}

impl Policy for Endless {
    type Config = Config;
    type State = ();

    fn decide(cx: &Context<Config>, (): &mut (), _: &Event) -> Result<Decision, PolicyError> {
        let mut thoughts = cx.seed;
        while black_box(thoughts) != u64::MAX {
            thoughts = thoughts.rotate_left(1);
        }
        Ok(Decision::because("never reached but by chance"))
    }
}
