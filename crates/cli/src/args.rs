//! The command line.

mod changes;
mod git;
mod hook;
mod transcripts;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser, Subcommand, ValueEnum, ValueHint};
use leaktight_core::{Confidence, Severity};

pub(crate) use self::changes::Changes;
pub(crate) use self::git::{GitEvent, GitHook, GitInstall};
pub(crate) use self::hook::{Hook, HookArgs, HookCommand, Install, InstallCommand, ShadowWhen};
pub(crate) use self::transcripts::{Inventory, Transcripts};
use crate::cmd::assist::doctor::DoctorArgs;
use crate::cmd::audit::AuditArgs;
use crate::cmd::grant::GrantArgs;
use crate::cmd::policy::PolicyArgs;
use crate::cmd::redact::{Redact, Restore};
use crate::cmd::run::Run;
use crate::cmd::show::ShowFile;
use crate::cmd::vault::VaultArgs;
use crate::report::Format;

/// Finds secrets before they leave your machine.
#[derive(Debug, Parser)]
#[command(name = "leaktight", version, propagate_version = true, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 complete and clean, 1 findings, 2 wrong usage, configuration or rules,
3 incomplete, 4 incomplete with findings, 130 and 143 interrupted.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scan files, trees and standard input
    Scan(Box<Scan>),
    /// List, show, check, test and compare rules
    Rules(Rules),
    /// Say why a text is or is not a finding
    Explain(Explain),
    /// Accept the findings of today
    Baseline(BaselineArgs),
    /// Replace the secrets of a text by placeholders
    Redact(Redact),
    /// Put secrets back where their placeholders stand
    Restore(Restore),
    /// List and purge what placeholders stand for
    Vault(VaultArgs),
    /// Answer git or a coding assistant that asks before it sends or runs something
    Hook(Hook),
    /// Copy standard input to standard output with placeholders for secrets
    Filter,
    /// List the secrets an assistant running as you can reach
    Inventory(Inventory),
    /// Print a file with placeholders in the place of its secrets
    Show(ShowFile),
    /// Run a command with values that nobody sees
    Run(Run),
    /// Have git or an assistant call this program before something is committed or sent
    Install(Install),
    /// Undo what `install` did
    Uninstall(Install),
    /// Check that the hooks of assistants are there, switched on, and answer
    Doctor(DoctorArgs),
    /// List the rules for assistants and explain decisions
    Policy(PolicyArgs),
    /// Let something pass for a task that the policy would ask about
    Grant(GrantArgs),
    /// Check, show and export what was decided about assistants
    Audit(AuditArgs),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print the manual page
    Man,
}

#[derive(Debug, Parser)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Scan {
    /// Files and folders to scan; `-` is standard input
    #[arg(default_value = ".", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) changes: Changes,

    #[command(flatten)]
    pub(crate) transcripts: Transcripts,

    #[command(flatten)]
    pub(crate) history: History,

    #[command(flatten)]
    pub(crate) select: Select,

    #[command(flatten)]
    pub(crate) judge: Judge,

    #[command(flatten)]
    pub(crate) show: Show,
}

/// Which part of a repository's history to scan.
#[derive(Debug, Default, Parser)]
#[command(next_help_heading = "History")]
pub(crate) struct History {
    /// Scan the whole history of the git repository that PATH belongs to, rather than its files
    #[arg(long, conflicts_with_all = ["staged", "unstaged", "diff"])]
    pub(crate) history: bool,
    /// Scan what all branches, tags and stashes lead to; this is the default
    #[arg(long, requires = "history", conflicts_with_all = ["branch", "range"])]
    pub(crate) all: bool,
    /// Scan what leads to this branch, tag or commit; may be repeated
    #[arg(long, value_name = "REV", requires = "history")]
    pub(crate) branch: Vec<String>,
    /// Scan only commits since then, such as 2024-12-31 or `2 weeks ago`
    #[arg(long, value_name = "DATE", requires = "history", value_parser = crate::when::parse)]
    pub(crate) since: Option<i64>,
    /// Scan only the latest commits, at most as many
    #[arg(long, value_name = "N", requires = "history")]
    pub(crate) max_commits: Option<usize>,
    /// Keep what a scan learned in this folder, so that the next takes less time [default: the user's cache folder]
    #[arg(long, value_name = "DIR", requires = "history", value_hint = ValueHint::DirPath)]
    pub(crate) cache: Option<PathBuf>,
    /// Keep nothing and trust nothing of earlier scans
    #[arg(long, requires = "history", conflicts_with = "cache")]
    pub(crate) no_cache: bool,
    /// Report what no branch or tag leads to, too, such as what a forced push left behind
    #[arg(long, requires = "history", conflicts_with_all = ["branch", "range", "since", "max_commits"])]
    pub(crate) unreachable: bool,
}

/// How many archives are opened in one another unless it is said.
pub(crate) const ARCHIVE_DEPTH: u8 = 5;

/// Which files to scan.
#[derive(Clone, Debug, Default, Parser)]
#[command(next_help_heading = "Files")]
pub(crate) struct Select {
    /// Scan what .gitignore and .ignore leave out, too
    #[arg(long)]
    pub(crate) no_ignore: bool,
    /// Scan only files that match this glob; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,
    /// Leave out files and folders that match this glob; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Do not scan files larger than this, such as 10M; they make the scan incomplete
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) max_size: Option<u64>,
    /// Follow symbolic links that stay within the scanned folders
    #[arg(long)]
    pub(crate) follow: bool,
    /// With --follow, follow links that lead elsewhere, too
    #[arg(long, requires = "follow")]
    pub(crate) follow_outside: bool,
    /// Scan binary files (images, programs), too, as the bytes they are
    #[arg(long)]
    pub(crate) binary: bool,
    /// Open archives and compressed files, at most so many in one another; with 0 they are binary files
    #[arg(long, value_name = "N", default_value_t = ARCHIVE_DEPTH, value_parser = clap::value_parser!(u8).range(..=16))]
    pub(crate) archive_depth: u8,
    /// Threads to use [default: one a core]
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Break off after this time, such as 90s or 10m, report what was found, and call the scan incomplete
    #[arg(long, value_name = "TIME", value_parser = crate::when::lasting)]
    pub(crate) timeout: Option<Duration>,
}

/// What counts as a finding.
#[derive(Clone, Debug, Parser)]
#[command(next_help_heading = "Findings")]
pub(crate) struct Judge {
    /// Report findings of at least this confidence
    #[arg(long, value_name = "LEVEL", default_value = "medium", value_parser = parse_confidence)]
    pub(crate) confidence: Confidence,
    /// Report findings of at least this severity
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = parse_severity)]
    pub(crate) severity: Severity,
    /// Exit with 1 for findings of at least this confidence
    #[arg(long, value_name = "LEVEL", default_value = "medium", value_parser = parse_fail_on)]
    pub(crate) fail_on: FailOn,
    /// Use only this rule; may be repeated
    #[arg(long = "rule", value_name = "ID")]
    pub(crate) only: Vec<String>,
    /// Use the rules of this file besides the built-in ones; may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rules: Vec<PathBuf>,
    /// Use this configuration [default: leaktight.toml at the scanned root]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Use this baseline [default: .leaktight-baseline.json at the scanned root]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) baseline: Option<PathBuf>,
    /// Ignore configuration and baseline found in what is scanned
    #[arg(long)]
    pub(crate) no_project_config: bool,
    /// Ignore marks `leaktight:allow` in what is scanned
    #[arg(long)]
    pub(crate) no_inline_allow: bool,
    /// Let the scan pass although these were not scanned, such as permission,size
    #[arg(long, value_name = "REASON", value_delimiter = ',')]
    pub(crate) allow_incomplete: Vec<String>,
    /// Treat a scan of nothing as incomplete
    #[arg(long)]
    pub(crate) require_nonempty: bool,
}

/// How to show findings.
#[derive(Clone, Debug, Parser)]
#[command(next_help_heading = "Output")]
pub(crate) struct Show {
    /// Format of the report; the n-th --format goes to the n-th -o, the rest to standard output, where
    /// without a format there is the report for people, or with -o its summary
    #[arg(long, short = 'f', value_name = "FORMAT", value_enum)]
    pub(crate) format: Vec<Format>,
    /// Write a report to this file, whole or not at all; the format follows its ending unless given
    #[arg(long, short = 'o', value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Vec<PathBuf>,
    /// Print secrets in clear
    #[arg(long)]
    pub(crate) show_secrets: bool,
    /// Say why each finding stands
    #[arg(long)]
    pub(crate) explain: bool,
    /// Report suppressed findings, too
    #[arg(long)]
    pub(crate) include_suppressed: bool,
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub(crate) color: When,
    /// Print no progress
    #[arg(long)]
    pub(crate) no_progress: bool,
    /// Print findings only, no summary of a clean scan, nor beside reports in files
    #[arg(long, short, action = ArgAction::SetTrue)]
    pub(crate) quiet: bool,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What makes a scan fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FailOn {
    /// Findings of at least this confidence.
    At(Confidence),
    /// No finding.
    Never,
}

#[derive(Debug, Parser)]
pub(crate) struct Rules {
    #[command(subcommand)]
    pub(crate) command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// List the built-in rules
    List {
        /// Only rules whose id, title or provider holds this text
        filter: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show everything about a rule
    Show {
        /// The rule
        id: String,
    },
    /// Check rule files: syntax, patterns, examples, speed
    Check {
        /// Rule files, or folders of them
        #[arg(required = true, value_hint = ValueHint::AnyPath)]
        files: Vec<PathBuf>,
    },
    /// Run the examples of rules with and without the gate, and report those that fail
    Test {
        /// Rule files, or folders of them [default: the built-in rules]
        #[arg(value_hint = ValueHint::AnyPath)]
        files: Vec<PathBuf>,
    },
    /// Compare what two sets of rules find in the same files
    Diff(RulesDiff),
    /// Print the JSON Schema of rule files
    Schema,
}

#[derive(Debug, Parser)]
pub(crate) struct RulesDiff {
    /// A rule file or a folder of them, whose rules alone are used, or `builtin`
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) old: PathBuf,
    /// The rules to compare with, given likewise
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) new: PathBuf,
    /// Files and folders to scan with both
    #[arg(long, value_name = "PATH", required = true, num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub(crate) on: Vec<PathBuf>,
    /// List at most so many findings of each kind
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
}

#[derive(Debug, Parser)]
pub(crate) struct Explain {
    /// A file or a member of an archive (a.zip!b.txt), or FILE:LINE for one line of it; `-` is standard input
    #[arg(default_value = "-", value_hint = ValueHint::FilePath)]
    pub(crate) place: PathBuf,
    /// Explain this rule only
    #[arg(long, value_name = "ID")]
    pub(crate) rule: Option<String>,
    /// Treat standard input as a file of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<PathBuf>,
    /// Use the rules of this file besides the built-in ones; may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) rules: Vec<PathBuf>,
}

#[derive(Debug, Parser)]
pub(crate) struct BaselineArgs {
    #[command(subcommand)]
    pub(crate) command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Write the findings of a scan to the baseline, so that later scans report only new ones
    Create {
        /// The folder to scan
        #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
        path: PathBuf,
        /// Accept what the history of its git repository holds, too
        #[arg(long)]
        history: bool,
        /// Write to this file [default: .leaktight-baseline.json in the folder]
        #[arg(long, short, value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
        /// Use the rules of this file besides the built-in ones; may be repeated
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        rules: Vec<PathBuf>,
        #[command(flatten)]
        select: Box<Select>,
    },
}

#[derive(Debug, Parser)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

pub(crate) fn parse_confidence(text: &str) -> Result<Confidence, String> {
    Confidence::from_name(text).ok_or_else(|| "use low, medium or high".to_owned())
}

fn parse_severity(text: &str) -> Result<Severity, String> {
    Severity::from_name(text).ok_or_else(|| "use info, low, medium, high or critical".to_owned())
}

fn parse_fail_on(text: &str) -> Result<FailOn, String> {
    match text {
        "never" => Ok(FailOn::Never),
        _ => Confidence::from_name(text).map(FailOn::At).ok_or_else(|| "use low, medium, high or never".to_owned()),
    }
}

/// Reads a size in bytes, with K, M or G for powers of 1024.
fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G', 'i', 'B', 'b']);
    let shift = match text[digits.len()..].chars().next().map(|c| c.to_ascii_lowercase()) {
        None | Some('b') => 0,
        Some('k') => 10,
        Some('m') => 20,
        Some('g') => 30,
        Some(_) => return Err("use a number with K, M or G behind it".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "use a number with K, M or G behind it".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "the number is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn sizes_count_in_powers_of_1024() {
        assert_eq!(parse_size("10"), Ok(10));
        assert_eq!(parse_size("10k"), Ok(10 << 10));
        assert_eq!(parse_size("2GiB"), Ok(2 << 30));
        assert!(parse_size("ten").is_err() && parse_size("99999999999999G").is_err());
    }
}
