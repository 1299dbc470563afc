//! How a tree is walked and read.

use std::num::NonZero;
use std::thread;

/// How a tree is walked and read.
///
/// Globs are those of `.gitignore`: one without a slash matches a name at any
/// depth, one with a slash the path below the argument or the path as shown.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct WalkOptions {
    /// Pays no heed to `.gitignore`, `.ignore` and git's own exclude files.
    pub no_ignore: bool,
    /// Scans what has a name that starts with a dot; on by default.
    pub hidden: bool,
    /// Globs of the files to scan; all of them when empty.
    pub include: Vec<String>,
    /// Globs of files and directories to leave out; they win over `include`.
    pub exclude: Vec<String>,
    /// Size in bytes above which a file is left out.
    pub max_size: Option<u64>,
    /// Scans files of known binary formats too.
    pub binary: bool,
    /// How many archives and compressed files one in another are opened; with 0 they
    /// are binary files. A compressed tar counts once. What lies deeper is told.
    #[cfg(feature = "archives")]
    pub archive_depth: usize,
    /// Follows symbolic links inside a tree.
    pub follow: bool,
    /// Follows links that lead out of the tree too; needs `follow`.
    pub follow_outside: bool,
    /// Number of threads; 0 stands for one per processor.
    pub threads: usize,
    /// Bytes by which parts of a large file overlap.
    pub overlap: usize,
    /// Size in bytes of the parts of a large file; a thread keeps one of them.
    /// Parts are smaller where many threads would keep too much, but never so
    /// small that the overlap is most of them.
    pub part: usize,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self {
            no_ignore: false,
            hidden: true,
            include: Vec::new(),
            exclude: Vec::new(),
            max_size: None,
            binary: false,
            #[cfg(feature = "archives")]
            archive_depth: 0,
            follow: false,
            follow_outside: false,
            threads: 0,
            overlap: 64 << 10,
            part: 2 << 20,
        }
    }
}

/// Bytes all threads may keep together.
const MEMORY: usize = 48 << 20;

impl WalkOptions {
    /// Returns the number of threads to use.
    pub(crate) fn workers(&self) -> usize {
        match self.threads {
            0 => thread::available_parallelism().map_or(1, NonZero::get),
            threads => threads,
        }
    }

    /// Returns how files are read.
    pub(crate) fn reading(&self) -> Reading {
        let share = (MEMORY / self.workers().max(1)).max(1 << 20);
        let part = self.part.min(share);
        Reading {
            max_size: self.max_size,
            binary: self.binary,
            #[cfg(feature = "archives")]
            depth: self.archive_depth,
            ..Reading::new(part, self.overlap)
        }
    }
}

/// How a file is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// Bytes of a part.
    pub(crate) part: usize,
    /// Bytes by which parts overlap.
    pub(crate) overlap: usize,
    pub(crate) max_size: Option<u64>,
    pub(crate) binary: bool,
    /// Layers of archives that are opened.
    #[cfg(feature = "archives")]
    pub(crate) depth: usize,
}

impl Reading {
    /// Returns a way of reading whose parts move on by more than they overlap.
    pub(crate) fn new(part: usize, overlap: usize) -> Self {
        // Without any overlap a CR could not be told from a CR LF at its end.
        let overlap = overlap.max(4);
        // Sixteen, because up to four raw bytes stand for one of text.
        let part = part.max(overlap.saturating_mul(16));
        Self {
            part,
            overlap,
            max_size: None,
            binary: true,
            #[cfg(feature = "archives")]
            depth: 0,
        }
    }
}
