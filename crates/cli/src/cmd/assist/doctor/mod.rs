//! `doctor`: whether the hooks of assistants are there, switched on, and answer.

mod around;
mod probe;
mod trust;

use std::collections::HashSet;
use std::env;
use std::io::{self, Write as _};
use std::path::{self, Path, PathBuf};

use anyhow::Context as _;
use clap::{Parser, ValueHint};
use leaktight_context::hook::Assistant;

use super::plan::{self, Content, Plan, Scope};
use super::{existing, merge};
use crate::exit;
use crate::term::{escape, escape_path};

#[derive(Debug, Parser)]
pub(crate) struct DoctorArgs {
    /// The folder of the project
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    path: PathBuf,
}

/// How the hooks of an assistant are in one place.
#[derive(Debug, Eq, PartialEq)]
enum State {
    /// As this program would write them.
    Current,
    /// There, but not all of them, or of another program.
    Stale,
    /// Not there.
    Missing,
    /// The file can't be used.
    Broken(String),
}

/// Checks every assistant that is used here.
pub(crate) fn run(args: &DoctorArgs) -> anyhow::Result<u8> {
    let program = env::current_exe().context("cannot tell where this program is")?;
    let program = program.to_string_lossy().into_owned();
    let (mut text, mut n_found, mut is_well) = (String::new(), 0, true);
    for assistant in Assistant::ALL {
        let scopes = [("user", Scope::User), ("project", Scope::Project(&args.path))];
        let mut seen = HashSet::new();
        let plans = |scope| plan::plan(assistant, scope, &program).unwrap_or_default();
        let states: Vec<(&str, PathBuf, State)> = scopes
            .into_iter()
            .flat_map(|(name, scope)| plans(scope).into_iter().map(move |plan| (name, plan)))
            // The project may be the home folder itself.
            .filter(|(_, plan)| seen.insert(path::absolute(&plan.file).unwrap_or_else(|_| plan.file.clone())))
            .map(|(name, plan)| Ok((name, plan.file.clone(), state(&plan)?)))
            .collect::<anyhow::Result<_>>()?;
        let is_here = plans(Scope::User).first().and_then(folder_of).is_some_and(|folder| folder.is_dir());
        if !is_here && states.iter().all(|(_, _, state)| *state == State::Missing) {
            continue;
        }
        n_found += 1;
        let files: Vec<&Path> = states.iter().map(|(_, file, _)| file.as_path()).collect();
        let mut faults = faults(assistant, &states);
        faults.extend(around::faults(assistant, &files));
        if faults.is_empty() {
            let scopes = [plans(Scope::User), plans(Scope::Project(&args.path))];
            let there = |plan: &&Plan| states.iter().any(|(_, file, state)| *file == plan.file && is_current(state));
            faults.extend(probe::fault(assistant, scopes.iter().flatten().find(there)));
        }
        is_well &= faults.is_empty();
        let verdict = if faults.is_empty() { "well" } else { "not well" };
        text.push_str(&format!("{}: {verdict}\n", assistant.name()));
        for (name, file, state) in states.iter().filter(|(_, _, state)| *state != State::Missing) {
            let word = if *state == State::Current { "hooks" } else { "changed hooks" };
            text.push_str(&format!("  {word} of the {name} in `{}`\n", escape_path(file)));
        }
        faults.iter().for_each(|fault| text.push_str(&format!("  {fault}\n")));
        text.push_str(&format!("  {}\n", abilities(assistant)));
        text.extend(note(assistant).filter(|_| faults.is_empty()).map(|note| format!("  {note}\n")));
    }
    if n_found == 0 {
        text.push_str("no assistant is known to be used here\n");
    }
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(if is_well { exit::CLEAN } else { exit::FINDINGS })
}

/// The folder in which an assistant keeps what is its own: the first below the home
/// folder, or below its folder for configuration.
pub(super) fn folder_of(plan: &Plan) -> Option<PathBuf> {
    let home = crate::vault::home()?;
    let Ok(below) = plan.file.strip_prefix(&home) else { return plan.file.parent().map(Path::to_path_buf) };
    let n_parts = if below.starts_with(".config") || below.starts_with("Documents") { 2 } else { 1 };
    Some(below.components().take(n_parts).fold(home, |folder, part| folder.join(part)))
}

fn state(plan: &Plan) -> anyhow::Result<State> {
    let Some(text) = existing(&plan.file)? else { return Ok(State::Missing) };
    Ok(match &plan.content {
        Content::Merged(elements) => match (merge::add(&text, elements), merge::remove(&text, elements)) {
            (Ok(after), _) if after == text => State::Current,
            (Ok(_), Ok(before)) if before == text && !text.contains("leaktight") => State::Missing,
            (Ok(_), Ok(_)) => State::Stale,
            (Err(why), _) | (_, Err(why)) => State::Broken(why),
        },
        Content::Own(own) | Content::Program(own) if *own == text => State::Current,
        _ if text.contains("leaktight") => State::Stale,
        _ => State::Missing,
    })
}

/// What is wrong with the files.
fn faults(assistant: Assistant, states: &[(&str, PathBuf, State)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (_, file, state) in states {
        match state {
            State::Stale => {
                let file = escape_path(file);
                faults.push(format!("`{file}` was changed, or calls another program: install again"));
            }
            State::Broken(why) => {
                faults.push(format!("`{}` can't be used: {}", escape_path(file), escape(why.as_bytes())));
            }
            State::Current | State::Missing => {}
        }
    }
    if states.iter().all(|(_, _, state)| *state == State::Missing) {
        faults.push(format!("no hooks: `leaktight install {} --user` adds them", assistant.name()));
    }
    faults
}

fn is_current(state: &State) -> bool {
    *state == State::Current
}

/// What hooks can do there, and with which version that was tried.
fn abilities(assistant: Assistant) -> &'static str {
    match assistant {
        Assistant::ClaudeCode => {
            "it can take secrets out of what tools print and stop prompts and failed commands (tried with 2.1.330)"
        }
        Assistant::Codex => "it can take secrets out of what tools print and stop prompts (tried with 0.169.0)",
        Assistant::Copilot => "it can take secrets out of prompts and of what tools print (tried with 1.0.102)",
        Assistant::Gemini => "it can take secrets out of requests and of what tools print (tried with 0.61.0)",
        Assistant::OpenCode => {
            "it can take secrets out of prompts and of what tools print (not tried with the program)"
        }
        Assistant::Cursor => {
            "it can stop reads, commands and prompts, and take secrets out of what MCP servers return, \
             not of what commands print (not tried with the program)"
        }
        _ => "it can stop reads, commands and prompts, not take secrets out of them (not tried with the program)",
    }
}

/// What else a person has to do.
fn note(assistant: Assistant) -> Option<&'static str> {
    match assistant {
        Assistant::Cursor | Assistant::Windsurf => Some("restart it after an installation"),
        _ => None,
    }
}
