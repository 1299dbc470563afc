//! `hook` and `install`: whose hooks, and how they answer.

use clap::{Parser, Subcommand, ValueEnum};

use super::{GitHook, GitInstall};
use crate::cmd::assist::AssistantInstall;

#[derive(Debug, Parser)]
pub(crate) struct Hook {
    #[command(subcommand)]
    pub(crate) command: HookCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HookCommand {
    /// Answer whoever calls, told by what it sends
    Auto(HookArgs),
    /// Answer Claude Code
    ClaudeCode(HookArgs),
    /// Answer Cline
    Cline(HookArgs),
    /// Answer OpenAI Codex
    Codex(HookArgs),
    /// Answer GitHub Copilot CLI and the coding agent
    Copilot(HookArgs),
    /// Answer Cursor
    Cursor(HookArgs),
    /// Check what git is about to commit, send or take in; git calls this
    Git(Box<GitHook>),
    /// Answer Gemini CLI
    Gemini(HookArgs),
    /// Answer Kiro
    Kiro(HookArgs),
    /// Answer the plugin of OpenCode
    Opencode(HookArgs),
    /// Answer GitHub Copilot in Visual Studio Code
    Vscode(HookArgs),
    /// Answer Windsurf
    Windsurf(HookArgs),
}

#[derive(Clone, Debug, Parser)]
pub(crate) struct HookArgs {
    /// The event, where what the assistant sends does not name it
    pub(crate) event: Option<String>,
    /// When a file with secrets is read as a copy without them: only one too large to be replaced later, or any
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ShadowWhen::Large)]
    pub(crate) shadow: ShadowWhen,
    /// Write placeholders to files as they are, rather than the values they stand for
    #[arg(long)]
    pub(crate) no_restore: bool,
    /// Refuse a prompt with a secret even where the secret could be replaced later
    #[arg(long)]
    pub(crate) deny_prompts: bool,
}

/// When a file is read as a copy without its secrets.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ShadowWhen {
    /// When what is read of it could not be replaced in time.
    Large,
    /// Whenever it holds a secret.
    Always,
    /// Never: it is not read at all.
    Never,
}

#[derive(Debug, Parser)]
pub(crate) struct Install {
    #[command(subcommand)]
    pub(crate) command: InstallCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InstallCommand {
    /// Hooks of every assistant that this user has a folder of
    All(AssistantInstall),
    /// Hooks of Claude Code
    ClaudeCode(AssistantInstall),
    /// Hooks of Cline
    Cline(AssistantInstall),
    /// Hooks of OpenAI Codex, which asks to trust them when it starts
    Codex(AssistantInstall),
    /// Hooks of GitHub Copilot CLI and the coding agent
    Copilot(AssistantInstall),
    /// Hooks of Cursor
    Cursor(AssistantInstall),
    /// Hooks of git: in a repository, or with --global in all of this user
    Git(GitInstall),
    /// Hooks of Gemini CLI
    Gemini(AssistantInstall),
    /// Hooks of Kiro
    Kiro(AssistantInstall),
    /// A plugin for OpenCode
    Opencode(AssistantInstall),
    /// Hooks of a project for GitHub Copilot in Visual Studio Code, in the file of Copilot CLI
    Vscode(AssistantInstall),
    /// Hooks of Windsurf
    Windsurf(AssistantInstall),
}
