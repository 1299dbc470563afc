//! One record of a transcript: which of its strings hold a value, and what
//! became of them.

use std::borrow::Cow;

use jiff::Timestamp;
use memchr::memmem;

use super::catalog::{Condition, Fate, Pointer, Store};
use super::time;
use super::{NESTED, Sent};
use crate::splice::{Kind, Node, unescape};

/// Levels of a record that are told apart; what lies deeper counts as lying there.
const DEEPEST: usize = 64;
/// Bytes of a name that are kept.
const LONGEST_NAME: usize = 200;

/// What a record says about itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) session: Option<String>,
    pub(super) project: Option<String>,
    pub(super) time: Option<Timestamp>,
}

impl Facts {
    /// Reads what a record of a store says.
    pub(super) fn read(store: &Store, root: Node<'_>) -> Self {
        Self {
            session: first(&store.session, root),
            project: first(&store.project, root),
            time: store.time.iter().find_map(|pointer| time::parse(&scalar(get(root, &pointer.0, &[])?)?)),
        }
    }

    /// Reads what the first record of a file says about all of them.
    pub(super) fn of_head(store: &Store, root: Node<'_>) -> Self {
        Self { session: first(&store.head.session, root), project: first(&store.head.project, root), time: None }
    }

    /// Returns these facts, or those of the file where they are missing.
    pub(super) fn or(self, file: &Self) -> Self {
        Self {
            session: self.session.or_else(|| file.session.clone()),
            project: self.project.or_else(|| file.project.clone()),
            time: self.time.or(file.time),
        }
    }
}

/// How a record holds a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// What is known without an answer.
    pub(super) sent: Sent,
    /// An answer means that it was sent.
    pub(super) may_be_answered: bool,
    pub(super) tool: Option<String>,
    /// The call whose record names the tool.
    pub(super) call: Option<String>,
}

/// Returns how a record holds each of the values.
pub(super) fn held(store: &Store, root: Node<'_>, values: &[&[u8]]) -> Vec<Held> {
    let mut held: Vec<Option<Held>> = vec![None; values.len()];
    let finders: Vec<memmem::Finder<'_>> = values.iter().map(memmem::Finder::new).collect();
    leaves(root, &mut |path, text| {
        let mut views = vec![Cow::Borrowed(text)];
        while views.len() <= NESTED && memchr::memchr(b'\\', &views[views.len() - 1]).is_some() {
            views.push(unescape(&views[views.len() - 1]).into_owned().into());
        }
        for (finder, held) in finders.iter().zip(&mut held) {
            let is_here = views.iter().any(|text| finder.find(text).is_some());
            if is_here {
                join(held, leaf(store, root, path));
            }
        }
    });
    let call = first_of(&store.call, root);
    held.into_iter()
        .map(|held| {
            let mut held = held.unwrap_or_default();
            if held.tool.is_none() && held.call.is_none() {
                held.call.clone_from(&call);
            }
            held
        })
        .collect()
}

/// Takes in another string of the record that holds the value.
fn join(held: &mut Option<Held>, leaf: Held) {
    match held {
        None => *held = Some(leaf),
        Some(held) => {
            held.sent = held.sent.max(leaf.sent);
            held.may_be_answered |= leaf.may_be_answered;
            held.tool = held.tool.take().or(leaf.tool);
            held.call = held.call.take().or(leaf.call);
        }
    }
}

/// Returns what became of a string of a record.
fn leaf(store: &Store, root: Node<'_>, path: &[&str]) -> Held {
    let part = store.parts.iter().find(|part| starts(path, &part.at) && all(&part.when, root));
    let beside = |pointers: &[Pointer]| {
        let here = pointers.iter().filter(|pointer| agrees(path, &pointer.0[..pointer.0.len() - 1]));
        here.filter_map(|pointer| scalar(get(root, &pointer.0, path)?)).next()
    };
    Held {
        sent: part.map_or(Sent::Unknown, |part| part.sent.sent()),
        may_be_answered: part.is_some_and(|part| part.sent == Fate::Answered),
        tool: beside(&store.tool).map(clip),
        call: beside(&store.call),
    }
}

/// Returns whether a record meets all conditions.
pub(super) fn all(conditions: &[Condition], root: Node<'_>) -> bool {
    conditions.iter().all(|condition| {
        let value = get(root, &condition.at.0, &[]).and_then(scalar);
        (value.as_deref() == Some(condition.is.as_str())) == condition.holds
    })
}

/// Returns the name a record gives to the tool of a call, if it is the record of that call.
pub(super) fn tool_of(store: &Store, root: Node<'_>, call: &str) -> Option<String> {
    let mut name = None;
    leaves(root, &mut |path, text| {
        // The result of a call names it as well, and not its tool.
        if name.is_none() && text == call.as_bytes() {
            let pointers = store.tool.iter().filter(|pointer| agrees(path, &pointer.0[..pointer.0.len() - 1]));
            name = pointers.filter_map(|pointer| scalar(get(root, &pointer.0, path)?)).next();
        }
    });
    name.map(clip)
}

/// Calls `visit` with every string that is a value, and the keys and places that lead to it.
fn leaves(root: Node<'_>, visit: &mut dyn FnMut(&[&str], &[u8])) {
    // A stack of its own: a record may be as deep as it is long.
    let mut open = vec![(0_usize, String::new(), root)];
    let mut path: Vec<String> = Vec::new();
    while let Some((depth, key, node)) = open.pop() {
        path.truncate(depth.saturating_sub(1).min(DEEPEST));
        if depth > 0 && path.len() < DEEPEST {
            path.push(key);
        }
        match node.kind() {
            Kind::Object => {
                let entries: Vec<_> = node.entries().collect();
                let name = |key: &[u8]| String::from_utf8_lossy(&key[..key.len().min(LONGEST_NAME)]).into_owned();
                open.extend(entries.into_iter().rev().map(|(key, node)| (depth + 1, name(&key), node)));
            }
            Kind::Array => {
                let items: Vec<_> = node.items().enumerate().collect();
                open.extend(items.into_iter().rev().map(|(idx, node)| (depth + 1, idx.to_string(), node)));
            }
            _ => {
                if let Some(text) = node.text() {
                    visit(&path.iter().map(String::as_str).collect::<Vec<_>>(), &text);
                }
            }
        }
    }
}

/// Returns whether a path leads through these segments.
fn starts(path: &[&str], pointer: &Pointer) -> bool {
    path.len() >= pointer.0.len() && agrees(path, &pointer.0)
}

fn agrees(path: &[&str], segments: &[String]) -> bool {
    path.len() >= segments.len() && segments.iter().zip(path).all(|(segment, key)| segment == "*" || segment == key)
}

/// Returns the value at a pointer; a `*` is the segment that `path` has there, or else the first.
fn get<'d>(root: Node<'d>, pointer: &[String], path: &[&str]) -> Option<Node<'d>> {
    pointer.iter().enumerate().try_fold(root, |node, (idx, segment)| {
        let segment = if segment == "*" { path.get(idx).copied().unwrap_or("0") } else { segment };
        match node.kind() {
            Kind::Object => node.get(segment),
            Kind::Array => node.items().nth(segment.parse().ok()?),
            _ => None,
        }
    })
}

fn first(pointers: &[Pointer], root: Node<'_>) -> Option<String> {
    first_of(pointers, root).map(clip)
}

fn first_of(pointers: &[Pointer], root: Node<'_>) -> Option<String> {
    pointers.iter().find_map(|pointer| scalar(get(root, &pointer.0, &[])?))
}

/// Returns the text of a string or number.
fn scalar(node: Node<'_>) -> Option<String> {
    match node.kind() {
        Kind::Text => node.string(),
        Kind::Scalar => String::from_utf8(node.raw().to_vec()).ok().filter(|text| text != "null"),
        _ => None,
    }
}

fn clip(text: String) -> String {
    text.chars().take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::super::catalog;
    use super::*;
    use crate::splice::Document;

    fn store(text: &str) -> Store {
        let text =
            format!("[[assistant]]\nname = \"a\"\ntitle = \"A\"\nroots = []\n[[assistant.store]]\nfiles = []\n{text}");
        let mut assistants = catalog::read(&[("test", &text)]).expect("a catalogue");
        assistants.remove(0).stores.remove(0)
    }

    fn held_by(store: &Store, text: &str, value: &str) -> Held {
        let document = Document::parse(text.as_bytes()).expect("JSON");
        held(store, document.root(), &[value.as_bytes()]).remove(0)
    }

    const STORE: &str = r#"
tool = ["/content/*/name"]
call = ["/content/*/id"]
part = [
    { when = ["/type=user"], at = "/content", sent = "answered" },
    { when = ["/type=user"], sent = "no" },
    { when = ["/type!=user"], sent = "yes" },
]
"#;

    #[test]
    fn the_first_part_that_fits_decides() {
        let store = store(STORE);
        let held = held_by(&store, r#"{"type":"user","content":[{"id":"c1","text":"a VALUE"}]}"#, "VALUE");
        assert!(held.may_be_answered && held.sent == Sent::Unknown);
        assert_eq!(held.call.as_deref(), Some("c1"));
        let held = held_by(&store, r#"{"type":"user","raw":"VALUE"}"#, "VALUE");
        assert!(!held.may_be_answered && held.sent == Sent::No);
        let held =
            held_by(&store, r#"{"type":"model","content":[{"name":"x"},{"name":"Bash","text":"VALUE"}]}"#, "VALUE");
        assert_eq!((held.sent, held.tool.as_deref()), (Sent::Yes, Some("Bash")));
    }

    #[test]
    fn a_record_counts_as_its_most_open_part() {
        let held = held_by(&store(STORE), r#"{"type":"user","raw":"VALUE","content":["VALUE"]}"#, "VALUE");
        assert!(held.may_be_answered && held.sent == Sent::Unknown);
    }

    #[test]
    fn values_are_seen_through_escapes_and_json_in_strings() {
        let store = store(STORE);
        for text in [r#"{"a":"x\u0056ALUE"}"#, r#"{"a":"{\"b\":\"\\u0056ALUE\"}"}"#] {
            assert_eq!(held_by(&store, text, "VALUE").sent, Sent::Yes, "{text}");
        }
    }

    #[test]
    fn the_record_of_a_call_names_the_tool() {
        let store = store(STORE);
        let document =
            Document::parse(br#"{"content":[{"id":"c0","name":"Read"},{"id":"c1","name":"Bash"}]}"#).expect("JSON");
        assert_eq!(tool_of(&store, document.root(), "c1").as_deref(), Some("Bash"));
        assert_eq!(tool_of(&store, document.root(), "c2"), None);
    }

    #[test]
    fn depth_is_no_danger() {
        let text = format!("{}\"VALUE\"{}", "[".repeat(50_000), "]".repeat(50_000));
        assert_eq!(held_by(&store(STORE), &text, "VALUE").sent, Sent::Yes);
    }
}
