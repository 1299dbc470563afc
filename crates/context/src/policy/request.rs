//! What is to be decided about, the same for every front end and every engine.

use leaktight_core::{Confidence, Severity, Tag};
use serde::{Deserialize, Serialize};

/// Something an assistant is about to do, with all that a policy may look at.
///
/// It holds no secret: findings are told by their class and placeholder.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Request {
    /// Who is about to do it.
    pub principal: Principal,
    /// What is about to happen.
    pub action: Action,
    /// What it happens to.
    #[serde(default)]
    pub resource: Resource,
    /// Where it leads, and under which circumstances.
    #[serde(default)]
    pub context: Context,
}

impl Request {
    /// Returns a request of an assistant about nothing in particular.
    pub fn new(assistant: &str, action: Action) -> Self {
        let principal = Principal { id: assistant.to_owned(), ..Principal::default() };
        Self { principal, action, resource: Resource::default(), context: Context::default() }
    }
}

/// The assistant that acts.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Principal {
    /// Its name, such as `claude-code`, as it is claimed.
    pub id: String,
    /// Its version.
    pub version: Option<String>,
    /// Its session.
    pub session: Option<String>,
    /// The part of it that acts.
    pub subagent: Option<String>,
    /// How freely it may act, in its own words.
    pub mode: Option<String>,
}

/// What is about to happen.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[non_exhaustive]
pub enum Action {
    /// A person's prompt goes to the model.
    #[serde(rename = "prompt.submit")]
    PromptSubmit,
    /// A file is read.
    #[serde(rename = "file.read")]
    FileRead,
    /// What a tool said goes to the model.
    #[serde(rename = "tool.output")]
    ToolOutput,
    /// A command is run.
    #[serde(rename = "command.run")]
    CommandRun,
    /// A file is written.
    #[serde(rename = "file.write")]
    FileWrite,
    /// A tool of an MCP server is called.
    #[serde(rename = "mcp.call")]
    McpCall,
    /// What an MCP server said goes to the model.
    #[serde(rename = "mcp.result")]
    McpResult,
    /// A request goes to the model's provider.
    #[serde(rename = "llm.request")]
    LlmRequest,
    /// A secret is shown in clear.
    #[serde(rename = "secret.reveal")]
    SecretReveal,
    /// A placeholder gives way to its secret.
    #[serde(rename = "secret.restore")]
    SecretRestore,
}

impl Action {
    /// Every action.
    pub const ALL: &'static [Self] = &[
        Self::PromptSubmit,
        Self::FileRead,
        Self::ToolOutput,
        Self::CommandRun,
        Self::FileWrite,
        Self::McpCall,
        Self::McpResult,
        Self::LlmRequest,
        Self::SecretReveal,
        Self::SecretRestore,
    ];

    /// Returns the name used in configuration and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PromptSubmit => "prompt.submit",
            Self::FileRead => "file.read",
            Self::ToolOutput => "tool.output",
            Self::CommandRun => "command.run",
            Self::FileWrite => "file.write",
            Self::McpCall => "mcp.call",
            Self::McpResult => "mcp.result",
            Self::LlmRequest => "llm.request",
            Self::SecretReveal => "secret.reveal",
            Self::SecretRestore => "secret.restore",
        }
    }
}

/// What an action happens to.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Resource {
    /// The file, if it is one.
    pub path: Option<String>,
    /// It is secret whatever it looks like.
    pub sensitive: bool,
    /// What was found in it.
    pub findings: Vec<Found>,
}

/// A finding without its secret.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Found {
    /// The id of the rule that found it.
    pub class: String,
    /// How bad a leak is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Facts about the kind of secret.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// The placeholder that stands for it.
    #[serde(default)]
    pub placeholder: Option<String>,
}

impl Found {
    /// Returns a finding of a class.
    pub fn new(class: &str, severity: Severity, confidence: Confidence) -> Self {
        Self { class: class.to_owned(), severity, confidence, tags: Vec::new(), placeholder: None }
    }
}

/// Where an action leads, and under which circumstances.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Context {
    /// Where the content goes.
    pub destination: Option<Destination>,
    /// The tool, by the assistant's name for it.
    pub tool: Option<String>,
    /// The task that grants may be bound to.
    pub task: Option<String>,
}

/// Where content goes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "name")]
#[non_exhaustive]
pub enum Destination {
    /// To the provider of the model, by host.
    Llm(String),
    /// To a host.
    Network(String),
    /// Into a file.
    File(String),
    /// To a program on this machine.
    Local,
}

impl Destination {
    /// Returns how rules write it: `llm:HOST`, `network:HOST`, `file:PATH` or `local`.
    pub fn name(&self) -> String {
        match self {
            Self::Llm(host) => format!("llm:{host}"),
            Self::Network(host) => format!("network:{host}"),
            Self::File(path) => format!("file:{path}"),
            Self::Local => "local".to_owned(),
        }
    }
}
