//! The rows of a database as records of a transcript.

use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::Ordering;

use leaktight_core::{Confidence, Tag};

use super::catalog::Store;
use super::leak::{self, At, Key, Leaks, Place};
use super::lines::Batches;
use super::record::Facts;
use super::scan::{Reading, distinct};
use super::{Sent, Trouble, input, sqlite, time};

/// Bytes of a name that are kept.
const LONGEST_NAME: usize = 200;

/// The rows of a database, as records.
pub(super) struct Rows<'r, 'a> {
    pub(super) reading: &'r mut Reading<'a>,
}

impl Rows<'_, '_> {
    /// Returns what the columns of a row say about it.
    fn facts(&self, store: &Store, columns: &[(String, Vec<u8>)]) -> Facts {
        let value = |names: &[String]| {
            let column = |name: &String| columns.iter().find(|(column, value)| column == name && !value.is_empty());
            let (_, value) = names.iter().find_map(column)?;
            Some(String::from_utf8_lossy(&value[..value.len().min(LONGEST_NAME)]).into_owned())
        };
        // A key of several parts, such as `bubbleId:<session>:<message>`.
        let part = |text: String| text.split(':').nth(1).map(str::to_owned).unwrap_or(text);
        let facts = Facts {
            session: value(&store.columns.session).map(part),
            project: value(&store.columns.project),
            time: value(&store.columns.time).and_then(|text| time::parse(&text)),
        };
        facts.or(&self.reading.facts)
    }
}

impl sqlite::Visitor for Rows<'_, '_> {
    fn restart(&mut self) {
        self.reading.leaks = Leaks::default();
    }

    fn row(&mut self, record: &sqlite::Record<'_>) -> Result<(), Trouble> {
        let reading = &mut *self.reading;
        let mut text = Vec::new();
        for (_, value) in record.columns {
            text.extend_from_slice(value);
            text.push(b'\n');
        }
        reading.options.progress.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        reading.check()?;
        let mut findings = reading.findings(&text);
        findings.extend(
            record.columns.iter().filter_map(|(_, value)| from_hex(value)).flat_map(|text| reading.findings(&text)),
        );
        let findings = distinct(findings);
        if findings.is_empty() {
            return Ok(());
        }
        let facts = self.facts(self.reading.file.store, record.columns);
        for finding in &findings {
            let at = At::Row(record.table.to_owned(), record.row);
            let place = Place { path: self.reading.file.path.clone(), at, sent: Sent::Unknown };
            self.reading.enter(finding, (&facts, None), place);
        }
        Ok(())
    }

    fn value(&mut self, (table, row): (&str, i64), reader: &mut dyn Read) -> Result<(), Trouble> {
        let facts = self.reading.facts.clone();
        let mut batches = Batches::new(reader, self.reading.scanner.rules().overlap());
        let mut seen: Vec<Key> = Vec::new();
        while let Some(batch) = batches.next().map_err(|err: io::Error| input::trouble(&err))? {
            self.reading.check()?;
            self.reading.options.progress.bytes.fetch_add(batch.bytes.len() as u64, Ordering::Relaxed);
            for finding in self.reading.findings(batch.bytes) {
                let key = leak::key(&finding);
                if !seen.contains(&key) {
                    seen.push(key);
                    let at = At::Row(table.to_owned(), row);
                    let place = Place { path: self.reading.file.path.clone(), at, sent: Sent::Unknown };
                    self.reading.enter(&finding, (&facts, None), place);
                }
            }
        }
        Ok(())
    }
}

impl Reading<'_> {
    /// Looks for values in the bytes of a database and its log that stand in no
    /// row: what was deleted stays there until it is overwritten.
    ///
    /// Only what names itself counts: the bytes are torn wherever a page ends.
    pub(super) fn free_space(&mut self) -> Result<(), Trouble> {
        let facts = self.facts.clone();
        for path in [self.file.path.clone(), sqlite::beside(&self.file.path, "-wal")] {
            let Ok(file) = File::open(&path) else { continue };
            let mut batches = Batches::of_text(file, self.scanner.rules().overlap());
            while let Some(batch) = batches.next().map_err(|err: io::Error| input::trouble(&err))? {
                self.check()?;
                for finding in self.scan(batch.bytes) {
                    let is_own = finding.confidence == Confidence::High && !finding.rule().has_tag(Tag::Password);
                    if is_own && !self.leaks.holds(&leak::key(&finding)) {
                        let place = Place { path: self.file.path.clone(), at: At::Free, sent: Sent::Unknown };
                        self.enter(&finding, (&facts, None), place);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Returns the text that hexadecimal digits stand for, if they are JSON: so Cursor keeps some of its records.
pub(super) fn from_hex(value: &[u8]) -> Option<Vec<u8>> {
    let starts = value.starts_with(b"7b") || value.starts_with(b"7B");
    if !starts || !value.len().is_multiple_of(2) {
        return None;
    }
    data_encoding::HEXLOWER_PERMISSIVE.decode(value).ok()
}
