//! `doctor`: whether the hooks of assistants are there, switched on, and answer.

use std::collections::HashSet;
use std::io::{self, Write as _};
use std::path::{self, Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::Context as _;
use clap::{Parser, ValueHint};
use leaktight_context::hook::Assistant;
use leaktight_context::splice::{Document, Node};

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
        let mut faults = faults(assistant, &states);
        faults.extend((assistant == Assistant::ClaudeCode).then(|| switched_off(&states)).flatten());
        if faults.is_empty() {
            faults.extend(silent(assistant, &program));
        }
        is_well &= faults.is_empty();
        let verdict = if faults.is_empty() { "well" } else { "not well" };
        text.push_str(&format!("{}: {verdict}\n", assistant.name()));
        for (name, file, state) in states.iter().filter(|(_, _, state)| *state != State::Missing) {
            let word = if *state == State::Current { "hooks" } else { "changed hooks" };
            text.push_str(&format!("  {word} of the {name} in `{}`\n", escape_path(file)));
        }
        faults.iter().for_each(|fault| text.push_str(&format!("  {fault}\n")));
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

/// Whether settings of Claude Code switch all hooks off.
fn switched_off(states: &[(&str, PathBuf, State)]) -> Option<String> {
    let local = states.iter().map(|(_, file, _)| file.with_file_name("settings.local.json"));
    let mut files = states.iter().map(|(_, file, _)| file.clone()).chain(local);
    let is_off = |file: &PathBuf| {
        let Ok(bytes) = fs::read(file) else { return false };
        let Ok(document) = Document::parse(&bytes) else { return false };
        document.root().get("disableAllHooks").is_some_and(|node: Node<'_>| node.raw() == b"true")
    };
    let file = files.find(is_off)?;
    Some(format!("`{}` switches all hooks off: `disableAllHooks`", escape_path(&file)))
}

/// Whether the hook fails to answer: what is no event must be refused.
fn silent(assistant: Assistant, program: &str) -> Option<String> {
    let asked = || -> io::Result<bool> {
        let mut child = Command::new(program)
            .args(["hook", assistant.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(b"no event")?;
        }
        let output = child.wait_with_output()?;
        let refuses = String::from_utf8_lossy(&output.stdout).contains("leaktight");
        Ok(output.status.code() == Some(2) || refuses)
    };
    match asked() {
        Ok(true) => None,
        Ok(false) => Some("the hook lets pass what is no event: this is a defect; please report it".to_owned()),
        Err(err) => Some(format!("the hook can't be run: {err}")),
    }
}

/// What else a person has to do.
fn note(assistant: Assistant) -> Option<&'static str> {
    match assistant {
        Assistant::Codex => Some("it runs them once you trust them: `/hooks` there tells"),
        Assistant::Cursor | Assistant::Windsurf => Some("restart it after an installation"),
        _ => None,
    }
}
