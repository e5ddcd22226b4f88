//! What is asked of the database: one SQL text for every engine, and the values that go into it.
//!
//! The dialect is what SQLite and PostgreSQL both read: `$1` markers (repeated and out of order as needed),
//! `BIGINT` and `TEXT` and nothing else, `ON CONFLICT`, `RETURNING`, `now_us()` for the database's time. No
//! booleans (a nullable `…_at` says more), no floating point, no arithmetic between two bare markers
//! (PostgreSQL cannot tell their type).

use super::row::Row;
use crate::domain::timestamp::Timestamp;

/// One value that goes into a statement or comes out of a row.
///
/// It has no `Debug`: a value may be a hash or a name, and neither belongs in a log.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing is known.
    Null,
    /// A number, a count, or an instant in microseconds since the epoch.
    Int(i64),
    /// A text, an id, a hash, or JSON.
    Text(String),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.micros())
    }
}

impl From<char> for Value {
    fn from(value: char) -> Self {
        Self::Text(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One SQL statement with its values, made by [`q!`](crate::store::db::q).
///
/// The text is `'static`: nothing a peer sent can become SQL.
#[derive(Clone)]
pub struct Statement {
    pub(super) sql: &'static str,
    pub(super) values: Vec<Value>,
    want: Option<u64>,
    label: &'static str,
    hold: Option<Hold>,
    is_planned_anew: bool,
}

/// How the rows that a condition has read are kept as they are until the batch has committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// Others may hold them too.
    Shared,
    /// Nobody else may.
    Alone,
}

impl Statement {
    /// A statement whose marker `$n` stands for the `n`th of `values`. The engine refuses a text that does
    /// not use all of them.
    pub const fn new(sql: &'static str, values: Vec<Value>) -> Self {
        Self { sql, values, want: None, label: "", hold: None, is_planned_anew: false }
    }

    /// Insists that the statement touches exactly `rows` rows (for one that answers rows: that it answers so
    /// many), else the whole batch is undone with [`BatchError::Unmet`](super::BatchError::Unmet).
    #[must_use]
    pub const fn want(mut self, rows: u64) -> Self {
        self.want = Some(rows);
        self
    }

    /// Marks a `SELECT` in a batch as a condition: it must answer exactly one row, and that row stays as it
    /// is until the batch has committed.
    ///
    /// Others may hold the same row: for one that every batch speaks of and few change. SQLite has one writer at a
    /// time, which makes it so; PostgreSQL is told by `FOR SHARE`, appended by the engine, so the text ends where
    /// its `WHERE` does and names one table.
    #[must_use]
    pub const fn holds(mut self) -> Self {
        self.hold = Some(Hold::Shared);
        self.want(1)
    }

    /// The same for a row that the batch may go on to change, or that few batches speak of: no other batch holds it
    /// meanwhile. Two that both held it and then both wanted to change it would wait for each other.
    #[must_use]
    pub const fn holds_alone(mut self) -> Self {
        self.hold = Some(Hold::Alone);
        self.want(1)
    }

    /// Gives the statement a name by which an unmet [`want`](Self::want) is told apart from the others of its
    /// batch.
    #[must_use]
    pub const fn named(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    /// Has PostgreSQL plan the statement for its own values each time: for one that asks about a class as well as about a million people.
    ///
    /// After five runs on a connection it would keep one plan for whatever values come, which reckons with few rows; SQLite always has
    /// one, and is asked in the words that suit it.
    #[must_use]
    pub const fn planned_anew(mut self) -> Self {
        self.is_planned_anew = true;
        self
    }

    /// The SQL text.
    pub const fn sql(&self) -> &'static str {
        self.sql
    }

    /// The number of rows insisted on.
    pub const fn wanted(&self) -> Option<u64> {
        self.want
    }

    /// The name given by [`named`](Self::named), empty without one.
    pub const fn label(&self) -> &'static str {
        self.label
    }

    /// Whether a plan that was made for other values will not do.
    pub(super) const fn is_planned_anew(&self) -> bool {
        self.is_planned_anew
    }

    /// How the rows read are kept as they are until commit.
    pub(super) const fn hold(&self) -> Option<Hold> {
        self.hold
    }
}

/// Builds a [`Statement`]: `q!("SELECT id FROM account WHERE login = $1", login)`.
macro_rules! q {
    ($sql:literal $(, $value:expr)* $(,)?) => {
        $crate::store::db::Statement::new($sql, vec![$($crate::store::db::Value::from($value)),*])
    };
}
pub(crate) use q;

/// Statements that happen together or not at all.
pub struct Batch {
    statements: Vec<Statement>,
    order_lock: OrderLock,
}

/// How a batch stands to changes of reset orders, where more than one writer exists (PostgreSQL takes a
/// transaction advisory lock as the first statement of the batch; SQLite's single writer needs nothing).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderLock {
    /// Indifferent to orders.
    None,
    /// No order may change while this runs.
    Shared,
    /// This changes an order: nothing that depends on orders may run beside it.
    Exclusive,
}

impl Batch {
    /// A batch whose result does not depend on reset orders.
    pub const fn plain(statements: Vec<Statement>) -> Self {
        Self { statements, order_lock: OrderLock::None }
    }

    /// A batch that mints a grant or token, or writes a credential: orders stand still while it runs, so that
    /// it and an order are always in one order.
    pub const fn under_order_lock(statements: Vec<Statement>) -> Self {
        Self { statements, order_lock: OrderLock::Shared }
    }

    /// A batch that changes a reset order, and so raises the order clock.
    pub const fn changing_orders(statements: Vec<Statement>) -> Self {
        Self { statements, order_lock: OrderLock::Exclusive }
    }

    pub(in crate::store) const fn new(statements: Vec<Statement>, order_lock: OrderLock) -> Self {
        Self { statements, order_lock }
    }

    /// The statements, in the order they run.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// How the batch stands to changes of orders.
    pub const fn order_lock(&self) -> OrderLock {
        self.order_lock
    }
}

/// What one statement of a batch did.
#[derive(Default)]
pub struct Affected {
    /// Rows inserted, updated or deleted; for a statement that answers rows, how many it answered.
    pub count: u64,
    /// The rows of a `SELECT` or a `RETURNING`; empty otherwise.
    pub rows: Vec<Row>,
}
