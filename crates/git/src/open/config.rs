//! The configuration format of git.

use std::path::Path;

use super::control::read_control;
use crate::error::Error;

/// Bytes of a configuration file, at most.
const LARGEST: u64 = 8 << 20;
/// Files that may include each other, at most; as in git.
const DEEPEST: usize = 10;

/// The values of a configuration file, in their order.
#[derive(Clone, Debug, Default)]
pub struct Config {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// In lower case.
    section: String,
    subsection: Option<String>,
    /// In lower case.
    name: String,
    value: String,
}

impl Config {
    /// Reads a file; one that is not there has no values. Includes are not followed.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not what git would accept.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let Some(bytes) = read_control(file, LARGEST)? else { return Ok(Self::default()) };
        let text = String::from_utf8_lossy(&bytes);
        Self::parse(&text).map_err(|line| Error::damaged(file, format!("bad configuration in line {line}")))
    }

    /// Reads a file of the user's own and, in their places, those it includes without a condition.
    pub(super) fn read_with_includes(file: &Path) -> Result<Self, Error> {
        let mut all = Self::default();
        all.include(file, DEEPEST)?;
        Ok(all)
    }

    /// Returns the values of several files; those of later ones count.
    pub(super) fn joined(all: impl Iterator<Item = Self>) -> Self {
        Self { entries: all.flat_map(|config| config.entries).collect() }
    }

    fn include(&mut self, file: &Path, depth: usize) -> Result<(), Error> {
        for entry in Self::read(file)?.entries {
            if depth > 0 && (entry.section.as_str(), entry.name.as_str()) == ("include", "path") {
                let folder = file.parent().unwrap_or(Path::new("."));
                let home = std::env::home_dir().unwrap_or_default();
                let other =
                    entry.value.strip_prefix("~/").map_or_else(|| folder.join(&entry.value), |rest| home.join(rest));
                self.include(&other, depth - 1)?;
            } else {
                self.entries.push(entry);
            }
        }
        Ok(())
    }

    /// Returns the last value of a variable. Section and name are given in lower case;
    /// a variable without a value is `true`.
    pub fn get(&self, section: &str, subsection: Option<&str>, name: &str) -> Option<&str> {
        self.all(section, subsection, name).last()
    }

    /// Returns all values of a variable, in their order.
    pub fn all(&self, section: &str, subsection: Option<&str>, name: &str) -> impl Iterator<Item = &str> {
        let is_it = move |entry: &&Entry| {
            entry.section == section && entry.subsection.as_deref() == subsection && entry.name == name
        };
        self.entries.iter().filter(is_it).map(|entry| entry.value.as_str())
    }

    /// Returns whether a variable is set to what git takes for true.
    pub fn is_true(&self, section: &str, subsection: Option<&str>, name: &str) -> bool {
        let value = self.get(section, subsection, name).unwrap_or("false").to_ascii_lowercase();
        matches!(value.as_str(), "true" | "yes" | "on") || value.parse::<i64>().is_ok_and(|number| number != 0)
    }

    /// Returns the names set in a section without a subsection.
    pub(super) fn names(&self, section: &str) -> impl Iterator<Item = &str> {
        let is_it = move |entry: &&Entry| entry.section == section && entry.subsection.is_none();
        self.entries.iter().filter(is_it).map(|entry| entry.name.as_str())
    }

    /// Returns the subsections of a section, each once for every variable it sets.
    pub fn subsections(&self, section: &str) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .filter(move |entry| entry.section == section)
            .filter_map(|entry| entry.subsection.as_deref())
    }

    /// Parses the text of a file; the error is the number of the line.
    fn parse(text: &str) -> Result<Self, usize> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut config = Self::default();
        let (mut section, mut subsection) = (String::new(), None);
        let mut lines = text.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            let mut rest = line.trim_start();
            if let Some(header) = rest.strip_prefix('[') {
                let (names, behind) = parse_header(header).ok_or(at + 1)?;
                (section, subsection) = names;
                rest = behind.trim_start();
            }
            if rest.is_empty() || rest.starts_with(['#', ';']) {
                continue;
            }
            let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
            let (name, behind) = rest.split_at(len);
            if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || section.is_empty() {
                return Err(at + 1);
            }
            let value = match behind.trim_start() {
                "" => "true".to_owned(),
                behind if behind.starts_with(['#', ';']) => "true".to_owned(),
                behind => {
                    let first = behind.strip_prefix('=').ok_or(at + 1)?;
                    parse_value(first, || lines.next().map(|(_, line)| line)).ok_or(at + 1)?
                }
            };
            let name = name.to_ascii_lowercase();
            config.entries.push(Entry { section: section.clone(), subsection: subsection.clone(), name, value });
        }
        Ok(config)
    }
}

type Names = (String, Option<String>);

/// Parses what stands behind a `[`: the section, the subsection, and the rest of the line.
fn parse_header(text: &str) -> Option<(Names, &str)> {
    let len = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.')?;
    let (name, rest) = text.split_at(len);
    if name.is_empty() {
        return None;
    }
    let rest = rest.trim_start();
    if let Some(rest) = rest.strip_prefix(']') {
        // The old form `[section.subsection]`.
        let names = match name.split_once('.') {
            Some((section, subsection)) => (section.to_ascii_lowercase(), Some(subsection.to_ascii_lowercase())),
            None => (name.to_ascii_lowercase(), None),
        };
        return Some((names, rest));
    }
    let mut subsection = String::new();
    let mut chars = rest.strip_prefix('"')?.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let rest = rest[1 + at + 1..].trim_start().strip_prefix(']')?;
                return Some(((name.to_ascii_lowercase(), Some(subsection)), rest));
            }
            '\\' => subsection.push(chars.next()?.1),
            _ => subsection.push(c),
        }
    }
    None
}

/// Parses a value: quotes, escapes, comments, and lines that go on.
fn parse_value<'a>(first: &'a str, mut next: impl FnMut() -> Option<&'a str>) -> Option<String> {
    let (mut value, mut kept, mut quoted) = (String::new(), 0, false);
    let mut line = first.trim_start();
    loop {
        let mut chars = line.chars();
        let mut goes_on = false;
        while let Some(c) = chars.next() {
            match c {
                '"' => quoted = !quoted,
                '#' | ';' if !quoted => break,
                '\\' => match chars.next() {
                    None => goes_on = true,
                    Some('n') => value.push('\n'),
                    Some('t') => value.push('\t'),
                    Some('b') => value.push('\u{8}'),
                    Some(c @ ('"' | '\\')) => value.push(c),
                    Some(_) => return None,
                },
                _ => value.push(c),
            }
            // Spaces at the end count only within quotes.
            if quoted || !c.is_whitespace() {
                kept = value.len();
            }
        }
        if !goes_on {
            break;
        }
        line = next().unwrap_or_default();
    }
    value.truncate(kept);
    (!quoted).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, section: &str, subsection: Option<&str>, name: &str) -> Option<String> {
        Config::parse(text).expect("it is valid").get(section, subsection, name).map(str::to_owned)
    }

    #[test]
    fn reads_values_as_git_does() {
        let text = "[core]\n\tbare = false ; no\n Bare\n[remote \"a\\\"b\"] url = \"x # y\" z  # c\n\
                    [a.B]\nlong = one \\\n  two\n[A]\nempty =\n";
        assert_eq!(value(text, "core", None, "bare").as_deref(), Some("true"));
        assert_eq!(value(text, "remote", Some("a\"b"), "url").as_deref(), Some("x # y z"));
        assert_eq!(value(text, "a", Some("b"), "long").as_deref(), Some("one   two"));
        assert_eq!(value(text, "a", None, "empty").as_deref(), Some(""));
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        for (text, line) in [("[a]\nx = \"y", 2), ("x = y", 1), ("[a]\n\n[b", 3), ("[a]\n=", 2), ("[a]\nx = \\q", 2)] {
            assert_eq!(Config::parse(text).err(), Some(line), "{text:?}");
        }
    }
}
