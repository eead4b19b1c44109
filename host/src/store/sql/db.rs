//! What the statements of this room see of a database: parameters go in, rows come out by column.
//!
//! One text of SQL serves every database, so this says nothing of any: `sqlite` and `postgres` each
//! bring a `Session`. A text is written in the words that both know (`sql/mod.rs` tells which), with
//! parameters as `?1`, `?2`.

use std::borrow::Cow;

use crate::store::Error;

/// A connection inside a transaction, or one that reads.
pub type Db = dyn Session;

/// A row that a statement gave.
pub type Row<'r> = dyn Columns + 'r;

/// Reads one row; whether more are wanted.
pub type Reader<'f> = &'f mut dyn FnMut(&Row<'_>) -> Result<bool, Error>;

/// Reads a row, told for which of several it was asked.
pub type EachReader<'f> = &'f mut dyn FnMut(usize, &Row<'_>) -> Result<(), Error>;

pub trait Session {
    /// Runs a statement that gives rows, until `read` wants no more.
    fn query(&self, sql: &str, params: &[Param<'_>], read: Reader<'_>) -> Result<(), Error>;

    /// Runs a statement; how many rows it changed.
    fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<usize, Error>;

    /// Inserts a row into a table with an `id`, and returns it.
    fn insert(&self, sql: &str, params: &[Param<'_>]) -> Result<i64, Error>;

    /// Runs a query with each of these parameters. The rows of one are in the query's order.
    fn query_each(&self, sql: &str, each: Each<'_>, read: EachReader<'_>) -> Result<(), Error>;

    /// Runs a statement with each of these parameters, no two of which may concern the same row; how many
    /// rows that changed.
    fn execute_each(&self, sql: &str, each: Each<'_>) -> Result<usize, Error>;

    /// Inserts a row with each of these parameters into a table with an `id`; the ids, in that order.
    fn insert_each(&self, sql: &str, each: Each<'_>) -> Result<Vec<i64>, Error>;

    /// Nobody else changes what concerns these contacts until the transaction ends: what is read of
    /// them from here on holds. Where one writer does everything, that is so anyway.
    fn hold(&self, held: Held<'_>) -> Result<(), Error>;
}

/// What a transaction wants for itself.
#[derive(Clone, Copy)]
pub enum Held<'h> {
    /// Contacts, by number.
    Contacts(&'h [i64]),
    /// The contacts of these messages, by the messages' numbers.
    ContactsOf(&'h [i64]),
    /// Names that may not be a row yet: an address, a sender's key.
    Names(&'h [String]),
}

/// The columns of a row.
pub trait Columns {
    fn value(&self, column: &str) -> Result<Value<'_>, Error>;
}

/// A column as the database gave it. Truth is the number 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'v> {
    Null,
    Integer(i64),
    Text(&'v str),
    Bytes(&'v [u8]),
}

/// What is bound to a statement; what lives longer is not copied for it.
#[derive(Debug, Clone, PartialEq)]
pub enum Param<'p> {
    Null,
    Integer(i64),
    /// A number that no column holds: refused when it is bound.
    TooLarge,
    Bool(bool),
    Text(Cow<'p, str>),
    Bytes(&'p [u8]),
}

/// The parameters of a statement, in the order of their numbers.
macro_rules! params {
    ($($param:expr),* $(,)?) => {
        &[$($crate::store::sql::db::ToParam::param(&$param)),*]
    };
}
pub(in crate::store) use params;

/// Parameters of one statement, for each of several times that it is meant.
#[derive(Clone, Copy)]
pub struct Each<'p> {
    width: usize,
    params: &'p [Param<'p>],
}

impl<'p> Each<'p> {
    pub fn of<const N: usize>(rows: &'p [[Param<'p>; N]]) -> Self {
        Self {
            width: N,
            params: rows.as_flattened(),
        }
    }

    pub fn rows(self) -> impl ExactSizeIterator<Item = &'p [Param<'p>]> {
        self.params.chunks_exact(self.width)
    }

    pub fn is_empty(self) -> bool {
        self.params.is_empty()
    }

    /// The only one, where there are no more.
    pub fn only(self) -> Option<&'p [Param<'p>]> {
        (self.params.len() == self.width).then_some(self.params)
    }

    /// The parameter of one number, counted from 0, of each.
    pub fn column(self, number: usize) -> impl Iterator<Item = &'p Param<'p>> {
        self.rows().map(move |row| &row[number])
    }

    pub fn width(self) -> usize {
        self.width
    }
}

/// One of the `Each`, in the order of their numbers. Takes what it is given: JSON is made for it.
macro_rules! row {
    ($($param:expr),* $(,)?) => {
        [$($crate::store::sql::db::IntoParam::into_param($param)),*]
    };
}
pub(in crate::store) use row;

pub trait IntoParam<'p> {
    fn into_param(self) -> Param<'p>;
}

impl<'p, T: ToParam + ?Sized> IntoParam<'p> for &'p T {
    fn into_param(self) -> Param<'p> {
        self.param()
    }
}

impl<'p, T: IntoParam<'p>> IntoParam<'p> for Option<T> {
    fn into_param(self) -> Param<'p> {
        self.map_or(Param::Null, T::into_param)
    }
}

impl<'p> IntoParam<'p> for bool {
    fn into_param(self) -> Param<'p> {
        Param::Bool(self)
    }
}

impl<'p> IntoParam<'p> for String {
    fn into_param(self) -> Param<'p> {
        Param::Text(Cow::Owned(self))
    }
}

pub trait ToParam {
    fn param(&self) -> Param<'_>;
}

impl<T: ToParam + ?Sized> ToParam for &T {
    fn param(&self) -> Param<'_> {
        (*self).param()
    }
}

impl<T: ToParam> ToParam for Option<T> {
    fn param(&self) -> Param<'_> {
        self.as_ref().map_or(Param::Null, ToParam::param)
    }
}

impl ToParam for str {
    fn param(&self) -> Param<'_> {
        Param::Text(Cow::Borrowed(self))
    }
}

impl ToParam for String {
    fn param(&self) -> Param<'_> {
        Param::Text(Cow::Borrowed(self))
    }
}

impl ToParam for [u8] {
    fn param(&self) -> Param<'_> {
        Param::Bytes(self)
    }
}

impl ToParam for bool {
    fn param(&self) -> Param<'_> {
        Param::Bool(*self)
    }
}

/// How a column becomes a value of the house.
pub trait FromValue: Sized {
    fn from_value(value: Value<'_>) -> Option<Self>;
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes.to_owned()),
            _ => None,
        }
    }
}

impl FromValue for bool {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(number != 0),
            _ => None,
        }
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl ToParam for $integer {
            fn param(&self) -> Param<'_> {
                i64::try_from(*self).map_or(Param::TooLarge, Param::Integer)
            }
        }

        impl<'p> IntoParam<'p> for $integer {
            fn into_param(self) -> Param<'p> {
                i64::try_from(self).map_or(Param::TooLarge, Param::Integer)
            }
        }

        impl FromValue for $integer {
            fn from_value(value: Value<'_>) -> Option<Self> {
                match value {
                    Value::Integer(number) => number.try_into().ok(),
                    _ => None,
                }
            }
        }
    )*};
}
integers!(i32, u32, u64, usize);

impl ToParam for i64 {
    fn param(&self) -> Param<'_> {
        Param::Integer(*self)
    }
}

impl<'p> IntoParam<'p> for i64 {
    fn into_param(self) -> Param<'p> {
        Param::Integer(self)
    }
}

impl FromValue for i64 {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }
}
