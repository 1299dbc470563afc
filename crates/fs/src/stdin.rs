//! Standard input.

use std::io::{self, ErrorKind, Read};
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use leaktight_core::{Chunk, Event, Origin, Skip, SkipReason, Source};

#[cfg(feature = "archives")]
use crate::archive::{Bounds, Kind, Nest, Opener};
use crate::error::reason;
use crate::options::Reading;
#[cfg(feature = "archives")]
use crate::read::Reader;
use crate::read::{End, Flow, HEAD, PACKED, Place, Text, Trouble, advice, format};
use crate::sys;
#[cfg(feature = "archives")]
use crate::tell::Teller;

/// Standard input, read in parts that overlap, in constant memory.
///
/// It is scanned whatever it holds, binary data too. What is packed is opened where
/// that was asked for and its format is one that can be read; else it is told as
/// opaque, because its bytes don't show what it holds. While nothing comes, the
/// visitor is lent nothing from time to time, so that it can break off.
#[derive(Clone, Copy, Debug)]
pub struct Stdin {
    reading: Reading,
}

type Visitor<'a> = &'a (dyn Fn(Event<'_>) -> ControlFlow<()> + Sync);

impl Stdin {
    /// Returns standard input in parts of 8 MiB that overlap by `overlap` bytes.
    pub fn new(overlap: usize) -> Self {
        Self { reading: Reading::new(8 << 20, overlap) }
    }

    /// Returns it in parts of `part` bytes, or more where the overlap demands it.
    #[must_use]
    pub fn with_part(self, part: usize) -> Self {
        let reading = Reading::new(part, self.reading.overlap);
        #[cfg(feature = "archives")]
        let reading = Reading { depth: self.reading.depth, ..reading };
        Self { reading }
    }

    /// Returns it with so many archives and compressed files in one another opened.
    #[cfg(feature = "archives")]
    #[must_use]
    pub fn with_archives(self, depth: usize) -> Self {
        Self { reading: Reading { depth, ..self.reading } }
    }
}

impl Source for Stdin {
    fn drive(&self, visitor: Visitor<'_>) {
        match sys::stdin() {
            Ok(mut input) => lend(&mut input, self.reading, visitor),
            // It was the last event: there is nothing left to break off.
            Err(err) => drop(visitor(Event::Skipped(Skip::new("-", reason(&err), err)))),
        }
    }
}

/// Returns the plain bytes of standard input, for formats with a reader of their own.
///
/// A read that has waited a moment in vain fails with [`ErrorKind::WouldBlock`], so
/// that whoever reads can break off; it can be tried again.
///
/// # Errors
///
/// There is no standard input.
pub fn stdin_bytes() -> io::Result<impl Read + Send> {
    Ok(Patient(sys::stdin()?))
}

/// An input that waits a moment and no longer.
struct Patient<I>(I);

impl<I: Input> Read for Patient<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.0.is_ready() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let read = self.0.read(buffer);
        if read.as_ref().is_err_and(|err| err.kind() == ErrorKind::WouldBlock) {
            // Someone made the stream we inherited a non-blocking one.
            thread::sleep(Duration::from_millis(5));
        }
        read
    }
}

/// Bytes that may have to be waited for.
pub(crate) trait Input: Read {
    /// Waits a moment for bytes; returns whether reading is worth a try.
    fn is_ready(&mut self) -> bool;
}

/// Lends all that a reader has, and tells how that ended.
fn lend(reader: &mut dyn Input, reading: Reading, visitor: Visitor<'_>) {
    let stream = Stream { reader, origin: Arc::new(Origin::Stdin), visitor };
    let event = match panic::catch_unwind(AssertUnwindSafe(|| stream.run(reading))) {
        Ok(Ok(size)) => Event::Scanned(size),
        Ok(Err((reason, detail))) => Event::Skipped(Skip::new("-", reason, detail)),
        Err(_) => Event::Skipped(Skip::new("-", SkipReason::Internal, "the scan of it panicked")),
    };
    // It was the last event: there is nothing left to break off.
    let _ = panic::catch_unwind(AssertUnwindSafe(|| visitor(event)));
}

struct Stream<'a> {
    reader: &'a mut dyn Input,
    origin: Arc<Origin>,
    visitor: Visitor<'a>,
}

impl Stream<'_> {
    /// Lends part after part and returns the number of raw bytes.
    fn run(mut self, reading: Reading) -> Result<u64, Trouble> {
        let (mut buffer, mut decoded) = (vec![0; reading.part], Vec::new());
        let (len, trouble) = self.fill(&mut buffer);
        let head = &buffer[..len.min(HEAD)];
        #[cfg(feature = "archives")]
        if reading.depth > 0
            && let Some(kind) = Kind::within(head)
        {
            buffer.truncate(len);
            return self.open(kind, (buffer, trouble), reading);
        }
        let packed = format(head).filter(|format| PACKED.contains(format));
        let mut first = Some((len, trouble));
        let mut flow = Flow::new(reading.overlap);
        loop {
            let part = flow.part((&mut buffer, &mut decoded), |rest| first.take().unwrap_or_else(|| self.fill(rest)));
            self.visit(&part.text, part.from)?;
            match part.end {
                Some(End { trouble: Some(trouble), .. }) => return Err(trouble),
                Some(End { size, .. }) => {
                    return packed.map_or(Ok(size), |format| Err((SkipReason::Opaque, advice(format))));
                }
                None => {}
            }
        }
    }

    /// Opens an archive or a compressed text of which some was read.
    #[cfg(feature = "archives")]
    fn open(
        mut self,
        kind: Kind,
        (start, trouble): (Vec<u8>, Option<Trouble>),
        reading: Reading,
    ) -> Result<u64, Trouble> {
        let teller = Teller::new(self.visitor);
        let nest = Nest::new(&teller, Bounds::new(reading.depth), None);
        let origin = Arc::clone(&self.origin);
        let rest = Rest { stream: &mut self, nest: &nest, trouble };
        let mut reader = Reader::new(reading);
        let outcome = Opener::new(&nest, None, &mut reader).open(kind, &origin, start.chain(rest));
        if teller.is_stopped() { Err((SkipReason::Interrupted, String::new())) } else { outcome }
    }

    fn visit(&self, text: &Text<'_>, from: Place) -> Result<(), Trouble> {
        let chunk = |bytes, offset| Chunk { offset, position: from.position, ..Chunk::new(bytes, self.origin.clone()) };
        let decoded = Some(chunk(text.bytes, from.offset));
        let raw = text.raw.map(|raw| chunk(raw, from.raw));
        for chunk in decoded.into_iter().chain(raw).filter(|chunk| !chunk.bytes.is_empty()) {
            self.lend(chunk)?;
        }
        Ok(())
    }

    fn lend(&self, chunk: Chunk<'_>) -> Result<(), Trouble> {
        match (self.visitor)(Event::Chunk(chunk)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err((SkipReason::Interrupted, String::new())),
        }
    }

    /// Reads until the buffer is full or the stream ends, and returns how it ended.
    fn fill(&mut self, buffer: &mut [u8]) -> (usize, Option<Trouble>) {
        let mut len = 0;
        while len < buffer.len() {
            if !self.reader.is_ready() {
                // Nothing to look at, only to hear whether to go on.
                match self.lend(Chunk::new(&[], self.origin.clone())) {
                    Ok(()) => continue,
                    Err(trouble) => return (len, Some(trouble)),
                }
            }
            match self.reader.read(&mut buffer[len..]) {
                Ok(0) => break,
                Ok(read) => len += read,
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                // Someone made the stream we inherited a non-blocking one.
                Err(err) if err.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(5)),
                Err(err) => return (len, Some((reason(&err), err.to_string()))),
            }
        }
        (len, None)
    }
}

/// What is left of a stream, as a reader that fails for the reason the stream does.
#[cfg(feature = "archives")]
struct Rest<'s, 'a> {
    stream: &'s mut Stream<'a>,
    nest: &'s Nest<'s>,
    trouble: Option<Trouble>,
}

#[cfg(feature = "archives")]
impl Read for Rest<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut len = 0;
        if self.trouble.is_none() {
            (len, self.trouble) = self.stream.fill(buffer);
        }
        match self.trouble.take_if(|_| len == 0) {
            Some(trouble) => Err(self.nest.finish(trouble)),
            None => Ok(len),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Gives one byte at a time, then an error if there is one.
    struct Trickle<'a>(&'a [u8], Option<ErrorKind>);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match (self.0.is_empty(), self.1) {
                (true, Some(kind)) => Err(kind.into()),
                (true, None) => Ok(0),
                (false, _) => self.0.read(&mut buffer[..1]),
            }
        }
    }

    impl Input for Trickle<'_> {
        fn is_ready(&mut self) -> bool {
            true
        }
    }

    /// Gives some bytes and then nothing, without an end.
    struct Silent(&'static [u8]);

    impl Read for Silent {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Input for Silent {
        fn is_ready(&mut self) -> bool {
            !self.0.is_empty()
        }
    }

    #[test]
    fn a_silent_stream_can_be_broken_off() {
        let seen = Mutex::new(Vec::new());
        let n_asked = std::sync::atomic::AtomicUsize::new(0);
        lend(&mut Silent(b"a token"), Reading::new(128, 8), &|event| {
            match event {
                Event::Chunk(chunk) if chunk.bytes.is_empty() => {
                    let n_asked = n_asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    return if n_asked < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
                }
                event => seen.lock().expect("no panic").push(format!("{event:?}")),
            }
            ControlFlow::Continue(())
        });
        let seen = seen.into_inner().expect("no panic");
        assert_eq!(seen.len(), 2, "what had come, and how it ended: {seen:?}");
        assert!(seen[1].contains("Interrupted"), "{seen:?}");
    }

    /// Returns the parts lent, by offset and line, and the last event.
    fn collect(mut reader: Trickle<'_>) -> (Vec<(u64, u64, Vec<u8>)>, String) {
        let parts = Mutex::new(Vec::new());
        let end = Mutex::new(String::new());
        lend(&mut reader, Reading::new(128, 8), &|event| {
            match event {
                Event::Chunk(chunk) => {
                    let part = (chunk.offset, chunk.position.line, chunk.bytes.to_vec());
                    parts.lock().expect("no panic").push(part);
                }
                Event::Scanned(size) => *end.lock().expect("no panic") = format!("scanned {size}"),
                Event::Skipped(skip) => *end.lock().expect("no panic") = skip.reason.to_string(),
                Event::Found(_) => unreachable!("standard input is lent, not scanned"),
            }
            ControlFlow::Continue(())
        });
        (parts.into_inner().expect("no panic"), end.into_inner().expect("no panic"))
    }

    #[test]
    fn lends_all_of_a_stream_in_parts() {
        let text = "some line of text\n".repeat(100);
        let (parts, end) = collect(Trickle(text.as_bytes(), None));
        assert_eq!(end, format!("scanned {}", text.len()));
        assert!(parts.len() > 5);
        for (offset, line, bytes) in parts {
            assert!(text.as_bytes()[usize::try_from(offset).expect("small")..].starts_with(&bytes));
            assert_eq!(line, offset / 18 + 1);
        }
    }

    #[test]
    fn decodes_a_wide_stream() {
        let text = "some line of text\n".repeat(100);
        let raw: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (parts, end) = collect(Trickle(&raw, None));
        assert_eq!(end, format!("scanned {}", raw.len()));
        for (offset, line, bytes) in parts {
            assert!(text.as_bytes()[usize::try_from(offset).expect("small")..].starts_with(&bytes));
            assert_eq!(line, offset / 18 + 1);
        }
    }

    #[test]
    fn lends_what_came_before_an_error() {
        let (parts, end) = collect(Trickle(b"a token", Some(ErrorKind::Other)));
        assert_eq!(parts[0].2, b"a token");
        assert_eq!(end, "io");
        assert_eq!(collect(Trickle(b"", None)), (vec![], "scanned 0".to_owned()));
    }
}
