//! What else settings say: hooks switched off, undone by others, or not trusted, and
//! requests that go elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use leaktight_context::hook::Assistant;
use leaktight_context::splice::{Document, Node};

use super::super::merge::is_call;
use super::trust;
use crate::term::{escape, escape_path};

/// Bytes of a settings file or a script, at most.
const LARGEST: u64 = 1 << 20;
/// What an answer holds that changes what a tool printed or is given.
const REWRITES: [&str; 2] = ["updatedToolOutput", "updatedInput"];

/// Returns what keeps the hooks of an assistant from doing what they are for.
pub(super) fn faults(assistant: Assistant, files: &[&Path]) -> Vec<String> {
    match assistant {
        Assistant::ClaudeCode => {
            let local = files.iter().map(|file| file.with_file_name("settings.local.json"));
            let all: Vec<PathBuf> = files.iter().map(|file| file.to_path_buf()).chain(local).collect();
            all.iter().flat_map(|file| claude(file)).collect()
        }
        Assistant::Codex => files.iter().flat_map(|file| trust::faults(file)).collect(),
        Assistant::Gemini => files.iter().flat_map(|file| gemini(file)).collect(),
        _ => Vec::new(),
    }
}

/// Reads a settings file; one that is not there or no JSON says nothing.
fn settings(file: &Path) -> Option<Vec<u8>> {
    fs::metadata(file).ok().filter(|meta| meta.is_file() && meta.len() <= LARGEST)?;
    fs::read(file).ok().filter(|bytes| Document::parse(bytes).is_ok())
}

fn claude(file: &Path) -> Vec<String> {
    let Some(bytes) = settings(file) else { return Vec::new() };
    let Ok(document) = Document::parse(&bytes) else { return Vec::new() };
    let (root, shown) = (document.root(), escape_path(file));
    let mut faults = Vec::new();
    for switch in ["disableAllHooks", "allowManagedHooksOnly"] {
        if root.get(switch).is_some_and(|node| node.raw() == b"true") {
            faults.push(format!("`{shown}` switches all hooks off: `{switch}`"));
        }
    }
    for name in ["ANTHROPIC_BASE_URL", "ANTHROPIC_BEDROCK_BASE_URL", "ANTHROPIC_VERTEX_BASE_URL"] {
        let address = root.at(&["env", name]).and_then(Node::string);
        faults.extend(address.filter(|address| !is_local(address)).map(|address| {
            let address = escape(host(&address).as_bytes());
            format!("`{shown}` sends all requests to {address}: `env.{name}`; remove it unless that is yours")
        }));
    }
    let events = root.get("hooks").into_iter().flat_map(Node::entries);
    for (event, groups) in events.filter(|(event, _)| matches!(&**event, b"PreToolUse" | b"PostToolUse")) {
        let hooks = groups.items().filter_map(|group| group.get("hooks")).flat_map(Node::items);
        faults.extend(hooks.filter(|hook| rewrites(*hook)).map(|_| {
            let event = String::from_utf8_lossy(&event);
            format!(
                "another hook of `{event}` in `{shown}` rewrites, too: the last to answer wins, so one undoes the other"
            )
        }));
    }
    faults
}

fn gemini(file: &Path) -> Vec<String> {
    let Some(bytes) = settings(file) else { return Vec::new() };
    let Ok(document) = Document::parse(&bytes) else { return Vec::new() };
    let is_off = document.root().at(&["hooksConfig", "enabled"]).is_some_and(|node| node.raw() == b"false");
    let fault = || format!("`{}` switches all hooks off: `hooksConfig.enabled`", escape_path(file));
    is_off.then(fault).into_iter().collect()
}

/// Whether a hook that is not ours changes what it is asked about, as far as its
/// command and the scripts that it names tell. It is not run.
fn rewrites(hook: Node<'_>) -> bool {
    let arguments = hook.get("args").into_iter().flat_map(Node::items);
    let texts: Vec<String> = hook.get("command").into_iter().chain(arguments).filter_map(Node::string).collect();
    let is_ours = is_call(&String::from_utf8_lossy(hook.raw()));
    let holds = |text: &str| REWRITES.iter().any(|key| text.contains(key));
    let script = |word: &str| {
        let path = Path::new(word.trim_matches(['"', '\'']));
        let is_script = fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST);
        is_script && fs::read(path).is_ok_and(|bytes| holds(&String::from_utf8_lossy(&bytes)))
    };
    !is_ours && texts.iter().any(|text| holds(text) || text.split_whitespace().any(script))
}

/// The machine an address leads to: what stands in front of it may be a secret.
fn host(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
}

fn is_local(address: &str) -> bool {
    let host = host(address);
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]" | "api.anthropic.com")
}
