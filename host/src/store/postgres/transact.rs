//! One job, one transaction, as often as it takes.
//!
//! Every writing transaction passes the gate, an advisory lock: beside each other where they are about
//! contacts, alone where they concern everything. What concerns one contact holds its row (`hold`), so
//! that READ COMMITTED is as serial as one writer. All locks end with the transaction.
//!
//! A commit whose answer was lost is looked up: the transaction's number is known beforehand, and the
//! server tells what became of it. Only where nobody can be asked, the caller hears `Unavailable`; its
//! keys, versions and states make the repetition harmless.

use super::pool::Seat;
use super::session::Connection;
use crate::store::Error;
use crate::store::commits::{self, Moment};
use crate::store::sql::engine::Job;

/// Times that a job is run when others cross it.
const TRIES_MAX: usize = 8;
/// How long a statement may take, and wait for a lock.
const STATEMENT_MAX_MS: u32 = 30_000;
const LOCK_WAIT_MAX_MS: u32 = 10_000;
/// The gate's number among advisory locks of two numbers, which no name has.
const GATE: &str = "7316, 1";
/// Times that the fate of a transaction is asked for, with a pause of the server's in between.
const ASKED_MAX: usize = 20;

/// How a job passes the gate.
#[derive(Debug, Clone, Copy)]
pub(super) enum Gate {
    Beside,
    Alone,
}

impl Gate {
    fn begin(self, host: &str) -> String {
        let lock = match self {
            Self::Beside => "pg_advisory_xact_lock_shared",
            Self::Alone => "pg_advisory_xact_lock",
        };
        format!(
            "BEGIN; SET LOCAL statement_timeout = {STATEMENT_MAX_MS}; SET LOCAL lock_timeout = {LOCK_WAIT_MAX_MS};
             SET LOCAL followup.host = '{host}'; SELECT {lock}({GATE}), pg_current_xact_id()"
        )
    }
}

pub(super) fn write<T>(
    seat: &mut Seat,
    gate: Gate,
    host: &str,
    job: &impl Job<T>,
) -> Result<T, Error> {
    let begin = gate.begin(host);
    let mut lost = false;
    for tried in 0..TRIES_MAX {
        let connection = seat.connection()?;
        let transaction = match connection.run(&begin) {
            Ok(transaction) => transaction.unwrap_or_default(),
            // It died while it was idle: nothing was begun.
            Err(_) if connection.is_lost() && !lost => {
                lost = true;
                continue;
            }
            Err(e) => {
                if !connection.is_lost() {
                    let _ = connection.run("ROLLBACK");
                }
                return Err(e);
            }
        };
        connection.take_crossed();
        let done = job(connection);
        let ended = match &done {
            Ok(_) => {
                commits::pass(Moment::Before);
                let ended = connection.run("COMMIT").map(|_| ());
                commits::pass(Moment::After);
                ended
            }
            Err(e) => {
                // A lost connection has rolled back by itself.
                let _ = connection.run("ROLLBACK");
                Err(e.clone())
            }
        };
        let crossed = connection.take_crossed();
        match (done, ended) {
            (Ok(value), Ok(())) => return Ok(value),
            (Ok(value), Err(e)) if matches!(e, Error::Unavailable(_)) && !crossed => {
                if became_true(seat, &transaction, &e)? {
                    return Ok(value);
                }
            }
            // A rule that is still broken is broken for good.
            (_, Err(e)) if !crossed || (tried > 0 && matches!(e, Error::Invalid(_))) => {
                return Err(e);
            }
            _ => metrics::counter!("followup_crossings_total").increment(1),
        }
    }
    Err(Error::Unavailable(
        "others wrote the same at the same time, again and again".to_owned(),
    ))
}

/// Whether the transaction was committed. It may still be under way at a server that has not noticed yet.
fn became_true(seat: &mut Seat, transaction: &str, lost: &Error) -> Result<bool, Error> {
    seat.give_up_connection();
    for _ in 0..ASKED_MAX {
        let connection = seat.connection().map_err(|_| lost.clone())?;
        let fate = connection.run(&format!(
            "SELECT pg_sleep(0.1); SELECT pg_xact_status('{transaction}')"
        ));
        match fate.as_ref().map(Option::as_deref) {
            Ok(Some("committed")) => return Ok(true),
            Ok(Some("aborted")) => return Ok(false),
            Ok(_) => {}
            Err(_) => seat.give_up_connection(),
        }
    }
    Err(lost.clone())
}

/// A query, on a connection that may have died while it was idle.
pub(super) fn read<T>(seat: &mut Seat, query: &impl Job<T>) -> Result<T, Error> {
    twice(seat, |connection| query(connection))
}

/// Queries that see one moment.
pub(super) fn moment<T>(seat: &mut Seat, queries: &impl Job<T>) -> Result<T, Error> {
    twice(seat, |connection| {
        connection.run(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {STATEMENT_MAX_MS}"
        ))?;
        let read = queries(connection);
        let ended = connection.run("COMMIT");
        read.and_then(|read| ended.map(|_| read))
    })
}

fn twice<T>(seat: &mut Seat, query: impl Fn(&Connection) -> Result<T, Error>) -> Result<T, Error> {
    let connection = seat.connection()?;
    connection.take_crossed();
    let read = query(connection);
    match read {
        Err(_) if connection.is_lost() || connection.take_crossed() => query(seat.connection()?),
        read => read,
    }
}
