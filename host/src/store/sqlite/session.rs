//! The statements of `sql`, by SQLite: every text is prepared once per connection.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, Statement, ToSql};

use crate::store::Error;
use crate::store::sql::db::{Columns, Each, EachReader, Held, Param, Reader, Session, Value};

impl Session for Connection {
    fn query(&self, sql: &str, params: &[Param<'_>], read: Reader<'_>) -> Result<(), Error> {
        let mut statement = self.prepare_cached(sql).map_err(super::error)?;
        bind(&mut statement, params)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(super::error)? {
            if !read(row)? {
                break;
            }
        }
        Ok(())
    }

    fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<usize, Error> {
        let mut statement = self.prepare_cached(sql).map_err(super::error)?;
        bind(&mut statement, params)?;
        statement.raw_execute().map_err(super::error)
    }

    fn insert(&self, sql: &str, params: &[Param<'_>]) -> Result<i64, Error> {
        Session::execute(self, sql, params)?;
        Ok(self.last_insert_rowid())
    }

    fn query_each(&self, sql: &str, each: Each<'_>, read: EachReader<'_>) -> Result<(), Error> {
        let mut statement = self.prepare_cached(sql).map_err(super::error)?;
        for (place, params) in each.rows().enumerate() {
            bind(&mut statement, params)?;
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next().map_err(super::error)? {
                read(place, row)?;
            }
        }
        Ok(())
    }

    fn execute_each(&self, sql: &str, each: Each<'_>) -> Result<usize, Error> {
        let mut statement = self.prepare_cached(sql).map_err(super::error)?;
        let mut changed = 0;
        for params in each.rows() {
            bind(&mut statement, params)?;
            changed += statement.raw_execute().map_err(super::error)?;
        }
        Ok(changed)
    }

    fn insert_each(&self, sql: &str, each: Each<'_>) -> Result<Vec<i64>, Error> {
        let insert = |params| Session::insert(self, sql, params);
        each.rows().map(insert).collect()
    }

    /// One thread writes.
    fn hold(&self, _held: Held<'_>) -> Result<(), Error> {
        Ok(())
    }
}

fn bind(statement: &mut Statement<'_>, params: &[Param<'_>]) -> Result<(), Error> {
    if statement.parameter_count() != params.len() {
        return Err(Error::Invalid(format!(
            "a statement takes {} values and got {}",
            statement.parameter_count(),
            params.len()
        )));
    }
    for (number, param) in params.iter().enumerate() {
        statement
            .raw_bind_parameter(number + 1, param)
            .map_err(super::error)?;
    }
    Ok(())
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::TooLarge => {
                let why = "a number is too large for a column";
                return Err(rusqlite::Error::ToSqlConversionFailure(why.into()));
            }
            Self::Bool(truth) => ValueRef::Integer(i64::from(*truth)),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Columns for Row<'_> {
    fn value(&self, column: &str) -> Result<Value<'_>, Error> {
        let value = self.get_ref(column).map_err(super::error)?;
        Ok(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Text(text) => Value::Text(
                std::str::from_utf8(text)
                    .map_err(|e| Error::Invalid(format!("column {column} is damaged: {e}")))?,
            ),
            ValueRef::Blob(bytes) => Value::Bytes(bytes),
            ValueRef::Real(_) => {
                return Err(Error::Invalid(format!("column {column} holds a fraction")));
            }
        })
    }
}
