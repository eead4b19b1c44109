//! The one thread that writes: group commit.
//!
//! Jobs queue up while a commit is on its way to the disk; the next transaction takes them all,
//! each inside a savepoint of its own, so that a job that fails takes nothing with it. Callers hear
//! back after the commit, never before. With one job it costs one fsync; with sixty-four, one too.

use std::sync::mpsc;
use std::thread;

use rusqlite::{Connection, Savepoint, TransactionBehavior};
use tokio::sync::oneshot;

use crate::store::Error;
use crate::store::commits::{self, Moment};
use crate::store::sql::engine as sql;

/// A job: gets its savepoint, or the reason why there is none.
type Job = Box<dyn FnOnce(Result<Savepoint<'_>, Error>) -> Reply + Send>;
/// Sends the job's answer; told whether the commit held.
type Reply = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// A handle on the writer thread; the thread ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::SyncSender<Job>,
}

impl Writer {
    /// Starts the thread. `batch_max` jobs share a commit at most; `queue_max` jobs may wait.
    pub(super) fn start(
        connection: Connection,
        batch_max: usize,
        queue_max: usize,
    ) -> Result<Self, Error> {
        let (jobs, inbox) = mpsc::sync_channel(queue_max);
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write(connection, &inbox, batch_max))
            .map_err(|e| Error::Unavailable(format!("no writer thread: {e}")))?;
        Ok(Self { jobs })
    }

    /// Runs `work` in a transaction shared with others and answers when it is on disk.
    /// A full queue answers `Unavailable` at once: the caller's sender tries again later.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl sql::Job<T>) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |savepoint| {
            let result = savepoint.and_then(|savepoint| {
                let value = work(&*savepoint)?;
                // Dropped on the way out by an error, a savepoint rolls back what the job wrote.
                savepoint.commit().map_err(super::error)?;
                Ok(value)
            });
            Box::new(move |committed| {
                // A caller that went away does not undo what it asked for.
                let _ = answer.send(committed.and(result));
            })
        });
        self.jobs.try_send(job).map_err(|e| match e {
            mpsc::TrySendError::Full(_) => Error::Unavailable("its queue is full".to_owned()),
            mpsc::TrySendError::Disconnected(_) => Error::Unavailable("it is shut down".to_owned()),
        })?;
        answered
            .await
            .map_err(|_| Error::Unavailable("it shut down before it answered".to_owned()))?
    }
}

fn write(mut connection: Connection, inbox: &mpsc::Receiver<Job>, batch_max: usize) {
    while let Ok(first) = inbox.recv() {
        let mut batch = vec![first];
        while batch.len() < batch_max {
            match inbox.try_recv() {
                Ok(job) => batch.push(job),
                Err(_) => break,
            }
        }
        metrics::histogram!("followup_commit_jobs").record(batch.len() as f64);
        let (replies, committed) = commit(&mut connection, batch);
        for reply in replies {
            reply(committed.clone());
        }
    }
    // Leaves one tidy file behind after an orderly stop.
    let _ = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)");
}

fn commit(connection: &mut Connection, batch: Vec<Job>) -> (Vec<Reply>, Result<(), Error>) {
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let mut transaction = match begun.map_err(super::error) {
        Ok(transaction) => transaction,
        Err(e) => {
            tracing::error!(error = %e, "no transaction could be begun; the callers try again");
            let replies = batch.into_iter().map(|job| job(Err(e.clone()))).collect();
            return (replies, Ok(()));
        }
    };
    let replies = batch
        .into_iter()
        .map(|job| job(transaction.savepoint_with_name("job").map_err(super::error)))
        .collect();
    commits::pass(Moment::Before);
    let committed = transaction.commit().map_err(super::error);
    commits::pass(Moment::After);
    if let Err(e) = &committed {
        tracing::error!(error = %e, "a commit failed; nothing of it is stored, the callers try again");
    }
    (replies, committed)
}
