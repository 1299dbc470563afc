//! The hooks that this program's own installation writes.

use super::tree::Node;

/// How the hooks of this program look where they were installed, so that they are no attack.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// How a command may name the program: its path, quoted where a shell wants it.
    pub programs: Vec<String>,
    /// Whole files, such as scripts.
    pub files: Vec<String>,
}

impl Own {
    /// Returns whether a file is one of them.
    pub(super) fn is_file(&self, bytes: &[u8]) -> bool {
        self.files.iter().any(|file| file.as_bytes() == bytes)
    }

    /// Returns whether a value is the command of such a hook, its arguments in the text or in
    /// `args` beside it.
    pub(super) fn is_command(&self, value: &Node, siblings: Option<&Node>) -> bool {
        let Node::Scalar(text) = value else { return false };
        let siblings = if let Some(Node::Map(entries)) = siblings { entries.as_slice() } else { &[] };
        let args: Vec<_> = siblings.iter().filter(|(key, _)| key.text == "args").map(|(_, args)| args).collect();
        // Of a key that comes twice nobody knows which the assistant takes.
        let args = match args[..] {
            [] => Vec::new(),
            [args] => args.scalars(),
            _ => return false,
        };
        self.programs.iter().any(|program| {
            let Some(rest) = text.strip_prefix(program.as_str()) else { return false };
            let is_split = rest.is_empty() || rest.starts_with(' ');
            let mut words = rest.split(' ').filter(|word| !word.is_empty()).chain(args.iter().copied());
            is_split && words.next() == Some("hook") && words.all(is_name)
        })
    }
}

/// Whether a word is the name of an assistant or an event, and nothing to a shell.
fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
