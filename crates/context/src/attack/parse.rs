//! From the text of a settings file to a tree.

use std::path::Path;

use jsonc_parser::ast;
use leaktight_core::Span;
use saphyr_parser::{Event, Parser, Span as Mark};
use toml::de::{DeTable, DeValue};

use super::tree::{Key, Node};

/// Levels of a YAML file, at most; the other parsers have bounds of their own.
const DEEPEST: usize = 128;

/// Returns the tree of a file by the ending of its name, or none for one that its reader would refuse.
pub(super) fn parse(path: &Path, text: &str) -> Option<Node> {
    let (mark, text) = text.strip_prefix('\u{feff}').map_or((0, text), |rest| (3, rest));
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let node = match ending.as_str() {
        "toml" => toml(text),
        "yml" | "yaml" => yaml(text),
        "" => Some(env(text)),
        _ => json(text),
    }?;
    Some(if mark == 0 { node } else { moved(node, mark) })
}

/// Moves all keys by the length of a byte order mark.
fn moved(node: Node, by: usize) -> Node {
    match node {
        Node::Map(entries) => Node::Map(
            entries
                .into_iter()
                .map(|(key, node)| {
                    let span = Span::new(key.span.start + by, key.span.end + by);
                    (Key { span, ..key }, moved(node, by))
                })
                .collect(),
        ),
        Node::List(nodes) => Node::List(nodes.into_iter().map(|node| moved(node, by)).collect()),
        scalar @ Node::Scalar(_) => scalar,
    }
}

/// JSON as lenient as editors read it: comments, commas at the end.
fn json(text: &str) -> Option<Node> {
    let parsed = jsonc_parser::parse_to_ast(text, &Default::default(), &Default::default()).ok()?;
    Some(parsed.value.map_or_else(|| Node::Map(Vec::new()), |value| of_json(&value)))
}

fn of_json(value: &ast::Value<'_>) -> Node {
    match value {
        ast::Value::Object(object) => Node::Map(
            object.properties.iter().map(|property| (json_key(&property.name), of_json(&property.value))).collect(),
        ),
        ast::Value::Array(array) => Node::List(array.elements.iter().map(of_json).collect()),
        ast::Value::StringLit(text) => Node::Scalar(text.value.clone().into_owned()),
        ast::Value::NumberLit(number) => Node::Scalar(number.value.to_owned()),
        ast::Value::BooleanLit(truth) => Node::Scalar(truth.value.to_string()),
        ast::Value::NullKeyword(_) => Node::Scalar(String::new()),
    }
}

fn json_key(name: &ast::ObjectPropName<'_>) -> Key {
    match name {
        ast::ObjectPropName::String(text) => {
            Key { text: text.value.clone().into_owned(), span: Span::new(text.range.start + 1, text.range.end - 1) }
        }
        ast::ObjectPropName::Word(word) => {
            Key { text: word.value.to_owned(), span: Span::new(word.range.start, word.range.end) }
        }
    }
}

fn toml(text: &str) -> Option<Node> {
    let table = DeTable::parse(text).ok()?;
    Some(of_table(table.get_ref()))
}

fn of_table(table: &DeTable<'_>) -> Node {
    let entries = table.iter().map(|(name, value)| {
        let span = name.span();
        (Key { text: name.get_ref().to_string(), span: Span::new(span.start, span.end) }, of_toml(value.get_ref()))
    });
    Node::Map(entries.collect())
}

fn of_toml(value: &DeValue<'_>) -> Node {
    match value {
        DeValue::String(text) => Node::Scalar(text.to_string()),
        DeValue::Integer(number) => Node::Scalar(number.as_str().to_owned()),
        DeValue::Float(number) => Node::Scalar(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Node::Scalar(truth.to_string()),
        DeValue::Datetime(time) => Node::Scalar(time.to_string()),
        DeValue::Array(values) => Node::List(values.iter().map(|value| of_toml(value.get_ref())).collect()),
        DeValue::Table(table) => of_table(table),
    }
}

/// Lines `NAME=value`, as programs read them from a file of environment variables.
fn env(text: &str) -> Node {
    let mut entries = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some((left, value)) = line.split_once('=') else { continue };
        let name = left.trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim_start();
        if name.is_empty() || name.starts_with('#') {
            continue;
        }
        let from = start + left.trim_end().len() - name.len();
        let value = value.trim().trim_matches(['"', '\'']);
        let key = Key { text: name.to_owned(), span: Span::new(from, from + name.len()) };
        entries.push((key, Node::Scalar(value.to_owned())));
    }
    Node::Map(entries)
}

/// The first document of a YAML file. An alias counts as text of its own: what
/// it stands for is not copied, so that no file can grow.
fn yaml(text: &str) -> Option<Node> {
    let mut builder = Builder { text, at: (0, 0), open: Vec::new(), root: None };
    for event in Parser::new_from_str(text) {
        let (event, mark) = event.ok()?;
        builder.take(event, mark)?;
        if builder.root.is_some() {
            break;
        }
    }
    Some(builder.root.unwrap_or_else(|| Node::Map(Vec::new())))
}

/// A collection whose end has not come.
enum Open {
    List(Vec<Node>),
    /// With a key whose value has not come.
    Map(Vec<(Key, Node)>, Option<Key>),
}

struct Builder<'a> {
    text: &'a str,
    /// A character index and its byte offset, from which to count on.
    at: (usize, usize),
    open: Vec<Open>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, mark: Mark) -> Option<()> {
        match event {
            Event::Scalar(text, ..) => self.put(Node::Scalar(text.into_owned()), mark),
            Event::Alias(_) => self.put(Node::Scalar("*".to_owned()), mark),
            Event::SequenceStart(..) => self.open.push(Open::List(Vec::new())),
            Event::MappingStart(..) => self.open.push(Open::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                let node = match self.open.pop()? {
                    Open::List(nodes) => Node::List(nodes),
                    Open::Map(entries, _) => Node::Map(entries),
                };
                self.put(node, mark);
            }
            _ => {}
        }
        (self.open.len() <= DEEPEST).then_some(())
    }

    fn put(&mut self, node: Node, mark: Mark) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(nodes)) => nodes.push(node),
            Some(Open::Map(entries, key @ Some(_))) => entries.extend(key.take().map(|key| (key, node))),
            Some(Open::Map(_, None)) => {
                let span = Span::new(self.offset(mark.start.index()), self.offset(mark.end.index()));
                let text = match node {
                    Node::Scalar(text) => text,
                    _ => String::new(),
                };
                if let Some(Open::Map(_, key)) = self.open.last_mut() {
                    *key = Some(Key { text, span });
                }
            }
        }
    }

    /// The byte offset of a character; they come in order, so that all are counted once.
    fn offset(&mut self, idx: usize) -> usize {
        let (chars, bytes) = if idx >= self.at.0 { self.at } else { (0, 0) };
        let rest = &self.text[bytes..];
        let more = rest.char_indices().nth(idx - chars).map_or(rest.len(), |(at, _)| at);
        self.at = (idx, bytes + more);
        self.at.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the bytes that the last key of a path spells, and the value.
    fn value_at(name: &str, text: &str, path: &[&str]) -> Option<(String, Vec<String>)> {
        let node = parse(Path::new(name), text)?;
        let mut found = None;
        node.select(path, (Span::default(), None), &mut |(key, _), node| {
            let values = node.scalars().into_iter().map(str::to_owned).collect();
            found = Some((text[key.range()].to_owned(), values));
        });
        found
    }

    #[test]
    fn knows_the_place_of_a_key_in_every_format() {
        let cases = [
            ("a.json", "{// é\n\"env\": {\"\\u0041B\": \"x\",},}", ["env", "AB"], "\\u0041B"),
            ("a.json", "\u{feff}{\"env\": {\"AB\": \"x\"}}", ["env", "AB"], "AB"),
            ("a.toml", "# é\n[env]\n\"AB\" = \"x\"", ["env", "AB"], "\"AB\""),
            ("a.yaml", "# é\nenv:\n  é: 1\n  AB: x\n", ["env", "AB"], "AB"),
        ];
        for (name, text, path, expected) in cases {
            assert_eq!(value_at(name, text, &path), Some((expected.to_owned(), vec!["x".to_owned()])), "{text}");
        }
        let text = "#A=1\n export AB = 'x'\n";
        assert_eq!(value_at(".env", text, &["AB"]), Some(("AB".to_owned(), vec!["x".to_owned()])));
    }

    #[test]
    fn refuses_what_is_broken_and_what_is_deep() {
        for (name, text) in [("a.json", "{"), ("a.toml", "= 1"), ("a.yaml", "a: [")] {
            assert_eq!(parse(Path::new(name), text), None, "{text}");
        }
        for name in ["a.json", "a.toml", "a.yaml"] {
            let text = format!("{}{}", if name == "a.toml" { "a = " } else { "" }, "[".repeat(100_000));
            assert_eq!(parse(Path::new(name), &text), None, "{name}");
        }
    }

    #[test]
    fn aliases_do_not_grow() {
        let text = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
        assert_eq!(value_at("a.yaml", text, &["c"]), Some(("c".to_owned(), vec!["*".to_owned(); 2])));
    }
}
