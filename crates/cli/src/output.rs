//! Where reports go: standard output, or files that are whole or not there.

use std::fs;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::args::{Show, When};
use crate::report::{self, Format, Report, Style};
use crate::term::escape_path;

/// A report to write, and where: a file, or standard output.
#[derive(Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) format: Format,
    pub(crate) file: Option<PathBuf>,
}

/// Pairs formats with files: the n-th format with the n-th file. A format left
/// over goes to standard output, a file left over tells its format by its name.
pub(crate) fn targets(formats: &[Format], files: &[PathBuf]) -> Vec<Target> {
    let mut targets: Vec<Target> = files
        .iter()
        .enumerate()
        .map(|(idx, file)| Target {
            format: formats.get(idx).copied().unwrap_or_else(|| by_name(file)),
            file: (file.as_os_str() != "-").then(|| file.clone()),
        })
        .collect();
    targets.extend(formats.iter().skip(files.len()).map(|format| Target { format: *format, file: None }));
    if targets.iter().all(|target| target.file.is_some()) {
        // Whoever writes the findings to a file does not want them twice.
        targets.push(Target { format: if files.is_empty() { Format::Human } else { Format::Summary }, file: None });
    }
    targets
}

fn by_name(file: &Path) -> Format {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Format::Json,
        Some("jsonl" | "ndjson") => Format::Jsonl,
        Some("sarif") => Format::Sarif,
        Some("xml") => Format::Junit,
        Some("csv") => Format::Csv,
        _ => Format::Human,
    }
}

/// Writes all the reports.
///
/// # Errors
///
/// Returns the first that could not be written; files are then as they were.
pub(crate) fn write_all(report: &Report, show: &Show) -> anyhow::Result<()> {
    let is_clean = report.findings.is_empty() && report.coverage.is_complete();
    write_each(show, is_clean, |format, style, out| report::write(report, format, style, out))
}

/// Writes a report to each of its targets; one that is clean can be kept quiet.
///
/// # Errors
///
/// Returns the first that could not be written; files are then as they were.
pub(crate) fn write_each(
    show: &Show,
    is_clean: bool,
    write: impl Fn(Format, Style, &mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    for target in targets(&show.format, &show.output) {
        match &target.file {
            Some(file) => {
                let style = Style { colour: show.color == When::Always, width: 100, explain: show.explain };
                put(file, Readers::User, |out| write(target.format, style, out))
                    .with_context(|| format!("cannot write the report `{}`", escape_path(file)))?;
            }
            None if target.format == Format::Human && show.quiet && is_clean => {}
            None if target.format == Format::Summary && show.quiet => {}
            None => {
                let mut out = io::BufWriter::with_capacity(64 << 10, io::stdout().lock());
                let written = write(target.format, style(show), &mut out).and_then(|()| out.flush());
                written.context("cannot write to standard output")?;
            }
        }
    }
    Ok(())
}

/// How text on standard output may look.
pub(crate) fn style(show: &Show) -> Style {
    let terminal = io::stdout().is_terminal();
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    let colour = match show.color {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && wanted,
    };
    let width = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0));
    Style { colour, width: if terminal { width.clamp(40, 160) } else { 100 }, explain: show.explain }
}

/// Writes a file through a temporary one beside it, readable to the user only.
///
/// # Errors
///
/// Returns what the system said; the file is then as it was.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    put(file, Readers::User, |out| out.write_all(bytes))
}

/// Writes a file that is to be shared as [`replace`] does, readable to all whom the
/// user lets read new files; one that is there keeps its permissions.
///
/// # Errors
///
/// Returns what the system said; the file is then as it was.
pub(crate) fn share(file: &Path, bytes: &[u8]) -> io::Result<()> {
    put(file, Readers::Usual, |out| out.write_all(bytes))
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Readers {
    User,
    /// Those who may read what the user makes anew.
    Usual,
}

fn put(file: &Path, readers: Readers, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // Devices can be written to and not replaced, and so can what they lead to,
    // as /dev/stderr does.
    if file.parent().is_some_and(|folder| folder == Path::new("/dev") || folder == Path::new("/dev/fd")) {
        let mut out = io::BufWriter::new(fs::OpenOptions::new().append(true).open(file)?);
        return write(&mut out).and_then(|()| out.flush());
    }
    if file.symlink_metadata().is_ok_and(|meta| meta.file_type().is_symlink()) {
        return Err(io::Error::other("it is a symbolic link; name the file it leads to"));
    }
    if file.metadata().is_ok_and(|meta| !meta.is_file()) {
        // Opening a pipe waits for someone to read it, perhaps for ever.
        return Err(io::Error::other("it is not a regular file; write to it through standard output"));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".leaktight-");
    #[cfg(unix)]
    if readers == Readers::Usual {
        // Less what the umask takes away.
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    let mut out = io::BufWriter::with_capacity(64 << 10, builder.tempfile_in(folder)?);
    write(&mut out)?;
    let temporary = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    if let (Readers::Usual, Ok(meta)) = (readers, file.metadata()) {
        temporary.as_file().set_permissions(meta.permissions())?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(file).map_err(|err| err.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_files_pair_up_in_order() {
        let file = |format, name: &str| Target { format, file: Some(name.into()) };
        let stdout = |format| Target { format, file: None };
        assert_eq!(targets(&[], &[]), [stdout(Format::Human)]);
        assert_eq!(targets(&[Format::Json], &[]), [stdout(Format::Json)]);
        assert_eq!(targets(&[Format::Json], &["a".into()]), [file(Format::Json, "a"), stdout(Format::Summary)]);
        assert_eq!(
            targets(&[Format::Sarif, Format::Jsonl], &["a".into()]),
            [file(Format::Sarif, "a"), stdout(Format::Jsonl)]
        );
        let both = targets(&[Format::Json, Format::Human], &["a".into()]);
        assert_eq!(both, [file(Format::Json, "a"), stdout(Format::Human)]);
        assert_eq!(targets(&[], &["a.csv".into(), "-".into()]), [file(Format::Csv, "a.csv"), stdout(Format::Human)]);
    }
}
