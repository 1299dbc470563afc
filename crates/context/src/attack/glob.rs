//! Paths that end in names of given forms.

use std::path::{Component, Path};

use crate::store::glob::segment;

/// Returns whether a path ends in components of these forms.
///
/// Case does not count: on some systems `.Claude` and `.claude` are one folder.
pub(super) fn ends(path: &Path, forms: &[String]) -> bool {
    let mut components = path.components().rev();
    forms.iter().rev().all(|form| match components.next() {
        Some(Component::Normal(name)) => segment(form.as_bytes(), name.as_encoded_bytes()),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_components_decide() {
        let forms = [".claude".to_owned(), "*.json".to_owned()];
        assert!(ends(Path::new("/a/b/.claude/settings.json"), &forms));
        assert!(ends(Path::new(".Claude/x.json"), &forms));
        assert!(!ends(Path::new("settings.json"), &forms));
        assert!(!ends(Path::new(".claude/x/settings.json"), &forms));
    }
}
