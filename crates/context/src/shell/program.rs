//! What programs do with the files and variables they are given.

use super::Command;
use super::table::{COPIES, ECHOES, INTERPRETS, PRINTERS, PRINTS, PRINTS_MATCHES, SENDS, SETS, SHELLS, WRAPS};
use super::word::Word;

/// What a program does with its operands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Prints the files it is given.
    Prints,
    /// Prints the files it is given, behind a pattern or a program.
    PrintsMatches,
    /// Copies the files it is given to where nobody looks.
    Copies,
    /// Sends what it is given to another machine.
    Sends,
    /// Prints its arguments.
    Echoes,
    /// Prints or sets variables.
    Sets,
    /// Runs the command among its arguments.
    Wraps,
    /// Runs a script among its arguments.
    Shell,
    /// Runs a program of another language among its arguments.
    Interprets,
    /// Anything else: it uses what it is given and does not show it.
    Other,
}

/// Returns what a program does.
pub(super) fn kind(name: &str) -> Kind {
    let tables = [
        (ECHOES, Kind::Echoes),
        (SETS, Kind::Sets),
        (WRAPS, Kind::Wraps),
        (SHELLS, Kind::Shell),
        (INTERPRETS, Kind::Interprets),
        (PRINTS_MATCHES, Kind::PrintsMatches),
        (PRINTS, Kind::Prints),
        (COPIES, Kind::Copies),
        (SENDS, Kind::Sends),
    ];
    tables.iter().find(|(names, _)| names.contains(&name)).map_or(Kind::Other, |(_, kind)| *kind)
}

/// Returns the name of a program: the last name of its path, less what Windows
/// and versions add.
pub(super) fn name(word: &Word) -> String {
    let name = word.text.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.strip_suffix(".exe").unwrap_or(name);
    match name.strip_prefix("python3.") {
        Some(version) if version.bytes().all(|byte| byte.is_ascii_digit()) => "python3".to_owned(),
        _ => name.to_owned(),
    }
}

/// Returns what is printed by a command that prints a secret it keeps.
pub(super) fn prints_secret(words: &[Word]) -> Option<&'static str> {
    let (program, operands) = words.split_first()?;
    let program = name(program);
    let matches = |expected: &[&str]| {
        let mut rest = operands.iter();
        expected.iter().all(|part| rest.any(|word| word.text == *part || word.text.starts_with(&format!("{part}/"))))
    };
    PRINTERS.iter().find(|(name, expected, _)| *name == program && matches(expected)).map(|(_, _, what)| *what)
}

/// Returns the command within one that runs another, such as `sudo`. Options of
/// the outer one are passed over: the first word that is a program known here
/// is taken, else the first that is no option, number or assignment.
pub(super) fn unwrap(words: &[Word]) -> &[Word] {
    let mut words = words;
    while let Some((program, rest)) = words.split_first() {
        let outer = name(program);
        let sets = outer == "env" && !rest.is_empty();
        let runs = outer == "leaktight" && rest.first().is_some_and(|word| word.text == "run");
        if kind(&outer) != Kind::Wraps && !sets && !runs {
            break;
        }
        let is_known =
            |word: &Word| kind(&name(word)) != Kind::Other || PRINTERS.iter().any(|(known, ..)| *known == name(word));
        let is_program = |word: &Word| {
            !word.text.starts_with(['-', '{', '.']) && !is_number(&word.text) && !is_assignment(&word.text)
        };
        let rest = if runs { &rest[1..] } else { rest };
        let inner = rest.iter().position(is_known).or_else(|| match outer.as_str() {
            // What follows `find` are folders.
            "find" => None,
            _ => rest.iter().position(is_program),
        });
        let Some(inner) = inner else { break };
        words = &rest[inner..];
    }
    words
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.len() < 8
}

fn is_assignment(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

/// Returns the scripts a command runs, each a text, or nothing where it can't be known.
pub(super) fn scripts(command: &Command) -> Vec<Option<String>> {
    let words = unwrap(&command.words);
    let Some((program, operands)) = words.split_first() else { return Vec::new() };
    let known = |word: &Word| word.exact.then(|| word.text.clone());
    match name(program).as_str() {
        "eval" => {
            let whole = operands.iter().all(|word| word.exact);
            vec![whole.then(|| operands.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "))]
        }
        "trap" => operands.first().map(known).into_iter().collect(),
        name if kind(name) == Kind::Shell => {
            // The script follows the first option with a `c`, such as `-lc`.
            let option = operands.iter().position(|word| {
                word.text.starts_with('-')
                    && !word.text.starts_with("--")
                    && word.text.to_ascii_lowercase().contains('c')
            });
            match option {
                Some(option) => operands.get(option + 1).map(known).into_iter().collect(),
                None => command.texts.iter().map(known).collect(),
            }
        }
        "watch" => vec![operands.iter().find(|word| !word.text.starts_with('-')).and_then(known)],
        _ => Vec::new(),
    }
}

/// Returns whether a name promises a secret, as `GITHUB_TOKEN` does.
pub(super) fn promises(variable: &str) -> bool {
    const WORDS: [&str; 13] = [
        "TOKEN",
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "APIKEY",
        "API_KEY",
        "ACCESS_KEY",
        "PRIVATE_KEY",
        "CREDENTIAL",
        "_KEY",
        "_PASS",
        "_PAT",
    ];
    const WHOLE: [&str; 5] = ["DATABASE_URL", "REDIS_URL", "MONGODB_URI", "SENTRY_DSN", "PGPASS"];
    let upper = variable.to_ascii_uppercase();
    WHOLE.contains(&upper.as_str()) || WORDS.iter().any(|word| upper.contains(word))
}
