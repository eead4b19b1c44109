//! `followup` itself, built for this crate: Cargo tells a test the path of its own package's programs only.
//!
//! With `FOLLOWUP_DIES_AT=before:7` it dies by its own hand, at once and untidily, before its seventh commit;
//! with `after:7` when that is on disk and nobody was told.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use followup::store::commits::{self, Moment};

static DIES_AT: OnceLock<(Moment, u64)> = OnceLock::new();
static SEEN: AtomicU64 = AtomicU64::new(0);

fn main() -> std::process::ExitCode {
    if let Ok(told) = std::env::var("FOLLOWUP_DIES_AT") {
        let place = parse(&told).expect("before:NUMBER or after:NUMBER");
        DIES_AT.get_or_init(|| place);
        commits::watch(watch);
    }
    followup::cli::main()
}

fn parse(told: &str) -> Option<(Moment, u64)> {
    let (moment, number) = told.split_once(':')?;
    let moment = match moment {
        "before" => Moment::Before,
        "after" => Moment::After,
        _ => return None,
    };
    Some((moment, number.parse().ok()?))
}

fn watch(moment: Moment) {
    let dies_at = DIES_AT.get().filter(|(at, _)| *at == moment);
    if let Some((_, number)) = dies_at
        && SEEN.fetch_add(1, Ordering::SeqCst) + 1 == *number
    {
        // No destructor runs, no buffer is written: the kernel closes what was open.
        std::process::abort();
    }
}
