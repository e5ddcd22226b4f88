//! Values on the wire: a number or a text, whatever type the server made of a marker or a column.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::store::db::error::DbError;
use crate::store::db::row::Row;
use crate::store::db::statement::Value;

type Unfit = Box<dyn Error + Sync + Send>;

/// A value on its way to the server. Its `Debug`, which the client may write into a log, says nothing of it.
pub(super) struct Parameter<'a>(pub(super) &'a Value);

impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Unfit> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => match *ty {
                Type::INT8 => number.to_sql(ty, out),
                Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(*number)?.to_sql(ty, out),
                _ => Err("a number where a text belongs".into()),
            },
            Value::Text(text) if is_text(ty) => text.as_str().to_sql(ty, out),
            Value::Text(_) => Err("a text where a number belongs".into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        is_number(ty) || is_text(ty)
    }

    to_sql_checked!();
}

/// A column as it came; none when the schema has no such type.
struct Cell(Option<Value>);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Unfit> {
        Ok(Self(match *ty {
            Type::INT8 => Some(Value::Int(i64::from_sql(ty, raw)?)),
            Type::INT4 => Some(Value::Int(i32::from_sql(ty, raw)?.into())),
            Type::INT2 => Some(Value::Int(i16::from_sql(ty, raw)?.into())),
            _ if is_text(ty) => Some(Value::from(<&str>::from_sql(ty, raw)?)),
            _ => None,
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Unfit> {
        Ok(Self(Some(Value::Null)))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

const fn is_number(ty: &Type) -> bool {
    matches!(*ty, Type::INT8 | Type::INT4 | Type::INT2)
}

const fn is_text(ty: &Type) -> bool {
    matches!(*ty, Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN)
}

/// The rows as the program reads them.
pub(super) fn rows(answered: &[tokio_postgres::Row]) -> Result<Vec<Row>, DbError> {
    let Some(first) = answered.first() else { return Ok(Vec::new()) };
    let columns: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
    answered
        .iter()
        .map(|row| {
            let values = (0..columns.len()).map(|place| cell(row, place)).collect::<Result<_, _>>()?;
            Ok(Row::new(Arc::clone(&columns), values))
        })
        .collect()
}

fn cell(row: &tokio_postgres::Row, place: usize) -> Result<Value, DbError> {
    let column = &row.columns()[place];
    let inconsistent = |problem: String| DbError::Inconsistent { column: column.name().to_owned(), problem };
    let cell: Cell = row.try_get(place).map_err(|_| inconsistent("cannot be read".to_owned()))?;
    cell.0
        .ok_or_else(|| inconsistent(format!("is of type {}, which the schema does not have", column.type_())))
}
