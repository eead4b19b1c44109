//! A working folder as an administrator would have it, and the command line over it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use followup::clock::Clock;
use followup::config;
use followup::daemon::{Daemon, Loops, Plugins};
use serde_json::Value;
use tempfile::TempDir;

use crate::keys::Keys;

const CONFIG: &str = include_str!("../site/followup.toml");
const HELLO: &str = include_str!("../site/templates/hello.md");

/// What a mail server shows that passes mail in.
pub const INBOUND_SECRET: &str = "0123456789abcdef";

/// What differs from site to site: lines for sections of `site/followup.toml`.
#[derive(Debug, Default, Clone)]
pub struct Options {
    /// The fake that speaks Resend's and SendGrid's API.
    pub provider: String,
    /// The fake that speaks HubSpot's.
    pub hubspot: String,
    pub server: &'static str,
    pub deliver: &'static str,
    /// Whole sections, at the end.
    pub more: &'static str,
}

/// The folder, removed with this value.
pub struct Site {
    folder: TempDir,
    /// Where in it the configuration lies.
    place: PathBuf,
    program: &'static str,
    pub keys: Arc<Keys>,
    /// Lines of the shell that starts the server, where it needs one: limits, an environment.
    pub before_serving: String,
}

impl Site {
    /// Writes the folder. `program` is `followup-under-test`.
    pub fn new(program: &'static str, options: &Options) -> Self {
        let site = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            place: PathBuf::new(),
            program,
            keys: Arc::new(Keys::of_the_site()),
            before_serving: String::new(),
        };
        // A port that nobody listens on stands in for an API that a test does not use.
        let url = |url: &str| {
            if url.is_empty() {
                "http://127.0.0.1:9".to_owned()
            } else {
                url.to_owned()
            }
        };
        let config = CONFIG
            .replace("# @server@", options.server)
            .replace("# @deliver@", options.deliver)
            .replace("# @more@", options.more)
            .replace("@cache@", &site.cache())
            .replace("@provider@", &url(&options.provider))
            .replace("@hubspot@", &url(&options.hubspot));
        let keys = Arc::clone(&site.keys);
        for (name, text) in [
            ("followup.toml", config.as_str()),
            ("templates/hello.md", HELLO),
            ("secrets/crm", &keys.crm),
            ("secrets/hubspot-client", &keys.hubspot_client),
            ("secrets/hubspot-token", keys.hubspot_token),
            ("secrets/mail", INBOUND_SECRET),
            ("secrets/sendgrid", keys.sendgrid_api),
            ("secrets/resend-webhook", &keys.resend_webhook),
        ] {
            site.write(name, text);
        }
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(&self.place).join(name)
    }

    /// Goes on with a folder inside: the one that `init` wrote.
    pub fn move_to(&mut self, place: &str) {
        self.place = self.place.join(place);
    }

    /// Lets a configuration without `[sandbox]` use the cache of all tests.
    pub fn share_cache(&self) {
        let config = self.read("followup.toml");
        let cache = self.cache();
        self.write(
            "followup.toml",
            &format!("{config}\n[sandbox]\ncache = \"{cache}\"\n"),
        );
    }

    /// Compiled plugins are shared by all tests; each would compile them again otherwise.
    fn cache(&self) -> String {
        let cache = Path::new(self.program).with_file_name("followup-under-test-cache");
        cache.display().to_string()
    }

    /// The keys, before anybody else has them.
    pub fn keys_mut(&mut self) -> &mut Keys {
        Arc::get_mut(&mut self.keys).expect("nobody else has them yet")
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("readable")
    }

    /// The program with the site's environment.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.program);
        command.env_remove("RUST_LOG").envs(self.environment());
        command
    }

    /// The same for the server, in a shell's place where there is something to do before.
    pub(crate) fn serving(&self) -> Command {
        if self.before_serving.is_empty() {
            return self.command();
        }
        let mut command = Command::new("sh");
        let script = format!("{}\nexec \"$@\"", self.before_serving);
        command.args(["-c", &script, "sh", self.program]);
        command.env_remove("RUST_LOG").envs(self.environment());
        command.current_dir(self.folder.path());
        command
    }

    /// Some secrets come from here, others from files.
    fn environment(&self) -> [(&'static str, &str); 2] {
        [
            ("RESEND_API_KEY", self.keys.resend_api),
            ("SENDGRID_WEBHOOK_PUBLIC_KEY", &self.keys.sendgrid_public),
        ]
    }

    /// The same server within this process, under a clock of the test's.
    pub async fn start(&self, clock: Arc<dyn Clock>) -> Daemon {
        let env = |name: &str| {
            let known = self
                .environment()
                .into_iter()
                .find(|(known, _)| *known == name);
            known.map(|(_, value)| value.to_owned())
        };
        let config = config::load(&self.path("followup.toml"), &env)
            .expect("readable")
            .config;
        let plugins = tokio::task::block_in_place(|| Plugins::load(&config)).expect("plugins");
        let validated = config::validate(&config, &plugins.manifests()).expect("valid");
        let started = Daemon::start(&config, validated, plugins, clock, Loops::Run).await;
        started.expect("starts")
    }

    /// Runs a command of the program over this folder, to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let config = self.path("followup.toml");
        let mut command = self.command();
        command.args(arguments).arg("--config").arg(config);
        command.output().expect("the program runs")
    }

    /// `contact show --json`; none where nobody is known by the address.
    pub fn contact(&self, email: &str) -> Option<Value> {
        let done = self.run(&["contact", "show", email, "--json"]);
        done.status.success().then(|| json(&done))
    }

    /// `status --json`.
    pub fn status(&self) -> Value {
        json(&self.run(&["status", "--json"]))
    }
}

fn json(done: &Output) -> Value {
    let complaint = String::from_utf8_lossy(&done.stderr);
    serde_json::from_slice(&done.stdout).unwrap_or_else(|e| panic!("{e}: {complaint}"))
}
