//! Which lines of a text are new.

use std::collections::HashMap;

use leaktight_core::Span;

use super::align;

/// Lines beyond which what differs counts as new as a whole.
const MOST: usize = 4 << 20;

/// Returns the lines of `new` that are not in `old`, as spans in order and disjoint.
///
/// Whether a line ends in LF, in CR LF or not at all makes no difference, because
/// git may keep other line ends than the work tree has.
pub(super) fn added(old: &[u8], new: &[u8]) -> Vec<Span> {
    let start = common_start(old, new);
    let (old, rest) = (&old[start..], &new[start..]);
    let end = common_end(old, rest);
    let (old, rest) = (&old[..old.len() - end], &rest[..rest.len() - end]);
    if rest.is_empty() {
        return Vec::new();
    }
    let n_lines = |text| memchr::memchr_iter(b'\n', text).count();
    if old.is_empty() || n_lines(old) + n_lines(rest) > MOST {
        return vec![Span::new(start, start + rest.len())];
    }
    // Equal lines have equal numbers.
    let mut known: HashMap<&[u8], u32> = HashMap::new();
    let mut numbers = |part| lines(part).map(|line| number(&mut known, text(line))).collect::<Vec<u32>>();
    let (before, after) = (numbers(old), numbers(rest));
    spans(&align::matched(&before, &after, known.len()), rest, start)
}

fn number<'a>(known: &mut HashMap<&'a [u8], u32>, line: &'a [u8]) -> u32 {
    let next = known.len() as u32;
    *known.entry(line).or_insert(next)
}

/// Returns what is in both, which have to be in order and disjoint.
pub(super) fn common(one: &[Span], other: &[Span]) -> Vec<Span> {
    let mut spans = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(a), Some(b)) = (one.get(i), other.get(j)) {
        if a.overlaps(*b) {
            spans.push(Span::new(a.start.max(b.start), a.end.min(b.end)));
        }
        if a.end <= b.end { i += 1 } else { j += 1 }
    }
    spans
}

fn spans(matched: &[bool], text: &[u8], offset: usize) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut at = offset;
    for (is_old, line) in matched.iter().zip(lines(text)) {
        let span = Span::new(at, at + line.len());
        at = span.end;
        match spans.last_mut() {
            _ if *is_old => {}
            Some(last) if last.end == span.start => last.end = span.end,
            _ => spans.push(span),
        }
    }
    spans
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

/// Returns a line without its end.
fn text(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Returns how many bytes both start with, up to the end of a line.
fn common_start(old: &[u8], new: &[u8]) -> usize {
    let len = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    memchr::memrchr(b'\n', &old[..len]).map_or(0, |at| at + 1)
}

/// Returns how many bytes both end with, from the start of a line.
fn common_end(old: &[u8], new: &[u8]) -> usize {
    let len = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let tail = &new[new.len() - len..];
    let is_start = |text: &[u8]| text.len() == len || text[text.len() - len - 1] == b'\n';
    if is_start(old) && is_start(new) {
        return len;
    }
    memchr::memchr(b'\n', tail).map_or(0, |at| len - at - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added_lines<'a>(old: &str, new: &'a str) -> Vec<&'a str> {
        added(old.as_bytes(), new.as_bytes()).into_iter().map(|span| &new[span.range()]).collect()
    }

    #[test]
    fn tells_lines_that_are_new() {
        let cases: [(&str, &str, &[&str]); 10] = [
            ("", "a\nb\n", &["a\nb\n"]),
            ("a\n", "a\n", &[]),
            ("a\nb\nc\n", "a\nx\nc\n", &["x\n"]),
            ("a\nb\n", "b\n", &[]),
            ("a\nb\nc\nd\n", "x\na\nb\ny\nz\nd\n", &["x\n", "y\nz\n"]),
            ("a\nb", "a\nbc", &["bc"]),
            ("ab\n", "b\n", &["b\n"]),
            ("b\n", "ab\nb\n", &["ab\n"]),
            ("a\n", "a\nb", &["b"]),
            ("a\nb\n", "a\na\nb\n", &["a\n"]),
        ];
        for (old, new, expected) in cases {
            assert_eq!(added_lines(old, new), expected, "{old:?} to {new:?}");
        }
    }

    #[test]
    fn line_ends_make_no_line_new() {
        assert_eq!(added_lines("a\nb\n", "a\r\nb\r\n"), [""; 0]);
        assert_eq!(added_lines("a\nb", "a\nb\n"), [""; 0]);
        assert_eq!(added_lines("a\r\nb\r\n", "a\nx\nb\n"), ["x\n"]);
    }

    #[test]
    fn what_two_have_in_common() {
        let spans = |bounds: &[(usize, usize)]| bounds.iter().map(|(a, b)| Span::new(*a, *b)).collect::<Vec<_>>();
        let one = spans(&[(0, 5), (7, 9), (20, 30)]);
        assert_eq!(
            common(&one, &spans(&[(3, 8), (8, 22), (29, 40)])),
            spans(&[(3, 5), (7, 8), (8, 9), (20, 22), (29, 30)])
        );
        assert_eq!(common(&one, &[]), []);
    }

    #[test]
    fn new_lines_are_those_that_are_missing_when_they_are_left_out() {
        // Whatever a diff says is old must be in the old text, in that order.
        let mut state = 5_u64;
        for _ in 0..2000 {
            let mut text = || {
                let mut lines = String::new();
                for _ in 0..12 {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    lines.push_str(["a", "b", "c\n", "d\n", "\n", "e\r\n", "", "ff\n"][(state >> 61) as usize]);
                }
                lines
            };
            let (old, new) = (text(), text());
            let spans = added(old.as_bytes(), new.as_bytes());
            let mut rest = lines(old.as_bytes()).map(super::text);
            let mut at = 0;
            for line in lines(new.as_bytes()) {
                let span = Span::new(at, at + line.len());
                at = span.end;
                if !spans.iter().any(|added| added.overlaps(span)) {
                    assert!(rest.any(|known| known == super::text(line)), "{old:?} {new:?} {spans:?}");
                }
            }
        }
    }
}
