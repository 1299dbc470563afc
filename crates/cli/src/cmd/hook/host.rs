//! What a hook knows of this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leaktight_context::hook::{self, Assistant, Host, Reply};
use leaktight_context::policy::{Decision, Request};
use leaktight_context::splice::{Document, Node};
use leaktight_context::store::Places;
use leaktight_core::RuleSet;

use crate::args::{HookArgs, ShadowWhen};
use crate::trail;
use crate::vault::{self, Shelf};

/// Answers an event.
pub(super) fn answer(assistant: Assistant, args: &HookArgs, payload: &[u8]) -> Result<Reply, String> {
    let home = vault::home();
    let variable = |name: &str| env::var_os(name);
    let rules = Arc::new(RuleSet::builtin());
    let mut host = Host::new(rules, Places::new(home.as_deref(), &variable));
    host.program = program();
    host.shadow = (args.shadow != ShadowWhen::Never).then(shadow_folder).flatten();
    host.shadow_all = args.shadow == ShadowWhen::Always;
    host.restore = !args.no_restore;
    host.deny_prompts = args.deny_prompts;
    let allows = |commands: &[&str]| assistant == Assistant::ClaudeCode && allowed(commands, home.as_deref());
    host.allows = &allows;
    let policy_for = |folder: &Path| crate::policy::load(folder).map_err(|err| format!("{err:#}"));
    host.policy_for = Some(&policy_for);
    let grant = |request: &Request, decision: &Decision| take_grant(request, decision);
    host.grant = &grant;
    let mut shelf = Shelf::open().map_err(|err| format!("there is no randomness: {err}"))?;
    let n_known = shelf.book.entries().len();
    let reply = hook::answer(assistant, args.event.as_deref(), payload, &mut host, &mut shelf.book);
    if shelf.book.entries().len() > n_known {
        // The answer stands, whether or not its placeholders are known later.
        let _ = shelf.save();
    }
    Ok(record(assistant, args, payload, reply))
}

/// Uses up grants for what the policy asks about. Where that fails it is not granted.
fn take_grant(request: &Request, decision: &Decision) -> Option<String> {
    let shelf = Shelf::find(vault::folder()).ok()?;
    let used = trail::grants(&shelf).ok()?.take(request, decision, &trail::now()).ok()??;
    Some(used.join(","))
}

/// Adds what was decided to the trail. Where that fails an answer stands, with a
/// warning, unless it lets pass what a person granted: each use of a grant is recorded.
fn record(assistant: Assistant, args: &HookArgs, payload: &[u8], mut reply: Reply) -> Reply {
    let Err(why) = trail::append(&reply.records) else { return reply };
    let why = format!("the decision could not be recorded: {why}");
    if trail::used_grant(&reply.records) {
        return hook::refuse(assistant, args.event.as_deref(), payload, &why);
    }
    if reply.stderr.is_empty() {
        reply.stderr = format!("leaktight: {why}");
    }
    reply
}

/// Returns the path of this program.
fn program() -> String {
    let path = env::current_exe().ok().and_then(|path| path.to_str().map(str::to_owned));
    path.unwrap_or_else(|| "leaktight".to_owned())
}

/// Returns the folder for redacted copies.
fn shadow_folder() -> Option<PathBuf> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute() && path.is_dir());
    let runtime = runtime.map(|path| path.join("leaktight"));
    runtime.or_else(|| Some(vault::home()?.join(".cache/leaktight/shadow")))
}

/// Returns whether the settings of Claude Code allow all of these commands.
fn allowed(commands: &[&str], home: Option<&Path>) -> bool {
    let project = env::var_os("CLAUDE_PROJECT_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let files = [project.join(".claude/settings.json"), project.join(".claude/settings.local.json")];
    let user = home.map(|home| home.join(".claude/settings.json"));
    let rules: Vec<String> = files.into_iter().chain(user).flat_map(|file| allow_rules(&file)).collect();
    commands.iter().all(|command| rules.iter().any(|rule| allows(rule, command)))
}

/// Returns the rules of a settings file that allow something.
fn allow_rules(file: &Path) -> Vec<String> {
    let Ok(bytes) = fs::read(file) else { return Vec::new() };
    let Ok(document) = Document::parse(&bytes) else { return Vec::new() };
    let rules = document.root().at(&["permissions", "allow"]);
    rules.into_iter().flat_map(Node::items).filter_map(Node::string).collect()
}

/// Returns whether a rule allows a command.
fn allows(rule: &str, command: &str) -> bool {
    let Some(pattern) = rule.strip_prefix("Bash") else { return false };
    let Some(pattern) = pattern.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else {
        return pattern.is_empty();
    };
    pattern == "*" || pattern == command
}
