//! Parts of text that were looked at before, wherever they stood.
//!
//! Versions of a file say the same again and again: what a delta inserts was mostly removed by
//! another one. So a text is cut at lines that it picks by itself, whatever stands before them, and what
//! lies between two cuts is known again by a hash of it and of what stands round it.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use leaktight_core::Span;
use twox_hash::XxHash3_128;

use super::hits::SecretIdx;
use super::names::KindIdx;
use super::regions::Marks;

/// What is zero where a line is a cut: one in sixteen.
const PICKED: u8 = 15;
/// Bytes looked at together, and those that they need.
const STEP: usize = 32;
const BLOCK: usize = STEP + 16;
/// Bytes between two cuts, at least.
const LEAST: usize = 1536;
/// Bytes within which a cut is looked for.
const SEARCH: usize = 4 << 10;
/// Passages that are remembered, at most: in some forty megabytes.
const MOST: usize = 7 << 17;
/// Passages with findings near them that are remembered, at most, and places in each.
const MOST_FOUND: usize = 1 << 16;
const MOST_PLACES: usize = 64;
/// Sets that can be asked at the same time.
const SHARDS: usize = 16;

/// An offset at which something was found: a secret, or what is not to be told.
pub(super) type Place = (u64, Option<SecretIdx>);

/// The passages that were looked at.
///
/// They are told apart by 128 bits of a hash whose seed nobody knows, so that no text
/// can be made that passes for another.
pub(super) struct Passages {
    seed: u64,
    /// Those with nothing near them, and the marks that were met round them.
    clear: [Mutex<Keyed<Marks>>; SHARDS],
    /// Those with something near them, and what was found in them, by its offset within them.
    found: Mutex<Keyed<Box<[Place]>>>,
}

type Keyed<T> = HashMap<u128, T, BuildHasherDefault<Plain>>;

/// What of a text is to be looked at.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    /// The spans, in order.
    pub(super) spans: Vec<Span>,
    /// Marks met in the passages that need not be looked at.
    pub(super) marks: Marks,
    /// What was found in the passages that need not be looked at.
    pub(super) places: Vec<Place>,
    /// The passages in which they lie, and what counts round each: to be remembered.
    keys: Vec<(u128, Span, Span)>,
    /// Memory to work in: the cuts of a part of the text, the hashes of what lies between
    /// them, and what a key is made from.
    cuts: Vec<usize>,
    hashes: Vec<Option<u128>>,
    joined: Vec<u8>,
}

impl Passages {
    pub(super) fn new() -> Self {
        Self { seed: RandomState::new().hash_one(0), clear: Default::default(), found: Mutex::default() }
    }

    /// Fills `unknown` with what of some spans, in order, was not looked at before; in all that lies
    /// outside of them nothing is found. What lies `near` bytes round a passage counts, and the
    /// kind of file. A passage with something found near it is never known.
    pub(super) fn sift(&self, text: &[u8], (spans, near): (&[Span], usize), kind: KindIdx, unknown: &mut Unknown) {
        self.fill((text, false), (spans, near), kind, unknown);
    }

    /// Fills `unknown` with what of all the text was not looked at before, and with what was found in the rest.
    pub(super) fn sift_all(&self, text: &[u8], near: usize, kind: KindIdx, unknown: &mut Unknown) {
        self.fill((text, true), (&[Span::new(0, text.len())], near), kind, unknown);
    }

    fn fill(
        &self,
        (text, is_all): (&[u8], bool),
        (spans, near): (&[Span], usize),
        kind: KindIdx,
        unknown: &mut Unknown,
    ) {
        unknown.clear();
        let mut rest = spans;
        while let Some(first) = rest.first() {
            let mut end = first.end;
            let is_close = |span: &&Span| {
                let is_close = span.start <= end + 2 * (near + SEARCH);
                end = if is_close { end.max(span.end) } else { end };
                is_close
            };
            let (group, others) = rest.split_at(rest.iter().take_while(is_close).count());
            self.group((text, is_all), (group, near), kind, unknown);
            rest = others;
        }
    }

    /// Adds what of some spans that lie close together was not looked at before.
    fn group(
        &self,
        (text, is_all): (&[u8], bool),
        (spans, near): (&[Span], usize),
        kind: KindIdx,
        unknown: &mut Unknown,
    ) {
        let Unknown { spans: found, marks, places, keys, cuts, hashes, joined } = unknown;
        let end = spans.iter().map(|span| span.end).max().unwrap_or(0);
        let from = spans[0].start.saturating_sub(near + SEARCH);
        self.cut(text, Span::new(from, (end + near + SEARCH).min(text.len())), cuts);
        let (Some(first), Some(last), true) = (cuts.first().copied(), cuts.last().copied(), cuts.len() > 1) else {
            found.extend(spans);
            return;
        };
        hashes.clear();
        hashes.resize(cuts.len(), None);
        // What lies outside the cuts belongs to no passage.
        let before = spans.iter().take_while(|span| span.start < first);
        found.extend(before.map(|span| Span::new(span.start, span.end.min(first))));
        let (mut at, mut low, mut high) = (0, 0, 0);
        for (idx, passage) in cuts.windows(2).enumerate() {
            let passage = Span::new(passage[0], passage[1]);
            at += spans[at..].iter().take_while(|span| span.end < passage.start).count();
            if spans.get(at).is_none_or(|span| span.start > passage.end) {
                continue;
            }
            while cuts[low + 1] + near <= passage.start {
                low += 1;
            }
            while cuts[high] < passage.end + near && high + 1 < cuts.len() {
                high += 1;
            }
            let is_whole = (cuts[low] + near <= passage.start || cuts[low] == 0)
                && (cuts[high] >= passage.end + near || cuts[high] == text.len());
            if is_whole {
                let key = self.key(text, (cuts, hashes, joined), (low, idx, high), kind);
                if let Some(known) = self.shard(key).get(&key) {
                    *marks |= known;
                    continue;
                }
                if is_all && let Some(known) = self.found().get(&key) {
                    places.extend(known.iter().map(|(offset, secret)| (passage.start as u64 + offset, *secret)));
                    continue;
                }
                keys.push((key, passage, Span::new(cuts[low], cuts[high])));
            }
            // The rest of the passage stands in the base, in which nothing was found.
            let here = spans[at..].iter().take_while(|span| span.start <= passage.end);
            found.extend(here.map(|span| Span::new(span.start.max(passage.start), span.end.min(passage.end))));
        }
        let behind = spans.iter().filter(|span| span.end > last);
        found.extend(behind.map(|span| Span::new(span.start.max(last), span.end)));
    }

    /// Remembers what was unknown, where these marks were met and this was found, in order, in all of
    /// the text.
    pub(super) fn remember(&self, unknown: &Unknown, (places, marks): (&[Place], Marks)) {
        let within = |span: &Span| {
            let from = places.partition_point(|(offset, _)| *offset < span.start as u64);
            let to = places.partition_point(|(offset, _)| *offset < span.end as u64);
            &places[from..to]
        };
        for (key, passage, round) in &unknown.keys {
            if within(round).is_empty() {
                let mut shard = self.shard(*key);
                if shard.len() < MOST / SHARDS {
                    shard.insert(*key, marks);
                }
                continue;
            }
            let own = within(passage);
            let mut found = self.found();
            if found.len() < MOST_FOUND && own.len() <= MOST_PLACES {
                let from = passage.start as u64;
                found.insert(*key, own.iter().map(|(offset, secret)| (offset - from, *secret)).collect());
            }
        }
    }

    fn shard(&self, key: u128) -> MutexGuard<'_, Keyed<Marks>> {
        self.clear[(key >> 64) as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn found(&self) -> MutexGuard<'_, Keyed<Box<[Place]>>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds the cuts in a part of a text, and its ends where the text has them there.
    fn cut(&self, text: &[u8], within: Span, cuts: &mut Vec<usize>) {
        cuts.clear();
        cuts.extend((within.start == 0).then_some(0));
        let mut at = within.start;
        while at < within.end
            && let Some(block) = text[at..].first_chunk::<BLOCK>()
        {
            // Without an early end, which lets the compiler use vectors.
            if (0..STEP).fold(false, |any, idx| any | picks(block, idx)) {
                let first = memchr::memchr_iter(b'\n', &block[..STEP]).find(|idx| picks(block, *idx));
                let cut = at + first.unwrap_or(0) + 1;
                if cut <= within.end {
                    cuts.push(cut);
                }
                at = cut + LEAST - 1;
                continue;
            }
            at += STEP;
        }
        if within.end == text.len() && cuts.last().is_none_or(|last| *last < text.len()) {
            cuts.push(text.len());
        }
    }

    /// The hash of a passage, of those round it that count, and of the kind of file.
    fn key(
        &self,
        text: &[u8],
        (cuts, hashes, joined): (&[usize], &mut [Option<u128>], &mut Vec<u8>),
        (low, idx, high): (usize, usize, usize),
        kind: KindIdx,
    ) -> u128 {
        joined.clear();
        joined.extend_from_slice(&kind.to_le_bytes());
        joined.extend_from_slice(&((idx - low) as u32).to_le_bytes());
        joined.push(u8::from(cuts[low] == 0) | u8::from(cuts[high] == text.len()) << 1);
        let round = &mut hashes[low..high];
        for (hash, passage) in round.iter_mut().zip(cuts[low..=high].windows(2)) {
            let of = || XxHash3_128::oneshot_with_seed(self.seed, &text[passage[0]..passage[1]]);
            joined.extend_from_slice(&hash.get_or_insert_with(of).to_le_bytes());
        }
        XxHash3_128::oneshot_with_seed(self.seed, joined)
    }
}

/// Whether a line begins behind a byte of a block, and is a cut by how it begins.
#[inline(always)]
fn picks(block: &[u8; BLOCK], at: usize) -> bool {
    let byte = |idx: usize| block[at + idx];
    let pair = |one: usize, other: usize| byte(one) ^ byte(other).wrapping_add(byte(other));
    // Few of them, spread over as many as indentation leaves alone.
    let mixed = pair(2, 9).wrapping_add(pair(5, 11)) ^ pair(8, 12);
    (byte(0) == b'\n') & (mixed & PICKED == 0)
}

/// Takes a key for its own hash.
#[derive(Default)]
struct Plain(u64);

impl Hasher for Plain {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk().map_or(0, |start| u64::from_le_bytes(*start));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Unknown {
    /// Returns whether a place lies in one of the spans.
    pub(super) fn holds(&self, offset: u64) -> bool {
        let at = self.spans.partition_point(|span| span.end as u64 <= offset);
        self.spans.get(at).is_some_and(|span| span.start as u64 <= offset)
    }

    fn clear(&mut self) {
        self.spans.clear();
        self.places.clear();
        self.keys.clear();
        self.marks = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAR: usize = 900;

    fn text(lines: std::ops::Range<usize>) -> String {
        lines.map(|n| format!("line {n} of {} and so on\n", n * 7919 % 6007)).collect()
    }

    fn sift(passages: &Passages, text: &str, span: Span, kind: KindIdx) -> Unknown {
        let mut unknown = Unknown::default();
        passages.sift(text.as_bytes(), (&[span], NEAR), kind, &mut unknown);
        unknown
    }

    #[test]
    fn knows_a_passage_wherever_it_stands_and_only_as_it_stood() {
        let passages = Passages::new();
        let old = text(0..2000);
        let place = |text: &str| {
            let at = text.find("line 1000 ").expect("it is there");
            Span::new(at, at + 200)
        };
        let unknown = sift(&passages, &old, place(&old), 1);
        let covers = |span: &Span| unknown.spans.iter().any(|one| one.start <= span.start && span.end <= one.end);
        assert!(covers(&place(&old)) && unknown.keys.len() == unknown.spans.len(), "{unknown:?}");
        passages.remember(&unknown, (&[], 5));
        let moved = format!("something else\n{}{}", text(700..2000), text(0..50));
        let known = sift(&passages, &moved, place(&moved), 1);
        assert!(known.spans.is_empty() && known.marks == 5, "{known:?}");
        assert!(!sift(&passages, &moved, place(&moved), 2).spans.is_empty(), "a file of another kind");
        for changed in [place(&moved).start + 20, place(&moved).start - NEAR + 1, place(&moved).end + NEAR - 1] {
            let mut text = moved.clone().into_bytes();
            text[changed] = b'#';
            let text = String::from_utf8(text).expect("text");
            let span = Span::new(place(&moved).start, place(&moved).end);
            assert!(!sift(&passages, &text, span, 1).spans.is_empty(), "{changed}");
        }
    }

    #[test]
    fn a_place_belongs_to_the_span_that_starts_there() {
        let unknown = Unknown { spans: vec![Span::new(3, 7), Span::new(9, 12)], ..Unknown::default() };
        let held: Vec<u64> = (0..14).filter(|offset| unknown.holds(*offset)).collect();
        assert_eq!(held, [3, 4, 5, 6, 9, 10, 11]);
    }

    #[test]
    fn tells_what_was_found_in_a_passage_where_it_stands_now() {
        let passages = Passages::new();
        let old = text(0..2000);
        let offset = old.find("line 1000 ").expect("it is there");
        let mut unknown = Unknown::default();
        passages.sift_all(old.as_bytes(), NEAR, 1, &mut unknown);
        passages.remember(&unknown, (&[(offset as u64, Some(7))], 0));
        passages.sift_all(old.as_bytes(), NEAR, 1, &mut unknown);
        assert!(unknown.spans.is_empty() && unknown.places == [(offset as u64, Some(7))], "{unknown:?}");
        let moved = format!("something else\n{}", text(700..2000));
        let now = moved.find("line 1000 ").expect("it is there");
        passages.sift_all(moved.as_bytes(), NEAR, 1, &mut unknown);
        assert!(!unknown.holds(now as u64) && unknown.places == [(now as u64, Some(7))], "{unknown:?}");
        // Who looks only at what is new must look there.
        let span = Span::new(now, now + 5);
        assert!(!sift(&passages, &moved, span, 1).spans.is_empty());
    }

    /// Whatever the text, all of the spans is told as long as nothing is known.
    #[test]
    fn what_is_not_known_is_told() {
        let passages = Passages::new();
        let texts = [String::new(), "\n".repeat(9000), "x".repeat(9000), text(0..900), "a line\r".repeat(2000)];
        for text in texts {
            for at in (0..=text.len()).step_by(61) {
                for len in [0, 1, 40, 5000] {
                    let span = Span::new(at, (at + len).min(text.len()));
                    let unknown = sift(&passages, &text, span, 0);
                    let mut next = span.start;
                    for told in &unknown.spans {
                        assert!(told.start <= next, "{span:?} {unknown:?}");
                        next = next.max(told.end);
                    }
                    assert!(next >= span.end && !unknown.spans.is_empty(), "{span:?} {unknown:?}");
                }
            }
        }
    }
}
