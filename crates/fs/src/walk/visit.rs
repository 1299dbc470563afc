//! Directories: what lies in them, and what is left out.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use leaktight_core::SkipReason;

use super::Task;
use super::folder::{Folder, Node, Pending, Root};
use super::links::Link;
use super::rules::{EXCLUDE, NAMES, Refused, Rules};
use super::worker::Worker;
use crate::error::reason;
use crate::sys::{Dir, Entry, Kind, Listing};
use crate::tell::Unit;

/// Entries that are looked at before anything is decided, so that the ignore
/// files are known; in a larger directory they are looked for by name.
const FIRST: usize = 1024;

/// Files that are scanned in one go, unless another thread waits.
const BATCH: usize = 64;

/// Directories in which version control systems keep their data.
const VERSION_CONTROL: [&str; 4] = [".git", ".hg", ".jj", ".svn"];

impl Worker<'_> {
    /// Scans what was named outright.
    pub(crate) fn argument(&mut self, idx: usize) {
        let argument = &self.walk.tree.arguments[idx];
        if !argument.is_dir {
            return self.file_at(&argument.shown, &argument.path);
        }
        let dir = match Dir::open(&argument.path) {
            Ok(dir) => dir,
            Err(err) => return self.walk.teller.skip(&argument.shown, reason(&err), err),
        };
        let (within, rules) = self.surroundings(&argument.real);
        let root = Root {
            is_pseudo: dir.is_pseudo(),
            dir,
            real: argument.real.clone(),
            bounds: argument.real.clone(),
            within: within.clone(),
            is_linked: false,
            n_open: AtomicUsize::new(0),
        };
        let folder = Folder { root: Arc::new(root), shown: argument.shown.clone(), full: within, rules };
        match folder.root.dir.below(Path::new("")) {
            Ok(dir) => self.list(folder, dir),
            Err(err) => self.walk.teller.skip(&folder.shown, reason(&err), err),
        }
    }

    /// Returns the path of a directory below its repository, and the rules of what lies between.
    fn surroundings(&self, real: &Path) -> (PathBuf, Arc<Rules>) {
        let global = self.walk.rules();
        let is_repository = |dir: &&Path| fs::symlink_metadata(dir.join(".git")).is_ok();
        let repository = real.ancestors().find(is_repository).filter(|_| !self.walk.tree.options.no_ignore);
        let Some((top, within)) = repository.and_then(|top| Some((top, real.strip_prefix(top).ok()?))) else {
            return (PathBuf::new(), global);
        };
        let mut rules = global;
        let mut between: Vec<&Path> = within.ancestors().skip(1).collect();
        between.reverse();
        for full in between {
            let Ok(dir) = Dir::open_real(&top.join(full)) else { continue };
            let (next, refused) = self.rules(&rules, (&dir, full), &present(&dir));
            rules = next;
            for (name, detail) in refused {
                self.walk.teller.skip(&top.join(full).join(name), SkipReason::IgnoreFile, detail);
            }
        }
        (within.to_path_buf(), rules)
    }

    /// Opens and lists a directory.
    pub(crate) fn visit(&mut self, pending: &Pending) {
        let folder = pending.child();
        match pending.open() {
            Ok(dir) if !folder.root.is_pseudo && dir.is_pseudo() => {
                self.walk.teller.skip(&folder.shown, SkipReason::PseudoFs, "not a file system of files");
            }
            Ok(dir) => self.list(folder, dir),
            Err(err) => self.walk.teller.skip(&folder.shown, reason(&err), err),
        }
    }

    /// Lists an open directory: scans its files, and notes what lies below.
    pub(crate) fn list(&mut self, mut folder: Folder, dir: Dir) {
        self.at.clone_from(&folder.shown);
        if self.walk.tree.options.follow && !self.is_first_visit(&folder, &dir) {
            return self.walk.teller.skip(&folder.shown, SkipReason::Symlink, "it was scanned under another path");
        }
        let mut buffer = std::mem::take(&mut self.listing);
        let outcome = self.list_into(&mut folder, dir, &mut buffer);
        self.listing = buffer;
        if let Err(err) = outcome {
            self.walk.teller.skip(&folder.shown, reason(&err), err);
        }
    }

    fn is_first_visit(&self, folder: &Folder, dir: &Dir) -> bool {
        let is_new = dir.id().is_ok_and(|id| self.walk.is_new(id));
        is_new || !folder.root.is_linked
    }

    fn list_into(&mut self, folder: &mut Folder, dir: Dir, buffer: &mut Vec<u8>) -> io::Result<()> {
        let dir = Arc::new(dir);
        let mut listing = Listing::new(&dir, buffer);
        let mut entries = Vec::new();
        let mut is_more = true;
        while is_more && entries.len() < FIRST {
            is_more = listing.page(&mut entries)?;
        }
        let names = if is_more { present(&dir) } else { among(&entries) };
        let (rules, refused) = self.rules(&folder.rules, (&dir, &folder.full), &names);
        folder.rules = rules;
        if let Some((name, detail)) = refused.iter().find(|(name, _)| *name == EXCLUDE) {
            self.walk.teller.skip(&folder.shown.join(name), SkipReason::IgnoreFile, detail);
        }
        let node = Node::new(folder.clone(), dir.clone());
        loop {
            self.entries(&node, &refused, &mut entries);
            if !is_more || self.walk.teller.is_stopped() {
                return Ok(());
            }
            is_more = listing.page(&mut entries)?;
        }
    }

    /// Returns the rules of a directory and the ignore files that were refused.
    fn rules(&self, parent: &Arc<Rules>, place: (&Dir, &Path), names: &[&str]) -> (Arc<Rules>, Vec<Refused>) {
        let mut refused = Vec::new();
        if self.walk.tree.options.no_ignore {
            return (parent.clone(), refused);
        }
        (Rules::below(parent, place, names, &mut refused), refused)
    }

    /// Deals with some entries of a directory.
    fn entries(&mut self, node: &Arc<Node>, refused: &[Refused], entries: &mut Vec<Entry>) {
        let mut files = Vec::new();
        for Entry { name, kind } in entries.drain(..) {
            let kind = if kind == Kind::Unknown { node.dir.look(&name).map_or(kind, |look| look.0) } else { kind };
            if let Some((_, detail)) = refused.iter().find(|(refused, _)| name == *refused) {
                self.refused(node, (&name, kind), detail);
            } else if let Some((reason, detail)) = self.refuse(&node.folder, &name, kind) {
                self.walk.teller.skip(&node.folder.shown.join(&name), reason, detail);
            } else {
                self.entry(node, (name, kind), &mut files);
            }
            if files.len() == BATCH {
                self.batch(node, std::mem::take(&mut files));
            }
        }
        self.batch(node, files);
    }

    fn entry(&mut self, node: &Arc<Node>, (name, kind): (OsString, Kind), files: &mut Vec<OsString>) {
        match kind {
            Kind::Dir => self.stack.push(Task::Dir(Pending::new(node, name))),
            // What it is shows when it is opened.
            Kind::File | Kind::Unknown => files.push(name),
            Kind::Link if self.walk.tree.options.follow => self.walk.defer(Link::new(node.folder.clone(), &name)),
            Kind::Link => self.walk.teller.skip(&node.folder.shown.join(name), SkipReason::Symlink, "not followed"),
            Kind::Special => {
                let path = node.folder.shown.join(name);
                self.walk.teller.skip(&path, SkipReason::Special, "a pipe, a socket or a device");
            }
        }
    }

    fn batch(&mut self, node: &Arc<Node>, names: Vec<OsString>) {
        if names.len() > 1 && self.queue.is_hungry() {
            self.queue.share([Task::Files(node.clone(), names)]);
        } else if !names.is_empty() {
            self.files(node, names);
        }
    }

    /// Tells of an ignore file that is not used; one that is only too large is scanned nevertheless.
    fn refused(&mut self, node: &Arc<Node>, (name, kind): (&OsStr, Kind), detail: &str) {
        let unit = Unit::new(node.folder.shown.join(name));
        unit.fail((SkipReason::IgnoreFile, detail.to_owned()));
        match kind {
            Kind::File => self.file(unit, node.dir.file(name)),
            _ => self.walk.teller.finish(&unit),
        }
    }

    /// Returns why an entry is left out, if it is.
    fn refuse(&self, folder: &Folder, name: &OsStr, kind: Kind) -> Option<(SkipReason, String)> {
        let options = &self.walk.tree.options;
        let is_dir = kind == Kind::Dir;
        if is_dir && VERSION_CONTROL.iter().any(|known| name == *known) {
            return Some((SkipReason::VersionControl, "its own data".to_owned()));
        }
        if is_dir && name == "dev" && folder.root.real == Path::new("/") && folder.full == folder.root.within {
            return Some((SkipReason::PseudoFs, "devices".to_owned()));
        }
        if !options.hidden && name.as_encoded_bytes().starts_with(b".") {
            return Some((SkipReason::Excluded, "hidden".to_owned()));
        }
        if !self.walk.tree.globs.is_empty() {
            let paths = [folder.below(name), folder.shown.join(name)];
            let detail = self.walk.tree.globs.refuse(&[&paths[0], &paths[1]], is_dir);
            if let Some(detail) = detail {
                return Some((SkipReason::Excluded, detail));
            }
        }
        if options.no_ignore {
            return None;
        }
        Some((SkipReason::Ignored, folder.rules.ignored(&folder.full.join(name), is_dir)?))
    }
}

/// Returns which names of interest are among all entries of a directory.
fn among(entries: &[Entry]) -> Vec<&'static str> {
    // Names that don't start with a dot take one comparison.
    let has = |name: &&str| entries.iter().any(|entry| entry.name == **name);
    let is_dotted = |entry: &Entry| entry.name.as_encoded_bytes().starts_with(b".");
    if entries.iter().any(is_dotted) { NAMES.into_iter().filter(has).collect() } else { Vec::new() }
}

/// Returns which names of interest a directory has.
fn present(dir: &Dir) -> Vec<&'static str> {
    NAMES.into_iter().filter(|name| dir.look(OsStr::new(name)).is_ok()).collect()
}
