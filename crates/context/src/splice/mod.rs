//! Finds string leaves in raw JSON and in streams of it, and maps what is found
//! in their unescaped view back to the bytes.

mod channel;
mod document;
mod edit;
mod lens;
mod lexer;
mod members;
mod pass;
mod region;
mod strip;
mod text;
mod view;

pub(crate) use self::channel::Channel;
pub use self::document::{Document, Kind, Node};
pub use self::edit::Edits;
pub use self::lens::Format;
pub use self::lexer::{Fault, Invalid, Role};
pub(crate) use self::members::Members;
pub use self::pass::Carried;
pub(crate) use self::pass::{Editor, Window, carry};
pub use self::text::{escape, unescape};
pub(crate) use self::view::{Leaf, View};
