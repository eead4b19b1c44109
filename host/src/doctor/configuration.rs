//! What `followup check` found.

use std::path::Path;

use super::Finding;
use crate::config::Problem;

const ABOUT: &str = "configuration";

pub(super) fn look(file: &Path, problems: &[Problem]) -> Vec<Finding> {
    if problems.is_empty() {
        return vec![Finding::ok(
            ABOUT,
            format!("{} is in order", file.display()),
        )];
    }
    problems.iter().map(finding).collect()
}

fn finding(problem: &Problem) -> Finding {
    let place = match problem.line {
        0 => problem.file.display().to_string(),
        line => format!("{}:{line}", problem.file.display()),
    };
    let found = format!("{place}: {}", problem.message);
    if problem.is_error() {
        Finding::problem(ABOUT, found, &problem.remedy)
    } else {
        Finding::warning(ABOUT, found, &problem.remedy)
    }
}
