//! The files that a pattern names on this machine.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use leaktight_core::{Skip, SkipReason};

use super::glob;

/// Folders below a `**`, at most.
const DEEPEST: usize = 16;

/// Calls `found` with every regular file below a folder whose path is of a form,
/// and with what can't be looked at. Links are not followed.
pub(crate) fn expand(folder: &Path, form: &str, found: &mut dyn FnMut(Result<PathBuf, Skip>)) {
    let segments: Vec<&str> = form.split('/').filter(|segment| !segment.is_empty()).collect();
    Walk { found }.below(folder, &segments, 0);
}

struct Walk<'a> {
    found: &'a mut dyn FnMut(Result<PathBuf, Skip>),
}

impl Walk<'_> {
    /// Takes the files below a folder whose names are of these forms.
    fn below(&mut self, folder: &Path, segments: &[&str], depth: usize) {
        let Some((segment, rest)) = segments.split_first() else { return self.file(folder) };
        if !segment.contains('*') {
            return self.below(&folder.join(segment), rest, depth);
        }
        if *segment == "**" && !rest.is_empty() {
            self.below(folder, rest, depth);
        }
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(err) => return self.refused(folder, &err),
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(&entry, segments, depth),
                Err(err) => self.refused(folder, &err),
            }
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, segments: &[&str], depth: usize) {
        let (segment, rest) = (segments[0], &segments[1..]);
        let (path, is_dir) = (entry.path(), entry.file_type().is_ok_and(|kind| kind.is_dir()));
        if segment != "**" {
            if glob::segment(segment.as_bytes(), entry.file_name().as_encoded_bytes()) {
                self.below(&path, rest, depth);
            }
        } else if !is_dir {
            if rest.is_empty() {
                self.file(&path);
            }
        } else if depth < DEEPEST {
            self.below(&path, segments, depth + 1);
        } else {
            let detail = format!("more than {DEEPEST} folders within one another");
            (self.found)(Err(Skip::new(path, SkipReason::PathTooLong, detail)));
        }
    }

    /// Takes a path that is of the form, if it is a file.
    fn file(&mut self, path: &Path) {
        let kind = match fs::symlink_metadata(path) {
            Ok(meta) => meta.file_type(),
            Err(err) => return self.refused(path, &err),
        };
        let skip = |reason, detail| Err(Skip::new(path, reason, detail));
        if kind.is_dir() {
            return;
        }
        (self.found)(if kind.is_symlink() {
            skip(SkipReason::Symlink, "not followed")
        } else if kind.is_file() {
            Ok(path.to_owned())
        } else {
            skip(SkipReason::Special, "a pipe, a socket or a device")
        });
    }

    /// What is not there is no news.
    fn refused(&mut self, path: &Path, err: &io::Error) {
        let reason = match err.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => return,
            ErrorKind::PermissionDenied => SkipReason::Permission,
            _ => SkipReason::Io,
        };
        (self.found)(Err(Skip::new(path, reason, err)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path, form: &str) -> Vec<String> {
        let mut names = Vec::new();
        expand(root, form, &mut |found| {
            let path = found.expect("nothing is refused");
            names.push(path.strip_prefix(root).expect("below").to_string_lossy().into_owned());
        });
        names.sort();
        names
    }

    #[test]
    fn takes_files_of_the_form() {
        let root = tempfile::tempdir().expect("a folder");
        for name in ["a/x.json", "a/b/y.json", "a/b/z.txt", "c"] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, b"").expect("a file");
        }
        let cases: [(&str, &[&str]); 6] = [
            ("a/*.json", &["a/x.json"]),
            ("a/**", &["a/b/y.json", "a/b/z.txt", "a/x.json"]),
            ("**/*.json", &["a/b/y.json", "a/x.json"]),
            ("*/b/*", &["a/b/y.json", "a/b/z.txt"]),
            ("c", &["c"]),
            ("none/*", &[]),
        ];
        for (form, expected) in cases {
            assert_eq!(names(root.path(), form), expected, "{form}");
        }
    }
}
