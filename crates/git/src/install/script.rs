//! The scripts that stand between git and this program.

use std::path::Path;

use sha2::{Digest, Sha256};

/// What the second line of our scripts starts with; a checksum of all below follows.
const MARK: &str = "# leaktight-hook ";

/// What our scripts hand on to, before they check anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Before {
    /// The hook that was there before, which lies beside ours.
    Beside,
    /// The hook of the repository itself, which git no longer looks for.
    Repository,
}

/// Whose a script is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Owner {
    /// Written here, and as it was written.
    Ours,
    /// Written here, and changed by someone.
    Changed,
    Other,
}

/// Ending of the name of a hook that was there before.
pub(super) const KEPT: &str = "before-leaktight";

/// Hooks to which git writes something.
const WITH_INPUT: [&str; 6] =
    ["pre-push", "pre-receive", "post-receive", "post-rewrite", "reference-transaction", "proc-receive"];

/// Returns the script of a hook; `program` is none where there is nothing to check.
pub(super) fn script(hook: &str, program: Option<&Path>, before: Before) -> String {
    let mut body = String::from("# Written by `leaktight install git`; `leaktight uninstall git` takes it away.\n");
    body.push_str(&match before {
        Before::Beside => format!("before=\"${{0%/*}}/{hook}.{KEPT}\"\n"),
        // While git makes a repository it calls hooks, and finds none there yet.
        Before::Repository => format!(
            "common=$(git rev-parse --git-common-dir 2>/dev/null) || common=${{GIT_DIR:-/dev/null}}\n\
             before=\"$common/hooks/{hook}\"\n"
        ),
    });
    match program {
        Some(program) => body.push_str(&checked(hook, program)),
        None => body.push_str("if [ -x \"$before\" ]; then exec \"$before\" \"$@\"; fi\n"),
    }
    format!("#!/bin/sh\n{MARK}{}\n{body}", checksum(&body))
}

fn checked(hook: &str, program: &Path) -> String {
    let program = program.to_string_lossy().replace('\'', r"'\''");
    let check = format!("\"$leaktight\" hook git {hook} \"$@\"");
    let run = if WITH_INPUT.contains(&hook) {
        // Both read all of what git writes; the `x` keeps the last newlines.
        format!(
            "input=$(cat; printf x)\n\
             if [ -x \"$before\" ]; then printf %s \"${{input%x}}\" | \"$before\" \"$@\" || exit; fi\n\
             printf %s \"${{input%x}}\" | {check}\n"
        )
    } else {
        format!("if [ -x \"$before\" ]; then \"$before\" \"$@\" || exit; fi\nexec {check}\n")
    };
    format!(
        "leaktight='{program}'\n\
         [ -x \"$leaktight\" ] || leaktight=leaktight\n\
         if ! command -v \"$leaktight\" >/dev/null; then\n\
         \techo \"error: leaktight is not installed, so {hook} can check nothing\" >&2\n\
         \techo \"hint: install it, or take this hook away: rm '$0'\" >&2\n\
         \texit 1\n\
         fi\n{run}"
    )
}

/// Returns whose a script is.
pub(super) fn owner(script: &[u8]) -> Owner {
    let Ok(text) = std::str::from_utf8(script) else { return Owner::Other };
    let rest = text.strip_prefix("#!/bin/sh\n").and_then(|rest| rest.strip_prefix(MARK));
    match rest.and_then(|rest| rest.split_once('\n')) {
        Some((sum, body)) if sum == checksum(body) => Owner::Ours,
        Some(_) => Owner::Changed,
        None if text.contains(MARK) => Owner::Changed,
        None => Owner::Other,
    }
}

fn checksum(body: &str) -> String {
    Sha256::digest(body.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_scripts() {
        for hook in ["pre-commit", "pre-push"] {
            for program in [Some(Path::new("/it's/here")), None] {
                let script = script(hook, program, Before::Beside);
                assert_eq!(owner(script.as_bytes()), Owner::Ours, "{script}");
                assert_eq!(owner(format!("{script}echo more\n").as_bytes()), Owner::Changed);
                assert_eq!(owner(script.replace("#!/bin/sh", "#!/bin/bash").as_bytes()), Owner::Changed);
            }
        }
        assert_eq!(owner(b"#!/bin/sh\nexec leaktight hook git pre-commit\n"), Owner::Other);
        assert_eq!(owner(b"\xff"), Owner::Other);
    }
}
