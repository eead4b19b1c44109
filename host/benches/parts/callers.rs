//! Callers side by side, as a busy host has them.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// Works off `jobs` with this many callers, each of which takes the next job as soon as its last
/// one is done; returns how long all of them took together.
pub async fn work_off<J, F, A>(jobs: Vec<J>, callers: usize, call: F) -> Duration
where
    J: Send + 'static,
    F: Fn(J) -> A + Clone + Send + 'static,
    A: Future<Output = ()> + Send,
{
    let jobs = Arc::new(Mutex::new(jobs));
    let mut tasks = JoinSet::new();
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let started = Instant::now();
    for _ in 0..callers {
        let (jobs, call) = (Arc::clone(&jobs), call.clone());
        tasks.spawn(async move {
            let next = || jobs.lock().expect("no caller panics here").pop();
            while let Some(job) = next() {
                call(job).await;
            }
        });
    }
    tasks.join_all().await;
    started.elapsed()
}
