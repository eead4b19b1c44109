//! A working folder as an administrator would have it, and the command line over it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::keys::Keys;

const CONFIG: &str = include_str!("../site/followup.toml");
const HELLO: &str = include_str!("../site/templates/hello.md");

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
}

impl Site {
    /// Writes the folder. `program` is `followup-under-test`.
    pub fn new(program: &'static str, options: &Options) -> Self {
        let site = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            place: PathBuf::new(),
            program,
            keys: Arc::new(Keys::of_the_site()),
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
        // One of each kind of secret: from the environment, and from files.
        command
            .env("RESEND_API_KEY", self.keys.resend_api)
            .env("SENDGRID_WEBHOOK_PUBLIC_KEY", &self.keys.sendgrid_public)
            .env_remove("RUST_LOG");
        command
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
