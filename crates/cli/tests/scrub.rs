//! `scan --assistants --scrub` of databases, in homes made up here.

mod common;

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use common::home::Home;
use common::secrets::token;
use rusqlite::Connection;
use serde_json::{Value, json};

const DATABASE: &str = ".codex/state_5.sqlite";

/// Makes a database and closes it.
fn database(home: &Home, sql: &str) -> PathBuf {
    let path = home.home.path(DATABASE);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    Connection::open(&path).expect("a database").execute_batch(sql).expect("tables");
    path
}

/// Scrubs and returns what was kept, as reasons.
fn scrub(home: &Home) -> Vec<String> {
    let (report, code) = home.scan(&["--scrub"]);
    let kept = report["scrubbed"]["kept"].as_array().unwrap_or_else(|| panic!("scrubbed: {report}"));
    let reasons: Vec<String> = kept.iter().map(|one| one["reason"].as_str().expect("a reason").to_owned()).collect();
    assert_eq!(code, Some(if reasons.is_empty() { 1 } else { 4 }), "{report}");
    reasons
}

/// Asserts that a database is refused for a reason, and stays as it is to the byte.
#[track_caller]
fn is_refused(home: &Home, reason: &str) {
    let path = home.home.path(DATABASE);
    let traces = || home.traces().into_iter().filter(|(path, _)| path.is_file()).collect::<Vec<_>>();
    let (before, bytes) = (traces(), fs::read(&path).expect("a file"));
    let reasons = scrub(home);
    assert!(reasons.len() == 1 && reasons[0].contains(reason), "{reasons:?}");
    assert!(fs::read(&path).expect("a file") == bytes, "{reason}: not a byte changes");
    assert_eq!(traces(), before, "{reason}");
}

/// Asserts that a database holds nothing and is sound.
#[track_caller]
fn is_clean(home: &Home, tokens: &[&String]) {
    tokens.iter().for_each(|token| home.is_free_of(token));
    let connection = Connection::open(home.home.path(DATABASE)).expect("a database");
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a verdict");
    assert_eq!(sound, "ok");
    drop(connection);
    let (report, code) = home.scan(&[]);
    assert_eq!(code, Some(0), "{report}");
}

fn one<T: rusqlite::types::FromSql>(connection: &Connection, sql: &str) -> T {
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|err| panic!("{sql}: {err}"))
}

#[test]
fn values_change_and_nothing_else_does() {
    let (home, token) = (Home::new(), token(1));
    let inner = json!({"aggregated_output": format!("A={token}\n")}).to_string();
    let document = json!({"z": 1, "args": inner, "list": [format!("use {token}")]}).to_string();
    let lines = format!("{{\"a\": 1}}\n{{\"b\": \"{token}\"}}\n");
    let hex = data_encoding::HEXLOWER.encode(json!({"name": token}).to_string().as_bytes());
    let binary = [b"\x0a\x30\x08".as_slice(), token.as_bytes(), b"\x12\x00\xff"].concat();
    let path = database(
        &home,
        "CREATE TABLE items (key TEXT UNIQUE ON CONFLICT REPLACE, n INTEGER, x REAL, doc TEXT, data BLOB);
         CREATE INDEX docs ON items (doc);",
    );
    let connection = Connection::open(&path).expect("a database");
    let insert = "INSERT INTO items VALUES (?1, 7, 1.5, ?2, ?3)";
    connection.execute(insert, (format!("key:{token}"), &document, document.as_bytes())).expect("a row");
    connection.execute(insert, ("lines", &lines, &binary)).expect("a row");
    connection.execute(insert, ("hex", &hex, b"\x00\xff".as_slice())).expect("a row");
    drop(connection);
    let time = SystemTime::now() - Duration::from_secs(86_400);
    File::options().append(true).open(&path).expect("a file").set_modified(time).expect("a time");
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("permissions");
    let (before, files) = (fs::metadata(&path).expect("a file"), home.traces());

    assert_eq!(scrub(&home), [""; 0]);
    let after = fs::metadata(&path).expect("a file");
    assert_eq!(after.modified().expect("a time"), before.modified().expect("a time"));
    assert_eq!(after.permissions(), before.permissions());
    assert!(files.keys().eq(home.traces().keys()), "nothing is left beside the file");
    let connection = Connection::open(&path).expect("a database");
    let kinds = "SELECT group_concat(typeof(key)||typeof(n)||typeof(x)||typeof(doc)||typeof(data)) FROM items";
    assert_eq!(one::<String>(&connection, kinds), ["textintegerrealtextblob"; 3].join(","));
    let name: String = one(&connection, "SELECT substr(key, 5) FROM items WHERE rowid = 1");
    assert!(name.starts_with("LEAKTIGHT_"), "{name}");
    let document = document.replace(&token, &name);
    assert_eq!(one::<String>(&connection, "SELECT doc FROM items WHERE rowid = 1"), document);
    assert_eq!(one::<Vec<u8>>(&connection, "SELECT data FROM items WHERE rowid = 1"), document.as_bytes());
    assert_eq!(one::<String>(&connection, "SELECT doc FROM items WHERE key = 'lines'"), lines.replace(&token, &name));
    let masked: Vec<u8> = one(&connection, "SELECT data FROM items WHERE key = 'lines'");
    assert_eq!(masked, [b"\x0a\x30\x08".as_slice(), "*".repeat(token.len()).as_bytes(), b"\x12\x00\xff"].concat());
    let hex: String = one(&connection, "SELECT doc FROM items WHERE key = 'hex'");
    let decoded: Value =
        serde_json::from_slice(&data_encoding::HEXLOWER.decode(hex.as_bytes()).expect("hex")).expect("JSON");
    assert_eq!(decoded["name"], name.as_str());
    assert_eq!(one::<Vec<u8>>(&connection, "SELECT data FROM items WHERE key = 'hex'"), b"\x00\xff");
    drop(connection);
    is_clean(&home, &[&token]);
}

#[test]
fn a_log_is_scrubbed_with_its_database() {
    let (live, home, token) = (Home::new(), Home::new(), token(2));
    let path = database(&live, "PRAGMA journal_mode=WAL; CREATE TABLE items (doc TEXT);");
    let owner = Connection::open(&path).expect("a database");
    owner.execute_batch("PRAGMA wal_autocheckpoint=0").expect("a setting");
    owner.execute("INSERT INTO items VALUES (?1)", [format!("A={token}")]).expect("a row");
    // As a crash leaves it.
    for ending in ["", "-wal", "-shm"] {
        let bytes = fs::read(live.home.path(format!("{DATABASE}{ending}"))).expect("a file");
        home.home.write(format!("{DATABASE}{ending}"), bytes);
    }
    assert_eq!(scrub(&home), [""; 0]);
    let connection = Connection::open(home.home.path(DATABASE)).expect("a database");
    assert_eq!(one::<String>(&connection, "PRAGMA journal_mode"), "wal");
    assert!(one::<String>(&connection, "SELECT doc FROM items").starts_with("A=LEAKTIGHT_"));
    drop(connection);
    is_clean(&home, &[&token]);
}

#[test]
fn tables_without_row_ids_and_generated_columns_are_scrubbed() {
    let (home, first, second) = (Home::new(), token(3), token(4));
    let path = database(
        &home,
        "CREATE TABLE pairs (a TEXT, b BLOB, doc TEXT, PRIMARY KEY (a, b DESC)) WITHOUT ROWID;
         CREATE TABLE items (rowid TEXT, doc TEXT, kept TEXT AS (doc || '.') STORED, seen TEXT AS (json_extract(doc, '$.t')));
         CREATE INDEX seen ON items (seen);",
    );
    let connection = Connection::open(&path).expect("a database");
    let insert = "INSERT INTO pairs VALUES (?1, ?2, ?3)";
    connection.execute(insert, (format!("k {first}"), b"\x01".as_slice(), "plain")).expect("a row");
    connection.execute(insert, ("k", b"\x02".as_slice(), format!("use {second}"))).expect("a row");
    let document = json!({"t": first}).to_string();
    connection.execute("INSERT INTO items (rowid, doc) VALUES (?1, ?2)", [&second, &document]).expect("a row");
    drop(connection);
    assert_eq!(scrub(&home), [""; 0]);
    let connection = Connection::open(&path).expect("a database");
    let seen: String = one(&connection, "SELECT seen FROM items");
    assert!(seen.starts_with("LEAKTIGHT_"), "{seen}");
    assert_eq!(one::<i64>(&connection, &format!("SELECT count(*) FROM pairs WHERE a = 'k {seen}' AND b = x'01'")), 1);
    assert_eq!(one::<String>(&connection, "SELECT kept FROM items"), format!("{}.", json!({"t": seen})));
    drop(connection);
    is_clean(&home, &[&first, &second]);
}

#[test]
fn full_text_indices_forget_the_words() {
    let (home, token) = (Home::new(), token(5));
    let path = database(
        &home,
        "CREATE VIRTUAL TABLE own USING fts5(title, body); CREATE VIRTUAL TABLE old USING fts4(body);
         CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT);
         CREATE VIRTUAL TABLE kept USING fts5(body, content='docs', content_rowid='id');
         CREATE VIRTUAL TABLE alone USING fts5(body, content='docs', content_rowid='id');
         CREATE TRIGGER added AFTER INSERT ON docs BEGIN INSERT INTO kept(rowid, body) VALUES (new.id, new.body); END;
         CREATE TRIGGER changed AFTER UPDATE ON docs BEGIN
           INSERT INTO kept(kept, rowid, body) VALUES ('delete', old.id, old.body);
           INSERT INTO kept(rowid, body) VALUES (new.id, new.body);
         END;",
    );
    let text = format!("some words and {token}");
    let connection = Connection::open(&path).expect("a database");
    for sql in ["INSERT INTO own VALUES ('x', ?1)", "INSERT INTO old VALUES (?1)", "INSERT INTO docs VALUES (7, ?1)"] {
        connection.execute(sql, [&text]).expect("a row");
    }
    connection.execute_batch("INSERT INTO alone(alone) VALUES ('rebuild')").expect("an index");
    let found = |connection: &Connection, word: &str| -> i64 {
        let count = |table: &str| format!("(SELECT count(*) FROM {table} WHERE {table} MATCH '\"{word}\"')");
        one(connection, &format!("SELECT {}", ["own", "old", "kept", "alone"].map(count).join(" + ")))
    };
    let word = &token[4..];
    assert_eq!((found(&connection, "words"), found(&connection, word)), (4, 4));
    drop(connection);
    assert_eq!(scrub(&home), [""; 0]);
    let connection = Connection::open(&path).expect("a database");
    assert_eq!((found(&connection, "words"), found(&connection, word), found(&connection, "leaktight")), (4, 0, 4));
    connection.execute_batch("INSERT INTO kept(kept, rank) VALUES ('integrity-check', 1)").expect("it is in step");
    drop(connection);
    is_clean(&home, &[&token]);
}

#[test]
fn what_was_deleted_goes_and_what_triggers_copy_too() {
    let (home, gone, token) = (Home::new(), token(6), token(7));
    let path = database(
        &home,
        "PRAGMA secure_delete=OFF; CREATE TABLE a_history (doc TEXT); CREATE TABLE docs (doc TEXT);
         CREATE TRIGGER copied BEFORE UPDATE ON docs BEGIN INSERT INTO a_history VALUES (old.doc); END;",
    );
    let connection = Connection::open(&path).expect("a database");
    connection.execute_batch("PRAGMA secure_delete=OFF").expect("a setting");
    connection.execute("INSERT INTO docs VALUES (?1)", [format!("use {gone}")]).expect("a row");
    connection.execute_batch("DELETE FROM docs").expect("no row");
    connection.execute("INSERT INTO a_history VALUES (?1)", [format!("use {token}")]).expect("a row");
    connection.execute("INSERT INTO docs VALUES (?1)", [format!("{} {token}", "filler ".repeat(3000))]).expect("a row");
    drop(connection);
    assert_eq!(scrub(&home), [""; 0]);
    let connection = Connection::open(&path).expect("a database");
    assert_eq!(one::<i64>(&connection, "SELECT count(*) FROM a_history WHERE doc LIKE '%LEAKTIGHT%'"), 2);
    drop(connection);
    is_clean(&home, &[&gone, &token]);
    let home = Home::new();
    let path = database(&home, "PRAGMA secure_delete=OFF; CREATE TABLE docs (doc TEXT);");
    let connection = Connection::open(&path).expect("a database");
    connection.execute_batch("PRAGMA secure_delete=OFF").expect("a setting");
    connection.execute("INSERT INTO docs VALUES (?1)", [format!("use {gone}")]).expect("a row");
    connection.execute_batch("DELETE FROM docs").expect("no row");
    drop(connection);
    assert_eq!(scrub(&home), [""; 0], "only what was deleted");
    is_clean(&home, &[&gone]);
}

#[test]
fn what_is_signed_stays_and_is_told() {
    let (home, token, signed) = (Home::new(), token(8), token(9));
    let path = database(&home, "CREATE TABLE docs (doc TEXT);");
    let document = json!({"text": token, "signature": signed}).to_string();
    Connection::open(&path).expect("a database").execute("INSERT INTO docs VALUES (?1)", [document]).expect("a row");
    let reasons = scrub(&home);
    assert!(reasons[0].contains("1 values stand where text must not change; 1 were replaced"), "{reasons:?}");
    home.is_free_of(&token);
}

#[test]
#[cfg(target_os = "linux")]
fn a_database_that_is_open_is_not_touched() {
    let (home, token) = (Home::new(), token(10));
    let path = database(&home, "PRAGMA journal_mode=WAL; CREATE TABLE docs (doc TEXT);");
    let owner = Connection::open(&path).expect("a database");
    owner.execute("INSERT INTO docs VALUES (?1)", [format!("use {token}")]).expect("a row");
    is_refused(&home, "has it open");
    drop(owner);
    fs::hard_link(&path, home.home.path("linked")).expect("a link");
    is_refused(&home, "hard links");
    fs::remove_file(home.home.path("linked")).expect("a link");
    home.home.write(format!("{DATABASE}-journal"), b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7".as_slice());
    is_refused(&home, "was not finished");
}

#[test]
fn what_cannot_be_scrubbed_as_a_whole_stays_as_it_is() {
    let token = token(11);
    let long = format!("INSERT INTO docs VALUES (zeroblob({}))", 17 << 20);
    let utf16 = "PRAGMA encoding='UTF-16'; CREATE TABLE docs (doc)";
    for (sql, reason) in [
        (long.as_str(), "more than 16777216 bytes"),
        ("CREATE TRIGGER bad AFTER UPDATE ON docs BEGIN SELECT load_extension('x'); END", "SQLite says"),
        (
            "CREATE TRIGGER bad AFTER UPDATE ON docs BEGIN INSERT INTO docs VALUES (old.doc); END",
            "write the values back",
        ),
        ("CREATE TRIGGER bad BEFORE UPDATE ON docs BEGIN SELECT RAISE(IGNORE); END", "keeps a row from being changed"),
        (
            "CREATE TABLE strict (doc TEXT CHECK (length(doc) = 40)); INSERT INTO strict SELECT substr(doc, 5) FROM docs",
            "SQLite says Constraint",
        ),
        (
            "CREATE VIRTUAL TABLE bare USING fts5(doc, content=''); INSERT INTO bare SELECT doc FROM docs",
            "can't be made anew",
        ),
        ("CREATE TABLE ids (rowid TEXT, _rowid_ TEXT, oid TEXT)", "hides its row ids"),
        (utf16, "not UTF-8"),
    ] {
        let home = Home::new();
        let path = database(&home, if sql == utf16 { sql } else { "CREATE TABLE docs (doc)" });
        let connection = Connection::open(&path).expect("a database");
        connection.execute("INSERT INTO docs VALUES (?1)", [format!("use {token}")]).expect("a row");
        if sql != utf16 {
            connection.execute_batch(sql).expect("a schema");
        } else {
            connection.execute("INSERT INTO docs VALUES (?1)", [token.as_bytes()]).expect("a row");
        }
        drop(connection);
        is_refused(&home, reason);
    }
}

#[test]
fn a_damaged_database_stays_as_it_is() {
    let (home, token) = (Home::new(), token(12));
    let path = database(&home, "CREATE TABLE docs (doc TEXT); CREATE TABLE more (doc TEXT);");
    let connection = Connection::open(&path).expect("a database");
    connection.execute("INSERT INTO docs VALUES (?1)", [format!("use {token}")]).expect("a row");
    let filler = format!("{:x<9000}", "x");
    for _ in 0..20 {
        connection.execute("INSERT INTO more VALUES (?1)", [&filler]).expect("a row");
    }
    drop(connection);
    let whole = fs::read(&path).expect("a file");
    for damage in [4096 * 2..4096 * 2 + 300, 4096 * 6..4096 * 9, 4096 * 20..whole.len(), 100..160, 0..4, 30..32] {
        let mut bytes = whole.clone();
        bytes[damage.clone()].fill(0xa7);
        fs::write(&path, &bytes).expect("a file");
        let (before, (report, code)) = (home.traces(), home.scan(&["--scrub"]));
        assert!(matches!(code, Some(3 | 4)), "{damage:?}: {report}");
        assert!(fs::read(&path).expect("a file") == bytes, "{damage:?}: not a byte changes");
        assert_eq!(home.traces(), before, "{damage:?}");
    }
    fs::write(&path, &whole[..whole.len() / 2]).expect("a file");
    is_refused(&home, "damaged");
}
