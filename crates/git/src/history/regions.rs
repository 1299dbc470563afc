//! Which parts of a content are to be looked at when its base was.

use leaktight_core::{Reach, Span, line_around};
use memchr::memmem::Finder;

/// Marks that stand in a content, a bit for each.
pub(super) type Marks = u64;

/// Grows what is new by as far as it can change what is found.
pub(super) struct Regions {
    pub(super) reach: Reach,
    /// The search for each mark by itself: a content holds few of them, if any.
    finders: Vec<Finder<'static>>,
}

impl Regions {
    pub(super) fn new(mut reach: Reach) -> Self {
        if reach.marks.len() > Marks::BITS as usize {
            // So many that all count everywhere.
            reach.near = reach.near.max(reach.far());
            reach.marks.clear();
        }
        let finders = reach.marks.iter().map(|mark| Finder::new(&mark.text).into_owned()).collect();
        Self { reach, finders }
    }

    /// Fills `regions`, in order and disjoint, for the spans that are new, as far as marks do not matter.
    pub(super) fn near(&self, text: &[u8], spans: &[Span], regions: &mut Vec<Span>) {
        regions.clear();
        let mut spans = spans.iter().copied();
        let mut next = spans.next();
        while let Some(mut group) = next {
            // Of those that lie close together the lines need be looked for once.
            next = spans.find(|span| {
                let is_close = span.start <= group.end + 2 * self.reach.near;
                if is_close {
                    group.end = group.end.max(span.end);
                }
                !is_close
            });
            let near = around(self.lines(text, group), self.reach.near, text.len());
            join(regions, self.lines(text, near));
        }
    }

    /// Grows `regions` round these marks, and leaves those that have grown.
    pub(super) fn far(&self, text: &[u8], marks: Marks, regions: &mut Vec<Span>) {
        for region in std::mem::take(regions) {
            let mut grown = region;
            for mark in (0..self.finders.len()).filter(|mark| marks & 1 << mark != 0) {
                self.reach_out(text, (region, mark), &mut grown);
            }
            if grown != region {
                join(regions, grown);
            }
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
    use std::sync::Arc;

    use leaktight_core::{Chunk, Origin, RuleSet, Scanner};

    use super::*;

    fn grown(text: &[u8], span: Span) -> (Vec<Span>, Vec<Span>) {
        let regions = Regions::new(RuleSet::builtin().reach());
        let scanner = Scanner::new(Arc::new(RuleSet::builtin())).watch(&regions.reach);
        let marks = scanner.scan(&Chunk::new(text, Arc::new(Origin::Stdin))).marks;
        let mut near = Vec::new();
        regions.near(text, &[span], &mut near);
        let mut far = near.clone();
        regions.far(text, marks, &mut far);
        (near, far)
    }

    #[test]
    fn grows_to_the_ends_of_lines_and_to_marks() {
        let line = "a line of some text that says nothing\n";
        let text = line.repeat(4000);
        let (near, far) = grown(text.as_bytes(), Span::new(80_000, 80_000));
        assert!(near.len() == 1 && near[0].len() < 3000 && far.is_empty(), "{near:?} {far:?}");
        assert_eq!(text.as_bytes()[near[0].start - 1], b'\n');
        let marked = format!("{}-----BEGIN {} KEY-----\n{}", line.repeat(1800), "RSA PRIVATE", line.repeat(2200));
        let begin = line.len() * 1800;
        let (_, far) = grown(marked.as_bytes(), Span::new(80_000, 80_000));
        assert!(far[0].start < begin && far[0].end > begin + (64 << 10), "{far:?}");
    }

    #[test]
    fn what_lies_close_together_grows_as_one() {
        let regions = Regions::new(RuleSet::builtin().reach());
        let text = "some words of a line\n".repeat(9000);
        let spans: Vec<Span> =
            [0, 300, 301, 2900, 6300, 60_000, 62_000, 90_000].map(|at| Span::new(at, at + 40)).to_vec();
        let (mut all, mut each) = (Vec::new(), Vec::new());
        regions.near(text.as_bytes(), &spans, &mut all);
        for span in &spans {
            let mut one = Vec::new();
            regions.near(text.as_bytes(), &[*span], &mut one);
            join(&mut each, one[0]);
        }
        assert_eq!(all, each);
    }

    #[test]
    fn every_mark_within_reach_counts_and_none_beyond() {
        let regions = Regions::new(RuleSet::builtin().reach());
        let size = 400_000;
        for (idx, mark) in regions.reach.marks.iter().enumerate() {
            let (plain, len) = (vec![b' '; size], mark.text.len());
            let mut near = Vec::new();
            regions.near(&plain, &[Span::new(size / 2, size / 2)], &mut near);
            for (start, is_near) in [
                (near[0].start - mark.reach - len, true),
                (near[0].start - mark.reach - len - 1, false),
                (near[0].end + mark.reach, true),
                (near[0].end + mark.reach + 1, false),
            ] {
                let mut text = plain.clone();
                text[start..start + len].copy_from_slice(&mark.text);
                let mut found = near.clone();
                regions.far(&text, 1 << idx, &mut found);
                let covers = |region: &Span| region.start <= start && start + len <= region.end;
                assert_eq!(found.iter().any(covers), is_near, "{found:?} {start}");
                assert_eq!(found.is_empty(), !is_near);
            }
        }
    }
}
