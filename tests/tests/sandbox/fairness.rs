//! Guests that hold on to a thread or a permit do not keep the others waiting for long.

use std::sync::Arc;

use followup::domain::fault::FaultKind;

use super::{Cell, hurried};

/// More guests than permits and threads, none of which would ever end by itself.
async fn good_among(misdeed: &'static str) {
    let cell = Arc::new(Cell::new(hurried()));
    let bad: Vec<_> = (0..40)
        .map(|_| {
            let cell = Arc::clone(&cell);
            tokio::spawn(async move { cell.call(misdeed).await })
        })
        .collect();
    for _ in 0..3 {
        // Its own deadline runs from its turn on: however many wait, it is in time.
        cell.assert_alive(misdeed).await;
    }
    for task in bad {
        let fault = task.await.expect("no panic").expect_err("never ends");
        assert_eq!(fault.kind, FaultKind::Deadline, "{fault:?}");
    }
    cell.assert_alive(misdeed).await;
}

#[tokio::test]
async fn loops_do_not_starve_a_good_guest() {
    good_among("loop").await;
}

#[tokio::test]
async fn sleepers_do_not_starve_a_good_guest() {
    good_among("sleep").await;
}

/// The caller's runtime here has one thread: a guest that computed on it would stop the count.
#[tokio::test]
async fn guests_do_not_hold_the_callers_threads() {
    let cell = Cell::new(hurried());
    let mut counted = 0_u64;
    let fault = tokio::select! {
        biased;
        answer = cell.call("loop") => answer.expect_err("never ends"),
        () = async { loop { counted += 1; tokio::task::yield_now().await } } => unreachable!("counts for ever"),
    };
    assert_eq!(fault.kind, FaultKind::Deadline);
    assert!(counted > 100, "{counted}");
}
