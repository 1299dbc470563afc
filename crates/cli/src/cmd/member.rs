//! A file that lies in an archive, by the path under which reports tell it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use leaktight_core::{Event, Origin, Source as _};
use leaktight_fs::{Tree, WalkOptions};

use crate::Hint;
use crate::args::ARCHIVE_DEPTH;
use crate::term::escape_path;

/// Members of an archive that an error names, at most.
const NAMED: usize = 3;

/// Returns the text of a member, `a.zip!b.txt`, and the name by which it is judged; none where no
/// archive is named.
///
/// # Errors
///
/// The archive has no such member, or one of more than `most` bytes; or it is named itself, as if it were a text.
pub(super) fn read(place: &Path, most: u64) -> anyhow::Result<Option<(Vec<u8>, PathBuf)>> {
    let place = place.strip_prefix(".").unwrap_or(place);
    let Some(archive) = archive_of(place) else { return Ok(None) };
    let mut options = WalkOptions::default();
    options.archive_depth = usize::from(ARCHIVE_DEPTH);
    let tree = Tree::new([&archive], options).map_err(|err| Hint::of_tree(&err))?;
    let found = Mutex::new(Found::default());
    tree.drive(&|event| {
        let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &event {
            Event::Chunk(chunk) => found.chunk(place, chunk.origin.root(), (chunk.offset, chunk.bytes)),
            Event::Skipped(skip) if skip.path == place => {
                found.why = Some(format!("{} ({})", skip.reason.name(), skip.detail));
            }
            _ => {}
        }
        if found.text.len() as u64 > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let shown = escape_path(place);
    match found.name {
        Some(_) if found.text.len() as u64 > most => {
            Err(Hint::new(format!("`{shown}` is larger than {} MiB", most >> 20), "`leaktight scan` takes any").into())
        }
        Some(name) => Ok(Some((found.text, name))),
        None if found.names.is_empty() && archive == place => Ok(None),
        None => Err(found.missing(&archive, place).into()),
    }
}

/// The file on the way to a place that is an archive, or may be one.
fn archive_of(place: &Path) -> Option<PathBuf> {
    if place.is_file() {
        return Some(place.to_owned());
    }
    let text = place.to_str()?;
    let mut ends = text.match_indices('!').map(|(end, _)| Path::new(&text[..end]));
    ends.find(|path| path.is_file()).map(Path::to_owned)
}

/// What was met in an archive.
#[derive(Default)]
struct Found {
    text: Vec<u8>,
    name: Option<PathBuf>,
    why: Option<String>,
    /// Some members.
    names: Vec<PathBuf>,
}

impl Found {
    fn chunk(&mut self, place: &Path, origin: &Origin, (offset, bytes): (u64, &[u8])) {
        let Origin::Member { path, name } = origin else { return };
        if path == place {
            self.name = Some(name.clone());
            // Chunks overlap.
            self.text.truncate(usize::try_from(offset).unwrap_or(usize::MAX));
            self.text.extend(bytes);
        } else if self.names.len() < NAMED && self.names.last() != Some(path) {
            self.names.push(path.clone());
        }
    }

    fn missing(&self, archive: &Path, place: &Path) -> Hint {
        const HINT: &str = "name a member as in `a.zip!b.txt`; `leaktight scan` tells what could not be read";
        let names: Vec<String> = self.names.iter().map(|name| format!("`{}`", escape_path(name))).collect();
        let others = if names.is_empty() { String::new() } else { format!("; there is {}", names.join(", ")) };
        let shown = escape_path(place);
        let message = match &self.why {
            Some(why) => format!("`{shown}` could not be read: {why}"),
            None if archive == place => format!("`{shown}` is an archive{others}"),
            None => format!("`{}` has no member `{shown}`{others}", escape_path(archive)),
        };
        Hint::new(message, HINT)
    }
}
