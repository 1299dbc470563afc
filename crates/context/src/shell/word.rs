//! Words: what the shell makes of quotes, escapes and variables.

use std::collections::HashMap;

use leaktight_core::Span;
use tree_sitter::Node;

/// A word of a command.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Word {
    /// What it stands for, as far as can be told without running anything.
    pub text: String,
    /// Whether that is all of it: no substitution, no unknown variable, no glob.
    pub exact: bool,
    /// Whether unquoted `*`, `?` or `[` stand in it.
    pub glob: bool,
    /// The variables it names.
    pub variables: Vec<String>,
    /// Where it stands in the outermost script; empty within scripts in scripts.
    pub span: Span,
}

impl Word {
    pub(super) fn literal(text: &str) -> Self {
        Self { text: text.to_owned(), exact: true, ..Self::default() }
    }
}

/// Evaluates words.
pub(super) struct Reader<'a> {
    pub(super) source: &'a str,
    /// What the caller knows of variables.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    /// What the script sets them to.
    pub(super) set: &'a HashMap<String, String>,
    /// Whether spans are places in the outermost script.
    pub(super) outermost: bool,
}

impl Reader<'_> {
    /// Returns the word a node is.
    pub(super) fn word(&self, node: Node<'_>) -> Word {
        let range = node.byte_range();
        let span = if self.outermost { Span::new(range.start, range.end) } else { Span::default() };
        let mut word = Word { exact: true, span, ..Word::default() };
        self.add(node, &mut word);
        word
    }

    fn text<'s>(&'s self, node: Node<'_>) -> &'s str {
        self.source.get(node.byte_range()).unwrap_or_default()
    }

    fn add(&self, node: Node<'_>, word: &mut Word) {
        let text = self.text(node);
        match node.kind() {
            "word" | "number" | "variable_name" | "heredoc_content" | "extglob_pattern" | "regex" => {
                unquoted(text, word);
            }
            "raw_string" => word.text.push_str(text.trim_matches('\'')),
            "ansi_c_string" => ansi(text.trim_start_matches("$'").trim_end_matches('\''), word),
            "string" | "translated_string" => self.quoted(node, word),
            "string_content" => escaped(text, word),
            "simple_expansion" | "expansion" => self.expansion(node, word),
            "concatenation" | "command_name" | "heredoc_body" => self.parts(node, word),
            "command_substitution" | "process_substitution" | "arithmetic_expansion" => word.exact = false,
            "brace_expression" => {
                word.glob = true;
                word.exact = false;
                word.text.push('*');
            }
            _ => {
                word.exact = false;
                word.text.push_str(text);
            }
        }
    }

    /// Adds the children of a node; what stands between them is text.
    fn parts(&self, node: Node<'_>, word: &mut Word) {
        let mut cursor = node.walk();
        let mut at = node.start_byte();
        for child in node.children(&mut cursor) {
            unquoted(self.source.get(at..child.start_byte()).unwrap_or_default(), word);
            self.add(child, word);
            at = child.end_byte();
        }
        if at == node.start_byte() {
            unquoted(self.text(node), word);
            return;
        }
        unquoted(self.source.get(at..node.end_byte()).unwrap_or_default(), word);
    }

    fn quoted(&self, node: Node<'_>, word: &mut Word) {
        let mut cursor = node.walk();
        let mut at = node.start_byte();
        for child in node.children(&mut cursor) {
            let between = self.source.get(at..child.start_byte()).unwrap_or_default();
            if at > node.start_byte() {
                word.text.push_str(between);
            }
            at = child.end_byte();
            match child.kind() {
                "\"" | "$" => {}
                _ => self.add(child, word),
            }
        }
    }

    fn expansion(&self, node: Node<'_>, word: &mut Word) {
        let mut cursor = node.walk();
        let name =
            node.children(&mut cursor).find(|child| matches!(child.kind(), "variable_name" | "special_variable_name"));
        let name = name.map(|name| self.text(name)).unwrap_or_default();
        word.variables.push(name.to_owned());
        // `${A:-b}` is one of two values; the plain forms are one.
        let plain =
            node.named_child_count() <= 1 && !self.text(node).contains([':', '#', '%', '/', '!', '^', ',', '@']);
        match self.set.get(name).cloned().or_else(|| (self.variable)(name)) {
            Some(value) if plain => word.text.push_str(&value),
            _ => word.exact = false,
        }
    }
}

/// Adds text that is not quoted: a backslash quotes the next character.
fn unquoted(text: &str, word: &mut Word) {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some(c) => word.text.push(c),
            },
            '*' | '?' | '[' => {
                word.glob = true;
                word.exact = false;
                word.text.push(c);
            }
            _ => word.text.push(c),
        }
    }
}

/// Adds text in double quotes, where a backslash quotes few characters.
fn escaped(text: &str, word: &mut Word) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            word.text.push(c);
            continue;
        }
        match chars.peek() {
            Some('\n') => {
                chars.next();
            }
            Some('$' | '`' | '"' | '\\') => word.text.extend(chars.next()),
            _ => word.text.push('\\'),
        }
    }
}

/// Adds text of `$'…'`.
fn ansi(text: &str, word: &mut Word) {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        word.text.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let Some(kind) = behind.chars().next() else { return };
        let (digits, radix, skip) = match kind {
            'x' => (2, 16, 1),
            'u' => (4, 16, 1),
            'U' => (8, 16, 1),
            '0'..='7' => (3, 8, 0),
            _ => (0, 0, 0),
        };
        let code: String = behind.chars().skip(skip).take(digits).take_while(|c| c.is_digit(radix.max(2))).collect();
        match u32::from_str_radix(&code, radix.max(2)).ok().and_then(char::from_u32) {
            Some(c) if digits > 0 => word.text.push(c),
            _ => word.text.push(simple_escape(kind)),
        }
        rest = &behind[if code.is_empty() { kind.len_utf8() } else { skip + code.len() }..];
    }
    word.text.push_str(rest);
}

fn simple_escape(kind: char) -> char {
    match kind {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\x07',
        'b' => '\x08',
        'e' | 'E' => '\x1b',
        'f' => '\x0c',
        'v' => '\x0b',
        other => other,
    }
}
