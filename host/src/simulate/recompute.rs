//! Decisions taken again by the version that took them: the same bytes must come out.

use std::sync::Arc;

use crate::calendar::Calendar;
use crate::domain::decision::DecideInput;
use crate::sandbox::{Plugin, Sandbox};
use crate::store::audit::LedgerRow;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recomputed {
    Same,
    /// What came out instead, or why nothing did.
    Different(String),
}

/// Puts the row's input to the plugin, which is the one that decided it.
pub async fn recompute(
    sandbox: &Sandbox,
    plugin: &Plugin,
    calendar: &Arc<Calendar>,
    row: &LedgerRow,
) -> Recomputed {
    let input: DecideInput = match serde_json::from_str(&row.input) {
        Ok(input) => input,
        Err(e) => return Recomputed::Different(format!("its input cannot be read: {e}")),
    };
    match sandbox.decide(plugin, input, calendar).await {
        Ok(again) => {
            let bytes = serde_json::to_string(&again.decision).expect("a decision is JSON");
            if bytes == row.output {
                Recomputed::Same
            } else {
                Recomputed::Different(format!("was {}\nis now {bytes}", row.output))
            }
        }
        Err(fault) => Recomputed::Different(format!("it fails now: {fault}")),
    }
}
