//! The walk: what lies in a tree, and what to do with each of it.
//!
//! The walker is our own rather than that of `ignore`, because that one does not
//! tell what it leaves out, opens whatever is called `.gitignore`, and goes by
//! paths, which may lead elsewhere the next moment. Its globs are used.

mod folder;
mod globs;
mod links;
mod queue;
mod rules;
mod visit;
mod worker;

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use leaktight_core::{Event, SkipReason};

pub use self::globs::Globs;

use self::folder::{Node, Pending};
use self::links::Link;
use self::queue::Queue;
use self::rules::Rules;
use self::worker::Worker;
use crate::read::Large;
use crate::sys::Id;
use crate::tell::{Teller, Unit};
use crate::tree::Tree;

/// A walk through all that was asked for.
pub(crate) struct Walk<'a> {
    tree: &'a Tree,
    teller: Teller<'a>,
    /// Links to follow once all else is done, in the order of their paths.
    links: Mutex<BTreeMap<PathBuf, Link>>,
    /// The directories seen, when links are followed.
    seen: Mutex<HashSet<Id>>,
}

/// Something to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// The argument with this index.
    Argument(usize),
    /// A directory to open and list.
    Dir(Pending),
    /// Some files of an open directory.
    Files(Arc<Node>, Vec<std::ffi::OsString>),
    /// What a link leads to.
    Link(Link),
    /// A large file of which some is left.
    Large(LargeFile),
}

/// A large file and what is told about it.
#[derive(Debug)]
pub(crate) struct LargeFile {
    large: Box<Large>,
    unit: Arc<Unit>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(tree: &'a Tree, visitor: &'a (dyn Fn(Event<'_>) -> ControlFlow<()> + Sync)) -> Self {
        Self { tree, teller: Teller::new(visitor), links: Mutex::default(), seen: Mutex::default() }
    }

    /// Walks until all was told or the visitor broke off.
    pub(crate) fn drive(&self) {
        let tasks = (0..self.tree.arguments.len()).rev().map(Task::Argument).collect();
        self.run(tasks, self.tree.workers());
        // One after the other, in the order of their paths, so that it does not
        // depend on the threads by which of several links a directory is seen.
        while let Some((_, link)) = self.pop_link() {
            self.run(vec![Task::Link(link)], self.tree.workers());
        }
        if self.teller.is_left() {
            let first = self.tree.arguments.first().map_or(Path::new("."), |argument| &argument.path);
            self.teller.tell_last(first, SkipReason::Interrupted, "all that was not told before");
        }
    }

    fn run(&self, tasks: Vec<Task>, n_workers: usize) {
        let queue = &Queue::new(tasks);
        thread::scope(|scope| {
            for _ in 1..n_workers {
                // Where no thread can be had, those there are do it all.
                let work = move || Worker::new(self, queue).work();
                if thread::Builder::new().name("leaktight".to_owned()).spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            Worker::new(self, queue).work();
        });
        if queue.is_left() {
            self.teller.leave();
        }
    }

    fn rules(&self) -> Arc<Rules> {
        Arc::new(if self.tree.options.no_ignore { Rules::default() } else { Rules::global() })
    }

    fn pop_link(&self) -> Option<(PathBuf, Link)> {
        let link = self.links.lock().unwrap_or_else(PoisonError::into_inner).pop_first();
        if self.teller.is_stopped() && link.is_some() {
            self.teller.leave();
            return None;
        }
        link
    }

    /// Returns whether a directory is seen for the first time.
    fn is_new(&self, id: Id) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(id)
    }
}
