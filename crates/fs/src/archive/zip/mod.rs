//! `zip`, and all that is one: jar, wheel, apk, office documents.
//!
//! Our own rather than a library's, because it is read from its start, by the headers
//! before its members; what the directory at its end says is compared with them. So
//! nothing needs to be held in memory or read twice, each byte is expanded once however
//! members overlap, and one without a directory is read as far as it goes. Bytes between
//! members are scanned as they are.

mod header;

use std::io::{self, Read};

use flate2::Crc;
use leaktight_core::SkipReason;

use self::header::{Entry, ends_here, ends_packed, is_start, take_sum};
use super::nest::Expanded;
use super::opener::{Archive, Opener, Outcome, Place};
use super::stream::{Buffered, Stream, Until, Window, drain, skip};
use super::unpack;
use crate::read::{PACKED, Trouble};

/// What the headers of members said, to be compared with the directory.
#[derive(Default)]
struct Seen {
    /// Where the zip starts that is read: others may stand before it.
    base: u64,
    /// Where headers stand and what they say, in short and in order; nothing of
    /// members that are told as unread.
    locals: Vec<(u64, Option<u64>)>,
    has_directory: bool,
    /// Whether an end was the last of it: another zip may follow.
    is_ended: bool,
    /// What could not be looked at between members.
    trouble: Option<Trouble>,
}

impl Seen {
    /// Returns whether a header says the same as the directory.
    fn agrees(&self, entry: &Entry, brief: u64) -> bool {
        // Where something was put before a zip, offsets count from either start.
        [entry.offset, entry.offset.saturating_add(self.base)].into_iter().any(|at| {
            let found = self.locals.binary_search_by_key(&at, |(at, _)| *at);
            found.is_ok_and(|idx| self.locals[idx].1.is_none_or(|local| local == brief))
        })
    }
}

/// Scans the members.
pub(super) fn walk(opener: &mut Opener<'_, '_>, archive: &mut Archive<'_>, stream: &mut dyn Stream) -> Outcome {
    let mut seen = Seen::default();
    let mut size = 0;
    loop {
        match stream.peek(4) {
            [] => break,
            [b'P', b'K', 3, 4] => local(opener, archive, stream, &mut seen)?,
            [b'P', b'K', 1, 2] => central(opener, archive, stream, &seen)?,
            [b'P', b'K', 5, 6] => {
                take(opener, stream, 22)?;
                (seen.has_directory, seen.is_ended) = (true, true);
            }
            [b'P', b'K', 6, 6] => take(opener, stream, 56)?,
            [b'P', b'K', 6, 7] => take(opener, stream, 20)?,
            // One in several parts, all of them here.
            [b'P', b'K', 7, 8] => take(opener, stream, 4)?,
            _ => size += gap(opener, archive, stream, &mut seen)?,
        }
    }
    opener.ended(stream)?;
    if let Some(trouble) = seen.trouble {
        return Err(trouble);
    }
    if seen.has_directory { Ok(size) } else { Err((SkipReason::Corrupt, "it ends without its directory".to_owned())) }
}

fn take(opener: &Opener<'_, '_>, stream: &mut dyn Stream, len: u64) -> Result<(), Trouble> {
    skip(stream, len).map_err(|err| opener.trouble(&err))
}

/// Scans what stands between members, or before or behind them all.
fn gap(opener: &mut Opener<'_, '_>, archive: &Archive<'_>, stream: &mut dyn Stream, seen: &mut Seen) -> Outcome {
    let at = stream.at();
    let until = Until { inner: stream, ends: |next, _| is_start(next), n_read: 0 };
    let mut bytes = Buffered::new(until, opener.buffer());
    let outcome = match opener.format(&mut bytes) {
        Some(packed) if PACKED.contains(&packed) => {
            seen.trouble.get_or_insert((SkipReason::Binary, packed.to_owned()));
            Ok(0)
        }
        // A program that unpacks itself; what it holds comes behind it.
        Some(_) if at == 0 => Ok(0),
        _ => opener.bytes(archive.origin, &mut bytes, at),
    };
    let rest = drain(&mut bytes);
    opener.give_back(bytes.into_parts().1);
    rest.map_err(|err| opener.trouble(&err))?;
    outcome
}

/// Scans a member.
fn local(
    opener: &mut Opener<'_, '_>,
    archive: &mut Archive<'_>,
    stream: &mut dyn Stream,
    seen: &mut Seen,
) -> Result<(), Trouble> {
    let at = stream.at();
    if seen.locals.is_empty() || std::mem::take(&mut seen.is_ended) {
        seen.base = at;
    }
    let Some(entry) = Entry::local(stream) else { return take(opener, stream, 4) };
    let origin = archive.enter(opener, &entry.name)?;
    let (outcome, packed) = match (entry.refuse(), entry.packed()) {
        (Some(trouble), Some(len)) => (skip(stream, len).map_err(|err| opener.trouble(&err)).and(Err(trouble)), None),
        // What belongs to it nobody knows; the search for the next goes on behind its header.
        (Some(trouble), None) => (Err(trouble), None),
        (None, _) => content(opener, Place { origin: &origin, level: archive.level + 1 }, &entry, stream),
    };
    let brief = packed.map(|packed| archive.brief(&entry.name, (entry.method, packed)));
    seen.locals.push((at, brief));
    // A folder is no unit of its own, unless it hides something.
    let is_nothing = entry.packed() == Some(0) || outcome == Ok(0);
    if !entry.is_folder() || !is_nothing {
        opener.tell(&origin, outcome);
    }
    opener.check()
}

/// Scans the content of a member and takes all of it; returns the number of its bytes
/// as they stand there, too.
fn content(
    opener: &mut Opener<'_, '_>,
    place: Place<'_>,
    entry: &Entry,
    stream: &mut dyn Stream,
) -> (Outcome, Option<u64>) {
    let start = stream.at();
    let (outcome, sum) = match entry.packed() {
        Some(len) => {
            let mut window = Window::new(stream, len);
            let (outcome, sum) = expand(opener, place, entry, &mut window);
            let left = len - window.at();
            let rest = skip(&mut window, left).map_err(|err| opener.trouble(&err));
            let rest = rest.and_then(|()| if left > 0 && sum.is_whole { Err(unread(left)) } else { Ok(()) });
            (outcome.and_then(|size| rest.map(|()| size)), sum)
        }
        // Of these no decoder knows the end, or not before it has read beyond.
        None if matches!(entry.method, 0 | 14) => {
            let until =
                Until { inner: stream, ends: if entry.method == 0 { ends_here } else { ends_packed }, n_read: 0 };
            let mut bytes = Buffered::new(until, opener.buffer());
            let told = expand(opener, place, entry, &mut bytes);
            opener.give_back(bytes.into_parts().1);
            told
        }
        None => expand(opener, place, entry, stream),
    };
    let packed = entry.packed().unwrap_or(stream.at() - start);
    let want = if entry.is_described() { take_sum(stream, packed, sum.size) } else { Some(entry.crc) };
    let outcome = match outcome {
        Ok(_) if sum.is_whole && want != Some(sum.crc.sum()) => {
            Err((SkipReason::Corrupt, "it was scanned, but its checksum is wrong".to_owned()))
        }
        outcome => outcome,
    };
    (outcome, Some(packed))
}

/// Says of bytes of a member that nothing comes out of them.
fn unread(len: u64) -> Trouble {
    (SkipReason::Corrupt, format!("it was scanned, but {len} bytes stand behind its end"))
}

/// Scans what comes out of a member, and returns the sum of it.
fn expand(opener: &mut Opener<'_, '_>, place: Place<'_>, entry: &Entry, input: &mut dyn Stream) -> (Outcome, Sum) {
    let Some(decoder) = unpack::method((entry.method, entry.end_size()), input, opener.nest) else {
        // It was refused before.
        return (Ok(0), Sum::default());
    };
    let summed = Summed { inner: Expanded { inner: decoder, nest: opener.nest }, sum: Sum::default() };
    let mut bytes = Buffered::new(summed, opener.buffer());
    let mut outcome = opener.inspect(place, &mut bytes);
    if entry.packed().is_none() {
        // Only the decoder knows where it ends.
        let rest = drain(&mut bytes).map_err(|err| opener.trouble(&err));
        outcome = outcome.and_then(|size| rest.map(|()| size));
    }
    let (summed, buffer) = bytes.into_parts();
    opener.give_back(buffer);
    (outcome, summed.sum)
}

/// Compares a record of the directory with the header of its member.
fn central(
    opener: &mut Opener<'_, '_>,
    archive: &mut Archive<'_>,
    stream: &mut dyn Stream,
    seen: &Seen,
) -> Result<(), Trouble> {
    let Some(entry) = Entry::central(stream) else { return take(opener, stream, 4) };
    let brief = archive.brief(&entry.name, (entry.method, entry.packed));
    if !seen.agrees(&entry, brief) && !entry.is_empty_folder() {
        let why = "the directory names it, but where it says there is no header that says the same";
        opener.tell(&archive.listed(&entry.name), Err((SkipReason::Malformed, why.to_owned())));
    }
    opener.check()
}

/// The checksum of what was read, and whether that is all.
#[derive(Default)]
struct Sum {
    crc: Crc,
    size: u64,
    is_whole: bool,
}

/// Bytes of which a checksum is made.
struct Summed<R> {
    inner: R,
    sum: Sum,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.sum.crc.update(&buffer[..read]);
        self.sum.size += read as u64;
        self.sum.is_whole |= read == 0 && !buffer.is_empty();
        Ok(read)
    }
}
