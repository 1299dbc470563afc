//! A look into a folder before a program reads all of it, within limits.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How many files are looked at.
const MAX_FILES: usize = 3_000;
/// How many bytes.
const MAX_BYTES: u64 = 24 << 20;
/// How long that may take: an answer must come in time.
const MAX_TIME: Duration = Duration::from_millis(700);

/// The files below a folder, as far as there is time for them.
pub(super) struct Look {
    folders: Vec<PathBuf>,
    files: Vec<(PathBuf, u64)>,
    /// Whether hidden ones are among them.
    hidden: bool,
    n_files: usize,
    n_bytes: u64,
    start: Instant,
    /// Whether something was left out for want of time.
    pub(super) is_cut: bool,
}

impl Look {
    pub(super) fn new(folder: &Path, hidden: bool) -> Self {
        let (folders, files) = (vec![folder.to_owned()], Vec::new());
        Self { folders, files, hidden, n_files: 0, n_bytes: 0, start: Instant::now(), is_cut: false }
    }

    fn enter(&mut self, folder: &Path) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.filter_map(Result::ok) {
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            let Ok(meta) = entry.metadata() else { continue };
            if is_hidden && !self.hidden {
                continue;
            }
            // What git keeps there is compressed, so that nothing is printed of it.
            let is_packed = folder.ends_with(".git") && entry.file_name() == "objects";
            if meta.is_dir() && !is_packed {
                self.folders.push(entry.path());
            } else if meta.is_file() {
                self.files.push((entry.path(), meta.len()));
            }
        }
    }
}

impl Iterator for Look {
    type Item = PathBuf;

    fn next(&mut self) -> Option<PathBuf> {
        loop {
            let is_over = self.n_files >= MAX_FILES || self.n_bytes >= MAX_BYTES || self.start.elapsed() > MAX_TIME;
            if is_over && (self.files.len() + self.folders.len() > 0) {
                self.is_cut = true;
                return None;
            }
            if let Some((path, len)) = self.files.pop() {
                self.n_files += 1;
                self.n_bytes += len;
                return Some(path);
            }
            let folder = self.folders.pop()?;
            self.enter(&folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_files_count_where_they_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["a", ".b", "c/d", "c/.e", ".git/config", ".git/objects/f"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "x").expect("a file");
        }
        let names = |hidden| {
            let look = Look::new(folder.path(), hidden);
            let mut names: Vec<String> =
                look.map(|path| path.strip_prefix(folder.path()).expect("below").display().to_string()).collect();
            names.sort();
            names
        };
        assert_eq!(names(false), ["a", "c/d"]);
        assert_eq!(names(true), [".b", ".git/config", "a", "c/.e", "c/d"]);
    }

    #[test]
    fn a_large_folder_is_not_looked_at_as_a_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::File::create(folder.path().join("large")).and_then(|file| file.set_len(MAX_BYTES)).expect("a file");
        std::fs::write(folder.path().join("small"), "x").expect("a file");
        std::fs::create_dir(folder.path().join("more")).expect("a folder");
        let mut look = Look::new(folder.path(), true);
        let n_files = look.by_ref().count();
        assert!(look.is_cut && n_files < 3, "{n_files}");
    }
}
