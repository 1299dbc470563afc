//! Writes answers: small JSON objects, in the order they are given.

use crate::splice::escape;

/// A value of an answer.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A string.
    Text(String),
    /// JSON as it is.
    Raw(Vec<u8>),
    /// `true` or `false`.
    Flag(bool),
    /// An object.
    Object(Vec<(&'static str, Value)>),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Returns the value as JSON.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.append(&mut out);
        out
    }

    fn append(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => string(text.as_bytes(), out),
            Self::Raw(raw) => out.extend_from_slice(raw),
            Self::Flag(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Self::Object(members) => {
                out.push(b'{');
                for (idx, (key, value)) in members.iter().enumerate() {
                    if idx > 0 {
                        out.push(b',');
                    }
                    string(key.as_bytes(), out);
                    out.push(b':');
                    value.append(out);
                }
                out.push(b'}');
            }
        }
    }
}

/// Appends a string with its quotes.
pub(super) fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    escape(text, out);
    out.push(b'"');
}
