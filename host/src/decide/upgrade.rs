//! How an enrollment goes over to another version of its policy: before its next decision, with its
//! state in the new version's words. The older state is kept with the decision (`KeptState`).

use std::sync::Arc;

use super::Version;
use crate::calendar::Calendar;
use crate::domain::decision::DecideInput;
use crate::domain::fault::Fault;
use crate::sandbox::Sandbox;
use crate::store::work::DecidedBy;

/// The state that `version` decides with, made of the one that `last` left. A version without a
/// migration reads what the older one wrote, as its author promised.
pub(super) async fn carry_over(
    sandbox: &Sandbox,
    calendar: &Arc<Calendar>,
    version: &Version,
    last: &DecidedBy,
    input: &DecideInput,
) -> Result<Option<String>, Fault> {
    let Some(state) = &input.state else {
        return Ok(None);
    };
    if !version.plugin.can_migrate() {
        return Ok(Some(state.clone()));
    }
    let (now, seed, config) = (input.now, input.seed, input.config.clone());
    sandbox
        .migrate(
            &version.plugin,
            now,
            seed,
            state.clone(),
            &last.version,
            config,
            calendar,
        )
        .await
        .map(Some)
}
