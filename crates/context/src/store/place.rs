//! Where stores are on a machine: home folders and variables.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::glob;

/// The folders of a base-directory variable: what a pattern says, and the
/// variable that moves it (XDG Base Directory Specification).
const MOVED: [(&str, &str); 4] = [
    ("~/.config", "XDG_CONFIG_HOME"),
    ("~/.local/share", "XDG_DATA_HOME"),
    ("~/.local/state", "XDG_STATE_HOME"),
    ("~/.cache", "XDG_CACHE_HOME"),
];

/// What the patterns of the catalogue mean for a user: the caller reads the
/// environment, this crate does not.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    home: Option<&'a Path>,
    variable: &'a dyn Fn(&str) -> Option<OsString>,
}

impl<'a> Places<'a> {
    /// Takes the home folder and a function that returns variables.
    pub fn new(home: Option<&'a Path>, variable: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self { home, variable }
    }

    /// Returns the home folder.
    pub fn home(&self) -> Option<&'a Path> {
        self.home
    }

    /// Returns a variable.
    pub fn variable(&self, name: &str) -> Option<OsString> {
        (self.variable)(name)
    }

    /// Returns whether a pattern names a path.
    pub(crate) fn matches(&self, pattern: &str, path: &Path) -> bool {
        if !pattern.starts_with(['~', '$', '/']) {
            return ends_with(pattern, path);
        }
        self.roots(pattern).into_iter().any(|(root, rest)| {
            let Ok(inner) = path.strip_prefix(&root) else { return false };
            let patterns: Vec<&str> = rest.split('/').filter(|segment| !segment.is_empty()).collect();
            glob::segments(&patterns, &glob::names(inner))
        })
    }

    /// Returns the folders a pattern starts from, each with the rest of the pattern.
    /// None for a pattern that may stand in any folder.
    pub(crate) fn roots<'p>(&self, pattern: &'p str) -> Vec<(PathBuf, &'p str)> {
        let (head, rest) = pattern.split_once('/').unwrap_or((pattern, ""));
        if let Some(name) = head.strip_prefix('$') {
            // Several files in one variable are a list, as `$KUBECONFIG` has it.
            let value = self.variable(name).unwrap_or_default();
            let paths = std::env::split_paths(&value).filter(|path| path.is_absolute());
            return paths.map(|path| (normalize(&path), rest)).collect();
        }
        match head {
            "~" => self.home.map(|home| (home.to_owned(), rest)).into_iter().chain(self.moved(pattern)).collect(),
            "" => vec![(PathBuf::from("/"), rest)],
            _ => Vec::new(),
        }
    }

    /// The folder a variable moves a pattern below the home folder to.
    fn moved<'p>(&self, pattern: &'p str) -> Option<(PathBuf, &'p str)> {
        let (folder, name) = MOVED.iter().find(|(folder, _)| pattern.starts_with(folder))?;
        let rest = pattern[folder.len()..].strip_prefix('/')?;
        let path = PathBuf::from(self.variable(name)?);
        path.is_absolute().then(|| (normalize(&path), rest))
    }
}

/// Returns whether the last names of a path match a pattern.
fn ends_with(pattern: &str, path: &Path) -> bool {
    let patterns: Vec<&str> = pattern.split('/').collect();
    let names = glob::names(path);
    if patterns.contains(&"**") {
        return (0..names.len()).any(|start| glob::segments(&patterns, &names[start..]));
    }
    let Some(start) = names.len().checked_sub(patterns.len()) else { return false };
    glob::segments(&patterns, &names[start..])
}

/// Returns a path without `.`, and without `..` where a folder stands before it.
/// Says nothing of what is there: symbolic links are not followed.
pub fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(normal.components().next_back(), Some(Component::Normal(_))) => {
                normal.pop();
            }
            Component::ParentDir if normal.has_root() => {}
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normal_without_dots() {
        for (path, normal) in [("/a/./b/../c", "/a/c"), ("/../a", "/a"), ("../a", "../a"), ("a/..", ""), ("/", "/")] {
            assert_eq!(normalize(Path::new(path)), Path::new(normal), "{path}");
        }
    }
}
