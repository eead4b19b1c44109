//! Reading columns: JSON text, words of closed lists, and what a damaged row is called.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::db::{Db, Each, FromValue, Param, Row, Value};
use crate::domain::Instant;
use crate::store::Error;

/// A column of the row, by name.
pub(in crate::store) fn get<T: FromValue>(row: &Row<'_>, column: &str) -> Result<T, Error> {
    let value = row.value(column)?;
    T::from_value(value)
        .ok_or_else(|| Error::Invalid(format!("column {column} is damaged: it holds {value:?}")))
}

pub(super) fn instant(row: &Row<'_>, column: &str) -> Result<Instant, Error> {
    get(row, column).map(Instant)
}

pub(super) fn instant_opt(row: &Row<'_>, column: &str) -> Result<Option<Instant>, Error> {
    Ok(get::<Option<i64>>(row, column)?.map(Instant))
}

/// JSON text as a value; text that is none means a damaged row, and says which column.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, Error> {
    json_opt(row, column)?.ok_or_else(|| Error::Invalid(format!("column {column} is empty")))
}

pub(super) fn json_opt<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> Result<Option<T>, Error> {
    match row.value(column)? {
        Value::Null => Ok(None),
        Value::Text(text) => parse(text, column).map(Some),
        other => Err(Error::Invalid(format!(
            "column {column} is damaged: it holds {other:?}"
        ))),
    }
}

pub(super) fn parse<T: DeserializeOwned>(text: &str, column: &str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|e| Error::Invalid(format!("column {column} is damaged: {e}")))
}

pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|e| Error::Invalid(e.to_string()))
}

/// Every row of a query, read by `read`.
pub(in crate::store) fn collect<T>(
    db: &Db,
    sql: &str,
    params: &[Param<'_>],
    mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    db.query(sql, params, &mut |row| {
        all.push(read(row)?);
        Ok(true)
    })?;
    Ok(all)
}

/// The first row of a query, if any.
pub(in crate::store) fn first<T>(
    db: &Db,
    sql: &str,
    params: &[Param<'_>],
    read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let (mut read, mut found) = (Some(read), None);
    db.query(sql, params, &mut |row| {
        if let Some(read) = read.take() {
            found = Some(read(row)?);
        }
        Ok(false)
    })?;
    Ok(found)
}

/// Runs a statement; returns how many rows it changed.
pub(in crate::store) fn execute(db: &Db, sql: &str, params: &[Param<'_>]) -> Result<usize, Error> {
    db.execute(sql, params)
}

/// Inserts a row and returns its `id`.
pub(super) fn insert(db: &Db, sql: &str, params: &[Param<'_>]) -> Result<i64, Error> {
    db.insert(sql, params)
}

/// Every row of a query, asked with each of these parameters.
pub(super) fn collect_each<const N: usize, T>(
    db: &Db,
    sql: &str,
    rows: &[[Param<'_>; N]],
    mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<Vec<T>>, Error> {
    let mut all: Vec<Vec<T>> = rows.iter().map(|_| Vec::new()).collect();
    db.query_each(sql, Each::of(rows), &mut |place, row| {
        all[place].push(read(row)?);
        Ok(())
    })?;
    Ok(all)
}

/// Runs a statement with each of these parameters, no two of which concern the same row.
pub(super) fn execute_each<const N: usize>(
    db: &Db,
    sql: &str,
    rows: &[[Param<'_>; N]],
) -> Result<usize, Error> {
    db.execute_each(sql, Each::of(rows))
}

/// Inserts these rows and returns their `id`s.
pub(super) fn insert_each<const N: usize>(
    db: &Db,
    sql: &str,
    rows: &[[Param<'_>; N]],
) -> Result<Vec<i64>, Error> {
    db.insert_each(sql, Each::of(rows))
}
