//! Programs of other languages on a command line: which names stand in them.
//!
//! They are not parsed. A string in one that names a secret store is taken for a
//! file that is read, which errs on the safe side.

/// Returns what may be names of files in the code.
pub(crate) fn names(code: &str) -> Vec<&str> {
    let is_end = |c: char| c.is_whitespace() || "\"'`()[]{},;<>|&=+".contains(c);
    let looks_like = |name: &&str| name.len() > 1 && name.len() < 4096 && name.contains(['.', '/', '_']);
    // `process.env` is a map of variables and no file.
    let is_map = |name: &str| matches!(name, "process.env" | "import.meta.env" | "Deno.env" | "Bun.env");
    let mut names: Vec<&str> = code.split(is_end).filter(looks_like).filter(|name| !is_map(name)).collect();
    names.dedup();
    names
}

/// Returns whether the code prints the environment, as far as can be told from its
/// words: a whole map and no single entry of it.
pub(super) fn dumps_environment(code: &str) -> bool {
    const MAPS: [&str; 6] = ["os.environ", "process.env", "%ENV", "ENV.to_h", "getenv()", "System.getenv()"];
    MAPS.iter().any(|map| {
        code.match_indices(map).any(|(at, _)| {
            let behind = code[at + map.len()..].trim_start();
            !behind.starts_with(['[', '.', '{']) || behind.starts_with(".items") || behind.starts_with(".copy")
        })
    })
}

/// Returns whether the code may give what it prints another form, in which nothing can
/// be found, as far as can be told from its words.
pub(super) fn encodes(code: &str) -> bool {
    const WORDS: [&str; 30] = [
        "b64",
        "base64",
        "base32",
        "btoa",
        "hex",
        "encode",
        "rot13",
        "translate",
        "[::-1]",
        "reverse",
        "rev(",
        "zlib",
        "gzip",
        "compress",
        "ord(",
        "chr(",
        "charcode",
        "charcodeat",
        "codepoint",
        "pack",
        "tobytes",
        "buffer",
        "split(",
        "substr",
        "gsub",
        "toupper",
        "tolower",
        "swapcase",
        "upper()",
        "@uri",
    ];
    let lower = code.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_is_not_the_environment() {
        assert!(dumps_environment("import os; print(os.environ)"));
        assert!(dumps_environment("console.log(process.env)") && dumps_environment("dict(os.environ.items())"));
        assert!(!dumps_environment("os.environ['PATH']") && !dumps_environment("process.env.HOME"));
    }

    #[test]
    fn names_stand_between_quotes_and_brackets() {
        assert_eq!(names("print(open('.env').read())"), [".env", ".read"]);
    }
}
