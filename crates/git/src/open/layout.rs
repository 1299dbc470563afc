//! Where the parts of a repository lie.

use std::path::{Path, PathBuf};

use super::control::{path_of, read_control};
use crate::error::Error;
use crate::id::ObjectId;

/// Bytes of `HEAD`, `.git` and `commondir`, at most.
const LARGEST: u64 = 64 << 10;

/// Where the parts of a repository lie.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) git_dir: PathBuf,
    pub(super) common_dir: PathBuf,
    pub(super) work_tree: Option<PathBuf>,
    /// The file `.git` that leads to the folder, if it is one.
    pub(super) git_file: Option<PathBuf>,
}

impl Layout {
    /// Returns the layout of the repository at a folder, if there is one right there.
    pub(super) fn at(folder: &Path) -> Result<Option<Self>, Error> {
        let inner = folder.join(".git");
        match inner.metadata() {
            Ok(meta) if meta.is_dir() => {
                if let Some(mut layout) = Self::of_git_dir(&inner)? {
                    layout.work_tree = Some(folder.to_path_buf());
                    return Ok(Some(layout));
                }
            }
            Ok(_) => return Self::through(folder, &inner).map(Some),
            Err(_) => {}
        }
        let Some(mut layout) = Self::of_git_dir(folder)? else { return Ok(None) };
        // A folder named `.git` belongs to the work tree round it.
        if folder.file_name().is_some_and(|name| name == ".git") {
            layout.work_tree = folder.parent().map(Path::to_path_buf);
        }
        Ok(Some(layout))
    }

    /// Follows a file `.git`, as work trees and submodules have it.
    fn through(folder: &Path, file: &Path) -> Result<Self, Error> {
        let text = read_control(file, LARGEST)?.unwrap_or_default();
        let target = text.strip_prefix(b"gitdir: ").map(<[u8]>::trim_ascii_end).filter(|target| !target.is_empty());
        let target = target.ok_or_else(|| Error::damaged(file, "it does not start with `gitdir: `"))?;
        let git_dir = folder.join(path_of(target));
        let git_dir = git_dir.canonicalize().map_err(|source| Error::Read { path: git_dir, source })?;
        let layout = Self::of_git_dir(&git_dir)?;
        let layout = layout.ok_or_else(|| Error::damaged(file, "it leads to no repository"))?;
        Ok(Self { work_tree: Some(folder.to_path_buf()), git_file: Some(file.to_path_buf()), ..layout })
    }

    /// Returns the layout if the folder holds what git looks for: a `HEAD`, objects and references.
    fn of_git_dir(git_dir: &Path) -> Result<Option<Self>, Error> {
        let head = git_dir.join("HEAD");
        // Whatever stands there makes it a repository; what can't be read is an error.
        if head.symlink_metadata().is_err() {
            return Ok(None);
        }
        let common_dir = common_dir(git_dir)?;
        if !common_dir.join("objects").is_dir() || !common_dir.join("refs").is_dir() {
            return Ok(None);
        }
        if !is_head(&head)? {
            return Err(Error::damaged(head, "it names neither a reference nor a commit"));
        }
        Ok(Some(Self { git_dir: git_dir.to_path_buf(), common_dir, work_tree: None, git_file: None }))
    }
}

fn common_dir(git_dir: &Path) -> Result<PathBuf, Error> {
    let file = git_dir.join("commondir");
    let Some(text) = read_control(&file, LARGEST)? else { return Ok(git_dir.to_path_buf()) };
    let folder = git_dir.join(path_of(text.trim_ascii_end()));
    folder.canonicalize().map_err(|source| Error::Read { path: folder, source })
}

fn is_head(head: &Path) -> Result<bool, Error> {
    // Old repositories have a link in its place, which may lead to no branch yet.
    if head.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
        return Ok(head.read_link().is_ok_and(|target| target.starts_with("refs")));
    }
    let text = read_control(head, LARGEST)?.unwrap_or_default();
    let text = text.trim_ascii_end();
    let name = text.strip_prefix(b"ref:").map(<[u8]>::trim_ascii_start);
    Ok(name.is_some_and(|name| name.starts_with(b"refs/")) || ObjectId::from_hex(text).is_some())
}
