//! `followup.toml`: what an administrator wrote, read once at start.
//!
//! In: the file, the environment (as a function), the secret and template files that it names. Out:
//! plain structs, one per section; or everything that is wrong, at once, each with file, line and
//! remedy. Only `cli` and `daemon` read this room; the rooms below get plain values from them.
//!
//! There is one source of defaults: `followup.default.toml`, which is also the documentation.

mod calendar;
mod company;
mod connections;
mod decide;
mod deliver;
mod guardrails;
mod identities;
mod places;
mod plugins;
mod problem;
mod reader;
mod sandbox;
mod schema;
mod secrets;
mod sequences;
mod server;
mod store;
mod telemetry;
mod templates;
#[cfg(test)]
mod tests;
mod tracking;
mod triggers;
mod validate;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use calendar::Calendar;
pub use company::Company;
pub use connections::{Connection, Known, find_kind, kinds};
pub use decide::Decide;
pub use deliver::Deliver;
pub use guardrails::Guardrails;
pub use identities::{Identity, Tracking};
pub use places::Places;
pub use plugins::Plugins;
pub use problem::{Problem, Severity, in_order};
pub use reader::DEFAULTS;
pub use sandbox::Sandbox;
pub use sequences::{OwnRules, Sequence};
pub use server::Server;
pub use store::Store;
pub use telemetry::Telemetry;
pub use templates::{StyleFile, TemplateFile, TemplateFiles};
pub use tracking::Visits;
pub use triggers::Trigger;
pub use validate::{Validated, templates, validate};

use crate::domain::mail::Quirks;
use crate::guardrails::Breaker;
use reader::Reader;

/// The largest configuration file, in bytes.
pub const CONFIG_MAX_BYTES: u64 = 1024 * 1024;

/// A configuration in which every value is usable on its own; `validate` looks at them together.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it was read from, as it was named.
    pub file: PathBuf,
    /// Lines of that file, for later complaints.
    pub places: Places,
    pub server: Server,
    pub store: Store,
    pub calendar: Calendar,
    pub guardrails: Guardrails,
    pub breaker: Breaker,
    pub sandbox: Sandbox,
    pub decide: Decide,
    pub deliver: Deliver,
    pub plugins: Plugins,
    pub connections: BTreeMap<String, Connection>,
    pub identities: BTreeMap<String, Identity>,
    pub sequences: BTreeMap<String, Sequence>,
    pub company: Company,
    pub visits: Visits,
    pub telemetry: Telemetry,
    pub templates: TemplateFiles,
}

impl Config {
    /// The section that uses this plugin, as people name it; none where nothing does.
    pub fn user_of(&self, plugin: &str) -> Option<String> {
        let mut sequences = self.sequences.iter();
        let sequence = sequences.find(|(_, sequence)| sequence.policy == plugin);
        let mut connections = self.connections.iter();
        let connection = connections.find(|(_, connection)| {
            matches!(connection, Connection::Trigger(trigger) if trigger.plugin == plugin)
        });
        sequence
            .map(|(name, _)| format!("[sequences.{name}]"))
            .or_else(|| connection.map(|(name, _)| format!("[connections.{name}]")))
    }

    /// The connection that sends an identity's mails; none where they go to the capture folder.
    pub fn sender_of(&self, identity: &Identity) -> Option<(&String, &Connection)> {
        self.connections
            .get_key_value(identity.connection.as_ref()?)
    }

    /// What the provider of an identity makes of its mails.
    pub fn quirks_of(&self, identity: &Identity) -> Quirks {
        let sender = self.sender_of(identity);
        sender.map_or(Quirks::NONE, |(_, connection)| connection.quirks())
    }
}

/// A usable configuration, and what should be looked at all the same.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    pub warnings: Vec<Problem>,
}

/// Looks up an environment variable.
pub type Env<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Reads the file at `path`. The error is the whole list, warnings included, in the order of lines.
pub fn load(path: &Path, env: &Env<'_>) -> Result<Loaded, Vec<Problem>> {
    match survey(path, env) {
        (Some(config), warnings) if !warnings.iter().any(Problem::is_error) => {
            Ok(Loaded { config, warnings })
        }
        (_, problems) => Err(problems),
    }
}

/// Reads as much of the file as can be read, with everything that is wrong: so that `check` can go on
/// to `validate` what is right. None where the file is no TOML at all.
pub fn survey(path: &Path, env: &Env<'_>) -> (Option<Config>, Vec<Problem>) {
    match read_text(path) {
        Ok(text) => survey_text(path, &text, env),
        Err(problem) => (None, vec![problem]),
    }
}

/// The same of a text that is not written yet, as if it stood at `path`.
pub fn survey_text(path: &Path, text: &str, env: &Env<'_>) -> (Option<Config>, Vec<Problem>) {
    let reader = match Reader::new(path, text, env) {
        Ok(reader) => reader,
        Err(problem) => return (None, vec![problem]),
    };
    let mut config = read(&reader);
    let (problems, places) = reader.finish();
    config.places = places;
    (Some(config), problem::in_order(problems))
}

/// What holds where nothing is configured, for commands that need no working folder. Paths are
/// relative to where the command runs.
pub fn defaults(env: &Env<'_>) -> Config {
    let reader = Reader::new(Path::new("followup.toml"), "", env);
    read(&reader.expect("an empty file is TOML"))
}

fn read(reader: &Reader<'_>) -> Config {
    let root = reader.root();
    let connections = Connection::read_all(&root.section("connections"));
    let identities = Identity::read_all(&root.section("identities"), &connections);
    let guardrails = Guardrails::read(&root.section("guardrails"));
    let breaker = guardrails::read_breaker(&root.section("breaker"));
    let sequences = Sequence::read_all(&root.section("sequences"), &identities, &guardrails);
    let sandbox = Sandbox::read(&root.section("sandbox"));
    let component_max_bytes = sandbox.limits.component_max_bytes;
    let config = Config {
        file: reader.file.to_owned(),
        places: Places::default(),
        server: Server::read(&root.section("server")),
        store: Store::read(&root.section("store")),
        calendar: Calendar::read(&root.section("calendar")),
        guardrails,
        breaker,
        sandbox,
        decide: Decide::read(&root.section("decide")),
        deliver: Deliver::read(&root.section("deliver")),
        plugins: Plugins::read(&root.section("plugins"), component_max_bytes),
        connections,
        identities,
        sequences,
        company: Company::read(&root.section("company")),
        visits: Visits::read(&root.section("tracking")),
        telemetry: Telemetry::read(&root.section("telemetry")),
        templates: TemplateFiles::read_all(reader),
    };
    root.finish();
    config
}

fn read_text(path: &Path) -> Result<String, Problem> {
    let problem = |message: String, remedy: &str| Problem::error(path, 0, message, remedy);
    let missing = "name another file with --config, or write a new one with `followup init FOLDER`";
    let size = path
        .metadata()
        .map_err(|error| problem(format!("cannot be read ({error})"), missing))?
        .len();
    if size > CONFIG_MAX_BYTES {
        return Err(problem(
            format!("is {size} bytes long, {CONFIG_MAX_BYTES} allowed"),
            "shorten it",
        ));
    }
    std::fs::read_to_string(path)
        .map_err(|error| problem(format!("cannot be read ({error})"), missing))
}
