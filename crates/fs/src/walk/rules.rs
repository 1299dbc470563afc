//! Ignore files, as git has them.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, gitconfig_excludes_path};
use leaktight_core::SkipReason;

use crate::error::reason;
use crate::sys::{Dir, Kind};

/// The ignore files of a directory, above those of its parents.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    parent: Option<Arc<Rules>>,
    /// `.ignore`, which wins over all others.
    dot: Option<Gitignore>,
    /// `.gitignore`.
    git: Option<Gitignore>,
    /// `.git/info/exclude`.
    exclude: Option<Gitignore>,
    /// The file git's own configuration names.
    global: Option<Gitignore>,
    /// Whether the `.gitignore` files of the parents are those of another repository.
    is_repository: bool,
    /// Bytes of globs, with those of all parents.
    len: usize,
}

/// Size of an ignore file above which it is not read.
const LARGEST: u64 = 1 << 20;

/// Bytes of globs that may hold at any place. A glob can take hundreds of times
/// its own size once it is compiled, and a tree may come from anyone.
const MOST: usize = 256 << 10;

/// An ignore file that is not used, and why.
pub(crate) type Refused = (&'static str, String);

/// Names of the files of a directory that matter here.
pub(crate) const NAMES: [&str; 3] = [".ignore", ".gitignore", ".git"];

/// Where a repository has globs of its own.
pub(crate) const EXCLUDE: &str = ".git/info/exclude";

impl Rules {
    /// Returns the rules that hold everywhere: those git's own configuration names.
    pub(crate) fn global() -> Self {
        // The file is the user's own, but the same care costs nothing.
        let load = || {
            let path = gitconfig_excludes_path()?;
            let dir = Dir::open(path.parent()?).ok()?;
            load(&dir, path.file_name()?, Path::new(""), &mut 0).ok()?
        };
        Self { global: load(), ..Self::default() }
    }

    /// Returns the rules of a directory that has these [`NAMES`]; `full` is its path below the repository.
    pub(crate) fn below(
        parent: &Arc<Self>,
        (dir, full): (&Dir, &Path),
        names: &[&str],
        refused: &mut Vec<Refused>,
    ) -> Arc<Self> {
        if names.is_empty() {
            return parent.clone();
        }
        let mut len = parent.len;
        let mut load = |dir: &Dir, shown: &'static str| {
            let name = Path::new(shown).file_name().unwrap_or(OsStr::new(shown));
            load(dir, name, full, &mut len).unwrap_or_else(|detail| {
                refused.push((shown, detail));
                None
            })
        };
        let has = |name: &str| names.contains(&name);
        let dot = if has(".ignore") { load(dir, ".ignore") } else { None };
        let git = if has(".gitignore") { load(dir, ".gitignore") } else { None };
        let info = if has(".git") { dir.below(Path::new(".git/info")).ok() } else { None };
        let exclude = info.and_then(|info| load(&info, EXCLUDE));
        let is_repository = has(".git");
        if !is_repository && dot.is_none() && git.is_none() {
            return parent.clone();
        }
        Arc::new(Self { parent: Some(parent.clone()), dot, git, exclude, global: None, is_repository, len })
    }

    /// Returns the glob that ignores an entry, by its path below the repository.
    pub(crate) fn ignored(&self, full: &Path, is_dir: bool) -> Option<String> {
        let decided = self
            .find(|rules| rules.dot.as_ref(), full, is_dir)
            .or_else(|| self.find_git(full, is_dir))
            .or_else(|| self.find(|rules| rules.global.as_ref(), full, is_dir))?;
        match decided {
            Match::Ignore(glob) => Some(format!("`{}`", glob.original())),
            _ => None,
        }
    }

    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |rules| rules.parent.as_deref())
    }

    fn find<'a>(
        &'a self,
        file: impl Fn(&'a Self) -> Option<&'a Gitignore>,
        full: &Path,
        is_dir: bool,
    ) -> Option<Match<&'a ignore::gitignore::Glob>> {
        self.chain().filter_map(file).map(|file| file.matched(full, is_dir)).find(|matched| !matched.is_none())
    }

    fn find_git(&self, full: &Path, is_dir: bool) -> Option<Match<&ignore::gitignore::Glob>> {
        for rules in self.chain() {
            let files = rules.git.iter().chain(&rules.exclude);
            let found = files.map(|file| file.matched(full, is_dir)).find(|matched| !matched.is_none());
            if found.is_some() || rules.is_repository {
                return found;
            }
        }
        None
    }
}

/// Reads an ignore file whose globs are relative to `full`; a missing one is none.
///
/// Like git, does not read one that is a link. Adds to `len` the bytes of its globs.
fn load(dir: &Dir, name: &OsStr, full: &Path, len: &mut usize) -> Result<Option<Gitignore>, String> {
    match dir.look(name) {
        Ok((Kind::File, size)) if size > LARGEST => Err(format!("larger than {LARGEST} bytes")),
        Ok((Kind::File, _)) => parse(&read(dir, name).map_err(|err| err.to_string())?, full, len).map(Some),
        Ok((Kind::Dir | Kind::Link, _)) => Ok(None),
        Ok(_) => Err("not a regular file".to_owned()),
        Err(err) if reason(&err) == SkipReason::Vanished => Ok(None),
        Err(err) => Err(err.to_string()),
    }
}

fn read(dir: &Dir, name: &OsStr) -> io::Result<Vec<u8>> {
    let file = dir.file(name)?;
    let mut bytes = Vec::new();
    // It may have become something else, but nothing that blocks or has no end.
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse(bytes: &[u8], full: &Path, len: &mut usize) -> Result<Gitignore, String> {
    let mut builder = GitignoreBuilder::new(full);
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    let globs = || text.lines().filter(|line| !line.starts_with('#'));
    *len += globs().map(str::len).sum::<usize>();
    if *len > MOST {
        return Err(format!("more than {MOST} bytes of globs"));
    }
    for line in globs() {
        // Like git, goes on after a line that is no glob: it ignores nothing.
        let _ = builder.add_line(None, line);
    }
    builder.build().map_err(|err| err.to_string())
}
