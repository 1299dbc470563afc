//! `audit`: checks, shows and exports the trail of decisions.

mod export;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueHint};
use leaktight_context::audit::Trail;
use serde_json::Value;

use self::export::ExportFormat;
use crate::term::{escape, escape_path};
use crate::vault::explain;
use crate::{Hint, exit, output, trail};

#[derive(Debug, Parser)]
pub(crate) struct AuditArgs {
    /// Read the trail in this folder [default: the user's own]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, global = true)]
    trail: Option<PathBuf>,
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check that no line was changed or taken out; exit code 1 when one was
    Verify {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the latest decisions
    Tail {
        /// How many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
        lines: usize,
        /// Print the lines as they are
        #[arg(long)]
        json: bool,
    },
    /// Print all decisions for another program
    Export {
        /// The format
        #[arg(short, long, value_enum, default_value_t = ExportFormat::Jsonl)]
        format: ExportFormat,
        /// Write to a file rather than to standard output
        #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
}

/// Runs a command about the trail.
pub(crate) fn run(args: &AuditArgs) -> anyhow::Result<u8> {
    let trail = open(args)?;
    match &args.command {
        AuditCommand::Verify { json } => verify(&trail, *json),
        AuditCommand::Tail { lines, json } => {
            let mut last = std::collections::VecDeque::new();
            each(&trail, |line| {
                last.push_back(line);
                if last.len() > *lines {
                    last.pop_front();
                }
                Ok(())
            })?;
            let text = |line: &Value| if *json { format!("{line}\n") } else { shown(line) };
            print(last.iter().map(text).collect::<String>().as_bytes())?;
            Ok(exit::CLEAN)
        }
        AuditCommand::Export { format, output } => {
            let mut text = Vec::new();
            let mut export = export::Export::new(*format, &mut text);
            each(&trail, |line| export.add(&line))?;
            export.end()?;
            match output {
                Some(file) if file.as_os_str() != "-" => {
                    output::replace(file, &text).map_err(|err| {
                        let message = format!("cannot write `{}`: {err}", escape_path(file));
                        Hint::new(message, "name another file with --output")
                    })?;
                }
                _ => print(&text)?,
            }
            Ok(exit::CLEAN)
        }
    }
}

fn open(args: &AuditArgs) -> anyhow::Result<Trail> {
    let Some(folder) = args.trail.clone().or_else(trail::folder) else {
        return Err(Hint::new("there is no home folder", "name the trail's folder with --trail").into());
    };
    let missing = || {
        let message = format!("there is no trail in `{}`", escape_path(&folder));
        Hint::new(message, "the hooks of `leaktight install` make one with their first decision")
    };
    Ok(Trail::find(&folder).map_err(explain)?.ok_or_else(missing)?)
}

fn verify(trail: &Trail, as_json: bool) -> anyhow::Result<u8> {
    let verified = trail.verify().map_err(explain)?;
    let (seq, hash) = &verified.head;
    let text = if as_json {
        let breaks: Vec<Value> = verified
            .breaks
            .iter()
            .map(|one| {
                let path = one.path.to_string_lossy();
                serde_json::json!({ "path": path, "line": one.line, "seq": one.seq, "fault": one.fault })
            })
            .collect();
        let head = serde_json::json!({ "seq": seq, "hash": hash });
        format!("{}\n", serde_json::json!({ "lines": verified.n_lines, "head": head, "breaks": breaks }))
    } else {
        let mut text = String::new();
        for one in &verified.breaks {
            let _ = writeln!(text, "{}:{}: seq {}: {}", escape_path(&one.path), one.line, one.seq, one.fault);
        }
        let _ = writeln!(text, "{} lines hold; the last is {seq}, {hash}", verified.n_lines);
        if verified.breaks.is_empty() {
            text.push_str("keep that number and hash elsewhere: whoever may write here can make a new trail\n");
        }
        text
    };
    print(text.as_bytes())?;
    Ok(if verified.breaks.is_empty() { exit::CLEAN } else { exit::FINDINGS })
}

/// Calls `work` with each line, up to the first error.
fn each(trail: &Trail, mut work: impl FnMut(Value) -> io::Result<()>) -> anyhow::Result<()> {
    let mut result = Ok(());
    let read = trail.lines(|line| {
        result = work(line);
        result.is_ok()
    });
    read.map_err(explain)?;
    Ok(result?)
}

/// A line as people read it.
fn shown(line: &Value) -> String {
    let text = |key: &str| escape(line[key].as_str().unwrap_or_default().as_bytes());
    let mut shown = format!("{}  {:6}  {}  {}", text("ts"), text("effect"), text("agent"), text("action"));
    for key in ["tool", "resource"] {
        if line[key].is_string() {
            let _ = write!(shown, "  {}", text(key));
        }
    }
    let findings = line["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let classes: Vec<String> =
        findings.iter().map(|found| escape(found["class"].as_str().unwrap_or_default().as_bytes())).collect();
    if !classes.is_empty() {
        let more = line["more"].as_u64().map_or(String::new(), |more| format!(" and {more} more"));
        let _ = write!(shown, "  [{}{more}]", classes.join(", "));
    }
    let _ = writeln!(shown, "  ({})", text("policy"));
    shown
}

fn print(bytes: &[u8]) -> io::Result<()> {
    io::stdout().lock().write_all(bytes)
}
