//! What the statements of this room see of a database: parameters go in, rows come out by column.
//!
//! One text of SQL serves every database, so this says nothing of any: `sqlite` and `postgres` each
//! bring a `Session`. A text is written in the words that both know (`sql/mod.rs` tells which), with
//! parameters as `?1`, `?2`.

use crate::store::Error;

/// A connection inside a transaction, or one that reads.
pub type Db = dyn Session;

/// A row that a statement gave.
pub type Row<'r> = dyn Columns + 'r;

/// Reads one row; whether more are wanted.
pub type Reader<'f> = &'f mut dyn FnMut(&Row<'_>) -> Result<bool, Error>;

pub trait Session {
    /// Runs a statement that gives rows, until `read` wants no more.
    fn query(&self, sql: &str, params: &[Param<'_>], read: Reader<'_>) -> Result<(), Error>;

    /// Runs a statement; how many rows it changed.
    fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<usize, Error>;

    /// Inserts a row into a table with an `id`, and returns it.
    fn insert(&self, sql: &str, params: &[Param<'_>]) -> Result<i64, Error>;

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

/// What is bound to a statement; nothing is copied for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Param<'p> {
    Null,
    Integer(i64),
    /// A number that no column holds: refused when it is bound.
    TooLarge,
    Bool(bool),
    Text(&'p str),
    Bytes(&'p [u8]),
}

/// The parameters of a statement, in the order of their numbers.
macro_rules! params {
    ($($param:expr),* $(,)?) => {
        &[$($crate::store::sql::db::ToParam::param(&$param)),*]
    };
}
pub(in crate::store) use params;

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
        Param::Text(self)
    }
}

impl ToParam for String {
    fn param(&self) -> Param<'_> {
        Param::Text(self)
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

impl FromValue for i64 {
    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }
}
