//! The commit that is checked out, without reading all references.

use std::path::Path;

use super::{DEEPEST, LARGEST, Refs, Target, head_of, parse};
use crate::error::Error;
use crate::id::ObjectId;
use crate::open::{Repo, path_of, read_control};

/// Bytes of `packed-refs`, at most.
const LARGEST_PACKED: u64 = 4 << 30;

/// Returns the commit that is checked out; none before the first commit.
///
/// # Errors
///
/// A file of references cannot be read.
pub(crate) fn head(repo: &Repo) -> Result<Option<ObjectId>, Error> {
    if repo.is_reftable() {
        return Ok(Refs::read(repo)?.head);
    }
    let mut target = head_of(repo, repo.git_dir())?;
    for _ in 0..=DEEPEST {
        match target {
            None => return Ok(None),
            Some(Target::Object(id)) => return Ok(Some(id)),
            Some(Target::Symbolic(name)) => target = find(repo, &name)?,
        }
    }
    Ok(None)
}

/// Finds one reference: among those of this work tree, of all, and the packed ones.
fn find(repo: &Repo, name: &[u8]) -> Result<Option<Target>, Error> {
    // A name out of the folder of references is none.
    if !name.starts_with(b"refs/") || name.split(|byte| *byte == b'/').any(|part| part == b"..") {
        return Ok(None);
    }
    for folder in [repo.git_dir(), repo.common_dir()] {
        if let Some(target) = read_control(&folder.join(path_of(name)), LARGEST)?.and_then(|text| parse(&text)) {
            return Ok(Some(target));
        }
    }
    packed(repo.common_dir(), name)
}

fn packed(common: &Path, name: &[u8]) -> Result<Option<Target>, Error> {
    let text = read_control(&common.join("packed-refs"), LARGEST_PACKED)?.unwrap_or_default();
    let wanted = [b" ", name, b"\n"].concat();
    let id = memchr::memmem::find_iter(&text, &wanted).find_map(|at| {
        let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
        ObjectId::from_hex(&text[start..at])
    });
    Ok(id.map(Target::Object))
}
