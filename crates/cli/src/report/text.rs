//! Text from outside, fit to stand in a report.

use std::borrow::Cow;
use std::path::Path;

use leaktight_core::Origin;

use crate::term;

/// Returns text that neither a terminal nor a build service obeys: control
/// characters are escaped, and so is what starts a command of a service.
pub(super) fn shown(bytes: &[u8]) -> String {
    disarm(term::escape(bytes))
}

/// Returns a path as [`shown`] returns text.
pub(super) fn shown_path(path: &Path) -> String {
    shown(path_bytes(path).as_ref())
}

/// Returns where bytes came from as [`shown`] returns text.
pub(super) fn shown_origin(origin: &Origin) -> String {
    origin.path().map_or_else(|| origin_text(origin).into_owned(), shown_path)
}

/// Returns where bytes came from as plain text; what is not UTF-8 is replaced.
pub(super) fn origin_text(origin: &Origin) -> Cow<'_, str> {
    match origin.root() {
        Origin::File(path) | Origin::Member { path, .. } => path_text(path),
        Origin::Blob(blob) => blob.path.as_deref().map_or_else(|| super::commit::name(blob).into(), path_text),
        Origin::Stdin => "<stdin>".into(),
        _ => "<memory>".into(),
    }
}

/// Returns a path as plain text; what is not UTF-8 is replaced.
pub(super) fn path_text(path: &Path) -> Cow<'_, str> {
    match path_bytes(path) {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
    }
}

/// Returns the bytes of a path, with `/` between its parts on every system.
pub(super) fn path_bytes(path: &Path) -> Cow<'_, [u8]> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if cfg!(windows) {
        bytes.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect()
    } else {
        bytes.into()
    }
}

/// Returns at most `n` characters of a text, the last one `…` if some are left out.
pub(super) fn clip(text: &str, n: usize) -> Cow<'_, str> {
    match text.char_indices().nth(n) {
        None => text.into(),
        Some(_) => text.chars().take(n.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Returns a link, if there is one and it leads to a web page.
pub(super) fn web_link(link: &str) -> Option<&str> {
    (link.starts_with("https://") || link.starts_with("http://")).then_some(link)
}

/// Breaks what build services take for a command: `::name` at the start of a
/// line on GitHub, `##[name]` and `##vso[name]` anywhere on GitHub and Azure.
fn disarm(text: String) -> String {
    let opens = text.trim_start().starts_with("::");
    if !opens && !text.contains("##") {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 8);
    let mut opens = opens;
    for (at, c) in text.char_indices() {
        match c {
            ':' if opens => safe.push_str("\\u{3a}"),
            '#' if is_hash_command(&text[at..]) => safe.push_str("\\u{23}"),
            _ => safe.push(c),
        }
        opens &= c.is_whitespace();
    }
    safe
}

/// Whether a text starts like `##vso[`.
pub(super) fn is_hash_command(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("##") else { return false };
    rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_commands_of_build_services() {
        assert_eq!(shown(b" ::stop-commands::x"), " \\u{3a}:stop-commands::x");
        assert_eq!(shown(b"a ##vso[task] ##[error]"), "a \\u{23}#vso[task] \\u{23}#[error]");
    }

    #[test]
    fn leaves_ordinary_text_alone() {
        for text in ["std::fmt", "## Heading", "crates/cli/src/été.rs", ""] {
            assert_eq!(shown(text.as_bytes()), text);
        }
    }

    #[test]
    fn clips_by_characters() {
        assert_eq!(clip("été", 3), "été");
        assert_eq!(clip("étés", 3), "ét…");
    }
}
