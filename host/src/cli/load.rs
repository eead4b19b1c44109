//! What commands have in common: reading the configuration, the plugins, the store.

use std::path::Path;

use crate::config::{self, Config, Problem, Validated};
use crate::daemon::Plugins;
use crate::store::sqlite::SqliteStore;

/// A configuration that may be served.
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) validated: Validated,
    pub(super) plugins: Plugins,
}

/// Reads an environment variable; how secrets are looked up.
pub(super) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Configuration, plugins and templates, looked at together. None where something is wrong; then
/// every problem has been written to stderr.
pub(super) fn setup(path: &Path) -> anyhow::Result<Option<Setup>> {
    let Some(config) = config(path) else {
        return Ok(None);
    };
    let plugins = Plugins::load(&config)?;
    match config::validate(&config, &plugins.manifests()) {
        Ok(validated) => {
            complain(&validated.warnings);
            Ok(Some(Setup { config, validated, plugins }))
        }
        Err(problems) => {
            complain(&problems);
            Ok(None)
        }
    }
}

/// The configuration by itself. None where something is wrong, which is on stderr then.
pub(super) fn config(path: &Path) -> Option<Config> {
    match config::load(path, &env) {
        Ok(loaded) => {
            complain(&loaded.warnings);
            Some(loaded.config)
        }
        Err(problems) => {
            complain(&problems);
            None
        }
    }
}

fn complain(problems: &[Problem]) {
    for problem in problems {
        eprintln!("{problem}");
    }
}

/// The store of a host that may be running, for looking only.
pub(super) fn read_store(path: &Path) -> anyhow::Result<SqliteStore> {
    let config = config(path).ok_or_else(|| anyhow::anyhow!("{} cannot be used as it is", path.display()))?;
    Ok(SqliteStore::open_read_only(&config.store.path)?)
}
