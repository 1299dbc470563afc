//! Named checks: what a match must satisfy beyond its pattern.
//!
//! A check looks at one match and says what follows for its finding. Each has
//! a twin that *repairs* a generated token, so that examples made from a rule's
//! pattern also satisfy its checks.

mod assignment;
mod aws;
mod azure;
mod base64;
mod basic;
mod connection;
mod crc;
mod dice;
mod forms;
mod joint;
mod json;
mod jwt;
mod mnemonic;
mod name;
mod pairs;
mod password;
mod pem;
mod place;
mod random;
mod strength;
mod userinfo;
mod value;
mod wallet;
mod words;

use std::path::Path;

pub(crate) use self::assignment::{is_label, is_public, names_label, standing};
pub(crate) use self::random::{is_jumble, is_random};
pub(crate) use self::words::Words;
use crate::assign::TextKind;
use crate::check::dice::Dice;
use crate::check::joint::Quotes;
use crate::rule::Check;
use crate::span::Span;

/// What the name of an assignment says about its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    /// It may be a secret.
    Telling,
    /// Nothing.
    Unknown,
    /// It is none.
    Harmless,
}

/// What a check looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// The chunk.
    pub(crate) bytes: &'a [u8],
    /// The match.
    pub(crate) whole: Span,
    /// The secret within the match.
    pub(crate) secret: Span,
    /// The file the chunk came from, if it came from one.
    pub(crate) path: Option<&'a Path>,
}

impl<'a> Subject<'a> {
    /// Returns the secret, or no byte when its span lies outside the chunk.
    pub(crate) fn secret_bytes(&self) -> &'a [u8] {
        self.bytes.get(self.secret.range()).unwrap_or_default()
    }

    /// Returns the chunk before the secret.
    fn before(&self) -> &'a [u8] {
        &self.bytes[..self.secret.start.min(self.bytes.len())]
    }

    /// Returns the chunk behind the secret.
    fn after(&self) -> &'a [u8] {
        &self.bytes[self.secret.end.min(self.bytes.len())..]
    }
}

/// What follows from a check for the finding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// Speaks for the finding: its confidence becomes high.
    Pass,
    /// Says nothing.
    Neutral,
    /// Passes, and the secret is this longer span.
    Extend(Span),
    /// Fails, but the shape is unmistakable: the confidence is medium at most.
    Doubt,
    /// Fails: the confidence becomes low.
    Low,
    /// Fails: there is no finding.
    Drop,
}

/// Runs a check on a match.
pub(crate) fn run(check: Check, subject: &Subject<'_>) -> Outcome {
    match verdict(check, subject) {
        Outcome::Low if is_of_long_formats(check) => Outcome::Doubt,
        outcome => outcome,
    }
}

/// Whether the check is of formats so long and unmistakable that a token is
/// worth a look although it fails: vendors have changed such checksums before,
/// while GitHub and npm document theirs.
fn is_of_long_formats(check: Check) -> bool {
    matches!(
        check,
        Check::VercelCrc32
            | Check::DenoCrc32
            | Check::ApifyCrc32
            | Check::CloudflareCrc32
            | Check::GrafanaCrc32
            | Check::AtlassianCrc32
            | Check::ZuploCrc32
            | Check::GitlabCrc32
            | Check::AzureMarvin
            | Check::AzureCask
            | Check::Bech32
            | Check::Base64Json
            | Check::Pem
    )
}

fn verdict(check: Check, subject: &Subject<'_>) -> Outcome {
    let secret = subject.secret_bytes();
    match check {
        Check::GithubCrc32 | Check::VercelCrc32 => crc::check(&crc::GITHUB, secret),
        Check::DenoCrc32 => crc::check(&crc::DENO, secret),
        Check::ApifyCrc32 => crc::check(&crc::APIFY, secret),
        Check::CloudflareCrc32 => crc::check(&crc::CLOUDFLARE, secret),
        Check::GrafanaCrc32 => crc::check(&crc::GRAFANA, secret),
        Check::AtlassianCrc32 => crc::check(&crc::ATLASSIAN, secret),
        Check::ZuploCrc32 => crc::check(&crc::ZUPLO, secret),
        Check::GitlabCrc32 => crc::check_gitlab(subject),
        Check::AzureMarvin => azure::check_key(secret),
        Check::AzureCask => azure::check_cask(secret),
        Check::Bech32 => wallet::check_bech32(secret),
        Check::Base58 => wallet::check_base58(secret),
        Check::NkeyCrc16 => wallet::check_nkey(secret),
        Check::Bip39 => mnemonic::check(secret),
        Check::Luhn => wallet::check_luhn(secret),
        Check::Jwt => jwt::check(secret),
        Check::Pem => pem::check(subject),
        Check::BasicAuth => basic::check(secret),
        Check::Base64 => base64::check(secret),
        Check::Base64Json => json::check(secret),
        Check::AwsKeyId => aws::check(secret),
        Check::Literal if forms::is_field(subject) => Outcome::Drop,
        Check::Literal => value::check_literal(secret),
        Check::Random => random::check(secret),
        Check::Mixed => value::check_mixed(secret),
        Check::Userinfo => userinfo::check(subject),
        Check::Assignment => assignment::check(subject),
        Check::Hinted => assignment::check_hinted(subject),
        Check::Connection => connection::check(subject),
        Check::Password => password::check(secret),
    }
}

/// Changes a generated token until it satisfies the check, where a check needs
/// more than a shape, and returns it with the new range of its secret.
///
/// `token` is the whole match and `secret` the secret's range in it. The same
/// seed gives the same token.
pub(crate) fn repair(check: Check, token: Vec<u8>, secret: Span, seed: u64) -> (Vec<u8>, Span) {
    let mut dice = Dice::new(seed);
    if check == Check::Pem {
        return pem::repair(&token, &mut dice);
    }
    let Some(old) = token.get(secret.range()) else {
        return (token, secret);
    };
    let new = repaired(check, old, &mut dice);
    let span = Span::new(secret.start, secret.start + new.len());
    let rest = &token[secret.end..];
    ([&token[..secret.start], &new, rest].concat(), span)
}

/// Returns the secret changed until it satisfies the check.
fn repaired(check: Check, secret: &[u8], dice: &mut Dice) -> Vec<u8> {
    match check {
        Check::GithubCrc32 | Check::VercelCrc32 => crc::repair(&crc::GITHUB, secret),
        Check::DenoCrc32 => crc::repair(&crc::DENO, secret),
        Check::ApifyCrc32 => crc::repair(&crc::APIFY, secret),
        Check::CloudflareCrc32 => crc::repair(&crc::CLOUDFLARE, secret),
        Check::GrafanaCrc32 => crc::repair(&crc::GRAFANA, secret),
        Check::AtlassianCrc32 => crc::repair(&crc::ATLASSIAN, secret),
        Check::ZuploCrc32 => crc::repair(&crc::ZUPLO, secret),
        Check::GitlabCrc32 => crc::repair_gitlab(secret),
        Check::AzureMarvin => azure::repair_key(secret, dice),
        Check::AzureCask => azure::repair_cask(secret),
        Check::Bech32 => wallet::repair_bech32(secret),
        Check::Base58 => wallet::repair_base58(secret),
        Check::NkeyCrc16 => wallet::repair_nkey(secret),
        Check::Bip39 => mnemonic::repair(secret, dice),
        Check::Luhn => wallet::repair_luhn(secret),
        Check::Jwt => jwt::repair(secret, dice),
        Check::BasicAuth => basic::repair(secret, dice),
        Check::Base64Json => json::repair(secret, dice),
        Check::Random => random::repair(secret, dice),
        Check::Mixed => value::repair_mixed(secret),
        Check::Literal | Check::Userinfo | Check::Assignment | Check::Hinted | Check::Connection | Check::Password => {
            value::repair_literal(secret, dice)
        }
        Check::Pem | Check::Base64 | Check::AwsKeyId => secret.to_vec(),
    }
}

/// Extensions one of which stands for all that the checks judge alike.
const KINDS: [&str; 11] = ["txt", "sql", "c", "swift", "py", "js", "conf", "sh", "mm", "ini", "yml"];

/// Returns a name for which the checks judge as for this one: they look at the
/// extension, at a name that has none, and at a leading `env`. There are a dozen of them,
/// besides names that promise examples.
pub(crate) fn kind_of(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let judged = |name: &str| (TextKind::of(Some(Path::new(name))), Quotes::of(Path::new(name)));
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let promises = ["example", "sample"].iter().any(|word| ending.contains(word));
    let mut alike = KINDS.iter().map(|ending| format!("x.{ending}"));
    let found = if promises { None } else { alike.find(|other| judged(other) == judged(&name)) };
    found.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns the outcome of a check on a token that is all secret.
    pub(super) fn outcome(check: Check, token: &[u8]) -> Outcome {
        let whole = Span::new(0, token.len());
        run(check, &Subject { bytes: token, whole, secret: whole, path: None })
    }

    /// Returns the token after its repair.
    pub(super) fn repair_all(check: Check, token: &[u8]) -> Vec<u8> {
        repair(check, token.to_vec(), Span::new(0, token.len()), 7).0
    }

    /// Asserts that a token passes once repaired, and fails with one character changed.
    pub(super) fn holds_until_changed(check: Check, token: &str, at: usize) {
        let mut token = repair_all(check, token.as_bytes());
        assert_eq!(outcome(check, &token), Outcome::Pass, "{}", token.escape_ascii());
        token[at] = if token[at] == b'q' { b'p' } else { b'q' };
        let failed = if is_of_long_formats(check) { Outcome::Doubt } else { Outcome::Low };
        assert_eq!(outcome(check, &token), failed, "{}", token.escape_ascii());
    }

    #[test]
    fn a_repair_keeps_what_surrounds_the_secret() {
        let token = [b"key=\"ghp_".as_slice(), &[b'a'; 36], b"\""].concat();
        let (repaired, span) = repair(Check::GithubCrc32, token.clone(), Span::new(5, 45), 1);
        assert_eq!(span, Span::new(5, 45));
        assert_eq!(repaired[..39], token[..39]);
        assert_ne!(repaired[39..45], token[39..45], "the checksum was filled in");
    }

    #[test]
    fn every_kind_of_text_has_a_name_of_its_own() {
        for ending in KINDS {
            assert_eq!(kind_of(&format!("A name.{ending}")), format!("x.{ending}"));
        }
        let kinds = ["Main.RS", ".env.local", "Makefile", "c", "a.tsx", ".bashrc", "app.example", "x.env.Sample"];
        let of = ["x.c", "x.ini", "x.txt", "x.js", "x.js", "x.conf", "app.example", "x.env.sample"];
        assert_eq!(kinds.map(kind_of), of);
    }

    /// Bytes near what the checks read: their own words, glued together at random.
    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let parts: Vec<&'static [u8]> = vec![
            b"-----BEGIN RSA PRIVATE KEY-----",
            b"-----END RSA PRIVATE KEY-----",
            b"\\n",
            b"\n",
            b"MIIE",
            b"eyJ",
            b".",
            b"=",
            b"glpat-",
            b".01.abcdefghi",
            b"+ASt",
            b"JQQJ99",
            b"://user:",
            b"@localhost/",
            b"password",
            b" = ",
            b"\"",
            b"${",
            b"xprv",
            b"nsec1",
            b"SU",
            b"AKIA",
            b"abandon ",
            b"LS0tLS1CRUdJTi",
            b"\xc3\xa9",
            b"_",
            b"4242",
            b"%",
            b"ey",
        ];
        let part = prop_oneof![
            proptest::sample::select(parts).prop_map(<[u8]>::to_vec),
            proptest::collection::vec(any::<u8>(), 0..20),
            proptest::collection::vec(proptest::sample::select(b"ABCDEFGHabcdefgh0123456789+/".to_vec()), 0..100),
        ];
        proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn no_check_panics(bytes in texts(), ends in any::<[u8; 4]>(), seed in any::<u64>()) {
            let at = |end: u8| usize::from(end) * (bytes.len() + 4) / 255;
            let (whole, secret) = (Span::new(at(ends[0]), at(ends[1])), Span::new(at(ends[2]), at(ends[3])));
            for check in Check::ALL {
                for secret in [secret, Span::new(0, bytes.len())] {
                    let path = Some(Path::new("a.py"));
                    run(*check, &Subject { bytes: &bytes, whole, secret, path });
                    run(*check, &Subject { bytes: &bytes, whole: secret, secret, path: None });
                    repair(*check, bytes.clone(), secret, seed);
                }
            }
        }

        #[test]
        fn an_extension_holds_the_match_and_stays_in_the_chunk(bytes in texts()) {
            let whole = Span::new(0, bytes.len().min(31));
            let subject = Subject { bytes: &bytes, whole, secret: whole, path: None };
            if let Outcome::Extend(span) = run(Check::Pem, &subject) {
                prop_assert!(span.start <= span.end && span.end <= bytes.len());
            }
        }
    }
}
