//! An event of any assistant, in the terms of all.

use std::path::{Path, PathBuf};

use crate::splice::{Document, Node};

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

    /// Returns the folder the assistant works in.
    pub(super) fn cwd(&self) -> &Path {
        &self.cwd
    }
}
