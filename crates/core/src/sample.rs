//! Examples made from a rule's own shape, so that none need be stored.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::check;
use crate::rule::Rule;
use crate::span::Span;

/// Makes a text that the rule's pattern matches and its checks accept, with the
/// place of the secret in it. The same seed gives the same text.
///
/// The filter may still turn a sample down, say for its entropy; another seed
/// then gives another one.
pub fn sample(rule: &Rule, seed: u64) -> (Vec<u8>, Span) {
    let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(&rule.pattern);
    let mut sampler = Sampler { random: Random(seed | 1), text: Vec::new(), secret: None };
    if let Ok(hir) = hir {
        sampler.write(&hir);
    }
    let secret = sampler.secret.unwrap_or(Span::new(0, sampler.text.len()));
    rule.checks.iter().fold((sampler.text, secret), |(text, secret), check| check::repair(*check, text, secret, seed))
}

/// Fills an example's `{token}`, `{short}` and `{long}`.
pub fn fill_example(rule: &Rule, example: &str, seed: u64) -> Vec<u8> {
    let (token, secret) = sample(rule, seed);
    let last = token.last().copied().unwrap_or(b'x');
    let next = if last.is_ascii_digit() {
        b'7'
    } else if last.is_ascii_lowercase() {
        b'c'
    } else {
        b'C'
    };
    let short = [&token[..secret.end.saturating_sub(1)], &token[secret.end..]].concat();
    let long = [&token[..secret.end], &[next], &token[secret.end..]].concat();
    let mut filled = Vec::new();
    let mut rest = example;
    while let Some(open) = rest.find('{') {
        let forms = [("{token}", &token), ("{short}", &short), ("{long}", &long)];
        filled.extend_from_slice(&rest.as_bytes()[..open]);
        let form = forms.iter().find(|(name, _)| rest[open..].starts_with(name));
        match form {
            Some((name, text)) => {
                filled.extend_from_slice(text);
                rest = &rest[open + name.len()..];
            }
            None => {
                filled.push(b'{');
                rest = &rest[open + 1..];
            }
        }
    }
    filled.extend_from_slice(rest.as_bytes());
    filled
}

struct Random(u64);

impl Random {
    /// Splitmix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

struct Sampler {
    random: Random,
    text: Vec<u8>,
    secret: Option<Span>,
}

impl Sampler {
    fn write(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.text.extend_from_slice(&literal.0),
            HirKind::Class(class) => {
                let byte = self.pick(class);
                self.text.push(byte);
            }
            HirKind::Repetition(repetition) => {
                let least = repetition.min as usize;
                let most = repetition.max.map_or(least + 8, |max| max as usize);
                let spread = (most - least).min(8);
                for _ in 0..least + self.random.below(spread + 1) {
                    self.write(&repetition.sub);
                }
            }
            HirKind::Capture(capture) => {
                let start = self.text.len();
                self.write(&capture.sub);
                self.secret = Some(Span::new(start, self.text.len()));
            }
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.write(part)),
            HirKind::Alternation(parts) => {
                let part = self.random.below(parts.len());
                self.write(&parts[part]);
            }
        }
    }

    /// A byte of the class: a letter or digit nearly always, where it has many.
    fn pick(&mut self, class: &Class) -> u8 {
        let bytes: Vec<u8> = match class {
            Class::Bytes(class) => class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect(),
            Class::Unicode(class) => class
                .ranges()
                .iter()
                .flat_map(|range| range.start()..=range.end())
                .filter_map(|c| u8::try_from(c).ok())
                .collect(),
        };
        let letters: Vec<u8> = bytes.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
        let graphic: Vec<u8> = bytes.iter().copied().filter(u8::is_ascii_graphic).collect();
        let rare = self.random.below(16) == 0 && graphic.len() < 80;
        let from = match (letters.len(), graphic.len()) {
            (8.., _) if !rare => &letters,
            (_, 1..) => &graphic,
            _ => &bytes,
        };
        from.get(self.random.below(from.len())).copied().unwrap_or(b'x')
    }
}
