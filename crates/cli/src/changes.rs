//! Sources of what changed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use leaktight_core::Source;
use leaktight_fs::{Globs, WalkOptions, stdin_bytes};
use leaktight_git::{Diff, Filter};

use crate::Hint;
use crate::args::Changes;
use crate::term::escape_path;

/// Returns the sources of the changes that are to be scanned.
///
/// # Errors
///
/// Returns what keeps them from being read.
pub(crate) fn sources(changes: &Changes, options: &WalkOptions) -> anyhow::Result<Vec<Box<dyn Source>>> {
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    if let Some(file) = &changes.diff {
        let diff = Diff::new(open(file)?, options.overlap);
        sources.push(Box::new(diff.with_filter(filter(options)?)));
    }
    Ok(sources)
}

/// Returns what says which files are left out.
fn filter(options: &WalkOptions) -> anyhow::Result<Box<Filter>> {
    let globs = Globs::new(&options.include, &options.exclude).map_err(|err| Hint::of_tree(&err))?;
    Ok(Box::new(move |path: &Path| globs.refuse_file(path)))
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
