//! `tar`: headers of 512 bytes, each before the data of a member.
//!
//! Our own rather than a library's, because those read names of any length that a
//! header claims, and end where two blocks of zeros say so: others read on.

use std::io::Read as _;

use leaktight_core::SkipReason;

use super::opener::{Archive, Opener, Outcome};
use super::stream::{Buffered, Stream, Window, skip};
use crate::read::Trouble;

/// Bytes of a header, and what data are padded to.
const BLOCK: usize = 512;
/// Bytes of a name or of other notes on a member, at most.
const NOTES: u64 = 1 << 20;

/// What the headers before that of a member say about it.
#[derive(Debug, Default)]
struct Notes {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    /// Whether they say nothing but such things, to their end.
    is_form: bool,
}

/// What is known of an archive so far.
#[derive(Debug, Default)]
struct Seen {
    notes: Notes,
    /// What could not be looked at, the first of it.
    trouble: Option<Trouble>,
}

impl Seen {
    fn complain(&mut self, reason: SkipReason, why: String) {
        self.trouble.get_or_insert((reason, why));
    }
}

/// A header.
#[derive(Debug)]
struct Header {
    name: Vec<u8>,
    size: u64,
    kind: u8,
    /// The map of a sparse member goes on behind it.
    is_continued: bool,
}

/// Returns whether this is the start of one.
pub(super) fn is_one(head: &[u8]) -> bool {
    let Some(block) = head.get(..BLOCK) else { return false };
    // Those of old have anything where others say what they are; but a sum that is right is no
    // chance where there are zeros, as no text has.
    block[0] != 0 && memchr::memchr(0, block).is_some() && sums_up(block)
}

/// Scans the members.
pub(super) fn walk(opener: &mut Opener<'_, '_>, archive: &mut Archive<'_>, stream: &mut dyn Stream) -> Outcome {
    let mut seen = Seen::default();
    let mut is_ended = false;
    loop {
        let block = stream.peek(BLOCK);
        if block.is_empty() {
            break;
        }
        if block.iter().all(|byte| *byte == 0) {
            is_ended = true;
            let len = block.len();
            stream.consume(len);
            continue;
        }
        if block.len() < BLOCK {
            seen.complain(SkipReason::Corrupt, format!("no header at byte {}", stream.at()));
            break;
        }
        match parse(block) {
            Some(header) => {
                stream.consume(BLOCK);
                is_ended = false;
                member(opener, archive, (header, &mut seen), stream)?;
            }
            // The next header may still be in its place.
            None => {
                seen.complain(SkipReason::Corrupt, format!("no header at byte {}", stream.at()));
                stream.consume(BLOCK);
            }
        }
    }
    opener.ended(stream)?;
    match seen.trouble {
        Some(trouble) => Err(trouble),
        None if !is_ended => Err((SkipReason::Corrupt, "it ends without the mark of its end".to_owned())),
        None => Ok(0),
    }
}

fn member(
    opener: &mut Opener<'_, '_>,
    archive: &mut Archive<'_>,
    (header, seen): (Header, &mut Seen),
    stream: &mut dyn Stream,
) -> Result<(), Trouble> {
    let trouble = |opener: &Opener<'_, '_>, err| opener.trouble(&err);
    let mut is_continued = header.is_continued;
    while is_continued {
        is_continued = stream.peek(BLOCK).get(504).is_some_and(|more| *more != 0);
        skip(stream, BLOCK as u64).map_err(|err| trouble(opener, err))?;
    }
    let is_note = matches!(header.kind, b'x' | b'g' | b'L' | b'K' | b'N' | b'V');
    let given = if is_note { Notes::default() } else { std::mem::take(&mut seen.notes) };
    let name = given.name.unwrap_or(header.name);
    let size = match header.kind {
        // They have none, whatever is said, unless what follows is no header.
        b'1' | b'2' if is_header(stream.peek(BLOCK)) => 0,
        b'3' | b'4' | b'5' | b'6' => 0,
        _ => given.size.unwrap_or(header.size),
    };
    let at = stream.at();
    let mut window = Window::new(stream, size);
    match header.kind {
        b'x' | b'g' | b'L' | b'K' => note(opener, archive, (header.kind, seen), (&mut window, at))?,
        b'5' => {}
        // These have no data, unless someone hides some.
        b'N' | b'V' if size == 0 => {}
        b'N' | b'V' => opener.bytes(archive.origin, &mut window, at).map(|_| ())?,
        b'1' | b'2' if size == 0 => opener.omit(archive, &name, (SkipReason::Symlink, "a link, not followed"))?,
        b'3' | b'4' | b'6' => opener.omit(archive, &name, (SkipReason::Special, "a pipe or a device"))?,
        _ => opener.member(archive, &name, &mut window)?,
    }
    let left = size - window.at();
    let padding = size.checked_next_multiple_of(BLOCK as u64).map_or(0, |end| end - size);
    skip(&mut window, left).map_err(|err| trouble(opener, err))?;
    // The last of all may lack its padding.
    let n_padding = stream.peek(usize::try_from(padding).unwrap_or(0)).len();
    stream.consume(n_padding);
    Ok(())
}

/// Reads the notes that a header announces, and scans those that are no part of the form.
fn note(
    opener: &mut Opener<'_, '_>,
    archive: &Archive<'_>,
    (kind, seen): (u8, &mut Seen),
    (window, at): (&mut Window<'_>, u64),
) -> Result<(), Trouble> {
    let mut bytes = Vec::new();
    window.take(NOTES).read_to_end(&mut bytes).map_err(|err| opener.trouble(&err))?;
    if bytes.len() as u64 == NOTES {
        seen.complain(SkipReason::ArchiveLimit, format!("more than {NOTES} bytes of notes at byte {at}"));
    }
    let name = until_zero(&bytes);
    let is_form = match kind {
        b'x' | b'g' => {
            let notes = pax(&bytes);
            let is_form = notes.is_form;
            if kind == b'x' {
                seen.notes = notes.or(&mut seen.notes);
            }
            is_form
        }
        _ => bytes[name.len()..].iter().all(|byte| *byte == 0),
    };
    if kind == b'L' {
        seen.notes.name = Some(name.to_vec());
    }
    if !is_form {
        opener.bytes(archive.origin, &mut Buffered::new(&*bytes, Vec::new()), at)?;
    }
    Ok(())
}

/// Keys of POSIX notes whose values are numbers and names.
const FORM: [&[u8]; 11] =
    [b"atime", b"ctime", b"gid", b"gname", b"hdrcharset", b"linkpath", b"mtime", b"path", b"size", b"uid", b"uname"];

impl Notes {
    /// Keeps what was noted before where this says nothing.
    fn or(self, before: &mut Self) -> Self {
        Self { name: self.name.or(before.name.take()), size: self.size.or(before.size), ..self }
    }
}

/// Returns what notes of POSIX say: `LENGTH KEY=VALUE` and a line end, one after the other.
fn pax(mut text: &[u8]) -> Notes {
    let mut notes = Notes { is_form: true, ..Notes::default() };
    while let Some((digits, _)) = text.split_once_at(b' ') {
        let len = str::from_utf8(digits).ok().and_then(|digits| digits.parse::<usize>().ok());
        let Some(record) = len.and_then(|len| text.get(digits.len() + 1..len)) else { break };
        text = &text[digits.len() + 1 + record.len()..];
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        let Some((key, value)) = record.split_once_at(b'=') else { continue };
        notes.is_form &= FORM.contains(&key) || key.starts_with(b"GNU.sparse.");
        match key {
            b"path" | b"GNU.sparse.name" => notes.name = Some(value.to_vec()),
            b"size" => notes.size = str::from_utf8(value).ok().and_then(|size| size.parse().ok()),
            _ => {}
        }
    }
    notes.is_form &= text.iter().all(|byte| *byte == 0);
    notes
}

/// Splits bytes at the first of a kind.
trait SplitAt {
    fn split_once_at(&self, byte: u8) -> Option<(&[u8], &[u8])>;
}

impl SplitAt for [u8] {
    fn split_once_at(&self, byte: u8) -> Option<(&[u8], &[u8])> {
        let at = memchr::memchr(byte, self)?;
        Some((&self[..at], &self[at + 1..]))
    }
}

fn is_header(block: &[u8]) -> bool {
    block.len() < BLOCK || block.iter().all(|byte| *byte == 0) || sums_up(block)
}

fn parse(block: &[u8]) -> Option<Header> {
    if !sums_up(block) {
        return None;
    }
    let is_posix = &block[257..263] == b"ustar\0";
    let prefix = until_zero(&block[345..500]);
    let mut name = until_zero(&block[..100]).to_vec();
    if is_posix && !prefix.is_empty() {
        name = [prefix, b"/", &name].concat();
    }
    let (kind, size) = (block[156], number(&block[124..136])?);
    // In the days before folders had a kind their names ended so.
    let kind = if matches!(kind, 0 | b'0') && size == 0 && name.ends_with(b"/") { b'5' } else { kind };
    Some(Header { name, size, kind, is_continued: kind == b'S' && block[482] != 0 })
}

/// Returns whether a block has the sum of a header, of bytes with or without a sign.
fn sums_up(block: &[u8]) -> bool {
    let Some(want) = number(&block[148..156]) else { return false };
    let byte = |at: usize| if (148..156).contains(&at) { b' ' } else { block[at] };
    let sum: u64 = (0..BLOCK).map(|at| u64::from(byte(at))).sum();
    let signed: i64 = (0..BLOCK).map(|at| i64::from(byte(at).cast_signed())).sum();
    sum == want || i64::try_from(want) == Ok(signed)
}

/// Returns a number in octal digits, or in base 256 where the first bit says so.
fn number(field: &[u8]) -> Option<u64> {
    if let [first @ 0x80..=0xff, rest @ ..] = field {
        let (high, low) = rest.split_at(rest.len().saturating_sub(8));
        let is_small = first & 0x7f == 0 && high.iter().all(|byte| *byte == 0);
        return is_small.then(|| low.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)));
    }
    // It ends with its digits, whatever follows: some write a space, some nothing, some what was there before.
    let start = field.iter().position(|byte| *byte != b' ').unwrap_or(field.len());
    let digits = field[start..].split(|byte| matches!(byte, b' ' | b'\0')).next().unwrap_or_default();
    let text = str::from_utf8(digits).ok()?;
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_in_base_256() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"  17  \0\0"), Some(0o17));
        assert_eq!(number(b"\0\0\0\0"), Some(0));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\0\0\0\x01\0"), Some(256));
        assert_eq!(number(&[0xff; 12]), None, "less than nothing");
        assert_eq!(number(b"99999999"), None);
        assert_eq!(number(b"-0000001"), None);
    }

    #[test]
    fn notes_are_read_as_far_as_they_make_sense() {
        let notes = pax(b"16 path=long/er\n9 size=7\n30 path=cut");
        assert_eq!((notes.name.as_deref(), notes.size), (Some(b"long/er".as_slice()), Some(7)));
        for odd in [b"99999999999999999999 path=x\n".as_slice(), b"0 path=x\n", b"x", b"", b" ", b"3 =\n"] {
            assert_eq!(pax(odd).name, None);
        }
    }
}
