//! Words in names that lead to an assignment.

/// Parts of names, in lower case, behind which the value of an assignment may
/// be a secret of any look; in any case of letters. Signs round them belong to
/// what leads there, not to the name.
pub const NAME_WORDS: &[&str] = &[
    "passw",
    "passphrase",
    "_pass",
    ".pass",
    "-pass",
    "<pass",
    "pass\"",
    "pass'",
    "pass=",
    "pass:",
    "pass>",
    "pass =",
    "pwd",
    "secret",
    "token",
    "api_key",
    "api-key",
    "apikey",
    "access_key",
    "accesskey",
    "app_key",
    "auth_key",
    "authkey",
    "private_key",
    "privatekey",
    "encryption_key",
    "master_key",
    "signing_key",
    "credential",
];
