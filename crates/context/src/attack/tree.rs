//! A settings file as a tree, with the place of every key.

use leaktight_core::Span;

use crate::store::glob::segment;

/// A value of a settings file.
#[derive(Debug, PartialEq)]
pub(super) enum Node {
    /// Text, a number, a truth value, or nothing.
    Scalar(String),
    /// Values in a row.
    List(Vec<Node>),
    /// Values with keys; a key may come twice.
    Map(Vec<(Key, Node)>),
}

/// A key, unescaped, and the bytes that spell it, quotes left out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) span: Span,
}

/// The last key above a value, and the map that holds it.
pub(super) type Above<'a> = (Span, Option<&'a Node>);

impl Node {
    /// Calls `found` with each value at a path, the last key above it, and what holds that key.
    ///
    /// A segment of a path is a form of keys; `*` also stands for every place of a list.
    pub(super) fn select<'a>(&'a self, path: &[&str], above: Above<'a>, found: &mut dyn FnMut(Above<'a>, &'a Node)) {
        let Some((form, rest)) = path.split_first() else { return found(above, self) };
        match self {
            Self::Map(entries) => {
                for (key, node) in entries.iter().filter(|(key, _)| segment(form.as_bytes(), key.text.as_bytes())) {
                    node.select(rest, (key.span, Some(self)), found);
                }
            }
            Self::List(nodes) if *form == "*" => nodes.iter().for_each(|node| node.select(rest, above, found)),
            _ => {}
        }
    }

    /// Returns the scalars in a value: itself, or those of a list such as a command with its arguments.
    pub(super) fn scalars(&self) -> Vec<&str> {
        match self {
            Self::Scalar(text) => vec![text],
            Self::List(nodes) => nodes.iter().flat_map(Self::scalars).collect(),
            Self::Map(_) => Vec::new(),
        }
    }

    /// Returns whether there is nothing in it: no text, no entry.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Scalar(text) => text.is_empty() || text == "null" || text == "~",
            Self::List(nodes) => nodes.is_empty(),
            Self::Map(_) => false,
        }
    }
}
