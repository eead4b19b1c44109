//! Threads of the guests' own, and a queue in front of them.
//!
//! Policies and triggers have one each: a trigger that waits for a slow API keeps no decision waiting.

use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Semaphore;

use super::{Error, limits};

pub(super) struct Lane {
    /// One permit per instance: an exhausted pool would be an error, not a queue.
    permits: Arc<Semaphore>,
    /// Guests have threads of their own: one that computes until its deadline must not stop HTTP.
    /// Always there until `drop`.
    threads: Option<Runtime>,
}

impl Lane {
    /// For guests that wait for nobody. Without a network driver a thread wakes up some
    /// microseconds sooner, and a decision takes few.
    pub(super) fn of_policies(instances: u32) -> Result<Self, Error> {
        let mut threads = Builder::new_multi_thread();
        threads
            .worker_threads(limits::cores() as usize)
            .enable_time();
        Self::open(threads.thread_name("guest"), instances)
    }

    /// For guests whose requests run on the same threads; one each, so that one that computes to
    /// its end keeps no other's answer waiting.
    pub(super) fn of_triggers(instances: u32) -> Result<Self, Error> {
        let mut threads = Builder::new_multi_thread();
        threads.worker_threads(instances as usize).enable_all();
        Self::open(threads.thread_name("trigger"), instances)
    }

    fn open(threads: &mut Builder, instances: u32) -> Result<Self, Error> {
        let threads = threads
            .build()
            .map_err(|e| Error::Engine(format!("no threads for guests: {e}")))?;
        Ok(Self {
            permits: Arc::new(Semaphore::new(instances as usize)),
            threads: Some(threads),
        })
    }

    /// The threads, for whoever has many calls to make: from there, none changes threads.
    pub(super) fn threads(&self) -> &Handle {
        self.threads.as_ref().expect("there until drop").handle()
    }

    /// Runs a call once it is its turn, first come, first served. A caller that stops waiting does
    /// not stop the guest, unless it waits on these threads itself: its deadline does.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        call: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let threads = self.threads();
        if Handle::current().id() == threads.id() {
            let _permit = permit;
            return call.await;
        }
        let task = threads.spawn(async move {
            // Returned once the instance is gone.
            let _permit = permit;
            call.await
        });
        task.await
            .unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()))
    }
}

/// A runtime must not be dropped where waiting is forbidden (another runtime's task), so it is told
/// to stop instead. Its guests end by their deadlines.
impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}
