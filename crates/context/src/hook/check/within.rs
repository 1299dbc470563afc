//! Scripts of files that a script runs: what they send, and what only a person may do.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::super::call::Call;
use super::super::{Host, message};
use super::script::{self, Concern};
use super::{file, guard};
use crate::redact::Book;
use crate::shell::{self, Act, Deed, Script};

/// The longest script that is looked into, in bytes.
const MAX_LEN: u64 = 64 << 10;
/// How many scripts are looked into.
const MAX_SCRIPTS: usize = 8;

/// Returns why a script may not run for what is in those it runs. What they print is
/// their own business, as it is that of any program; what leaves the machine is not.
pub(super) fn check(script: &Script, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Option<String> {
    let mut waiting = files(script, call, host);
    let mut n_seen = 0;
    while let Some((name, text)) = waiting.pop() {
        n_seen += 1;
        if n_seen > MAX_SCRIPTS {
            return None;
        }
        let known = |name: &str| script::known_variable(name, call, host);
        let inner = shell::read(&text, &known);
        if let Some(reason) = refused(&text, &inner, call, host, book) {
            return Some(format!("`{}` is run, and {reason}", message::clean(&name)));
        }
        waiting.extend(files(&inner, call, host));
    }
    None
}

fn refused(text: &str, inner: &Script, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Option<String> {
    if let Some(reason) = guard::of_script(text, inner, (call, host)) {
        return Some(reason);
    }
    let leaves = |deed: &&Deed| deed.sent || matches!(deed.act, Act::Sends | Act::Governs);
    for deed in inner.deeds.iter().filter(leaves) {
        if let Some(Concern::Forbidden(reason)) = script::concern(deed, call, host, book) {
            return Some(reason);
        }
    }
    script::sends_secret(text, inner, (call, host), book).map(|found| format!("it {found}"))
}

/// Returns the scripts that are run, each with its name.
fn files(script: &Script, call: &Call<'_>, host: &Host<'_>) -> Vec<(String, String)> {
    let run = script.deeds.iter().filter(|deed| deed.act == Act::Runs && deed.target.exact).take(MAX_SCRIPTS);
    let texts = run.filter_map(|deed| {
        let paths = file::candidates(&deed.target.text, call.cwd(), &deed.folders, &host.places);
        Some((deed.target.text.clone(), paths.iter().find_map(|path| text(path))?))
    });
    texts.collect()
}

/// Returns the text of a script of the shell; none of anything else.
fn text(path: &Path) -> Option<String> {
    let meta = path.metadata().ok().filter(|meta| meta.is_file() && meta.len() <= MAX_LEN)?;
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).ok()?);
    File::open(path).ok()?.take(MAX_LEN).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))?;
    let first = text.lines().next().unwrap_or_default();
    let names_shell = || first.split(['/', ' ']).any(|word| word.ends_with("sh"));
    let is_shell = !first.starts_with("#!") || names_shell();
    is_shell.then_some(text)
}
