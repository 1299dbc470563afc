//! Directories by descriptor.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{Entry, Kind};
use crate::stdin::Input;

/// Device and inode: what makes a directory itself.
pub(crate) type Id = (u64, u64);

/// An open directory.
#[derive(Debug)]
pub(crate) struct Dir(OwnedFd);

const DIR_FLAGS: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

// A pipe that took the place of a file must not block, nor a terminal become ours.
const FILE_FLAGS: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

impl Dir {
    /// Opens a directory by its path, through links.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::open(path, DIR_FLAGS, Mode::empty())?))
    }

    /// Opens a directory by its canonical path, without links.
    pub(crate) fn open_real(path: &Path) -> io::Result<Self> {
        Self::open(Path::new("/"))?.below(path.strip_prefix("/").unwrap_or(path))
    }

    /// Opens an entry that is a directory, not a link.
    pub(crate) fn child(&self, name: &OsStr) -> io::Result<Self> {
        Ok(Self(rustix::fs::openat(&self.0, name, DIR_FLAGS | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// Opens the directory at a relative path of any length that holds no link.
    pub(crate) fn below(&self, path: &Path) -> io::Result<Self> {
        let mut dir = Self(rustix::fs::openat(&self.0, c".", DIR_FLAGS, Mode::empty())?);
        let mut names = path.components().filter(|name| matches!(name, Component::Normal(_))).peekable();
        while names.peek().is_some() {
            let mut step = Vec::new();
            while let Some(name) = names.next_if(|name| step.len() + name.as_os_str().len() < STEP || step.is_empty()) {
                step.extend_from_slice(name.as_os_str().as_bytes());
                step.push(b'/');
            }
            dir = dir.step(Path::new(OsStr::from_bytes(&step)))?;
        }
        Ok(dir)
    }

    #[cfg(target_os = "linux")]
    fn step(&self, path: &Path) -> io::Result<Self> {
        use rustix::fs::ResolveFlags;
        let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::BENEATH;
        match rustix::fs::openat2(&self.0, path, DIR_FLAGS, Mode::empty(), resolve) {
            Ok(fd) => Ok(Self(fd)),
            // An old kernel, or a sandbox that does not know the call.
            Err(Errno::NOSYS | Errno::PERM) => self.descend(path),
            Err(err) => Err(err.into()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn step(&self, path: &Path) -> io::Result<Self> {
        self.descend(path)
    }

    fn descend(&self, path: &Path) -> io::Result<Self> {
        let mut names = path.components();
        let Some(first) = names.next() else { return self.child(OsStr::new(".")) };
        names.try_fold(self.child(first.as_os_str())?, |dir, name| dir.child(name.as_os_str()))
    }

    /// Opens an entry to read it, neither through a link nor waiting for anyone.
    pub(crate) fn file(&self, name: &OsStr) -> io::Result<File> {
        Ok(File::from(rustix::fs::openat(&self.0, name, FILE_FLAGS | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// Returns what an entry is, and its size, without opening it.
    pub(crate) fn look(&self, name: &OsStr) -> io::Result<(Kind, u64)> {
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        Ok((FileType::from_raw_mode(stat.st_mode).into(), size))
    }

    /// Returns what tells this directory from all others.
    #[expect(clippy::allow_attributes, reason = "the types of these fields differ between systems")]
    pub(crate) fn id(&self) -> io::Result<Id> {
        let stat = rustix::fs::fstat(&self.0)?;
        #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, reason = "some systems have other types")]
        Ok((stat.st_dev as u64, stat.st_ino as u64))
    }

    /// Returns whether the directory is the kernel's talk rather than files.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_pseudo(&self) -> bool {
        let Ok(stat) = rustix::fs::fstatfs(&self.0) else { return false };
        // The constants have 32 bits; the type of the field depends on the machine.
        u32::try_from(i128::from(stat.f_type) & 0xFFFF_FFFF).is_ok_and(|magic| PSEUDO.contains(&magic))
    }

    /// Returns whether the directory is the kernel's talk rather than files.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn is_pseudo(&self) -> bool {
        false
    }
}

/// Bytes of a path the system takes in one go, with room to spare.
const STEP: usize = 3000;

/// The file systems, from `linux/magic.h`, that make up their content.
#[cfg(target_os = "linux")]
const PSEUDO: [u32; 20] = [
    0x0000_9FA0, // proc
    0x6265_6572, // sysfs
    0x0000_1CD1, // devpts
    0x0027_E0EB, // cgroup
    0x6367_7270, // cgroup2
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x7363_6673, // securityfs
    0xCAFE_4A11, // bpf
    0x6165_676C, // pstore
    0x6265_6570, // configfs
    0x4249_4E4D, // binfmt_misc
    0x9584_58F6, // hugetlbfs
    0x6573_5543, // fusectl
    0x1980_0202, // mqueue
    0x6759_6969, // rpc_pipefs
    0xDE5E_81E4, // efivarfs
    0xF97C_FF8C, // selinux
    0x4341_5D53, // smack
    0x0000_0187, // autofs
];

/// The entries of a directory, page by page.
pub(crate) struct Listing<'a> {
    #[cfg(target_os = "linux")]
    dir: &'a Dir,
    #[cfg(target_os = "linux")]
    buffer: &'a mut Vec<u8>,
    #[cfg(not(target_os = "linux"))]
    dir: io::Result<rustix::fs::Dir>,
    #[cfg(not(target_os = "linux"))]
    buffer: std::marker::PhantomData<&'a mut Vec<u8>>,
}

impl<'a> Listing<'a> {
    /// Starts to list a directory, once; the buffer is for reuse.
    #[cfg(target_os = "linux")]
    pub(crate) fn new(dir: &'a Dir, buffer: &'a mut Vec<u8>) -> Self {
        buffer.reserve(32 << 10);
        Self { dir, buffer }
    }

    /// Starts to list a directory, once; the buffer is for reuse.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn new(dir: &'a Dir, _: &'a mut Vec<u8>) -> Self {
        let dir = rustix::fs::Dir::read_from(&dir.0).map_err(io::Error::from);
        Self { dir, buffer: std::marker::PhantomData }
    }

    /// Appends some entries and returns whether there may be more.
    #[cfg(target_os = "linux")]
    pub(crate) fn page(&mut self, entries: &mut Vec<Entry>) -> io::Result<bool> {
        let mut raw = rustix::fs::RawDir::new(&self.dir.0, self.buffer.spare_capacity_mut());
        while let Some(entry) = raw.next() {
            let entry = match entry {
                Err(Errno::INTR) => continue,
                entry => entry?,
            };
            push(entries, entry.file_name(), entry.file_type());
            if raw.is_buffer_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Appends some entries and returns whether there may be more.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn page(&mut self, entries: &mut Vec<Entry>) -> io::Result<bool> {
        let dir = match &mut self.dir {
            Ok(dir) => dir,
            Err(err) => return Err(io::Error::from(err.kind())),
        };
        for _ in 0..1024 {
            let Some(entry) = dir.read() else { return Ok(false) };
            let entry = entry?;
            push(entries, entry.file_name(), entry.file_type());
        }
        Ok(true)
    }
}

fn push(entries: &mut Vec<Entry>, name: &std::ffi::CStr, kind: FileType) {
    if name != c"." && name != c".." {
        let name = OsStr::from_bytes(name.to_bytes()).to_owned();
        entries.push(Entry { name, kind: kind.into() });
    }
}

impl From<FileType> for Kind {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Dir,
            FileType::Symlink => Self::Link,
            FileType::Unknown => Self::Unknown,
            _ => Self::Special,
        }
    }
}

/// Opens a file that was named outright, through links.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    Ok(File::from(rustix::fs::open(path, FILE_FLAGS, Mode::empty())?))
}

/// Returns standard input, without a buffer that would hide what is there.
pub(crate) fn stdin() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

impl Input for File {
    fn is_ready(&mut self) -> bool {
        // A signal ends this wait, where it would only restart a read.
        const MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        !matches!(poll(&mut [PollFd::new(self, PollFlags::IN)], Some(&MOMENT)), Ok(0) | Err(Errno::INTR))
    }
}

/// Returns whether a link or a special file took the place of a file.
pub(crate) fn is_swapped(err: &io::Error) -> bool {
    const SWAPPED: [Errno; 4] = [Errno::LOOP, Errno::NXIO, Errno::NODEV, Errno::OPNOTSUPP];
    SWAPPED.iter().any(|swapped| err.raw_os_error() == Some(swapped.raw_os_error()))
}

/// Returns whether a file takes up less room than it is long.
pub(crate) fn is_sparse(meta: &Metadata) -> bool {
    meta.blocks().saturating_mul(512) < meta.len()
}

/// Returns where data starts at or after `offset`, none when there is no more.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "freebsd"))]
pub(crate) fn next_data(file: &File, offset: u64) -> Option<u64> {
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(offset)) {
        Ok(at) => Some(at),
        Err(Errno::NXIO) => None,
        Err(_) => Some(offset),
    }
}

/// Returns where a hole starts after `offset`, none when that is not known.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "freebsd"))]
pub(crate) fn next_hole(file: &File, offset: u64) -> Option<u64> {
    rustix::fs::seek(file, rustix::fs::SeekFrom::Hole(offset)).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "freebsd")))]
pub(crate) fn next_data(_: &File, offset: u64) -> Option<u64> {
    Some(offset)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "freebsd")))]
pub(crate) fn next_hole(_: &File, _: u64) -> Option<u64> {
    None
}
