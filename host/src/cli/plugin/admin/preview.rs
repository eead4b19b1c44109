//! Before a version takes over: which decisions would have been others.

use super::desk::Desk;
use crate::cli::block_on;
use crate::cli::load;
use crate::cli::plugin::author::replay;
use crate::daemon;
use crate::domain::install::Install;
use crate::domain::manifest::PluginKind;
use crate::simulate::compare;
use crate::store::DEFAULT_TENANT;
use crate::store::ledger::Whose;

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
    println!("What {} would have decided lately:", to.version);
    replay::show(&comparison, SHOWN_MAX);
    println!();
    Ok(())
}
