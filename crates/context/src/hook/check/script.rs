//! Shell commands that are about to run.

use std::path::PathBuf;

use leaktight_core::{Confidence, Severity, Span};

use super::super::call::Call;
use super::super::{Host, message};
use super::{Verdict, before, file, ruling};
use crate::policy::{Action, Destination};
use crate::redact::{Book, Placeholder};
use crate::shell::{self, Act, Deed, Script, Shape};
use crate::splice::Format;
use crate::store::{self, Content};

/// What becomes of a script.
pub(super) enum Outcome {
    /// It runs.
    Pass,
    /// It does not.
    Deny(String),
    /// It runs with what it prints filtered: the new script, and why.
    Filter(String, String),
}

/// How bad a deed is.
enum Concern {
    /// What it prints may hold secrets that can be found and replaced.
    Shows(String),
    /// It can't be let through in any form.
    Forbidden(String),
}

/// Decides about a script.
pub(super) fn check(text: &str, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Outcome {
    let known = |name: &str| known_variable(name, call, host);
    let script = shell::read(text, &known);
    let mut shows = None;
    for deed in &script.deeds {
        match concern(deed, call, host, book) {
            Some(Concern::Forbidden(reason)) => return Outcome::Deny(reason),
            Some(Concern::Shows(reason)) => shows = shows.or(Some(reason)),
            None => {}
        }
    }
    if let Some(reason) =
        holds_placeholder(text, &script, call, host).or_else(|| sends_secret(text, &script, host, book))
    {
        return Outcome::Deny(reason);
    }
    if !script.sound
        && let Some(reason) = hidden(text, call, host)
    {
        return Outcome::Deny(reason);
    }
    match shows {
        Some(reason) if !call.can.output_replaced => filtered(text, &script, (call, host), reason),
        _ => Outcome::Pass,
    }
}

pub(super) fn known_variable(name: &str, call: &Call<'_>, host: &Host<'_>) -> Option<String> {
    match name {
        "HOME" => host.places.home().map(|home| home.to_string_lossy().into_owned()),
        "PWD" => Some(call.cwd().to_string_lossy().into_owned()),
        "USER"
        | "LOGNAME"
        | "XDG_CONFIG_HOME"
        | "XDG_DATA_HOME"
        | "XDG_CACHE_HOME"
        | "XDG_RUNTIME_DIR"
        | "CODEX_HOME"
        | "CLAUDE_CONFIG_DIR"
        | "CARGO_HOME"
        | "KUBECONFIG"
        | "DOCKER_CONFIG"
        | "AWS_SHARED_CREDENTIALS_FILE"
        | "GOOGLE_APPLICATION_CREDENTIALS" => host.places.variable(name).and_then(|value| value.into_string().ok()),
        _ => None,
    }
}

fn concern(deed: &Deed, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Option<Concern> {
    let program = message::clean(&deed.program);
    let way = message::instead_of_values(&host.program);
    match deed.act {
        Act::Secret => Some(Concern::Forbidden(format!("`{program}` would print {}. {way}", deed.target.text))),
        Act::Environment if deed.target.text.is_empty() => {
            Some(Concern::Shows(format!("`{program}` prints all environment variables. {way}")))
        }
        Act::Environment => {
            let name = message::clean(&deed.target.text);
            Some(Concern::Forbidden(format!(
                "`{program}` would print the variable {name}, whose name promises a secret. {way}"
            )))
        }
        Act::Contacts => None,
        Act::Prints | Act::Copies | Act::Sends => with_file(deed, call, host, book),
    }
}

/// A deed with a file.
fn with_file(deed: &Deed, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Option<Concern> {
    let name = &deed.target.text;
    if name.is_empty() || name.len() > 4096 {
        return None;
    }
    let mut groups = vec![file::candidates(name, call.cwd(), &deed.folders, &host.places)];
    if deed.target.glob {
        groups.extend(file::globbed(name, call.cwd(), &deed.folders, &host.places).into_iter().map(|path| vec![path]));
    }
    groups.iter().find_map(|paths| with_paths(deed, paths, (call, host), book))
}

fn with_paths(
    deed: &Deed,
    paths: &[PathBuf],
    (call, host): (&Call<'_>, &mut Host<'_>),
    book: &mut Book,
) -> Option<Concern> {
    let name = &deed.target.text;
    if let Some(store) = before::below(paths, host) {
        let name = message::clean(name);
        return Some(Concern::Forbidden(format!("below `{name}` is {store}.")));
    }
    let facts = file::facts(paths, &host.places)?;
    let refused = facts.store.and_then(|store| ruling::of_store(Action::CommandRun, (name, store), (call, host)));
    if let Some(reason) = refused {
        return Some(Concern::Forbidden(reason));
    }
    match facts.store {
        _ if deed.act == Act::Copies => None,
        // Nobody sees what is sent again: whatever is in it must be known now.
        store if deed.act == Act::Sends || !(call.can.output_replaced || call.can.success_replaced) => {
            let denied = match file::verdict(name, &facts, (call, host), book) {
                Verdict::Deny { reason } => Some(Concern::Forbidden(reason)),
                _ => None,
            };
            denied.or_else(|| {
                store
                    .filter(|_| deed.act == Act::Sends)
                    .map(|store| Concern::Forbidden(file::of_store(name, store, host)))
            })
        }
        Some(store) if store.severity >= Severity::Medium => {
            let (shown, what) = (message::clean(name), message::store(store));
            let way = message::instead(name, &host.program);
            Some(Concern::Shows(format!("`{shown}` {what}. {way}")))
        }
        _ => None,
    }
}

/// A script with placeholders: they mean something to `leaktight run` alone, and
/// what a command that runs through it sends is for the policy to say.
fn holds_placeholder(text: &str, script: &Script, call: &Call<'_>, host: &Host<'_>) -> Option<String> {
    let placeholders: Vec<Span> = Placeholder::find(text.as_bytes()).collect();
    let first = *placeholders.first()?;
    let name = &text[first.range()];
    let runs = |span: &Span| {
        let around =
            script.programs.iter().filter(|(_, command)| command.start <= span.start && span.end <= command.end);
        around.min_by_key(|(_, command)| command.len()).is_some_and(|(program, _)| program == "leaktight")
    };
    if !placeholders.iter().all(runs) {
        let program = &host.program;
        return Some(format!(
            "{name} is a placeholder, which means nothing to this command. Let `{program} run -- COMMAND` put the value \
             in its place, in the arguments or with `--env NAME={name}`; nobody sees it then."
        ));
    }
    let hosts = script.deeds.iter().filter(|deed| deed.act == Act::Contacts).map(|deed| contacted(&deed.target.text));
    hosts.into_iter().find_map(|host_name| {
        let class = Placeholder::parse(name.as_bytes())?.class().to_owned();
        ruling::of_restore(&class, Destination::Network(host_name), (call, host))
    })
}

/// Returns the host of an address.
fn contacted(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.strip_prefix("/dev/tcp/").unwrap_or(rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.split(':').next().unwrap_or_default().to_ascii_lowercase()
}

/// A script that sends something and holds a secret itself.
fn sends_secret(text: &str, script: &Script, host: &mut Host<'_>, book: &mut Book) -> Option<String> {
    let sends = script.deeds.iter().any(|deed| matches!(deed.act, Act::Contacts | Act::Sends));
    if !sends {
        return None;
    }
    let way = message::instead_of_values(&host.program);
    host.redactor.confidence = Confidence::Medium;
    host.redactor.opaque = &[];
    let report = host.redactor.redact(Format::Text, text.as_bytes(), book).report;
    (report.n_hits + report.n_left > 0).then(|| {
        let found = message::found(&report, &host.rules);
        format!("the command holds {found}, and sends it to another machine. Put it into a variable that the command reads. {way}")
    })
}

/// A script that is not understood may not name a store at all.
fn hidden(text: &str, call: &Call<'_>, host: &Host<'_>) -> Option<String> {
    shell::names(text).into_iter().find_map(|name| {
        let paths = file::candidates(name, call.cwd(), &[], &host.places);
        let store = paths.iter().find_map(|path| store::find(path, &host.places))?;
        let is_bad = store.content == Content::Secret || store.severity >= Severity::High;
        let why = "The command could not be understood as a whole; write it more simply.";
        is_bad.then(|| format!("{} {why}", file::of_store(name, store, host)))
    })
}

/// Lets a single pipeline run with its output filtered, where the assistant's
/// settings allow the two commands that are added; else says why not.
fn filtered(text: &str, script: &Script, (call, host): (&Call<'_>, &Host<'_>), reason: String) -> Outcome {
    let filter = format!("{} filter", host.program);
    let is_plain = host.program.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    let may = call.can.rewrite && is_plain && script.shape == Shape::Pipeline && script.sound;
    if may && (call.unasked || (host.allows)(&["set -o pipefail", &filter])) {
        let rewritten = format!("set -o pipefail; {} 2>&1 | {filter}", text.trim());
        return Outcome::Filter(rewritten, format!("the command is run with its output filtered, because {reason}"));
    }
    Outcome::Deny(reason)
}
