//! The catalogue of attacks, compiled when this crate is built.

use std::borrow::Cow;

use leaktight_core::{Rule, Severity};

use super::glob::Tail;
use super::tree::Node;

/// One kind of attack: where it stands, what it means and what to do.
#[derive(Debug)]
pub(super) struct AttackRule {
    pub(super) id: &'static str,
    provider: &'static str,
    title: &'static str,
    severity: Severity,
    impact: &'static str,
    fix: &'static str,
    link: &'static str,
    pub(super) places: &'static [Place],
}

/// Texts, each split at its slashes.
type Paths = &'static [&'static [&'static str]];

/// Where an attack stands.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) kind: Kind,
    /// Forms of the last components of the path.
    pub(super) files: Paths,
    /// Paths of settings; `*` stands for any text of a key, and for every place of a list.
    pub(super) at: Paths,
    /// Values that count, case aside; every value does when there are none.
    is: &'static [&'static str],
    /// Hosts that may be named.
    hosts: &'static [&'static str],
}

/// What of a file matters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A setting in it.
    Setting,
    /// That it is there.
    File,
    /// Text in it that people don't see.
    HiddenText,
}

/// The rules, in the order of their files.
pub(super) static RULES: &[AttackRule] = include!(concat!(env!("OUT_DIR"), "/attacks.rs"));

impl AttackRule {
    /// Returns the rule as findings have it.
    pub(super) fn rule(&self) -> Rule {
        let mut rule = Rule::parsed(self.id, self.severity);
        rule.provider = Cow::Borrowed(self.provider);
        rule.title = Cow::Borrowed(self.title);
        rule.impact = Cow::Borrowed(self.impact);
        rule.revoke = Cow::Borrowed(self.fix);
        rule.link = Cow::Borrowed(self.link);
        rule
    }
}

impl Place {
    /// Returns whether a file is one of these.
    pub(super) fn holds(&self, tail: Tail<'_>) -> bool {
        self.files.iter().any(|forms| tail.ends(forms))
    }

    /// Returns whether a value is one that counts.
    pub(super) fn counts(&self, value: &Node) -> bool {
        if value.is_empty() {
            return false;
        }
        let scalars = value.scalars();
        if !self.is.is_empty() {
            return scalars.iter().any(|text| self.is.iter().any(|known| known.eq_ignore_ascii_case(text)));
        }
        self.hosts.is_empty() || !scalars.iter().all(|text| self.hosts.iter().any(|known| is_host(text, known)))
    }
}

/// Returns whether a URL leads to this host, by HTTPS and without a user.
fn is_host(url: &str, host: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    // A backslash is a slash to some programs, and part of a name to others.
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    authority.strip_suffix(":443").unwrap_or(authority).eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_told_from_what_looks_like_it() {
        let host = "api.anthropic.com";
        for url in ["https://api.anthropic.com", "https://API.anthropic.com:443/v1?x"] {
            assert!(is_host(url, host), "{url}");
        }
        let others = [
            "http://api.anthropic.com",
            "https://api.anthropic.com.x.example",
            "https://api.anthropic.com@x.example/",
            "https://x.example/https://api.anthropic.com",
            "https://api.anthropic.com:8443/",
            "https://api.anthropic.com\\@x.example",
        ];
        for url in others {
            assert!(!is_host(url, host), "{url}");
        }
    }
}
