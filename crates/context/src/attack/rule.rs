//! The catalogue of attacks as it is written.

use std::borrow::Cow;

use leaktight_core::{Rule, Severity};
use serde::Deserialize;

use super::glob::Tail;
use super::tree::Node;
use crate::Error;

/// A file of the catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    provider: String,
    #[serde(rename = "rule")]
    rules: Vec<AttackRule>,
}

/// One kind of attack: where it stands, what it means and what to do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttackRule {
    pub(super) id: String,
    #[serde(skip)]
    provider: String,
    title: String,
    severity: Severity,
    impact: String,
    fix: String,
    #[serde(default)]
    link: String,
    #[serde(default, rename = "place")]
    pub(super) places: Vec<Place>,
    /// Files the rule must find something in.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test reads it"))]
    #[serde(rename = "match")]
    pub(super) matches: Vec<Example>,
    /// Files the rule must find nothing in.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test reads it"))]
    pub(super) ignore: Vec<Example>,
}

/// A file with its text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(test), expect(dead_code, reason = "a test reads it"))]
pub(super) struct Example {
    pub(super) file: String,
    pub(super) text: String,
}

/// Where an attack stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// Who obeys the file.
    #[expect(dead_code, reason = "it says to readers of the catalogue who obeys the file")]
    assistant: String,
    #[serde(default)]
    pub(super) kind: Kind,
    /// Forms of the last components of the path.
    #[serde(deserialize_with = "paths")]
    pub(super) files: Vec<Vec<String>>,
    /// Paths of settings; `*` stands for any text of a key, and for every place of a list.
    #[serde(default, deserialize_with = "paths")]
    pub(super) at: Vec<Vec<String>>,
    /// Values that count, case aside; every value does when there are none.
    #[serde(default)]
    is: Vec<String>,
    /// Hosts that may be named.
    #[serde(default)]
    hosts: Vec<String>,
}

/// What of a file matters.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// A setting in it.
    #[default]
    Setting,
    /// That it is there.
    File,
    /// Text in it that people don't see.
    HiddenText,
}

/// Splits paths at their slashes.
fn paths<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<String>>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let split = |text: &String| text.trim_start_matches('/').split('/').map(str::to_owned).collect();
    Ok(texts.iter().map(split).collect())
}

/// Reads a file of the catalogue.
pub(super) fn read(name: &str, text: &str) -> Result<Vec<AttackRule>, Error> {
    let file: File = toml::from_str(text)
        .map_err(|err| Error::Catalogue { file: name.to_owned(), message: err.message().to_owned() })?;
    let provider = file.provider;
    Ok(file.rules.into_iter().map(|rule| AttackRule { provider: provider.clone(), ..rule }).collect())
}

impl AttackRule {
    /// Returns the rule as findings have it.
    pub(super) fn rule(&self) -> Rule {
        let text = |text: &String| Cow::Owned(text.clone());
        let mut rule = Rule::parsed(self.id.clone(), self.severity);
        rule.provider = text(&self.provider);
        rule.title = text(&self.title);
        rule.impact = text(&self.impact);
        rule.revoke = text(&self.fix);
        rule.link = text(&self.link);
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
