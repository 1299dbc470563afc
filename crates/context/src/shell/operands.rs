//! What the words behind a program are: files, options, addresses.

use super::word::Word;

/// The subcommand of git, and what follows it.
pub(super) fn subcommand(operands: &[Word]) -> Option<(&str, &[Word])> {
    let mut rest = operands;
    while let Some((word, behind)) = rest.split_first() {
        match word.text.as_str() {
            "-C" | "-c" | "--git-dir" | "--work-tree" => rest = behind.get(1..)?,
            text if text.starts_with('-') => rest = behind,
            text => return Some((text, behind)),
        }
    }
    None
}

/// Programs that put files together into one.
pub(super) fn is_packer(program: &str) -> bool {
    matches!(program, "tar" | "zip" | "7z" | "ar" | "gzip" | "bzip2" | "zstd")
}

/// Whether the name of a file is that of what everybody sees.
pub(super) fn is_output(name: &str) -> bool {
    matches!(name, "/dev/stdout" | "/dev/stderr" | "/dev/tty")
        || name.starts_with("/dev/fd/")
        || name.starts_with("/proc/self/fd/")
}

/// Whether options hold a letter, or a word.
pub(super) fn has_flag(operands: &[Word], letters: &[char], name: &str) -> bool {
    operands.iter().any(|word| match word.text.strip_prefix("--") {
        Some(long) => long == name || long.strip_prefix("dereference-") == Some(name),
        None => word.text.starts_with('-') && word.text.contains(letters),
    })
}

/// Returns the addresses among the arguments of a client: those that are written as such,
/// else what may be a host.
pub(super) fn addresses(program: &str, operands: &[Word]) -> Vec<Word> {
    let written: Vec<Word> =
        operands.iter().filter(|word| word.text.contains("://") && !word.text.contains(' ')).cloned().collect();
    if !written.is_empty() || matches!(program, "aws" | "gsutil") {
        return written;
    }
    let follows_option =
        |idx: usize| idx > 0 && operands[idx - 1].text.starts_with('-') && operands[idx - 1].text.len() == 2;
    let is_host = |word: &Word| {
        let host = word.text.split(['/', ':']).next().unwrap_or_default();
        let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-@_".contains(&byte));
        is_name && !word.text.starts_with('-') && (host.contains('.') || host == "localhost")
    };
    let hosts = operands.iter().enumerate().filter(|(idx, word)| is_host(word) && !follows_option(*idx));
    hosts.map(|(_, word)| word.clone()).take(1).collect()
}

/// The operands that may be files, and the values of options behind `=`.
pub(super) fn files(operands: &[Word]) -> Vec<Word> {
    let mut only = false;
    let mut files = Vec::new();
    for word in operands {
        match word.text.as_str() {
            "--" => only = true,
            text if only || !text.starts_with('-') => files.push(word.clone()),
            text => {
                // `-Path:file` is how PowerShell may have it.
                if let Some((_, value)) = text.split_once('=').or_else(|| text.split_once(':')) {
                    files.push(Word { text: value.to_owned(), ..word.clone() });
                }
            }
        }
    }
    files
}

/// Whether options say the pattern, so that all operands are files.
pub(super) fn names_pattern(operands: &[Word]) -> bool {
    operands.iter().any(|word| {
        let text = word.text.as_str();
        text.starts_with("--regexp")
            || text.starts_with("--file")
            || text.starts_with("--expression")
            || matches!(text, "-e" | "-f" | "--files")
    })
}

/// The files an argument of a program that sends names: whole, or behind `@` or `=`.
pub(super) fn sent_files(text: &str) -> impl Iterator<Item = &str> {
    let attached = text.split_once('@').map(|(_, file)| file).filter(|file| !file.is_empty());
    let value = text.split_once('=').map(|(_, value)| value.trim_start_matches(['@', '<']));
    let fixed = ["fileb://", "file://"].into_iter().find_map(|scheme| text.strip_prefix(scheme));
    let short = text.strip_prefix("-T").filter(|file| !file.is_empty());
    let whole = (!text.starts_with('-') && !text.contains("://")).then_some(text);
    [attached, value, fixed, short, whole].into_iter().flatten()
}
