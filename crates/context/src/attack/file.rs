//! The catalogue of attacks as it is written. Shared with the build script, which is
//! the one place that parses it.

use serde::Deserialize;

/// A file of the catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    provider: String,
    #[serde(rename = "rule")]
    rules: Vec<RuleSource>,
}

/// One kind of attack: where it stands, what it means and what to do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleSource {
    pub(crate) id: String,
    #[serde(skip)]
    pub(crate) provider: String,
    pub(crate) title: String,
    pub(crate) severity: String,
    pub(crate) impact: String,
    pub(crate) fix: String,
    #[serde(default)]
    pub(crate) link: String,
    #[serde(default, rename = "place")]
    pub(crate) places: Vec<PlaceSource>,
    /// Files the rule must find something in.
    #[serde(rename = "match")]
    pub(crate) matches: Vec<Example>,
    /// Files the rule must find nothing in.
    pub(crate) ignore: Vec<Example>,
}

/// A file with its text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    pub(crate) file: String,
    pub(crate) text: String,
}

/// Where an attack stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceSource {
    /// Who obeys the file, for readers of the catalogue.
    pub(crate) assistant: String,
    /// What of the file matters; a setting when nothing is said.
    #[serde(default = "setting")]
    pub(crate) kind: String,
    /// Forms of the last components of the path.
    pub(crate) files: Vec<String>,
    /// Paths of settings; `*` stands for any text of a key, and for every place of a list.
    #[serde(default)]
    pub(crate) at: Vec<String>,
    /// Values that count, case aside; every value does when there are none.
    #[serde(default)]
    pub(crate) is: Vec<String>,
    /// Hosts that may be named.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
}

fn setting() -> String {
    "setting".to_owned()
}

/// The kinds, as files spell them, and as the code does.
pub(crate) const KINDS: [(&str, &str); 3] = [("setting", "Setting"), ("file", "File"), ("hidden-text", "HiddenText")];

/// The severities, as files spell them.
const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

/// Splits a path at its slashes.
pub(crate) fn parts(path: &str) -> Vec<&str> {
    path.trim_start_matches('/').split('/').collect()
}

/// Reads the catalogue, given as names and texts.
///
/// # Errors
///
/// Returns everything that is wrong, with file and rule.
pub(crate) fn read(files: &[(&str, &str)]) -> Result<Vec<RuleSource>, Vec<String>> {
    let (mut rules, mut errors) = (Vec::new(), Vec::new());
    for (name, text) in files {
        match toml::from_str::<File>(text) {
            Ok(file) => {
                let provider = file.provider;
                rules.extend(file.rules.into_iter().map(|rule| RuleSource { provider: provider.clone(), ..rule }));
            }
            Err(err) => errors.push(format!("{name}: {err}")),
        }
    }
    for rule in &rules {
        let mut fault = |what: &str| errors.push(format!("rule `{}` {what}", rule.id));
        if !SEVERITIES.contains(&rule.severity.as_str()) {
            fault("has an unknown severity");
        }
        if rule.places.iter().any(|place| KINDS.iter().all(|(kind, _)| *kind != place.kind)) {
            fault("has a place of an unknown kind");
        }
    }
    if errors.is_empty() { Ok(rules) } else { Err(errors) }
}
