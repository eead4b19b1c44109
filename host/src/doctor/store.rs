//! The store: whether it can be written, how much room its disk has, and, by `backlog`, what in it waits.

use std::path::Path;

use rustix::fs::{Access, access, statvfs};

use super::{Finding, backlog};
use crate::store::place::Place;

const ABOUT: &str = "store";

/// A disk with less room is told of; with less than the second, SQLite may stop at any moment.
const FREE_WARNING_BYTES: u64 = 1 << 30;
const FREE_PROBLEM_BYTES: u64 = 100 << 20;

pub(super) async fn look(place: &Place) -> Vec<Finding> {
    let Place::File(path, _) = place else {
        return look_inside(place).await;
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut findings = Vec::new();
    if path.exists() {
        findings.push(writable(path, folder));
        findings.extend(look_inside(place).await);
    } else {
        let found = format!("{} does not exist yet: `serve` makes it", path.display());
        findings.push(Finding::skipped(ABOUT, found));
    }
    findings.push(room(folder));
    findings
}

async fn look_inside(place: &Place) -> Vec<Finding> {
    backlog::look(place).await.unwrap_or_else(|error| {
        vec![Finding::problem(
            ABOUT,
            error.to_string(),
            "where this program is newer than the store, start `followup serve` once; else see the operators' guide on recovery",
        )]
    })
}

/// SQLite writes beside the file too (`-wal`, `-shm`), so the folder counts.
fn writable(path: &Path, folder: &Path) -> Finding {
    for place in [path, folder] {
        if let Err(error) = access(place, Access::WRITE_OK) {
            return Finding::problem(
                ABOUT,
                format!("{} cannot be written ({error})", place.display()),
                "give it to the user that runs `followup serve`",
            );
        }
    }
    Finding::ok(ABOUT, format!("{} can be written", path.display()))
}

pub(super) fn room(folder: &Path) -> Finding {
    // A folder that does not exist yet is made on the disk of the one above.
    let existing = folder.ancestors().find(|folder| folder.exists());
    let place = existing.unwrap_or(Path::new("."));
    match statvfs(place) {
        Ok(disk) => judge_room(disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => Finding::skipped("disk", format!("its room cannot be told ({error})")),
    }
}

fn judge_room(free_bytes: u64) -> Finding {
    let found = format!("{} MiB free", free_bytes >> 20);
    let remedy = "make room: where the disk is full, nothing is taken in and nothing is sent";
    if free_bytes < FREE_PROBLEM_BYTES {
        Finding::problem("disk", found, remedy)
    } else if free_bytes < FREE_WARNING_BYTES {
        Finding::warning("disk", found, remedy)
    } else {
        Finding::ok("disk", found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use crate::store::sqlite::Options;

    fn place(path: &Path) -> Place {
        Place::File(path.to_owned(), Options::default())
    }

    #[test]
    fn room_on_the_disk() {
        for (free_mib, expect) in [
            (0, Verdict::Problem),
            (99, Verdict::Problem),
            (100, Verdict::Warning),
            (1023, Verdict::Warning),
            (1024, Verdict::Ok),
        ] {
            assert_eq!(judge_room(free_mib << 20).verdict, expect, "{free_mib} MiB");
        }
    }

    #[tokio::test]
    async fn a_store_that_is_none_is_a_problem() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("followup.db");
        let verdicts = |findings: Vec<Finding>| -> Vec<Verdict> {
            findings.iter().map(|finding| finding.verdict).collect()
        };
        let found = look(&place(&path)).await;
        assert_eq!(found[0].verdict, Verdict::Skipped, "{found:?}");

        std::fs::write(&path, "this is no database, whatever its name says").expect("written");
        let found = look(&place(&path)).await;
        assert!(
            verdicts(found.clone()).contains(&Verdict::Problem),
            "{found:?}"
        );
    }
}
