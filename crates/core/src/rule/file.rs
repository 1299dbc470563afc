//! Rule files: TOML in, rules out, or an error with its place.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use regex_syntax::hir::Hir;
use serde::Deserialize;
use toml::Spanned;

use super::{Boundary, Check, Companion, Confidence, Gate, List, Rule, Severity, Tag, Text};

/// A rule file as it is written.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The provider's display name, for all rules of the file.
    pub provider: String,
    /// The rules.
    #[serde(default, rename = "rule")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<RuleSource>"))]
    pub rules: Vec<Spanned<RuleSource>>,
}

/// One rule as it is written.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleSource {
    /// `provider-thing` in kebab case, for ever.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub id: Spanned<String>,
    /// Catalogue entries this rule finds besides the one of its own name.
    #[serde(default)]
    pub covers: Vec<String>,
    /// What is found, for people.
    pub title: String,
    /// How bad a leak is.
    pub severity: Severity,
    /// The confidence of a plain match; high by default, medium with `context`.
    pub confidence: Option<Confidence>,
    /// The regular expression, in the syntax of the `regex` crate, over bytes and with Unicode off.
    /// Its first group is the secret; without a group the whole match is.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub pattern: Spanned<String>,
    /// Whether the pattern is of the whole value of an assignment, and tried on nothing else:
    /// `name = value`, `name: value`, an option, an element, an argument.
    #[serde(default)]
    pub assigned: bool,
    /// Which sides of a match must not touch `[A-Za-z0-9_]`; both by default.
    #[serde(default = "both")]
    pub boundary: Boundary,
    /// Words of which one must stand near a match, in any case. `_`, `-`, a space and nothing are alike in them.
    #[serde(default)]
    pub context: Vec<String>,
    /// How far before a match a context word may stand, in bytes; half as far after it.
    #[serde(default = "reach")]
    pub reach: u32,
    /// File names the rule is confined to; `*` stands for any text.
    #[serde(default)]
    pub files: Vec<String>,
    /// The least Shannon entropy of the secret, in bits per byte.
    #[serde(default)]
    pub entropy: f32,
    /// Named checks, in the order they run.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// Rules whose findings near by speak for this one.
    #[serde(default)]
    pub companions: Vec<Companion>,
    /// Facts about the kind of secret.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// What a holder of the secret can do.
    pub impact: String,
    /// How to revoke it.
    pub revoke: String,
    /// The vendor's page about it.
    #[serde(default)]
    pub link: String,
    /// Texts the rule must find something in. `{token}` stands for a generated match.
    #[serde(rename = "match")]
    pub matches: Vec<Example>,
    /// Texts the rule must find nothing in. `{short}` and `{long}` are a generated match with a character less or more.
    pub ignore: Vec<Example>,
}

/// An example: whole, or in parts so that no scanner trips over the file.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Example {
    /// The text.
    Whole(String),
    /// The parts of the text.
    Parts(Vec<String>),
}

impl Example {
    /// Returns the text with its parts joined.
    pub fn text(&self) -> String {
        match self {
            Self::Whole(text) => text.clone(),
            Self::Parts(parts) => parts.concat(),
        }
    }
}

fn both() -> Boundary {
    Boundary::Both
}

fn reach() -> u32 {
    96
}

/// What is wrong with a rule file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 1.
    pub column: usize,
    /// The rule, when the error belongs to one.
    pub rule: Option<String>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Some(rule) => write!(f, "rule `{rule}` {}", self.message)?,
            None => write!(f, "rule file {}", self.message)?,
        }
        write!(f, "\n  at {}:{}:{}", self.file, self.line, self.column)
    }
}

impl std::error::Error for RuleError {}

/// Reads rule files, given as names and texts; all of them or none. Companions
/// may also be among the ids `known`.
///
/// # Errors
///
/// Returns every error found, with file, line, column and rule: bad syntax,
/// unknown keys, invalid patterns, duplicate ids, companions that don't exist.
pub fn read_rules(files: &[(&str, &str)], known: &[&str]) -> Result<Vec<(Rule, RuleSource)>, Vec<RuleError>> {
    let mut read = Vec::new();
    let mut errors = Vec::new();
    for (name, text) in files {
        match toml::from_str::<RuleFile>(text) {
            Ok(file) => read.extend(file.rules.into_iter().map(|rule| Read::new(name, text, &file.provider, rule))),
            Err(err) => errors.push(syntax_error(name, text, &err)),
        }
    }
    errors.extend(duplicates(&read));
    errors.extend(read.iter().flat_map(|one| one.missing_companions(&read, known)));
    let mut rules = Vec::with_capacity(read.len());
    for one in read {
        match one.compile() {
            Ok(rule) => rules.push((rule, one.source)),
            Err(err) => errors.push(err),
        }
    }
    if errors.is_empty() { Ok(rules) } else { Err(errors) }
}

/// A rule with the file it came from.
struct Read<'a> {
    file: &'a str,
    text: &'a str,
    provider: String,
    source: RuleSource,
}

impl<'a> Read<'a> {
    fn new(file: &'a str, text: &'a str, provider: &str, source: Spanned<RuleSource>) -> Self {
        Self { file, text, provider: provider.to_owned(), source: source.into_inner() }
    }

    fn error(&self, at: usize, message: String) -> RuleError {
        let (line, column) = place(self.text, at);
        let rule = Some(self.source.id.get_ref().clone());
        RuleError { file: self.file.to_owned(), line, column, rule, message }
    }

    fn missing_companions(&self, all: &[Read<'_>], ids: &[&str]) -> Vec<RuleError> {
        let known = |id: &str| ids.contains(&id) || all.iter().any(|other| other.source.id.get_ref() == id);
        self.source
            .companions
            .iter()
            .filter(|companion| !known(&companion.id))
            .map(|companion| {
                let message = format!("names a companion that does not exist: `{}`", companion.id);
                self.error(self.source.id.span().start, message)
            })
            .collect()
    }

    fn compile(&self) -> Result<Rule, RuleError> {
        let source = &self.source;
        self.validate()?;
        let hir = self.parse()?;
        let context: List<Text> = source.context.iter().flat_map(|word| spellings(word)).map(Cow::Owned).collect();
        let default = if context.is_empty() { Confidence::High } else { Confidence::Medium };
        Ok(Rule {
            id: owned(source.id.get_ref()),
            provider: owned(&self.provider),
            title: owned(&source.title),
            severity: source.severity,
            confidence: source.confidence.unwrap_or(default),
            pattern: owned(source.pattern.get_ref()),
            boundary: source.boundary,
            gate: if source.assigned { Gate::assigned(&hir) } else { Gate::derive(&hir, &context, source.boundary) },
            context,
            reach: source.reach,
            files: source.files.iter().map(|name| Cow::Owned(name.clone())).collect(),
            entropy: source.entropy,
            checks: Cow::Owned(source.checks.clone()),
            companions: Cow::Owned(source.companions.clone()),
            tags: Cow::Owned(source.tags.clone()),
            impact: owned(&source.impact),
            revoke: owned(&source.revoke),
            link: owned(&source.link),
        })
    }

    fn validate(&self) -> Result<(), RuleError> {
        let source = &self.source;
        let at_id = source.id.span().start;
        let kebab =
            |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !kebab(source.id.get_ref()) {
            return Err(self.error(at_id, "has an id that is not in kebab case".to_owned()));
        }
        if let Some(word) = source.context.iter().find(|word| spellings(word)[0].len() < 3) {
            return Err(self.error(at_id, format!("has a context word of less than three letters: `{word}`")));
        }
        if !source.entropy.is_finite() || !(0.0..=8.0).contains(&source.entropy) {
            return Err(self.error(at_id, "has an entropy that is not between 0 and 8".to_owned()));
        }
        if source.reach > 4096 {
            return Err(self.error(at_id, "has a reach of more than 4096 bytes".to_owned()));
        }
        Ok(())
    }

    fn parse(&self) -> Result<Hir, RuleError> {
        let pattern = &self.source.pattern;
        let span = pattern.span();
        let hir = parse_pattern(pattern.get_ref()).map_err(|(at, message)| {
            let quote = quote_len(&self.text[span.clone()]);
            self.error(span.start + quote + at, format!("has an invalid pattern: {message}"))
        })?;
        let groups = hir.properties().explicit_captures_len();
        if groups > 1 {
            let message = format!("has {groups} groups in its pattern, where one may name the secret; write `(?:...)`");
            return Err(self.error(span.start, message));
        }
        if hir.properties().minimum_len().is_none_or(|len| len == 0) {
            return Err(self.error(span.start, "has a pattern that matches the empty text".to_owned()));
        }
        Ok(hir)
    }
}

/// Parses a pattern over bytes with Unicode off, with the offset of an error.
fn parse_pattern(pattern: &str) -> Result<Hir, (usize, String)> {
    regex_syntax::ParserBuilder::new().unicode(false).utf8(false).nest_limit(64).build().parse(pattern).map_err(|err| {
        match err {
            regex_syntax::Error::Parse(err) => (err.span().start.offset, err.kind().to_string()),
            regex_syntax::Error::Translate(err) => (err.span().start.offset, err.kind().to_string()),
            _ => (0, "unknown syntax".to_owned()),
        }
    })
}

/// Returns the spellings of a context word, in lower case: its parts joined by
/// nothing, `_`, `-` or a space; of more than three parts all by the same.
fn spellings(word: &str) -> Vec<String> {
    const SEPARATORS: [&str; 4] = ["", "_", "-", " "];
    let lower = word.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split(['_', '-', ' ']).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => vec![lower],
        [one] => vec![(*one).to_owned()],
        [one, two] => SEPARATORS.iter().map(|with| [*one, two].join(with)).collect(),
        [one, two, three] => {
            let pairs = SEPARATORS.iter().flat_map(|left| SEPARATORS.iter().map(move |right| (left, right)));
            pairs.map(|(left, right)| format!("{one}{left}{two}{right}{three}")).collect()
        }
        many => SEPARATORS.iter().map(|with| many.join(with)).collect(),
    }
}

fn owned(text: &str) -> Text {
    Cow::Owned(text.to_owned())
}

fn duplicates(read: &[Read<'_>]) -> Vec<RuleError> {
    let mut first: HashMap<&str, &Read<'_>> = HashMap::new();
    let mut errors = Vec::new();
    for one in read {
        let id = one.source.id.get_ref();
        if let Some(other) = first.insert(id, one) {
            errors.push(one.error(one.source.id.span().start, format!("exists already, in {}", other.file)));
        }
    }
    errors
}

fn syntax_error(file: &str, text: &str, err: &toml::de::Error) -> RuleError {
    let span: Range<usize> = err.span().unwrap_or(0..0);
    let (line, column) = place(text, span.start);
    let rule = enclosing_rule(&text[..span.start.min(text.len())]);
    let message = err.message().trim().replace('\n', ", ");
    RuleError { file: file.to_owned(), line, column, rule, message: format!("does not parse: {message}") }
}

/// The id last given in a text that ends within a rule.
fn enclosing_rule(text: &str) -> Option<String> {
    let rule = &text[text.rfind("[[rule]]")?..];
    let line = rule.lines().find(|line| line.trim_start().starts_with("id"))?;
    line.split('"').nth(1).map(str::to_owned)
}

fn quote_len(literal: &str) -> usize {
    ["'''", "\"\"\""].iter().find(|quote| literal.starts_with(**quote)).map_or(1, |quote| quote.len())
}

fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    (line, before.len() - start + 1)
}
