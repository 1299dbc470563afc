//! `grant`: permissions for a task, which only a person can give.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use leaktight_context::audit::Record;
use leaktight_context::grant::{self, Grant, Grants, Order};
use leaktight_context::policy::Verdict;
use leaktight_context::redact::Redactor;
use leaktight_context::splice::Format;
use leaktight_core::RuleSet;

use crate::term::escape;
use crate::vault::{self, Shelf, explain};
use crate::{Hint, assistant, exit, trail, when};

/// How long a grant may last.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// Characters of the text of a record, at most.
const LONGEST_TEXT: usize = 200;

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
            let mut order = order(add);
            // It is kept and listed, and may hold anything.
            order.reason = without_secrets(&order.reason, &mut Shelf::passing()?);
            consent(&terms(&order))?;
            let grant = issue(&order)?;
            print(&format!("{}\n", shown(&grant)))?;
            Ok(exit::CLEAN)
        }
        GrantCommand::List { json } => {
            let Ok(shelf) = Shelf::find(vault::folder()) else {
                return print(if *json { "[]\n" } else { "no grants\n" }).map(|()| exit::CLEAN);
            };
            let held = open(&shelf)?.list(&trail::now()).map_err(explain)?;
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
            revoke(id)?;
            print("revoked\n").map(|()| exit::CLEAN)
        }
    }
}

/// Makes a grant and records it. One that can't be recorded does not stay.
fn issue(order: &Order) -> anyhow::Result<Grant> {
    let mut shelf = Shelf::open()?;
    let grants = open(&shelf)?;
    let grant = grants.issue(order, &trail::now()).map_err(explain)?;
    let text = format!("{}  {}", grant.id, terms(order));
    if let Err(why) = trail::append(&[record("grant.add", &text, &mut shelf)]) {
        grants.revoke(&grant.id).map_err(explain)?;
        return Err(unrecorded(&why));
    }
    Ok(grant)
}

/// Ends a grant and records that.
fn revoke(id: &str) -> anyhow::Result<()> {
    let mut shelf = Shelf::open()?;
    if !open(&shelf)?.revoke(id).map_err(explain)? {
        let message = format!("there is no grant `{}`", escape(id.as_bytes()));
        return Err(Hint::new(message, "`leaktight grant list` shows those there are").into());
    }
    // It has ended, whether or not that is written down.
    trail::append(&[record("grant.revoke", id, &mut shelf)]).map_err(|why| unrecorded(&why))
}

fn unrecorded(why: &str) -> anyhow::Error {
    Hint::new(format!("this could not be recorded: {why}"), "`leaktight audit verify` says more").into()
}

/// Returns the record of what a person did, without the secrets a text may hold.
fn record(action: &'static str, text: &str, shelf: &mut Shelf) -> Record {
    let mut record = Record::default();
    record.agent = "person".to_owned();
    record.event = "terminal".to_owned();
    record.action = action;
    record.resource = Some(without_secrets(text, shelf).chars().take(LONGEST_TEXT).collect());
    record.effect = if action == "grant.add" { Verdict::Allow } else { Verdict::Block };
    record.policy = "command".to_owned();
    record
}

fn without_secrets(text: &str, shelf: &mut Shelf) -> String {
    let mut redactor = Redactor::new(Arc::new(RuleSet::builtin()));
    String::from_utf8_lossy(&redactor.redact(Format::Text, text.as_bytes(), &mut shelf.book).bytes).into_owned()
}

/// Asks the person at the terminal for a code that was not there before: an answer that
/// could be prepared, such as `y`, would not show that somebody read the question.
///
/// # Errors
///
/// Returns that nothing is granted.
fn consent(terms: &str) -> anyhow::Result<()> {
    const HINT: &str = "run it yourself, in a terminal of your own";
    if !io::stderr().is_terminal() {
        return Err(Hint::new("nobody may grant anything without seeing what it is", HINT).into());
    }
    let code = grant::code().context("cannot ask for a code")?;
    let mut stderr = io::stderr().lock();
    write!(stderr, "This lets an assistant do, without asking:\n  {terms}\nType {code} to grant it: ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().take(64).read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case(&code) {
        return Ok(());
    }
    Err(Hint::new("nothing is granted: that was another code", "each time it is a new one").into())
}

fn open(shelf: &Shelf) -> anyhow::Result<Grants> {
    trail::grants(shelf)
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
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let order = Order {
        class: grant.class.clone(),
        action: grant.action.clone(),
        destination: grant.destination.clone(),
        session: grant.session.clone(),
        task: grant.task.clone(),
        lasts: Duration::from_secs(grant.until.saturating_sub(now)),
        uses: grant.uses,
        reason: grant.reason.clone(),
    };
    format!("{}  {}", escape(grant.id.as_bytes()), terms(&order))
}

/// What is granted, as people read it.
fn terms(order: &Order) -> String {
    let safe = |text: &str| escape(text.as_bytes());
    let minutes = order.lasts.as_secs().div_ceil(60);
    let uses = if order.uses == 1 { "once".to_owned() } else { format!("{} times", order.uses) };
    let (action, class, place) = (safe(&order.action), safe(&order.class), safe(&order.destination));
    let mut text = format!("{action} of {class} to {place}, {uses}, for {minutes} min");
    if let Some(session) = &order.session {
        let _ = write!(text, ", in session {}", safe(session));
    }
    if !order.reason.is_empty() {
        let _ = write!(text, ": {}", safe(&order.reason));
    }
    text
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(io::stdout().lock().write_all(text.as_bytes())?)
}
