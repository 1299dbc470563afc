//! Unified diffs as a source.

mod binary;
mod file;
mod hunk;
mod lines;
mod name;
mod reader;

use std::io::{ErrorKind, Read};
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use leaktight_core::{Chunk, Event, Origin, Skip, SkipReason, Source};

use self::lines::Lines;
use self::reader::Reader;
use crate::change::ChangeOptions;
use crate::part::Visitor;

/// A unified diff: of git, Subversion, Mercurial or `diff -u`, read as it comes
/// and in constant memory.
///
/// Lines that are added are lent together with those that stay, which count as
/// context only; lines that are taken away are not lent. Lines, columns and paths
/// are those of the new file. Offsets count the bytes of the new sides shown so
/// far, because a diff doesn't tell what stands between its hunks.
///
/// What stands round the files, such as the message of a commit in a mail, is lent
/// as well, at the lines of the diff itself.
///
/// A hunk with more or fewer lines than it says is scanned for what it holds, and
/// its file reported as malformed.
pub struct Diff {
    input: Mutex<Option<Box<dyn Read + Send>>>,
    options: ChangeOptions,
    origin: Arc<Origin>,
}

impl Diff {
    /// Returns the diff that `input` holds, of which a source can be driven once.
    ///
    /// A reader that has nothing yet may say so with [`ErrorKind::WouldBlock`] after
    /// a while: the visitor is then asked whether to go on.
    pub fn new(input: impl Read + Send + 'static, options: ChangeOptions) -> Self {
        Self { input: Mutex::new(Some(Box::new(input))), options, origin: Arc::new(Origin::Stdin) }
    }

    /// Says where the diff itself is from; it is taken for standard input else.
    #[must_use]
    pub fn with_origin(self, origin: Origin) -> Self {
        Self { origin: Arc::new(origin), ..self }
    }

    fn read(&self, input: Box<dyn Read + Send>, visitor: Visitor<'_>) -> Result<(), Skip> {
        let stopped = || Skip::new("-", SkipReason::Interrupted, "");
        let mut lines = Lines::new(input);
        let mut reader = Reader::new(visitor, &self.options, &self.origin);
        loop {
            let flow = match lines.next() {
                Ok(Some(line)) => reader.take(line),
                Ok(None) => break,
                // Nothing to look at, only to hear whether to go on.
                Err(err) if err.kind() == ErrorKind::WouldBlock => {
                    visitor(Event::Chunk(Chunk::new(&[], Arc::new(Origin::Stdin))))
                }
                Err(err) => {
                    let skip = Skip::new("-", SkipReason::Io, err);
                    // Whatever that says, nothing follows.
                    let _ = reader.finish();
                    return Err(skip);
                }
            };
            if flow.is_break() {
                return Err(stopped());
            }
        }
        match reader.finish() {
            ControlFlow::Continue(true) => Ok(()),
            ControlFlow::Continue(false) => Err(Skip::new(
                "-",
                SkipReason::Malformed,
                "it holds no unified diff, as `git diff` and `diff -u` write them",
            )),
            ControlFlow::Break(()) => Err(stopped()),
        }
    }
}

impl Source for Diff {
    fn drive(&self, visitor: Visitor<'_>) {
        let input = self.input.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(input) = input else { return };
        let read = panic::catch_unwind(AssertUnwindSafe(|| self.read(input, visitor)));
        let skip = match read {
            Ok(Ok(())) => return,
            Ok(Err(skip)) => skip,
            Err(_) => Skip::new("-", SkipReason::Internal, "the scan of it panicked"),
        };
        // It was the last event: there is nothing left to break off.
        let _ = panic::catch_unwind(AssertUnwindSafe(|| visitor(Event::Skipped(skip))));
    }
}

#[cfg(test)]
mod tests;
