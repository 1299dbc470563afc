//! Values as the Rust code of constants.

use std::borrow::Cow;

use crate::rule::{Anchor, Boundary, ByteSet, Check, Companion, Confidence, Driver, Follow, Gate, Rule, Severity, Tag};
use crate::table::{Assigned, Entry, Literal, LiteralTable, Margin, Margins, Tables, Teddy, Use, Windows};

/// Writes a value as code that makes it.
pub trait Emit {
    fn emit(&self) -> String;
}

/// An array of values.
pub fn array<T: Emit>(values: &[T]) -> String {
    let values: Vec<String> = values.iter().map(Emit::emit).collect();
    format!("[{}]", values.join(", "))
}

impl<T: Emit + Clone> Emit for Cow<'static, [T]> {
    fn emit(&self) -> String {
        format!("Cow::Borrowed(&{})", array(self))
    }
}

impl Emit for Cow<'static, str> {
    fn emit(&self) -> String {
        format!("Cow::Borrowed({self:?})")
    }
}

impl<T: Emit, const N: usize> Emit for [T; N] {
    fn emit(&self) -> String {
        array(self)
    }
}

impl<T: Emit> Emit for Option<T> {
    fn emit(&self) -> String {
        self.as_ref().map_or("None".to_owned(), |value| format!("Some({})", value.emit()))
    }
}

macro_rules! plain {
    ($($name:ty),*) => { $(impl Emit for $name {
        fn emit(&self) -> String {
            format!("{self:?}")
        }
    })* };
}

// Numbers, tuples of them, and types whose `Debug` is code as it stands.
plain!(bool, u8, u32, u64, usize, f32, (u32, u8), (u32, u32, u32), ([u8; 16], [u8; 16]), ByteSet, Follow);

macro_rules! variants {
    ($($name:ident),*) => { $(impl Emit for $name {
        fn emit(&self) -> String {
            format!("{}::{self:?}", stringify!($name))
        }
    })* };
}

variants!(Boundary, Check, Confidence, Driver, Severity, Tag, Use);

macro_rules! fields {
    ($($name:ident { $($field:ident),* })*) => { $(impl Emit for $name {
        fn emit(&self) -> String {
            let fields = [$(format!("{}: {}", stringify!($field), self.$field.emit())),*];
            format!("{} {{ {} }}", stringify!($name), fields.join(", "))
        }
    })* };
}

fields! {
    Rule {
        id, provider, title, severity, confidence, pattern, boundary, context, reach, files, entropy, checks,
        companions, tags, impact, revoke, link, gate
    }
    Companion { id, within, required }
    Gate { driver, anchors, run, before, after, lead, reach, trail, min_len, max_len, digit, bits, told, starts }
    Anchor { text, nocase, min, max, follow }
    Tables { literals, uses, near, prefixes, text, teddy, crowd, margins, assigned, whole, overlap }
    Literal { text, nocase, window }
    LiteralTable { four, three }
    Windows { set, slots, entries }
    Entry { literal, offset, probe, first, last }
    Teddy { bytes, nibbles, empty }
    Margins { core, hot, wide }
    Margin { before, after }
    Assigned { generic, words, reach, lengths }
}
