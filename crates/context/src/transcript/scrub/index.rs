//! Full-text indices: they hold the words of what they index, apart from it.

use std::collections::HashSet;

use rusqlite::Connection;

use super::super::sqlite::quoted;
use super::{Refusal, refuse};

/// A full-text index, of FTS3, FTS4 or FTS5.
pub(super) struct Index {
    pub(super) name: String,
    /// It holds the text itself, and is changed like a table.
    pub(super) has_text: bool,
}

impl Index {
    /// Returns the index that a virtual table is, told by the tables it keeps.
    pub(super) fn of(name: &str, shadows: &HashSet<String>) -> Option<Self> {
        let has = |ending: &str| shadows.contains(&format!("{name}_{ending}"));
        let is_index = has("segdir") || (has("data") && has("config"));
        is_index.then(|| Self { name: name.to_owned(), has_text: has("content") })
    }

    /// Takes words out of the index that no row holds any more.
    ///
    /// # Errors
    ///
    /// Returns why that is not possible.
    pub(super) fn refresh(&self, connection: &Connection) -> Result<(), Refusal> {
        let name = quoted(&self.name);
        let tell = |what: &str| format!("INSERT INTO main.{name}({name}) VALUES ('{what}')");
        if self.has_text {
            // What was deleted is only marked until segments are merged.
            connection.execute_batch(&tell("optimize"))?;
            return Ok(());
        }
        // Anew from the table it is of, whether or not triggers keep it.
        match connection.execute_batch(&tell("rebuild")) {
            Ok(()) => Ok(()),
            Err(err) if err.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => Err(err.into()),
            Err(_) => refuse("a full-text index can't be made anew"),
        }
    }
}
