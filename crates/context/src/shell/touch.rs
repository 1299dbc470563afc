//! The files a command names, whatever it does with them.

use super::operands::{files, is_packer};
use super::program::{self, Kind};
use super::word::Word;
use super::{Command, inline};

/// A file that a command names.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Touch {
    /// The program, by its name.
    pub program: String,
    /// The file.
    pub target: Word,
    /// What may become of it.
    pub how: How,
    /// The folders the script changed to before, in this order.
    pub folders: Vec<String>,
}

/// What may become of a file that a command names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum How {
    /// It stays as it is.
    Reads,
    /// It may change: what a program does that is not known here is not known either.
    Changes,
    /// It goes, with all that is below it.
    Removes,
}

/// Programs that leave the files they are given as they are.
const READERS: &[&str] =
    &["[", "[[", "cd", "du", "file", "ls", "pushd", "realpath", "readlink", "stat", "test", "tree", "wc"];
/// Subcommands of git that leave files as they are.
const GIT_READERS: &[&str] =
    &["add", "blame", "check-ignore", "commit", "diff", "grep", "log", "ls-files", "show", "status"];
/// Programs that take files away.
const REMOVERS: &[&str] = &["del", "erase", "mv", "rd", "remove-item", "ri", "rm", "rmdir", "shred", "unlink"];

/// Adds the files a command names.
pub(super) fn tell(command: &Command, touches: &mut Vec<Touch>) {
    let words = program::unwrap(&command.words);
    let program = words.first().map(program::name).unwrap_or_default();
    let operands = words.get(1..).unwrap_or_default();
    let how = how(&program, operands);
    let mut add = |target: Word, how| {
        touches.push(Touch { program: program.clone(), target, how, folders: command.folders.clone() });
    };
    command.outputs.iter().for_each(|word| add(word.clone(), How::Changes));
    let operands = files(operands);
    let n_operands = operands.len();
    for (idx, word) in operands.into_iter().enumerate() {
        // What is copied stays as it is, but for the last name.
        let is_source = program::kind(&program) == Kind::Copies && !is_packer(&program) && idx + 1 < n_operands;
        let how = if is_source && how == How::Changes { How::Reads } else { how };
        // As `of=` of `dd` has it.
        if let Some((_, value)) = word.text.split_once('=') {
            add(Word { text: value.to_owned(), ..word.clone() }, how);
        }
        add(word, how);
    }
    if let Some(outer) = command.words.get(..command.words.len() - words.len()).filter(|outer| !outer.is_empty()) {
        files(outer).into_iter().skip(1).for_each(|word| add(word, how));
    }
    if matches!(program::kind(&program), Kind::Interprets | Kind::Other) {
        let texts = command.words.iter().chain(&command.texts).filter(|word| word.text.contains([' ', '(', '\n']));
        for name in texts.flat_map(|word| inline::names(&word.text)) {
            add(Word::literal(name), how);
        }
    }
}

fn how(program: &str, operands: &[Word]) -> How {
    let has = |option: &str| operands.iter().any(|word| word.text == option);
    let first = operands.iter().find(|word| !word.text.starts_with('-')).map(|word| word.text.as_str());
    let in_place = || operands.iter().any(|word| word.text.starts_with("-i") || word.text.starts_with("--in-place"));
    match program::kind(program) {
        _ if REMOVERS.contains(&program) => How::Removes,
        _ if READERS.contains(&program) => How::Reads,
        _ if program == "leaktight" => {
            if has("-o") || has("--output") {
                How::Changes
            } else {
                How::Reads
            }
        }
        _ if program == "find" => {
            if has("-delete") {
                How::Removes
            } else {
                How::Reads
            }
        }
        _ if program == "git" && first.is_some_and(|name| GIT_READERS.contains(&name)) => How::Reads,
        _ if program == "git" => {
            if first == Some("clean") {
                How::Removes
            } else {
                How::Changes
            }
        }
        _ if matches!(program, "tee" | "vim" | "vi" | "nano" | "emacs" | "ed" | "ex" | "split" | "sqlite3") => {
            How::Changes
        }
        Kind::Prints | Kind::Echoes | Kind::Sets => How::Reads,
        Kind::PrintsMatches if !in_place() => How::Reads,
        _ => How::Changes,
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    /// The files a script may change (`!`) or take away (`-`).
    fn changed(script: &str) -> String {
        let touches = read(script, &|_| None).touches;
        let changing = touches.iter().filter(|touch| touch.how != How::Reads);
        let short =
            |touch: &Touch| format!("{}{}", if touch.how == How::Removes { "-" } else { "!" }, touch.target.text);
        changing.map(short).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn files_that_change() {
        for (script, expected) in [
            ("echo x > a", "!a"),
            ("cat a b", ""),
            ("rm -rf a", "-a"),
            ("cp a b", "!b"),
            ("mv a b", "-a -b"),
            ("sed -i s/x/y/ a", "!s/x/y/ !a"),
            ("sed s/x/y/ a", ""),
            ("sudo tee a", "!a"),
            ("find a -delete", "-a"),
            ("git diff a", ""),
            ("git checkout a", "!checkout !a"),
            ("python3 -c \"open('./a', 'w')\"", "!./a"),
        ] {
            let changed = changed(script);
            assert!(expected.split(' ').all(|name| changed.split(' ').any(|it| it == name)), "{script}: {changed}");
        }
        for reading in ["cat a b", "sed s/x/y/ a", "git diff a", "ls -la a", "grep x a"] {
            assert_eq!(changed(reading), "", "{reading}");
        }
    }
}
