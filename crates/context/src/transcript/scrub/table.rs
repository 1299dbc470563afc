//! The tables of a database, and what of their rows is changed.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};

use super::super::sqlite::{LONGEST, quoted};
use super::value::Eraser;
use super::{Refusal, refuse};

/// Bytes of changes that are held before they are made.
const PENDING: usize = 16 << 20;
/// Bytes of changes to a table without row ids, at most: it is read as a whole first.
const MOST_PENDING: usize = 64 << 20;

/// A table that is read row by row and changed.
pub(super) struct Table {
    name: String,
    /// What identifies a row: a name of the row id, or the primary key, quoted.
    key: Vec<String>,
    /// Columns that hold values of their own, quoted.
    columns: Vec<String>,
    has_ids: bool,
}

/// A value of a row.
enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl From<ValueRef<'_>> for Cell {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(bytes) => Self::Text(bytes.to_vec()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(bytes) => ValueRef::Text(bytes),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// What of a row is to be changed.
struct Change {
    key: Vec<Cell>,
    /// Indices of columns, and their new values.
    values: Vec<(usize, Cell)>,
}

impl Table {
    /// Returns a table of which this is the name.
    ///
    /// # Errors
    ///
    /// Returns why its rows can't be told apart.
    pub(super) fn of(connection: &Connection, name: &str, has_ids: bool) -> Result<Self, Refusal> {
        // Generated columns (2, 3) follow the others by themselves.
        let query = "SELECT name, pk, hidden FROM pragma_table_xinfo(?1, 'main') ORDER BY pk";
        let mut statement = connection.prepare(query)?;
        let all = statement.query_map([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let all: Vec<(String, i64, i64)> = all.collect::<Result<_, _>>()?;
        let key = if has_ids {
            let is_free = |id: &&str| !all.iter().any(|(column, ..)| column.eq_ignore_ascii_case(id));
            let Some(id) = ["rowid", "_rowid_", "oid"].iter().copied().find(is_free) else {
                return refuse("a table hides its row ids");
            };
            vec![id.to_owned()]
        } else {
            all.iter().filter(|(_, pk, _)| *pk > 0).map(|(column, ..)| quoted(column)).collect()
        };
        let columns = all.iter().filter(|(.., hidden)| *hidden == 0).map(|(column, ..)| quoted(column)).collect();
        Ok(Self { name: quoted(name), key, columns, has_ids })
    }

    /// Takes the secrets out of all rows and returns how many rows were changed.
    ///
    /// # Errors
    ///
    /// Returns why not; then some rows may have been changed.
    pub(super) fn scrub(&self, connection: &Connection, eraser: &mut Eraser<'_>) -> Result<usize, Refusal> {
        let (mut from, mut n_rows) = (Some(i64::MIN), 0);
        while let Some(first) = from {
            let (changes, next) = self.changes(connection, first, eraser)?;
            n_rows += changes.len();
            changes.iter().try_for_each(|change| self.apply(connection, change))?;
            from = next;
        }
        Ok(n_rows)
    }

    /// Reads rows from an id on; returns what is to be changed, and the id of the first row not read.
    fn changes(
        &self,
        connection: &Connection,
        first: i64,
        eraser: &mut Eraser<'_>,
    ) -> Result<(Vec<Change>, Option<i64>), Refusal> {
        let mut statement = connection.prepare(&self.query())?;
        let mut rows = if self.has_ids { statement.query([first]) } else { statement.query([]) }?;
        let (mut changes, mut pending) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let Some(change) = self.change(row, eraser)? else { continue };
            pending += change.len();
            let last = if let Some(Cell::Integer(id)) = change.key.first() { *id } else { i64::MAX };
            changes.push(change);
            if pending > MOST_PENDING {
                return refuse("a table without row ids holds too many secrets");
            }
            if self.has_ids && pending > PENDING {
                return Ok((changes, last.checked_add(1)));
            }
        }
        Ok((changes, None))
    }

    fn query(&self) -> String {
        let too_long = self.columns.iter().map(|column| format!("octet_length({column}) > {LONGEST}"));
        let too_long = too_long.collect::<Vec<_>>().join(" OR ");
        let (key, columns) = (self.key.join(", "), self.columns.join(", "));
        let place = if self.has_ids { format!("WHERE {key} >= ?1 ORDER BY {key}") } else { String::new() };
        format!("SELECT {too_long}, {key}, {columns} FROM main.{} {place}", self.name)
    }

    fn change(&self, row: &Row<'_>, eraser: &mut Eraser<'_>) -> Result<Option<Change>, Refusal> {
        if row.get::<_, Option<bool>>(0)? == Some(true) {
            return refuse(format!("it holds a value of more than {LONGEST} bytes"));
        }
        let start = 1 + self.key.len();
        let mut values = Vec::new();
        for idx in 0..self.columns.len() {
            let value = match row.get_ref(start + idx)? {
                ValueRef::Text(bytes) => eraser.text(bytes).map(Cell::Text),
                ValueRef::Blob(bytes) => eraser.blob(bytes).map(Cell::Blob),
                _ => None,
            };
            values.extend(value.map(|value| (idx, value)));
        }
        if values.is_empty() {
            return Ok(None);
        }
        let key: Result<_, rusqlite::Error> = (1..start).map(|idx| row.get_ref(idx).map(Cell::from)).collect();
        Ok(Some(Change { key: key?, values }))
    }

    fn apply(&self, connection: &Connection, change: &Change) -> Result<(), Refusal> {
        let set: Vec<String> = change.values.iter().map(|(idx, _)| format!("{} = ?", self.columns[*idx])).collect();
        let key: Vec<String> = self.key.iter().map(|column| format!("{column} IS ?")).collect();
        // Another way to settle a conflict might take a row away.
        let sql = format!("UPDATE OR ABORT main.{} SET {} WHERE {}", self.name, set.join(", "), key.join(" AND "));
        let values = change.values.iter().map(|(_, value)| value).chain(&change.key);
        match connection.prepare(&sql)?.execute(params_from_iter(values))? {
            1 => Ok(()),
            _ => refuse("the database keeps a row from being changed"),
        }
    }

    /// Whether rows keep their ids in a database that is written anew.
    ///
    /// # Errors
    ///
    /// Returns what SQLite says.
    pub(super) fn keeps_ids(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
        let one = |sql: &str| connection.query_row(sql, [name], |row| row.get::<_, bool>(0)).optional();
        let has_name = "SELECT count(*) = 1 AND max(upper(type)) = 'INTEGER' FROM pragma_table_xinfo(?1) WHERE pk > 0";
        let has_index = "SELECT count(*) > 0 FROM pragma_index_list(?1)";
        if one(has_name)? == Some(true) || one(has_index)? == Some(true) {
            return Ok(true);
        }
        let is_dense = "SELECT count(*) = coalesce(max(rowid), 0) AND coalesce(min(rowid), 1) = 1 FROM main.";
        connection.query_row(&format!("{is_dense}{}", quoted(name)), [], |row| row.get(0))
    }
}

impl Change {
    /// Bytes, about.
    fn len(&self) -> usize {
        let len = |cell: &Cell| match cell {
            Cell::Text(bytes) | Cell::Blob(bytes) => bytes.len() + 64,
            _ => 64,
        };
        self.key.iter().chain(self.values.iter().map(|(_, value)| value)).map(len).sum()
    }
}
