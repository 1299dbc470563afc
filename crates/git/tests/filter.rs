//! Files that are left out of a history.

mod common;

use std::path::Path;
use std::sync::Arc;

use common::{Sandbox, named, token};
use leaktight_core::SkipReason;
use leaktight_git::HistoryOptions;

fn without_vendor(options: &mut HistoryOptions) {
    let why = |path: &Path| path.starts_with("vendor").then(|| "`vendor`".to_owned());
    options.filter = Some(Arc::new(why));
}

#[test]
fn a_secret_is_told_where_it_stands_in_a_file_that_is_not_left_out() {
    let sandbox = Sandbox::with_repo(&[]);
    let line = |seed| format!("KEY={}\n", token(seed));
    sandbox.commit("README", "nothing\n");
    sandbox.commit("vendor/a.env", line(1) + &line(2));
    sandbox.commit("vendor/deep/b.env", line(3));
    sandbox.git("r", &["mv", "vendor/deep/b.env", "b.env"]);
    sandbox.git("r", &["commit", "-qm", "move"]);
    let moved = sandbox.head();
    let copied = sandbox.commit("src/c.env", format!("{}# a copy\n", line(2)));
    sandbox.commit("vendor/a.env", line(4));
    for packed in [false, true] {
        if packed {
            sandbox.git("r", &["gc", "-q"]);
        }
        let told = sandbox.scan_with("r", without_vendor).expect("a repository");
        assert!(!told.has(&token(1)) && !told.has(&token(4)));
        assert_eq!(named(told.place(&token(2))), (copied.as_str(), "src/c.env"));
        assert_eq!(named(told.place(&token(3))), (moved.as_str(), "b.env"));
        assert!(told.place(&token(2)).in_head);
        let excluded: Vec<_> = told.skipped.iter().filter(|skip| skip.1 == SkipReason::Excluded).collect();
        assert_eq!(excluded.len(), 2, "{excluded:?}");
        assert_eq!((excluded[0].0.as_str(), excluded[0].2.as_str()), ("vendor/a.env", "`vendor`"));
        assert_eq!(sandbox.scan("r").findings.len(), 4, "all are there without a filter");
    }
}

#[test]
fn a_range_leaves_out_the_same_files() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("README", "nothing\n");
    sandbox.commit("vendor/a.env", format!("KEY={}\n", token(1)));
    sandbox.git("r", &["mv", "vendor/a.env", "a.env"]);
    sandbox.git("r", &["commit", "-qm", "move"]);
    let moved = sandbox.head();
    sandbox.commit("vendor/b.env", format!("KEY={}\n", token(2)));
    let told = sandbox.scan_with("r", |options| {
        without_vendor(options);
        options.max_commits = Some(10);
    });
    let told = told.expect("a repository");
    assert_eq!(named(told.place(&token(1))), (moved.as_str(), "a.env"));
    assert!(!told.has(&token(2)));
    assert!(told.skipped.iter().any(|skip| skip.0 == "vendor/b.env" && skip.1 == SkipReason::Excluded));
}

#[test]
fn a_filter_leaves_the_cache_as_it_was() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("vendor/a.env", format!("KEY={}\n", token(1)));
    sandbox.git("r", &["gc", "-q"]);
    let cache = sandbox.root.join("cache");
    let scan = |filter: bool| {
        let told = sandbox.scan_with("r", |options| {
            options.cache = Some(cache.clone());
            if filter {
                without_vendor(options);
            }
        });
        told.expect("a repository").findings.len()
    };
    assert_eq!([scan(true), scan(false), scan(true), scan(false), scan(true)], [0, 1, 0, 1, 0]);
}

#[test]
fn what_is_too_large_is_told_and_not_remembered_as_clean() {
    let sandbox = Sandbox::with_repo(&[]);
    let filler = "nothing to see\n".repeat(1000);
    sandbox.commit("a.txt", &filler);
    sandbox.commit("a.txt", format!("{filler}KEY={}\n", token(1)));
    sandbox.commit("a.txt", format!("KEY={}\n", token(2)));
    sandbox.git("r", &["gc", "-q"]);
    let cache = sandbox.root.join("cache");
    let scan = |limit: Option<u64>| {
        let told = sandbox.scan_with("r", |options| (options.cache, options.max_size) = (Some(cache.clone()), limit));
        told.expect("a repository")
    };
    let cut = scan(Some(1000));
    assert!(!cut.has(&token(1)) && cut.has(&token(2)));
    assert_eq!(cut.skipped.iter().filter(|skip| skip.1 == SkipReason::Size).count(), 2, "{:?}", cut.skipped);
    let whole = scan(None);
    assert!(whole.has(&token(1)) && whole.has(&token(2)) && whole.skipped.is_empty());
}
