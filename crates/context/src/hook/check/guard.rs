//! What decides about assistants, which no assistant may change: the folders of this
//! program, and the settings that have an assistant call it.

use std::path::Path;

use super::super::call::Call;
use super::super::tool::{self, Tool};
use super::super::{Host, message};
use super::file;
use crate::shell::{self, How, Script, Touch};
use crate::splice::Node;
use crate::store::Places;

/// The folders of this program: its policy, grants, trail and vault.
const OWN: &[&str] =
    &["~/.config/leaktight/**", "~/.local/share/leaktight/**", "~/.local/state/leaktight/**", "$LEAKTIGHT_HOME/**"];
/// The files from which assistants take their hooks, and whether they run any.
const HOOKS: &[&str] = &[
    ".claude/settings.json",
    ".claude/settings.local.json",
    "$CLAUDE_CONFIG_DIR/settings.json",
    "$CLAUDE_CONFIG_DIR/settings.local.json",
    ".codex/hooks.json",
    ".codex/config.toml",
    "$CODEX_HOME/hooks.json",
    "$CODEX_HOME/config.toml",
    ".gemini/settings.json",
    ".cursor/hooks.json",
    ".codeium/windsurf/hooks.json",
    ".windsurf/hooks.json",
    ".copilot/hooks/leaktight.json",
    ".github/hooks/leaktight.json",
    "opencode/plugin/leaktight.js",
    ".opencode/plugin/leaktight.js",
    "Cline/Hooks/PreToolUse",
    "Cline/Hooks/PostToolUse",
    "Cline/Hooks/UserPromptSubmit",
    ".clinerules/hooks/PreToolUse",
    ".clinerules/hooks/PostToolUse",
    ".clinerules/hooks/UserPromptSubmit",
    ".kiro/hooks/leaktight.json",
];
/// How many names of a script are looked at.
const MAX_NAMES: usize = 1_000;

/// Returns why a tool that is no reader may not be given this, if it may not.
pub(super) fn of_tool(input: Node<'_>, call: &Call<'_>, host: &Host<'_>) -> Option<String> {
    let kind = tool::kind(&call.tool);
    if matches!(kind, Tool::Read | Tool::Search) || kind != Tool::Write && reads_by_name(&call.tool) {
        return None;
    }
    let named = tool::paths(input).into_iter().map(|(name, _)| name);
    let texts = if kind == Tool::Write { strings(input) } else { Vec::new() };
    let patched = texts.iter().flat_map(|text| patched(text)).map(str::to_owned);
    named.chain(patched).find_map(|name| of_file(&name, call, host))
}

/// Returns why a patch may not be applied, if it may not.
pub(super) fn of_patch(text: &str, call: &Call<'_>, host: &Host<'_>) -> Option<String> {
    patched(text).find_map(|name| of_file(name, call, host))
}

/// Returns why a script may not run, if it changes what decides about assistants.
pub(super) fn of_script(text: &str, script: &Script, (call, host): (&Call<'_>, &Host<'_>)) -> Option<String> {
    let changing = script.touches.iter().filter(|touch| touch.how != How::Reads);
    let mut seen = Vec::new();
    for touch in changing {
        let name = (&touch.target, &touch.folders, touch.how);
        if seen.contains(&name) || seen.len() > MAX_NAMES {
            continue;
        }
        seen.push(name);
        if let Some(what) = touched(touch, call, host) {
            return Some(refusal(&touch.target.text, what));
        }
    }
    let patch = of_patch(text, call, host);
    let hidden = || {
        let what = shell::mentions_governing(text).map(|what| governs("leaktight", what));
        let names = shell::names(text).into_iter().take(MAX_NAMES);
        what.or_else(|| names.into_iter().find_map(|name| of_file(name, call, host)))
    };
    patch.or_else(|| if script.sound { None } else { hidden() })
}

/// Returns why a command of this program is left to a person.
pub(super) fn governs(program: &str, what: &str) -> String {
    format!(
        "`{}` would {what}, which only a person may do: ask the user to run it by hand, in a terminal of their own.",
        message::clean(program)
    )
}

fn of_file(name: &str, call: &Call<'_>, host: &Host<'_>) -> Option<String> {
    let paths = file::candidates(name, call.cwd(), &[], &host.places);
    paths.iter().find_map(|path| find(path, &host.places)).map(|what| refusal(name, what))
}

fn touched(touch: &Touch, call: &Call<'_>, host: &Host<'_>) -> Option<&'static str> {
    let name = &touch.target.text;
    if name.is_empty() || name.len() > 4096 {
        return None;
    }
    let mut paths = file::candidates(name, call.cwd(), &touch.folders, &host.places);
    if touch.target.glob {
        paths.extend(file::globbed(name, call.cwd(), &touch.folders, &host.places));
    }
    let removes = touch.how == How::Removes;
    paths.iter().find_map(|path| find(path, &host.places).or_else(|| below(path, &host.places).filter(|_| removes)))
}

/// Returns what a file decides, if it decides about assistants.
fn find(path: &Path, places: &Places<'_>) -> Option<&'static str> {
    let is = |patterns: &[&str]| patterns.iter().any(|pattern| places.matches(pattern, path));
    if is(OWN) {
        return Some("belongs to Leaktight itself and decides what an assistant may do");
    }
    is(HOOKS).then_some("says which hooks look at what an assistant does")
}

/// Returns what a file below a folder decides that would go with it.
fn below(folder: &Path, places: &Places<'_>) -> Option<&'static str> {
    let roots = OWN.iter().flat_map(|pattern| places.roots(pattern));
    let folders = roots.map(|(root, rest)| root.join(rest.trim_end_matches("**")));
    let own = folders.into_iter().find(|path| path.starts_with(folder) && path.exists());
    let hooks = HOOKS.iter().filter_map(|pattern| {
        let (_, rest) = pattern.split_once('/')?;
        let inner = [Some(rest), rest.rsplit_once('/').map(|(_, name)| name)];
        inner
            .into_iter()
            .flatten()
            .map(|rest| folder.join(rest))
            .find(|path| places.matches(pattern, path) && path.exists())
    });
    own.into_iter().chain(hooks).find_map(|path| find(&path, places))
}

fn refusal(name: &str, what: &str) -> String {
    format!(
        "`{}` {what}, so only a person may change it: ask the user to do that by hand, in an editor or a terminal of \
         their own (`leaktight install` and `leaktight uninstall` add and remove hooks).",
        message::clean(name)
    )
}

/// Whether a tool of which nothing else is known says by its name that it only reads.
fn reads_by_name(tool: &str) -> bool {
    let lower = tool.to_ascii_lowercase();
    let last = lower.rsplit("__").next().unwrap_or_default();
    ["read", "get", "list", "search", "view", "find", "stat"].iter().any(|verb| last.starts_with(verb))
}

/// Returns the files that a patch in the form of Codex changes.
fn patched(text: &str) -> impl Iterator<Item = &str> {
    const HEADS: [&str; 4] = ["*** Update File: ", "*** Add File: ", "*** Delete File: ", "*** Move to: "];
    text.lines().filter_map(|line| HEADS.iter().find_map(|head| line.trim_start().strip_prefix(head))).map(str::trim)
}

/// Returns the strings of a value.
fn strings(node: Node<'_>) -> Vec<String> {
    let (mut texts, mut nodes) = (Vec::new(), vec![node]);
    while let Some(node) = nodes.pop() {
        nodes.extend(node.entries().map(|(_, child)| child));
        nodes.extend(node.items());
        texts.extend(node.string());
    }
    texts
}
