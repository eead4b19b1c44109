//! Before a version takes over: which decisions would have been others.

use super::super::block_on;
use super::super::load;
use super::desk::Desk;
use crate::daemon;
use crate::domain::install::Install;
use crate::domain::manifest::PluginKind;
use crate::simulate::{Comparison, compare};
use crate::store::DEFAULT_TENANT;
use crate::store::ledger::{Ledger, Whose};

/// Differences shown to people.
const SHOWN_MAX: usize = 5;

pub(super) fn show(desk: &Desk, from: &Install, to: &Install, last: usize) -> anyhow::Result<()> {
    if from.kind == PluginKind::Trigger {
        return Ok(());
    }
    let whose = Whose::Plugin(from.plugin.clone());
    let recorded = block_on(desk.store.recorded(DEFAULT_TENANT, whose, last))??;
    if recorded.is_empty() {
        println!(
            "{} has decided nothing yet: there is nothing to compare\n",
            from.plugin
        );
        return Ok(());
    }
    let sandbox = daemon::open_sandbox(load::compiler()?, &desk.config)?;
    let plugin = sandbox.load(&desk.shelf.get(&to.plugin, &to.version, &to.digest)?)?;
    let calendar = daemon::calendar(&desk.config);
    let comparison = block_on(compare(&sandbox, &plugin, &calendar, recorded))?;
    tell(&comparison, &to.version);
    Ok(())
}

/// For people.
pub(super) fn tell(comparison: &Comparison, version: &str) {
    println!(
        "{version} made the last {} decisions again: {} alike, {} otherwise, {} failed",
        comparison.compared, comparison.same, comparison.different, comparison.failed
    );
    for difference in comparison.differences.iter().take(SHOWN_MAX) {
        println!(
            "  {} in {} on {} at {}",
            difference.contact.as_deref().unwrap_or("somebody"),
            difference.sequence,
            difference.event,
            difference.at
        );
        for line in &difference.was {
            println!("    - {line}");
        }
        for line in &difference.now {
            println!("    + {line}");
        }
        if let Some(fault) = &difference.fault {
            println!("    ! {fault}");
        }
    }
    println!();
}
