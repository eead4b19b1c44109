//! A town whose administrator uses the command line.

use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::Context;
use followup::clock::{Clock, SystemClock};
use followup::domain::Instant;
use followup_tests::town::{Event, Town};
use followup_tests::versions;
use serde_json::{Value, json};

pub(super) const AMY: &str = "amy@north.example";
pub(super) const BOB: &str = "bob@south.example";

const FRAME: &str = "[plugins]\nfolder = \"plugins\"\n[decide]\nattempts_max = 2\nretry_first_ms = 60_000\nplugin_failures_max = 3\n";
const SEQUENCE: &str =
    "[sequences.pace]\npolicy = \"pacer\"\nenrol = 'event.kind == \"form-submitted\"'\n";

pub(super) struct Admin {
    pub(super) town: Town,
    mails: bool,
}

impl Admin {
    /// A town in which pacer 0.1.0 is installed and used.
    pub(super) async fn begin(mails: bool) -> anyhow::Result<Self> {
        let begins = Instant::parse_rfc3339("2026-03-02T09:00:00Z").context("a moment")?;
        let town = Town::found(begins, FRAME).await?;
        let admin = Self { town, mails };
        admin.write("one.wasm", &version("0.1.0", '1'));
        told(&admin.run(&["plugin", "add", "one.wasm", "--yes"]));
        admin.restart().await
    }

    /// What a server does by itself when a version is activated.
    pub(super) async fn restart(self) -> anyhow::Result<Self> {
        let config = format!("{FRAME}{SEQUENCE}config.mails = {}\n", self.mails);
        let town = self.town.restart_with(&config).await?;
        Ok(Self { town, ..self })
    }

    /// Moves to the moment at which the command line, which has no clock of its own, does what it does.
    pub(super) async fn catch_up(&self) {
        self.town.clock.set(SystemClock.now().max(self.town.now()));
        self.town.settle().await.expect("settles");
    }

    pub(super) fn folder(&self) -> PathBuf {
        let mut path = self.town.database();
        path.pop();
        path
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder().join(name), bytes).expect("written");
    }

    /// The program, in the town's folder, with nobody at the terminal.
    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_followup-under-test"))
            .args(arguments)
            .current_dir(self.folder())
            .env_remove("RUST_LOG")
            .env("USER", "grace")
            .stdin(std::process::Stdio::null())
            .output()
            .expect("the program runs")
    }

    pub(super) fn json(&self, arguments: &[&str]) -> Value {
        let done = self.run(&[arguments, &["--json"]].concat());
        let complaint = String::from_utf8_lossy(&done.stderr);
        serde_json::from_slice(&done.stdout).unwrap_or_else(|e| panic!("{e}: {complaint}"))
    }

    pub(super) async fn enrol(&self, email: &str) {
        let data = json!({ "contact": { "first_name": "Amy" } });
        let event = Event::new("form-submitted", email, data);
        self.town.hear(event).await.expect("heard");
        self.town.settle().await.expect("settles");
    }

    pub(super) async fn days(&self, days: i64) {
        let until = self.town.now().plus_ms(days * 24 * 3_600_000 + 60_000);
        self.town.live_until(until).await.expect("lives");
    }

    /// What pacer noted about somebody, in order.
    pub(super) async fn notes(&self, email: &str) -> Vec<String> {
        let report = self.town.report(email).await.expect("known");
        let actions = report.decisions.iter().flat_map(|decision| {
            let output = serde_json::to_value(decision).expect("JSON");
            let actions = output["actions"].as_array().cloned();
            actions.unwrap_or_default()
        });
        actions
            .filter_map(|action| {
                let text = action["text"].as_str()?;
                Some(text.to_owned())
            })
            .collect()
    }
}

pub(super) fn version(version: &str, behaviour: char) -> Vec<u8> {
    let component = std::fs::read(env!("PACER_COMPONENT")).expect("the build script built it");
    versions::pacer(&component, version, behaviour)
}

/// What a command said that did what it was asked.
pub(super) fn told(done: &Output) -> String {
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}\n{complaint}");
    said
}

/// What a command said that did not.
pub(super) fn refused(done: &Output) -> String {
    assert!(!done.status.success());
    format!(
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    )
}
