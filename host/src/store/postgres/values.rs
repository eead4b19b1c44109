//! Values on the wire: bound as the type that the server inferred for a parameter, read by the type of
//! the column.

use std::error::Error;

use bytes::BytesMut;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::store::sql::db::{Param, Value};

type Failed = Box<dyn Error + Sync + Send>;

/// A parameter, whatever the server takes it for.
#[derive(Debug)]
pub(super) struct Bound<'p>(pub(super) &'p Param<'p>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
        match self.0 {
            Param::Null => Ok(IsNull::Yes),
            Param::TooLarge => Err("a number is too large for a column".into()),
            Param::Integer(number) => integer(*number, ty, out),
            Param::Bool(truth) if *ty == Type::BOOL => truth.to_sql(ty, out),
            Param::Bool(truth) => integer(i64::from(*truth), ty, out),
            Param::Text(text) => self::text(text, ty, out),
            Param::Bytes(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(_ty: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn integer(number: i64, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
    match *ty {
        Type::INT4 => i32::try_from(number)?.to_sql(ty, out),
        Type::BOOL => (number != 0).to_sql(ty, out),
        Type::TEXT => number.to_string().to_sql(ty, out),
        _ => number.to_sql(ty, out),
    }
}

/// A text here holds no NUL, in whatever spelling: it is shown as what cannot be shown.
fn text(text: &str, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
    const NUL_IN_JSON: &str = "\\u0000";
    if text.contains('\0') {
        return text.replace('\0', "\u{fffd}").as_str().to_sql(ty, out);
    }
    if *ty == Type::JSON {
        if text.contains(NUL_IN_JSON) {
            out.extend_from_slice(without_nul(text).as_bytes());
        } else {
            out.extend_from_slice(text.as_bytes());
        }
        return Ok(IsNull::No);
    }
    text.to_sql(ty, out)
}

/// `\u0000` where it is an escape, and not a backslash with `u0000` behind it.
fn without_nul(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = escape.strip_prefix("\\u0000") {
            out.push_str("\\ufffd");
            rest = after;
        } else {
            let (pair, after) = escape.split_at(escape.len().min(2));
            out.push_str(pair);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// A column, whatever its type.
pub(super) struct Given<'v>(pub(super) Value<'v>);

impl<'v> FromSql<'v> for Given<'v> {
    fn from_sql(ty: &Type, raw: &'v [u8]) -> Result<Self, Failed> {
        Ok(Self(match *ty {
            Type::INT8 => Value::Integer(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Integer(i32::from_sql(ty, raw)?.into()),
            Type::BOOL => Value::Integer(bool::from_sql(ty, raw)?.into()),
            Type::TEXT | Type::JSON | Type::VARCHAR | Type::UNKNOWN => {
                Value::Text(std::str::from_utf8(raw)?)
            }
            Type::BYTEA => Value::Bytes(raw),
            _ => return Err(format!("it is {ty}, which the store does not read").into()),
        }))
    }

    fn from_sql_null(_ty: &Type) -> Result<Self, Failed> {
        Ok(Self(Value::Null))
    }

    fn accepts(_ty: &Type) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_escapes_go_and_nothing_else() {
        for (json, expect) in [
            (r#""a\u0000b""#, r#""a\ufffdb""#),
            (r#""a\\u0000b""#, r#""a\\u0000b""#),
            (r#""\\\u0000\u00e9""#, r#""\\\ufffd\u00e9""#),
            (r#""plain""#, r#""plain""#),
        ] {
            assert_eq!(without_nul(json), expect);
        }
    }
}
