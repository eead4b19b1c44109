//! Threads with a connection each. A job is run by the first that is free.
//!
//! A connection that was lost is made anew for the next job; while that fails, jobs are told so at once,
//! and their callers come back as they do for every `Unavailable`.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use tokio::sync::oneshot;

use super::connect::Address;
use super::session::Connection;
use crate::store::Error;

type Job = Box<dyn FnOnce(&mut Seat) + Send>;

/// A thread's place at the server.
pub(super) struct Seat {
    address: Arc<Address>,
    connection: Option<Connection>,
}

impl Seat {
    /// It is of no use any more.
    pub(super) fn give_up_connection(&mut self) {
        self.connection = None;
    }

    /// Its connection, made anew where it was lost.
    pub(super) fn connection(&mut self) -> Result<&Connection, Error> {
        if self.connection.as_ref().is_none_or(Connection::is_lost) {
            self.connection = None;
            self.connection = Some(self.address.connect()?);
        }
        self.connection
            .as_ref()
            .ok_or_else(|| Error::Unavailable("there is no connection".to_owned()))
    }
}

/// Ends its threads when it is dropped.
pub(super) struct Pool {
    jobs: mpsc::SyncSender<Job>,
}

impl Pool {
    /// `connections` threads; `queue_max` jobs may wait for one.
    pub(super) fn start(
        address: &Arc<Address>,
        name: &str,
        connections: usize,
        queue_max: usize,
    ) -> Result<Self, Error> {
        let (jobs, inbox) = mpsc::sync_channel::<Job>(queue_max);
        let inbox = Arc::new(Mutex::new(inbox));
        for number in 0..connections.max(1) {
            let inbox = Arc::clone(&inbox);
            let mut seat = Seat {
                address: Arc::clone(address),
                connection: None,
            };
            thread::Builder::new()
                .name(format!("store-{name}-{number}"))
                .spawn(move || {
                    while let Some(job) = next(&inbox) {
                        job(&mut seat);
                    }
                })
                .map_err(|e| Error::Unavailable(format!("no thread for the store: {e}")))?;
        }
        Ok(Self { jobs })
    }

    /// Runs `work` on one of the threads. A full queue answers `Unavailable` at once.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Seat) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        self.send(Box::new(move |seat| {
            // A caller that went away does not undo what it asked for.
            let _ = answer.send(work(seat));
        }))?;
        answered
            .await
            .map_err(|_| Error::Unavailable("it shut down before it answered".to_owned()))?
    }

    /// The same, for the few jobs of opening a store: the thread waits.
    pub(super) fn run_and_wait<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Seat) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.send(Box::new(move |seat| {
            let _ = answer.send(work(seat));
        }))?;
        wait(&answered)
    }

    fn send(&self, job: Job) -> Result<(), Error> {
        self.jobs.try_send(job).map_err(|e| match e {
            mpsc::TrySendError::Full(_) => Error::Unavailable("its queue is full".to_owned()),
            mpsc::TrySendError::Disconnected(_) => Error::Unavailable("it is shut down".to_owned()),
        })
    }
}

/// The answer, where whoever asked waits on a thread of its own or at start.
fn wait<T>(answered: &mpsc::Receiver<Result<T, Error>>) -> Result<T, Error> {
    answered
        .recv()
        .map_err(|_| Error::Unavailable("it shut down before it answered".to_owned()))?
}

/// None when the pool was dropped.
fn next(inbox: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    let inbox = inbox.lock().expect("no holder of this lock panics");
    inbox.recv().ok()
}
