//! Tools that are about to run.

use std::path::{Path, PathBuf};

use super::super::call::Call;
use super::super::tool::{self, Tool};
use super::super::{Host, json, message};
use super::{Verdict, file, guard, ruling, script, write};
use crate::policy::{self, Action};
use crate::redact::Book;
use crate::splice::{Document, Edits, Format, Kind, Node};
use crate::store;

/// Decides about a tool that is about to run.
pub(super) fn check(call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Verdict {
    let Some(input) = call.input else { return Verdict::deny("the hook was not told what the tool is given") };
    let raw = tool::inner(input);
    let document = raw.as_deref().and_then(|raw| Document::parse(raw).ok());
    let document = document.filter(|document| document.root().kind() == Kind::Object);
    if let Some(reason) = document.as_ref().and_then(|document| guard::of_tool(document.root(), call, host)) {
        return Verdict::Deny { reason };
    }
    // A mention of a file with its content, as some assistants send.
    if let Some(name) = &call.file {
        return content_of(name, call, host, book);
    }
    if call.tool.is_empty() {
        return Verdict::deny("the hook was not told the name of the tool (`tool_name`)");
    }
    let kind = tool::kind(&call.tool);
    let Some(document) = document else { return bare(input, kind, (call, host), book) };
    let input = document.root();
    match kind {
        Tool::Shell => shell(input, call, host, book),
        Tool::Read => read(input, call, host, book),
        Tool::Search => search(input, call, host),
        Tool::Sends => sends(input, call, host, book),
        Tool::Write => write::check(input, call, host, book),
        Tool::Other => match search(input, call, host) {
            Verdict::Pass if tool::command(input).and_then(tool::script).is_some() => shell(input, call, host, book),
            verdict => verdict,
        },
    }
}

/// A tool that is given no object.
fn bare(input: Node<'_>, kind: Tool, (call, host): (&Call<'_>, &mut Host<'_>), book: &mut Book) -> Verdict {
    let is_null = input.raw() == b"null";
    match kind {
        Tool::Sends => sends(input, call, host, book),
        // Text is a patch, or code: what a tool that writes is given.
        Tool::Write | Tool::Search | Tool::Other if input.kind() == Kind::Text => patch(input, call, host),
        Tool::Write | Tool::Search | Tool::Other if is_null => Verdict::Pass,
        _ => unread("what it is given (`tool_input`)", call),
    }
}

/// Refuses a tool of which something is not told.
fn unread(what: &str, call: &Call<'_>) -> Verdict {
    let tool = message::clean(&call.tool);
    Verdict::deny(format!("the hook could not read {what} in the input of {tool}, so it is refused"))
}

/// A patch that is given as it is.
fn patch(input: Node<'_>, call: &Call<'_>, host: &Host<'_>) -> Verdict {
    match guard::of_patch(&input.string().unwrap_or_default(), call, host) {
        Some(reason) => Verdict::Deny { reason },
        None => Verdict::Pass,
    }
}

/// What is given to another machine, model or program may hold no secret.
fn sends(input: Node<'_>, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Verdict {
    host.redactor.opaque = &[];
    host.redactor.confidence = leaktight_core::Confidence::Medium;
    let report = host.redactor.redact(Format::Json, input.raw(), book).report;
    let allowed = ruling::of_findings(Action::McpCall, &report, (call, host)) == policy::Verdict::Allow;
    if report.n_hits + report.n_left > 0 && !allowed || !report.skipped.is_empty() {
        let found = message::found(&report, &host.rules);
        let tool = message::clean(&call.tool);
        return Verdict::deny(format!(
            "what {tool} is given holds {found}. It would leave this machine: leave the value out, or let a command \
             that runs here use it. {}",
            message::instead_of_values(&host.program)
        ));
    }
    search(input, call, host)
}

/// Folders and files that are searched: those in which every value is secret are refused.
fn search(input: Node<'_>, call: &Call<'_>, host: &Host<'_>) -> Verdict {
    for (name, _) in tool::paths(input) {
        let paths = file::candidates(&name, call.cwd(), &[], &host.places);
        if let Some(reason) = refused(&name, &paths, (call, host)) {
            return Verdict::Deny { reason };
        }
        if let Some(store) = below(&paths, host) {
            let name = message::clean(&name);
            return Verdict::deny(format!("below `{name}` is {store}; search a folder without it"));
        }
    }
    Verdict::Pass
}

/// Returns why a file may not be read for what it is, if the policy says so.
fn refused(name: &str, paths: &[PathBuf], (call, host): (&Call<'_>, &Host<'_>)) -> Option<String> {
    let store = paths.iter().find_map(|path| store::find(path, &host.places))?;
    ruling::of_store(Action::FileRead, (name, store), (call, host))
}

/// Returns a store below a folder, unless the folder is the home folder or above
/// it: too much lies there to refuse all of it.
pub(super) fn below(paths: &[PathBuf], host: &Host<'_>) -> Option<&'static store::Store> {
    let home = host.places.home().unwrap_or(Path::new("/"));
    paths
        .iter()
        .filter(|path| path.is_dir() && !home.starts_with(path))
        .find_map(|path| store::below(path, &host.places))
}

fn read(input: Node<'_>, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Verdict {
    let named = tool::paths(input);
    let is_seen_later = call.can.success_replaced || call.can.output_replaced;
    if named.is_empty() && !is_seen_later {
        return unread("which file is read (`file_path`)", call);
    }
    for (name, node) in named {
        let paths = file::candidates(&name, call.cwd(), &[], &host.places);
        let Some(facts) = file::facts(&paths, &host.places) else { continue };
        let refused = facts.store.and_then(|store| ruling::of_store(Action::FileRead, (&name, store), (call, host)));
        if let Some(reason) = refused {
            return Verdict::Deny { reason };
        }
        // What comes back is replaced, and nothing sees it before.
        let is_counted = call.can.counted_from.is_some_and(|from| facts.len >= from);
        if is_seen_later && !is_counted && !(host.shadow_all && host.shadow.is_some()) {
            continue;
        }
        let Ok(redacted) = file::redact(&facts, host, book) else {
            match file::verdict(&name, &facts, (call, host), book) {
                Verdict::Pass => continue,
                verdict => return verdict,
            }
        };
        let Some(reason) = file::found(&name, &redacted, (call, host)) else { continue };
        return shadow(input, (call, host), (node, &facts, &redacted.bytes)).unwrap_or(Verdict::Deny { reason });
    }
    Verdict::Pass
}

/// Lets the tool read a redacted copy in the place of the file.
fn shadow(
    input: Node<'_>,
    (call, host): (&Call<'_>, &Host<'_>),
    (node, facts, bytes): (Node<'_>, &file::Facts, &[u8]),
) -> Option<Verdict> {
    let folder = host
        .shadow
        .as_deref()
        .filter(|_| call.can.rewrite && call.input.is_some_and(|input| input.text().is_none()))?;
    let copy = super::super::shadow::write(folder, &call.session, &facts.path, bytes).ok()?;
    let mut path = Vec::new();
    json::string(copy.to_str()?.as_bytes(), &mut path);
    let mut edits = Edits::default();
    edits.replace(node.span(), path);
    let nodes = vec![Some(edits.apply(input.raw()))];
    let message = format!("a copy of `{}` without its secrets is read", message::clean(&facts.path.to_string_lossy()));
    Some(Verdict::Replace { nodes, message })
}

/// A file whose content the assistant sends along.
fn content_of(name: &str, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Verdict {
    let paths = file::candidates(name, call.cwd(), &[], &host.places);
    if let Some(reason) = refused(name, &paths, (call, host)) {
        return Verdict::Deny { reason };
    }
    if call.content.is_empty() {
        return unseen(name, &paths, (call, host), book);
    }
    match super::content::check(call, host, book) {
        Verdict::Deny { reason } => {
            let reason = reason.replacen("the output of a tool", &format!("`{}`", message::clean(name)), 1);
            Verdict::deny(format!("{reason} {}", message::instead(name, &host.program)))
        }
        verdict => verdict,
    }
}

/// A file whose content the assistant should have sent along.
fn unseen(name: &str, paths: &[PathBuf], (call, host): (&Call<'_>, &mut Host<'_>), book: &mut Book) -> Verdict {
    let redacted = file::facts(paths, &host.places).and_then(|facts| file::redact(&facts, host, book).ok());
    let Some(redacted) = redacted else {
        let name = message::clean(name);
        return Verdict::deny(format!("the hook was not told what `{name}` holds (`content`), and can't read it"));
    };
    file::found(name, &redacted, (call, host)).map_or(Verdict::Pass, Verdict::deny)
}

fn shell(input: Node<'_>, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Verdict {
    let Some(command) = tool::command(input) else { return unread("the command (`command`)", call) };
    let Some(text) = tool::script(command) else { return unread("the command (`command`)", call) };
    match script::check(&text, call, host, book) {
        script::Outcome::Pass => Verdict::Pass,
        script::Outcome::Ask(reason) => Verdict::Ask { reason },
        script::Outcome::Deny(reason) => Verdict::Deny { reason },
        script::Outcome::Filter(rewritten, message) => {
            let mut quoted = Vec::new();
            json::string(rewritten.as_bytes(), &mut quoted);
            let mut edits = Edits::default();
            edits.replace(command.span(), quoted);
            Verdict::Replace { nodes: vec![Some(edits.apply(input.raw()))], message }
        }
    }
}
