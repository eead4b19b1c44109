//! What commands have in common: reading the configuration, the plugins, the store.

use std::path::Path;

use anyhow::{anyhow, bail};

use crate::config::{self, Config, Problem, Validated};
use crate::daemon::Plugins;
use crate::sandbox::Compiler;
use crate::store::Shared;

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
/// every problem has been written to stderr. Warnings go to the log: a host that runs has one.
pub(super) fn setup(path: &Path) -> anyhow::Result<Option<Setup>> {
    let config = match config::load(path, &env) {
        Ok(loaded) => {
            warn(&loaded.warnings);
            loaded.config
        }
        Err(problems) => {
            complain(&problems);
            return Ok(None);
        }
    };
    let plugins = plugins(&config)?;
    match config::validate(&config, &plugins.manifests()) {
        Ok(validated) => {
            warn(&validated.warnings);
            Ok(Some(Setup {
                config,
                validated,
                plugins,
            }))
        }
        Err(problems) => {
            complain(&problems);
            Ok(None)
        }
    }
}

/// The plugins, compiled in a process of their own where they are not in the cache: a command of this
/// program.
pub(super) fn plugins(config: &Config) -> anyhow::Result<Plugins> {
    Plugins::load_by(compiler()?, config)
}

pub(super) fn compiler() -> anyhow::Result<Compiler> {
    Ok(Compiler::this_program()?)
}

/// As much of the configuration as can be read, for commands that only look: they need no secrets
/// and must work while something is being changed. `check` tells what is wrong.
pub(super) fn survey(path: &Path) -> anyhow::Result<Config> {
    match config::survey(path, &env) {
        (Some(config), _) => Ok(config),
        (None, problems) => {
            complain(&problems);
            bail!("{} cannot be read", path.display())
        }
    }
}

/// The same, and what keeps the rest from being read, on stderr: a connection whose secret is not found
/// is otherwise one that nobody ever wrote.
pub(super) fn survey_aloud(path: &Path) -> anyhow::Result<Config> {
    let (config, problems) = config::survey(path, &env);
    let errors: Vec<Problem> = problems.into_iter().filter(Problem::is_error).collect();
    complain(&errors);
    config.ok_or_else(|| anyhow!("{} cannot be read", path.display()))
}

/// The same for authors of plugins, who may have no working folder: `path`, else `followup.toml`
/// where there is one, else the defaults.
pub(super) fn survey_or_defaults(path: Option<&Path>) -> anyhow::Result<Config> {
    let usual = Path::new("followup.toml");
    match path.or_else(|| usual.exists().then_some(usual)) {
        Some(path) => survey(path),
        None => Ok(config::defaults(&env)),
    }
}

fn warn(warnings: &[Problem]) {
    for warning in warnings {
        tracing::warn!(
            file = %warning.file.display(),
            line = warning.line,
            remedy = warning.remedy,
            "{}",
            warning.message
        );
    }
}

fn complain(problems: &[Problem]) {
    for problem in problems {
        eprintln!("{problem}");
    }
}

/// The store of a host that may be running, for looking only.
pub(super) fn read_store(path: &Path) -> anyhow::Result<Shared> {
    let config = survey(path)?;
    Ok(config.store.place.open_read_only()?)
}

/// The store of a host that may be running, for a command that adds to it. Commits of both wait for
/// each other; the host notices what was added.
pub(super) fn write_store(config: &Config) -> anyhow::Result<Shared> {
    Ok(config.store.place.for_a_command().open()?)
}
