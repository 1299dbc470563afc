//! Where the vault is, and how commands come by what it holds.

use std::env;
use std::path::PathBuf;
use std::time::SystemTime;

use leaktight_context::redact::{Book, Key};
use leaktight_context::vault::Vault;

/// Returns the home folder.
pub(crate) fn home() -> Option<PathBuf> {
    let home = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).map(PathBuf::from)?;
    home.is_absolute().then_some(home)
}

/// Returns the folder of the vault: `vault` below `$LEAKTIGHT_HOME`, else below
/// `leaktight` in the user's folder for data.
pub(crate) fn folder() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let own = absolute("LEAKTIGHT_HOME");
    let data =
        || absolute("XDG_DATA_HOME").or_else(|| Some(home()?.join(".local/share"))).map(|data| data.join("leaktight"));
    own.or_else(data).map(|folder| folder.join("vault"))
}

/// The values behind placeholders, as far as they could be read.
pub(crate) struct Shelf {
    vault: Option<Vault>,
    /// What the vault holds, and what is found.
    pub(crate) book: Book,
    /// Why placeholders will mean nothing later, or some are missing now.
    pub(crate) trouble: Option<String>,
}

impl Shelf {
    /// Opens the vault, or makes one. Where that fails, secrets are still found and
    /// replaced, by placeholders that nothing can be put back for.
    ///
    /// # Errors
    ///
    /// Returns what the system says when it has no random bytes to give.
    pub(crate) fn open() -> std::io::Result<Self> {
        Self::open_in(folder())
    }

    /// As [`Shelf::open`], with the vault in `folder`.
    pub(crate) fn open_in(folder: Option<PathBuf>) -> std::io::Result<Self> {
        let opened = match folder {
            Some(folder) => Vault::open(&folder).map_err(|err| chain(&err)),
            None => Err("there is no home folder".to_owned()),
        };
        let read = opened.and_then(|vault| {
            let contents = vault.read(SystemTime::now()).map_err(|err| chain(&err))?;
            Ok((vault, contents))
        });
        Ok(match read {
            Ok((vault, contents)) => {
                let trouble =
                    contents.damaged.first().map(|err| format!("part of the vault can't be read: {}", chain(err)));
                Self { vault: Some(vault), book: contents.book, trouble }
            }
            Err(why) => {
                let trouble = Some(format!("the vault can't be used, so placeholders will not be known later: {why}"));
                Self { vault: None, book: Book::ephemeral()?, trouble }
            }
        })
    }

    /// Reads the vault in `folder`, and makes none.
    ///
    /// # Errors
    ///
    /// Returns that there is none, or why it can't be read.
    pub(crate) fn find(folder: Option<PathBuf>) -> anyhow::Result<Self> {
        const HINT: &str = "`leaktight redact` makes one; --vault names another";
        let missing = || crate::Hint::new("there is no vault, so nothing can be restored", HINT);
        let vault = Vault::find(&folder.ok_or_else(missing)?).map_err(explain)?.ok_or_else(missing)?;
        let contents = vault.read(SystemTime::now()).map_err(explain)?;
        let trouble = contents.damaged.first().map(|err| format!("part of the vault can't be read: {}", chain(err)));
        Ok(Self { vault: Some(vault), book: contents.book, trouble })
    }

    /// Returns a shelf of which nothing is kept.
    ///
    /// # Errors
    ///
    /// Returns what the system says when it has no random bytes to give.
    pub(crate) fn passing() -> std::io::Result<Self> {
        Ok(Self { vault: None, book: Book::ephemeral()?, trouble: None })
    }

    /// Returns whether what is found can be kept.
    pub(crate) fn keeps(&self) -> bool {
        self.vault.is_some()
    }

    /// Returns the key of the vault, from which those for other files are made.
    pub(crate) fn key(&self) -> Option<&Key> {
        self.vault.as_ref().map(Vault::key)
    }

    /// Keeps what was found.
    pub(crate) fn save(&mut self) -> Result<(), leaktight_context::Error> {
        self.vault.as_ref().map_or(Ok(()), |vault| vault.save(&mut self.book, SystemTime::now()))
    }
}

/// Returns an error of the vault with what to do about it.
pub(crate) fn explain(err: leaktight_context::Error) -> anyhow::Error {
    use leaktight_context::Error;
    let hint = match err {
        Error::Exposed { .. } => "take the rights of others away with `chmod go-rwx`",
        Error::NoKey { .. } => "bring its file `key` back, or name another vault with --vault",
        _ => "--vault names another vault",
    };
    crate::Hint::new(chain(&err), hint).into()
}

/// Returns an error with its causes, on one line.
pub(crate) fn chain(err: &dyn std::error::Error) -> String {
    let mut text = err.to_string();
    let mut cause = err.source();
    while let Some(err) = cause {
        text.push_str(&format!(": {err}"));
        cause = err.source();
    }
    crate::term::escape(text.as_bytes())
}
