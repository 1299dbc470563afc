//! From an open file to chunks.

mod binary;
mod cut;
mod flow;
mod large;
mod whole;

pub(crate) use self::binary::{HEAD, PACKED, advice, format};
pub(crate) use self::cut::{Bounds, Cut, Place, Text};
pub(crate) use self::flow::Flow;
pub(crate) use self::large::{End, Large};
pub(crate) use self::whole::{Read, Reader};

use leaktight_core::SkipReason;

/// Why something was not read as a whole, and more about it.
pub(crate) type Trouble = (SkipReason, String);

/// Size in bytes of the buffer each thread keeps for small files.
pub(crate) const SMALL: usize = 256 << 10;
