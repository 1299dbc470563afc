//! The rows of SQLite databases, read without a trace.
//!
//! A database may be in use. Nothing is ever written beside it, and no lock is
//! taken that could keep its owner waiting:
//!
//! - With a write-ahead log and its index, the index is opened read-only
//!   (`readonly_shm`), and the rows are those of one moment.
//! - With a log and no index, as a copy or a crash leaves it, SQLite builds the
//!   index in memory, without locks.
//! - Without a log the file is all there is (`immutable`).
//!
//! In the last two cases the file and its log must be the same after reading as
//! before, or the rows are read again.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use leaktight_core::SkipReason;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::Trouble;

/// Bytes of a value that are held at once; a longer one is read in pieces.
pub(super) const LONGEST: i64 = 16 << 20;
/// How often a database that changes meanwhile is read.
const TRIES: usize = 3;

/// A row with text in it.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) table: &'a str,
    pub(super) row: i64,
    /// The names of the columns, and what of them is text or bytes or a number.
    pub(super) columns: &'a [(String, Vec<u8>)],
}

/// Who takes what is in a database.
pub(super) trait Visitor {
    /// Forgets everything: it is read again.
    fn restart(&mut self);
    /// Takes a row.
    ///
    /// # Errors
    ///
    /// Returns why no more is wanted.
    fn row(&mut self, record: &Record<'_>) -> Result<(), Trouble>;
    /// Takes a value too long to be held, of a row that was taken before.
    ///
    /// # Errors
    ///
    /// Returns why no more is wanted.
    fn value(&mut self, place: (&str, i64), reader: &mut dyn Read) -> Result<(), Trouble>;
}

/// Gives every row of a database to a visitor.
///
/// # Errors
///
/// Returns why not all of it was read; what was read was given.
pub(super) fn read(path: &Path, visitor: &mut dyn Visitor) -> Result<(), Trouble> {
    let mut tries = 0;
    loop {
        let before = State::of(path);
        let (connection, is_snapshot) = open(path).map_err(|err| trouble(&err))?;
        let outcome = tables(&connection, visitor);
        if is_snapshot || State::of(path) == before {
            return outcome;
        }
        tries += 1;
        if tries == TRIES {
            return Err((SkipReason::Changed, "it was written to while it was read".to_owned()));
        }
        visitor.restart();
    }
}

/// What tells whether a database was written to.
#[derive(Debug, Eq, PartialEq)]
struct State([Option<(u64, SystemTime)>; 2]);

impl State {
    fn of(path: &Path) -> Self {
        let one = |path: &Path| fs::metadata(path).and_then(|meta| Ok((meta.len(), meta.modified()?))).ok();
        Self([one(path), one(&beside(path, "-wal"))])
    }
}

/// Returns the path of a file that belongs to a database.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Opens a database; returns whether what is read is of one moment.
fn open(path: &Path) -> rusqlite::Result<(Connection, bool)> {
    let has_log = fs::metadata(beside(path, "-wal")).is_ok_and(|meta| meta.len() > 0);
    if has_log && beside(path, "-shm").exists() {
        // Fails where the index is not one, or belongs to a crash.
        if let Ok(connection) = connect(path, "readonly_shm=1") {
            return Ok((connection, true));
        }
    }
    if !has_log {
        return Ok((connect(path, "immutable=1")?, false));
    }
    let no_locks = if cfg!(windows) { "vfs=win32-none" } else { "vfs=unix-none" };
    Ok((connect(path, no_locks)?, false))
}

fn connect(path: &Path, parameter: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let uri = format!("file:{}?mode=ro&{parameter}", escaped(path));
    let connection = Connection::open_with_flags(uri, flags)?;
    // A file of someone else may define functions in its schema, and nothing
    // that is sorted may end up in a temporary file.
    connection.execute_batch("PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON;")?;
    if parameter.starts_with("vfs") {
        // Without shared memory: the index of the log is built in this process.
        connection.execute_batch("PRAGMA locking_mode=EXCLUSIVE;")?;
    }
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Returns a path as URIs have it.
pub(super) fn escaped(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => text.push(char::from(*byte)),
            b'\\' if cfg!(windows) => text.push('/'),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    // A drive is not the name of a machine.
    if cfg!(windows) { format!("/{text}") } else { text }
}

/// Gives the rows of all tables.
fn tables(connection: &Connection, visitor: &mut dyn Visitor) -> Result<(), Trouble> {
    let mut names = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
        .map_err(|err| trouble(&err))?;
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).and_then(Iterator::collect).map_err(|err| trouble(&err))?;
    let mut outcome = Ok(());
    for name in names {
        // What is wrong with one table says nothing of the next.
        match table(connection, &name, visitor) {
            Err(trouble) if trouble.0 == SkipReason::Interrupted => return Err(trouble),
            Err(trouble) => outcome = Err(trouble),
            Ok(()) => {}
        }
    }
    outcome
}

/// Gives the rows of a table, and then its values that are too long.
fn table(connection: &Connection, name: &str, visitor: &mut dyn Visitor) -> Result<(), Trouble> {
    let quoted = quoted(name);
    let columns: Vec<String> = connection
        .prepare(&format!("SELECT * FROM {quoted} LIMIT 0"))
        .map(|statement| statement.column_names().into_iter().map(str::to_owned).collect())
        .map_err(|err| trouble(&err))?;
    let list: Vec<String> = columns.iter().map(|column| short(column)).collect();
    let lengths: Vec<String> = columns.iter().map(|column| format!("octet_length({})", self::quoted(column))).collect();
    let list = list.join(", ");
    // A table without row ids has no numbers; its rows count from 1.
    let has_ids = connection.prepare(&format!("SELECT rowid FROM {quoted} LIMIT 0")).is_ok();
    let id = if has_ids { "rowid" } else { "0" };
    let query = format!("SELECT {id}, {list}, {} FROM {quoted}", lengths.join(", "));
    let mut statement = connection.prepare(&query).map_err(|err| trouble(&err))?;
    let mut rows = statement.query([]).map_err(|err| trouble(&err))?;
    let mut values: Vec<(String, Vec<u8>)> = columns.iter().map(|column| (column.clone(), Vec::new())).collect();
    let mut long: Vec<(usize, i64)> = Vec::new();
    let mut number = 0;
    while let Some(row) = rows.next().map_err(|err| trouble(&err))? {
        number += 1;
        let id = if has_ids { row.get(0).unwrap_or(number) } else { number };
        for (idx, (_, value)) in values.iter_mut().enumerate() {
            fill(row, idx + 1, value).map_err(|err| trouble(&err))?;
            if row.get::<_, Option<i64>>(1 + columns.len() + idx).ok().flatten().is_some_and(|len| len > LONGEST) {
                long.push((idx, id));
            }
        }
        visitor.row(&Record { table: name, row: id, columns: &values })?;
    }
    if !long.is_empty() && !has_ids {
        return Err((SkipReason::Size, format!("a value of more than {LONGEST} bytes in a table without row ids")));
    }
    for (idx, row) in long {
        let mut blob =
            connection.blob_open("main", name, columns[idx].as_str(), row, true).map_err(|err| trouble(&err))?;
        visitor.value((name, row), &mut blob)?;
    }
    Ok(())
}

/// A column, or nothing where it is too long.
fn short(column: &str) -> String {
    let column = quoted(column);
    format!("CASE WHEN octet_length({column}) <= {LONGEST} THEN {column} END")
}

/// Returns a name as SQL has it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Puts what a row has in a column into a buffer.
fn fill(row: &Row<'_>, idx: usize, value: &mut Vec<u8>) -> rusqlite::Result<()> {
    value.clear();
    match row.get_ref(idx)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => value.extend_from_slice(bytes),
        ValueRef::Integer(number) => value.extend_from_slice(number.to_string().as_bytes()),
        ValueRef::Real(number) => value.extend_from_slice(number.to_string().as_bytes()),
        ValueRef::Null => {}
    }
    Ok(())
}

/// Returns why a database was not read. The message of SQLite may quote the file, so only its code is told.
fn trouble(err: &rusqlite::Error) -> Trouble {
    let code = err.sqlite_error_code();
    let reason = match code {
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => SkipReason::Encoding,
        Some(rusqlite::ErrorCode::PermissionDenied) => SkipReason::Permission,
        _ => SkipReason::Io,
    };
    let detail = code.map_or_else(|| "no SQLite database".to_owned(), |code| format!("SQLite says {code:?}"));
    (reason, detail)
}
