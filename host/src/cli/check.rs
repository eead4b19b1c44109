//! `followup check`: everything that is wrong with a configuration, at once.
//!
//! The rules are `config`'s, the very same that `serve` applies; here they are only shown.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::load;
use crate::config::{self, Config, Env, Problem};
use crate::domain::manifest::Manifest;

#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "followup.toml")]
    pub config: PathBuf,
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

impl CheckArgs {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let report = check(&self.config, &load::env, &installed);
        if self.json {
            report.write_json(&mut io::stdout())?;
        } else {
            report.write_text(&mut io::stdout())?;
        }
        Ok(if report.ok {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// The manifests of every plugin the configuration can use.
pub(super) fn installed(config: &Config) -> Result<Vec<Manifest>, Vec<Problem>> {
    load::plugins(config)
        .map(|plugins| plugins.manifests())
        .map_err(|e| {
            let remedy = "see plugins.files, or ask the plugin's author";
            vec![Problem::error(&config.file, 0, format!("{e:#}"), remedy)]
        })
}

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Whether `serve` would start.
    pub ok: bool,
    pub file: PathBuf,
    pub problems: Vec<Problem>,
    pub sequences: usize,
    pub connections: usize,
    pub templates: usize,
}

/// Finds the manifests of the built-in plugins and of the files that the configuration names, or what
/// is wrong with these.
pub type FindManifests<'a> = dyn Fn(&Config) -> Result<Vec<Manifest>, Vec<Problem>> + 'a;

/// Reads the configuration at `path` and validates what could be read of it.
pub fn check(path: &Path, env: &Env<'_>, manifests: &FindManifests<'_>) -> Report {
    let (config, mut problems) = config::survey(path, env);
    if let Some(config) = &config {
        match manifests(config).and_then(|manifests| config::validate(config, &manifests)) {
            Ok(validated) => problems.extend(validated.warnings),
            Err(more) => problems.extend(more),
        }
    }
    Report::of(path, config.as_ref(), config::in_order(problems))
}

impl Report {
    fn of(path: &Path, config: Option<&Config>, problems: Vec<Problem>) -> Self {
        Self {
            ok: !problems.iter().any(Problem::is_error),
            file: path.to_owned(),
            problems,
            sequences: config.map_or(0, |config| config.sequences.len()),
            connections: config.map_or(0, |config| config.connections.len()),
            templates: config.map_or(0, |config| config.templates.templates.len()),
        }
    }

    /// For people: one problem after the other, its place first, its remedy below.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for problem in &self.problems {
            let line = if problem.line > 0 {
                format!("{}:", problem.line)
            } else {
                String::new()
            };
            let severity = if problem.is_error() {
                "error"
            } else {
                "warning"
            };
            writeln!(
                out,
                "{}:{line} {severity}: {}",
                problem.file.display(),
                problem.message
            )?;
            writeln!(out, "    → {}", problem.remedy)?;
        }
        let errors = self
            .problems
            .iter()
            .filter(|problem| problem.is_error())
            .count();
        let warnings = self.problems.len() - errors;
        if errors > 0 {
            return writeln!(
                out,
                "{}: {}, {}",
                self.file.display(),
                count(errors, "error"),
                count(warnings, "warning")
            );
        }
        writeln!(
            out,
            "{}: in order ({}, {}, {}, {})",
            self.file.display(),
            count(self.sequences, "sequence"),
            count(self.connections, "connection"),
            count(self.templates, "template file"),
            count(warnings, "warning"),
        )
    }

    /// For programs.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }
}

fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_programs_read_the_same_report() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("followup.toml");
        std::fs::write(&path, "[server]\nlisten = \"here\"\n").expect("write");
        let report = check(&path, &|_| None, &|_| Ok(Vec::new()));
        assert!(!report.ok);
        let mut text = Vec::new();
        report.write_text(&mut text).expect("written");
        let text = String::from_utf8(text)
            .expect("text")
            .replace(&format!("{}/", folder.path().display()), "");
        assert_eq!(
            text,
            "followup.toml:2: error: server.listen \"here\" cannot be read\n    \
             → write an address and a port, like 127.0.0.1:8080\n\
             followup.toml: 1 error, 0 warnings\n"
        );
        let mut json = Vec::new();
        report.write_json(&mut json).expect("written");
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        assert_eq!(json["problems"][0]["line"], 2);
        assert_eq!(json["problems"][0]["severity"], "error");
    }

    #[test]
    fn one_mistake_does_not_hide_another() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("followup.toml");
        std::fs::create_dir(folder.path().join("templates")).expect("folder");
        std::fs::write(folder.path().join("templates/a.md"), "no front matter").expect("write");
        let text = "[identities.a]\nfrom = \"a@b.example\"\n[sequences.s]\npolicy = \"p\"\nenrol = '1'\n[decide]\nbatch_max = 0\n";
        std::fs::write(&path, text).expect("write");
        let report = check(&path, &|_| None, &|_| Ok(Vec::new()));
        let lines: Vec<usize> = report.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [4, 5, 7, 1], "{report:?}");
    }

    #[test]
    fn a_missing_file_is_a_problem_too() {
        let report = check(Path::new("/nowhere/followup.toml"), &|_| None, &|_| {
            Ok(Vec::new())
        });
        assert!(
            report.problems[0].message.contains("cannot be read"),
            "{report:?}"
        );
        assert!(report.problems[0].remedy.contains("followup init"));
    }
}
