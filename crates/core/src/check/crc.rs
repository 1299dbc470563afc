//! Tokens that end in the CRC-32 of their body.

use crc::{CRC_32_ISO_HDLC, Crc};

use crate::check::{Outcome, Subject};

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Digits before upper-case before lower-case letters.
const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits before lower-case before upper-case letters.
const BASE62_LOWER: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const HEX: &[u8] = b"0123456789abcdef";
const HEX_UPPER: &[u8] = b"0123456789ABCDEF";

/// How a token carries its checksum.
pub(super) struct Scheme {
    /// The digits of the checksum, zero first.
    digits: &'static [u8],
    /// How many digits it has.
    width: usize,
    /// What the checksum covers.
    cover: Cover,
    /// Whether `_` stands between the body and the checksum, and is not covered.
    separated: bool,
    /// Whether the checksum's bytes are written least significant first.
    little_endian: bool,
}

/// What a checksum covers.
#[derive(PartialEq)]
enum Cover {
    /// What follows the last `_`.
    Body,
    /// The prefix, too.
    Token,
}

/// GitHub, npm and Vercel.
pub(super) const GITHUB: Scheme =
    Scheme { digits: BASE62, width: 6, cover: Cover::Body, separated: false, little_endian: false };
/// Deno Deploy.
pub(super) const DENO: Scheme = Scheme { cover: Cover::Token, ..GITHUB };
/// Apify.
pub(super) const APIFY: Scheme = Scheme { digits: BASE62_LOWER, ..DENO };
/// Cloudflare.
pub(super) const CLOUDFLARE: Scheme = Scheme { digits: HEX, width: 8, ..GITHUB };
/// Grafana service accounts.
pub(super) const GRAFANA: Scheme = Scheme { cover: Cover::Token, separated: true, little_endian: true, ..CLOUDFLARE };
/// Atlassian.
pub(super) const ATLASSIAN: Scheme = Scheme { digits: HEX_UPPER, width: 8, ..DENO };
/// Zuplo.
pub(super) const ZUPLO: Scheme = Scheme { separated: true, ..CLOUDFLARE };
/// Routable GitLab tokens.
const GITLAB: Scheme = Scheme { digits: BASE36, width: 7, ..DENO };

/// Checks the checksum of a token.
pub(super) fn check(scheme: &Scheme, token: &[u8]) -> Outcome {
    let Some((_, stated)) = token.split_last_chunk_at(scheme.width) else {
        return Outcome::Low;
    };
    match checksum(scheme, token) {
        Some(right) if right.eq_ignore_ascii_case(stated) && same_case(scheme, &right, stated) => Outcome::Pass,
        _ => Outcome::Low,
    }
}

/// Returns the token with the right checksum.
pub(super) fn repair(scheme: &Scheme, token: &[u8]) -> Vec<u8> {
    match checksum(scheme, token) {
        Some(right) => [&token[..token.len() - right.len()], &right].concat(),
        None => token.to_vec(),
    }
}

/// Checks a GitLab token; only routable ones have a checksum.
pub(super) fn check_gitlab(subject: &Subject<'_>) -> Outcome {
    let token = subject.secret_bytes();
    if !is_routable(token) {
        return Outcome::Neutral;
    }
    // An instance may put its own prefix before the token, and the checksum
    // covers that, too.
    let before = subject.before();
    let prefix = before.iter().rev().take(32).take_while(|byte| is_token_byte(**byte)).count();
    let prefixed = [&before[before.len() - prefix..], token].concat();
    match check(&GITLAB, token) {
        Outcome::Pass => Outcome::Pass,
        _ => check(&GITLAB, &prefixed),
    }
}

/// Returns the GitLab token with the right checksum, if it is routable.
pub(super) fn repair_gitlab(token: &[u8]) -> Vec<u8> {
    if is_routable(token) { repair(&GITLAB, token) } else { token.to_vec() }
}

/// Whether the last segment is a length in two characters and a checksum.
fn is_routable(token: &[u8]) -> bool {
    let Some(dot) = memchr::memrchr(b'.', token) else {
        return false;
    };
    let last = &token[dot + 1..];
    last.len() == 9 && last.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// Computes the checksum a token should end in.
fn checksum(scheme: &Scheme, token: &[u8]) -> Option<Vec<u8>> {
    let (mut covered, _) = token.split_last_chunk_at(scheme.width)?;
    if scheme.separated {
        covered = covered.strip_suffix(b"_")?;
    }
    if scheme.cover == Cover::Body {
        covered = &covered[memchr::memrchr(b'_', covered)? + 1..];
    }
    let crc = CRC.checksum(covered);
    let crc = if scheme.little_endian { crc.swap_bytes() } else { crc };
    Some(digits(crc, scheme.digits, scheme.width))
}

/// Writes a number in a number system, padded with zeros.
pub(super) fn digits(mut number: u32, system: &[u8], width: usize) -> Vec<u8> {
    let base = system.len() as u32;
    let mut text = vec![system[0]; width];
    for place in text.iter_mut().rev() {
        *place = system[(number % base) as usize];
        number /= base;
    }
    text
}

/// Whether the case of the letters is right; it carries nothing in hex.
fn same_case(scheme: &Scheme, right: &[u8], stated: &[u8]) -> bool {
    scheme.digits.len() == 16 || right == stated
}

/// A split counted from the end.
trait SplitLast {
    fn split_last_chunk_at(&self, width: usize) -> Option<(&[u8], &[u8])>;
}

impl SplitLast for [u8] {
    fn split_last_chunk_at(&self, width: usize) -> Option<(&[u8], &[u8])> {
        self.len().checked_sub(width).map(|at| self.split_at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{holds_until_changed, outcome, repair_all};
    use crate::rule::Check;
    use crate::span::Span;

    const BODY: &str = "kL9mQ2xR7vT4wZ1bN6cH3jF8dG5sA0pX";

    #[test]
    fn a_checksum_holds_until_a_character_changes() {
        let github = format!("ghp_{}000000", &BODY[..30]);
        holds_until_changed(Check::GithubCrc32, &github, 10);
        holds_until_changed(Check::GithubCrc32, &github, 38);
        holds_until_changed(Check::DenoCrc32, &format!("ddp_{}000000", &BODY[..30]), 0);
        holds_until_changed(Check::ApifyCrc32, &format!("apify_api_{}000000", &BODY[..30]), 0);
        holds_until_changed(Check::CloudflareCrc32, &format!("cfut_{BODY}{}00000000", &BODY[..8]), 20);
        holds_until_changed(Check::GrafanaCrc32, &format!("glsa_{BODY}_00000000"), 0);
        holds_until_changed(Check::AtlassianCrc32, &format!("ATATT3{}=00000000", BODY.repeat(5)), 0);
        holds_until_changed(Check::ZuploCrc32, &format!("zpka_{BODY}_00000000"), 6);
        holds_until_changed(Check::GitlabCrc32, &format!("glpat-{BODY}.01.0t0000000"), 0);
    }

    #[test]
    fn the_checksum_is_the_common_crc_32() {
        assert_eq!(digits(CRC.checksum(b"123456789"), HEX, 8), b"cbf43926");
        assert_eq!(digits(62 * 62 - 1, BASE62, 6), b"0000zz");
    }

    #[test]
    fn the_prefix_of_a_github_token_is_not_covered() {
        let token = repair_all(Check::GithubCrc32, format!("ghp_{}000000", &BODY[..30]).as_bytes());
        let other = [b"ghs_", &token[4..]].concat();
        assert_eq!(outcome(Check::GithubCrc32, &other), Outcome::Pass);
    }

    #[test]
    fn a_gitlab_token_without_a_checksum_is_neutral() {
        assert_eq!(outcome(Check::GitlabCrc32, format!("glpat-{}", &BODY[..20]).as_bytes()), Outcome::Neutral);
    }

    #[test]
    fn a_gitlab_instance_may_put_a_prefix_before_the_token() {
        let token = repair_all(Check::GitlabCrc32, format!("corp-glpat-{BODY}.01.0t0000000").as_bytes());
        let text = [b"token=".as_slice(), &token].concat();
        let secret = Span::new(11, text.len());
        let subject = Subject { bytes: &text, whole: secret, secret, path: None };
        assert_eq!(check_gitlab(&subject), Outcome::Pass);
    }
}
