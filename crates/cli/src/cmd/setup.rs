//! What several commands need before they can scan.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use leaktight_context::Attacks;
use leaktight_core::rule::RuleError;
use leaktight_core::{Override, RuleSet, Scanner};

use crate::Hint;
use crate::config::read_small;
use crate::term::{escape_path, unquoted};

/// How much like a name another is that was meant by it, between 0 and 1.
const LIKE: f64 = 0.88;

/// Returns the built-in rules together with those of the files, and those of
/// attacks on assistants behind them.
pub(crate) fn rules(files: &[PathBuf]) -> anyhow::Result<RuleSet> {
    Ok(patterns(files)?.with_parsed(Attacks::rules()))
}

/// Returns the rules about attacks on assistants, which our own hooks are not.
pub(crate) fn attacks() -> Attacks {
    Attacks::builtin().with_own(super::assist::own())
}

/// Returns the rules that have a pattern.
fn patterns(files: &[PathBuf]) -> anyhow::Result<RuleSet> {
    if files.is_empty() {
        return Ok(RuleSet::builtin());
    }
    let texts = read_texts(files)?;
    let named: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    RuleSet::extended(&named).map_err(|errors| complaints(&errors))
}

/// Returns the error of rules that can't be used.
pub(crate) fn complaints(errors: &[RuleError]) -> anyhow::Error {
    let all: Vec<String> = errors.iter().map(complaint).collect();
    Hint::new(all.join("\nerror: "), "run `leaktight rules check FILE` for all that is wrong").into()
}

/// Returns the files that are named, and those of the folders that are named, in order.
pub(crate) fn rule_files(places: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for place in places {
        if !place.is_dir() {
            files.push(place.clone());
            continue;
        }
        let name = escape_path(place);
        let entries = fs::read_dir(place).with_context(|| format!("cannot read the folder `{name}`"))?;
        let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
        let mut found = paths.with_context(|| format!("cannot read the folder `{name}`"))?;
        found.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
        if found.is_empty() {
            return Err(Hint::new(format!("`{name}` holds no rule file"), "rule files end in `.toml`").into());
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}

/// Returns the number of rules that are switched off.
pub(crate) fn n_off(rules: &RuleSet) -> usize {
    (0..rules.len()).filter(|rule_idx| rules.adjusted(*rule_idx).off).count()
}

/// Returns a scanner that uses all rules, for what must not be shown, if some
/// are switched off for what is to be found.
pub(crate) fn with_all_rules(rules: &RuleSet, files: &[PathBuf]) -> anyhow::Result<Option<Scanner>> {
    if n_off(rules) == 0 {
        return Ok(None);
    }
    Ok(Some(Scanner::new(Arc::new(self::rules(files)?))))
}

/// Returns what is wrong with a rule, less what a rule file holds in quotes.
pub(crate) fn complaint(err: &RuleError) -> String {
    let what = match &err.rule {
        Some(rule) => format!("rule `{rule}` {}", err.message),
        None => format!("rule file {}", err.message),
    };
    let place = if err.line == 0 { String::new() } else { format!("\n  at {}:{}:{}", err.file, err.line, err.column) };
    format!("{}{place}", unquoted(&what))
}

/// Returns the texts of files with their names.
pub(crate) fn read_texts(files: &[PathBuf]) -> anyhow::Result<Vec<(String, String)>> {
    let read = |file: &PathBuf| {
        let name = escape_path(file);
        let bytes = read_small(file).with_context(|| format!("cannot read the rule file `{name}`"))?;
        let text =
            String::from_utf8(bytes).map_err(|_| Hint::new(format!("`{name}` is not UTF-8"), "save it as UTF-8"))?;
        Ok((name, text))
    };
    files.iter().map(read).collect()
}

/// Switches all rules off but these.
pub(crate) fn keep_only(rules: &mut RuleSet, ids: &[String]) -> anyhow::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    if let Some(id) = ids.iter().find(|id| rules.find(id).is_none()) {
        return Err(unknown_rule(rules, id));
    }
    let off: Vec<String> =
        rules.rules().iter().map(|rule| rule.id.to_string()).filter(|id| !ids.contains(id)).collect();
    for id in off {
        rules.adjust(&id, Override { off: true, ..Override::default() });
    }
    Ok(())
}

/// The error for a rule that does not exist.
pub(crate) fn unknown_rule(rules: &RuleSet, id: &str) -> anyhow::Error {
    let known = nearest(rules, id).map(|known| format!("; there is `{known}`")).unwrap_or_default();
    let message = format!("there is no rule `{}`{known}", crate::term::escape(id.as_bytes()));
    Hint::new(message, "`leaktight rules list` names them all").into()
}

/// Returns the rule whose name is most like this, if one is like it at all.
pub(crate) fn nearest<'r>(rules: &'r RuleSet, id: &str) -> Option<&'r str> {
    let alike = rules.rules().iter().map(|rule| (strsim::jaro_winkler(&rule.id, id), &*rule.id));
    alike.filter(|(likeness, _)| *likeness >= LIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, id)| id)
}

/// Shares a rule set; one without a rule would find nothing in anything.
pub(crate) fn share(rules: RuleSet) -> anyhow::Result<Arc<RuleSet>> {
    if n_off(&rules) == rules.len() {
        const HINT: &str = "look at --rule, and at `enabled` in leaktight.toml";
        return Err(Hint::new("there are no rules to scan with", HINT).into());
    }
    Ok(Arc::new(rules))
}

/// Returns the first file of a name that belongs to one of the targets.
pub(crate) fn project_file(targets: &[PathBuf], name: &str) -> Option<PathBuf> {
    let places = targets.iter().filter(|target| target.as_os_str() != "-").map(PathBuf::as_path);
    let places =
        if targets.iter().all(|target| target.as_os_str() == "-") { vec![Path::new(".")] } else { places.collect() };
    places.into_iter().find_map(|target| crate::config::find(target, name))
}
