//! What was found: a line each, with what to do.

use std::io::{self, Write};

use serde::Serialize;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `store`, `connection crm`, `identity ada`.
    pub about: String,
    pub verdict: Verdict,
    pub found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Ok,
    /// It could not be looked at.
    Skipped,
    /// It works, and should be seen to.
    Warning,
    /// It does not work, or will not.
    Problem,
}

impl Verdict {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl Finding {
    pub fn ok(about: &str, found: impl Into<String>) -> Self {
        Self::of(about, Verdict::Ok, found.into(), None)
    }

    pub fn skipped(about: &str, found: impl Into<String>) -> Self {
        Self::of(about, Verdict::Skipped, found.into(), None)
    }

    pub fn warning(about: &str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self::of(about, Verdict::Warning, found.into(), remedy)
    }

    pub fn problem(about: &str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self::of(about, Verdict::Problem, found.into(), remedy)
    }

    fn of(about: &str, verdict: Verdict, found: String, remedy: Option<String>) -> Self {
        Self {
            about: about.to_owned(),
            verdict,
            found,
            remedy,
        }
    }
}

/// Everything that was found, in the order in which it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Without problems.
    pub ok: bool,
    pub problems: usize,
    pub warnings: usize,
    pub findings: Vec<Finding>,
}

impl Report {
    pub(super) fn of(findings: Vec<Finding>) -> Self {
        let count = |verdict: Verdict| {
            findings
                .iter()
                .filter(|finding| finding.verdict == verdict)
                .count()
        };
        let problems = count(Verdict::Problem);
        Self {
            ok: problems == 0,
            problems,
            warnings: count(Verdict::Warning),
            findings,
        }
    }

    /// For people: a line each.
    pub fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for finding in &self.findings {
            let Finding {
                about,
                verdict,
                found,
                remedy,
            } = finding;
            write!(out, "{:<8} {about}: {found}", verdict.word())?;
            match remedy {
                Some(remedy) => writeln!(out, " → {remedy}")?,
                None => writeln!(out)?,
            }
        }
        let noun = |count: usize, noun: &str| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {noun}{plural}")
        };
        writeln!(
            out,
            "\n{}, {}, {} looked at",
            noun(self.problems, "problem"),
            noun(self.warnings, "warning"),
            noun(self.findings.len(), "thing")
        )
    }
}
