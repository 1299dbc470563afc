//! SQLite databases, changed in place: one transaction, and then what was deleted.
//!
//! Who opens the database must find it whole whatever happens on the way, and beside
//! it may stand a log that is part of it. So SQLite does the writing, alone with the
//! file, and commits everything or nothing. Afterwards the file is written anew
//! (`VACUUM`), so that pages that are free now or were before are gone, and its bytes
//! are searched for every value.
//!
//! The schema is not trusted: triggers and generated columns run with functions that
//! only compute, and all of it within bounds of time, memory and size.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::super::sqlite::{beside, escaped};
use super::index::Index;
use super::table::Table;
use super::value::Eraser;
use super::{IN_USE, Refusal, Scrubber, id, refuse, set_times, settled};

/// How often all tables are gone through where triggers may write values back.
const PASSES: usize = 3;
/// Bytes of a row, at most.
const LONGEST_ROW: i32 = 256 << 20;
/// Bytes of a database that is written anew in memory; a larger one needs a file.
const IN_MEMORY: u64 = 64 << 20;
/// What SQLite may take of memory.
const HEAP: u64 = 1 << 30;
/// Files that belong to a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

impl From<rusqlite::Error> for Refusal {
    /// The message of SQLite may quote the database, so only its code is told.
    fn from(err: rusqlite::Error) -> Self {
        Self::Why(match err.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => IN_USE.to_owned(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => "it is damaged".to_owned(),
            Some(ErrorCode::OperationInterrupted) => "its triggers or views take too long".to_owned(),
            Some(code) => format!("SQLite says {code:?}"),
            None => "it is no database as SQLite has them".to_owned(),
        })
    }
}

impl Scrubber {
    /// Scrubs a database and returns the number of places that were replaced.
    /// `has_deleted` says that a value stands in it that was deleted.
    pub(super) fn database(&mut self, path: &Path, has_deleted: bool) -> Result<u64, Refusal> {
        let before = fs::symlink_metadata(path)?;
        self.check(&before)?;
        self.check_beside(path)?;
        let connection = open(path)?;
        if id(&fs::symlink_metadata(path)?) != id(&before) {
            return refuse("it was replaced meanwhile");
        }
        let mode = Mode::lock(&connection, path)?;
        let deadline = Instant::now() + self.patience + Duration::from_millis(before.len() >> 10);
        connection.progress_handler(10_000, Some(move || Instant::now() > deadline))?;
        let outcome = self.replace(&connection);
        if outcome.is_err() {
            connection.progress_handler(0, None::<fn() -> bool>)?;
            // Where SQLite did it already there is none to end.
            let _ = connection.execute_batch("ROLLBACK");
        } else {
            // What can't be cleared is found in the bytes.
            let _ = clear(&connection, before.len());
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        }
        let _ = mode.unlock(&connection);
        // A file of a process that is opened and closed takes the locks of SQLite with it.
        drop(connection);
        set_times(&File::options().append(true).open(path)?, &before)?;
        let (n_hits, n_left) = outcome?;
        settled(n_hits, n_left)?;
        self.verify(path)?;
        if n_hits == 0 && !has_deleted {
            return refuse("nothing was found in it a second time");
        }
        Ok(n_hits)
    }

    /// Refuses a database where a file beside it is in use, or tells of a crash.
    fn check_beside(&self, path: &Path) -> Result<(), Refusal> {
        for ending in BESIDE {
            match fs::symlink_metadata(beside(path, ending)) {
                Ok(meta) => self.check(&meta)?,
                Err(err) if err.kind() == io::ErrorKind::NotFound => {}
                Err(err) => return Err(err.into()),
            }
        }
        // To roll one back would delete files that it names.
        let mut first = [0];
        match File::open(beside(path, "-journal")).and_then(|mut file| file.read(&mut first)) {
            Ok(1) if first != [0] => refuse("a transaction was not finished; start the assistant once"),
            _ => Ok(()),
        }
    }

    /// Puts placeholders into all tables, in one transaction; returns how many, and
    /// how many values had to stay.
    fn replace(&mut self, connection: &Connection) -> Result<(u64, u64), Refusal> {
        connection.execute_batch("BEGIN EXCLUSIVE")?;
        check(connection)?;
        let n_pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        // Triggers may add to it, but not without end.
        connection.execute_batch(&format!("PRAGMA max_page_count = {}", n_pages.saturating_mul(2) + (1 << 14)))?;
        let schema = Schema::read(connection)?;
        let mut eraser = Eraser { redactor: &mut self.redactor, book: &mut self.book, n_hits: 0, n_left: 0 };
        for pass in 0.. {
            eraser.n_left = 0;
            let n_rows =
                schema.tables.iter().map(|table| table.scrub(connection, &mut eraser)).sum::<Result<usize, _>>()?;
            if n_rows == 0 || !schema.has_triggers {
                break;
            }
            if pass == PASSES {
                return refuse("its triggers write the values back");
            }
        }
        if eraser.n_hits > 0 {
            schema.indices.iter().try_for_each(|index| index.refresh(connection))?;
        }
        connection.execute_batch("COMMIT")?;
        Ok((eraser.n_hits, eraser.n_left))
    }

    /// Refuses a database in whose bytes a value still stands.
    fn verify(&mut self, path: &Path) -> Result<(), Refusal> {
        let mut n_places = 0;
        for path in [path.to_path_buf(), beside(path, "-wal"), beside(path, "-journal")] {
            match File::open(path) {
                Ok(mut file) => n_places += self.book.count(&mut file)?,
                Err(err) if err.kind() == io::ErrorKind::NotFound => {}
                Err(err) => return Err(err.into()),
            }
        }
        if n_places > 0 {
            return refuse(format!("{n_places} places of its bytes still hold a value"));
        }
        Ok(())
    }
}

/// Opens a database to change it, without a word from its schema being trusted.
fn open(path: &Path) -> Result<Connection, Refusal> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{}?mode=rw", escaped(path)), flags)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_ROW)?;
    // Keys of other tables are redacted by themselves, to the same names.
    connection.execute_batch(&format!(
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;
         PRAGMA temp_store=MEMORY; PRAGMA hard_heap_limit={HEAP}; PRAGMA foreign_keys=OFF; PRAGMA secure_delete=ON;"
    ))?;
    Ok(connection)
}

/// How a database commits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mode {
    /// Through a log beside it.
    Log,
    /// In place, with a journal of what was there before.
    Journal,
}

impl Mode {
    /// Locks a database for this connection alone, and returns how it commits.
    fn lock(connection: &Connection, path: &Path) -> Result<Self, Refusal> {
        let has_log = fs::metadata(beside(path, "-wal")).is_ok_and(|meta| meta.len() > 0);
        // What is refused stays as it is, its log as well.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log)?;
        // To begin corrects the header where it is wrong, but not for good.
        connection.execute_batch("BEGIN EXCLUSIVE; ROLLBACK")?;
        let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        if mode == "wal" {
            return Ok(Self::Log);
        }
        // With the lock held a journal would stay, and hold what was there before.
        connection.execute_batch("PRAGMA journal_mode=TRUNCATE")?;
        Ok(Self::Journal)
    }

    /// Gives a database free, and leaves no journal beside it.
    fn unlock(self, connection: &Connection) -> rusqlite::Result<()> {
        match self {
            Self::Log => Ok(()),
            Self::Journal => connection.execute_batch("PRAGMA locking_mode=NORMAL; PRAGMA journal_mode=DELETE"),
        }
    }
}

/// Refuses a database that is damaged, or whose text is not UTF-8.
fn check(connection: &Connection) -> Result<(), Refusal> {
    let encoding: String = connection.query_row("PRAGMA encoding", [], |row| row.get(0))?;
    if encoding != "UTF-8" {
        return refuse("its text is not UTF-8");
    }
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { refuse("it is damaged") }
}

/// What there is to change.
struct Schema {
    tables: Vec<Table>,
    indices: Vec<Index>,
    has_triggers: bool,
}

impl Schema {
    fn read(connection: &Connection) -> Result<Self, Refusal> {
        let query = "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'
                     AND name NOT IN ('sqlite_schema', 'sqlite_sequence')";
        let mut statement = connection.prepare(query)?;
        let all = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let all: Vec<(String, String, bool)> = all.collect::<Result<_, _>>()?;
        let of = |wanted: &'static str| all.iter().filter(move |(_, kind, _)| kind == wanted);
        let shadows: HashSet<String> = of("shadow").map(|(name, ..)| name.clone()).collect();
        let indices: Vec<Index> = of("virtual").filter_map(|(name, ..)| Index::of(name, &shadows)).collect();
        let tables = of("table").map(|(name, _, wr)| (name, !wr));
        let texts = indices.iter().filter(|index| index.has_text).map(|index| (&index.name, true));
        let tables = tables.chain(texts).map(|(name, has_ids)| Table::of(connection, name, has_ids));
        let tables = tables.collect::<Result<_, _>>()?;
        let triggers = "SELECT count(*) > 0 FROM main.sqlite_schema WHERE type = 'trigger'";
        Ok(Self { tables, indices, has_triggers: connection.query_row(triggers, [], |row| row.get(0))? })
    }
}

/// Writes a database anew, so that nothing is left of what was deleted, and empties its log.
fn clear(connection: &Connection, len: u64) -> rusqlite::Result<()> {
    let vacuumed = vacuum(connection, len);
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    vacuumed
}

fn vacuum(connection: &Connection, len: u64) -> rusqlite::Result<()> {
    let query = "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND wr = 0
                 AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type DESC";
    let all: Vec<(String, String)> =
        connection.prepare(query)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    // An index may go by the ids of rows, which would be counted anew.
    if all.iter().any(|(_, kind)| kind == "virtual") {
        for (name, _) in all.iter().filter(|(_, kind)| kind == "table") {
            if !Table::keeps_ids(connection, name)? {
                return Ok(());
            }
        }
    }
    if len > IN_MEMORY {
        connection.execute_batch("PRAGMA temp_store=FILE")?;
    }
    connection.execute_batch("VACUUM")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use leaktight_core::RuleSet;

    use super::*;
    use crate::redact::{Book, Redactor};

    const VALUE: &str = "S3nt1nel-pa55-word";

    fn scrubber() -> Scrubber {
        let mut book = Book::ephemeral().expect("random bytes");
        book.placeholder("db-password", VALUE.as_bytes());
        let redactor = Redactor::new(Arc::new(RuleSet::builtin()));
        Scrubber { redactor, book, open: Some(HashSet::new()), patience: Duration::from_millis(200) }
    }

    fn database(sql: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let connection = Connection::open(&path).expect("a database");
        connection.execute_batch(&format!("CREATE TABLE docs (doc TEXT); {sql}")).expect("a schema");
        connection.execute("INSERT INTO docs VALUES (?1)", [VALUE]).expect("a row");
        (folder, path)
    }

    #[track_caller]
    fn is_refused(scrubber: &mut Scrubber, path: &Path, why: &str) {
        let bytes = fs::read(path).expect("a file");
        let Err(Refusal::Why(reason)) = scrubber.database(path, false) else { panic!("{why}: it is refused") };
        assert!(reason.contains(why), "{reason}");
        assert!(fs::read(path).expect("a file") == bytes, "{why}: not a byte changes");
    }

    #[test]
    fn one_that_is_locked_is_left_alone() {
        for mode in ["DELETE", "WAL"] {
            let (_folder, path) = database(&format!("PRAGMA journal_mode={mode};"));
            let owner = Connection::open(&path).expect("a database");
            owner.execute_batch("BEGIN IMMEDIATE; SELECT * FROM docs").expect("a lock");
            is_refused(&mut scrubber(), &path, IN_USE);
            owner.execute_batch("ROLLBACK").expect("no lock");
            drop(owner);
            assert_eq!(scrubber().database(&path, false).expect("it is free"), 1, "{mode}");
        }
    }

    #[test]
    fn triggers_end_within_bounds() {
        let endless =
            "CREATE VIEW numbers AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c;";
        // Room runs out after a moment, which may be long on a busy machine.
        let (short, long) = (Duration::from_millis(200), Duration::from_secs(60));
        for (body, patience, why) in [
            ("SELECT count(*) FROM numbers", short, "too long"),
            ("INSERT INTO more SELECT randomblob(100000) FROM numbers", long, "DiskFull"),
            ("INSERT INTO more SELECT zeroblob(900000000)", long, "TooBig"),
        ] {
            let trigger = format!("CREATE TRIGGER bad AFTER UPDATE ON docs BEGIN {body}; END;");
            let (_folder, path) = database(&format!("CREATE TABLE more (x); {endless} {trigger}"));
            is_refused(&mut Scrubber { patience, ..scrubber() }, &path, why);
        }
    }
}
