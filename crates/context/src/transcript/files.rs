//! Where transcripts are.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use leaktight_core::{Skip, SkipReason};

use super::catalog::{Assistant, Store};
use super::{File, Transcripts};
use crate::store::{Places, expand};

/// Finds the transcripts of assistants.
///
/// `project` is the folder whose assistants keep transcripts in it, such as Aider.
pub(super) fn find<'a>(
    transcripts: &'a Transcripts,
    names: &[String],
    (places, project): (&Places<'_>, Option<&Path>),
) -> (Vec<File<'a>>, Vec<Skip>) {
    let mut found = Found::default();
    let wanted = |assistant: &&Assistant| names.is_empty() || names.contains(&assistant.name);
    for assistant in transcripts.assistants.iter().filter(wanted) {
        for root in assistant.roots.iter().flat_map(|root| folders(root, places, project)) {
            for store in &assistant.stores {
                let take = &mut |path| found.take(path, (assistant, store));
                store.files.iter().for_each(|form| expand(&root, form, take));
            }
        }
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    (found.files, found.skipped)
}

fn folders(root: &str, places: &Places<'_>, project: Option<&Path>) -> Vec<PathBuf> {
    if root == "." {
        return project.map(Path::to_path_buf).into_iter().collect();
    }
    let join = |(folder, rest): (PathBuf, &str)| if rest.is_empty() { folder } else { folder.join(rest) };
    places.roots(root).into_iter().map(join).collect()
}

#[derive(Default)]
struct Found<'a> {
    files: Vec<File<'a>>,
    skipped: Vec<Skip>,
    seen: HashSet<PathBuf>,
}

impl<'a> Found<'a> {
    /// Takes a file, once.
    fn take(&mut self, found: Result<PathBuf, Skip>, (assistant, store): (&'a Assistant, &'a Store)) {
        let path = match &found {
            Ok(path) => path,
            Err(skip) => &skip.path,
        };
        // The log of a database is read with it.
        let name = path.as_os_str().to_string_lossy();
        let is_log = ["-wal", "-shm", "-journal"].iter().any(|ending| name.ends_with(ending));
        if is_log || !self.seen.insert(path.clone()) {
            return;
        }
        match (found, &store.unreadable) {
            (Ok(path), None) => self.files.push(File { path, assistant, store }),
            (Ok(path), Some(why)) => self.skipped.push(Skip::new(path, SkipReason::Encoding, why)),
            (Err(skip), _) => self.skipped.push(skip),
        }
    }
}
