//! Benchmarks of Leaktight beside their limits; `compare.sh` runs them all.

mod corpus;
mod floor;
mod history;
mod hook;
mod measure;
mod oracle;
mod pairs;
mod redact;
mod twin;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "leaktight-bench", about = "Benchmarks of Leaktight beside their limits")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a corpus: `tree/` from the sources of the cargo registry, `big/` of large files
    Corpus {
        /// Where to
        folder: PathBuf,
    },
    /// Walk and read everything as a scan does, and look at nothing: the limit of a tree
    Floor {
        /// What to read
        path: PathBuf,
    },
    /// Read memory once, and scan it: the limit of big files, and how near we come
    Memory {
        /// Files to hold in memory
        path: PathBuf,
    },
    /// Scan a tree with the gate, without vectors, and with every rule over every byte; all must agree
    Twin {
        /// What to scan
        path: PathBuf,
    },
    /// Make all contents of a repository, and scan its history: the limit, and how near we come
    History {
        /// The repository
        repo: PathBuf,
        /// Look at every content whole, too; both must find the same
        #[arg(long)]
        twin: bool,
    },
    /// Scan a history, every object of it through libgit2, and what `git log -p` prints; all must agree
    Oracle {
        /// The repository
        repo: PathBuf,
    },
    /// Answer an assistant's event, from the start of the process to its end, beside starting one
    Hook {
        /// The program `leaktight`
        program: PathBuf,
        /// How often
        #[arg(short = 'n', default_value_t = 40)]
        times: usize,
    },
    /// Redact a conversation, beside copying, parsing and scanning it
    Redact {
        /// Megabytes of it
        #[arg(default_value_t = 100)]
        megabytes: usize,
    },
    /// Count which letters follow each other in names, for the table that tells them from drawn values
    Pairs {
        /// Sources to read instead of those cargo has unpacked
        folder: Option<PathBuf>,
    },
    /// Run a command several times; print the least CPU and wall time and the greatest memory
    Measure {
        /// How often
        #[arg(short = 'n', default_value_t = 5)]
        times: u32,
        /// The command
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
}

fn main() -> anyhow::Result<()> {
    match Args::parse().command {
        Command::Corpus { folder } => corpus::make(&folder),
        Command::Floor { path } => floor::read(&path),
        Command::Memory { path } => floor::memory(&path),
        Command::Twin { path } => twin::compare(&path),
        Command::History { repo, twin } => history::compare(&repo, twin),
        Command::Hook { program, times } => hook::run(&program, times),
        Command::Oracle { repo } => oracle::compare(&repo),
        Command::Redact { megabytes } => redact::run(megabytes),
        Command::Pairs { folder } => pairs::print(folder.as_deref()),
        Command::Measure { times, command } => measure::run(times, &command),
    }
}
