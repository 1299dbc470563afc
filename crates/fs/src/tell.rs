//! What the visitor is told.

use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use leaktight_core::{Chunk, Event, Origin, Skip, SkipReason};

use crate::read::{Place, Text, Trouble, advice};

/// The visitor, guarded: after it broke off it hears no more, and it may panic.
pub(crate) struct Teller<'a> {
    visitor: &'a (dyn Fn(Event<'_>) -> ControlFlow<()> + Sync),
    is_stopped: AtomicBool,
    is_left: AtomicBool,
    /// Held by the one thread that may use much memory to unpack something.
    #[cfg(feature = "archives")]
    pub(crate) memory: crate::archive::Turn,
}

/// A file of which all is told in the end.
#[derive(Debug)]
pub(crate) struct Unit {
    origin: Arc<Origin>,
    /// It was asked for by its name.
    is_named: bool,
    /// The first reason why it was not scanned as a whole.
    trouble: Mutex<Option<Trouble>>,
    size: AtomicU64,
}

impl Unit {
    pub(crate) fn new(shown: PathBuf) -> Self {
        let origin = Arc::new(Origin::File(shown));
        Self { origin, is_named: false, trouble: Mutex::default(), size: AtomicU64::new(0) }
    }

    /// Returns a file that was asked for by its name: nobody wants it left out.
    pub(crate) fn named(shown: PathBuf) -> Self {
        Self { is_named: true, ..Self::new(shown) }
    }

    /// Returns what is told elsewhere in the end.
    #[cfg(feature = "archives")]
    pub(crate) fn of(origin: &Arc<Origin>) -> Self {
        Self { origin: Arc::clone(origin), is_named: false, trouble: Mutex::default(), size: AtomicU64::new(0) }
    }

    /// Returns where the bytes are from.
    #[cfg(feature = "archives")]
    pub(crate) fn origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    /// Returns the reason that was remembered.
    pub(crate) fn take_trouble(&self) -> Option<Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Remembers why the file was not scanned as a whole; the first reason counts.
    pub(crate) fn fail(&self, trouble: Trouble) {
        let trouble = match trouble {
            (SkipReason::Binary, format) if self.is_named => (SkipReason::Opaque, advice(&format)),
            other => other,
        };
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(trouble);
    }

    /// Notes the size of the file, which only the last of its parts knows.
    pub(crate) fn set_size(&self, size: u64) {
        self.size.store(size, Ordering::Relaxed);
    }

    fn path(&self) -> &Path {
        self.origin.path().unwrap_or(Path::new(""))
    }
}

impl<'a> Teller<'a> {
    pub(crate) fn new(visitor: &'a (dyn Fn(Event<'_>) -> ControlFlow<()> + Sync)) -> Self {
        Self {
            visitor,
            is_stopped: AtomicBool::new(false),
            is_left: AtomicBool::new(false),
            #[cfg(feature = "archives")]
            memory: crate::archive::Turn::default(),
        }
    }

    /// Returns whether the visitor broke off.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// Notes that something was not told because the visitor broke off.
    pub(crate) fn leave(&self) {
        self.is_left.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_left(&self) -> bool {
        self.is_left.load(Ordering::Relaxed)
    }

    /// Lends some text of a file.
    pub(crate) fn lend(&self, unit: &Unit, text: &Text<'_>, from: Place) {
        let chunk = |bytes, offset| Chunk { offset, position: from.position, ..Chunk::new(bytes, unit.origin.clone()) };
        self.chunk(unit, chunk(text.bytes, from.offset));
        if let Some(raw) = text.raw {
            self.chunk(unit, chunk(raw, from.raw));
        }
    }

    fn chunk(&self, unit: &Unit, chunk: Chunk<'_>) {
        if self.is_stopped() {
            self.leave();
        } else if !chunk.bytes.is_empty() && self.call(Event::Chunk(chunk)).is_err() {
            // Nothing of the panic's message: it may quote what was scanned.
            unit.fail((SkipReason::Internal, "the scan of it panicked".to_owned()));
        }
    }

    /// Tells how a file ended.
    pub(crate) fn finish(&self, unit: &Unit) {
        self.tell_of(unit.path(), unit.take_trouble().map_or(Ok(unit.size.load(Ordering::Relaxed)), Err));
    }

    /// Tells how something ended: how many bytes were scanned, or why not all were.
    pub(crate) fn tell_of(&self, path: &Path, outcome: Result<u64, Trouble>) {
        match outcome {
            Ok(size) => self.tell(Event::Scanned(size)),
            Err((reason, detail)) => self.skip(path, reason, detail),
        }
    }

    /// Asks whether to go on while there is nothing to lend; returns whether not.
    #[cfg(feature = "archives")]
    pub(crate) fn is_over(&self) -> bool {
        if !self.is_stopped() && self.call(Event::Chunk(Chunk::memory(&[]))).is_err() {
            self.tell_last(Path::new("."), SkipReason::Internal, "the report of a file panicked");
        }
        self.is_stopped()
    }

    /// Tells that something is left out.
    pub(crate) fn skip(&self, path: &Path, reason: SkipReason, detail: impl std::fmt::Display) {
        // The place where a scan starts may have no path of its own to show.
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        self.tell(Event::Skipped(Skip::new(path, reason, detail)));
    }

    /// Tells one last thing, even if the visitor broke off.
    pub(crate) fn tell_last(&self, path: &Path, reason: SkipReason, detail: &str) {
        // Nothing is left to be broken off, and no one to hear of a panic.
        let _ = self.call(Event::Skipped(Skip::new(path, reason, detail)));
    }

    fn tell(&self, event: Event<'_>) {
        if self.is_stopped() {
            self.leave();
        } else if self.call(event).is_err() {
            self.tell_last(Path::new("."), SkipReason::Internal, "the report of a file panicked");
        }
    }

    fn call(&self, event: Event<'_>) -> thread::Result<()> {
        let is_chunk = matches!(event, Event::Chunk(_));
        let flow = panic::catch_unwind(AssertUnwindSafe(|| (self.visitor)(event)))?;
        if flow.is_break() {
            self.is_stopped.store(true, Ordering::Relaxed);
            // What was lent may be only part of a file, and was looked at only in part.
            if is_chunk {
                self.leave();
            }
        }
        Ok(())
    }
}
