//! Archives and compressed files, opened in memory: nothing is written anywhere.
//!
//! Layers are readers one over the other, and what comes out of the last is scanned as a
//! file is, in the same parts. No layer holds more than a buffer and the window of its
//! decoder, whatever a header claims. All layers of a file share its [`Nest`], which
//! counts what they expand to and asks whether to go on.
//!
//! A file, and each member, ends in exactly one event. An archive of which all members
//! were told, however they ended, is scanned; its bytes are those of the members.

mod ar;
mod kind;
mod name;
mod nest;
mod opener;
mod stream;
mod tar;
mod turn;
mod unpack;
mod zip;

pub(crate) use self::kind::Kind;
pub(crate) use self::nest::{Bounds, Nest};
pub(crate) use self::opener::Opener;
pub(crate) use self::turn::Turn;
