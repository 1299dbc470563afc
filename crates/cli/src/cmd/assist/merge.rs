//! Adds hooks to a settings file and takes them out again, without changing another byte.

use leaktight_context::splice::{Document, Kind, Node};
use leaktight_core::Span;

/// The name of this program, however its path goes on.
const PROGRAM: &str = "leaktight";

/// An element for an array of a settings file.
#[derive(Clone, Debug)]
pub(super) struct Element {
    /// The keys that lead to the array.
    pub(super) keys: Vec<&'static str>,
    /// The element, as JSON on one line.
    pub(super) json: String,
}

/// Returns the text with all elements, in the place of older ones of ours.
///
/// # Errors
///
/// Returns why the text can't be changed; nothing is guessed.
pub(super) fn add(text: &str, elements: &[Element]) -> Result<String, String> {
    let mut text = if text.trim().is_empty() { "{}\n".to_owned() } else { text.to_owned() };
    for element in elements {
        text = add_one(&text, element)?;
    }
    Ok(text)
}

/// Returns the text without elements of ours, and without what they were put into.
///
/// # Errors
///
/// Returns why the text can't be read.
pub(super) fn remove(text: &str, elements: &[Element]) -> Result<String, String> {
    let mut text = text.to_owned();
    // The last that was added is the first to go.
    for element in elements.iter().rev() {
        while let Some(less) = remove_one(&text, element)? {
            text = less;
        }
    }
    Ok(text)
}

fn parse(text: &str) -> Result<Document<'_>, String> {
    let document = Document::parse(text.as_bytes()).map_err(|err| format!("it is no JSON: {err}"))?;
    match document.root().kind() {
        Kind::Object => Ok(document),
        _ => Err("it holds no JSON object".to_owned()),
    }
}

fn add_one(text: &str, element: &Element) -> Result<String, String> {
    let document = parse(text)?;
    let mut node = document.root();
    for (idx, key) in element.keys.iter().enumerate() {
        let Some(next) = node.get(key) else {
            let mut value = format!("[{}]", element.json);
            for key in element.keys[idx + 1..].iter().rev() {
                value = format!("{{\"{key}\":{value}}}");
            }
            return insert(text, node, &format!("\"{key}\":{value}"));
        };
        node = next;
        let expected = if idx + 1 == element.keys.len() { Kind::Array } else { Kind::Object };
        if node.kind() != expected {
            return Err(format!("`{}` is not what it should be there", element.keys[..=idx].join(".")));
        }
    }
    let ours = node.items().find(|item| is_ours(*item, element));
    match ours {
        Some(item) => {
            let span = item.span();
            Ok([&text[..span.start], &element.json, &text[span.end..]].concat())
        }
        None => insert(text, node, &element.json),
    }
}

/// Puts a member or an element behind the last one of a container. A space tells
/// what was put into an empty container of others from what is ours as a whole.
fn insert(text: &str, container: Node<'_>, what: &str) -> Result<String, String> {
    let (at, lead) = match last(container) {
        Some(end) => (end, ", "),
        None => (container.span().start + 1, " "),
    };
    Ok([&text[..at], lead, what, &text[at..]].concat())
}

/// Returns where the last child of a container ends.
fn last(container: Node<'_>) -> Option<usize> {
    let members = container.entries().map(|(_, node)| node.span().end);
    members.chain(container.items().map(|node| node.span().end)).last()
}

/// Whether an element is one of ours, of this version or another.
fn is_ours(item: Node<'_>, element: &Element) -> bool {
    let raw = String::from_utf8_lossy(item.raw());
    // Rules are strings, which are ours when they say the same.
    if item.kind() == Kind::Text { raw == element.json.as_str() } else { is_call(&raw) }
}

/// Whether JSON calls this program as a hook: by a line, or by a program and its arguments.
pub(super) fn is_call(raw: &str) -> bool {
    let mut ends = raw.match_indices(PROGRAM).map(|(at, _)| {
        let rest = &raw[at + PROGRAM.len()..];
        rest.strip_prefix(".exe").unwrap_or(rest)
    });
    let is_line = |rest: &str| rest.trim_start_matches(['\'', '"', '\\']).trim_start().starts_with("hook ");
    ends.any(|rest| is_line(rest) || rest.starts_with('"') && raw.contains("\"hook\""))
}

fn remove_one(text: &str, element: &Element) -> Result<Option<String>, String> {
    let document = parse(text)?;
    let mut path = vec![document.root()];
    for key in &element.keys {
        let Some(next) = path[path.len() - 1].get(key) else { return Ok(None) };
        path.push(next);
    }
    let array = path[path.len() - 1];
    let Some(item) = array.items().find(|item| is_ours(*item, element)) else { return Ok(None) };
    // What holds nothing but ours, as ours is written, goes with it.
    let mut gone = item;
    let mut idx = path.len() - 1;
    while idx > 0 && is_only(path[idx], gone) {
        gone = path[idx];
        idx -= 1;
    }
    Ok(Some(cut(text, path[idx], gone)))
}

/// Whether a container holds this one child and was written with it.
fn is_only(container: Node<'_>, child: Node<'_>) -> bool {
    let n_children = container.entries().count() + container.items().count();
    let (outer, inner) = (container.span(), child.span());
    let raw = container.raw();
    let is_tight = raw.get(1).is_some_and(|byte| matches!(byte, b'"' | b'{')) && outer.end == inner.end + 1;
    n_children == 1 && is_tight
}

/// Returns the text without a child of a container, and without one comma.
fn cut(text: &str, container: Node<'_>, child: Node<'_>) -> String {
    let span = child.span();
    let ends = container.entries().map(|(_, node)| node.span()).chain(container.items().map(Node::span));
    let before = ends.filter(|other| other.end <= span.start).map(|other| other.end).last();
    let inside = Span::new(before.unwrap_or(container.span().start + 1), span.end);
    let mut rest = &text[inside.end..];
    if before.is_none() {
        let comma = rest.trim_start();
        rest = comma.strip_prefix(',').unwrap_or(rest);
    }
    [&text[..inside.start], rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements() -> Vec<Element> {
        let hook =
            |event| Element { keys: vec!["hooks", event], json: r#"{"command":"/x/leaktight hook y"}"#.to_owned() };
        let rule = Element { keys: vec!["permissions", "allow"], json: r#""Bash(/x/leaktight filter)""#.to_owned() };
        vec![hook("A"), hook("B"), rule]
    }

    #[test]
    fn what_is_added_goes_without_a_trace() {
        for text in [
            "{}",
            "{}\n",
            "{ }",
            "{\r\n  \"model\": \"x\"\r\n}\r\n",
            "{\"hooks\": {}}",
            "{\"hooks\": {\"A\": []}}",
            "{\"hooks\": {\"A\": [ {\"command\": \"other\"} ], \"C\": [1]}, \"z\": 1.0e5}",
            "{\n\t\"permissions\": {\n\t\t\"allow\": [\n\t\t\t\"Bash(ls)\"\n\t\t]\n\t}\n}",
            "{\"permissions\": {\"deny\": [\"Read(./.env)\"]}}",
        ] {
            let added = add(text, &elements()).expect("it can be added");
            assert_eq!(add(&added, &elements()).expect("again"), added, "twice is once");
            assert_eq!(added.matches("leaktight").count(), 3, "{added}");
            assert!(Document::parse(added.as_bytes()).is_ok(), "{added}");
            assert_eq!(remove(&added, &elements()).expect("it can be removed"), text, "{added}");
        }
    }

    #[test]
    fn older_ones_are_replaced() {
        let old = r#"{"hooks": {"A": [{"command":"/old/leaktight hook y","timeout":1}, {"command": "other"}]}}"#;
        let new = add(old, &elements()).expect("it can be added");
        assert!(!new.contains("/old/") && new.contains("\"other\""), "{new}");
        let without = remove(&new, &elements()).expect("it can be removed");
        assert_eq!(without, r#"{"hooks": {"A": [ {"command": "other"}]}}"#);
    }

    #[test]
    fn hooks_of_others_are_left() {
        let own = [
            r#"{"command":"/x/leaktight hook y"}"#,
            r#"{"command":"'/a b/leaktight' hook y"}"#,
            r#"{"command":"C:\\x\\leaktight.exe hook y"}"#,
            r#"{"args":["hook","y"],"command":"/x/leaktight"}"#,
        ];
        assert!(own.iter().all(|text| is_call(text)));
        let others = [r#"{"hooks":[{"command":"sh /src/leaktight/hooks.sh"}]}"#, r#"{"command":"leaktight scan ."}"#];
        assert!(!others.iter().any(|text| is_call(text)));
    }

    #[test]
    fn what_is_not_understood_is_left() {
        for text in ["[]", "{", "{ // a comment\n}", "{\"hooks\": []}", "{\"hooks\": {\"A\": {}}}"] {
            assert!(add(text, &elements()).is_err(), "{text}");
        }
    }
}
