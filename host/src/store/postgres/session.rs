//! The statements of `sql`, by PostgreSQL: each text is prepared once per connection.
//!
//! Rows are read whole before the first is handed on, since reading one may ask for others.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use postgres::error::{DbError, SqlState};
use postgres::types::ToSql;
use postgres::{Client, SimpleQueryMessage, Statement};

use super::values::{Bound, Given};
use super::words;
use crate::domain::digest;
use crate::store::Error;
use crate::store::sql::db::{Columns, Each, EachReader, Held, Param, Reader, Session, Value};

/// Prepared statements kept per connection; with more, all are forgotten.
const STATEMENTS_MAX: usize = 512;

/// A connection. Used by one thread.
pub(super) struct Connection {
    client: RefCell<Client>,
    statements: RefCell<HashMap<String, Statement>>,
    /// The last statement failed for a reason that another try may not meet.
    crossed: Cell<bool>,
}

impl Connection {
    pub(super) fn over(client: Client) -> Self {
        Self {
            client: RefCell::new(client),
            statements: RefCell::default(),
            crossed: Cell::new(false),
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.client.borrow().is_closed()
    }

    /// Whether a statement since the last call was crossed by another host.
    pub(super) fn take_crossed(&self) -> bool {
        self.crossed.take()
    }

    /// Runs statements without parameters in one round trip; the first column of the last row.
    pub(super) fn run(&self, sql: &str) -> Result<Option<String>, Error> {
        let answered = self.client.borrow_mut().simple_query(sql);
        let messages = answered.map_err(|e| self.error(&e))?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let last = rows.last();
        Ok(last.and_then(|row| row.get(row.len() - 1).map(str::to_owned)))
    }

    fn statement(&self, key: &str, words: impl FnOnce() -> String) -> Result<Statement, Error> {
        if let Some(statement) = self.statements.borrow().get(key) {
            return Ok(statement.clone());
        }
        let prepared = self.client.borrow_mut().prepare(&words());
        let statement = prepared.map_err(|e| self.error(&e))?;
        let mut statements = self.statements.borrow_mut();
        if statements.len() >= STATEMENTS_MAX {
            statements.clear();
        }
        statements.insert(key.to_owned(), statement.clone());
        Ok(statement)
    }

    fn rows(
        &self,
        statement: &Statement,
        params: &[Param<'_>],
    ) -> Result<Vec<postgres::Row>, Error> {
        let bound: Vec<Bound<'_>> = params.iter().map(Bound).collect();
        let answered = self.client.borrow_mut().query(statement, &dynamic(&bound));
        answered.map_err(|e| self.error(&e))
    }

    /// The same statement for all of them at once: each parameter is bound as an array of its values, in one
    /// round trip. The statement for one tells the parameters' types.
    fn statement_for_each(&self, sql: &str, words: fn(&str) -> String) -> Result<Statement, Error> {
        let single = self.statement(sql, || words(sql))?;
        self.statement(&format!("each {sql}"), || {
            words::for_each(&words(sql), single.params())
        })
    }

    fn rows_of_each(
        &self,
        statement: &Statement,
        each: Each<'_>,
    ) -> Result<Vec<postgres::Row>, Error> {
        let columns = columns(each);
        let answered = self
            .client
            .borrow_mut()
            .query(statement, &dynamic(&columns));
        answered.map_err(|e| self.error(&e))
    }

    /// What the caller does about it; notes whether another try may go better.
    pub(super) fn error(&self, e: &postgres::Error) -> Error {
        let Some(told) = e.as_db_error() else {
            let cause = std::error::Error::source(e);
            let lost =
                e.is_closed() || cause.is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
            return if lost {
                Error::Unavailable(format!("the connection was lost: {}", whole(e)))
            } else {
                Error::Invalid(whole(e))
            };
        };
        self.crossed.set(self.crossed.get() || is_crossed(told));
        if *told.code() == SqlState::FEATURE_NOT_SUPPORTED {
            // A migration by a newer host changed what a prepared statement gives.
            self.statements.borrow_mut().clear();
        }
        // Class 22 and 23: the data, a rule of the schema; 42: the text, which is ours.
        match told.code().code().get(..2) {
            Some("22" | "23" | "42" | "21") => Error::Invalid(told.message().to_owned()),
            _ => Error::Unavailable(format!("{} ({})", told.message(), told.code().code())),
        }
    }
}

/// Serialization failures and deadlocks; a row that two transactions made at once; a plan that a
/// migration outdated.
fn is_crossed(told: &DbError) -> bool {
    [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::UNIQUE_VIOLATION,
        SqlState::FEATURE_NOT_SUPPORTED,
    ]
    .contains(told.code())
}

/// With its causes, which the library keeps apart.
fn whole(e: &postgres::Error) -> String {
    let mut text = e.to_string();
    let mut cause = std::error::Error::source(e);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

impl Session for Connection {
    fn query(&self, sql: &str, params: &[Param<'_>], read: Reader<'_>) -> Result<(), Error> {
        let statement = self.statement(sql, || words::translate(sql))?;
        for row in self.rows(&statement, params)? {
            if !read(&row)? {
                break;
            }
        }
        Ok(())
    }

    fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<usize, Error> {
        let statement = self.statement(sql, || words::translate(sql))?;
        let bound: Vec<Bound<'_>> = params.iter().map(Bound).collect();
        let changed = self
            .client
            .borrow_mut()
            .execute(&statement, &dynamic(&bound));
        changed
            .map(|rows| rows as usize)
            .map_err(|e| self.error(&e))
    }

    fn insert(&self, sql: &str, params: &[Param<'_>]) -> Result<i64, Error> {
        let statement = self.statement(sql, || words::translate_insert(sql))?;
        let rows = self.rows(&statement, params)?;
        let row = rows.first();
        row.map_or_else(
            || Err(Error::Invalid("an insert gave no row".to_owned())),
            |row| number(row, "id"),
        )
    }

    fn query_each(&self, sql: &str, each: Each<'_>, read: EachReader<'_>) -> Result<(), Error> {
        if each.is_empty() {
            return Ok(());
        }
        if let Some(params) = each.only() {
            return self.query(sql, params, &mut |row| read(0, row).map(|()| true));
        }
        let statement = self.statement_for_each(sql, words::translate)?;
        for row in self.rows_of_each(&statement, each)? {
            read(number(&row, words::PLACE)? as usize - 1, &row)?;
        }
        Ok(())
    }

    fn execute_each(&self, sql: &str, each: Each<'_>) -> Result<usize, Error> {
        if each.is_empty() {
            return Ok(0);
        }
        if let Some(params) = each.only() {
            return self.execute(sql, params);
        }
        let statement = self.statement_for_each(sql, words::translate)?;
        let columns = columns(each);
        let changed = self
            .client
            .borrow_mut()
            .execute(&statement, &dynamic(&columns));
        changed
            .map(|rows| rows as usize)
            .map_err(|e| self.error(&e))
    }

    /// Ids are drawn in the order of the rows, whatever order they are given back in.
    fn insert_each(&self, sql: &str, each: Each<'_>) -> Result<Vec<i64>, Error> {
        if each.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(params) = each.only() {
            return self.insert(sql, params).map(|id| vec![id]);
        }
        let statement = self.statement_for_each(sql, words::translate_insert)?;
        let rows = self.rows_of_each(&statement, each)?;
        let ids = rows.iter().map(|row| number(row, "id"));
        let mut ids = ids.collect::<Result<Vec<i64>, Error>>()?;
        ids.sort_unstable();
        if ids.len() == each.rows().len() {
            Ok(ids)
        } else {
            Err(Error::Invalid("an insert left rows out".to_owned()))
        }
    }

    /// Rows in the order of their numbers, so that two transactions do not wait for each other. The lock
    /// leaves alone who only refers to the row.
    fn hold(&self, held: Held<'_>) -> Result<(), Error> {
        let numbers = |ids: &[i64]| {
            let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
            ids.join(",")
        };
        let sql = match held {
            Held::Contacts([]) | Held::ContactsOf([]) | Held::Names([]) => return Ok(()),
            Held::Contacts([contact]) => {
                let sql = "SELECT id FROM contacts WHERE id = ?1 FOR NO KEY UPDATE";
                return self.execute(sql, &[Param::Integer(*contact)]).map(|_| ());
            }
            Held::Contacts(ids) => format!(
                "SELECT id FROM contacts WHERE id IN ({}) ORDER BY id FOR NO KEY UPDATE",
                numbers(ids)
            ),
            Held::ContactsOf(messages) => format!(
                "SELECT id FROM contacts WHERE id IN (SELECT contact_id FROM messages WHERE seq IN ({}))
                 ORDER BY id FOR NO KEY UPDATE",
                numbers(messages)
            ),
            Held::Names(names) => {
                let mut keys: Vec<i64> = names.iter().map(|name| key(name)).collect();
                keys.sort_unstable();
                keys.dedup();
                let locks: Vec<String> = keys
                    .iter()
                    .map(|key| format!("SELECT pg_advisory_xact_lock({key})"))
                    .collect();
                locks.join(";")
            }
        };
        self.run(&sql).map(|_| ())
    }
}

fn columns(each: Each<'_>) -> Vec<Vec<Bound<'_>>> {
    let column = |number| each.column(number).map(Bound).collect();
    (0..each.width()).map(column).collect()
}

fn dynamic<T: ToSql + Sync>(bound: &[T]) -> Vec<&(dyn ToSql + Sync)> {
    let param = |param| param as &(dyn ToSql + Sync);
    bound.iter().map(param).collect()
}

fn number(row: &postgres::Row, column: &str) -> Result<i64, Error> {
    match row.value(column)? {
        Value::Integer(number) => Ok(number),
        other => Err(Error::Invalid(format!("column {column} holds {other:?}"))),
    }
}

/// The number of a name among advisory locks. Two names of one number wait for each other for nothing.
fn key(name: &str) -> i64 {
    let hash = digest::sha256(&[name.as_bytes()]);
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(first)
}

impl Columns for postgres::Row {
    fn value(&self, column: &str) -> Result<Value<'_>, Error> {
        let given: Given<'_> = self
            .try_get(column)
            .map_err(|e| Error::Invalid(format!("column {column}: {}", whole(&e))))?;
        Ok(given.0)
    }
}
