//! Some commits rather than all, and what is kept between scans.

mod common;

use std::fs;

use common::{Sandbox, Told, named, token};
use leaktight_core::SkipReason;

fn keys(seeds: &[u64]) -> String {
    seeds.iter().map(|seed| format!("KEY={}\n", token(*seed))).collect()
}

/// Returns which of the first secrets a scan found.
fn found(told: &Told) -> Vec<u64> {
    (1..10).filter(|seed| told.has(&token(*seed))).collect()
}

#[test]
fn a_range_tells_what_came_in_with_it() {
    let sandbox = Sandbox::with_repo(&[]);
    let first = sandbox.commit("a.env", keys(&[1]));
    let second = sandbox.commit("a.env", keys(&[1, 2]));
    sandbox.git("r", &["mv", "a.env", "b.env"]);
    let third = sandbox.commit("c.env", keys(&[3]));
    let scan =
        |range: &str| sandbox.scan_with("r", |options| options.ranges = vec![range.to_owned()]).expect("a range");
    let told = scan(&format!("{first}..HEAD"));
    assert_eq!(found(&told), [2, 3], "what was there before, and what only moved, is not told");
    assert_eq!(named(told.place(&token(2))), (second.as_str(), "a.env"));
    assert_eq!(named(told.place(&token(3))), (third.as_str(), "c.env"));
    assert_eq!(found(&scan("HEAD~1..")), [3]);
    assert_eq!(found(&scan(&format!("{}..main", &second[..8]))), [3]);
    assert!(found(&scan("HEAD..HEAD")).is_empty());
    for bad in ["nothing..HEAD", "HEAD~99..HEAD", "x"] {
        let err = sandbox.scan_with("r", |options| options.ranges = vec![bad.to_owned()]).expect_err(bad);
        assert!(err.to_string().contains("names no commit"), "{err}");
    }
}

#[test]
fn commits_are_chosen_by_number_time_and_branch() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("a.env", keys(&[1]));
    sandbox.git("r", &["branch", "old"]);
    let second = sandbox.commit("a.env", keys(&[2]));
    let told = sandbox.scan_with("r", |options| options.max_commits = Some(1)).expect("a repository");
    assert_eq!(found(&told), [2]);
    let time: i64 = sandbox.git("r", &["show", "-s", "--format=%ct", &second]).parse().expect("a time");
    let told = sandbox.scan_with("r", |options| options.since = Some(time)).expect("a repository");
    assert_eq!(found(&told), [2]);
    let told = sandbox.scan_with("r", |options| options.branches = vec!["old".to_owned()]).expect("a branch");
    assert_eq!(found(&told), [1]);
    assert_eq!(told.gaps(SkipReason::Unreachable).len(), 1);
}

#[test]
fn what_only_a_tag_leads_to_is_chosen_too() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("a.env", keys(&[1]));
    sandbox.git("r", &["checkout", "-q", "-b", "side"]);
    sandbox.commit("a.env", keys(&[2]));
    sandbox.git("r", &["tag", "-a", "v1", "-m", "one"]);
    sandbox.git("r", &["tag", "-a", "v1-again", "v1", "-m", "two"]);
    sandbox.git("r", &["tag", "-a", "tree", "HEAD^{tree}", "-m", "no commit"]);
    sandbox.git("r", &["checkout", "-q", "main"]);
    sandbox.git("r", &["branch", "-q", "-D", "side"]);
    let told = sandbox.scan_with("r", |options| options.max_commits = Some(9)).expect("a repository");
    assert_eq!(found(&told), [1, 2]);
    assert_eq!(told.skipped, [], "tags are not taken for commits");
}

#[test]
fn a_second_scan_finds_the_same() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("a.env", keys(&[1]));
    sandbox.commit("a.env", "KEY=\n");
    sandbox.git("r", &["commit", "-q", "--allow-empty", "-m", &format!("say {}", token(4))]);
    sandbox.git("r", &["gc", "-q"]);
    let folder = sandbox.root.join("cache");
    let scan = || sandbox.scan_with("r", |options| options.cache = Some(folder.clone())).expect("a repository");
    let place = |told: &Told| {
        let blob = told.place(&token(1)).clone();
        (blob, told.place(&token(4)).clone(), told.scanned, told.skipped.clone())
    };
    let first = scan();
    assert_eq!(place(&scan()), place(&first), "nothing has changed");
    let file = fs::read_dir(&folder).expect("a folder").flatten().next().expect("a cache").path();
    let text = String::from_utf8_lossy(&fs::read(&file).expect("a cache")).into_owned();
    assert!(!text.contains(&token(1)) && !text.contains(&token(4)), "no secret is kept");
    // The old pack is known, and more has come.
    sandbox.commit("b.env", keys(&[2, 1]));
    let told = scan();
    assert_eq!((found(&told), named(told.place(&token(1))).1), (vec![1, 2, 4], "a.env"));
    assert_eq!(told.scanned, sandbox.scan("r").scanned);
    // A name that other rules care for.
    sandbox.git("r", &["mv", "a.env", "a.py"]);
    sandbox.git("r", &["commit", "-qm", "move"]);
    assert_eq!(found(&scan()), [1, 2, 4]);
    fs::write(&file, "damaged").expect("ours");
    assert_eq!(found(&scan()), [1, 2, 4], "a damaged cache is no help and no harm");
}
