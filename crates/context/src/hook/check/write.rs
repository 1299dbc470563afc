//! Files an assistant is about to write.
//!
//! What it was shown holds placeholders, and so does what it writes. Written as they
//! are they would take the place of the secrets in the file: they give way to their
//! values where the model does not get to see that, and are refused where the file
//! would lose one.

use std::path::Path;

use super::super::call::Call;
use super::super::tool;
use super::super::{Host, message};
use super::{Verdict, file, ruling};
use crate::policy::Destination;
use crate::redact::{Book, Placeholder, restore};
use crate::splice::{Format, Node};

/// Decides about a tool that writes.
pub(super) fn check(input: Node<'_>, call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Verdict {
    // Without a file it is a memory, or another thing that comes back by itself.
    let Some((name, _)) = tool::paths(input).into_iter().next() else { return Verdict::Pass };
    let mut placeholders = Vec::new();
    collect(input, book, &mut placeholders);
    if placeholders.is_empty() {
        return Verdict::Pass;
    }
    let may_rewrite = host.restore && call.can.restore && call.input.is_some_and(|input| input.text().is_none());
    if !may_rewrite {
        return lost(&name, &placeholders, (call, host), book);
    }
    let to = destination(&name, call, host);
    let mut classes: Vec<&str> = placeholders.iter().map(Placeholder::class).collect();
    classes.sort_unstable();
    classes.dedup();
    let refused = classes.into_iter().find_map(|class| ruling::of_restore(class, to.clone(), (call, host)));
    if let Some(reason) = refused {
        return Verdict::Deny { reason };
    }
    let restored = restore(Format::Json, input.raw(), book);
    if restored.n_restored == 0 {
        return Verdict::Pass;
    }
    let noun = if restored.n_restored == 1 { "a placeholder" } else { "placeholders" };
    let message = format!("{noun} gave way to what it stands for in `{}`", message::clean(&name));
    Verdict::Replace { nodes: vec![Some(restored.bytes)], message }
}

/// Collects the placeholders in the strings of a value that the book knows.
fn collect(node: Node<'_>, book: &Book, found: &mut Vec<Placeholder>) {
    let mut nodes = vec![node];
    while let Some(node) = nodes.pop() {
        nodes.extend(node.entries().map(|(_, child)| child));
        nodes.extend(node.items());
        let Some(text) = node.text() else { continue };
        for span in Placeholder::find(&text) {
            let known = Placeholder::parse(&text[span.range()]).filter(|name| book.get(name).is_some());
            found.extend(known.filter(|name| !found.contains(name)));
        }
    }
}

/// Returns where a file is: below the folder the assistant works in by the path from
/// there, else by the path from the root, links followed.
fn destination(name: &str, call: &Call<'_>, host: &Host<'_>) -> Destination {
    let paths = file::candidates(name, call.cwd(), &[], &host.places);
    let folder = file::candidates(".", call.cwd(), &[], &host.places);
    let below = |path: &Path| folder.iter().find_map(|folder| path.strip_prefix(folder).ok().map(Path::to_owned));
    let is_inside = !paths.is_empty() && paths.iter().all(|path| below(path).is_some());
    let path = paths.first().map_or_else(|| name.to_owned(), |path| path.to_string_lossy().into_owned());
    let inside = paths.first().and_then(|path| below(path)).filter(|_| is_inside);
    let shown = inside.map_or(path, |path| path.to_string_lossy().into_owned()).replace('\\', "/");
    // On some systems a path from the root starts with a letter.
    let is_bare = !is_inside && !shown.starts_with('/');
    Destination::File(if is_bare { format!("/{shown}") } else { shown })
}

/// Refuses to write placeholders over the values they stand for.
fn lost(
    name: &str,
    placeholders: &[Placeholder],
    (call, host): (&Call<'_>, &mut Host<'_>),
    book: &mut Book,
) -> Verdict {
    let paths = file::candidates(name, call.cwd(), &[], &host.places);
    let Some(facts) = file::facts(&paths, &host.places).filter(|facts| facts.len > 0) else { return Verdict::Pass };
    let Ok(redacted) = file::redact(&facts, host, book) else { return Verdict::Pass };
    let holds = |name: &&Placeholder| {
        Placeholder::find(&redacted.bytes).any(|span| redacted.bytes[span.range()] == *name.as_str().as_bytes())
    };
    let Some(lost) = placeholders.iter().find(holds) else { return Verdict::Pass };
    let name = message::clean(name);
    Verdict::deny(format!(
        "{lost} stands for a value in `{name}`, which would be lost: change the other lines with an edit, \
         or ask the user to change this one."
    ))
}
