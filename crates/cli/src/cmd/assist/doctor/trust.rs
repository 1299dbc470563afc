//! Which hooks Codex runs: those whose definition the user has looked at.
//!
//! Codex keeps a hash of each hook it may run in its `config.toml`, and passes over
//! others without a word. The hash is SHA-256 of the definition as JSON, its keys
//! sorted, with `event_name` added; so Codex 0.171 says itself (`hooks/list`).

use std::fs;
use std::path::Path;

use data_encoding::HEXLOWER;
use leaktight_context::splice::{Document, Node};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::super::merge::is_call;
use crate::term::escape_path;

/// Seconds Codex waits for a hook that does not say how long.
const PATIENCE: u64 = 600;

/// Returns what keeps Codex from running the hooks of a file.
pub(super) fn faults(file: &Path) -> Vec<String> {
    let Ok(bytes) = fs::read(file) else { return Vec::new() };
    let Ok(document) = Document::parse(&bytes) else { return Vec::new() };
    // Trust is the user's, whoever's the hooks are.
    let Some(config) = config() else { return Vec::new() };
    let table: toml::Table = match fs::read_to_string(&config).map(|text| text.parse()) {
        Ok(Ok(table)) => table,
        Ok(Err(_)) => return vec![format!("`{}` is no TOML, so Codex does not start", escape_path(&config))],
        Err(_) => toml::Table::new(),
    };
    let is_off = |name| table.get("features").and_then(|it| it.get(name)).and_then(toml::Value::as_bool) == Some(false);
    if is_off("hooks") {
        return vec![format!("`{}` switches all hooks off: `features.hooks`", escape_path(&config))];
    }
    let states = table.get("hooks").and_then(|hooks| hooks.get("state"));
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut found = [false; 2];
    for (key, hash) in definitions(document.root(), &path) {
        let state = states.and_then(|states| states.get(&key));
        found[0] |= state.and_then(|state| state.get("enabled")).and_then(toml::Value::as_bool) == Some(false);
        found[1] |= state.and_then(|state| state.get("trusted_hash")).and_then(toml::Value::as_str) != Some(&hash);
    }
    let shown = escape_path(file);
    let switched_off = format!("hooks of `{shown}` are switched off in Codex: `/hooks` there switches them on");
    let untrusted = format!("Codex does not run the hooks of `{shown}` before you trust them: `/hooks` there asks");
    [switched_off, untrusted].into_iter().zip(found).filter_map(|(text, is_so)| is_so.then_some(text)).collect()
}

/// The settings of Codex.
fn config() -> Option<std::path::PathBuf> {
    let own = std::env::var_os("CODEX_HOME").filter(|folder| !folder.is_empty()).map(std::path::PathBuf::from);
    Some(own.or_else(|| Some(crate::vault::home()?.join(".codex")))?.join("config.toml"))
}

/// The hooks of ours in a file: the key of each in the settings, and its hash.
fn definitions(root: Node<'_>, path: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (event, groups) in root.get("hooks").into_iter().flat_map(Node::entries) {
        let event = snake(&String::from_utf8_lossy(&event));
        for (group_number, group) in groups.items().enumerate() {
            let matcher = group.get("matcher").and_then(Node::string);
            for (number, hook) in group.get("hooks").into_iter().flat_map(Node::items).enumerate() {
                let Some(command) = hook.get("command").and_then(Node::string) else { continue };
                if is_call(&String::from_utf8_lossy(hook.raw())) {
                    let key = format!("{}:{event}:{group_number}:{number}", path.display());
                    found.push((key, hash(&event, matcher.as_deref(), &command, hook)));
                }
            }
        }
    }
    found
}

/// The hash of a hook.
fn hash(event: &str, matcher: Option<&str>, command: &str, hook: Node<'_>) -> String {
    let number = |key: &str| hook.get(key).and_then(|node| std::str::from_utf8(node.raw()).ok()?.parse::<u64>().ok());
    let is_async = hook.get("async").is_some_and(|node| node.raw() == b"true");
    let mut handler = json!({
        "type": "command", "command": command, "async": is_async,
        "timeout": number("timeout").unwrap_or(PATIENCE).max(1),
    });
    if let Some(message) = hook.get("statusMessage").and_then(Node::string) {
        handler["statusMessage"] = json!(message);
    }
    // A map without an order of its own is sorted.
    let mut identity = Map::new();
    identity.insert("event_name".to_owned(), json!(event));
    identity.insert("hooks".to_owned(), json!([handler]));
    if let Some(matcher) = matcher.filter(|_| !matches!(event, "user_prompt_submit" | "stop")) {
        identity.insert("matcher".to_owned(), json!(matcher));
    }
    let text = Value::Object(identity).to_string();
    format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(text.as_bytes())))
}

/// `PreToolUse` as `pre_tool_use`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `hooks/list` of Codex 0.171 said of this definition.
    #[test]
    fn the_hash_is_that_of_codex() {
        let text = br#"{"hooks":{"PreToolUse":[{"hooks":[
            {"command":"/opt/leaktight hook codex","timeout":10,"type":"command"}]}]}}"#;
        let document = Document::parse(text).expect("JSON");
        let found = definitions(document.root(), Path::new("/home/dev/.codex/hooks.json"));
        let expected = "74da96bb762d1a89c67473965c8377ec68750992ca26be3f088d048293491aa5";
        assert_eq!(found, [("/home/dev/.codex/hooks.json:pre_tool_use:0:0".to_owned(), format!("sha256:{expected}"))]);
    }
}
