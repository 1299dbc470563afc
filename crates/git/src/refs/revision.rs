//! Commits by the names people give them.

use super::Refs;
use crate::error::Error;
use crate::id::ObjectId;
use crate::store::{Fault, Kind, Reader, commit, tag};

/// Steps back that a name may ask for.
const MOST_STEPS: usize = 1_000_000;
/// Tags that may lead to each other.
const DEEPEST: usize = 32;

/// Returns the commit that a name stands for: a branch, a tag, a remote's branch,
/// a full or abbreviated id, `HEAD`, each with any `^`, `^2` and `~3` behind it.
///
/// # Errors
///
/// Nothing has that name, or it leads to no commit.
pub(crate) fn resolve(name: &str, refs: &Refs, reader: &mut Reader<'_>) -> Result<ObjectId, Error> {
    let unknown = |what: &str| Error::Revision { name: name.to_owned(), what: what.to_owned() };
    let len = name.find(['^', '~']).unwrap_or(name.len());
    let (base, steps) = name.split_at(len);
    let id = base_of(base, refs, reader).ok_or_else(|| unknown("no branch, tag or commit has that name"))?;
    let mut id = peel(id, reader).ok().flatten().ok_or_else(|| unknown("it leads to no commit"))?;
    let mut rest = steps;
    while let Some(sign) = rest.chars().next() {
        let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
        let number = &rest[1..=digits];
        rest = &rest[1 + digits..];
        let number: usize =
            if digits == 0 { 1 } else { number.parse().map_err(|_| unknown("it goes too far back"))? };
        if sign == '^' && digits == 0 && rest.starts_with('{') {
            // `^{commit}` and `^{}`: the commit is what counts anyway.
            let end = rest.find('}').ok_or_else(|| unknown("a brace is not closed"))?;
            rest = &rest[end + 1..];
            continue;
        }
        let (count, which) = if sign == '~' { (number, 1) } else { (1, number) };
        if count > MOST_STEPS {
            return Err(unknown("it goes too far back"));
        }
        for _ in 0..count.min(if which == 0 { 0 } else { count }) {
            id = parent(&id, which, reader).ok_or_else(|| unknown("the history does not go so far back"))?;
        }
    }
    Ok(id)
}

fn base_of(name: &str, refs: &Refs, reader: &Reader<'_>) -> Option<ObjectId> {
    if matches!(name, "HEAD" | "@") {
        return refs.head;
    }
    if let Some(id) = ObjectId::from_hex(name.as_bytes()) {
        return reader.objects().find(id.as_bytes()).map(|_| id);
    }
    // The order of git's documentation.
    for folder in ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"] {
        if let Some(id) = refs.get(format!("{folder}{name}").as_bytes()) {
            return Some(id);
        }
    }
    if let Some(id) = refs.get(format!("refs/remotes/{name}/HEAD").as_bytes()) {
        return Some(id);
    }
    let is_short = (4..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let starting = if is_short { reader.objects().starting(&name.to_ascii_lowercase()) } else { Vec::new() };
    match starting[..] {
        [one] => reader.objects().id(one),
        _ => None,
    }
}

/// Returns the commit that an object leads to by way of tags; none where a tree or a file is behind them.
pub(crate) fn peel(mut id: ObjectId, reader: &mut Reader<'_>) -> Result<Option<ObjectId>, (ObjectId, Fault)> {
    let mut bytes = Vec::new();
    for _ in 0..DEEPEST {
        match reader.read_id(&id, &mut bytes).map_err(|fault| (id, fault))? {
            Kind::Commit => return Ok(Some(id)),
            Kind::Tag => id = tag(&bytes).ok_or((id, Fault::corrupt("not a tag")))?.target,
            Kind::Tree | Kind::Blob => return Ok(None),
        }
    }
    Err((id, Fault::corrupt("a tag of too many tags")))
}

fn parent(id: &ObjectId, which: usize, reader: &mut Reader<'_>) -> Option<ObjectId> {
    let mut bytes = Vec::new();
    reader.read_id(id, &mut bytes).ok()?;
    commit(&bytes)?.parents.get(which - 1).copied()
}
