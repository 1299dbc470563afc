//! `vault`: lists and purges what placeholders stand for. It shows no value.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand, ValueHint};
use leaktight_context::redact::Placeholder;
use leaktight_context::vault::{Contents, Purge, Vault};
use serde_json::json;

use crate::vault::{chain, explain, folder};
use crate::{Hint, assistant, exit};

#[derive(Debug, Parser)]
pub(crate) struct VaultArgs {
    /// Use the vault in this folder [default: the user's own]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, global = true)]
    vault: Option<PathBuf>,
    #[command(subcommand)]
    command: VaultCommand,
}

#[derive(Debug, Subcommand)]
enum VaultCommand {
    /// List the placeholders of the vault; values are not shown
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove secrets from the vault; their placeholders can't be restored any more
    Purge {
        /// The placeholders whose values to remove
        #[arg(required_unless_present_any = ["all", "expired"])]
        placeholders: Vec<String>,
        /// Remove all of them
        #[arg(long, conflicts_with_all = ["placeholders", "expired"])]
        all: bool,
        /// Remove those that were not used for thirty days
        #[arg(long, conflicts_with = "placeholders")]
        expired: bool,
    },
}

/// Runs a command about the vault.
pub(crate) fn run(args: &VaultArgs) -> anyhow::Result<u8> {
    let Some(folder) = args.vault.clone().or_else(folder) else {
        return Err(Hint::new("there is no home folder", "name the vault's folder with --vault").into());
    };
    match &args.command {
        VaultCommand::List { json } => list(Vault::find(&folder).map_err(explain)?.as_ref(), *json),
        VaultCommand::Purge { placeholders, all, expired } => {
            assistant::refuse("purge the vault")?;
            let names = parse(placeholders)?;
            let which = match (all, expired) {
                (true, _) => Purge::All,
                (_, true) => Purge::Expired,
                _ => Purge::Named(&names),
            };
            let vault = Vault::find(&folder).map_err(explain)?;
            let n_gone = vault.map_or(Ok(0), |vault| vault.purge(which, SystemTime::now())).map_err(explain)?;
            print(&format!("{n_gone} removed\n"))?;
            Ok(if n_gone < names.len() { exit::INCOMPLETE } else { exit::CLEAN })
        }
    }
}

fn parse(names: &[String]) -> anyhow::Result<Vec<Placeholder>> {
    let parse = |name: &String| {
        Placeholder::parse(name.as_bytes()).ok_or_else(|| {
            // What was written may be a value.
            Hint::new("an argument is no placeholder", "`leaktight vault list` shows those there are").into()
        })
    };
    names.iter().map(parse).collect()
}

fn list(vault: Option<&Vault>, as_json: bool) -> anyhow::Result<u8> {
    let now = SystemTime::now();
    let contents = vault.map(|vault| vault.read(now)).transpose().map_err(explain)?;
    let text = contents.as_ref().map_or(
        String::new(),
        |contents| {
            if as_json { records(contents) } else { table(contents, now) }
        },
    );
    print(if as_json && text.is_empty() { "[]\n" } else { &text })?;
    let damaged = contents.map(|contents| contents.damaged).unwrap_or_default();
    for err in &damaged {
        let _ = writeln!(io::stderr(), "warning: part of the vault can't be read: {}", chain(err));
    }
    Ok(if damaged.is_empty() { exit::CLEAN } else { exit::INCOMPLETE })
}

fn table(contents: &Contents, now: SystemTime) -> String {
    let entries = contents.book.entries();
    let width = entries.iter().map(|entry| entry.placeholder.as_str().len()).max().unwrap_or(0);
    let mut text = String::new();
    for entry in entries {
        let age = now.duration_since(UNIX_EPOCH + Duration::from_secs(entry.seen)).unwrap_or_default();
        let days = age.as_secs() / (24 * 60 * 60);
        let age = if days == 0 { "today".to_owned() } else { format!("{days} days ago") };
        let _ = writeln!(text, "{:width$}  {:>6} bytes  used {age}", entry.placeholder, entry.value.len());
    }
    let _ = writeln!(text, "{} in the vault", entries.len());
    text
}

fn records(contents: &Contents) -> String {
    let entries = contents.book.entries().iter();
    let all: Vec<_> = entries
        .map(|entry| {
            json!({
                "placeholder": entry.placeholder.as_str(), "class": entry.placeholder.class(),
                "bytes": entry.value.len(), "seen": entry.seen,
            })
        })
        .collect();
    serde_json::to_string_pretty(&all).expect("texts and numbers") + "\n"
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(io::stdout().lock().write_all(text.as_bytes())?)
}
