//! What was connected, for people and for programs.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::check::Report;
use crate::config::Known;
use crate::domain::connector::Kind;

#[derive(Serialize)]
pub(super) struct Connected {
    name: String,
    kind: &'static str,
    title: &'static str,
    /// Who answered; none where nobody was asked.
    pub(super) answered_by: Option<String>,
    /// Whether the kind has a call that only proves the credentials.
    testable: bool,
    webhook_url: Option<String>,
    /// Where the other side posts received mails, if it can.
    inbound_url: Option<String>,
    authenticity: &'static str,
    authenticity_means: &'static str,
    /// What an administrator does by hand.
    steps: Vec<String>,
    /// Whether `--register` would do it.
    can_register: bool,
    /// Ids of what was registered; none where nothing was.
    pub(super) registered: Option<Vec<String>>,
    pub(super) written: Vec<PathBuf>,
    pub(super) check: Report,
    #[serde(skip)]
    has_public_url: bool,
}

/// Stands for this server's address where nobody said it.
const SOMEWHERE: &str = "https://YOUR.HOST";

impl Connected {
    /// Before it was asked, registered and written.
    pub(super) fn of(
        kind: &'static Kind,
        known: &Known,
        name: &str,
        public_url: Option<&str>,
    ) -> Self {
        let url = webhook_url(public_url.unwrap_or(SOMEWHERE), name);
        let inbound_url = format!("{url}/inbound");
        let steps = kind.steps.iter();
        let steps = steps
            .map(|step| {
                step.replace("{inbound_url}", &inbound_url)
                    .replace("{url}", &url)
            })
            .collect();
        let connector = &known.connector;
        Self {
            name: name.to_owned(),
            kind: kind.name,
            title: kind.title,
            answered_by: None,
            testable: connector.probes.is_some(),
            webhook_url: connector.hook.is_some().then_some(url),
            inbound_url: connector.receives.is_some().then_some(inbound_url),
            authenticity: kind.authenticity.word(),
            authenticity_means: kind.authenticity.meaning(),
            steps,
            can_register: connector.registers.is_some(),
            registered: None,
            written: Vec::new(),
            check: Report::default(),
            has_public_url: public_url.is_some(),
        }
    }

    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let (title, name) = (self.title, &self.name);
        match (&self.answered_by, self.testable) {
            (Some(who), _) => writeln!(out, "{title} answered: {who}")?,
            (None, true) => writeln!(out, "{title} was not asked (--no-test).")?,
            (None, false) => writeln!(
                out,
                "{title} has no call that only tests credentials; the first real one will."
            )?,
        }
        for path in &self.written {
            writeln!(out, "wrote {}", path.display())?;
        }
        writeln!(out)?;
        if let Some(url) = &self.webhook_url {
            writeln!(out, "Webhooks of {name} come to {url}")?;
        }
        if let Some(url) = &self.inbound_url {
            writeln!(out, "Received mails come to {url}")?;
        }
        if !self.has_public_url {
            writeln!(
                out,
                "({SOMEWHERE} is this server's address: set server.public_url to it.)"
            )?;
        }
        if self.webhook_url.is_some() {
            writeln!(out, "{}: {}.", self.authenticity, self.authenticity_means)?;
        }
        if let Some(ids) = &self.registered {
            writeln!(out, "\nRegistered: {}.", ids.join(", "))?;
        }
        if !self.steps.is_empty() {
            let head = match (&self.registered, self.can_register) {
                (Some(_), _) => "What of these steps the API did not do is yours:",
                (None, true) => "What is left to do, unless you let --register --yes do it:",
                (None, false) => "What is left to do:",
            };
            writeln!(out, "\n{head}")?;
        }
        for (index, step) in self.steps.iter().enumerate() {
            writeln!(out, "  {}. {step}", index + 1)?;
        }
        writeln!(out)?;
        self.check.write_text(out)
    }
}

pub(super) fn webhook_url(base: &str, name: &str) -> String {
    format!("{base}/hooks/{name}")
}
