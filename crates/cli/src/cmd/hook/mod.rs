//! `hook`: answers a coding assistant.
//!
//! Whatever happens, there is an answer in time, and it is a refusal when there
//! is no better one: most assistants take a hook that fails for consent.

mod host;

use std::io::{self, Read as _, Write as _};
use std::panic;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use leaktight_context::hook::{self, Assistant, MAX_PAYLOAD, Reply};

use crate::args::{HookArgs, HookCommand};

/// How long an answer may take. The shortest deadline of an assistant is longer.
const DEADLINE: Duration = Duration::from_millis(1_900);
/// How long a refusal that is late already waits to be recorded.
const PATIENCE: Duration = Duration::from_millis(100);
/// Bytes of the stack of the thread that answers.
const STACK: usize = 16 << 20;

/// Answers whom the command line names.
pub(crate) fn dispatch(command: &HookCommand) -> anyhow::Result<u8> {
    let (assistant, args) = match command {
        HookCommand::Auto(args) => (None, args),
        HookCommand::ClaudeCode(args) => (Some(Assistant::ClaudeCode), args),
        HookCommand::Cline(args) => (Some(Assistant::Cline), args),
        HookCommand::Codex(args) => (Some(Assistant::Codex), args),
        HookCommand::Copilot(args) => (Some(Assistant::Copilot), args),
        HookCommand::Cursor(args) => (Some(Assistant::Cursor), args),
        HookCommand::Git(hook) => return super::git_hook::run(hook),
        HookCommand::Gemini(args) => (Some(Assistant::Gemini), args),
        HookCommand::Kiro(args) => (Some(Assistant::Kiro), args),
        HookCommand::Opencode(args) => (Some(Assistant::OpenCode), args),
        HookCommand::Vscode(args) => (Some(Assistant::VsCode), args),
        HookCommand::Windsurf(args) => (Some(Assistant::Windsurf), args),
    };
    run(assistant, args)
}

/// Answers the event on standard input.
fn run(assistant: Option<Assistant>, args: &HookArgs) -> anyhow::Result<u8> {
    let start = Instant::now();
    // Nothing but the answer may be printed.
    panic::set_hook(Box::new(|_| {}));
    let payload = Arc::new(Mutex::new(Vec::new()));
    let (sender, receiver) = mpsc::channel();
    let (shared, options) = (Arc::clone(&payload), args.clone());
    let worker = thread::Builder::new().stack_size(STACK).spawn(move || {
        let reply = panic::catch_unwind(panic::AssertUnwindSafe(|| work(assistant, &options, &shared)));
        // Nobody listens once it is too late.
        let _ = sender.send(reply.unwrap_or_else(|_| Err("a defect of this program".to_owned())));
    });
    let reply = match worker {
        Ok(_) => receiver
            .recv_timeout(DEADLINE.saturating_sub(start.elapsed()))
            .unwrap_or_else(|_| Err(format!("it took more than {DEADLINE:?}"))),
        Err(err) => Err(format!("no thread could be started: {err}")),
    };
    let reply = reply.unwrap_or_else(|why| {
        // The worker holds the lock for no longer than a copy takes.
        let payload = payload.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let assistant = assistant.or_else(|| Assistant::detect(&payload)).unwrap_or(Assistant::ClaudeCode);
        let reply = hook::refuse(assistant, args.event.as_deref(), &payload, &why);
        record_soon(&reply);
        reply
    });
    Ok(print(&reply))
}

/// Adds a refusal to the trail, if that takes no time: what the answer had to wait for
/// may keep the trail from being written as well.
fn record_soon(reply: &Reply) {
    let records = reply.records.clone();
    let (sender, receiver) = mpsc::channel();
    let worker = thread::Builder::new().spawn(move || sender.send(crate::trail::append(&records)));
    if worker.is_ok() {
        let _ = receiver.recv_timeout(PATIENCE);
    }
}

/// Prints an answer and returns its exit code.
fn print(reply: &Reply) -> u8 {
    let printed = io::stdout().write_all(&reply.stdout).and_then(|()| io::stdout().flush());
    if !reply.stderr.is_empty() {
        let _ = writeln!(io::stderr(), "{}", crate::term::escape(reply.stderr.as_bytes()));
    }
    // An answer that nobody gets is none: the code refuses as well.
    if printed.is_err() { 2 } else { reply.code }
}

fn work(assistant: Option<Assistant>, args: &HookArgs, payload: &Mutex<Vec<u8>>) -> Result<Reply, String> {
    let input = receive(payload)?;
    let Some(assistant) = assistant.or_else(|| Assistant::detect(&input)) else {
        return Err("the assistant is not known; name it, as in `leaktight hook codex`".to_owned());
    };
    host::answer(assistant, args, &input)
}

/// Reads standard input. What has come so far can be seen while it is read.
fn receive(payload: &Mutex<Vec<u8>>) -> Result<Vec<u8>, String> {
    let mut stdin = io::stdin().lock();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let n_bytes = stdin.read(&mut buffer).map_err(|err| format!("the hook's input can't be read: {err}"))?;
        let mut input = payload.lock().unwrap_or_else(PoisonError::into_inner);
        if n_bytes == 0 {
            return Ok(input.clone());
        }
        if input.len() + n_bytes > MAX_PAYLOAD {
            drop(input);
            // Read to its end, or the assistant would see a pipe that breaks rather than the answer.
            let _ = io::copy(&mut stdin, &mut io::sink());
            return Err(format!("the hook's input is larger than {} MB", MAX_PAYLOAD >> 20));
        }
        input.extend_from_slice(&buffer[..n_bytes]);
    }
}
