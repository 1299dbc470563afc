//! The policy that holds here: built in, the user's, the project's.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use leaktight_context::policy::{Layer, Policy, Rule};
use serde::Deserialize;

use crate::Hint;
use crate::config::{self, Config};
use crate::term::{escape_path, unquoted};

/// The user's own policy.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    /// Built-in rules that do not count, such as `builtin:reveal`.
    #[serde(default)]
    disable: Vec<String>,
    /// Rules of the user.
    #[serde(default)]
    policy: Vec<Rule>,
}

/// Returns the file of the user's own policy: `policy.toml` in the user's
/// folder for configuration.
pub(crate) fn file() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let own = absolute("LEAKTIGHT_HOME");
    let config = || {
        let config = absolute("XDG_CONFIG_HOME").or_else(|| Some(crate::vault::home()?.join(".config")))?;
        Some(config.join("leaktight"))
    };
    own.or_else(config).map(|folder| folder.join("policy.toml"))
}

/// Returns the policy that holds in `folder`.
///
/// # Errors
///
/// Returns what is wrong with a file. A policy that can't be read is never left out.
pub(crate) fn load(folder: &Path) -> anyhow::Result<Policy> {
    let mut policy = Policy::builtin();
    if let Some(file) = file().filter(|file| file.exists()) {
        add_own(&mut policy, &file)?;
    }
    if let Some(file) = config::find(folder, config::NAME) {
        add(&mut policy, Layer::Project, Config::read(&file)?.policy, &file)?;
    }
    Ok(policy)
}

fn add_own(policy: &mut Policy, file: &Path) -> anyhow::Result<()> {
    let path = escape_path(file);
    let bytes = config::read_small(file).with_context(|| format!("cannot read the policy `{path}`"))?;
    let own: Own =
        String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned()).and_then(|text| parse(&text)).map_err(
            |fault| Hint::new(format!("the policy `{path}` {fault}"), "correct it, or move it away to do without"),
        )?;
    for name in &own.disable {
        if !policy.disable(name) {
            let message = format!("the policy `{path}` disables a rule that does not exist: `{}`", name.escape_debug());
            return Err(Hint::new(unquoted(&message), "`leaktight policy list` names them all").into());
        }
    }
    add(policy, Layer::User, own.policy, file)
}

fn parse(text: &str) -> Result<Own, String> {
    toml::from_str(text).map_err(|err| {
        let line = err.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        format!("is not valid in line {line}: {}", unquoted(err.message()).trim())
    })
}

fn add(policy: &mut Policy, layer: Layer, rules: Vec<Rule>, file: &Path) -> anyhow::Result<()> {
    policy.extend(layer, rules).map_err(|fault| {
        let message = format!("`{}`: {fault}", escape_path(file));
        Hint::new(message, "correct the rule; the README describes them").into()
    })
}
