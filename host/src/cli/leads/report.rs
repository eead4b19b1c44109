//! What became of every row: a line each in a CSV file, and all of them counted.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

use super::import::Wish;
use crate::cli::table::table;
use crate::leads::{Columns, Rejection};
use crate::store::roster::{EnrolOutcome, Enrolled};

/// Rejected rows shown where there is no report file.
const REJECTED_SHOWN_MAX: usize = 10;

/// One row of the list.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Line {
    pub(super) row: u64,
    pub(super) email: String,
    pub(super) outcome: &'static str,
    /// `new` or `updated`; empty where nothing was stored.
    pub(super) contact: &'static str,
    pub(super) reason: String,
}

impl Line {
    pub(super) fn rejected(row: u64, email: &str, rejection: &Rejection) -> Self {
        Self {
            row,
            email: email.to_owned(),
            outcome: rejection.as_str(),
            contact: "",
            reason: rejection.to_string(),
        }
    }

    pub(super) fn of(row: u64, email: &str, enrolled: &Enrolled, warnings: &[String]) -> Self {
        let (outcome, reason) = match &enrolled.outcome {
            EnrolOutcome::Asked => ("enrolled", String::new()),
            EnrolOutcome::AlreadyEnrolled => (
                "already-enrolled",
                "is in the sequence, has been through it, or was asked for before".to_owned(),
            ),
            EnrolOutcome::Repeated => (
                "imported-before",
                "the same list was imported before; a --batch name of its own applies it again"
                    .to_owned(),
            ),
            EnrolOutcome::Suppressed { reason, since } => (
                "suppressed",
                format!("must not be mailed since {since}: {reason}"),
            ),
            EnrolOutcome::Deleted => ("deleted", "was deleted in the CRM".to_owned()),
        };
        let stored = matches!(outcome, "enrolled" | "already-enrolled");
        let contact = match (stored, enrolled.known) {
            (false, _) => "",
            (true, true) => "updated",
            (true, false) => "new",
        };
        let reasons: Vec<_> = Some(reason)
            .into_iter()
            .filter(|reason| !reason.is_empty())
            .chain(warnings.iter().cloned())
            .collect();
        Self {
            row,
            email: email.to_owned(),
            outcome,
            contact,
            reason: reasons.join("; "),
        }
    }

    /// Neither enrolled nor ever was.
    fn is_rejected(&self) -> bool {
        self.contact.is_empty() && self.outcome != "imported-before"
    }
}

/// The report file, where one was asked for.
pub(super) struct Report(Option<(PathBuf, csv::Writer<File>)>);

impl Report {
    pub(super) fn start(path: Option<&Path>) -> anyhow::Result<Self> {
        let start = |path: &Path| {
            let writer = csv::Writer::from_path(path)
                .with_context(|| format!("{} cannot be written", path.display()))?;
            anyhow::Ok((path.to_owned(), writer))
        };
        path.map(start).transpose().map(Self)
    }

    pub(super) fn write(&mut self, line: &Line) -> anyhow::Result<()> {
        let Some((path, writer)) = &mut self.0 else {
            return Ok(());
        };
        let safe = Line {
            email: harmless(&line.email),
            reason: harmless(&line.reason),
            ..line.clone()
        };
        writer
            .serialize(safe)
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    pub(super) fn finish(self) -> anyhow::Result<Option<PathBuf>> {
        let Some((path, mut writer)) = self.0 else {
            return Ok(None);
        };
        writer
            .flush()
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Some(path))
    }
}

/// A spreadsheet computes what begins so, whoever wrote it into the list (OWASP, CSV Injection).
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// All rows, counted.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    list: String,
    sequence: String,
    batch: String,
    dry_run: bool,
    pub(super) encoding: String,
    pub(super) delimiter: char,
    pub(super) columns: Option<Columns>,
    pub(super) rows: u64,
    /// Rows by outcome.
    outcomes: BTreeMap<&'static str, u64>,
    new_contacts: u64,
    updated_contacts: u64,
    /// Cells that were left out.
    warnings: u64,
    /// The first of them.
    rejected: Vec<Line>,
    pub(super) report: Option<PathBuf>,
}

impl Summary {
    pub(super) fn new(wish: &Wish) -> Self {
        Self {
            list: wish.list.clone(),
            sequence: wish.sequence.clone(),
            batch: wish.batch.clone(),
            dry_run: wish.dry_run,
            encoding: String::new(),
            delimiter: ',',
            columns: None,
            rows: 0,
            outcomes: BTreeMap::new(),
            new_contacts: 0,
            updated_contacts: 0,
            warnings: 0,
            rejected: Vec::new(),
            report: None,
        }
    }

    pub(super) fn count(&mut self, line: &Line, warnings: usize) {
        self.rows += 1;
        *self.outcomes.entry(line.outcome).or_default() += 1;
        self.new_contacts += u64::from(line.contact == "new");
        self.updated_contacts += u64::from(line.contact == "updated");
        self.warnings += warnings as u64;
        if line.is_rejected() && self.rejected.len() < REJECTED_SHOWN_MAX {
            self.rejected.push(line.clone());
        }
    }

    pub(super) fn show(&self) {
        if self.dry_run {
            println!(
                "Dry run: nothing was changed. This would become of {}:",
                self.list
            );
        }
        let mut counts = table(["outcome", "rows"]);
        for (outcome, rows) in &self.outcomes {
            counts.add_row([(*outcome).to_owned(), rows.to_string()]);
        }
        counts.add_row(["all".to_owned(), self.rows.to_string()]);
        println!("{counts}");
        println!(
            "\ncontacts: {} new, {} updated; cells left out: {}",
            self.new_contacts, self.updated_contacts, self.warnings
        );
        match &self.report {
            Some(path) => println!("every row: {}", path.display()),
            None if self.rejected.is_empty() => {}
            None => self.show_rejected(),
        }
    }

    fn show_rejected(&self) {
        println!("\nThe first rows that were rejected (--report FILE writes all of them):");
        let mut rows = table(["row", "email", "outcome", "reason"]);
        for line in &self.rejected {
            rows.add_row([
                &line.row.to_string(),
                &line.email,
                line.outcome,
                &line.reason,
            ]);
        }
        println!("{rows}");
    }
}
