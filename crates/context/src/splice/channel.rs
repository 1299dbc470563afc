//! Text that arrives in pieces: the deltas of a stream of events.

use std::collections::HashMap;

use leaktight_core::Span;
use memchr::memmem;

use super::document::{Document, Kind, Node};
use super::region::{Mode, Output, Region};
use super::view::{Leaf, View};

/// Where events hold pieces of a text.
const DELTA: &str = "delta";
const PARTS: &str = "parts";
/// Members next to a piece that are whole in each event.
const WHOLE: [&[u8]; 7] = [b"type", b"role", b"id", b"name", b"signature", b"encrypted_content", b"finish_reason"];
/// Members of an event that tell which text it goes on with.
const TELLING: [&str; 7] = ["type", "id", "index", "item_id", "output_index", "content_index", "summary_index"];
/// Types of events between two messages.
const BETWEEN: [&str; 4] = ["message_start", "message_stop", "response.created", "response.completed"];

/// A text whose pieces stand in several events.
#[derive(Debug)]
pub(crate) struct Channel {
    /// The text as a whole, in one leaf.
    pub(crate) view: View,
    /// How many strings the text stands in, one in the other.
    pub(crate) depth: u8,
    pieces: Vec<Piece>,
}

/// A piece of a text.
#[derive(Debug)]
struct Piece {
    /// Where its string stands in the input, with its quotes.
    raw: Span,
    /// The string.
    view: View,
    /// The inside of the string in its view, and where it starts in the text as a whole.
    leaf: Span,
    at: usize,
}

impl Channel {
    /// Returns the texts that have pieces in more than one event of a stream.
    pub(crate) fn all(raw: &[u8]) -> Vec<Self> {
        let mut gatherer = Gatherer::default();
        let mut at = 0;
        while at < raw.len() {
            let end = memchr::memchr(b'\n', &raw[at..]).map_or(raw.len(), |newline| at + newline);
            gatherer.line(raw, Span::new(at, end));
            at = end + 1;
        }
        gatherer.channels.retain(|channel| channel.pieces.len() > 1);
        gatherer.channels.into_iter().map(Self::joined).collect()
    }

    fn joined(mut self) -> Self {
        let mut text = Vec::new();
        for piece in &mut self.pieces {
            piece.at = text.len();
            text.extend_from_slice(&piece.view.text[piece.leaf.range()]);
        }
        let leaf = Leaf { span: Span::new(0, text.len()), depth: self.depth, opaque: false };
        self.view = View::new(text, vec![leaf], Vec::new());
        self
    }

    /// Returns the bytes of the input that a span of the text stands for, piece by piece.
    pub(crate) fn raw(&self, span: Span) -> Vec<Span> {
        let first = self.pieces.partition_point(|piece| piece.at + piece.leaf.len() <= span.start);
        let held = self.pieces[first..].iter().take_while(|piece| piece.at < span.end);
        let part = |piece: &Piece| {
            let inside = |at: usize| piece.leaf.start + at.saturating_sub(piece.at).min(piece.leaf.len());
            let local = piece.view.whole(Span::new(inside(span.start), inside(span.end)));
            let raw = piece.view.raw(local);
            (!local.is_empty()).then(|| Span::new(piece.raw.start + raw.start, piece.raw.start + raw.end))
        };
        held.filter_map(part).collect()
    }

    /// Returns where the pieces stand in the input, with their quotes.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = Span> {
        self.pieces.iter().map(|piece| piece.raw)
    }
}

/// Gathers the pieces of all texts, event by event.
#[derive(Default)]
struct Gatherer {
    channels: Vec<Channel>,
    by_name: HashMap<String, usize>,
}

impl Gatherer {
    fn line(&mut self, raw: &[u8], line: Span) {
        let Some(data) = raw[line.range()].strip_prefix(b"data:") else { return };
        if data.trim_ascii() == b"[DONE]" {
            self.by_name.clear();
        }
        if memmem::find(data, DELTA.as_bytes()).is_none()
            && memmem::find(data, PARTS.as_bytes()).is_none()
            && memmem::find(data, b"_st").is_none()
            && memmem::find(data, b"response.").is_none()
        {
            return;
        }
        let Ok(document) = Document::parse(data) else { return };
        let root = document.root();
        let kind = root.get("type").and_then(Node::string).unwrap_or_default();
        if BETWEEN.contains(&kind.as_str()) {
            self.by_name.clear();
        }
        let telling = TELLING.iter().filter_map(|key| root.get(key)).map(|node| String::from_utf8_lossy(node.raw()));
        let name = telling.collect::<Vec<_>>().join(",");
        self.gather(&document, (name, kind.contains("arguments")), line.end - data.len());
    }

    /// Adds the pieces of an event; `is_json` says that its delta is a part of a JSON document.
    fn gather(&mut self, document: &Document<'_>, (name, is_json): (String, bool), base: usize) {
        let mut nodes = vec![(document.root(), name, false)];
        while let Some((node, name, inside)) = nodes.pop() {
            for (key, child) in node.entries().filter(|(key, _)| !WHOLE.contains(&&**key)) {
                let inside = inside || *key == *DELTA.as_bytes() || *key == *PARTS.as_bytes();
                let is_json = is_json || matches!(&*key, b"partial_json" | b"arguments");
                let name = format!("{name}.{}", String::from_utf8_lossy(&key));
                match child.kind() {
                    Kind::Text if inside => self.add(child, (name, if is_json { 2 } else { 1 }), base),
                    Kind::Object | Kind::Array => nodes.push((child, name, inside)),
                    _ => {}
                }
            }
            for (idx, child) in node.items().enumerate().filter(|(_, child)| child.kind() == Kind::Object) {
                let number =
                    child.get("index").map_or(idx.to_string(), |node| String::from_utf8_lossy(node.raw()).into());
                nodes.push((child, format!("{name}[{number}]"), inside));
            }
        }
    }

    fn add(&mut self, node: Node<'_>, (name, depth): (String, u8), base: usize) {
        let idx = *self.by_name.entry(name).or_insert_with(|| {
            self.channels.push(Channel { view: View::empty(), depth, pieces: Vec::new() });
            self.channels.len() - 1
        });
        let view = string(node.raw());
        let Some(leaf) = view.leaves.first().map(|leaf| leaf.span) else { return };
        let raw = Span::new(base + node.span().start, base + node.span().end);
        self.channels[idx].pieces.push(Piece { raw, view, leaf, at: 0 });
    }
}

/// Returns the view of a string of JSON with its quotes, and of nothing that stands in it.
fn string(raw: &[u8]) -> View {
    let mut out = Output::with_capacity(raw.len());
    let mode = Mode { depth: 1, opaque: &[] };
    Region::default().push(raw, Span::new(0, raw.len()), mode, &mut out);
    out.copy(raw, raw.len());
    View::new(out.text, out.leaves, out.folds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(events: &[&str]) -> Vec<String> {
        let raw: String = events.iter().map(|event| format!("event: x\ndata: {event}\n\n")).collect();
        let channels = Channel::all(raw.as_bytes());
        let mut texts: Vec<String> =
            channels.iter().map(|channel| String::from_utf8_lossy(&channel.view.text).into_owned()).collect();
        texts.sort();
        texts
    }

    #[test]
    fn deltas_of_a_block_are_one_text() {
        let delta = |index: u8, text: &str| {
            format!(
                r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"text_delta","text":"{text}"}}}}"#
            )
        };
        let events = [delta(0, "a\\u00e9"), delta(1, "x"), delta(0, "b"), delta(1, "y")];
        assert_eq!(texts(&events.each_ref().map(String::as_str)), ["aéb", "xy"]);
        let [first, _, second, _] = &events;
        assert!(texts(&[first, r#"{"type":"message_stop"}"#, second]).is_empty(), "another message begins");
    }

    #[test]
    fn chunks_of_a_choice_are_one_text() {
        let chunk = |content: &str, arguments: &str| {
            format!(
                r#"{{"id":"c","choices":[{{"index":0,"delta":{{"content":"{content}","tool_calls":[{{"index":1,"function":{{"arguments":"{arguments}"}}}}]}}}}]}}"#
            )
        };
        assert_eq!(texts(&[&chunk("a", "1"), &chunk("b", "2"), "[DONE]", &chunk("c", "3")]), ["12", "ab"]);
    }

    #[test]
    fn other_streams_are_joined_as_well() {
        let part = |text: &str| {
            format!(r#"{{"candidates":[{{"content":{{"role":"model","parts":[{{"text":"{text}"}}]}}}}]}}"#)
        };
        assert_eq!(texts(&[&part("a"), &part("b")]), ["ab"]);
        let arguments = |text: &str| {
            format!(r#"{{"type":"response.function_call_arguments.delta","item_id":"f","delta":"{text}"}}"#)
        };
        let raw = format!("data: {}\n\ndata:{}\n", arguments("{\\\"a"), arguments("b"));
        let channels = Channel::all(raw.as_bytes());
        assert_eq!((channels[0].view.text.as_slice(), channels[0].depth), (b"{\"ab".as_slice(), 2));
        let parts: Vec<&str> = channels[0].raw(Span::new(1, 4)).iter().map(|span| &raw[span.range()]).collect();
        assert_eq!(parts, ["\\\"a", "b"]);
    }
}
