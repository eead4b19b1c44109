//! Reading columns: JSON text, words of closed lists, and what a damaged row is called.

use rusqlite::{Row, types::FromSql};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::Instant;
use crate::store::Error;

/// A column of the row, by name.
pub(super) fn get<T: FromSql>(row: &Row<'_>, column: &str) -> Result<T, Error> {
    row.get(column).map_err(super::error)
}

pub(super) fn instant(row: &Row<'_>, column: &str) -> Result<Instant, Error> {
    get(row, column).map(Instant)
}

pub(super) fn instant_opt(row: &Row<'_>, column: &str) -> Result<Option<Instant>, Error> {
    Ok(get::<Option<i64>>(row, column)?.map(Instant))
}

/// JSON text as a value; text that is none means a damaged row, and says which column.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, Error> {
    let text: String = get(row, column)?;
    parse(&text, column)
}

pub(super) fn json_opt<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> Result<Option<T>, Error> {
    get::<Option<String>>(row, column)?
        .map(|text| parse(&text, column))
        .transpose()
}

pub(super) fn parse<T: DeserializeOwned>(text: &str, column: &str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|e| Error::Invalid(format!("column {column} is damaged: {e}")))
}

pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::Invalid(e.to_string()))
}

/// Every row of a query, read by `read`.
pub(super) fn collect<T>(
    connection: &rusqlite::Connection,
    sql: &str,
    params: impl rusqlite::Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut statement = connection.prepare_cached(sql).map_err(super::error)?;
    let mut rows = statement.query(params).map_err(super::error)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(super::error)? {
        all.push(read(row)?);
    }
    Ok(all)
}

/// The first row of a query, if any.
pub(super) fn first<T>(
    connection: &rusqlite::Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let mut statement = connection.prepare_cached(sql).map_err(super::error)?;
    let mut rows = statement.query(params).map_err(super::error)?;
    rows.next().map_err(super::error)?.map(read).transpose()
}

/// Runs a statement; returns how many rows it changed.
pub(super) fn execute(
    connection: &rusqlite::Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<usize, Error> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params))
        .map_err(super::error)
}
