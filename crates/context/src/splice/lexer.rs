//! A JSON lexer that validates, may stop at any byte, and never recurses.

use std::fmt;

use super::text;

/// Hears what the lexer comes upon; positions count from the start of the input.
pub(crate) trait Events {
    /// A string opens; `at` is the byte behind its quote.
    fn open(&mut self, _role: Role, _at: usize) {}
    /// An escape of the string that is open, from `start` up to `end`: a UTF-16 unit.
    fn escape(&mut self, _unit: u16, _start: usize, _end: usize) {}
    /// The string closes; `at` is its closing quote.
    fn close(&mut self, _role: Role, _at: usize) {}
    /// A container opens at its bracket.
    fn enter(&mut self, _container: Container, _at: usize) {}
    /// The innermost container ends at its bracket.
    fn leave(&mut self, _at: usize) {}
    /// A number or a literal starts.
    fn scalar(&mut self, _at: usize) {}
    /// The number or literal ends before `at`.
    fn scalar_end(&mut self, _at: usize) {}
}

/// What a string is in its document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// The name of a member of an object.
    Key,
    /// A value.
    Value,
}

/// The two containers of JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Container {
    /// `[...]`
    Array,
    /// `{...}`
    Object,
}

/// Why bytes are not JSON, and where.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Invalid {
    /// Offset of the first byte that can't belong to a document.
    pub offset: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with a document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// There is nothing but white space.
    Empty,
    /// It ends in the middle.
    Truncated,
    /// A byte that can't stand here.
    Unexpected,
    /// A control character in a string.
    Control,
    /// An escape that does not exist.
    Escape,
    /// Bytes that are not UTF-8.
    Utf8,
    /// Text behind the end of the document.
    Trailing,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = match self.fault {
            Fault::Empty => "there is no document",
            Fault::Truncated => "the document ends too early",
            Fault::Unexpected => "unexpected character",
            Fault::Control => "control character in a string",
            Fault::Escape => "unknown escape",
            Fault::Utf8 => "not UTF-8",
            Fault::Trailing => "text behind the document",
        };
        write!(f, "{fault} at byte {}", self.offset)
    }
}

impl std::error::Error for Invalid {}

/// The state between two bytes of a document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lexer {
    state: State,
    /// Where the escape started that is being read.
    escape: usize,
    open: Stack,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// Before the document.
    #[default]
    Start,
    /// A value must follow.
    Value,
    /// A value, or the end of an array that has none.
    Element,
    /// A key, or the end of an object that has none.
    Member,
    /// A key must follow.
    Key,
    /// A colon must follow.
    Colon,
    /// A comma or an end must follow.
    After,
    /// Behind the document.
    Done,
    Text(Role),
    Escape(Role),
    /// In `\uXXXX`, with the digits that are left and the value so far.
    Hex(Role, u8, u16),
    Number(Number),
    /// In `true`, `false` or `null`, with what is left of it.
    Literal(&'static [u8]),
}

/// Where in a number.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Minus,
    Zero,
    Digits,
    Point,
    Fraction,
    Exponent,
    Sign,
    Power,
}

impl Lexer {
    /// Reads on from `from` to the end of `bytes`.
    ///
    /// # Errors
    ///
    /// Returns the first byte that can't belong to a document.
    pub(super) fn push(&mut self, bytes: &[u8], from: usize, events: &mut impl Events) -> Result<(), Invalid> {
        let mut at = from;
        while at < bytes.len() {
            at = match self.state {
                State::Text(role) => self.text(role, bytes, at, events)?,
                State::Escape(_) | State::Hex(..) => self.escape(bytes[at], at, events)?,
                State::Number(number) => self.number(number, bytes, at, events)?,
                State::Literal(rest) => self.literal(rest, bytes[at], at, events)?,
                _ => self.structure(bytes, at, events)?,
            };
        }
        Ok(())
    }

    /// Ends the document at `at`.
    ///
    /// # Errors
    ///
    /// Returns whether it is empty or lacks its end.
    pub(super) fn finish(&mut self, at: usize, events: &mut impl Events) -> Result<(), Invalid> {
        if let State::Number(Number::Zero | Number::Digits | Number::Fraction | Number::Power) = self.state {
            events.scalar_end(at);
            self.value_end();
        }
        match self.state {
            State::Done => Ok(()),
            State::Start => Err(Invalid { offset: at, fault: Fault::Empty }),
            _ => Err(Invalid { offset: at, fault: Fault::Truncated }),
        }
    }

    /// Returns whether no byte of a value was read yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.state == State::Start
    }

    /// Returns whether a whole document was read.
    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Forgets where things are: what comes next starts at 0.
    pub(super) fn rebase(&mut self) {
        self.escape = 0;
    }

    /// Returns whether a string is open.
    pub(super) fn in_string(&self) -> bool {
        matches!(self.state, State::Text(_) | State::Escape(_) | State::Hex(..))
    }

    fn text(&mut self, role: Role, bytes: &[u8], at: usize, events: &mut impl Events) -> Result<usize, Invalid> {
        let at = at + text::plain(&bytes[at..]);
        match bytes.get(at) {
            None => {}
            Some(b'"') => {
                events.close(role, at);
                match role {
                    Role::Key => self.state = State::Colon,
                    Role::Value => self.value_end(),
                }
            }
            Some(b'\\') => {
                self.escape = at;
                self.state = State::Escape(role);
            }
            Some(_) => return Err(Invalid { offset: at, fault: Fault::Control }),
        }
        Ok(at + 1)
    }

    fn escape(&mut self, byte: u8, at: usize, events: &mut impl Events) -> Result<usize, Invalid> {
        let invalid = Invalid { offset: self.escape, fault: Fault::Escape };
        self.state = match self.state {
            State::Escape(role) if byte == b'u' => State::Hex(role, 4, 0),
            State::Escape(role) => {
                let unit = text::short_escape(byte).ok_or(invalid)?;
                events.escape(u16::from(unit), self.escape, at + 1);
                State::Text(role)
            }
            State::Hex(role, left, value) => {
                let digit = char::from(byte).to_digit(16).ok_or(invalid)?;
                let value = value << 4 | u16::try_from(digit).expect("a digit is below 16");
                if left == 1 {
                    events.escape(value, self.escape, at + 1);
                    State::Text(role)
                } else {
                    State::Hex(role, left - 1, value)
                }
            }
            other => other,
        };
        Ok(at + 1)
    }

    fn literal(
        &mut self,
        rest: &'static [u8],
        byte: u8,
        at: usize,
        events: &mut impl Events,
    ) -> Result<usize, Invalid> {
        if rest.first() != Some(&byte) {
            return Err(Invalid { offset: at, fault: Fault::Unexpected });
        }
        if rest.len() == 1 {
            events.scalar_end(at + 1);
            self.value_end();
        } else {
            self.state = State::Literal(&rest[1..]);
        }
        Ok(at + 1)
    }

    fn number(&mut self, number: Number, bytes: &[u8], at: usize, events: &mut impl Events) -> Result<usize, Invalid> {
        use Number::{Digits, Exponent, Fraction, Minus, Point, Power, Sign, Zero};
        let next = match (number, bytes[at]) {
            (Minus, b'0') => Zero,
            (Minus, b'1'..=b'9') | (Digits, b'0'..=b'9') => Digits,
            (Zero | Digits, b'.') => Point,
            (Point | Fraction, b'0'..=b'9') => Fraction,
            (Zero | Digits | Fraction, b'e' | b'E') => Exponent,
            (Exponent, b'+' | b'-') => Sign,
            (Exponent | Sign | Power, b'0'..=b'9') => Power,
            (Zero | Digits | Fraction | Power, _) => {
                events.scalar_end(at);
                self.value_end();
                return Ok(at);
            }
            _ => return Err(Invalid { offset: at, fault: Fault::Unexpected }),
        };
        self.state = State::Number(next);
        Ok(at + 1)
    }

    fn structure(&mut self, bytes: &[u8], at: usize, events: &mut impl Events) -> Result<usize, Invalid> {
        let byte = bytes[at];
        match (self.state, byte) {
            (_, b' ' | b'\n' | b'\r' | b'\t') => return Ok(at + 1),
            (State::Member | State::Key, b'"') => self.string(Role::Key, at, events),
            (State::Member, b'}') | (State::Element, b']') => self.leave(at, events),
            (State::After, b'}') if self.open.is_object() => self.leave(at, events),
            (State::After, b']') if !self.open.is_object() => self.leave(at, events),
            (State::After, b',') => self.state = if self.open.is_object() { State::Key } else { State::Value },
            (State::Colon, b':') => self.state = State::Value,
            (State::Start | State::Value | State::Element, _) => return self.value(byte, at, events),
            (State::Done, _) => return Err(Invalid { offset: at, fault: Fault::Trailing }),
            _ => return Err(Invalid { offset: at, fault: Fault::Unexpected }),
        }
        Ok(at + 1)
    }

    fn value(&mut self, byte: u8, at: usize, events: &mut impl Events) -> Result<usize, Invalid> {
        match byte {
            b'"' => {
                self.string(Role::Value, at, events);
                return Ok(at + 1);
            }
            b'{' => {
                self.enter(Container::Object, at, events);
                return Ok(at + 1);
            }
            b'[' => {
                self.enter(Container::Array, at, events);
                return Ok(at + 1);
            }
            b'-' => self.state = State::Number(Number::Minus),
            b'0' => self.state = State::Number(Number::Zero),
            b'1'..=b'9' => self.state = State::Number(Number::Digits),
            b't' => self.state = State::Literal(b"rue"),
            b'f' => self.state = State::Literal(b"alse"),
            b'n' => self.state = State::Literal(b"ull"),
            _ => return Err(Invalid { offset: at, fault: Fault::Unexpected }),
        }
        events.scalar(at);
        Ok(at + 1)
    }

    fn string(&mut self, role: Role, at: usize, events: &mut impl Events) {
        events.open(role, at + 1);
        self.state = State::Text(role);
    }

    fn enter(&mut self, container: Container, at: usize, events: &mut impl Events) {
        events.enter(container, at);
        self.open.push(container);
        self.state = if container == Container::Object { State::Member } else { State::Element };
    }

    fn leave(&mut self, at: usize, events: &mut impl Events) {
        events.leave(at);
        self.open.pop();
        self.value_end();
    }

    fn value_end(&mut self) {
        self.state = if self.open.is_empty() { State::Done } else { State::After };
    }
}

/// The containers that are open, a bit for each: a document of 100 MB that is
/// nothing but brackets needs 12 MB.
#[derive(Clone, Debug, Default)]
struct Stack {
    bits: Vec<u64>,
    len: usize,
}

impl Stack {
    fn push(&mut self, container: Container) {
        let (word, bit) = (self.len / 64, self.len % 64);
        if word == self.bits.len() {
            self.bits.push(0);
        }
        let mask = 1 << bit;
        match container {
            Container::Object => self.bits[word] |= mask,
            Container::Array => self.bits[word] &= !mask,
        }
        self.len += 1;
    }

    fn pop(&mut self) {
        self.len -= 1;
    }

    fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn is_object(&self) -> bool {
        let Some(top) = self.len.checked_sub(1) else { return false };
        self.bits[top / 64] >> (top % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Deaf;
    impl Events for Deaf {}

    fn lex(pieces: &[&[u8]]) -> Result<(), Invalid> {
        let mut lexer = Lexer::default();
        let whole = pieces.concat();
        let mut end = 0;
        for piece in pieces {
            end += piece.len();
            lexer.push(&whole[..end], end - piece.len(), &mut Deaf)?;
        }
        lexer.finish(whole.len(), &mut Deaf)
    }

    #[test]
    fn agrees_with_a_parser_about_what_is_json() {
        let documents = [
            "",
            " ",
            "0",
            "-0",
            "-",
            "01",
            "1.",
            "1.5",
            ".5",
            "1e5",
            "1e",
            "1E+05",
            "1e-",
            "tru",
            "true",
            "nul",
            "null",
            "falsee",
            "\"",
            "\"a\"",
            "\"\\\"",
            "\"\\u00e9\"",
            "\"\\u00g9\"",
            "\"\\x\"",
            "\"\t\"",
            "[]",
            "[",
            "]",
            "[,]",
            "[1,]",
            "[1 2]",
            "{}",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1,\"a\":2}",
            "{1:2}",
            "[}",
            "{]",
            "[[]",
            "[{}]",
            "{} {}",
            "\u{feff}{}",
            "\"\u{7f}\"",
            "[1]]",
            "{\"a\":[1,{\"b\":null}]}",
            "1 ",
            " 1",
            "[-]",
        ];
        for document in documents {
            let expected = serde_json::from_str::<serde::de::IgnoredAny>(document).is_ok();
            assert_eq!(lex(&[document.as_bytes()]).is_ok(), expected, "{document:?}");
        }
    }

    #[test]
    fn a_document_may_be_cut_anywhere() {
        let whole = br#"{"a\u00e9\n": [1.5e-3, true, "x\"y", null], "b": {}}"#;
        for at in 0..whole.len() {
            assert_eq!(lex(&[&whole[..at], &whole[at..]]), Ok(()), "cut at {at}");
            assert!(lex(&[&whole[..at]]).is_err(), "ends at {at}");
        }
    }

    #[test]
    fn depth_needs_no_stack() {
        let deep = [vec![b'['; 1_000_000], vec![b']'; 1_000_000]].concat();
        assert_eq!(lex(&[&deep]), Ok(()));
        let error = lex(&[&deep[..1_999_999]]).expect_err("an end is missing");
        assert_eq!(error.to_string(), "the document ends too early at byte 1999999");
    }
}
