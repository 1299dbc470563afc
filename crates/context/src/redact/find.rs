//! What to replace in a window: known values first, then what the rules find.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use leaktight_core::{Confidence, Finding, Scan, Severity, Span};

use super::book::Book;
use super::placeholder::Placeholder;
use crate::splice::{Leaf, View};

/// A part of a view to replace, and what it is.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) span: Span,
    pub(super) kind: Kind,
    /// Index of the leaf it stands in; none when it stands in no string.
    pub(super) leaf: Option<usize>,
}

/// What a piece is.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    /// The rule, or the class of a known value.
    pub(super) class: String,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) known: bool,
}

/// Bytes next to a placeholder that are replaced when a rule found both as one secret.
const RESIDUE: usize = 8;

/// Returns where known values stand in a view, but not within placeholders.
pub(super) fn known(view: &View, book: &mut Book) -> Vec<Piece> {
    let hits = book.known().find(&view.text);
    if hits.is_empty() {
        return Vec::new();
    }
    let tokens: Vec<Span> = Placeholder::find(&view.text).collect();
    let is_free = |span: Span| {
        let next = tokens.partition_point(|token| token.end <= span.start);
        tokens.get(next).is_none_or(|token| !token.overlaps(span))
    };
    let pieces = hits.iter().filter(|hit| is_free(hit.span)).map(|hit| {
        let class = book.entries()[hit.value as usize].placeholder.class().to_owned();
        let kind = Kind { class, severity: Severity::High, confidence: Confidence::High, known: true };
        Piece { span: hit.span, kind, leaf: None }
    });
    // One that reaches beyond its string is none.
    pieces.flat_map(|piece| clip(view, &piece)).filter(|piece| piece.leaf.is_some()).collect()
}

/// Returns the text with known values replaced, as a view of the text.
pub(super) fn substitute(view: &View, known: &[Piece], book: &mut Book) -> View {
    let mut changed = View::empty();
    let mut at = 0;
    for piece in known {
        let name = book.placeholder(&piece.kind.class, &view.text[piece.span.range()]);
        changed.replace(&view.text, (at, piece.span), name.as_str().as_bytes());
        at = piece.span.end;
    }
    changed.text.extend_from_slice(&view.text[at..]);
    changed
}

/// Returns what rules found in a text, less placeholders; with `changed`, the
/// view the text is of, as places of what the view was made of.
pub(super) fn detected(text: &[u8], changed: Option<&View>, scan: &Scan) -> Vec<Piece> {
    if scan.findings.is_empty() {
        return Vec::new();
    }
    let tokens: Vec<Span> = Placeholder::find(text).collect();
    let mut pieces = Vec::new();
    for finding in &scan.findings {
        let kind = kind_of(finding);
        let span = span_of(finding);
        if is_name(&text[span.range()]) {
            continue;
        }
        for rest in without(span, &tokens) {
            let span = changed.map_or(rest, |view| view.raw(view.whole(rest)));
            pieces.push(Piece { span, kind: kind.clone(), leaf: None });
        }
    }
    pieces
}

/// Bytes of a string that is looked at with its key once more, at most, and of the key.
const FIELD: usize = 512;
const KEY: usize = 128;

/// Returns what rules find in short strings that hold quotes or backslashes, which are escaped
/// again for that: among the quotes of the format those would end a string where it does not end.
pub(super) fn in_fields(view: &View, known: &[Piece], scan: impl Fn(&[u8]) -> Scan) -> Vec<Piece> {
    let is_short = |leaf: &&Leaf| leaf.depth > 0 && leaf.span.len() <= FIELD;
    let is_cut = |leaf: &&Leaf| view.text[leaf.span.range()].iter().any(|byte| matches!(byte, b'"' | b'\\'));
    // Of what is known, or was replaced before, all is said already.
    let is_new = |leaf: &&Leaf| {
        known.iter().all(|piece| !piece.span.overlaps(leaf.span))
            && Placeholder::find(&view.text[leaf.span.range()]).next().is_none()
    };
    let mut pieces = Vec::new();
    for leaf in view.leaves.iter().filter(is_short).filter(is_cut).filter(is_new) {
        let before = &view.text[leaf.span.start.saturating_sub(KEY)..leaf.span.start];
        let behind = &view.text[leaf.span.end..view.text.len().min(leaf.span.end + 2)];
        let (mut text, mut ends) = (before.to_vec(), Vec::with_capacity(leaf.span.len()));
        for byte in &view.text[leaf.span.range()] {
            ends.push(text.len());
            text.extend(matches!(byte, b'"' | b'\\').then_some(b'\\'));
            text.push(*byte);
        }
        let end = text.len();
        text.extend_from_slice(behind);
        for finding in &scan(&text).findings {
            let found = span_of(finding);
            let place = |at: usize| leaf.span.start + ends.partition_point(|start| *start < at);
            let span = Span::new(place(found.start), place(found.end));
            if found.start >= before.len() && found.end <= end && !is_name(&view.text[span.range()]) {
                pieces.push(Piece { span, kind: kind_of(finding), leaf: None });
            }
        }
    }
    pieces
}

fn kind_of(finding: &Finding) -> Kind {
    Kind {
        class: finding.rule().id.to_string(),
        severity: finding.severity,
        confidence: finding.confidence,
        known: false,
    }
}

fn span_of(finding: &Finding) -> Span {
    let start = usize::try_from(finding.offset).expect("a window fits into memory");
    Span::new(start, start + finding.length)
}

/// Whether a text is base64 of placeholders and no more than a little else: what an
/// assistant encodes has no secret in it.
fn is_name(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    // All of it, or up to where the last group is not whole.
    let lens = [end, end / 4 * 4];
    lens.iter()
        .flat_map(|len| [BASE64_NOPAD.decode(&text[..*len]), BASE64URL_NOPAD.decode(&text[..*len])])
        .flatten()
        .any(|decoded| {
            let names: Vec<Span> = Placeholder::find(&decoded).collect();
            !names.is_empty() && without(Span::new(0, decoded.len()), &names).is_empty()
        })
}

/// Returns what is left of a span without the placeholders in it: the whole of
/// it when there are none, else what is long enough to be a secret of its own.
fn without(span: Span, tokens: &[Span]) -> Vec<Span> {
    let first = tokens.partition_point(|token| token.end <= span.start);
    let inside: Vec<Span> = tokens[first..].iter().copied().take_while(|token| token.start < span.end).collect();
    if inside.is_empty() {
        return vec![span];
    }
    let mut rest = Vec::new();
    let mut at = span.start;
    for token in inside {
        rest.push(Span::new(at, token.start));
        at = token.end;
    }
    rest.push(Span::new(at, span.end));
    rest.retain(|part| part.len() >= RESIDUE);
    rest
}

/// Cuts a piece where the leaves of the view end. What stands in no leaf is one piece without.
pub(super) fn clip(view: &View, piece: &Piece) -> Vec<Piece> {
    let span = view.whole(piece.span);
    let first = view.leaves.partition_point(|leaf| leaf.span.end <= span.start);
    let inside = view.leaves.iter().enumerate().skip(first).take_while(|(_, leaf)| leaf.span.start < span.end);
    let parts: Vec<Piece> = inside
        .map(|(idx, leaf)| {
            let part = Span::new(span.start.max(leaf.span.start), span.end.min(leaf.span.end));
            Piece { span: part, kind: piece.kind.clone(), leaf: Some(idx) }
        })
        .filter(|part| !part.span.is_empty())
        .collect();
    if parts.is_empty() { vec![Piece { leaf: None, ..piece.clone() }] } else { parts }
}

/// Puts pieces in order and joins those that share bytes.
pub(super) fn join(mut pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.sort_by_key(|piece| (piece.span.start, std::cmp::Reverse(piece.span.end)));
    let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if last.span.overlaps(piece.span) && last.leaf == piece.leaf => {
                last.span.end = last.span.end.max(piece.span.end);
            }
            _ => joined.push(piece),
        }
    }
    joined
}
