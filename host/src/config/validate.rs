//! What only shows when configuration, plugins and templates are looked at together.
//!
//! `followup check` and `followup serve` call the same function, so what passes the one starts with
//! the other.

mod senders;
mod triggers;

use std::collections::BTreeMap;
use std::path::Path;

use crate::compose::{Snippets, Style, TemplateError, Templates};
use crate::decide::enrol::EnrolRule;
use crate::domain::event::kind;
use crate::domain::manifest::{Manifest, PluginKind};
use crate::domain::spelling;

use super::places::token;
use super::problem::{self, Problem};
use super::schema;
use super::{Config, Sequence};

/// What the loops need beside the configuration, ready to use.
#[derive(Debug, Default)]
pub struct Validated {
    pub templates: Templates,
    /// By sequence.
    pub rules: BTreeMap<String, EnrolRule>,
    pub warnings: Vec<Problem>,
}

/// Looks at everything together. The error is the whole list, warnings included.
pub fn validate(config: &Config, manifests: &[Manifest]) -> Result<Validated, Vec<Problem>> {
    let (templates, problems) = templates(config, manifests);
    let mut check = Check {
        config,
        manifests,
        out: Validated {
            templates,
            ..Validated::default()
        },
        problems,
    };
    for (name, sequence) in &config.sequences {
        check.sequence(name, sequence);
    }
    check.triggers();
    check.senders();
    check.unused();
    let problems = problem::in_order(check.problems);
    if problems.iter().any(Problem::is_error) {
        return Err(problems);
    }
    Ok(Validated {
        warnings: problems,
        ..check.out
    })
}

/// The templates that are in order, and what is wrong with the others.
pub fn templates(config: &Config, manifests: &[Manifest]) -> (Templates, Vec<Problem>) {
    let files = &config.templates;
    let mut problems = Vec::new();
    let mut complain = |path: &Path, error: TemplateError| {
        problems.push(Problem::error(
            path,
            error.line,
            error.message,
            error.remedy,
        ));
    };
    let sources = files
        .snippets
        .iter()
        .map(|file| (file.name.as_str(), file.source.as_str()));
    let (snippets, wrong) = Snippets::parse(sources);
    for (name, error) in wrong {
        let file = files.snippets.iter().find(|file| file.name == name);
        complain(file.map_or(Path::new(&name), |file| &file.path), error);
    }
    let style = files.style.as_ref().map(|file| {
        Style::parse(&file.source).unwrap_or_else(|error| {
            complain(&file.path, error);
            Style::default()
        })
    });
    let mut templates = Templates::new(snippets, style.unwrap_or_default());
    for manifest in manifests {
        for (name, error) in templates.add_defaults(manifest) {
            let message = format!("plugin {}, template {name}: {}", manifest.id, error.message);
            let remedy = format!("tell the plugin's author: {}", error.remedy);
            complain(
                Path::new("plugin.toml"),
                TemplateError {
                    line: 0,
                    message,
                    remedy,
                },
            );
        }
    }
    for file in &files.templates {
        if let Err(error) = templates.add_file(file.sequence.as_deref(), &file.name, &file.source) {
            complain(&file.path, error);
        }
    }
    (templates, problems)
}

struct Check<'a> {
    config: &'a Config,
    manifests: &'a [Manifest],
    out: Validated,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn sequence(&mut self, name: &str, sequence: &Sequence) {
        let at = format!("/sequences/{}", token(name));
        if name == "snippets" {
            let message = "sequences.snippets: templates/snippets/ is the folder of snippets";
            self.error(&at, message.to_owned(), "name it differently".to_owned());
        }
        self.cold(sequence, &at);
        self.rule(name, sequence, &at);
        let Some(manifest) = self
            .manifests
            .iter()
            .find(|manifest| manifest.id == sequence.policy)
        else {
            let policies = self
                .manifests
                .iter()
                .filter(|manifest| manifest.kind == PluginKind::Policy);
            let remedy = spelling::suggest(
                &sequence.policy,
                policies.map(|manifest| manifest.id.as_str()),
            );
            let message = format!(
                "sequences.{name}.policy names {:?}, which is not installed",
                sequence.policy
            );
            return self.error(&format!("{at}/policy"), message, remedy);
        };
        if manifest.kind != PluginKind::Policy {
            let message = format!(
                "sequences.{name}.policy names {:?}, a {}",
                sequence.policy,
                manifest.kind.as_str()
            );
            return self.error(&format!("{at}/policy"), message, "name a policy".to_owned());
        }
        self.options(name, sequence, manifest, &at);
        self.exits(name, sequence, manifest, &at);
    }

    fn rule(&mut self, name: &str, sequence: &Sequence, at: &str) {
        match EnrolRule::compile(&sequence.enrol) {
            Ok(rule) => {
                self.out.rules.insert(name.to_owned(), rule);
            }
            Err(error) => {
                let line = self.config.places.text_line(&format!("{at}/enrol")) + error.line - 1;
                let message = format!(
                    "sequences.{name}.enrol, column {}: {}",
                    error.column, error.message
                );
                self.problems.push(Problem::error(
                    &self.config.file,
                    line,
                    message,
                    error.remedy,
                ));
            }
        }
    }

    fn options(&mut self, name: &str, sequence: &Sequence, manifest: &Manifest, at: &str) {
        let mut names = self.out.templates.names(name, &manifest.id);
        // A file that cannot be parsed was complained about, and is there all the same.
        let files = self
            .config
            .templates
            .templates
            .iter()
            .filter(|file| file.sequence.as_deref().is_none_or(|owner| owner == name));
        names.extend(files.map(|file| file.name.as_str()));
        names.sort_unstable();
        names.dedup();
        let complaints = schema::check(&manifest.config, &sequence.config, &names);
        self.told(complaints, &format!("sequences.{name}"), at, manifest);
    }

    /// What is wrong with a plugin's options, each in its place.
    fn told(
        &mut self,
        complaints: Result<Vec<schema::Complaint>, String>,
        section: &str,
        at: &str,
        manifest: &Manifest,
    ) {
        match complaints {
            Ok(complaints) => {
                for complaint in complaints {
                    let pointer = format!("{at}/config{}", complaint.pointer);
                    let key = format!("{section}.config{}", complaint.pointer.replace('/', "."));
                    self.error(
                        &pointer,
                        format!("{key} {}", complaint.message),
                        complaint.remedy,
                    );
                }
            }
            Err(error) => {
                let message = format!(
                    "plugin {}: its config is no JSON Schema: {error}",
                    manifest.id
                );
                self.error(at, message, "tell the plugin's author".to_owned());
            }
        }
    }

    /// A policy that wants to hear of a booked meeting or a won deal never does while that very
    /// event ends the run first. Whoever wrote the exit down meant it, and is only warned. The exits
    /// that protect the person (replied, unsubscribed, ...) are never argued against.
    fn exits(&mut self, name: &str, sequence: &Sequence, manifest: &Manifest, at: &str) {
        for wanted in &manifest.events {
            let Some(reason) = sequence.exits.reason_for(wanted) else {
                continue;
            };
            let (key, off) = if wanted == kind::MEETING_BOOKED && sequence.exits.meeting_booked {
                ("meeting_booked", "exits.meeting_booked = false".to_owned())
            } else if sequence.exits.converted_events.contains(wanted) {
                (
                    "converted_events",
                    format!("exits.converted_events without {wanted:?}"),
                )
            } else {
                continue;
            };
            let pointer = format!("{at}/exits/{key}");
            let written = self.config.places.has(&pointer);
            let message = format!(
                "sequences.{name}: {} wants to hear of {wanted}, but the exit condition {} ends the run first",
                manifest.id,
                reason.as_str()
            );
            let line = self.config.places.line(&pointer);
            self.problems.push(if written {
                Problem::warning(
                    &self.config.file,
                    line,
                    message,
                    format!("write {off}, unless that is meant"),
                )
            } else {
                Problem::error(&self.config.file, line, message, format!("write {off}"))
            });
        }
    }

    /// Cold outreach without an address and a way out would be refused mail by mail.
    fn cold(&mut self, sequence: &Sequence, at: &str) {
        if !sequence.cold {
            return;
        }
        let pointer = format!("{at}/cold");
        if self.config.company.postal_address.is_none() {
            let message = "cold outreach without a postal address: every mail would be refused";
            let remedy = "add postal_address to [company]";
            self.error(&pointer, message.to_owned(), remedy.to_owned());
        }
        let identity = self.config.identities.get(&sequence.identity);
        let mailto = identity.is_some_and(|identity| identity.unsubscribe_mailto.is_some());
        if self.config.server.public_url.is_none() && !mailto {
            let message = "cold outreach without a way to unsubscribe: every mail would be refused";
            let remedy = "set public_url in [server], or unsubscribe_mailto of its identity";
            self.error(&pointer, message.to_owned(), remedy.to_owned());
        }
    }

    /// Files that no sequence can reach: mostly a misspelt folder.
    fn unused(&mut self) {
        for file in &self.config.templates.templates {
            let Some(folder) = &file.sequence else {
                continue;
            };
            if !self
                .config
                .places
                .has(&format!("/sequences/{}", token(folder)))
            {
                let remedy =
                    spelling::suggest(folder, self.config.sequences.keys().map(String::as_str));
                let message = format!("lies in the folder {folder:?}, which is no sequence");
                self.problems
                    .push(Problem::warning(&file.path, 0, message, remedy));
            }
        }
    }

    fn warn(&mut self, pointer: &str, message: String, remedy: String) {
        let line = self.config.places.line(pointer);
        self.problems
            .push(Problem::warning(&self.config.file, line, message, remedy));
    }

    fn error(&mut self, pointer: &str, message: String, remedy: String) {
        let line = self.config.places.line(pointer);
        self.problems
            .push(Problem::error(&self.config.file, line, message, remedy));
    }
}
