//! What comes back: a row whose columns are read by name or place, each with the type it must have.

use std::str::FromStr;
use std::sync::Arc;

use super::error::DbError;
use super::statement::Value;
use crate::domain::timestamp::Timestamp;

/// One row. A column that is missing, empty or of another type is answered with
/// [`DbError::Inconsistent`], which names the column and never its content.
#[derive(Clone)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

/// How a column is pointed at: its name, or its place counted from 0.
pub trait Column: Copy {
    /// Its place in a row of columns so named.
    fn place(self, names: &[String]) -> Option<usize>;
    /// What an error calls it.
    fn describe(self, names: &[String]) -> String;
}

impl Column for &str {
    fn place(self, names: &[String]) -> Option<usize> {
        names.iter().position(|name| name == self)
    }

    fn describe(self, _names: &[String]) -> String {
        self.to_owned()
    }
}

impl Column for usize {
    fn place(self, names: &[String]) -> Option<usize> {
        (self < names.len()).then_some(self)
    }

    fn describe(self, names: &[String]) -> String {
        names.get(self).cloned().unwrap_or_else(|| format!("#{self}"))
    }
}

impl Row {
    /// `values` are as many as `columns`, and in their order.
    pub(super) fn new(columns: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// All values, in the order of the columns.
    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The text of a column that always has one.
    pub fn text(&self, column: impl Column) -> Result<String, DbError> {
        self.str(column).map(str::to_owned)
    }

    /// The text of a column that may be empty.
    pub fn opt_text(&self, column: impl Column) -> Result<Option<String>, DbError> {
        Ok(self.opt_str(column)?.map(str::to_owned))
    }

    /// As [`text`](Self::text), borrowed from the row.
    pub fn str(&self, column: impl Column) -> Result<&str, DbError> {
        self.opt_str(column)?.ok_or_else(|| self.inconsistent(column, "is NULL"))
    }

    /// As [`opt_text`](Self::opt_text), borrowed from the row.
    pub fn opt_str(&self, column: impl Column) -> Result<Option<&str>, DbError> {
        match self.value(column)? {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            Value::Int(_) => Err(self.inconsistent(column, "is a number where a text belongs")),
        }
    }

    /// The number in a column that always has one.
    pub fn int(&self, column: impl Column) -> Result<i64, DbError> {
        self.opt_int(column)?.ok_or_else(|| self.inconsistent(column, "is NULL"))
    }

    /// The number in a column that may be empty.
    pub fn opt_int(&self, column: impl Column) -> Result<Option<i64>, DbError> {
        match self.value(column)? {
            Value::Int(number) => Ok(Some(*number)),
            Value::Null => Ok(None),
            Value::Text(_) => Err(self.inconsistent(column, "is a text where a number belongs")),
        }
    }

    /// The number in a column, in a type that may hold less than the column does (a count is a `u64`).
    pub fn number<T: TryFrom<i64>>(&self, column: impl Column) -> Result<T, DbError> {
        T::try_from(self.int(column)?).map_err(|_| self.inconsistent(column, "is out of range"))
    }

    /// The instant in a column that always has one.
    pub fn time(&self, column: impl Column) -> Result<Timestamp, DbError> {
        self.int(column).map(Timestamp::from_micros)
    }

    /// The instant in a column that may be empty.
    pub fn opt_time(&self, column: impl Column) -> Result<Option<Timestamp>, DbError> {
        Ok(self.opt_int(column)?.map(Timestamp::from_micros))
    }

    /// A text column read as one of the domain's types.
    pub fn parsed<T: FromStr>(&self, column: impl Column) -> Result<T, DbError> {
        self.str(column)?.parse().map_err(|_| self.inconsistent(column, "is not one of the known values"))
    }

    /// A text column that may be empty, read as one of the domain's types.
    pub fn opt_parsed<T: FromStr>(&self, column: impl Column) -> Result<Option<T>, DbError> {
        let parsed = self.opt_str(column)?.map(str::parse).transpose();
        parsed.map_err(|_| self.inconsistent(column, "is not one of the known values"))
    }

    /// The error for a column whose content contradicts what the program wrote; `problem` completes the
    /// sentence "column x …" and says nothing of the content.
    pub fn inconsistent(&self, column: impl Column, problem: impl Into<String>) -> DbError {
        DbError::Inconsistent { column: column.describe(&self.columns), problem: problem.into() }
    }

    fn value(&self, column: impl Column) -> Result<&Value, DbError> {
        let place = column.place(&self.columns);
        place
            .and_then(|place| self.values.get(place))
            .ok_or_else(|| self.inconsistent(column, "is not among those read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let columns = ["login", "failures", "ended_at"].map(String::from);
        Row::new(columns.into(), vec![Value::from("ada"), Value::Int(-3), Value::Null])
    }

    #[test]
    fn columns_are_read_by_name_and_by_place() -> Result<(), DbError> {
        let row = row();
        assert_eq!(row.text("login")?, "ada");
        assert_eq!(row.int(1)?, -3);
        assert_eq!(row.opt_time("ended_at")?, None);
        assert_eq!(row.opt_parsed::<u8>("ended_at")?, None);
        Ok(())
    }

    #[test]
    fn what_does_not_fit_names_its_column() {
        let row = row();
        let said = |error: Option<DbError>| error.map(|error| error.to_string()).unwrap_or_default();
        insta::assert_snapshot!(
            [
                said(row.int("login").err()),
                said(row.text(1).err()),
                said(row.time("ended_at").err()),
                said(row.number::<u32>("failures").err()),
                said(row.parsed::<u8>("login").err()),
                said(row.text("name").err()),
                said(row.text(7).err()),
            ]
            .join("\n"),
            @r"
        column login is a text where a number belongs
        column failures is a number where a text belongs
        column ended_at is NULL
        column failures is out of range
        column login is not one of the known values
        column name is not among those read
        column #7 is not among those read
        "
        );
    }
}
