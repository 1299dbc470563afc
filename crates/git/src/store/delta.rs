//! Objects stored as the difference from another.

use leaktight_core::Span;

use super::{Fault, LARGEST};

/// The parts of a target that its base does not hold just so: bytes that were
/// inserted, and empty spans where parts of the base meet that did not before.
pub(crate) type Spans = Vec<Span>;

/// Spans closer than this are told as one.
const GAP: usize = 64;

/// Makes the target of a delta, and tells where it differs from its base.
///
/// # Errors
///
/// The delta is not one, is not for this base, or makes more than it promises.
pub(crate) fn apply(base: &[u8], delta: &[u8], target: &mut Vec<u8>, spans: &mut Spans) -> Result<(), Fault> {
    let mut delta = Cursor { bytes: delta, at: 0 };
    let base_len = delta.size()?;
    if base_len != base.len() as u64 {
        return Err(Fault::corrupt(format!("a delta for {base_len} bytes, and there are {}", base.len())));
    }
    let len = target_len(delta.size()?)?;
    target.clear();
    spans.clear();
    target.reserve(len.min(base.len() + 4 * delta.bytes.len()));
    // Where in the base a copy goes on without a change.
    let mut next = 0;
    while let Some(op) = delta.next() {
        if op & 0x80 != 0 {
            let (from, size) = delta.copy(op)?;
            let part = base.get(from..from + size).ok_or_else(|| Fault::corrupt("a delta copies what is not there"))?;
            if from != next {
                touch(spans, Span::new(target.len(), target.len()));
            }
            next = from + size;
            target.extend_from_slice(part);
        } else {
            let part = delta.take(usize::from(op))?;
            touch(spans, Span::new(target.len(), target.len() + part.len()));
            target.extend_from_slice(part);
        }
        if target.len() > len {
            return Err(Fault::corrupt(format!("a delta makes more than the {len} bytes it promises")));
        }
    }
    if target.len() != len {
        return Err(Fault::corrupt(format!("a delta makes {} bytes, and promises {len}", target.len())));
    }
    if next != base.len() {
        touch(spans, Span::new(len, len));
    }
    Ok(())
}

fn target_len(len: u64) -> Result<usize, Fault> {
    match usize::try_from(len) {
        Ok(short) if len <= LARGEST => Ok(short),
        _ => Err(Fault::large(len)),
    }
}

fn touch(spans: &mut Spans, span: Span) {
    match spans.last_mut() {
        Some(last) if last.end + GAP >= span.start => last.end = span.end,
        _ => spans.push(span),
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn next(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn need(&mut self) -> Result<u8, Fault> {
        self.next().ok_or_else(|| Fault::corrupt("a delta ends early"))
    }

    /// A number of seven bits a byte, the lowest first.
    fn size(&mut self) -> Result<u64, Fault> {
        let mut size = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.need()?;
            size |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(size);
            }
        }
        Err(Fault::corrupt("a delta names an endless length"))
    }

    /// Where a copy starts in the base, and its length.
    fn copy(&mut self, op: u8) -> Result<(usize, usize), Fault> {
        let (mut from, mut size) = (0_usize, 0_usize);
        for bit in 0..4 {
            if op & 1 << bit != 0 {
                from |= usize::from(self.need()?) << (8 * bit);
            }
        }
        for bit in 0..3 {
            if op & 0x10 << bit != 0 {
                size |= usize::from(self.need()?) << (8 * bit);
            }
        }
        Ok((from, if size == 0 { 0x1_0000 } else { size }))
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        if len == 0 {
            return Err(Fault::corrupt("a delta holds an operation that is none"));
        }
        let part = self.bytes.get(self.at..self.at + len).ok_or_else(|| Fault::corrupt("a delta ends early"))?;
        self.at += len;
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(base: &[u8], ops: &[u8], len: u8) -> Result<(Vec<u8>, Spans), String> {
        let delta = [&[u8::try_from(base.len()).expect("short"), len], ops].concat();
        let (mut target, mut spans) = (Vec::new(), Vec::new());
        apply(base, &delta, &mut target, &mut spans).map_err(|fault| fault.what)?;
        Ok((target, spans))
    }

    #[test]
    fn tells_what_is_new_and_where_copies_meet() {
        let base = [b'x'; 100];
        // All of it as it was.
        assert_eq!(applied(&base, &[0x90, 100], 100).expect("valid").1, []);
        // Two bytes behind the first ten, and the last ones gone.
        let (target, spans) = applied(&base, &[0x90, 10, 2, b'a', b'b', 0x91, 10, 80], 92).expect("valid");
        assert_eq!((target.len(), spans), (92, vec![Span::new(10, 12), Span::new(92, 92)]));
        // A gap in the middle, and nothing new.
        assert_eq!(applied(&base, &[0x90, 10, 0x91, 50, 50], 60).expect("valid").1, [Span::new(10, 10)]);
    }

    #[test]
    fn refuses_what_is_not_true() {
        for (ops, len, what) in [
            (&[0x90, 101][..], 101, "copies what is not there"),
            (&[0x90, 100], 99, "more than the 99"),
            (&[0x90, 10], 99, "makes 10 bytes"),
            (&[5, b'a'], 5, "ends early"),
            (&[0], 0, "is none"),
            (&[0x91], 5, "ends early"),
        ] {
            assert!(applied(&[b'x'; 100], ops, len).expect_err(what).contains(what), "{what}");
        }
    }
}
