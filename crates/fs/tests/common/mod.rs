//! A visitor that remembers, with a deadline.
#![allow(dead_code, clippy::allow_attributes, reason = "each test uses some of it")]

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use leaktight_core::{Event, SkipReason, Source};
use leaktight_fs::{Tree, WalkOptions};

/// A part of a file as it was lent.
#[derive(Clone, Debug)]
pub(crate) struct Lent {
    pub(crate) offset: u64,
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) bytes: Vec<u8>,
}

/// All that a source told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) lent: BTreeMap<PathBuf, Vec<Lent>>,
    pub(crate) scanned: u64,
    pub(crate) bytes: u64,
    pub(crate) skipped: Vec<(PathBuf, SkipReason, String)>,
}

impl Told {
    /// The paths of which something was lent, sorted.
    pub(crate) fn paths(&self) -> Vec<&str> {
        self.lent.keys().map(|path| path.to_str().expect("text")).collect()
    }

    pub(crate) fn skip(&self, path: &str) -> Option<SkipReason> {
        let mut found = self.skipped.iter().filter(|(skipped, ..)| skipped == Path::new(path));
        let first = found.next().map(|(_, reason, _)| *reason);
        assert!(found.next().is_none(), "`{path}` was skipped twice: {:?}", self.skipped);
        first
    }

    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8_lossy(&self.lent[Path::new(path)][0].bytes).into_owned()
    }
}

pub(crate) fn options(change: impl FnOnce(&mut WalkOptions)) -> WalkOptions {
    let mut options = WalkOptions::default();
    options.threads = 2;
    change(&mut options);
    options
}

/// Scans a directory as `.`, with paths relative to it.
pub(crate) fn scan(root: &Path, change: impl FnOnce(&mut WalkOptions)) -> Told {
    let mut told = drive(Tree::new([root], options(change)).expect("a valid tree"));
    let strip = |path: PathBuf| path.strip_prefix(root).map_or(path.clone(), Path::to_path_buf);
    told.lent = told.lent.into_iter().map(|(path, lent)| (strip(path), lent)).collect();
    told.skipped = told.skipped.into_iter().map(|(path, reason, detail)| (strip(path), reason, detail)).collect();
    told.skipped.sort();
    told
}

/// Drives a source to its end, which must come in time.
pub(crate) fn drive(source: impl Source + Send + 'static) -> Told {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let told = Mutex::new(Told::default());
        source.drive(&|event| {
            remember(&mut told.lock().expect("no panic"), event);
            ControlFlow::Continue(())
        });
        let _ = sender.send(told.into_inner().expect("no panic"));
    });
    receiver.recv_timeout(Duration::from_secs(120)).expect("a scan must not hang")
}

pub(crate) fn remember(told: &mut Told, event: Event<'_>) {
    match event {
        // A question whether to go on.
        Event::Chunk(chunk) if chunk.bytes.is_empty() => {}
        Event::Chunk(chunk) => {
            let path = chunk.origin.path().expect("a file").to_path_buf();
            let lent = Lent {
                offset: chunk.offset,
                line: chunk.position.line,
                column: chunk.position.column,
                bytes: chunk.bytes.to_vec(),
            };
            told.lent.entry(path).or_default().push(lent);
        }
        Event::Scanned(bytes) => {
            told.scanned += 1;
            told.bytes += bytes;
        }
        Event::Found(_) => unreachable!("files are lent, not scanned"),
        Event::Skipped(skip) => told.skipped.push((skip.path, skip.reason, skip.detail)),
    }
}

/// Writes files, with the directories they need.
pub(crate) fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
}
