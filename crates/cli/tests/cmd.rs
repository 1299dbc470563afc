//! The command line as it is seen: each case is a file in `cmd/`.
//!
//! `TRYCMD=overwrite cargo test -p leaktight-cli --test cmd` writes what the
//! program prints now; what differs from run to run is then to be made `[..]`.

use std::fs;
use std::path::Path;

/// The cases run in a copy outside the repository, whose own configuration and
/// ignore files would count otherwise.
#[test]
fn prints_what_the_cases_say() {
    let copy = tempfile::Builder::new().prefix("leaktight-cmd-").tempdir().expect("a folder");
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
    copy_all(&cases, copy.path());
    let _written = Written { from: copy.path(), to: &cases };
    trycmd::TestCases::new()
        .register_bin("leaktight", Path::new(env!("CARGO_BIN_EXE_leaktight")))
        .env("NO_COLOR", "1")
        .case(copy.path().join("*.toml").to_str().expect("text"));
}

/// Brings back the cases that were rewritten, if they were to be.
struct Written<'a> {
    from: &'a Path,
    to: &'a Path,
}

impl Drop for Written<'_> {
    fn drop(&mut self) {
        if std::env::var_os("TRYCMD").is_some_and(|mode| mode == "overwrite") {
            copy_all(self.from, self.to);
        }
    }
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
