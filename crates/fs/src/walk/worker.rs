//! A thread that walks and reads.

use std::ffi::OsString;
use std::fs::File;
use std::io;
#[cfg(feature = "archives")]
use std::io::Seek as _;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leaktight_core::SkipReason;

use super::folder::Node;
use super::queue::Queue;
use super::{LargeFile, Task, Walk};
#[cfg(feature = "archives")]
use crate::archive::{Bounds, Kind, Nest, Opener};
use crate::error::reason;
use crate::read::{Read, Reader};
use crate::sys;
use crate::tell::Unit;

/// A thread of a walk, with its buffers and a stack of its own work.
pub(crate) struct Worker<'a> {
    pub(crate) walk: &'a Walk<'a>,
    pub(crate) queue: &'a Queue,
    pub(crate) stack: Vec<Task>,
    /// For the entries of directories, reused.
    pub(crate) listing: Vec<u8>,
    /// Where it is, for the report of a defect.
    pub(crate) at: PathBuf,
    reader: Reader,
}

impl<'a> Worker<'a> {
    pub(crate) fn new(walk: &'a Walk<'a>, queue: &'a Queue) -> Self {
        queue.join();
        let reader = Reader::new(walk.tree.options.reading());
        Self { walk, queue, stack: Vec::new(), listing: Vec::new(), at: PathBuf::new(), reader }
    }

    /// Works until nothing is left to do.
    pub(crate) fn work(mut self) {
        while let Some(task) = self.next() {
            // A defect costs one task, not the walk, and never leaves the other
            // threads waiting for this one.
            if panic::catch_unwind(AssertUnwindSafe(|| self.perform(task))).is_err() {
                self.walk.teller.skip(&self.at, SkipReason::Internal, "the walk panicked below it");
            }
            if self.walk.teller.is_stopped() {
                self.queue.stop();
            }
        }
        if !self.stack.is_empty() {
            self.walk.teller.leave();
        }
    }

    fn next(&mut self) -> Option<Task> {
        if self.queue.is_stopped() {
            return None;
        }
        if let Some(large) = self.queue.take_large() {
            return Some(Task::Large(large));
        }
        self.feed();
        self.stack.pop().or_else(|| self.queue.take())
    }

    /// Gives work away when another thread waits: the oldest, which is the largest.
    fn feed(&mut self) {
        if self.stack.len() > 1 && self.queue.is_hungry() {
            let half = self.stack.len() / 2;
            self.queue.share(self.stack.drain(..half));
        }
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Argument(idx) => self.argument(idx),
            Task::Dir(pending) => self.visit(&pending),
            Task::Files(node, names) => self.files(&node, names),
            Task::Link(link) => self.follow(link),
            Task::Large(large) => self.part(large),
        }
    }

    /// Scans some files of a directory, or gives part of them away.
    pub(crate) fn files(&mut self, node: &Arc<Node>, mut names: Vec<OsString>) {
        self.at.clone_from(&node.folder.shown);
        while let Some(name) = names.pop() {
            if self.walk.teller.is_stopped() {
                return self.walk.teller.leave();
            }
            self.file(Unit::new(node.folder.shown.join(&name)), node.dir.file(&name));
            if names.len() > 1 && self.queue.is_hungry() {
                let rest = names.split_off(names.len() / 2);
                self.queue.share([Task::Files(node.clone(), rest)]);
            }
        }
    }

    /// Scans a file that was named outright.
    pub(crate) fn file_at(&mut self, shown: &Path, path: &Path) {
        self.at = shown.to_path_buf();
        self.file(Unit::named(shown.to_path_buf()), sys::open_file(path));
    }

    /// Scans a file.
    pub(crate) fn file(&mut self, unit: Unit, file: io::Result<File>) {
        let teller = &self.walk.teller;
        match file.map(|file| self.reader.read(file)) {
            Ok(Read::Whole(text, from, size)) => {
                unit.set_size(size);
                teller.lend(&unit, &text, from);
            }
            Ok(Read::Large(large)) => {
                self.queue.share_large(LargeFile { large: Box::new(large), unit: Arc::new(unit) });
                return self.large();
            }
            #[cfg(feature = "archives")]
            Ok(Read::Packed(file, kind, size)) => self.open(&unit, (file, kind), size),
            Ok(Read::Not(trouble)) => unit.fail(trouble),
            Err(err) => unit.fail((reason(&err), err.to_string())),
        }
        teller.finish(&unit);
    }

    /// Opens an archive or a compressed file.
    #[cfg(feature = "archives")]
    fn open(&mut self, unit: &Unit, (mut file, kind): (File, Kind), size: u64) {
        let walk = self.walk;
        let bounds = Bounds::new(walk.tree.options.archive_depth);
        let nest = Nest::new(&walk.teller, bounds, Some(size));
        let mut opener = Opener::new(&nest, Some(&walk.tree.globs), &mut self.reader);
        // A defect of what unpacks costs one file.
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
            file.rewind().map_err(|err| (reason(&err), err.to_string()))?;
            opener.open(kind, unit.origin(), file)
        }));
        match outcome {
            Ok(Ok(size)) => unit.set_size(size),
            Ok(Err(trouble)) => unit.fail(trouble),
            Err(_) => unit.fail((SkipReason::Internal, "reading it panicked".to_owned())),
        }
    }

    /// Works on the large files there are.
    fn large(&mut self) {
        while let Some(large) = self.queue.take_large() {
            self.part(large);
            if self.walk.teller.is_stopped() {
                self.queue.stop();
            }
        }
    }

    /// Reads a part of a large file, passes the file on, and lends the part.
    fn part(&mut self, LargeFile { mut large, unit }: LargeFile) {
        let teller = &self.walk.teller;
        match large.read(&mut self.reader) {
            Ok(part) => {
                match part.end {
                    Some(end) => {
                        unit.set_size(end.size);
                        end.trouble.into_iter().for_each(|trouble| unit.fail(trouble));
                    }
                    None => self.queue.share_large(LargeFile { large, unit: unit.clone() }),
                }
                teller.lend(&unit, &part.text, part.from);
            }
            Err(err) => unit.fail((reason(&err), err.to_string())),
        }
        // Whoever is done last tells how it ended.
        if let Some(unit) = Arc::into_inner(unit) {
            teller.finish(&unit);
        }
    }
}
