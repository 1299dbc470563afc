//! The file `packed-refs`.

use std::collections::BTreeMap;
use std::path::Path;

use super::Target;
use crate::error::Error;
use crate::id::ObjectId;
use crate::open::read_control;

/// Bytes of the file, at most: some tens of millions of references.
const LARGEST: u64 = 4 << 30;

/// Adds the packed references; there are none if there is no such file.
pub(super) fn read(common: &Path, found: &mut BTreeMap<Vec<u8>, Target>) -> Result<(), Error> {
    let file = common.join("packed-refs");
    let text = read_control(&file, LARGEST)?.unwrap_or_default();
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    // What a tag peels to stands behind `^`; the tag itself says so, too.
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#") && !line.starts_with(b"^"));
    let mut lines = lines;
    let parse = |(at, line): (usize, &[u8])| {
        let space = memchr::memchr(b' ', line);
        let parts =
            space.and_then(|space| Some((ObjectId::from_hex(&line[..space])?, line[space + 1..].trim_ascii_end())));
        let (id, name) = parts.ok_or_else(|| Error::damaged(&file, format!("bad reference in line {}", at + 1)))?;
        found.insert(name.to_vec(), Target::Object(id));
        Ok(())
    };
    lines.try_for_each(parse)
}
