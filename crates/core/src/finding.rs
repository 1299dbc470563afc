//! What a scan reports.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::chunk::Origin;
use crate::rule::{Check, Confidence, Rule, Severity, Tag};
use crate::ruleset::RuleSet;
use crate::secret::Secret;
use crate::span::{Position, Span};

/// A secret that was found, and where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The rules of the scan.
    pub rules: Arc<RuleSet>,
    /// Index of the rule that matched.
    pub rule_idx: usize,
    /// Where the bytes came from, and how they were decoded.
    pub origin: Arc<Origin>,
    /// Offset of the secret within the origin's root, in bytes.
    pub offset: u64,
    /// Bytes of the root that hold the secret: as many as it has itself, or
    /// those of the text that stands for it.
    pub length: usize,
    /// The secret, decoded.
    pub secret: Secret,
    /// Where the secret starts.
    pub start: Position,
    /// The position behind the secret's last byte.
    pub end: Position,
    /// The line the secret starts on, clipped round it.
    pub excerpt: Excerpt,
    /// How sure it is that this is a secret.
    pub confidence: Confidence,
    /// How bad a leak is; the rule's unless configuration says otherwise.
    pub severity: Severity,
    /// Why the finding stands and why it has its confidence.
    pub reasons: Vec<Reason>,
    /// Identifies the finding wherever it moves.
    pub fingerprint: Fingerprint,
    /// Why the finding is not to be reported, if it is not.
    pub suppressed: Option<Suppression>,
}

impl Finding {
    /// Returns the rule that matched.
    pub fn rule(&self) -> &Rule {
        self.rules.rule(self.rule_idx)
    }

    /// Returns the secret as it may be shown.
    pub fn masked(&self) -> String {
        let rule = self.rule();
        if !rule.is_secret() {
            // Into reports, which escape it: it is the name of a setting.
            return String::from_utf8_lossy(self.secret.expose()).into_owned();
        }
        let chosen = rule.has_tag(Tag::Password) || rule.checks.contains(&Check::BasicAuth);
        if chosen || rule.has_tag(Tag::PrivateKey) {
            return Secret::HIDDEN.to_owned();
        }
        // The literal text a rule demands is public; what follows is not.
        let bytes = self.secret.expose();
        let prefix = rule.gate.anchors.iter().filter(|anchor| bytes.starts_with(&anchor.text));
        self.secret.mask(prefix.map(|anchor| anchor.text.len()).max().unwrap_or(0).min(16))
    }
}

/// A line, clipped, and what in it must be masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The bytes of the line round the secret.
    pub text: Secret,
    /// The part that is this finding's secret.
    pub mark: Span,
    /// Every part that is a secret, this one included; in order and disjoint.
    pub secrets: Vec<Span>,
}

/// Why a finding stands, falls, or has its confidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "detail")]
#[non_exhaustive]
pub enum Reason {
    /// The pattern matched.
    Pattern,
    /// The file sets it.
    Setting,
    /// A context word stands near.
    Context(String),
    /// A check held.
    Passed(&'static str),
    /// A check failed.
    Failed(&'static str),
    /// A companion stands near.
    Companion(String),
    /// A companion that must be there is missing.
    NoCompanion(String),
    /// The entropy in bits per byte, where the rule asks for some.
    Entropy(f32),
    /// The match touches a word character.
    Boundary,
    /// No context word stands near.
    NoContext,
    /// The file's name is not one the rule is confined to.
    OtherFile,
    /// No token run with a digit, or none long enough.
    NoRun,
    /// The value is a placeholder, with what gave it away.
    Placeholder(&'static str),
    /// The file, or the text before the value, says that it is an example.
    Example,
    /// A more specific rule matched the same place.
    Overlap(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern => write!(f, "the pattern matches"),
            Self::Setting => write!(f, "the file sets it"),
            Self::Context(word) => write!(f, "`{word}` stands near"),
            Self::Passed(check) => write!(f, "the check {check} holds"),
            Self::Failed(check) => write!(f, "the check {check} fails"),
            Self::Companion(id) => write!(f, "a finding of {id} stands near"),
            Self::NoCompanion(id) => write!(f, "no finding of {id} stands near"),
            Self::Entropy(bits) => write!(f, "the entropy is {bits:.2} bits per byte"),
            Self::Boundary => write!(f, "the match is part of a longer word"),
            Self::NoContext => write!(f, "no context word of the rule stands near"),
            Self::OtherFile => write!(f, "the rule is confined to files of other names"),
            Self::NoRun => write!(f, "the token holds no digit"),
            Self::Placeholder(face) => write!(f, "the value is a placeholder: {face}"),
            Self::Example => write!(f, "the file or the text before it announces an example"),
            Self::Overlap(id) => write!(f, "{id} says more about the same place"),
        }
    }
}

/// Why a finding is not reported.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Suppression {
    /// A mark `leaktight:allow` on its line.
    Inline,
    /// Its fingerprint is in the baseline.
    Baseline,
    /// Its fingerprint is in the configuration.
    Config,
}

/// Identifies a finding without telling the secret.
///
/// It depends on the rule and on the secret when that is too random to guess.
/// Of a secret that could be guessed it holds four bits only, and the line round
/// it with the secret left out. It does not depend on file names, line numbers
/// or white space.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fingerprint([u8; 12]);

impl Fingerprint {
    /// Computes the fingerprint of a secret found by a rule; `line` is the text
    /// round the secret, in the two parts before and after it.
    pub fn new(rule: &Rule, secret: &[u8], line: (&[u8], &[u8])) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"leaktight fingerprint 1\0");
        hash.update(rule.id.as_bytes());
        if is_random(rule, secret) {
            hash.update(b"\0secret\0");
            hash.update(secret);
        } else {
            hash.update(b"\0line\0");
            hash.update([Sha256::digest(secret)[0] & 0x0f]);
            for part in [line.0, b"\0".as_slice(), line.1] {
                let visible: Vec<u8> = part.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
                hash.update(&visible);
            }
        }
        let digest = hash.finalize();
        let mut short = [0; 12];
        short.copy_from_slice(&digest[..12]);
        Self(short)
    }

    /// Reads the form that `Display` writes, 24 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether a secret is too random to be guessed from its hash: drawn by a
/// machine, and with at least 72 bits in what follows the rule's literal text.
fn is_random(rule: &Rule, secret: &[u8]) -> bool {
    if rule.has_tag(Tag::Password) || !rule.is_secret() {
        return false;
    }
    let literal = rule.gate.anchors.iter().map(|anchor| anchor.text.len()).max().unwrap_or(0);
    let body = &secret[literal.min(secret.len())..];
    f64::from(crate::entropy::shannon(body)) * body.len() as f64 >= 72.0
}
