//! The baseline: findings that were accepted, by fingerprint.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use leaktight_core::{Finding, Fingerprint, Suppression};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Hint;
use crate::config::read_small;
use crate::term::{escape_path, unquoted};

/// The name of the baseline at the root of a project.
pub(crate) const NAME: &str = ".leaktight-baseline.json";

/// A baseline file.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    /// The version of the format.
    version: u32,
    /// The accepted findings, by fingerprint.
    findings: BTreeMap<String, Accepted>,
}

/// What was accepted under one fingerprint.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    /// The rule, for people.
    rule: String,
    /// Where the first one stood, for people.
    path: String,
    /// How many places were accepted; further ones are new findings.
    count: u64,
}

impl Default for Baseline {
    fn default() -> Self {
        Self { version: 1, findings: BTreeMap::new() }
    }
}

impl Baseline {
    /// Accepts all the findings.
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let mut baseline = Self::default();
        for finding in findings {
            let path = finding.origin.path().map(escape_path).unwrap_or_default();
            let rule = finding.rule().id.clone().into_owned();
            let key = finding.fingerprint.to_string();
            baseline.findings.entry(key).or_insert(Accepted { rule, path, count: 0 }).count += 1;
        }
        baseline
    }

    /// Accepts what another does, too. Both see the same findings, a history more of them.
    pub(crate) fn join(&mut self, other: Self) {
        for (key, accepted) in other.findings {
            let count = accepted.count;
            let ours = self.findings.entry(key).or_insert(accepted);
            ours.count = ours.count.max(count);
        }
    }

    /// Reads a baseline.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        const HINT: &str = "make it anew with `leaktight baseline create`";
        let file = escape_path(path);
        let bytes = read_small(path).with_context(|| format!("cannot read the baseline `{file}`"))?;
        let baseline = Self::parse(&bytes)
            .map_err(|err| Hint::new(format!("`{file}` is not a baseline: {}", unquoted(&err.to_string())), HINT))?;
        if baseline.version != 1 {
            let message = format!("`{file}` is a baseline of version {}, and 1 is supported", baseline.version);
            return Err(Hint::new(message, HINT).into());
        }
        if let Some(key) = baseline.findings.keys().find(|key| Fingerprint::parse(key).is_none()) {
            let message = unquoted(&format!("holds an invalid fingerprint: `{key}`"));
            return Err(Hint::new(format!("`{file}` {message}"), HINT).into());
        }
        Ok(baseline)
    }

    fn parse(bytes: &[u8]) -> serde_json::Result<Self> {
        // A list of the right length would do for an object else.
        let whole: Map<String, Value> = serde_json::from_slice(bytes)?;
        if let Some(Value::Object(findings)) = whole.get("findings")
            && let Some((key, _)) = findings.iter().find(|(_, accepted)| !accepted.is_object())
        {
            return Err(serde_json::Error::custom(format!("what is accepted under `{key}` is no object")));
        }
        serde_json::from_slice(bytes)
    }

    /// Returns the text of the file.
    ///
    /// # Errors
    ///
    /// Returns what writing JSON returned.
    pub(crate) fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Returns the number of accepted findings.
    pub(crate) fn len(&self) -> u64 {
        self.findings.values().map(|accepted| accepted.count).sum()
    }

    /// Marks the findings that were accepted, as many as were, in their order.
    pub(crate) fn suppress(&self, findings: &mut [Finding]) {
        let mut left: BTreeMap<&str, u64> = BTreeMap::new();
        for finding in findings.iter_mut().filter(|finding| finding.suppressed.is_none()) {
            let key = finding.fingerprint.to_string();
            let Some((key, accepted)) = self.findings.get_key_value(&key) else { continue };
            let left = left.entry(key).or_insert(accepted.count);
            if *left > 0 {
                *left -= 1;
                finding.suppressed = Some(Suppression::Baseline);
            }
        }
    }
}
