//! Which parts of a content are to be looked at when its base was.

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use leaktight_core::{Reach, Span, line_around};
use memchr::memmem::Finder;

/// Marks that stand in a content, a bit for each.
pub(super) type Marks = u64;

/// Grows what is new by as far as it can change what is found.
pub(super) struct Regions {
    reach: Reach,
    /// The search for marks; none if there are none, or so many that all count everywhere.
    search: Option<AhoCorasick>,
    /// The search for each mark by itself: a content holds few of them, if any.
    finders: Vec<Finder<'static>>,
    longest: usize,
}

impl Regions {
    pub(super) fn new(mut reach: Reach) -> Self {
        let texts: Vec<&[u8]> = reach.marks.iter().map(|mark| mark.text.as_slice()).collect();
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or(0);
        let mut builder = AhoCorasick::builder();
        builder.match_kind(MatchKind::LeftmostFirst).kind(Some(AhoCorasickKind::ContiguousNFA));
        let search = builder.build(&texts).ok().filter(|_| texts.len() <= Marks::BITS as usize && !texts.is_empty());
        if search.is_none() {
            reach.near = reach.near.max(reach.far());
        }
        let finders = texts.iter().map(|text| Finder::new(text).into_owned()).collect();
        Self { finders, reach, search, longest }
    }

    /// Calls `take` with each mark of a text and its place.
    fn each(&self, text: &[u8], mut take: impl FnMut(usize, usize)) {
        let Some(search) = &self.search else { return };
        let mut at = 0;
        // Marks may overlap, so the search goes on right behind the start of each.
        while let Some(found) = search.find(Input::new(text).range(at..)) {
            take(found.pattern().as_usize(), found.start());
            at = found.start() + 1;
        }
    }

    /// Returns the marks of a content.
    pub(super) fn marks(&self, text: &[u8]) -> Marks {
        let mut marks = 0;
        self.each(text, |mark, _| marks |= 1 << mark);
        marks
    }

    /// Returns the marks that stand in what is new, or partly.
    pub(super) fn new_marks(&self, text: &[u8], spans: &[Span]) -> Marks {
        let (mut marks, mut last) = (0, None::<Span>);
        for span in spans {
            let near = around(*span, self.longest, text.len());
            // To begin a search takes longer than to go on with one.
            last = match last {
                Some(last) if near.start <= last.end + JOINT => Some(Span::new(last.start, near.end.max(last.end))),
                last => {
                    marks |= last.map_or(0, |last| self.marks(&text[last.range()]));
                    Some(near)
                }
            };
        }
        marks | last.map_or(0, |last| self.marks(&text[last.range()]))
    }

    /// Fills `regions`, in order and disjoint, for the spans that are new.
    pub(super) fn grow(&self, text: &[u8], (spans, marks): (&[Span], Marks), regions: &mut Vec<Span>) {
        regions.clear();
        for span in spans {
            let near = around(self.lines(text, *span), self.reach.near, text.len());
            join(regions, self.lines(text, near));
        }
        if marks == 0 {
            return;
        }
        for region in std::mem::take(regions) {
            let mut grown = region;
            for mark in (0..self.finders.len()).filter(|mark| marks & 1 << mark != 0) {
                self.reach_out(text, (region, mark), &mut grown);
            }
            join(regions, grown);
        }
    }

    /// Grows a region round the places of one mark from which it is within reach.
    fn reach_out(&self, text: &[u8], (region, mark): (Span, usize), grown: &mut Span) {
        let (finder, reach) = (&self.finders[mark], self.reach.marks[mark].reach);
        let window = around(region, reach + finder.needle().len(), text.len());
        let mut at = window.start;
        while let Some(found) = finder.find(&text[at..window.end]) {
            let place = Span::new(at + found, at + found + finder.needle().len());
            if place.distance(region) <= reach {
                let wide = around(place, reach, text.len());
                *grown = Span::new(grown.start.min(wide.start), grown.end.max(wide.end));
            }
            at = place.start + 1;
        }
    }

    /// Grows a span to the ends of its lines, as far as those matter.
    fn lines(&self, text: &[u8], span: Span) -> Span {
        let start = line_around(text, span.start, self.reach.line).start;
        let end = line_around(text, span.end, self.reach.line).end;
        Span::new(start, end)
    }
}

/// Bytes between two searches that are looked at, too.
const JOINT: usize = 512;

fn around(span: Span, reach: usize, len: usize) -> Span {
    Span::new(span.start.saturating_sub(reach), span.end.saturating_add(reach).min(len))
}

fn join(regions: &mut Vec<Span>, region: Span) {
    let mut region = region;
    // A region may begin before those it is joined to.
    while let Some(last) = regions.last().copied().filter(|last| last.end >= region.start) {
        region = Span::new(region.start.min(last.start), region.end.max(last.end));
        regions.pop();
    }
    regions.push(region);
}

#[cfg(test)]
mod tests {
    use leaktight_core::RuleSet;

    use super::*;

    fn grown(text: &[u8], span: Span) -> Vec<Span> {
        let regions = Regions::new(RuleSet::builtin().reach());
        let mut found = Vec::new();
        regions.grow(text, (&[span], regions.marks(text)), &mut found);
        found
    }

    #[test]
    fn grows_to_the_ends_of_lines_and_to_marks() {
        let line = "a line of some text that says nothing\n";
        let text = line.repeat(4000);
        let plain = grown(text.as_bytes(), Span::new(80_000, 80_000));
        assert!(plain.len() == 1 && plain[0].len() < 3000, "{plain:?}");
        assert_eq!(text.as_bytes()[plain[0].start - 1], b'\n');
        let marked = format!("{}-----BEGIN {} KEY-----\n{}", line.repeat(1800), "RSA PRIVATE", line.repeat(2200));
        let begin = line.len() * 1800;
        let found = grown(marked.as_bytes(), Span::new(80_000, 80_000));
        assert!(found[0].start < begin && found[0].end > begin + (64 << 10), "{found:?}");
    }

    #[test]
    fn every_mark_within_reach_counts_and_none_beyond() {
        let regions = Regions::new(RuleSet::builtin().reach());
        let size = 400_000;
        for (idx, mark) in regions.reach.marks.iter().enumerate() {
            let span = Span::new(size / 2, size / 2);
            let (plain, len) = (vec![b' '; size], mark.text.len());
            let at = |start: usize| {
                let mut text = plain.clone();
                text[start..start + len].copy_from_slice(&mark.text);
                let mut found = Vec::new();
                regions.grow(&text, (&[span], 1 << idx), &mut found);
                (found[0], Span::new(start, start + len))
            };
            let mut near = Vec::new();
            regions.grow(&plain, (&[span], 0), &mut near);
            for (start, is_near) in [
                (near[0].start - mark.reach - len, true),
                (near[0].start - mark.reach - len - 1, false),
                (near[0].end + mark.reach, true),
                (near[0].end + mark.reach + 1, false),
            ] {
                let (found, place) = at(start);
                let covers = found.start <= place.start && place.end <= found.end;
                assert_eq!(covers, is_near, "{found:?} {place:?}");
                assert_eq!(found == near[0], !is_near);
            }
        }
    }
}
