//! Archives made at run time, byte by byte, so that they can be wrong as well.
#![allow(dead_code, clippy::allow_attributes, reason = "each test uses some of it")]

use std::io::Read as _;

use flate2::Compression;
use flate2::read::{DeflateEncoder, GzEncoder};

/// Returns bytes as gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    GzEncoder::new(bytes, Compression::fast()).read_to_end(&mut packed).expect("in memory");
    packed
}

/// A member of a zip, as its headers have it.
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    /// The name the directory has.
    pub(crate) listed: Vec<u8>,
    pub(crate) data: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) packed: u32,
    pub(crate) size: u32,
    /// What stands behind the data.
    pub(crate) behind: Vec<u8>,
}

impl Entry {
    /// Returns a member that is deflated.
    pub(crate) fn new(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        let mut data = Vec::new();
        DeflateEncoder::new(content, Compression::fast()).read_to_end(&mut data).expect("in memory");
        Self { method: 8, packed: number(data.len()), data, ..Self::stored(name, content) }
    }

    /// Returns a member that is not compressed.
    pub(crate) fn stored(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        Self {
            name: name.as_ref().to_vec(),
            listed: name.as_ref().to_vec(),
            data: content.to_vec(),
            flags: 0,
            method: 0,
            crc: crc.sum(),
            packed: number(content.len()),
            size: number(content.len()),
            behind: Vec::new(),
        }
    }

    /// Returns it as a writer writes it that can't go back to its header.
    pub(crate) fn described(mut self) -> Self {
        self.flags |= 8;
        self.behind = [b"PK\x07\x08".to_vec(), self.numbers()].concat();
        self
    }

    fn numbers(&self) -> Vec<u8> {
        [self.crc, self.packed, self.size].into_iter().flat_map(u32::to_le_bytes).collect()
    }

    /// Returns flags, method, time, checksum and sizes.
    fn middle(&self, numbers: Vec<u8>) -> Vec<u8> {
        [&self.flags.to_le_bytes()[..], &self.method.to_le_bytes(), &[0; 4], &numbers].concat()
    }
}

/// Returns a zip of these members, whatever they say.
pub(crate) fn zip_of(entries: &[Entry]) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let at = number(zip.len());
        let len = |name: &[u8]| u16::try_from(name.len()).expect("a short name").to_le_bytes();
        let local = if entry.behind.is_empty() { entry.numbers() } else { vec![0; 12] };
        zip.extend([b"PK\x03\x04\x14\0".as_slice(), &entry.middle(local), &len(&entry.name), &[0; 2]].concat());
        zip.extend([entry.name.as_slice(), &entry.data, &entry.behind].concat());
        let middle = entry.middle(entry.numbers());
        directory.extend([b"PK\x01\x02\x14\0\x14\0".as_slice(), &middle, &len(&entry.listed), &[0; 12]].concat());
        directory.extend([at.to_le_bytes().as_slice(), &entry.listed].concat());
    }
    let n_entries = u16::try_from(entries.len()).unwrap_or(u16::MAX).to_le_bytes();
    let numbers = [number(directory.len()), number(zip.len())].map(u32::to_le_bytes).concat();
    let end = [b"PK\x05\x06\0\0\0\0".as_slice(), &n_entries, &n_entries, &numbers, &[0; 2]].concat();
    [zip, directory, end].concat()
}

/// Returns a zip of files.
pub(crate) fn zip<B: AsRef<[u8]>>(files: &[(&str, B)]) -> Vec<u8> {
    zip_of(&files.iter().map(|(name, bytes)| Entry::new(name, bytes.as_ref())).collect::<Vec<_>>())
}

/// Returns a header of tar with the right sum.
pub(crate) fn header(name: &[u8], kind: u8, size: &[u8; 12]) -> [u8; 512] {
    let mut header = [0; 512];
    header[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(size);
    header[148..156].copy_from_slice(&[b' '; 8]);
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

/// Returns a member of tar: header, content and padding.
pub(crate) fn member(name: &[u8], kind: u8, content: &[u8]) -> Vec<u8> {
    let size = format!("{:011o}\0", content.len());
    let padding = vec![0; content.len().next_multiple_of(512) - content.len()];
    [&header(name, kind, size.as_bytes().try_into().expect("twelve digits"))[..], content, &padding].concat()
}

/// Returns a tar of these members.
pub(crate) fn tar_of(members: &[Vec<u8>]) -> Vec<u8> {
    [members.concat(), vec![0; 1024]].concat()
}

/// Returns a tar of files.
pub(crate) fn tar<B: AsRef<[u8]>>(files: &[(&str, B)]) -> Vec<u8> {
    tar_of(&files.iter().map(|(name, bytes)| member(name.as_bytes(), b'0', bytes.as_ref())).collect::<Vec<_>>())
}

/// Returns an archive as `ar` writes it.
pub(crate) fn ar<B: AsRef<[u8]>>(files: &[(&str, B)]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in files {
        let content = content.as_ref();
        let head = format!("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", format!("{name}/"), 0, 0, 0, 644, content.len());
        bytes.extend([head.as_bytes(), content, &b"\n"[..content.len() % 2]].concat());
    }
    bytes
}

fn number(len: usize) -> u32 {
    u32::try_from(len).expect("small")
}
