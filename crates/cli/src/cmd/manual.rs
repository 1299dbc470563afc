//! `completions` and `man`: made from the command line's own description.

use std::io::{self, Write as _};

use clap::CommandFactory as _;

use crate::args::Args;
use crate::exit;

/// Prints the completion script of a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "leaktight", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(exit::CLEAN)
}

/// Prints the manual page, that of the commands included.
pub(crate) fn man() -> anyhow::Result<u8> {
    let mut page = Vec::new();
    let mut command = Args::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for sub in command.get_subcommands() {
        clap_mangen::Man::new(sub.clone()).render(&mut page)?;
    }
    io::stdout().lock().write_all(&page)?;
    Ok(exit::CLEAN)
}
