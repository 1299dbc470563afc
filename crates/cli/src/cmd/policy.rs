//! `policy`: lists the rules that hold here and explains decisions.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Parser, Subcommand, ValueHint};
use leaktight_context::policy::{Decision, Request};

use crate::term::{escape, escape_path, unquoted};
use crate::{Hint, config, exit, policy};

#[derive(Debug, Parser)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// List the rules that hold here, those of the project included
    List,
    /// Decide about a request that a file holds as JSON, and say why
    Test {
        /// The file; `-` is standard input
        #[arg(default_value = "-", value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs a command about the policy.
pub(crate) fn run(args: &PolicyArgs) -> anyhow::Result<u8> {
    let policy = policy::load(Path::new("."))?;
    let text = match &args.command {
        PolicyCommand::List => {
            let mut text = String::new();
            for (name, rule) in policy.rules() {
                let reason = escape(rule.reason.as_deref().unwrap_or_default().as_bytes());
                let _ = writeln!(text, "{:8} {:30} {reason}", rule.effect, escape(name.as_bytes()));
            }
            text
        }
        PolicyCommand::Test { file, json } => {
            let decision = policy.decide(&read(file)?);
            if *json { serde_json::to_string_pretty(&decision)? + "\n" } else { explain(&decision) }
        }
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(exit::CLEAN)
}

fn read(file: &Path) -> anyhow::Result<Request> {
    let name = if file.as_os_str() == "-" { "standard input".to_owned() } else { format!("`{}`", escape_path(file)) };
    let bytes = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().take(16 << 20).read_to_end(&mut bytes).map(|_| bytes)
    } else {
        config::read_small(file)
    };
    let bytes = bytes.with_context(|| format!("cannot read {name}"))?;
    serde_json::from_slice(&bytes).map_err(|err| {
        const HINT: &str = "a request is {\"principal\": {\"id\": \"claude-code\"}, \"action\": \"file.read\", ...}";
        Hint::new(format!("{name} holds no request: {}", unquoted(&err.to_string())), HINT).into()
    })
}

fn explain(decision: &Decision) -> String {
    let safe = |text: &str| escape(text.as_bytes());
    let mut text = format!("{}: {}", decision.verdict, safe(&decision.rule));
    if !decision.reason.is_empty() {
        let _ = write!(text, " ({})", safe(&decision.reason));
    }
    text.push('\n');
    for one in &decision.considered {
        let what = one.class.as_deref().map_or("the request".to_owned(), safe);
        let _ = write!(text, "  {} would {} {what}", safe(&one.rule), one.effect);
        if let Some(why) = one.ignored {
            let _ = write!(text, ", but {why}");
        }
        text.push('\n');
    }
    text
}
