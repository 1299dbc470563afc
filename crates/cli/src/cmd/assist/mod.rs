//! `install` and `uninstall` for assistants: writes hooks into their settings.

pub(crate) mod doctor;
mod merge;
mod plan;

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Parser, ValueHint};
use leaktight_context::hook::Assistant;

pub(crate) use self::plan::own;
use self::plan::{Content, Plan, Scope};
use crate::args::{GitInstall, InstallCommand};
use crate::cmd::git_install;
use crate::rewrite::Rewrite;
use crate::term::escape_path;
use crate::{Hint, exit};

#[derive(Debug, Parser)]
pub(crate) struct AssistantInstall {
    /// The folder of the project
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    path: PathBuf,
    /// For all projects of this user
    #[arg(long, conflicts_with = "path")]
    user: bool,
    /// Print what the files would be, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl AssistantInstall {
    fn scope(&self) -> Scope<'_> {
        if self.user { Scope::User } else { Scope::Project(&self.path) }
    }
}

/// What is done for an assistant, for all of them, and for git.
pub(crate) struct Deeds {
    one: fn(Assistant, &AssistantInstall) -> anyhow::Result<u8>,
    all: fn(&AssistantInstall) -> anyhow::Result<u8>,
    git: fn(&GitInstall) -> anyhow::Result<u8>,
}

/// Installs hooks.
pub(crate) const INSTALL: Deeds = Deeds { one: install, all: install_all, git: git_install::run };
/// Removes them.
pub(crate) const UNINSTALL: Deeds = Deeds { one: uninstall, all: uninstall_all, git: git_install::undo };

/// Does something for whom the command line names.
pub(crate) fn dispatch(command: &InstallCommand, deeds: &Deeds) -> anyhow::Result<u8> {
    match command {
        InstallCommand::All(args) => (deeds.all)(args),
        InstallCommand::ClaudeCode(args) => (deeds.one)(Assistant::ClaudeCode, args),
        InstallCommand::Cline(args) => (deeds.one)(Assistant::Cline, args),
        InstallCommand::Codex(args) => (deeds.one)(Assistant::Codex, args),
        InstallCommand::Copilot(args) => (deeds.one)(Assistant::Copilot, args),
        InstallCommand::Cursor(args) => (deeds.one)(Assistant::Cursor, args),
        InstallCommand::Git(args) => (deeds.git)(args),
        InstallCommand::Gemini(args) => (deeds.one)(Assistant::Gemini, args),
        InstallCommand::Kiro(args) => (deeds.one)(Assistant::Kiro, args),
        InstallCommand::Opencode(args) => (deeds.one)(Assistant::OpenCode, args),
        InstallCommand::Vscode(args) => (deeds.one)(Assistant::VsCode, args),
        InstallCommand::Windsurf(args) => (deeds.one)(Assistant::Windsurf, args),
    }
}

/// Installs the hooks of every assistant that the user or the project has a folder of.
fn install_all(args: &AssistantInstall) -> anyhow::Result<u8> {
    let is_used = |assistant: &Assistant| {
        let plans = plan::plan(*assistant, Scope::User, "leaktight").unwrap_or_default();
        let has_folder = plans.first().and_then(doctor::folder_of).is_some_and(|folder| folder.is_dir());
        has_folder || is_installed(*assistant, args)
    };
    all(args, is_used, install)?.ok_or_else(|| {
        Hint::new("no assistant is known to be used", "name one, as in `leaktight install codex`").into()
    })
}

/// Removes the hooks of every assistant that has some.
fn uninstall_all(args: &AssistantInstall) -> anyhow::Result<u8> {
    let removed = all(args, |assistant| is_installed(*assistant, args), uninstall)?;
    if removed.is_none() {
        let place = if args.user { "for this user; without --user" } else { "in this project; with --user" };
        writeln!(io::stdout(), "no hooks of an assistant are installed {place} the others are removed")?;
    }
    Ok(removed.unwrap_or(exit::CLEAN))
}

/// Does something for some assistants; none if there is none.
fn all(
    args: &AssistantInstall,
    is_meant: impl Fn(&Assistant) -> bool,
    act: fn(Assistant, &AssistantInstall) -> anyhow::Result<u8>,
) -> anyhow::Result<Option<u8>> {
    let meant = Assistant::ALL.into_iter().filter(is_meant);
    meant.map(|assistant| act(assistant, args)).try_fold(None, |worst, code| Ok(worst.max(Some(code?))))
}

/// Whether a file that is to hold hooks of ours speaks of us.
fn is_installed(assistant: Assistant, args: &AssistantInstall) -> bool {
    let plans = plan::plan(assistant, args.scope(), "leaktight").unwrap_or_default();
    plans.iter().any(|plan| existing(&plan.file).is_ok_and(|text| text.is_some_and(|text| text.contains("leaktight"))))
}

/// Installs the hooks of an assistant.
fn install(assistant: Assistant, args: &AssistantInstall) -> anyhow::Result<u8> {
    each(assistant, args, |plan| match &plan.content {
        Content::Merged(elements) => {
            let before = existing(&plan.file)?;
            // A file that only says what it must for its assistant.
            let empty = if assistant == Assistant::Cursor { "{\"version\": 1}\n" } else { "{}\n" };
            let text = before.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(empty);
            let after = merge::add(text, elements).map_err(|why| unusable(&plan.file, &why))?;
            write(&plan.file, (before.as_deref(), &after), args)
        }
        Content::Own(text) | Content::Program(text) => {
            let before = existing(&plan.file)?;
            if before.as_deref().is_some_and(|before| !before.contains("leaktight")) {
                return Err(unusable(&plan.file, "it is not one of Leaktight's"));
            }
            write(&plan.file, (before.as_deref(), text), args)?;
            if !args.dry_run && matches!(plan.content, Content::Program(_)) {
                executable(&plan.file)?;
            }
            Ok(())
        }
    })
}

/// Removes the hooks of an assistant.
fn uninstall(assistant: Assistant, args: &AssistantInstall) -> anyhow::Result<u8> {
    each(assistant, args, |plan| {
        let Some(before) = existing(&plan.file)? else { return Ok(()) };
        match &plan.content {
            Content::Merged(elements) => {
                let after = merge::remove(&before, elements).map_err(|why| unusable(&plan.file, &why))?;
                let is_empty = matches!(after.trim(), "{}" | "{\"version\": 1}");
                if is_empty { delete(&plan.file, args) } else { write(&plan.file, (Some(&before), &after), args) }
            }
            _ if before.contains("leaktight") => delete(&plan.file, args),
            _ => Ok(()),
        }
    })
}

fn each(
    assistant: Assistant,
    args: &AssistantInstall,
    act: impl Fn(&Plan) -> anyhow::Result<()>,
) -> anyhow::Result<u8> {
    let program = env::current_exe().context("cannot tell where this program is")?;
    let program = program.to_str().ok_or_else(|| Hint::new("the path of this program is no text", "move it"))?;
    let name = assistant.name();
    let plans = plan::plan(assistant, args.scope(), program).ok_or_else(|| {
        Hint::new(
            format!("hooks of {name} can't be installed"),
            "add the command `leaktight hook` to its settings by hand",
        )
    })?;
    plans.iter().try_for_each(act)?;
    Ok(exit::CLEAN)
}

/// Returns a file's text; none when there is no file.
fn existing(file: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(err) => Err(err).with_context(|| format!("cannot read `{}`", escape_path(file))),
    }
}

fn unusable(file: &Path, why: &str) -> anyhow::Error {
    const HINT: &str = "nothing was changed; --dry-run on an empty folder shows what to add by hand";
    Hint::new(format!("cannot change `{}`: {}", escape_path(file), crate::term::escape(why.as_bytes())), HINT).into()
}

/// Writes a file whole or not at all, and says so.
fn write(file: &Path, (before, after): (Option<&str>, &str), args: &AssistantInstall) -> anyhow::Result<()> {
    let name = escape_path(file);
    if before == Some(after) {
        return say(&format!("`{name}` is as it should be"));
    }
    if args.dry_run {
        say(&format!("would write `{name}`:"))?;
        return io::stdout().write_all(after.as_bytes()).context("cannot write to standard output");
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", escape_path(folder)))?;
    if before.is_some() {
        let mut rewrite = Rewrite::file(file).with_context(|| format!("cannot change `{name}`"))?;
        rewrite.output().write_all(after.as_bytes()).with_context(|| format!("cannot change `{name}`"))?;
        rewrite.finish(true)?;
    } else {
        crate::output::replace(file, after.as_bytes()).with_context(|| format!("cannot write `{name}`"))?;
    }
    say(&format!("wrote `{name}`"))
}

fn delete(file: &Path, args: &AssistantInstall) -> anyhow::Result<()> {
    let name = escape_path(file);
    if args.dry_run {
        return say(&format!("would remove `{name}`"));
    }
    fs::remove_file(file).with_context(|| format!("cannot remove `{name}`"))?;
    say(&format!("removed `{name}`"))?;
    tidy(file, args)
}

/// Removes the folders that a file stood in and that are empty now: in a project up
/// to its root, and of a user those for hooks only, because the others tell which
/// assistants are in use.
fn tidy(file: &Path, args: &AssistantInstall) -> anyhow::Result<()> {
    const HOOKS: [&str; 3] = ["Hooks", "hooks", "plugin"];
    let is_for_hooks = |folder: &Path| folder.file_name().is_some_and(|name| HOOKS.iter().any(|hooks| name == *hooks));
    let is_ours = |folder: &Path| {
        if args.user { is_for_hooks(folder) } else { folder != args.path && folder.starts_with(&args.path) }
    };
    for folder in file.ancestors().skip(1).take_while(|folder| is_ours(folder)) {
        // One that holds anything stays, as the system sees to.
        if fs::remove_dir(folder).is_err() {
            break;
        }
        say(&format!("removed `{}`", escape_path(folder)))?;
    }
    Ok(())
}

fn executable(file: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(file, mode).with_context(|| format!("cannot change `{}`", escape_path(file)))?;
    }
    Ok(())
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(io::stderr(), "{text}").context("cannot write to standard error")
}
