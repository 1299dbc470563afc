//! Sources of what changed.

mod called;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leaktight_core::{Origin, Source};
use leaktight_fs::{Globs, WalkOptions, stdin_bytes};
use leaktight_git::{ChangeOptions, Diff, Error, Pushed, Range, Repo, Staged, Unstaged};

pub(crate) use self::called::Called;
use crate::Hint;
use crate::args::Changes;
use crate::term::escape_path;

/// Returns the sources of the changes that are to be scanned, in the repositories at `paths`.
///
/// # Errors
///
/// Returns what keeps them from being read.
pub(crate) fn sources(
    changes: &Changes,
    paths: &[PathBuf],
    options: &WalkOptions,
) -> anyhow::Result<Vec<Box<dyn Source>>> {
    let options = change_options(options)?;
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    if let Some(file) = &changes.diff {
        let origin = if file.as_os_str() == "-" { Origin::Stdin } else { Origin::File(file.clone()) };
        sources.push(Box::new(Diff::new(open(file)?, options.clone()).with_origin(origin)));
    }
    if let Some(range) = changes.range.iter().find(|range| !range.contains("..")) {
        let message = format!("`{}` is no range of commits", crate::term::escape(range.as_bytes()));
        return Err(
            Hint::new(message, "write A..B, such as origin/main..HEAD; --history scans all before a commit").into()
        );
    }
    if changes.staged || changes.unstaged || !changes.range.is_empty() {
        for path in paths {
            sources.extend(of_repo(changes, path, &options).map_err(|err| Hint::of_git(&err))?);
        }
    }
    if let Some(called) = &changes.called {
        sources.extend(called.source(options).map_err(|err| Hint::of_git(&err))?);
    }
    Ok(sources)
}

fn of_repo(changes: &Changes, path: &Path, options: &ChangeOptions) -> Result<Vec<Box<dyn Source>>, Error> {
    let repo = Repo::discover(path)?;
    let options = &within(options, &repo, path);
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    if changes.staged {
        sources.push(Box::new(Staged::new(repo.clone(), None, options.clone())?));
    }
    if !changes.range.is_empty() {
        let asked = Pushed::by_ranges(&repo, &changes.range)?;
        sources.push(Box::new(Range::new(repo.clone(), asked, options.clone())?));
    }
    if changes.unstaged {
        sources.push(Box::new(Unstaged::new(repo, options.clone())?));
    }
    Ok(sources)
}

/// Returns the options for what lies under a path only, as git does it; the folder one is in,
/// which is what none was named for, stands for the whole repository.
fn within(options: &ChangeOptions, repo: &Repo, path: &Path) -> ChangeOptions {
    let mut options = options.clone();
    if path == Path::new(".") {
        return options;
    }
    let tree = repo.work_tree().and_then(|tree| tree.canonicalize().ok());
    let path = path.canonicalize().ok();
    let inner = tree.zip(path).and_then(|(tree, path)| path.strip_prefix(tree).map(Path::to_owned).ok());
    if let Some(inner) = inner.filter(|inner| !inner.as_os_str().is_empty()) {
        let filter = options.filter.take();
        options.filter = Some(Arc::new(move |path: &Path| {
            let other = || filter.as_ref().and_then(|filter| filter(path));
            if path.starts_with(&inner) { other() } else { Some(format!("not under {}", inner.display())) }
        }));
    }
    options
}

/// Returns how changes are scanned, for the options of a walk.
pub(crate) fn change_options(options: &WalkOptions) -> anyhow::Result<ChangeOptions> {
    let globs = Globs::new(&options.include, &options.exclude).map_err(|err| Hint::of_tree(&err))?;
    let mut change = ChangeOptions::default();
    change.overlap = options.overlap;
    change.filter = Some(Arc::new(move |path: &Path| globs.refuse_file(path)));
    Ok(change)
}

fn open(file: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
    const HINT: &str = "name a file that holds a unified diff, or `-` for standard input";
    let opened = if file.as_os_str() == "-" {
        stdin_bytes().map(|input| Box::new(input) as Box<dyn Read + Send>)
    } else {
        File::open(file).map(|input| Box::new(input) as Box<dyn Read + Send>)
    };
    opened.map_err(|source| Hint::caused(format!("cannot read the diff `{}`", escape_path(file)), HINT, source).into())
}
