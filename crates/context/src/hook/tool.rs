//! Tools, by what they do rather than by the names assistants give them.

use crate::splice::{Document, Kind, Node};

/// What a tool does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tool {
    /// Runs a shell command.
    Shell,
    /// Reads a file.
    Read,
    /// Writes or edits a file.
    Write,
    /// Searches files, or lists them.
    Search,
    /// Sends what it is given to another machine, another model or another program.
    Sends,
    /// Anything else.
    Other,
}

const SHELL: &[&str] = &[
    "bash",
    "powershell",
    "pwsh",
    "shell",
    "terminal",
    "run_shell_command",
    "run_in_terminal",
    "execute_command",
    "execute_bash",
    "exec_command",
    "local_shell",
    "shell_command",
    "run_command",
    "execute_cmd",
    "run_terminal_cmd",
    "monitor",
    "execute_powershell",
];
const READ: &[&str] = &[
    "read",
    "read_file",
    "view",
    "readfile",
    "fs_read",
    "open_file",
    "notebookread",
    "read_many_files",
    "cat",
    "view_file",
    "read_code",
    "notebook_read",
    "get_file",
    "view_image",
    "readfiles",
    "read_files",
];
const WRITE: &[&str] = &[
    "write",
    "edit",
    "multiedit",
    "notebookedit",
    "write_file",
    "replace",
    "create",
    "str_replace_editor",
    "apply_patch",
    "write_to_file",
    "replace_in_file",
    "create_file",
    "insert_edit_into_file",
    "replace_string_in_file",
    "fs_write",
    "search_replace",
    "edit_file",
    "patch",
    "str_replace",
    "write_code",
    "save_memory",
    "apply_diff",
    "insert_content",
    "multi_replace_string_in_file",
    "edit_notebook_file",
];
const SEARCH: &[&str] = &[
    "grep",
    "glob",
    "ls",
    "list",
    "search_file_content",
    "grep_search",
    "list_directory",
    "search_files",
    "file_search",
    "list_files",
    "list_dir",
    "codebase_search",
    "rg",
    "find",
    "list_code_definition_names",
];
const SENDS: &[&str] = &[
    "webfetch",
    "websearch",
    "web_fetch",
    "web_search",
    "google_web_search",
    "fetch",
    "fetch_webpage",
    "task",
    "agent",
    "use_mcp_tool",
    "access_mcp_resource",
    "browser_action",
    "mcp",
    "subagent",
    "new_task",
    "use_aws",
    "open_url",
    "browser_navigate",
    "ask_followup_question",
    "skill",
    "sendmessage",
    "dispatch_agent",
    "mcp_tool_use",
];

/// Returns what a tool does, by its name.
pub(super) fn kind(name: &str) -> Tool {
    let lower = name.to_ascii_lowercase();
    let is_mcp =
        lower.starts_with("mcp_") || lower.starts_with('@') || lower.starts_with("mcp:") || name.contains("___");
    let tables =
        [(SHELL, Tool::Shell), (READ, Tool::Read), (WRITE, Tool::Write), (SEARCH, Tool::Search), (SENDS, Tool::Sends)];
    match tables.iter().find(|(names, _)| names.contains(&lower.as_str())) {
        Some((_, tool)) => *tool,
        None if is_mcp => Tool::Sends,
        None => Tool::Other,
    }
}

/// Where tools take a command from.
const COMMANDS: [&str; 6] = ["command", "cmd", "command_line", "CommandLine", "script", "commandLine"];
/// Where tools take files and folders from.
const PATHS: [&str; 13] = [
    "file_path",
    "filePath",
    "path",
    "absolute_path",
    "AbsolutePath",
    "TargetFile",
    "notebook_path",
    "uri",
    "paths",
    "files",
    "dir_path",
    "target_file",
    "image_paths",
];

/// Returns the command a shell tool is given. A list of words is one as well.
pub(super) fn command(input: Node<'_>) -> Option<Node<'_>> {
    COMMANDS.iter().find_map(|key| input.get(key))
}

/// Returns a command as a script.
pub(super) fn script(command: Node<'_>) -> Option<String> {
    match command.kind() {
        Kind::Text => command.string(),
        Kind::Array => {
            let words: Vec<String> = command.items().map(Node::string).collect::<Option<_>>()?;
            // `["bash", "-lc", "…"]` is a shell and its script.
            match words.as_slice() {
                [_, option, script] if option.starts_with('-') && option.ends_with('c') => Some(script.clone()),
                words => Some(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")),
            }
        }
        _ => None,
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Returns the scripts a tool is given, also those of several calls.
pub(super) fn scripts(input: Node<'_>) -> Vec<String> {
    members(input, &COMMANDS).into_iter().filter_map(script).collect()
}

/// Returns the files and folders a tool is given, each with its node, also those of
/// several steps: `{"operations": [{"path": …}]}`.
pub(super) fn paths<'d>(input: Node<'d>) -> Vec<(String, Node<'d>)> {
    let mut paths = Vec::new();
    for child in members(input, &PATHS) {
        let is_list = child.kind() == Kind::Array;
        let named: Vec<Node<'d>> = if is_list { child.items().collect() } else { vec![child] };
        paths.extend(named.iter().filter_map(|node| Some((name(*node)?, *node))));
    }
    paths
}

/// Returns the members of these names, at any depth.
fn members<'d>(input: Node<'d>, names: &[&str]) -> Vec<Node<'d>> {
    let mut found = Vec::new();
    let mut nodes = vec![input];
    while let Some(node) = nodes.pop() {
        for (key, child) in node.entries() {
            found.extend(names.iter().any(|name| name.as_bytes() == &*key).then_some(child));
            nodes.extend((child.kind() != Kind::Text).then_some(child));
        }
        nodes.extend(node.items().filter(|node| node.kind() != Kind::Text));
    }
    found
}

/// Returns the name of a file, which may be a URI.
fn name(node: Node<'_>) -> Option<String> {
    let text = node.string()?;
    Some(text.strip_prefix("file://").map(str::to_owned).unwrap_or(text))
}

/// Returns the JSON an input is, which may stand in a string.
pub(super) fn inner(input: Node<'_>) -> Option<Vec<u8>> {
    match input.kind() {
        Kind::Text => input.text().map(std::borrow::Cow::into_owned).filter(|text| Document::parse(text).is_ok()),
        _ => Some(input.raw().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_at_any_depth() {
        let bytes = br#"{"operations": [{"mode": "Line", "path": "a"}, {"path": "file:///b"}], "paths": ["c", {"path": "d"}], "x": 1}"#;
        let document = Document::parse(bytes).expect("JSON");
        let mut names: Vec<String> = paths(document.root()).into_iter().map(|(name, _)| name).collect();
        names.sort();
        assert_eq!(names, ["/b", "a", "c", "d"]);
    }

    #[test]
    fn tools_are_known_by_what_they_do() {
        for (name, tool) in [
            ("Bash", Tool::Shell),
            ("run_in_terminal", Tool::Shell),
            ("fs_read", Tool::Read),
            ("apply_patch", Tool::Write),
            ("Grep", Tool::Search),
            ("mcp__a__b", Tool::Sends),
            ("@a/b", Tool::Sends),
            ("TodoWrite", Tool::Other),
        ] {
            assert_eq!(kind(name), tool, "{name}");
        }
    }

    #[test]
    fn a_list_of_words_is_a_script() {
        let script_of = |json: &str| script(Document::parse(json.as_bytes()).expect("JSON").root());
        assert_eq!(script_of(r#"["bash", "-lc", "cat a"]"#).as_deref(), Some("cat a"));
        assert_eq!(script_of(r#"["cat", "a b", "it's"]"#).as_deref(), Some(r"'cat' 'a b' 'it'\''s'"));
        assert_eq!(script_of(r#""ls""#).as_deref(), Some("ls"));
        assert_eq!(script_of("1"), None);
    }
}
