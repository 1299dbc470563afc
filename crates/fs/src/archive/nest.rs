//! What all the layers of a file share: bounds, and whether to go on.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};

use leaktight_core::SkipReason;

use crate::read::Trouble;
use crate::tell::Teller;

/// What a file may expand to, with all that is in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Archives and compressed files one in another.
    pub(crate) depth: usize,
    /// Members of archives.
    pub(crate) members: u64,
    /// Members that can't be read.
    pub(crate) troubles: u64,
    /// Bytes any file may expand to.
    pub(crate) room: u64,
    /// Bytes a file may expand to that is large.
    pub(crate) bytes: u64,
}

impl Bounds {
    /// Returns the bounds of so many layers.
    pub(crate) fn new(depth: usize) -> Self {
        Self { depth, members: 1_000_000, troubles: 10_000, room: 16 << 20, bytes: 1 << 30 }
    }

    /// Returns how many bytes may come of `size`. Nothing but zeros is packed to a
    /// thousandth by gzip; a large file is given more time, as it took some to make.
    fn most(self, size: u64) -> u64 {
        let usual = self.room.saturating_add(size.saturating_mul(1000));
        usual.min(self.bytes.max(size.saturating_mul(100)))
    }
}

/// What the layers of a file share.
pub(crate) struct Nest<'a> {
    pub(super) teller: &'a Teller<'a>,
    pub(super) bounds: Bounds,
    /// Bytes of the file: those there are, or those read so far.
    size: Cell<u64>,
    /// Whether its size is what was read so far.
    is_open: bool,
    expanded: Cell<u64>,
    n_members: Cell<u64>,
    n_troubles: Cell<u64>,
    /// Bytes since the visitor was asked whether to go on.
    unasked: Cell<u64>,
    /// Why nothing more is read.
    end: RefCell<Option<Trouble>>,
    /// Bytes of the windows in use.
    windows: Cell<u64>,
    /// Whether it is its turn to use much memory.
    is_large: Cell<bool>,
}

/// Memory for the window of a decoder, at most. The largest usual ones are those of
/// `xz -9` and `zstd --ultra -21`.
const WINDOW: u64 = 64 << 20;
/// The same for all layers together.
const WINDOWS: u64 = 2 * WINDOW;
/// What each thread may use at once; more has to be waited for.
const USUAL: u64 = 8 << 20;

/// A window in use.
pub(super) struct Claim<'n> {
    nest: &'n Nest<'n>,
    size: u64,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.nest.windows.set(self.nest.windows.get().saturating_sub(self.size));
    }
}

/// Bytes after which the visitor is asked whether to go on.
const ASK: u64 = 1 << 20;
/// Bytes as which a stream counts that is begun: to make its decoder takes as long as to unpack
/// so many, and a file may hold nothing but empty ones.
const STREAM: usize = 16 << 10;

impl<'a> Nest<'a> {
    /// Returns the shared part of a file of this size, none where it is not known.
    pub(crate) fn new(teller: &'a Teller<'a>, bounds: Bounds, size: Option<u64>) -> Self {
        Self {
            teller,
            bounds,
            size: Cell::new(size.unwrap_or(0)),
            is_open: size.is_none(),
            expanded: Cell::new(0),
            n_members: Cell::new(0),
            n_troubles: Cell::new(0),
            unasked: Cell::new(0),
            end: RefCell::default(),
            windows: Cell::new(0),
            is_large: Cell::new(false),
        }
    }

    /// Returns why nothing more is read, if that is so.
    pub(super) fn end(&self) -> Result<(), Trouble> {
        self.end.borrow().clone().map_or(Ok(()), Err)
    }

    /// Returns why reading failed: for a reason of the whole, or one of its own.
    pub(super) fn trouble(&self, err: &io::Error) -> Trouble {
        let end = self.end.borrow().clone();
        let is_limit = err.kind() == io::ErrorKind::OutOfMemory;
        let reason = if is_limit { SkipReason::ArchiveLimit } else { SkipReason::Corrupt };
        end.unwrap_or_else(|| (reason, err.to_string()))
    }

    /// Reads nothing more; the first reason counts.
    pub(crate) fn finish(&self, trouble: Trouble) -> io::Error {
        self.end.borrow_mut().get_or_insert(trouble);
        io::Error::other("nothing more is read")
    }

    /// Counts a member.
    pub(super) fn enter(&self) -> io::Result<()> {
        let most = self.bounds.members;
        if add(&self.n_members, 1) > most {
            return Err(self.finish((SkipReason::ArchiveLimit, format!("more than {most} members"))));
        }
        Ok(())
    }

    /// Counts a member that could not be read.
    pub(super) fn complain(&self) {
        let most = self.bounds.troubles;
        if add(&self.n_troubles, 1) > most {
            self.finish((SkipReason::ArchiveLimit, format!("more than {most} members can't be read")));
        }
    }

    /// Waits until a decoder may use memory for a window of this size.
    pub(super) fn claim(&'a self, window: u64) -> io::Result<Claim<'a>> {
        let all = self.windows.get().saturating_add(window);
        if window > WINDOW || all > WINDOWS {
            let why = format!("it needs a window of {window} bytes, which is too much");
            return Err(io::Error::new(io::ErrorKind::OutOfMemory, why));
        }
        self.windows.set(all);
        if all > USUAL && !self.is_large.replace(true) {
            self.teller.memory.begin();
        }
        Ok(Claim { nest: self, size: window })
    }

    /// Counts bytes that came out of something compressed.
    fn expand(&self, len: usize) -> io::Result<()> {
        let most = self.bounds.most(self.size.get());
        if add(&self.expanded, len as u64) > most {
            let why = format!("it expands to more than {most} bytes, out of {}", self.size.get());
            return Err(self.finish((SkipReason::ArchiveLimit, why)));
        }
        self.pass(len)
    }

    /// Counts a stream of compressed data, of which a file may hold several.
    pub(super) fn begin(&self) -> io::Result<()> {
        self.expand(STREAM)
    }

    /// Counts bytes of the file itself.
    fn load(&self, len: usize) -> io::Result<()> {
        if self.is_open {
            add(&self.size, len as u64);
        }
        self.pass(len)
    }

    /// Counts bytes, and asks from time to time whether to go on.
    fn pass(&self, len: usize) -> io::Result<()> {
        if add(&self.unasked, len as u64) < ASK {
            return Ok(());
        }
        self.unasked.set(0);
        if self.teller.is_over() {
            return Err(self.finish((SkipReason::Interrupted, String::new())));
        }
        Ok(())
    }
}

impl Drop for Nest<'_> {
    fn drop(&mut self) {
        if self.is_large.get() {
            self.teller.memory.end();
        }
    }
}

fn add(cell: &Cell<u64>, number: u64) -> u64 {
    cell.set(cell.get().saturating_add(number));
    cell.get()
}

/// The file itself.
pub(super) struct Root<'n, R> {
    pub(super) inner: R,
    pub(super) nest: &'n Nest<'n>,
}

impl<R: Read> Read for Root<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.inner.read(buffer) {
            Err(err) if err.kind() != io::ErrorKind::Interrupted => {
                return Err(self.nest.finish((crate::error::reason(&err), err.to_string())));
            }
            read => read?,
        };
        self.nest.load(read)?;
        Ok(read)
    }
}

/// Bytes that come out of something compressed.
pub(super) struct Expanded<'n, R> {
    pub(super) inner: R,
    pub(super) nest: &'n Nest<'n>,
}

impl<R: Read> Read for Expanded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.nest.expand(read)?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    fn reason(nest: &Nest<'_>) -> Option<SkipReason> {
        nest.end().err().map(|(reason, _)| reason)
    }

    #[test]
    fn members_and_troubles_are_counted_over_all_layers() {
        let teller = Teller::new(&|_| ControlFlow::Continue(()));
        let bounds = Bounds { members: 2, troubles: 1, ..Bounds::new(5) };
        let nest = Nest::new(&teller, bounds, Some(100));
        assert!(nest.enter().is_ok() && nest.enter().is_ok() && reason(&nest).is_none());
        assert!(nest.enter().is_err());
        assert_eq!(reason(&nest), Some(SkipReason::ArchiveLimit));
        let nest = Nest::new(&teller, bounds, Some(100));
        nest.complain();
        assert_eq!(reason(&nest), None);
        nest.complain();
        assert_eq!(reason(&nest), Some(SkipReason::ArchiveLimit));
    }

    #[test]
    fn a_small_file_expands_to_less_than_a_large_one() {
        let bounds = Bounds::new(5);
        assert_eq!(bounds.most(0), 16 << 20);
        assert_eq!(bounds.most(10_000), (16 << 20) + 10_000_000);
        assert_eq!(bounds.most(8 << 20), 1 << 30);
        assert_eq!(bounds.most(1 << 30), 100 << 30);
        assert_eq!(bounds.most(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_visitor_that_breaks_off_ends_what_is_only_unpacked() {
        let teller = Teller::new(&|_| ControlFlow::Break(()));
        let nest = Nest::new(&teller, Bounds::new(5), Some(1 << 30));
        let mut bytes = Expanded { inner: io::repeat(0), nest: &nest };
        assert!(io::copy(&mut bytes, &mut io::sink()).is_err());
        assert_eq!(reason(&nest), Some(SkipReason::Interrupted));
    }
}
