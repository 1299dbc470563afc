use std::io;
use std::path::Path;

use super::*;

fn options() -> ChangeOptions {
    ChangeOptions { overlap: 64, ..ChangeOptions::default() }
}

/// What a diff told, in a line each: the text lent of a file with `+` before what
/// is new, and what became of the file.
fn told(diff: &[u8]) -> Vec<String> {
    drive(Diff::new(io::Cursor::new(diff.to_vec()), options()))
}

fn drive(diff: Diff) -> Vec<String> {
    let all = Mutex::new(Vec::new());
    diff.drive(&|event| {
        let mut all = all.lock().expect("no panic");
        match event {
            Event::Chunk(chunk) => {
                let path = chunk.origin.path().map_or("?".into(), |path| path.to_string_lossy());
                let mut line = chunk.position.line;
                let mut at = 0;
                for text in chunk.bytes.split_inclusive(|byte| *byte == b'\n') {
                    let is_added = chunk.is_added(leaktight_core::Span::new(at, at + text.len()));
                    let mark = if is_added { '+' } else { ' ' };
                    all.push(format!("{path}:{line}:{mark}{}", String::from_utf8_lossy(text).trim_end_matches('\n')));
                    (at, line) = (at + text.len(), line + 1);
                }
            }
            Event::Found(_) => unreachable!("a diff is lent, not scanned"),
            Event::Scanned(size) => all.push(format!("scanned {size}")),
            Event::Skipped(skip) => all.push(format!("{} {}: {}", skip.path.display(), skip.reason, skip.detail)),
        }
        ControlFlow::Continue(())
    });
    all.into_inner().expect("no panic")
}

fn assert_told(diff: &str, expected: &[&str]) {
    assert_eq!(told(diff.as_bytes()), expected, "of:\n{diff}");
    // The same through a mail program that ends lines as the network does.
    let with_cr = diff.replace('\n', "\r\n");
    let told: Vec<String> = told(with_cr.as_bytes()).iter().map(|line| line.replace('\r', "")).collect();
    let plain = |line: &&str| !line.starts_with("scanned");
    let told: Vec<&str> = told.iter().map(String::as_str).filter(plain).collect();
    assert_eq!(told, expected.iter().copied().filter(plain).collect::<Vec<_>>(), "with CR LF, of:\n{diff}");
}

#[test]
fn reads_what_git_writes() {
    assert_told(
        "commit 1\n\n    --- not a name\n\ndiff --git a/src/a.rs b/src/a.rs\nindex 1..2 100644\n--- a/src/a.rs\n\
         +++ b/src/a.rs\n@@ -1,3 +1,3 @@ fn x() {\n one\n-two\n+zwei\n three\n@@ -9,0 +10,2 @@\n+ten\n+--- eleven\n",
        &[
            "?:1:+commit 1",
            "?:2:+",
            "?:3:+    --- not a name",
            "?:4:+",
            "src/a.rs:1: one",
            "src/a.rs:2:+zwei",
            "src/a.rs:3: three",
            "src/a.rs:10:+ten",
            "src/a.rs:11:+--- eleven",
            "scanned 20",
        ],
    );
}

#[test]
fn reads_what_subversion_mercurial_and_diff_write() {
    assert_told(
        "Index: a b.txt\n===================================================================\n\
         --- a b.txt\t(revision 1)\n+++ a b.txt\t(working copy)\n@@ -1 +1 @@\n-a\n+b\n\n\
         Property changes on: a b.txt\n___________________________________________________________________\n\
         Added: note\n## -0,0 +1 ##\n+value\n\\ No newline at end of property\n",
        &["a b.txt:1:+b", "a b.txt:1:+value", "scanned 8"],
    );
    assert_told(
        "diff -r 1234 -r 5678 dir/x.py\n--- a/dir/x.py\tThu Jan 01 00:00:00 1970 +0000\n\
         +++ b/dir/x.py\tThu Jan 01 00:00:00 1970 +0000\n@@ -0,0 +1,1 @@\n+x\n\
         diff -r 0 -r 1 y\n--- /dev/null\tThu Jan 01 00:00:00 1970 +0000\n+++ b/y\tThu Jan 01 00:00:00 1970 +0000\n\
         @@ -0,0 +1 @@\n+y\n",
        &["dir/x.py:1:+x", "scanned 2", "y:1:+y", "scanned 2"],
    );
    assert_told(
        "--- old/x\t2024-01-01 00:00:00.000000000 +0000\n+++ new/x\t2024-01-01 00:00:00.000000000 +0000\n\
         @@ -1 +1 @@\n-a\n+b\n--- old/y\n+++ new/y\n@@ -1 +1,2 @@\n a\n+b\n",
        &["new/x:1:+b", "scanned 2", "new/y:1: a", "new/y:2:+b", "scanned 2"],
    );
}

#[test]
fn names_are_those_of_the_new_file() {
    assert_told(
        "diff --git a/old name b/new name\nsimilarity index 90%\nrename from old name\nrename to new name\n\
         --- a/old name\t\n+++ b/new name\t\n@@ -1 +1 @@\n-a\n+b\n",
        &["new name:1:+b", "scanned 2"],
    );
    assert_told(
        "diff --git \"a/t\\tx\" \"b/t\\tx\"\nnew file mode 100644\n--- /dev/null\n+++ \"b/t\\tx\"\n@@ -0,0 +1 @@\n+b\n",
        &["t\tx:1:+b", "scanned 2"],
    );
    assert_told(
        "diff --git b/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n",
        &["b/x:1:+a", "scanned 2"],
    );
}

#[test]
fn what_has_no_new_text_counts_as_scanned() {
    assert_told(
        "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n\
         diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\
         diff --git a/p b/q\nsimilarity index 100%\nrename from p\nrename to q\n",
        &["scanned 0", "scanned 0", "scanned 0"],
    );
    assert!(told(b"").is_empty() && told(b"\n\r\n").is_empty(), "no change at all");
}

#[test]
fn what_a_diff_does_not_show_is_told() {
    assert_told(
        "diff --git a/x.png b/x.png\nindex 1..2\nBinary files a/x.png and b/x.png differ\n\
         diff --git a/y b/y\nindex 1..2\nGIT binary patch\nliteral 4\nLc${NkU|@g%CjbCY\n\n\
         diff --git a/z b/z\n--- a/z\n+++ b/z\n@@ -1 +1 @@\n-a\n+b\n",
        &[
            "x.png binary: the diff does not show it",
            "y opaque: the diff does not show it; `git diff --text` does",
            "z:1:+b",
            "scanned 2",
        ],
    );
    assert_told(
        "Binary files old/a and new/a differ\nBinary file b has changed\nIndex: c\n\
         Cannot display: file marked as a binary type.\n",
        &[
            "new/a opaque: the diff does not show it; `git diff --text` does",
            "b opaque: the diff does not show it; `git diff --text` does",
            "c opaque: the diff does not show it; `git diff --text` does",
        ],
    );
    assert_told(
        "Only in new: secret.txt\n",
        &["- malformed: a file is on one side only and not shown; `diff -N` shows it"],
    );
    assert_told(
        "*** a\n--- b\n***************\n*** 1 ****\n! x\n--- 1 ----\n! y\n",
        &["?:1:+*** a", "?:2:+--- b", "- malformed: it is a context diff; `diff -u` writes one that can be read"],
    );
    assert_told(
        "just some text\n",
        &["?:1:+just some text", "- malformed: it holds no unified diff, as `git diff` and `diff -u` write them"],
    );
}

#[test]
fn merges_have_a_column_a_parent() {
    assert_told(
        "diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1,3 -1,3 +1,4 @@@\n  same\n- ours\n -theirs\n++both\n\
         + mine\n +yours\n",
        &["x:1: same", "x:2:+both", "x:3:+mine", "x:4:+yours", "scanned 16"],
    );
}

#[test]
fn notes_and_bare_lines_are_no_text() {
    assert_told(
        "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n-a\n\\ No newline at end of file\n+b\n\n c\n\\ No newline at end of file\n",
        &["x:1:+b", "x:2: ", "x:3: c", "scanned 2"],
    );
}

#[test]
fn hunks_that_miscount_are_scanned_and_reported() {
    assert_told(
        "--- a/x\n+++ b/x\n@@ -1,5 +1,5 @@\n a\n+b\ndiff --git a/y b/y\n--- a/y\n+++ b/y\n@@ -0,0 +1 @@\n+c\n+d\n\n+e\n",
        &[
            "x:1: a",
            "x:2:+b",
            "x malformed: the hunk at line 3 of the diff has fewer lines than it says",
            "y:1:+c",
            "y:2:+d",
            "?:13:++e",
            "y malformed: the hunk at line 9 of the diff has more lines than it says",
        ],
    );
    assert_told(
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n+a",
        &["x:1:+a", "x malformed: the hunk at line 3 of the diff ends too early"],
    );
    assert_told(
        "--- a/x\n+++ b/x\n@@ what @@\n+a\n",
        &["x:1:+a", "x malformed: the hunk at line 3 of the diff has a first line that is not understood"],
    );
    assert_told(
        "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n--- b\n+c\n",
        &["x:1:+a", "x:1:+c", "x malformed: the hunk at line 6 of the diff has more lines than it says"],
    );
    assert_told(
        "--- a/x\n+++ b/x\n@@ -18446744073709551615,99999999999999999999 +1 @@\n+a\n",
        &["x:1:+a", "x malformed: the hunk at line 3 of the diff has a first line that is not understood"],
    );
}

#[test]
fn a_mail_may_stand_round_a_diff() {
    assert_told(
        "From 1 Mon Sep 17 00:00:00 2001\nSubject: [PATCH] x\n\n---\n x | 1 +\n\n\
         diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n-- \n2.39.2\n\n",
        &[
            "?:1:+From 1 Mon Sep 17 00:00:00 2001",
            "?:2:+Subject: [PATCH] x",
            "?:3:+",
            "?:4:+---",
            "?:5:+ x | 1 +",
            "?:6:+",
            "x:1:+a",
            "?:12:+-- ",
            "?:13:+2.39.2",
            "?:14:+",
            "scanned 2",
        ],
    );
    assert_told(
        "# HG changeset patch\n# User a\nfirst\n\ndiff -r 0 -r 1 x\n--- a/x\n+++ b/x\n@@ -0,0 +1,1 @@\n+a\n\
         # HG changeset patch\nsecond\n--- no name\n\ndiff -r 1 -r 2 x\n--- a/x\n+++ b/x\n@@ -1,1 +1,2 @@\n a\n+b\n",
        &[
            "?:1:+# HG changeset patch",
            "?:2:+# User a",
            "?:3:+first",
            "?:4:+",
            "x:1:+a",
            "scanned 2",
            "?:10:+# HG changeset patch",
            "?:11:+second",
            "?:12:+--- no name",
            "?:13:+",
            "x:1: a",
            "x:2:+b",
            "scanned 2",
        ],
    );
}

#[test]
fn no_line_round_a_diff_is_lost() {
    let file = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n";
    assert_told(
        &format!("--- one\n--- two\n{file}--- three\n"),
        &["?:1:+--- one", "?:2:+--- two", "x:1:+a", "?:8:+--- three", "scanned 2"],
    );
}

#[test]
fn a_file_may_be_left_out() {
    let diff = "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n--- a/y\n+++ b/y\n@@ -0,0 +1 @@\n+b\n";
    let filter = |path: &Path| path.ends_with("x").then(|| "`x`".to_owned());
    let options = ChangeOptions { filter: Some(Arc::new(filter)), ..options() };
    assert_eq!(drive(Diff::new(io::Cursor::new(diff), options)), ["x excluded: `x`", "y:1:+b", "scanned 2"]);
}

#[test]
fn a_diff_that_breaks_off_is_incomplete() {
    struct Broken(&'static [u8]);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::Error::other("gone"));
            }
            let len = self.0.len().min(buffer.len());
            buffer[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }
    let told = drive(Diff::new(Broken(b"--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n"), options()));
    assert_eq!(told, ["x:1:+a", "scanned 2", "- io: gone"]);
}

#[test]
fn a_long_line_is_lent_in_parts() {
    let long = vec![b'x'; 5 << 20];
    let diff = [b"--- a/x\n+++ b/x\n@@ -0,0 +1,2 @@\n+", &long[..], b"\n+end\n"].concat();
    let seen = Mutex::new((0, 0_u64));
    Diff::new(io::Cursor::new(diff), options()).drive(&|event| {
        if let Event::Chunk(chunk) = event {
            let mut seen = seen.lock().expect("no panic");
            assert!(chunk.bytes.len() < 2 << 20, "parts are small");
            *seen = (seen.0 + 1, seen.1.max(chunk.offset + chunk.bytes.len() as u64));
        }
        ControlFlow::Continue(())
    });
    let (n_parts, end) = seen.into_inner().expect("no panic");
    assert!(n_parts > 3 && end == (5 << 20) + 5, "{n_parts} parts up to {end}");
}

#[test]
fn any_bytes_are_read_without_a_panic() {
    let words: [&[u8]; 16] = [
        b"diff --git ",
        b"a/x b/x",
        b"\n",
        b"--- ",
        b"+++ ",
        b"@@ -1,2 +1,2 @@",
        b"@@@ -1 -1 +1 @@@",
        b"+",
        b"-",
        b" ",
        b"\\",
        b"\"",
        b"\xff",
        b"Index: ",
        b"rename to ",
        b"## -1 +1 ##",
    ];
    let mut state = 7_u64;
    for _ in 0..20_000 {
        let mut diff = Vec::new();
        for _ in 0..24 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            diff.extend_from_slice(words[(state >> 60) as usize]);
        }
        let told = told(&diff);
        assert!(!told.iter().any(|line| line.contains("internal")), "{:?}", String::from_utf8_lossy(&diff));
    }
}
