//! The globs of the command line and the configuration.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
#[cfg(feature = "archives")]
use leaktight_core::Origin;

use crate::error::Error;

/// Globs of what to scan and what to leave out.
#[derive(Debug)]
pub struct Globs {
    include: Option<Gitignore>,
    exclude: Option<Gitignore>,
}

impl Globs {
    /// Returns the globs of files to scan, all of them when there are none, and of
    /// files and directories to leave out, which win.
    ///
    /// # Errors
    ///
    /// A glob is not valid.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, Error> {
        Ok(Self { include: compile(include)?, exclude: compile(exclude)? })
    }

    /// Returns whether there are any.
    pub(crate) fn is_empty(&self) -> bool {
        self.include.is_none() && self.exclude.is_none()
    }

    /// Returns why an entry, known by any of these paths, is left out.
    pub(crate) fn refuse(&self, paths: &[&Path], is_dir: bool) -> Option<String> {
        let excluded = paths.iter().find_map(|path| {
            let glob = self.exclude.as_ref()?.matched(path, is_dir).inner()?.original().to_owned();
            Some(format!("`{glob}`"))
        });
        excluded.or_else(|| (!is_dir && !self.is_included(paths)).then(|| "no glob includes it".to_owned()))
    }

    /// Returns why a file that no walk leads to is left out: a glob leaves out the
    /// file or a directory it lies in, or none includes it.
    pub fn refuse_file(&self, path: &Path) -> Option<String> {
        let folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        let outermost = folders.filter_map(|folder| self.refuse(&[strip(folder)], true)).last();
        outermost.or_else(|| self.refuse(&[strip(path)], false))
    }

    /// Returns why a member of an archive is left out: a glob leaves out the member,
    /// by its name there or its whole path, or a folder that it lies in there.
    #[cfg(feature = "archives")]
    pub(crate) fn refuse_member(&self, origin: &Origin) -> Option<String> {
        let exclude = self.exclude.as_ref()?;
        let excludes = |path: &Path, is_dir| {
            let glob = exclude.matched(strip(path), is_dir);
            Some(format!("`{}`", glob.is_ignore().then(|| glob.inner())??.original()))
        };
        let name = origin.name()?;
        let folders = name.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        let outermost = folders.filter_map(|folder| excludes(folder, true)).last();
        outermost.or_else(|| excludes(name, false)).or_else(|| excludes(origin.path()?, false))
    }

    fn is_included(&self, paths: &[&Path]) -> bool {
        let Some(include) = &self.include else { return true };
        paths.iter().any(|path| include.matched_path_or_any_parents(strip(path), false).is_ignore())
    }
}

/// Paths of other places have no part in globs, but must not start with a root.
fn strip(path: &Path) -> &Path {
    let mut names = path.components();
    while names.as_path().has_root() {
        names.next();
    }
    names.as_path()
}

fn compile(globs: &[String]) -> Result<Option<Gitignore>, Error> {
    if globs.is_empty() {
        return Ok(None);
    }
    let mut builder = GitignoreBuilder::new("");
    builder.allow_unclosed_class(false);
    for glob in globs {
        builder.add_line(None, glob).map_err(|source| Error::Glob { glob: glob.clone(), source })?;
    }
    match builder.build() {
        Ok(globs) => Ok(Some(globs)),
        Err(source) => Err(Error::Glob { glob: globs.join(" "), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(globs: &Globs, path: &str) -> bool {
        globs.refuse(&[Path::new(path)], false).is_some()
    }

    #[test]
    fn exclude_wins_over_include() {
        let globs =
            Globs::new(&["src/**".into(), "*.toml".into()], &["gen".into(), "!keep/gen".into()]).expect("valid");
        let left: Vec<&str> = ["src/a.rs", "src/b/c.rs", "a/b.toml", "a.rs", "/abs/x.toml"]
            .into_iter()
            .filter(|path| !refuses(&globs, path))
            .collect();
        assert_eq!(left, ["src/a.rs", "src/b/c.rs", "a/b.toml", "/abs/x.toml"]);
        assert!(globs.refuse(&[Path::new("a/gen")], true).is_some());
        assert!(globs.refuse(&[Path::new("a/other")], true).is_none());
    }

    #[test]
    fn a_file_is_left_out_with_its_directory() {
        let globs = Globs::new(&[], &["gen/".into(), "*.lock".into()]).expect("valid");
        let why = |path: &str| globs.refuse_file(Path::new(path));
        assert_eq!(why("a/gen/b/c.rs").as_deref(), Some("`gen/`"));
        assert_eq!(why("a/x.lock").as_deref(), Some("`*.lock`"));
        assert_eq!((why("gen"), why("/a/b.rs")), (None, None));
    }

    #[test]
    fn an_invalid_glob_is_named() {
        let err = Globs::new(&[], &["a[".into()]).expect_err("not valid");
        assert_eq!(err.to_string(), "invalid glob `a[`");
    }
}
