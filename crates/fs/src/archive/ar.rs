//! `ar`: packages of Debian, static libraries.

use leaktight_core::SkipReason;

use super::opener::{Archive, Opener, Outcome};
use super::stream::{Stream, Window, skip};
use crate::read::Trouble;

/// What each of them starts with.
pub(super) const MAGIC: &[u8] = b"!<arch>\n";
/// Bytes of a header.
const HEADER: usize = 60;
/// What ends a header.
const END: &[u8] = b"`\n";
/// Bytes of names, at most.
const NAMES: u64 = 1 << 20;

/// Returns whether what starts with [`MAGIC`] is no text about it.
pub(super) fn is_one(head: &[u8]) -> bool {
    head.len() == MAGIC.len() || head.get(MAGIC.len() + HEADER - END.len()..MAGIC.len() + HEADER) == Some(END)
}

/// Scans the members.
pub(super) fn walk(opener: &mut Opener<'_, '_>, archive: &mut Archive<'_>, stream: &mut dyn Stream) -> Outcome {
    let n_magic = stream.peek(MAGIC.len()).len();
    stream.consume(n_magic);
    let mut names = Vec::new();
    loop {
        let header = stream.peek(HEADER);
        if header.is_empty() {
            return opener.ended(stream);
        }
        let Some((name, size)) = parse(header) else {
            let why = format!("no header where one must be, at byte {}", stream.at());
            return Err((SkipReason::Corrupt, why));
        };
        stream.consume(HEADER);
        member(opener, archive, (&name, size), stream, &mut names)?;
        if size % 2 == 1 && !stream.peek(1).is_empty() {
            stream.consume(1);
        }
    }
}

/// Returns name and size of a member.
fn parse(header: &[u8]) -> Option<(Vec<u8>, u64)> {
    if header.len() < HEADER || &header[HEADER - END.len()..] != END {
        return None;
    }
    let size = str::from_utf8(&header[48..58]).ok()?.trim_end().parse().ok()?;
    Some((header[..16].trim_ascii_end().to_vec(), size))
}

fn member(
    opener: &mut Opener<'_, '_>,
    archive: &mut Archive<'_>,
    (name, size): (&[u8], u64),
    stream: &mut dyn Stream,
    names: &mut Vec<u8>,
) -> Result<(), Trouble> {
    let mut window = Window::new(stream, size);
    match name {
        // Where symbols are.
        b"/" | b"/SYM64/" => {}
        b"//" => *names = window.peek(usize::try_from(size.min(NAMES)).unwrap_or(0)).to_vec(),
        _ => {
            let name = full_name(name, names, &mut window);
            opener.member(archive, &name, &mut window)?;
        }
    }
    let left = size - window.at();
    skip(&mut window, left).map_err(|err| opener.trouble(&err))
}

/// Returns the name of a member as GNU or BSD write one that is long or has spaces.
fn full_name(name: &[u8], names: &[u8], window: &mut Window<'_>) -> Vec<u8> {
    let number = |digits: &[u8]| str::from_utf8(digits).ok()?.parse::<usize>().ok();
    if let Some(len) = name.strip_prefix(b"#1/").and_then(number) {
        let len = len.min(1 << 12);
        let name = window.peek(len).to_vec();
        skip(window, name.len() as u64).ok();
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        return name[..end].to_vec();
    }
    if let Some(at) = name.strip_prefix(b"/").and_then(number) {
        let rest = names.get(at..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        return rest[..end].strip_suffix(b"/").unwrap_or(&rest[..end]).to_vec();
    }
    name.strip_suffix(b"/").unwrap_or(name).to_vec()
}
