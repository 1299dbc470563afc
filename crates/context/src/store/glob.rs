//! The globs of the catalogue: `*` within a name, `**` over folders.

use std::path::{Component, Path};

/// Returns whether a name matches a pattern in which `*` stands for any text.
pub(crate) fn segment(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut pos) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while pos < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, pos));
                at += 1;
            }
            Some(byte) if byte.eq_ignore_ascii_case(&name[pos]) => {
                at += 1;
                pos += 1;
            }
            // The last star takes one byte more.
            _ => match &mut star {
                Some((behind, taken)) => {
                    *taken += 1;
                    (at, pos) = (*behind, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// Returns whether names match patterns, one for one, with `**` for any number.
pub(crate) fn segments(patterns: &[&str], names: &[&[u8]]) -> bool {
    match patterns.split_first() {
        None => names.is_empty(),
        Some((&"**", rest)) => (0..=names.len()).any(|skipped| segments(rest, &names[skipped..])),
        Some((pattern, rest)) => match names.split_first() {
            Some((name, others)) => segment(pattern.as_bytes(), name) && segments(rest, others),
            None => false,
        },
    }
}

/// Returns whether what `root` and the pattern `rest` name may lie below `folder`.
pub(crate) fn starts_with(root: &Path, rest: &str, folder: &Path) -> bool {
    if root.starts_with(folder) {
        return true;
    }
    let Ok(inner) = folder.strip_prefix(root) else { return false };
    let patterns: Vec<&str> = rest.split('/').filter(|segment| !segment.is_empty()).collect();
    let names = names(inner);
    let n_fixed = patterns.iter().position(|pattern| *pattern == "**").unwrap_or(patterns.len());
    let n_shared = n_fixed.min(names.len());
    let agree = patterns.iter().zip(&names).take(n_shared).all(|(pattern, name)| segment(pattern.as_bytes(), name));
    // A file is not below itself; `**` is.
    agree && (names.len() < patterns.len() || n_fixed < patterns.len())
}

/// Returns the names of a path, root left out.
pub(crate) fn names(path: &Path) -> Vec<&[u8]> {
    let name = |component| match component {
        Component::Normal(name) => Some(name.as_encoded_bytes()),
        _ => None,
    };
    path.components().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_of_a_name() {
        for (pattern, name, matches) in [
            ("*.env", "a.env", true),
            ("*.env", ".env", true),
            ("*.env", ".env.x", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXcYb", false),
            ("*", "", true),
            ("", "", true),
            ("ID_*", "id_rsa", true),
        ] {
            assert_eq!(segment(pattern.as_bytes(), name.as_bytes()), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn two_stars_stand_for_any_folders() {
        let matches =
            |pattern: &str, path: &str| segments(&pattern.split('/').collect::<Vec<_>>(), &names(Path::new(path)));
        assert!(matches("a/**/b", "a/b") && matches("a/**/b", "a/x/y/b") && matches("a/**", "a/x"));
        assert!(!matches("a/**/b", "a/x") && !matches("a/b", "x/a/b"));
    }
}
