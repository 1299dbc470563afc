//! Finds string leaves in raw JSON and in streams of it, and maps what is found
//! in their unescaped view back to the bytes.

mod document;
mod edit;
mod lexer;
mod text;

pub use self::document::{Document, Kind, Node};
pub use self::edit::Edits;
pub use self::lexer::{Fault, Invalid, Role};
pub use self::text::{escape, unescape};
