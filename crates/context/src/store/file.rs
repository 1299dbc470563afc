//! Catalogue files: TOML in, stores out, or an error with the place. Shared with
//! the build script, which is the one place that parses them.

use serde::Deserialize;

/// A catalogue file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreFile {
    /// What the stores of the file are for, such as `cloud`.
    pub(crate) group: String,
    /// The stores.
    #[serde(rename = "path")]
    pub(crate) stores: Vec<StoreSource>,
}

/// One store as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreSource {
    /// A name in kebab case, for ever.
    pub(crate) id: String,
    /// The programs that keep it.
    pub(crate) owner: String,
    /// Where it is; see [`super::Store::files`].
    pub(crate) files: Vec<String>,
    /// File names that match `files` and are no store.
    #[serde(default)]
    pub(crate) except: Vec<String>,
    /// How it is written.
    pub(crate) format: String,
    /// How bad a leak is.
    pub(crate) severity: String,
    /// Whether all of it is secret.
    pub(crate) content: String,
    /// What it holds, to follow "holds".
    pub(crate) holds: String,
    /// Keys whose values are no secret, although all others are.
    #[serde(default)]
    pub(crate) keep: Vec<String>,
}

/// The formats, as files spell them.
pub(crate) const FORMATS: [&str; 14] = [
    "binary",
    "env",
    "ini",
    "json",
    "jsonl",
    "lines",
    "netrc",
    "pem",
    "properties",
    "sqlite",
    "text",
    "toml",
    "xml",
    "yaml",
];

/// Reads the catalogue, given as names and texts.
///
/// # Errors
///
/// Returns everything that is wrong, with file and store.
pub(crate) fn read(files: &[(&str, &str)]) -> Result<Vec<(String, StoreSource)>, Vec<String>> {
    let mut stores: Vec<(String, StoreSource)> = Vec::new();
    let mut errors = Vec::new();
    for (name, text) in files {
        match toml::from_str::<StoreFile>(text) {
            Ok(file) => stores.extend(file.stores.into_iter().map(|store| (file.group.clone(), store))),
            Err(err) => errors.push(format!("{name}: {err}")),
        }
    }
    for (idx, (_, store)) in stores.iter().enumerate() {
        errors.extend(faults(store).into_iter().map(|fault| format!("store `{}` {fault}", store.id)));
        if stores[..idx].iter().any(|(_, other)| other.id == store.id) {
            errors.push(format!("store `{}` stands there twice", store.id));
        }
    }
    if errors.is_empty() { Ok(stores) } else { Err(errors) }
}

/// What is wrong with a store.
fn faults(store: &StoreSource) -> Vec<String> {
    let mut faults = Vec::new();
    let is_kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if store.id.is_empty() || !store.id.bytes().all(is_kebab) {
        faults.push("has an id that is not in kebab case".to_owned());
    }
    if !FORMATS.contains(&store.format.as_str()) {
        faults.push(format!("has a format that is not among {FORMATS:?}"));
    }
    if !["low", "medium", "high", "critical"].contains(&store.severity.as_str()) {
        faults.push("has a severity that is not low, medium, high or critical".to_owned());
    }
    if !["secret", "mixed"].contains(&store.content.as_str()) {
        faults.push("has a content that is not secret or mixed".to_owned());
    }
    if store.content == "mixed" && !store.keep.is_empty() {
        faults.push("keeps keys of a file that is not secret as a whole".to_owned());
    }
    if store.files.is_empty() || store.owner.is_empty() || store.holds.is_empty() {
        faults.push("has no files, owner or holds".to_owned());
    }
    faults.extend(store.files.iter().filter_map(|file| fault_of_pattern(file)));
    faults.extend(store.except.iter().filter(|name| name.contains('/')).map(|name| format!("excepts a path: {name}")));
    faults
}

/// What is wrong with a pattern.
fn fault_of_pattern(pattern: &str) -> Option<String> {
    let rest = pattern.strip_prefix('/').unwrap_or(pattern);
    let odd = |segment: &str| segment.is_empty() || segment == "." || segment == ".." || segment.contains(['\\', '%']);
    let stars = |segment: &str| segment.contains("**") && segment != "**";
    if rest.split('/').any(|segment| odd(segment) || stars(segment)) {
        return Some(format!("has a pattern with an odd segment: {pattern}"));
    }
    let name = pattern.strip_prefix('$').map(|rest| rest.split('/').next().unwrap_or_default());
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if name.is_some_and(|name| !is_name(name)) || pattern.get(1..).unwrap_or_default().contains(['$', '~']) {
        return Some(format!("has a pattern with an odd variable: {pattern}"));
    }
    None
}
