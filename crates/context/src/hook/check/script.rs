//! Shell commands that are about to run.

use std::path::PathBuf;

use leaktight_core::{Confidence, Severity, Span};

use super::super::call::Call;
use super::super::{Host, message};
use super::look::Look;
use super::{Verdict, before, file, guard, known, ruling, within};
use crate::policy::{self, Action, Destination};
use crate::redact::{Book, Placeholder};
use crate::shell::{self, Act, Deed, Script, Shape};
use crate::splice::Format;
use crate::store::{self, Content};

/// What becomes of a script.
pub(super) enum Outcome {
    /// It runs.
    Pass,
    /// A person is asked first.
    Ask(String),
    /// It does not.
    Deny(String),
    /// It runs with what it prints filtered: the new script, and why.
    Filter(String, String),
}

/// How bad a deed is.
pub(super) enum Concern {
    /// What it prints may hold secrets that can be found and replaced.
    Shows(String),
    /// It is for a person to say.
    Asked(String),
    /// It can't be let through in any form.
    Forbidden(String),
}

/// Decides about a script.
pub(super) fn check(text: &str, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Outcome {
    let known = |name: &str| known_variable(name, call, host);
    let script = shell::read(text, &known);
    let (mut shows, mut asked) = (None, None);
    if let Some(reason) = guard::of_script(text, &script, (call, host)) {
        return Outcome::Deny(reason);
    }
    for deed in &script.deeds {
        match concern(deed, call, host, book) {
            Some(Concern::Forbidden(reason)) => return Outcome::Deny(reason),
            Some(Concern::Asked(reason)) => asked = asked.or(Some(reason)),
            Some(Concern::Shows(reason)) => shows = shows.or(Some(reason)),
            None => {}
        }
    }
    let refused = holds_placeholder(text, &script, call, host)
        .or_else(|| sends_secret(text, &script, (call, host), book).map(|found| format!("the command {found}")))
        .or_else(|| within::check(&script, call, host, book));
    if let Some(reason) = refused {
        return Outcome::Deny(reason);
    }
    if !script.sound
        && let Some(reason) = hidden(text, call, host)
    {
        return Outcome::Deny(reason);
    }
    match (asked, shows) {
        (Some(reason), _) if !call.can.ask => Outcome::Deny(reason),
        (asked, Some(reason)) if !call.can.output_replaced => {
            let outcome = filtered(text, &script, (call, host), reason);
            // One that is rewritten is not asked about.
            if asked.is_some() && !matches!(outcome, Outcome::Deny(_)) {
                return asked.map_or(outcome, Outcome::Deny);
            }
            outcome
        }
        (Some(reason), _) => Outcome::Ask(reason),
        (None, _) => Outcome::Pass,
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

pub(super) fn concern(deed: &Deed, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Option<Concern> {
    let program = message::clean(&deed.program);
    let way = message::instead_of_values(&host.program);
    match deed.act {
        Act::Secret => Some(Concern::Forbidden(format!("`{program}` would print {}. {way}", deed.target.text))),
        Act::Environment if deed.target.text.is_empty() => of_environment(deed, host),
        Act::Environment => {
            let name = message::clean(&deed.target.text);
            Some(Concern::Forbidden(format!(
                "`{program}` would print the variable {name}, whose name promises a secret. {way}"
            )))
        }
        Act::Governs => Some(Concern::Forbidden(guard::governs(&deed.program, &deed.target.text))),
        Act::Hands => of_variable(deed, call, host),
        Act::Recalls => of_history(deed, call, host),
        Act::Contacts | Act::Runs => None,
        Act::Prints | Act::Encodes | Act::Copies | Act::Sends => with_file(deed, call, host, book),
    }
}

/// All variables.
fn of_environment(deed: &Deed, host: &Host<'_>) -> Option<Concern> {
    let program = message::clean(&deed.program);
    let way = message::instead_of_values(&host.program);
    if deed.sent {
        return Some(Concern::Forbidden(format!(
            "all that `{program}` prints of the environment would be sent. {way}"
        )));
    }
    (!deed.filtered).then(|| Concern::Shows(format!("`{program}` prints all environment variables. {way}")))
}

/// The value of a variable that goes to another machine.
fn of_variable(deed: &Deed, call: &Call<'_>, host: &Host<'_>) -> Option<Concern> {
    let none = [String::new()];
    let to = if deed.to.is_empty() { none.as_slice() } else { deed.to.as_slice() };
    let unknown = to.iter().map(|address| contacted(address)).filter(|to| !known::may_have(to, &deed.target.text));
    unknown.into_iter().find_map(|to| match ruling::of_variable(&deed.target.text, &to, (call, host))? {
        (policy::Verdict::Ask, reason) => Some(Concern::Asked(reason)),
        (_, reason) => Some(Concern::Forbidden(reason)),
    })
}

/// What a repository keeps, which can't be looked at before it is printed.
fn of_history(deed: &Deed, call: &Call<'_>, host: &Host<'_>) -> Option<Concern> {
    let what = format!("`git {}` prints what the repository keeps, which can't be looked at before", deed.target.text);
    if deed.sent {
        return Some(Concern::Asked(format!("{what}, and the command sends it to another machine.")));
    }
    let is_seen_later = call.can.output_replaced || call.can.success_replaced;
    let way = message::instead_of_output(&host.program);
    (!is_seen_later && !deed.filtered).then(|| Concern::Forbidden(format!("{what}. {way}")))
}

/// Whether whatever is in a file must be known before the command runs: nobody sees what
/// is sent again, nor finds anything in another form of it.
fn is_last_look(deed: &Deed, call: &Call<'_>) -> bool {
    let is_seen_later = call.can.output_replaced || call.can.success_replaced;
    match deed.act {
        Act::Sends | Act::Encodes => true,
        _ if deed.sent => true,
        Act::Prints => !is_seen_later && !deed.filtered,
        _ => false,
    }
}

/// A deed with a file.
fn with_file(deed: &Deed, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Option<Concern> {
    let name = &deed.target.text;
    if name.len() > 4096 {
        return None;
    }
    let mut groups = Vec::new();
    if !name.is_empty() {
        groups.push(file::candidates(name, call.cwd(), &deed.folders, &host.places));
    }
    if deed.target.glob {
        groups.extend(file::globbed(name, call.cwd(), &deed.folders, &host.places).into_iter().map(|path| vec![path]));
    }
    let named = groups.iter().find_map(|paths| with_paths(deed, name, paths, (call, host), book));
    let is_hidden = !deed.target.exact && !deed.target.glob && matches!(deed.act, Act::Prints | Act::Encodes);
    if named.is_some() || !is_hidden || !is_last_look(deed, call) {
        return named;
    }
    // Which file it is only the shell knows; it is likely one near.
    let near = file::candidates(".", call.cwd(), &deed.folders, &host.places);
    in_folder(deed, &near, (call, host), book)
}

fn with_paths(
    deed: &Deed,
    name: &str,
    paths: &[PathBuf],
    (call, host): (&Call<'_>, &mut Host<'_>),
    book: &mut Book,
) -> Option<Concern> {
    if let Some(store) = before::below(paths, host) {
        let name = message::clean(name);
        return Some(Concern::Forbidden(format!("below `{name}` is {store}.")));
    }
    if is_last_look(deed, call) && reads_folders(deed) {
        let folder = in_folder(deed, paths, (call, host), book);
        if folder.is_some() {
            return folder;
        }
    }
    let facts = file::facts(paths, &host.places)?;
    let refused = facts.store.and_then(|store| ruling::of_store(Action::CommandRun, (name, store), (call, host)));
    if let Some(reason) = refused {
        return Some(Concern::Forbidden(reason));
    }
    let store = facts.store.filter(|store| store.severity >= Severity::Medium);
    match store {
        _ if is_last_look(deed, call) => known_now(deed, name, &facts, (call, host), book),
        _ if deed.filtered => None,
        Some(store) if deed.act == Act::Copies => copied(deed, store, (call, host)).map(Concern::Forbidden),
        Some(store) => {
            let (shown, what) = (message::clean(name), message::store(store));
            let way = message::instead(name, &host.program);
            Some(Concern::Shows(format!("`{shown}` {what}. {way}")))
        }
        None => None,
    }
}

/// A file of which whatever is in it must be known now.
fn known_now(
    deed: &Deed,
    name: &str,
    facts: &file::Facts,
    (call, host): (&Call<'_>, &mut Host<'_>),
    book: &mut Book,
) -> Option<Concern> {
    if let Verdict::Deny { reason } = file::verdict(name, facts, (call, host), book) {
        return Some(Concern::Forbidden(reason));
    }
    let is_sent = deed.act == Act::Sends || deed.sent;
    let is_encoded = |store: &store::Store| deed.act == Act::Encodes && store.severity >= Severity::Medium;
    let store = facts.store.filter(|store| is_sent || is_encoded(store));
    store.map(|store| Concern::Forbidden(file::of_store(name, store, host)))
}

/// Whether a program that is given a folder goes through it.
fn reads_folders(deed: &Deed) -> bool {
    const SENDERS: [&str; 9] = ["aws", "croc", "gsutil", "lftp", "rclone", "rsync", "scp", "sftp", "wormhole"];
    deed.act != Act::Sends || SENDERS.contains(&deed.program.as_str())
}

/// A folder whose files are printed or sent, looked at within limits.
fn in_folder(
    deed: &Deed,
    paths: &[PathBuf],
    (call, host): (&Call<'_>, &mut Host<'_>),
    book: &mut Book,
) -> Option<Concern> {
    let folder = paths.iter().find(|path| path.is_dir())?.clone();
    // Some searchers leave hidden files out unless they are told to read them.
    let mut look = Look::new(&folder, !deed.skips_hidden);
    for path in look.by_ref() {
        let name = path.strip_prefix(&folder).unwrap_or(&path).to_string_lossy().into_owned();
        let Some(facts) = file::facts(&[path], &host.places) else { continue };
        let concern = known_now(deed, &name, &facts, (call, host), book);
        if let Some(Concern::Forbidden(reason)) = concern {
            let way = if deed.sent || deed.act == Act::Sends {
                String::new()
            } else {
                message::instead_of_output(&host.program)
            };
            return Some(Concern::Forbidden(format!(
                "`{}` reads all of a folder, and {reason} {way}",
                message::clean(&deed.program)
            )));
        }
    }
    look.is_cut.then(|| {
        let folder = message::clean(&folder.to_string_lossy());
        let what = format!("`{folder}` is too large to be looked at before it is read");
        if deed.sent || deed.act == Act::Sends {
            return Concern::Asked(format!("{what}, and the command sends it to another machine."));
        }
        Concern::Forbidden(format!("{what}. {}", message::instead_of_output(&host.program)))
    })
}

/// A copy under a name that does not tell what it holds, which matters where what is read
/// of it can't be replaced.
fn copied(deed: &Deed, store: &store::Store, (call, host): (&Call<'_>, &Host<'_>)) -> Option<String> {
    if call.can.output_replaced || call.can.success_replaced {
        return None;
    }
    let to = deed.to.first()?;
    let source = deed.target.text.rsplit('/').next().unwrap_or_default();
    let paths = file::candidates(to, call.cwd(), &deed.folders, &host.places);
    let is_known = |path: &PathBuf| store::find(path, &host.places).is_some();
    let is_folder = paths.iter().any(|path| path.is_dir());
    let is_kept = paths.iter().any(is_known) || is_folder && paths.iter().any(|path| is_known(&path.join(source)));
    (!is_kept).then(|| {
        let name = message::clean(&deed.target.text);
        format!("`{name}` {}, which would not show in the name of its copy.", message::store(store))
    })
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

/// What a script that sends something holds of secrets itself.
pub(super) fn sends_secret(
    text: &str,
    script: &Script,
    (call, host): (&Call<'_>, &mut Host<'_>),
    book: &mut Book,
) -> Option<String> {
    let sends = script.deeds.iter().any(|deed| matches!(deed.act, Act::Contacts | Act::Sends) || deed.sent);
    if !sends {
        return None;
    }
    let way = message::instead_of_values(&host.program);
    host.redactor.confidence = Confidence::Medium;
    host.redactor.opaque = &[];
    let report = host.redactor.redact(Format::Text, text.as_bytes(), book).report;
    (report.n_hits + report.n_left > 0).then(|| {
        ruling::refuse(&report, (call, host));
        let found = message::found(&report, &host.rules);
        format!("holds {found}, and sends it to another machine. Put it into a variable that the command reads. {way}")
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
