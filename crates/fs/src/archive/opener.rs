//! What is done with bytes of any kind: opened, scanned, or told as left out.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use leaktight_core::{Origin, SkipReason};

use super::kind::Kind;
use super::name;
use super::nest::{Expanded, Nest, Root};
use super::stream::{Buffered, Stream};
use super::{ar, tar, unpack, zip};
use crate::read::{Flow, HEAD, Reader, Trouble, format};
use crate::tell::Unit;
use crate::walk::Globs;

/// Bytes that were scanned, or why not all were.
pub(crate) type Outcome = Result<u64, Trouble>;

/// Opens what lies in one file.
pub(crate) struct Opener<'n, 'r> {
    pub(super) nest: &'n Nest<'n>,
    globs: Option<&'n Globs>,
    reader: &'r mut Reader,
    /// Buffers that are not in use.
    buffers: Vec<Vec<u8>>,
}

/// What is looked at, and how many layers are round it.
#[derive(Clone, Copy)]
pub(super) struct Place<'o> {
    pub(super) origin: &'o Arc<Origin>,
    pub(super) level: usize,
}

/// An archive whose members are scanned.
pub(super) struct Archive<'o> {
    pub(super) origin: &'o Arc<Origin>,
    pub(super) level: usize,
    /// The names there were, in short, and how often.
    names: HashMap<u64, u64>,
    keys: RandomState,
}

impl<'o> Archive<'o> {
    fn new(place: Place<'o>) -> Self {
        Self { origin: place.origin, level: place.level, names: HashMap::new(), keys: RandomState::new() }
    }

    /// Counts a member, and returns its place: another for each of the same name.
    pub(super) fn enter(&mut self, opener: &Opener<'_, '_>, name: &[u8]) -> Result<Arc<Origin>, Trouble> {
        opener.nest.enter().map_err(|err| opener.trouble(&err))?;
        Ok(name::member(self.origin, name, &self.distinct(name)))
    }

    /// Returns what tells a member from those before it that have its name.
    fn distinct(&mut self, name: &[u8]) -> String {
        let key = self.keys.hash_one(name);
        let mut nth = self.names.get(&key).map_or(1, |n_before| n_before + 1);
        let mut mark = String::new();
        if nth > 1 {
            let is_taken = |mark: &str| self.names.contains_key(&self.keys.hash_one([name, mark.as_bytes()].concat()));
            mark = format!("#{nth}");
            while is_taken(&mark) {
                nth += 1;
                mark = format!("#{nth}");
            }
            self.names.insert(self.keys.hash_one([name, mark.as_bytes()].concat()), 1);
        }
        self.names.insert(key, nth);
        mark
    }

    /// Returns the place of a member whose name may be there already.
    pub(super) fn listed(&self, name: &[u8]) -> Arc<Origin> {
        name::member(self.origin, name, "")
    }

    /// Returns in short what is said about a member.
    pub(super) fn brief(&self, name: &[u8], said: (u16, u64)) -> u64 {
        // Some write either slash into one place and the other into the next.
        let name: Vec<u8> = name.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect();
        self.keys.hash_one((name, said))
    }
}

impl<'n, 'r> Opener<'n, 'r> {
    pub(crate) fn new(nest: &'n Nest<'n>, globs: Option<&'n Globs>, reader: &'r mut Reader) -> Self {
        Self { nest, globs, reader, buffers: Vec::new() }
    }

    /// Opens a file of this kind.
    pub(crate) fn open(&mut self, kind: Kind, origin: &Arc<Origin>, file: impl Read) -> Outcome {
        let root = Root { inner: file, nest: self.nest };
        let mut stream = Buffered::new(root, self.buffer());
        self.enter(kind, Place { origin, level: 0 }, &mut stream)
    }

    /// Opens or scans bytes of any kind.
    fn look(&mut self, place: Place<'_>, stream: &mut dyn Stream) -> Outcome {
        let most = self.nest.bounds.depth;
        match Kind::within(stream.peek(HEAD)) {
            None => self.text(place.origin, stream),
            Some(kind) if place.level >= most => {
                Err((SkipReason::ArchiveLimit, format!("{kind}, nested more than {most} deep")))
            }
            Some(kind) => self.enter(kind, place, stream),
        }
    }

    fn enter(&mut self, kind: Kind, place: Place<'_>, stream: &mut dyn Stream) -> Outcome {
        if kind.is_compression() { self.expand(kind, place, stream) } else { self.walk(kind, place, stream) }
    }

    fn expand(&mut self, kind: Kind, place: Place<'_>, stream: &mut dyn Stream) -> Outcome {
        let decoder = Expanded { inner: unpack::unpack(kind, stream, self.nest), nest: self.nest };
        let mut bytes = Buffered::new(decoder, self.buffer());
        let outcome = match Kind::of(bytes.peek(HEAD)) {
            // The usual pair counts as one.
            Some(Kind::Tar) => self.walk(Kind::Tar, place, &mut bytes),
            _ => {
                let origin = name::unpacked(place.origin);
                self.look(Place { origin: &origin, level: place.level + 1 }, &mut bytes)
            }
        };
        self.give_back(bytes.into_parts().1);
        outcome
    }

    fn walk(&mut self, kind: Kind, place: Place<'_>, stream: &mut dyn Stream) -> Outcome {
        let mut archive = Archive::new(place);
        match kind {
            Kind::Ar => ar::walk(self, &mut archive, stream),
            Kind::Zip => zip::walk(self, &mut archive, stream),
            _ => tar::walk(self, &mut archive, stream),
        }
    }

    /// Scans a member, unless a glob leaves it out.
    pub(super) fn inspect(&mut self, place: Place<'_>, stream: &mut dyn Stream) -> Outcome {
        if let Some(glob) = self.globs.and_then(|globs| globs.refuse_member(place.origin)) {
            return Err((SkipReason::Excluded, glob));
        }
        self.look(place, stream)
    }

    /// Scans a member of a name and tells what became of it.
    pub(super) fn member(
        &mut self,
        archive: &mut Archive<'_>,
        name: &[u8],
        stream: &mut dyn Stream,
    ) -> Result<(), Trouble> {
        let origin = archive.enter(self, name)?;
        let outcome = self.inspect(Place { origin: &origin, level: archive.level + 1 }, stream);
        self.tell(&origin, outcome);
        self.check()
    }

    /// Tells of a member that holds nothing to be scanned.
    pub(super) fn omit(&self, archive: &mut Archive<'_>, name: &[u8], why: (SkipReason, &str)) -> Result<(), Trouble> {
        let origin = archive.enter(self, name)?;
        self.tell(&origin, Err((why.0, why.1.to_owned())));
        self.check()
    }

    /// Tells what became of a member.
    pub(super) fn tell(&self, origin: &Arc<Origin>, outcome: Outcome) {
        if outcome.as_ref().is_err_and(|(reason, _)| !reason.is_exclusion()) {
            self.nest.complain();
        }
        self.nest.teller.tell_of(origin.path().unwrap_or(Path::new("-")), outcome);
    }

    /// Scans text, or bytes that are none, to their end.
    pub(super) fn text(&mut self, origin: &Arc<Origin>, stream: &mut dyn Stream) -> Outcome {
        match self.format(stream) {
            Some(name) => Err((SkipReason::Binary, name.to_owned())),
            None => self.bytes(origin, stream, 0),
        }
    }

    /// Returns the format of bytes that are not to be scanned as they are.
    pub(super) fn format(&self, stream: &mut dyn Stream) -> Option<&'static str> {
        format(stream.peek(HEAD)).filter(|_| !self.reader.reading().binary)
    }

    /// Scans bytes of any format to their end; the first has this offset.
    pub(super) fn bytes(&mut self, origin: &Arc<Origin>, stream: &mut dyn Stream, offset: u64) -> Outcome {
        let reading = self.reader.reading();
        let unit = Unit::of(origin);
        let mut flow = Flow::at(reading.overlap, offset);
        let mut n_read = 0;
        loop {
            let nest = self.nest;
            let buffers = self.reader.buffers().map_err(|err| (SkipReason::Io, err.to_string()))?;
            let part = flow.part(buffers, |buffer| {
                let (len, failure) = fill(stream, buffer);
                n_read += len as u64;
                (len, failure.map(|err| lacking(nest.trouble(&err), n_read)))
            });
            if let Some(limit) = reading.max_size.filter(|limit| n_read > *limit) {
                return Err((SkipReason::Size, format!("more than {limit} bytes")));
            }
            nest.teller.lend(&unit, &part.text, part.from);
            if let Some(end) = part.end {
                return end.trouble.or_else(|| unit.take_trouble()).map_or(Ok(end.size), Err);
            }
            if nest.teller.is_stopped() {
                return Err(nest.trouble(&nest.finish((SkipReason::Interrupted, String::new()))));
            }
        }
    }

    /// Returns an error where what seems to be the end of an archive is none.
    pub(super) fn ended(&self, stream: &mut dyn Stream) -> Outcome {
        stream.fill_buf().map(|_| 0).map_err(|err| self.trouble(&err))
    }

    /// Returns why reading failed.
    pub(super) fn trouble(&self, err: &io::Error) -> Trouble {
        self.nest.trouble(err)
    }

    /// Returns an error where nothing more is to be read.
    pub(super) fn check(&self) -> Result<(), Trouble> {
        if self.nest.teller.is_stopped() {
            self.nest.finish((SkipReason::Interrupted, String::new()));
        }
        self.nest.end()
    }

    /// Returns a buffer, of those that were in use before if there are any.
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        self.buffers.pop().unwrap_or_default()
    }

    pub(super) fn give_back(&mut self, buffer: Vec<u8>) {
        self.buffers.push(buffer);
    }
}

/// Says of what is damaged how much of it was read.
fn lacking((reason, why): Trouble, n_read: u64) -> Trouble {
    match reason {
        SkipReason::Corrupt => (reason, format!("what follows its first {n_read} bytes is missing: {why}")),
        _ => (reason, why),
    }
}

/// Reads until the buffer is full or nothing is left; returns how much there is, and what went wrong.
fn fill(stream: &mut dyn Stream, buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut len = 0;
    while len < buffer.len() {
        match stream.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(err) if err.kind() == ErrorKind::Interrupted => {}
            Err(err) => return (len, Some(err)),
        }
    }
    (len, None)
}
