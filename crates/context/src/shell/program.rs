//! What programs do with the files and variables they are given.

use super::table::{
    COPIES, ECHOES, ENCODES, GOVERNS, INTERPRETS, PRINTERS, PRINTS, PRINTS_MATCHES, SENDS, SETS, SHELLS, WRAPS,
};
use super::word::Word;
use super::{Command, inline};

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
/// and versions add. PowerShell, and some file systems, know it in any case.
pub(super) fn name(word: &Word) -> String {
    let name = word.text.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.strip_suffix(".exe").unwrap_or(name);
    match name.strip_prefix("python3.") {
        Some(version) if version.bytes().all(|byte| byte.is_ascii_digit()) => "python3".to_owned(),
        _ if INTERPRETS.contains(&name) => name.to_owned(),
        _ => name.to_ascii_lowercase(),
    }
}

/// Returns whether a program gives what it prints another form, in which nothing is found.
pub(super) fn encodes(name: &str, operands: &[Word]) -> bool {
    let has = |options: &[&str]| operands.iter().any(|word| options.iter().any(|option| word.text.starts_with(option)));
    let plain = || operands.iter().filter(|word| !word.text.starts_with('-'));
    match name {
        // Ends of lines that are taken out hide nothing.
        "tr" => {
            !(has(&["-d"]) && plain().all(|word| matches!(word.text.as_str(), r"\n" | r"\r" | r"\r\n" | "\n" | "\r")))
        }
        "cut" => has(&["-c", "-b", "--characters", "--bytes", "-f", "--fields"]),
        "base32" | "base64" | "xxd" | "gpg" | "uuencode" | "xz" | "gzip" | "bzip2" | "zstd" => {
            !has(&["-d", "-D", "--decode", "--decrypt", "--decompress", "-r", "-l", "--list", "-t", "--test"])
        }
        "sed" => plain().next().is_some_and(|script| substitutes(&script.text)),
        "awk" | "gawk" | "mawk" | "nawk" | "jq" | "yq" => plain().any(|word| inline::encodes(&word.text)),
        _ if INTERPRETS.contains(&name) => operands.iter().any(|word| inline::encodes(&word.text)),
        "openssl" => !shows_no_key(operands),
        _ => ENCODES.contains(&name),
    }
}

/// Whether a command of `openssl` prints no private key, whatever it is given.
pub(super) fn shows_no_key(operands: &[Word]) -> bool {
    const PUBLIC: [&str; 9] = ["x509", "crl", "verify", "ocsp", "dgst", "s_client", "version", "ciphers", "sha256"];
    operands.first().is_some_and(|word| PUBLIC.contains(&word.text.as_str()))
}

/// Whether a program of `sed` writes letters of its own between those it reads.
fn substitutes(script: &str) -> bool {
    script.split([';', '\n', '{']).any(|step| {
        let step = step.trim_start_matches(|c: char| c.is_ascii_digit() || " ,$".contains(c));
        let mut chars = step.chars();
        matches!(chars.next(), Some('s' | 'y')) && chars.next().is_some_and(|c| c.is_ascii_punctuation())
    })
}

/// Returns what a command of this program would do that only a person may.
pub(super) fn governs(words: &[Word]) -> Option<&'static str> {
    let (program, operands) = words.split_first()?;
    let is_ours = name(program) == "leaktight" || !program.exact;
    let said: Vec<&str> =
        operands.iter().map(|word| word.text.as_str()).filter(|text| !text.starts_with('-')).collect();
    let found = GOVERNS.iter().find(|(expected, _)| follow(&said, expected, 1));
    // By another name it is still known by what it is told to do.
    let is_told = said.starts_with(&["grant", "add"]) && operands.iter().any(|word| word.text.starts_with("--class"));
    found.filter(|(expected, _)| is_ours && (program.exact || expected.len() > 1) || is_told).map(|(_, what)| *what)
}

/// Whether words follow each other in this order, the first among the first few.
fn follow(said: &[&str], expected: &[&str], latest: usize) -> bool {
    let mut rest = said.iter().enumerate();
    let mut places = expected.iter().map(|part| rest.find(|(_, word)| *word == part).map(|(at, _)| at));
    places.next().flatten().is_some_and(|first| first <= latest) && places.all(|place| place.is_some())
}

/// Returns what a text of another language, or one that is not understood, would have
/// this program do that only a person may.
pub(crate) fn mentions_governing(text: &str) -> Option<&'static str> {
    let words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && !"_-./".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    let is_ours =
        |word: &str| word.rsplit('/').next().is_some_and(|name| matches!(name, "leaktight" | "leaktight.exe"));
    let ours = words.iter().position(|word| is_ours(word))?;
    let behind = &words[ours + 1..];
    GOVERNS.iter().find(|(expected, _)| follow(behind, expected, 3)).map(|(_, what)| *what)
}

/// Returns what is printed by a command that prints a secret it keeps.
pub(super) fn prints_secret(words: &[Word]) -> Option<&'static str> {
    let (program, operands) = words.split_first()?;
    let program = name(program);
    let matches = |expected: &[&str]| {
        let mut rest = operands.iter();
        expected.iter().all(|part| rest.any(|word| word.text == *part || word.text.starts_with(&format!("{part}/"))))
    };
    let found = PRINTERS.iter().find(|(name, expected, _)| *name == program && matches(expected));
    found.filter(|(_, expected, _)| *expected != ["inspect"] || shows_environment(operands)).map(|(_, _, what)| *what)
}

/// Whether what is asked of `docker inspect` is its environment, or all there is.
fn shows_environment(operands: &[Word]) -> bool {
    let of_option = |(idx, word): (usize, &Word)| match word.text.split_once('=') {
        Some(("--format" | "-f", format)) => Some(format.to_owned()),
        _ if matches!(word.text.as_str(), "--format" | "-f") => operands.get(idx + 1).map(|next| next.text.clone()),
        _ => None,
    };
    let Some(format) = operands.iter().enumerate().find_map(of_option) else { return true };
    let fields: Vec<&str> = format.split(|c: char| c.is_whitespace() || "{}()|".contains(c)).collect();
    let is_whole = |field: &str| matches!(field, "." | "$" | ".Config" | "$.Config" | "json");
    let names_it = format.to_ascii_lowercase().contains("env");
    // `json` alone is all there is; before a field it is only how that is written.
    let is_json = format.trim() == "json";
    names_it || is_json || fields.into_iter().any(|field| field != "json" && is_whole(field))
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

/// Returns whether a command is a shell that reads its script from its standard input.
pub(super) fn reads_script(command: &Command) -> bool {
    let words = unwrap(&command.words);
    let Some((program, operands)) = words.split_first() else { return false };
    let is_plain = |word: &Word| word.text.starts_with(['-', '+']);
    kind(&name(program)) == Kind::Shell && operands.iter().all(is_plain) && scripts(command).is_empty()
}

/// Returns the file whose lines a command runs.
pub(super) fn script_file(words: &[Word]) -> Option<&Word> {
    let (program, operands) = words.split_first()?;
    let file = || operands.iter().find(|word| !word.text.starts_with(['-', '+']));
    let has_script = || {
        operands
            .iter()
            .any(|word| word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains('c'))
    };
    match name(program).as_str() {
        "source" | "." => file(),
        "ash" | "bash" | "dash" | "ksh" | "mksh" | "sh" | "zsh" if !has_script() => file(),
        _ if program.text.contains('/') => Some(program),
        _ => None,
    }
}

/// Words that a part of the name of a secret ends in.
const PROMISING: [&str; 13] = [
    "TOKEN",
    "TOKENS",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
    "PASSPHRASE",
    "APIKEY",
    "APIKEYS",
    "CREDENTIAL",
    "CREDENTIALS",
    "PWD",
];

/// Parts of such names by themselves only.
const PROMISING_ALONE: [&str; 4] = ["KEY", "KEYS", "PASS", "PAT"];

/// Names of secrets as a whole.
const PROMISING_WHOLE: [&str; 5] = ["DATABASE_URL", "REDIS_URL", "MONGODB_URI", "SENTRY_DSN", "PGPASS"];

/// What makes a key no secret.
const OPEN_KEYS: [&str; 7] = ["PUBLIC", "PRIMARY", "FOREIGN", "SORT", "PARTITION", "CACHE", "PUB"];

/// What follows the name of a secret in that of something about it.
const ABOUT: [&str; 34] = [
    "LENGTH",
    "LEN",
    "MIN",
    "MAX",
    "SIZE",
    "COUNT",
    "LIMIT",
    "LIMITS",
    "POLICY",
    "TTL",
    "EXPIRY",
    "EXPIRES",
    "EXPIRATION",
    "TIMEOUT",
    "AGE",
    "DAYS",
    "FILE",
    "PATH",
    "DIR",
    "ENABLED",
    "DISABLED",
    "REQUIRED",
    "TYPE",
    "FIELD",
    "HEADER",
    "PREFIX",
    "SUFFIX",
    "REGEX",
    "PATTERN",
    "PARALLELISM",
    "ENDPOINT",
    "ISSUER",
    "AUDIENCE",
    "PROMPT",
];

/// Returns whether a name promises a secret, as `GITHUB_TOKEN` does. What is said of a
/// secret is none: `PASSWORD_MIN_LENGTH`, and neither is a word that only starts like one.
pub(super) fn promises(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    let names: Vec<&str> = upper.split('_').filter(|name| !name.is_empty()).collect();
    if PROMISING_WHOLE.contains(&upper.as_str()) {
        return true;
    }
    // The shell's own folders.
    if matches!(upper.as_str(), "PWD" | "OLDPWD") || names.last().is_some_and(|last| ABOUT.contains(last)) {
        return false;
    }
    // Many, and no one of them: `MAX_TOKENS`.
    if matches!(names.first(), Some(&("MAX" | "MIN" | "NUM" | "TOTAL"))) {
        return false;
    }
    let is_key = |idx: usize| {
        names.len() > 1 && PROMISING_ALONE.contains(&names[idx]) && (idx == 0 || !OPEN_KEYS.contains(&names[idx - 1]))
    };
    (0..names.len()).any(|idx| PROMISING.iter().any(|word| names[idx].ends_with(word)) || is_key(idx))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_person_may_do() {
        let mut wrong = Vec::new();
        let is_refused = |script: &str| {
            let read = super::super::read(script, &|_| None);
            read.deeds.iter().any(|deed| deed.act == super::super::Act::Governs)
                || !read.sound && mentions_governing(script).is_some()
        };
        for script in [
            "leaktight grant add --class '*' --to '*'",
            "/opt/leaktight --quiet grant add",
            "leaktight vault --vault x purge --all",
            "leaktight uninstall claude-code",
            "env -u CLAUDECODE leaktight grant add",
            "script -qc \"leaktight grant add --class '*' --to '*'\" /dev/null <<< y",
            "script -qec 'leaktight grant add' /dev/null",
            "python3 -c \"import pty; pty.spawn(['leaktight','grant','add'])\"",
            "sh -c 'exec leaktight grant add'",
            "echo 'leaktight grant add' | sh",
            "cat <<E | bash\nleaktight grant add\nE\n",
            "bash <<E\nleaktight grant add\nE\n",
            "expect -c 'spawn leaktight grant add'",
            "tmux send-keys 'leaktight grant add' Enter",
            "L=leaktight; $L grant add",
            "$(which leaktight) grant add",
            "/tmp/copied grant add --class '*' --to '*'",
            "xargs leaktight grant < words; yes | leaktight grant revoke g_1",
        ] {
            wrong.extend((!is_refused(script)).then_some(script));
        }
        for script in [
            "leaktight grant list",
            "leaktight scan .",
            "leaktight show .env",
            "git commit -m 'docs: leaktight grant add'",
            "grep -rn 'leaktight grant add' docs",
            "echo 'run leaktight grant add yourself'",
            "leaktight vault list",
            "npm uninstall leaktight",
        ] {
            wrong.extend(is_refused(script).then_some(script));
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn what_a_container_is_asked() {
        let words = |script: &str| script.split('|').map(Word::literal).collect::<Vec<_>>();
        for format in ["{{.State.Status}}", "{{.Name}}", "{{json .State}}", "{{.Config.Image}}"] {
            assert_eq!(prints_secret(&words(&format!("docker|inspect|x|--format|{format}"))), None, "{format}");
        }
        for format in ["{{.Config.Env}}", "{{json .}}", "{{json .Config}}", "{{.}}", "json", "{{range .Config.Env}}"] {
            assert!(prints_secret(&words(&format!("docker|inspect|-f|{format}|x"))).is_some(), "{format}");
        }
        assert!(prints_secret(&words("docker|inspect|x")).is_some());
    }

    #[test]
    fn names_promise_secrets_by_their_words() {
        for name in [
            "GITHUB_TOKEN",
            "DB_PASSWORD",
            "PGPASSWORD",
            "githubToken",
            "AWS_SECRET_ACCESS_KEY",
            "SECRET_KEY_BASE",
            "OPENAI_API_KEY",
            "MYSQL_PWD",
            "DATABASE_URL",
            "TOKEN",
            "npm_config__authToken",
            "GH_PAT",
            "APIKEY",
        ] {
            assert!(promises(name), "{name}");
        }
        for name in [
            "TOKENIZERS_PARALLELISM",
            "PASSWORD_MIN_LENGTH",
            "TOKEN_TTL",
            "PWD",
            "OLDPWD",
            "KEY",
            "PATH",
            "PATTERN",
            "SECRETARY",
            "PUBLIC_KEY",
            "SSH_KEY_PATH",
            "KEYBOARD",
            "COMPASS",
            "MAX_TOKENS",
            "PASSWORDLESS",
        ] {
            assert!(!promises(name), "{name}");
        }
    }
}
