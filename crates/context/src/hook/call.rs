//! An event of any assistant, in the terms of all.

use std::path::{Path, PathBuf};

use crate::splice::{Document, Kind, Node};

/// An event.
#[derive(Clone, Debug)]
pub(super) struct Call<'d> {
    /// Its name, as the assistant spells it.
    pub(super) event: String,
    /// What it is about.
    pub(super) moment: Moment,
    /// What can be answered.
    pub(super) can: Can,
    /// The folder the assistant works in.
    pub(super) cwd: PathBuf,
    /// The tool, as the assistant spells it.
    pub(super) tool: String,
    /// What the tool is given: an object, or a string that holds one.
    pub(super) input: Option<Node<'d>>,
    /// What goes to the model: a prompt, an output, messages.
    pub(super) content: Vec<Node<'d>>,
    /// The file it is about.
    pub(super) file: Option<String>,
    /// Files that are sent along with a prompt.
    pub(super) mentions: Vec<String>,
    /// The assistant asks nobody before it runs something.
    pub(super) unasked: bool,
    /// Names the session.
    pub(super) session: String,
}

/// What an event does not tell, or tells by another kind of value: the name of a member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Missing(pub(super) &'static str);

/// Returns what goes to the model: text, or whatever holds it.
pub(super) fn need<'d>(node: Option<Node<'d>>, name: &'static str) -> Result<Vec<Node<'d>>, Missing> {
    node.filter(|node| node.kind() != Kind::Scalar).map(|node| vec![node]).ok_or(Missing(name))
}

/// Returns the name of an event: that of its payload, else that of the command line.
pub(super) fn event_name(
    (document, keys): (&Document<'_>, &[&'static str]),
    event: Option<&str>,
) -> Result<String, Missing> {
    let named = keys.iter().find_map(|key| document.root().get(key).and_then(Node::string));
    let named = named.filter(|name| !name.is_empty());
    named.or(event.map(str::to_owned)).ok_or(Missing(keys[0]))
}

/// What an event is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Moment {
    /// A person wrote something for the model.
    Prompt,
    /// A tool is about to run.
    Before,
    /// A tool ran.
    After,
    /// Something is about to go to the model.
    Request,
    /// A file was loaded; it can't be stopped any more.
    Loaded,
}

/// What an assistant lets a hook do at a moment.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a table of capabilities, read by name")]
pub(super) struct Can {
    /// Put something else in the place of what goes to the model.
    pub(super) replace: bool,
    /// Stop it.
    pub(super) deny: bool,
    /// Have a person asked whether a tool may run.
    pub(super) ask: bool,
    /// Change what a tool is given.
    pub(super) rewrite: bool,
    /// What a tool is given instead does not go to the model with the next request. Copilot
    /// sends it along; of others than Claude Code and Gemini it is not known.
    pub(super) restore: bool,
    /// What tools print is replaced later, also when they fail.
    pub(super) output_replaced: bool,
    /// What tools print is replaced later when they succeed.
    pub(super) success_replaced: bool,
    /// Files a prompt mentions are read without asking.
    pub(super) expands_mentions: bool,
    /// What a person wrote is replaced in what goes to the model.
    pub(super) replaced_later: bool,
    /// Files from this size on are sent somewhere before a hook can replace them, in bytes.
    pub(super) counted_from: Option<u64>,
}

impl<'d> Call<'d> {
    /// Returns an event at a moment, with what most payloads have in common.
    pub(super) fn new(event: &str, moment: Moment, document: &'d Document<'d>) -> Self {
        let root = document.root();
        let text = |keys: &[&str]| keys.iter().find_map(|key| root.get(key).and_then(Node::string)).unwrap_or_default();
        Self {
            event: event.to_owned(),
            moment,
            can: Can::default(),
            cwd: PathBuf::from(text(&["cwd"])),
            tool: text(&["tool_name", "toolName"]),
            input: None,
            content: Vec::new(),
            file: None,
            mentions: Vec::new(),
            unasked: false,
            session: text(&["session_id", "sessionId", "conversation_id"]),
        }
    }

    /// Takes all the event holds for what a tool printed, but for what the tool was given:
    /// the output is not where it is expected.
    pub(super) fn look_everywhere(&mut self, document: &'d Document<'d>) {
        const GIVEN: [&str; 4] = ["tool_input", "toolArgs", "toolInput", "tool_args"];
        let is_given = |key: &[u8]| GIVEN.iter().any(|name| name.as_bytes() == key);
        let members = document.root().entries().filter(|(key, _)| !is_given(key));
        self.content = members.map(|(_, node)| node).collect();
        self.can.replace = false;
    }

    /// Returns the folder the assistant works in.
    pub(super) fn cwd(&self) -> &Path {
        &self.cwd
    }
}
