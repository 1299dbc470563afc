//! What changed: in the index, in the work tree, in a range of commits.
//!
//! Contents are read by their ids and compared here, line by line. What a
//! repository configures about diffs has no say: attributes hide nothing, and no
//! filter or converter is run.

mod align;
mod commits;
mod lend;
mod lines;
mod range;
mod rename;
mod staged;
mod unstaged;
mod walk;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;

use leaktight_core::{Event, Origin, Skip, SkipReason};

use self::lend::Content;
pub use self::range::Range;
pub use self::staged::Staged;
pub use self::unstaged::Unstaged;
use self::walk::{Change, Read};
use crate::id::ObjectId;
use crate::open::{Repo, path_of};
use crate::part::Visitor;
use crate::store::{Fault, Kind, Loader};

/// Tells why a file is left out, if it is.
pub type Filter = dyn Fn(&Path) -> Option<String> + Send + Sync;

/// What of changes is scanned, and how.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ChangeOptions {
    /// Bytes by which parts of a large content overlap.
    pub overlap: usize,
    /// Says which files are left out.
    pub filter: Option<Arc<Filter>>,
}

impl ChangeOptions {
    /// Returns why a file is left out, if it is.
    pub(crate) fn why_not(&self, path: &Path) -> Option<String> {
        self.filter.as_ref()?(path)
    }
}

/// Bytes of trees that are kept, because the next commit has most of them as well.
const KEPT: usize = 64 << 20;

/// Reads objects, and keeps the trees.
struct Objects {
    loader: Loader,
    trees: HashMap<ObjectId, Vec<u8>>,
    kept: usize,
}

impl Objects {
    fn new(repo: &Repo) -> Self {
        Self { loader: Loader::new(repo), trees: HashMap::new(), kept: 0 }
    }
}

impl Read for Objects {
    fn read(&mut self, id: &ObjectId) -> Result<(Kind, Vec<u8>), Fault> {
        if let Some(tree) = self.trees.get(id) {
            return Ok((Kind::Tree, tree.clone()));
        }
        let (kind, bytes) = self.loader.read(id)?;
        if kind == Kind::Tree {
            if self.kept + bytes.len() > KEPT {
                self.trees.clear();
                self.kept = 0;
            }
            self.kept += bytes.len();
            self.trees.insert(*id, bytes.clone());
        }
        Ok((kind, bytes))
    }
}

/// Reads a content and those before it, and lends what is new.
fn lend(
    change: &Change,
    origin: Arc<Origin>,
    (reader, options): (&mut dyn Read, &ChangeOptions),
    visitor: Visitor<'_>,
) -> ControlFlow<()> {
    let path = path_of(&change.path);
    if let Some(why) = options.why_not(&path) {
        return visitor(Event::Skipped(Skip::new(path, SkipReason::Excluded, why)));
    }
    let new = match blob(reader, &change.new) {
        Ok(new) => new,
        Err(fault) => return visitor(Event::Skipped(skip(&path, &change.new, &fault))),
    };
    let old: Result<Vec<Vec<u8>>, Skip> =
        change.old.iter().map(|id| blob(reader, id).map_err(|fault| skip(&path, id, &fault))).collect();
    match old {
        Ok(old) => lend::lend(&Content { origin, new: &new, old: &old }, options.overlap, visitor),
        // What was there before is not known, so nothing of it is old.
        Err(_) => lend::lend(&Content { origin, new: &new, old: &[] }, options.overlap, visitor),
    }
}

fn blob(reader: &mut dyn Read, id: &ObjectId) -> Result<Vec<u8>, Fault> {
    match reader.read(id)? {
        (Kind::Blob, bytes) => Ok(bytes),
        _ => Err(Fault::corrupt("it is no content of a file")),
    }
}

fn skip(path: &Path, id: &ObjectId, fault: &Fault) -> Skip {
    Skip::new(path, fault.reason, format!("blob {id}: {}", fault.what))
}

/// Runs a source, and tells if it panicked.
fn guarded(visitor: Visitor<'_>, run: impl FnOnce() -> ControlFlow<()>) {
    let skip = match panic::catch_unwind(AssertUnwindSafe(run)) {
        Ok(ControlFlow::Continue(())) => return,
        Ok(ControlFlow::Break(())) => Skip::new(".", SkipReason::Interrupted, ""),
        Err(_) => Skip::new(".", SkipReason::Internal, "the scan of what changed panicked"),
    };
    // It was the last event: there is nothing left to break off.
    let _ = panic::catch_unwind(AssertUnwindSafe(|| visitor(Event::Skipped(skip))));
}
