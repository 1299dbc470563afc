//! Takes control sequences of terminals out of a view: colours in the middle of a word
//! keep nobody from reading it.

use leaktight_core::{Span, control_len};

use super::region::Output;
use super::view::View;

const ESCAPE: u8 = 0x1b;

/// Makes the view one of its text without control sequences, if there are any.
pub(super) fn strip(view: &mut View) {
    if memchr::memchr(ESCAPE, &view.text).is_none() {
        return;
    }
    let (text, leaves) = (&view.text, &view.leaves);
    let mut out = Output::with_capacity(text.len());
    for leaf in leaves {
        let start = out.place(leaf.span.start);
        let mut at = leaf.span.start;
        while let Some(found) = memchr::memchr(ESCAPE, &text[at..leaf.span.end]) {
            at += found;
            let len = control_len(&text[at..leaf.span.end]);
            len.into_iter().for_each(|len| out.skip(text, Span::new(at, at + len)));
            at += len.unwrap_or(1);
        }
        out.leaf(start, leaf.span.end, (leaf.depth, leaf.opaque));
    }
    if !out.folds.is_empty() {
        out.copy(text, text.len());
        view.deepen(out.text, out.leaves, out.folds);
    }
}

#[cfg(test)]
mod tests {
    use super::super::lens::{Format, Lens};
    use super::*;

    #[test]
    fn spans_lead_back_round_colours() {
        let raw = b"k: \x1b[1mab\x1b[0;31mc\x1b[m\x1b[K d";
        let view = Lens::new(Format::Text, &[]).view(raw, true);
        assert_eq!(view.text, b"k: abc d");
        let whole = view.raw(Span::new(3, 6));
        assert_eq!(raw[whole.range()], *b"ab\x1b[0;31mc", "those at either end stay");
        assert_eq!(view.raw(Span::new(6, 8)).end, raw.len());
        assert_eq!(view.raw(Span::new(3, 3)), Span::new(7, 7));
    }

    #[test]
    fn strings_of_json_are_read_without() {
        let raw = br#"{"a": "x\u001b[1my"}"#;
        let view = Lens::new(Format::Json, &[]).view(raw, true);
        assert_eq!(view.text, br#"{"a": "xy"}"#);
        assert_eq!(raw[view.raw(Span::new(7, 9)).range()], *br"x\u001b[1my");
        assert_eq!(view.leaves.last().map(|leaf| leaf.span), Some(Span::new(7, 9)));
    }
}
