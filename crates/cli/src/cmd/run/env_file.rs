//! Files of environment variables, as shells and dotenv write them.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::Hint;
use crate::term::escape_path;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Returns the variables of a file.
///
/// # Errors
///
/// Returns that it can't be read, is too large or no text, or the first line that
/// is no variable.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let name = escape_path(file);
    let meta = fs::metadata(file).with_context(|| format!("cannot read `{name}`"))?;
    if !meta.is_file() || meta.len() > MAX_FILE {
        return Err(Hint::new(format!("`{name}` is no file of variables"), "a line of one is `NAME=value`").into());
    }
    let text = fs::read_to_string(file).with_context(|| format!("cannot read `{name}`"))?;
    parse(&text).map_err(|line| {
        Hint::new(format!("line {line} of `{name}` is no variable"), "a line is `NAME=value`, a comment starts with #")
            .into()
    })
}

/// Returns the variables of a text, or the line that is none.
fn parse(text: &str) -> Result<Vec<(String, String)>, usize> {
    let mut variables = Vec::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    let mut line = 1;
    while !rest.is_empty() {
        let end = rest.find('\n').unwrap_or(rest.len());
        let whole = rest[..end].trim();
        if whole.is_empty() || whole.starts_with('#') {
            rest = rest.get(end + 1..).unwrap_or_default();
            line += 1;
            continue;
        }
        let (name, _) = whole.split_once('=').ok_or(line)?;
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err(line);
        }
        let from = rest.find('=').ok_or(line)? + 1;
        let (value, used) = value(&rest[from..]);
        variables.push((name.to_owned(), value));
        let next = rest[from + used..].find('\n').map_or(rest.len(), |at| from + used + at + 1);
        line += rest[..next].matches('\n').count();
        rest = &rest[next..];
    }
    Ok(variables)
}

/// Returns the value that `text` starts with, and how many bytes it takes. One in
/// quotes may span lines.
fn value(text: &str) -> (String, usize) {
    let start = text.len() - text.trim_start_matches([' ', '\t']).len();
    let rest = &text[start..];
    if let Some(inner) = rest.strip_prefix('\'')
        && let Some(end) = inner.find('\'')
    {
        return (inner[..end].to_owned(), start + end + 2);
    }
    if let Some(inner) = rest.strip_prefix('"')
        && let Some((value, used)) = quoted(inner)
    {
        return (value, start + used + 2);
    }
    let end = rest.find('\n').unwrap_or(rest.len());
    let line = &rest[..end];
    let line = line.find(" #").map_or(line, |comment| &line[..comment]);
    (line.trim_end().to_owned(), start + end)
}

/// Returns text up to a double quote, and how many bytes it took.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, at)),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_shells_read_them() {
        let text = "# x\n\nA=1\nexport B = two words # note\nC=\"a\\n\\\"b\" \nD='$x\ny'\nE=\nF=a#b\n";
        let pairs = [("A", "1"), ("B", "two words"), ("C", "a\n\"b"), ("D", "$x\ny"), ("E", ""), ("F", "a#b")];
        let expected = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(parse(text), Ok(expected.to_vec()));
        assert_eq!(parse("A=1\nno variable\n"), Err(2));
        assert_eq!(parse("A='1\n2'\n=x"), Err(3));
    }
}
