//! `leaktight.toml`, the configuration of a project.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Context as _;
use leaktight_core::{Confidence, Fingerprint, Override, RuleSet, Severity};
use leaktight_fs::Globs;
use serde::Deserialize;

use crate::Hint;
use crate::term::{escape_path, unquoted};

/// The name of the configuration at the root of a project.
pub(crate) const NAME: &str = "leaktight.toml";
/// Bytes of a configuration or baseline, at most.
const LARGEST: u64 = 16 << 20;

/// The configuration of a project. Unknown keys are errors.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// What is scanned.
    #[serde(default)]
    pub(crate) scan: ScanConfig,
    /// Changes to rules, by id.
    #[serde(default)]
    pub(crate) rules: BTreeMap<toml::Spanned<String>, RuleConfig>,
    /// What assistants may do: a project can only make it stricter.
    #[serde(default)]
    pub(crate) policy: Vec<leaktight_context::policy::Rule>,
    /// Findings that are accepted.
    #[serde(default)]
    pub(crate) suppress: Vec<Suppress>,
}

/// What is scanned.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScanConfig {
    /// Globs of files and folders to leave out.
    #[serde(default)]
    pub(crate) exclude: Vec<toml::Spanned<String>>,
    /// Marks of other programs that count like `leaktight:allow`.
    #[serde(default)]
    pub(crate) marks: Vec<toml::Spanned<String>>,
}

/// Characters of a mark, at least.
const SHORTEST_MARK: usize = 6;

/// Changes to a rule.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleConfig {
    /// Whether the rule is used.
    pub(crate) enabled: Option<bool>,
    /// The severity to report.
    pub(crate) severity: Option<Severity>,
    /// The confidence of a plain match.
    pub(crate) confidence: Option<Confidence>,
}

/// A finding that is accepted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suppress {
    /// The fingerprint, as reports print it.
    pub(crate) fingerprint: toml::Spanned<String>,
    /// Why it is accepted; for people.
    #[serde(rename = "reason")]
    pub(crate) _reason: Option<String>,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it and where.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = read_small(path).with_context(|| format!("cannot read `{}`", escape_path(path)))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Hint::new(format!("`{}` is not UTF-8", escape_path(path)), "save the file as UTF-8"))?;
        let config: Self = toml::from_str(&text).map_err(|err| {
            let at = err.span().map_or(0, |span| span.start);
            located(path, &text, at, &format!("is not a valid configuration: {}", unquoted(err.message())))
        })?;
        config.check_globs(path, &text)?;
        config.check_marks(path, &text)?;
        Ok(config)
    }

    fn check_globs(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        for glob in &self.scan.exclude {
            if let Err(err) = Globs::new(&[], &[glob.get_ref().clone()]) {
                let cause = err.source().map_or_else(|| err.to_string(), ToString::to_string);
                let message = unquoted(&format!("has an invalid glob in `scan.exclude`: {cause}"));
                return Err(located(path, text, glob.span().start, &message));
            }
        }
        Ok(())
    }

    fn check_marks(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        // One that stands everywhere would let everything pass.
        let is_short = |mark: &&toml::Spanned<String>| mark.get_ref().trim().len() < SHORTEST_MARK;
        let Some(mark) = self.scan.marks.iter().find(is_short) else { return Ok(()) };
        let message = format!("has a mark in `scan.marks` of less than {SHORTEST_MARK} characters");
        Err(located(path, text, mark.span().start, &message))
    }

    /// Applies the changes to the rules.
    ///
    /// # Errors
    ///
    /// Returns the first rule that does not exist.
    pub(crate) fn adjust(&self, path: &Path, rules: &mut RuleSet) -> anyhow::Result<()> {
        for (id, change) in &self.rules {
            let change = Override {
                off: change.enabled == Some(false),
                severity: change.severity,
                confidence: change.confidence,
            };
            if !rules.adjust(id.get_ref(), change) {
                let text = fs::read_to_string(path).unwrap_or_default();
                let known = crate::cmd::setup::nearest(rules, id.get_ref());
                let known = known.map(|known| format!("; there is `{known}`")).unwrap_or_default();
                let message = unquoted(&format!("names a rule that does not exist: `{}`{known}", id.get_ref()));
                return Err(located(path, &text, id.span().start, &message));
            }
        }
        Ok(())
    }

    /// Returns the fingerprints that are accepted.
    ///
    /// # Errors
    ///
    /// Returns the first that is none.
    pub(crate) fn fingerprints(&self, path: &Path) -> anyhow::Result<Vec<Fingerprint>> {
        let parse = |one: &Suppress| {
            Fingerprint::parse(one.fingerprint.get_ref()).ok_or_else(|| {
                let text = fs::read_to_string(path).unwrap_or_default();
                let message = "holds a fingerprint that is not 24 hexadecimal digits";
                located(path, &text, one.fingerprint.span().start, message)
            })
        };
        self.suppress.iter().map(parse).collect()
    }
}

/// Finds a file of a project for a target: in the folder itself or in those
/// above it, up to the root of its repository.
///
/// Outside a repository the search ends at the current folder: others may write
/// to those above, such as `/tmp`, and configuration can hide what is found.
pub(crate) fn find(target: &Path, name: &str) -> Option<PathBuf> {
    let folder = if target.is_dir() { target } else { target.parent()? };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let whole = folder.canonicalize().ok()?;
    let here = Path::new(".").canonicalize().ok()?;
    let repository = whole.ancestors().find(|above| above.join(".git").exists());
    let top = repository.unwrap_or(if whole.starts_with(&here) { &here } else { &whole });
    // A link could lead anywhere, so none is followed here.
    let is_file = |path: &PathBuf| path.symlink_metadata().is_ok_and(|meta| meta.is_file());
    let found =
        whole.ancestors().take_while(|above| above.starts_with(top)).map(|above| above.join(name)).find(is_file)?;
    Some(if found.parent() == Some(&whole) { folder.join(name) } else { found })
}

/// Reads a file that people write or we do; a large one is an error.
///
/// # Errors
///
/// Returns what reading returned, or that the file is too large.
pub(crate) fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let meta = fs::metadata(path)?;
    if !meta.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if meta.len() > LARGEST {
        return Err(io::Error::other(format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    fs::read(path)
}

fn located(path: &Path, text: &str, at: usize, message: &str) -> anyhow::Error {
    let before = &text[..at.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1) + 1;
    let file = escape_path(path);
    Hint::new(
        format!("`{file}` {}\n  at {file}:{line}:{column}", message.trim()),
        "the README describes leaktight.toml; --no-project-config scans without it",
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_errors() {
        assert!(toml::from_str::<Config>("[scan]\nexclud = []").is_err());
        assert!(toml::from_str::<Config>("[rules.github-pat]\noff = true").is_err());
        assert!(toml::from_str::<Config>("[rules.x]\nenabled = false\n[[suppress]]\nfingerprint = \"a\"").is_ok());
    }
}
