//! `run`: runs a command that gets values which nobody sees.
//!
//! Placeholders in its arguments and in the environment give way to their values,
//! and files of variables are read for it. What it prints is copied with the values
//! taken out again, line by line.

mod env_file;
mod mask;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, ValueHint};
use leaktight_context::redact::{Book, Placeholder, restore};
use leaktight_context::splice::Format;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::Hint;
use crate::vault::Shelf;

#[derive(Debug, Parser)]
#[command(after_help = CODES)]
pub(crate) struct Run {
    /// Give the command the variables of this file; may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    env_file: Vec<PathBuf>,
    /// Give the command this variable; a placeholder in it gives way to its value
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND", value_hint = ValueHint::CommandWithArguments)]
    command: Vec<OsString>,
}

const CODES: &str = "\
The exit code is that of the command, 128 and the number of the signal that ended it,
126 when it can't be run, 127 when there is none.";

/// Exit code for a command that can't be run.
const CANNOT_RUN: u8 = 126;
/// Exit code for a command that does not exist.
const NOT_FOUND: u8 = 127;

/// Runs the command and returns its exit code.
pub(crate) fn run(args: &Run) -> anyhow::Result<u8> {
    let shelf = Shelf::open().context("cannot open the vault")?;
    let given = Given::new(args, &shelf.book)?;
    let mut command = Command::new(&given.words[0]);
    command.args(&given.words[1..]).envs(given.variables.iter().map(|(name, value)| (name, value)));
    let signals = signals().context("cannot listen for signals")?;
    match command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() {
        Ok(child) => watch(child, given.values, &signals),
        Err(err) => {
            // Its words may hold values by now; the name that was asked for does not.
            let name = crate::term::escape(args.command[0].as_encoded_bytes());
            let _ = writeln!(io::stderr(), "error: cannot run `{name}`\n  caused by: {err}");
            Ok(if err.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN })
        }
    }
}

/// What a command is given.
#[derive(Default)]
struct Given {
    words: Vec<OsString>,
    variables: Vec<(String, String)>,
    /// Values that must not be seen in what it prints.
    values: Vec<Vec<u8>>,
}

impl Given {
    fn new(args: &Run, book: &Book) -> anyhow::Result<Self> {
        let mut given = Self::default();
        for file in &args.env_file {
            given.variables.extend(env_file::read(file)?);
        }
        given.values.extend(given.variables.iter().map(|(_, value)| value.clone().into_bytes()));
        for pair in &args.env {
            const HINT: &str = "write it as in `--env TOKEN=LEAKTIGHT_…`";
            let pair = pair.split_once('=').ok_or_else(|| Hint::new("`--env` takes a name and a value", HINT))?;
            given.variables.push((pair.0.to_owned(), pair.1.to_owned()));
        }
        given.inherit();
        for idx in 0..given.variables.len() {
            let value = given.restored(given.variables[idx].1.clone().as_bytes(), book);
            given.variables[idx].1 = String::from_utf8_lossy(&value).into_owned();
        }
        given.words = args.command.iter().map(|word| given.word(word, book)).collect();
        Ok(given)
    }

    /// Takes over the variables of this program that hold placeholders.
    fn inherit(&mut self) {
        for (name, value) in std::env::vars_os() {
            let Some((name, value)) = name.to_str().zip(value.to_str()) else { continue };
            let is_given = self.variables.iter().any(|(given, _)| given == name);
            if !is_given && Placeholder::find(value.as_bytes()).next().is_some() {
                self.variables.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    fn word(&mut self, word: &OsString, book: &Book) -> OsString {
        match word.to_str() {
            Some(text) => to_word(self.restored(text.as_bytes(), book)),
            None => word.clone(),
        }
    }

    /// Returns text with values in the place of its placeholders, and remembers them.
    fn restored(&mut self, text: &[u8], book: &Book) -> Vec<u8> {
        let restored = restore(Format::Text, text, book);
        let names = Placeholder::find(text).filter_map(|span| Placeholder::parse(&text[span.range()]));
        // The values go into the search for what must not be printed.
        self.values.extend(names.filter_map(|name| Some(book.get(&name)?.value.expose().to_vec())));
        restored.bytes
    }
}

fn to_word(bytes: Vec<u8>) -> OsString {
    #[cfg(unix)]
    return std::os::unix::ffi::OsStringExt::from_vec(bytes);
    #[cfg(not(unix))]
    return OsString::from(String::from_utf8_lossy(&bytes).into_owned());
}

/// Remembers signals, so that the command gets them and this program waits for it.
fn signals() -> io::Result<Arc<AtomicUsize>> {
    let signal = Arc::new(AtomicUsize::new(0));
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
        signal_hook::flag::register_usize(number, Arc::clone(&signal), number as usize)?;
    }
    Ok(signal)
}

/// Copies what a command prints, passes signals on, and waits for its end.
fn watch(mut child: Child, values: Vec<Vec<u8>>, signals: &AtomicUsize) -> anyhow::Result<u8> {
    let (stdout, stderr) = (child.stdout.take().expect("it is piped"), child.stderr.take().expect("it is piped"));
    let other = values.clone();
    let copies = [
        thread::spawn(move || mask::copy(stdout, io::stdout(), &values)),
        thread::spawn(move || mask::copy(stderr, io::stderr(), &other)),
    ];
    let status = loop {
        if let Some(status) = child.try_wait().context("cannot wait for the command")? {
            break status;
        }
        match signals.swap(0, Ordering::Relaxed) {
            0 => thread::sleep(Duration::from_millis(10)),
            number => pass_on(&mut child, number),
        }
    };
    for copy in copies {
        let copied = copy.join().map_err(|_| anyhow::anyhow!("what the command prints could not be copied"))?;
        copied.context("cannot copy what the command prints")?;
    }
    Ok(code(status))
}

/// Passes a signal on.
#[cfg(target_os = "linux")]
fn pass_on(child: &mut Child, number: usize) {
    use rustix::process::{Pid, Signal, kill_process};
    let signal = match i32::try_from(number) {
        Ok(SIGINT) => Signal::INT,
        Ok(SIGHUP) => Signal::HUP,
        Ok(SIGQUIT) => Signal::QUIT,
        _ => Signal::TERM,
    };
    // It may have ended by now.
    let _ = kill_process(Pid::from_child(child), signal);
}

/// Ends the command when this program is to end; other signals reach it by themselves.
#[cfg(not(target_os = "linux"))]
fn pass_on(child: &mut Child, number: usize) {
    if number == SIGTERM as usize {
        // It may have ended by now.
        let _ = child.kill();
    }
}

fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().map_or(1, |code| u8::try_from(code & 0xff).unwrap_or(1))
}
