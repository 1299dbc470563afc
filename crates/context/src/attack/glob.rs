//! Paths that end in names of given forms.

use std::path::{Component, Path};

use crate::store::glob::segment;

/// Components of a path that count, at most.
pub(super) const MOST: usize = 4;

/// The last components of a path, the very last first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail<'a>([&'a [u8]; MOST]);

impl<'a> Tail<'a> {
    /// Takes the last components; what is no name, such as `..`, counts as empty.
    pub(super) fn of(path: &'a Path) -> Self {
        let mut tail = [&b""[..]; MOST];
        for (slot, component) in tail.iter_mut().zip(path.components().rev()) {
            if let Component::Normal(name) = component {
                *slot = name.as_encoded_bytes();
            }
        }
        Self(tail)
    }

    /// Returns the name of the file.
    pub(super) fn name(&self) -> &'a [u8] {
        self.0[0]
    }

    /// Returns whether one of the folders starts with a dot.
    pub(super) fn has_dot(&self) -> bool {
        self.0[1..].iter().any(|name| name.starts_with(b"."))
    }

    /// Returns whether the components are of these forms, the very last last.
    ///
    /// Case does not count: on some systems `.Claude` and `.claude` are one folder.
    pub(super) fn ends(&self, forms: &[&str]) -> bool {
        forms.len() <= MOST
            && forms.iter().rev().zip(self.0).all(|(form, name)| !name.is_empty() && segment(form.as_bytes(), name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_components_decide() {
        let forms = [".claude", "*.json"];
        let ends = |path: &str| Tail::of(Path::new(path)).ends(&forms);
        assert!(ends("/a/b/.claude/settings.json"));
        assert!(ends(".Claude/x.json"));
        assert!(!ends("settings.json"));
        assert!(!ends(".claude/x/settings.json"));
        assert!(!ends("../settings.json"));
    }
}
