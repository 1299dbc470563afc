//! `grant`: permissions for a task, which only a person can give.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::{Duration, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use leaktight_context::grant::{Grant, Grants, Order};

use crate::term::escape;
use crate::vault::{self, Shelf, explain};
use crate::{Hint, assistant, exit, trail, when};

/// How long a grant may last.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Parser)]
pub(crate) struct GrantArgs {
    #[command(subcommand)]
    command: GrantCommand,
}

#[derive(Debug, Subcommand)]
enum GrantCommand {
    /// Let pass, for a while, what the policy would ask about
    Add(Add),
    /// List the grants that hold now
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End a grant
    Revoke {
        /// Its name, as `list` shows it
        id: String,
    },
}

#[derive(Debug, Parser)]
struct Add {
    /// The kind of secret, by the id of its rule; `*` stands for any text
    #[arg(long, value_name = "RULE")]
    class: String,
    /// Where it may go: a host, or `llm:HOST`, `network:HOST`, `file:PATH`, `local`; `*` stands for any text
    #[arg(long, value_name = "DESTINATION")]
    to: String,
    /// What may happen, as policies name it
    #[arg(long, default_value = "secret.restore")]
    action: String,
    /// How long it lasts, such as 30m or 2h; a day at most
    #[arg(long = "for", value_name = "TIME", default_value = "15m", value_parser = lasting)]
    lasts: Duration,
    /// How often it may be used
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    uses: u32,
    /// Only for this session of an assistant
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

/// Reads how long a grant lasts.
fn lasting(text: &str) -> Result<Duration, String> {
    when::lasting(text)
        .and_then(|lasts| if lasts <= LONGEST { Ok(lasts) } else { Err("a grant lasts a day at most".to_owned()) })
}

/// Runs a command about grants.
pub(crate) fn run(args: &GrantArgs) -> anyhow::Result<u8> {
    match &args.command {
        GrantCommand::Add(add) => {
            assistant::refuse_without_person("grant itself anything")?;
            let grants = open(Shelf::open()?)?;
            let grant = grants.issue(&order(add), &trail::now()).map_err(explain)?;
            print(&format!("{}\n", shown(&grant)))?;
            Ok(exit::CLEAN)
        }
        GrantCommand::List { json } => {
            let Ok(shelf) = Shelf::find(vault::folder()) else {
                return print(if *json { "[]\n" } else { "no grants\n" }).map(|()| exit::CLEAN);
            };
            let held = open(shelf)?.list(&trail::now()).map_err(explain)?;
            let text = if *json {
                serde_json::to_string_pretty(&held)? + "\n"
            } else if held.is_empty() {
                "no grants\n".to_owned()
            } else {
                held.iter().map(|grant| shown(grant) + "\n").collect()
            };
            print(&text).map(|()| exit::CLEAN)
        }
        GrantCommand::Revoke { id } => {
            assistant::refuse("revoke a grant")?;
            if !open(Shelf::open()?)?.revoke(id).map_err(explain)? {
                let message = format!("there is no grant `{}`", escape(id.as_bytes()));
                return Err(Hint::new(message, "`leaktight grant list` shows those there are").into());
            }
            print("revoked\n").map(|()| exit::CLEAN)
        }
    }
}

fn open(shelf: Shelf) -> anyhow::Result<Grants> {
    trail::grants(&shelf)
        .map_err(|why| Hint::new(format!("grants can't be used: {why}"), "`leaktight vault list` says more").into())
}

fn order(add: &Add) -> Order {
    let is_named = add.to.contains(':') || matches!(add.to.as_str(), "local" | "*");
    Order {
        class: add.class.clone(),
        action: add.action.clone(),
        destination: if is_named { add.to.clone() } else { format!("network:{}", add.to) },
        session: add.session.clone(),
        task: None,
        lasts: add.lasts,
        uses: add.uses,
        reason: add.reason.clone(),
    }
}

/// A grant as people read it.
fn shown(grant: &Grant) -> String {
    let safe = |text: &str| escape(text.as_bytes());
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let left = grant.until.saturating_sub(now).div_ceil(60);
    let uses = if grant.uses == 1 { "once".to_owned() } else { format!("{} times", grant.uses) };
    let mut text = format!(
        "{}  {} of {} to {}, {uses}, for {left} min",
        safe(&grant.id),
        safe(&grant.action),
        safe(&grant.class),
        safe(&grant.destination)
    );
    if let Some(session) = &grant.session {
        let _ = write!(text, ", in session {}", safe(session));
    }
    if !grant.reason.is_empty() {
        let _ = write!(text, ": {}", safe(&grant.reason));
    }
    text
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(io::stdout().lock().write_all(text.as_bytes())?)
}
