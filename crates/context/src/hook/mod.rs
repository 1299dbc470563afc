//! Hooks: what a coding assistant asks before it sends or runs something, answered
//! in its own grammar.
//!
//! Each assistant has a file that reads its events and writes its answers; what is
//! decided between the two is the same for all. An assistant that can't be
//! answered in the best way is answered in the next: secrets are taken out of what
//! goes to the model (*replace*), else the step is refused (*deny*), else the user
//! is warned. What can't be read is refused.
//!
//! ```
//! use std::sync::Arc;
//! use leaktight_context::hook::{Assistant, Host, answer};
//! use leaktight_context::redact::{Book, Redactor};
//! use leaktight_context::store::Places;
//! use leaktight_core::RuleSet;
//!
//! let rules = Arc::new(RuleSet::builtin());
//! let none = |_: &str| None;
//! let mut host = Host::new(Arc::clone(&rules), Places::new(None, &none));
//! let payload = br#"{"hook_event_name": "UserPromptSubmit", "cwd": "/", "prompt": "hello"}"#;
//! let reply = answer(Assistant::ClaudeCode, None, payload, &mut host, &mut Book::ephemeral()?);
//! assert_eq!((reply.code, reply.stdout.len()), (0, 0));
//! # Ok::<(), std::io::Error>(())
//! ```

mod call;
mod check;
mod claude;
mod cline;
mod codex;
mod copilot;
mod cursor;
mod detect;
mod gemini;
mod json;
mod kiro;
mod message;
mod opencode;
mod shadow;
mod tool;
mod vscode;
mod windsurf;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use leaktight_core::RuleSet;

use self::call::{Call, Missing, Moment};
use crate::audit::{Record, short};
use crate::policy::{self, Decision, Policy, Request};
use crate::redact::{Book, Redactor};
use crate::splice::Document;
use crate::store::Places;

pub use self::check::Verdict;

/// The largest payload that is looked at, in bytes; a larger one is refused.
pub const MAX_PAYLOAD: usize = 16 << 20;

/// A coding assistant whose hooks are answered.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Assistant {
    /// Claude Code.
    ClaudeCode,
    /// Cline.
    Cline,
    /// OpenAI Codex.
    Codex,
    /// GitHub Copilot CLI, and the coding agent.
    Copilot,
    /// Cursor.
    Cursor,
    /// Gemini CLI.
    Gemini,
    /// Kiro.
    Kiro,
    /// OpenCode, through a plugin.
    OpenCode,
    /// GitHub Copilot in Visual Studio Code.
    VsCode,
    /// Windsurf.
    Windsurf,
}

impl Assistant {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 10] = [
        Self::ClaudeCode,
        Self::Cline,
        Self::Codex,
        Self::Copilot,
        Self::Cursor,
        Self::Gemini,
        Self::Kiro,
        Self::OpenCode,
        Self::VsCode,
        Self::Windsurf,
    ];

    /// Returns the name as the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Cline => "cline",
            Self::Codex => "codex",
            Self::Copilot => "copilot",
            Self::Cursor => "cursor",
            Self::Gemini => "gemini",
            Self::Kiro => "kiro",
            Self::OpenCode => "opencode",
            Self::VsCode => "vscode",
            Self::Windsurf => "windsurf",
        }
    }

    /// Returns the assistant of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|assistant| assistant.name() == name)
    }

    /// Tells the assistant by a payload it sent, as far as that can be told.
    pub fn detect(payload: &[u8]) -> Option<Self> {
        detect::detect(&Document::parse(payload).ok()?)
    }

    fn adapter(self) -> &'static Adapter {
        match self {
            Self::ClaudeCode => &claude::ADAPTER,
            Self::Cline => &cline::ADAPTER,
            Self::Codex => &codex::ADAPTER,
            Self::Copilot => &copilot::ADAPTER,
            Self::Cursor => &cursor::ADAPTER,
            Self::Gemini => &gemini::ADAPTER,
            Self::Kiro => &kiro::ADAPTER,
            Self::OpenCode => &opencode::ADAPTER,
            Self::VsCode => &vscode::ADAPTER,
            Self::Windsurf => &windsurf::ADAPTER,
        }
    }
}

/// How one assistant is read and answered.
struct Adapter {
    /// Reads an event; none for one that needs no answer. The name is that of the
    /// command line, for assistants that don't put it into the payload.
    read: for<'d> fn(Option<&str>, &'d Document<'d>) -> Result<Option<Call<'d>>, Missing>,
    /// Writes the answer to a verdict.
    reply: fn(&Call<'_>, Verdict) -> Reply,
    /// Refuses an event that could not be looked at; it may be unknown.
    refuse: fn(Option<&str>, &str) -> Reply,
    /// The answer to an event that needs none.
    nothing: &'static [u8],
}

/// What a hook is to print, and its exit code.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
pub struct Reply {
    /// For standard output.
    pub stdout: Vec<u8>,
    /// For standard error, without a line end.
    pub stderr: String,
    /// The exit code.
    pub code: u8,
    /// What was found, for the record; never a secret.
    pub note: Option<String>,
    /// What was decided on the way, for a trail.
    pub records: Vec<Record>,
}

impl Reply {
    fn json(value: &json::Value) -> Self {
        Self { stdout: value.write(), ..Self::default() }
    }

    /// Exit code 2 with a reason: the refusal all assistants but one know.
    fn exit(reason: &str) -> Self {
        Self { stderr: reason.to_owned(), code: 2, ..Self::default() }
    }
}

/// Returns the policy that holds in a folder, or why it can't be read.
pub type PolicyFor<'a> = dyn Fn(&Path) -> Result<Policy, String> + 'a;

/// What a hook knows of the machine it runs on and may do there.
pub struct Host<'a> {
    /// Finds and replaces secrets.
    pub redactor: Redactor,
    /// Decides.
    pub policy: Policy,
    /// Returns the policy that holds in the folder an event comes from, which takes the
    /// place of the one above; or why it can't be read, and then the event is refused.
    pub policy_for: Option<&'a PolicyFor<'a>>,
    /// Uses up grants for what the policy asks about, and names them; none when one is missing.
    pub grant: &'a dyn Fn(&Request, &Decision) -> Option<String>,
    /// What was decided about the event that is answered.
    records: RefCell<Vec<Record>>,
    /// The assistant that is answered.
    assistant: &'static str,
    /// The rules, for their titles.
    pub rules: Arc<RuleSet>,
    /// Home folder and variables.
    pub places: Places<'a>,
    /// The command that stands for this program in what an assistant runs: its absolute path.
    pub program: String,
    /// Where redacted copies of files go that an assistant may read in the place of
    /// the files; none when it may not.
    pub shadow: Option<PathBuf>,
    /// Whether any file with a secret is read as a copy, not only large ones.
    pub shadow_all: bool,
    /// Whether placeholders in what is written to a file give way to their values, where
    /// the assistant lets its tools be given something else and the policy allows it.
    pub restore: bool,
    /// Whether a prompt with a secret is refused even where the secret could be replaced later.
    pub deny_prompts: bool,
    /// Returns whether the assistant's settings allow these commands without asking.
    pub allows: &'a dyn Fn(&[&str]) -> bool,
}

impl<'a> Host<'a> {
    /// Returns a host that may do nothing but look.
    pub fn new(rules: Arc<RuleSet>, places: Places<'a>) -> Self {
        Self {
            redactor: Redactor::new(Arc::clone(&rules)),
            policy: Policy::builtin(),
            policy_for: None,
            grant: &|_, _| None,
            records: RefCell::default(),
            assistant: "",
            rules,
            places,
            program: "leaktight".to_owned(),
            shadow: None,
            shadow_all: false,
            restore: false,
            deny_prompts: false,
            allows: &|_| false,
        }
    }
}

impl std::fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Host({})", self.program)
    }
}

/// Answers an event. `event` is its name where the payload does not hold it.
///
/// Never fails: what can't be read is refused.
pub fn answer(
    assistant: Assistant,
    event: Option<&str>,
    payload: &[u8],
    host: &mut Host<'_>,
    book: &mut Book,
) -> Reply {
    let start = Instant::now();
    let document = match Document::parse(payload) {
        Ok(document) => document,
        Err(err) => return refuse(assistant, event, payload, &format!("the hook's input is not JSON: {err}")),
    };
    let assistant = detect::caller(assistant, &document);
    let adapter = assistant.adapter();
    let mut call = match (adapter.read)(event, &document) {
        Ok(Some(call)) => call,
        Ok(None) => return Reply { stdout: adapter.nothing.to_vec(), ..Reply::default() },
        Err(Missing(name)) => {
            let why = format!("`{name}` is missing in the hook's input, or not what it should be");
            return refuse(assistant, event, payload, &why);
        }
    };
    if call.moment == Moment::After && call.content.is_empty() {
        call.look_everywhere(&document);
    }
    host.assistant = assistant.name();
    host.records.take();
    if let Some(policy_for) = host.policy_for {
        let folder = if call.cwd().as_os_str().is_empty() { Path::new(".") } else { call.cwd() };
        match policy_for(folder) {
            Ok(policy) => host.policy = policy,
            Err(why) => return refuse(assistant, event, payload, &why),
        }
    }
    let verdict = check::check(&call, host, book);
    let mut records = host.records.take();
    settle(&mut records, &verdict, &call, host.assistant);
    records.iter_mut().for_each(|record| record.dur_us = start.elapsed().as_micros() as u64);
    let note = verdict.note();
    Reply { note, records, ..(adapter.reply)(&call, verdict) }
}

/// What stands for a policy where the hook itself refuses.
const HOOK: &str = "hook";

/// Completes what was decided on the way by what became of the event.
fn settle(records: &mut Vec<Record>, verdict: &Verdict, call: &Call<'_>, assistant: &str) {
    let effect = match verdict {
        Verdict::Pass | Verdict::Warn { .. } => policy::Verdict::Allow,
        Verdict::Replace { .. } => policy::Verdict::Redact,
        Verdict::Ask { .. } => policy::Verdict::Ask,
        Verdict::Deny { .. } => policy::Verdict::Block,
    };
    if records.is_empty() && *verdict != Verdict::Pass {
        let mut request = Request::new(assistant, check::action(call));
        request.principal.session = (!call.session.is_empty()).then(|| call.session.clone());
        request.context.tool = (!call.tool.is_empty()).then(|| message::clean(&call.tool));
        records.push(Record { effect, policy: HOOK.to_owned(), ..Record::of(&request) });
    }
    for record in records {
        record.event = short(&call.event);
        // What can't be redacted or asked about is blocked.
        if effect == policy::Verdict::Block && record.effect != policy::Verdict::Allow {
            record.effect = effect;
        }
    }
}

/// Refuses an event that could not be looked at: the answer to a defect, to a
/// deadline, and to input that can't be read. Says why, and never what was read.
pub fn refuse(assistant: Assistant, event: Option<&str>, payload: &[u8], why: &str) -> Reply {
    let head = detect::Head::read(payload);
    let inferred = || copilot::inferred(|key| head.has(key)).filter(|_| assistant == Assistant::Copilot);
    let reason = format!("leaktight could not look at this, so it is refused: {why}");
    let event = event.or(head.event()).or_else(inferred);
    let reply = (assistant.adapter().refuse)(event, &reason);
    let record = Record {
        agent: assistant.name().to_owned(),
        event: short(event.unwrap_or_default()),
        action: "event.refuse",
        effect: policy::Verdict::Block,
        policy: HOOK.to_owned(),
        ..Record::default()
    };
    Reply { note: Some(reason), records: vec![record], ..reply }
}
