//! How another version of a plugin would have decided.

use std::sync::Arc;

use serde::Serialize;

use crate::calendar::Calendar;
use crate::domain::decision::Action;
use crate::domain::fault::Fault;
use crate::sandbox::{Plugin, Sandbox};
use crate::store::ledger::Recorded;

/// Differences that are told in full; of the rest only the number.
const TOLD_MAX: usize = 50;

/// What came of deciding again.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Comparison {
    pub compared: usize,
    pub same: usize,
    pub different: usize,
    /// Calls that gave no decision at all.
    pub failed: usize,
    /// The first of them.
    pub differences: Vec<Difference>,
}

/// One decision that would have been another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    pub enrollment: String,
    pub sequence: String,
    pub contact: Option<String>,
    pub at: String,
    pub event: String,
    /// Actions, a line each.
    pub was: Vec<String>,
    pub now: Vec<String>,
    pub fault: Option<String>,
}

/// Puts each recorded input to the component. What is compared is what would be done: actions, in
/// their order; words of reasons and the shape of the state are the version's own. A state of another
/// version is migrated first, where the component can.
pub async fn compare(
    sandbox: &Sandbox,
    plugin: &Plugin,
    calendar: &Arc<Calendar>,
    recorded: Vec<Recorded>,
) -> Comparison {
    let mut comparison = Comparison::default();
    for row in recorded {
        comparison.compared += 1;
        let was = lines(&row.output.actions);
        let now = again(sandbox, plugin, calendar, &row).await;
        match &now {
            Ok(now) if *now == was => {
                comparison.same += 1;
                continue;
            }
            Ok(_) => comparison.different += 1,
            Err(_) => comparison.failed += 1,
        }
        if comparison.differences.len() < TOLD_MAX {
            comparison.differences.push(Difference {
                enrollment: row.input.enrollment.id.clone(),
                sequence: row.input.enrollment.sequence.clone(),
                contact: row.input.contact.email.clone(),
                at: row.input.now.to_string(),
                event: row.input.event.kind.clone(),
                was,
                fault: now.as_ref().err().map(ToString::to_string),
                now: now.unwrap_or_default(),
            });
        }
    }
    comparison
}

async fn again(
    sandbox: &Sandbox,
    plugin: &Plugin,
    calendar: &Arc<Calendar>,
    row: &Recorded,
) -> Result<Vec<String>, Fault> {
    let mut input = row.input.clone();
    if let Some(state) = input.state.take() {
        let migrates = plugin.can_migrate() && row.digest != plugin.digest();
        input.state = Some(if migrates {
            let (now, seed, config) = (input.now, input.seed, input.config.clone());
            sandbox
                .migrate(plugin, now, seed, state, &row.version, config, calendar)
                .await?
        } else {
            state
        });
    }
    let decided = sandbox.decide(plugin, input, calendar).await?;
    Ok(lines(&decided.decision.actions))
}

fn lines(actions: &[Action]) -> Vec<String> {
    actions
        .iter()
        .map(|action| serde_json::to_string(action).expect("an action is JSON"))
        .collect()
}
