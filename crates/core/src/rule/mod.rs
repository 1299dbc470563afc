//! Rules as data: what a rule is, how a rule file is read, and how a rule is
//! reached by the gate.
//!
//! This module is also compiled into the build script, which turns the built-in
//! pack into constants. It therefore depends on nothing else of this crate.

mod anchor;
mod assigned;
mod file;
mod follow;
mod run;
#[cfg(feature = "schema")]
mod schema;
mod shape;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::anchor::{Anchor, COLD_RUN, Driver, Gate, HOT_RUN, WIDE_RUN};
pub use self::assigned::NAME_WORDS;
pub use self::file::{Example, RuleError, RuleFile, RuleSource, read_rules};
pub use self::follow::{ByteSet, Follow};
#[cfg(feature = "schema")]
pub use self::schema::schema;

/// Text of a rule: borrowed from the program for the built-in pack, owned for
/// rules read at run time.
pub type Text = Cow<'static, str>;
/// A list in a rule, borrowed or owned like [`Text`].
pub type List<T> = Cow<'static, [T]>;

/// One kind of secret: how it looks, what speaks for and against it, and what
/// a person needs to know about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// `provider-thing` in kebab case, for ever.
    pub id: Text,
    /// The provider's display name.
    pub provider: Text,
    /// What is found, for people.
    pub title: Text,
    /// How bad a leak is.
    pub severity: Severity,
    /// The confidence of a match before checks and companions speak.
    pub confidence: Confidence,
    /// The regular expression over bytes.
    pub pattern: Text,
    /// Which sides of a match must not touch a word character.
    pub boundary: Boundary,
    /// Words of which one must stand near a match.
    pub context: List<Text>,
    /// How far before a match a context word may stand, in bytes.
    pub reach: u32,
    /// File names this rule is confined to; `*` stands for any text.
    pub files: List<Text>,
    /// The least Shannon entropy of the secret, in bits per byte.
    pub entropy: f32,
    /// The named checks, in the order they run.
    pub checks: List<Check>,
    /// Rules whose findings near by speak for this one.
    pub companions: List<Companion>,
    /// Facts about the kind of secret.
    pub tags: List<Tag>,
    /// What a holder of the secret can do.
    pub impact: Text,
    /// How to revoke it.
    pub revoke: Text,
    /// The vendor's page about it.
    pub link: Text,
    /// How the gate reaches this rule; derived from the pattern.
    pub gate: Gate,
}

impl Rule {
    /// Returns a rule without a pattern, for what only a parser of whole files
    /// can find. It says nothing about itself yet, and [`Scanner::report`](crate::Scanner::report)
    /// makes its findings.
    pub fn parsed(id: impl Into<Text>, severity: Severity) -> Self {
        let (none, nothing): (List<Text>, Text) = (Cow::Borrowed(&[]), Cow::Borrowed(""));
        Self {
            id: id.into(),
            provider: nothing.clone(),
            title: nothing.clone(),
            severity,
            confidence: Confidence::High,
            pattern: nothing.clone(),
            boundary: Boundary::None,
            context: none.clone(),
            reach: 0,
            files: none,
            entropy: 0.0,
            checks: Cow::Borrowed(&[]),
            companions: Cow::Borrowed(&[]),
            tags: Cow::Borrowed(&[]),
            impact: nothing.clone(),
            revoke: nothing.clone(),
            link: nothing,
            gate: Gate::parser(),
        }
    }

    /// Returns whether what the rule finds is a secret, rather than a setting
    /// that may be shown as it stands.
    pub fn is_secret(&self) -> bool {
        self.gate.driver != Driver::Parser
    }

    /// Returns whether the rule carries `tag`.
    pub fn has_tag(&self, tag: Tag) -> bool {
        self.tags.contains(&tag)
    }

    /// Returns how much a match says by itself: the bits of the literal text
    /// every match holds. The more specific of two overlapping matches wins.
    pub fn specificity(&self) -> u32 {
        self.gate.told
    }
}

/// A rule whose finding near by speaks for this one.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Companion {
    /// The other rule.
    pub id: Text,
    /// The greatest distance between the two secrets, in bytes.
    pub within: u32,
    /// Drop the finding when the companion is missing, rather than raise the
    /// confidence when it is there.
    #[serde(default)]
    pub required: bool,
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident($text:literal),)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name used in rule files and reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Returns the value of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

pub(crate) use named;

named! {
    /// How bad it is when the secret leaks.
    Severity {
        /// Not a secret by itself, worth knowing.
        Info("info"),
        /// Little can be done with it.
        Low("low"),
        /// Limited access.
        Medium("medium"),
        /// Wide access to one service.
        High("high"),
        /// Acts as a person, an organisation or a machine.
        Critical("critical"),
    }
}

named! {
    /// How sure it is that a finding is a secret.
    Confidence {
        /// Worth a look when time allows.
        Low("low"),
        /// More likely a secret than not.
        Medium("medium"),
        /// Almost certainly a secret.
        High("high"),
    }
}

impl Confidence {
    /// Returns the next higher step, or the highest.
    pub fn raised(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            _ => Self::High,
        }
    }
}

named! {
    /// Which sides of a match must not touch a word character.
    Boundary {
        /// Both sides.
        Both("both"),
        /// Only the side before the match.
        Start("start"),
        /// Only the side after the match.
        End("end"),
        /// Neither side.
        None("none"),
    }
}

impl Boundary {
    /// Returns whether the byte before a match counts.
    pub fn at_start(self) -> bool {
        matches!(self, Self::Both | Self::Start)
    }

    /// Returns whether the byte after a match counts.
    pub fn at_end(self) -> bool {
        matches!(self, Self::Both | Self::End)
    }
}

named! {
    /// A fact about the kind of secret.
    Tag {
        /// Meant to be published; reported for information.
        Public("public"),
        /// Opens a test or sandbox account only.
        Test("test"),
        /// Names an account or key and opens nothing alone.
        Identifier("identifier"),
        /// Valid until revoked.
        LongLived("long-lived"),
        /// Expires by itself.
        ShortLived("short-lived"),
        /// Chosen by a person, and so guessable.
        Password("password"),
        /// The private half of a key pair.
        PrivateKey("private-key"),
        /// A URL that accepts messages.
        Webhook("webhook"),
        /// A hash from which a weak password can be recovered.
        Hash("hash"),
    }
}

named! {
    /// A named check of a match beyond its pattern.
    Check {
        /// The last six characters are the base62 CRC-32 of the body (GitHub, npm).
        GithubCrc32("github-crc32"),
        /// As for GitHub, but a token that fails is kept at medium confidence (Vercel).
        VercelCrc32("vercel-crc32"),
        /// As for GitHub, with the prefix included (Deno).
        DenoCrc32("deno-crc32"),
        /// As for Deno, with the digits before the lower-case letters before the upper-case ones (Apify).
        ApifyCrc32("apify-crc32"),
        /// The last eight characters are the CRC-32 of the body in hex (Cloudflare).
        CloudflareCrc32("cloudflare-crc32"),
        /// The last eight characters are the little-endian CRC-32 in hex (Grafana).
        GrafanaCrc32("grafana-crc32"),
        /// The last eight characters are the CRC-32 in upper-case hex (Atlassian).
        AtlassianCrc32("atlassian-crc32"),
        /// The last seven characters are the CRC-32 in base36 (GitLab routable tokens).
        GitlabCrc32("gitlab-crc32"),
        /// The last eight characters are the CRC-32 of the body in hex after `_` (Zuplo).
        ZuploCrc32("zuplo-crc32"),
        /// The last four decoded bytes are the Marvin32 of the key (Azure).
        AzureMarvin("azure-marvin"),
        /// The last four characters are a truncated Marvin32 (Azure common keys).
        AzureCask("azure-cask"),
        /// The BIP-173 checksum holds.
        Bech32("bech32"),
        /// The double SHA-256 checksum of base58check holds.
        Base58("base58check"),
        /// The CRC-16 of a NATS key holds.
        NkeyCrc16("nkey-crc16"),
        /// The words belong to the BIP-39 list and their checksum holds.
        Bip39("bip39"),
        /// The Luhn digit holds.
        Luhn("luhn"),
        /// Three segments whose header and payload are JSON.
        Jwt("jwt"),
        /// An armoured body that is key material; extends the match to its end.
        Pem("pem"),
        /// Base64 of printable `user:password`.
        BasicAuth("basic-auth"),
        /// Decodes as base64.
        Base64("base64"),
        /// Decodes as base64 to a JSON object.
        Base64Json("base64-json"),
        /// An AWS key id that belongs to no documentation or canary account.
        AwsKeyId("aws-key-id"),
        /// A literal rather than a reference, an expression, prose or a placeholder.
        Literal("literal"),
        /// Looks drawn at random rather than written by a person.
        Random("random"),
        /// Holds both cases of letters and a digit.
        Mixed("mixed"),
        /// The password of a URI, and no dummy.
        Userinfo("userinfo"),
        /// The value of an assignment whose name promises a secret.
        Assignment("assignment"),
        /// The random value of an assignment whose name only hints at one.
        Hinted("hinted"),
        /// The password of a connection string, and no dummy.
        Connection("connection"),
        /// A literal that somebody may have chosen for a password, and no dummy.
        Password("password"),
    }
}
