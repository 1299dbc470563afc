//! References in files of their own.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{LARGEST, Target, parse};
use crate::error::Error;
use crate::open::read_control;

/// Folders within folders that are followed.
const DEEPEST: usize = 128;

/// Adds the references below `refs`, which take the place of packed ones.
pub(super) fn read(git_dir: &Path, found: &mut BTreeMap<Vec<u8>, Target>) -> Result<(), Error> {
    let mut folders = vec![(git_dir.join("refs"), b"refs".to_vec(), 0)];
    while let Some((folder, name, depth)) = folders.pop() {
        for entry in list(&folder)? {
            let name = [&name, &b"/"[..], entry.file_name().as_encoded_bytes()].concat();
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEEPEST => folders.push((path, name, depth + 1)),
                Ok(kind) if kind.is_dir() => {}
                // Git writes a reference to `x.lock` first.
                _ if name.ends_with(b".lock") => {}
                _ => {
                    if let Some(target) = read_control(&path, LARGEST)?.and_then(|text| parse(&text)) {
                        found.insert(name, target);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Returns the folders of the linked work trees.
pub(super) fn work_trees(common: &Path) -> Result<Vec<PathBuf>, Error> {
    Ok(list(&common.join("worktrees"))?.into_iter().map(|entry| entry.path()).collect())
}

fn list(folder: &Path) -> Result<Vec<fs::DirEntry>, Error> {
    let fail = |source| Error::Read { path: folder.to_path_buf(), source };
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect::<Result<_, _>>().map_err(fail),
        Err(err) if matches!(err.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(err) => Err(fail(err)),
    }
}
