//! Opening transcripts: plain, gzip or Zstandard, within bounds.

use std::fs::File;
use std::io::{self, BufRead as _, Read};
use std::path::Path;

use leaktight_core::SkipReason;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::Trouble;

/// How a transcript is written, by its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    /// One JSON document a line.
    Lines,
    /// One JSON document.
    Document,
    /// Text with nothing to take apart.
    Text,
    /// An SQLite database.
    Sqlite,
}

/// How a file is compressed, by its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Packing {
    None,
    Gzip,
    Zstd,
}

/// Bytes a compressed file may always expand to, and how many times its size beyond them.
const ROOM: u64 = 16 << 20;
const MOST_TIMES: u64 = 1000;
/// Bytes any compressed file may expand to.
const MOST_BYTES: u64 = 16 << 30;

/// Returns how a file is packed and written, by the endings of its name.
pub(super) fn format(path: &Path) -> (Packing, Format) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let (packing, inner) = if let Some(inner) = name.strip_suffix(".zst") {
        (Packing::Zstd, inner)
    } else if let Some(inner) = name.strip_suffix(".gz") {
        (Packing::Gzip, inner)
    } else {
        (Packing::None, name.as_str())
    };
    let format = match inner.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "jsonl" | "ndjson" => Format::Lines,
        "json" => Format::Document,
        "db" | "sqlite" | "sqlite3" | "vscdb" | "backup" if packing == Packing::None && is_database(path) => {
            Format::Sqlite
        }
        _ => Format::Text,
    };
    (packing, format)
}

/// Whether a file starts as SQLite databases do.
fn is_database(path: &Path) -> bool {
    let mut head = [0; 16];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && &head == b"SQLite format 3\0"
}

/// Opens a file that may be packed.
///
/// # Errors
///
/// Returns why it can't be read.
pub(super) fn open(path: &Path, packing: Packing) -> Result<Box<dyn Read>, Trouble> {
    let file = File::open(path).map_err(|err| trouble(&err))?;
    let meta = file.metadata().map_err(|err| trouble(&err))?;
    if !meta.is_file() {
        return Err((SkipReason::Special, "not a regular file".to_owned()));
    }
    let most = ROOM.saturating_add(meta.len().saturating_mul(MOST_TIMES)).min(MOST_BYTES);
    Ok(match packing {
        Packing::None => Box::new(file),
        Packing::Gzip => Box::new(Bounded { inner: flate2::read::MultiGzDecoder::new(file), left: most }),
        Packing::Zstd => Box::new(Bounded { inner: Frames::new(file), left: most }),
    })
}

/// Returns why something was not read when the system says this.
pub(super) fn trouble(err: &io::Error) -> Trouble {
    let reason = match err.kind() {
        io::ErrorKind::NotFound => SkipReason::Vanished,
        io::ErrorKind::PermissionDenied => SkipReason::Permission,
        io::ErrorKind::FileTooLarge => SkipReason::Size,
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => SkipReason::Encoding,
        _ => SkipReason::Io,
    };
    (reason, err.to_string())
}

/// A reader that refuses to go on for ever.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "it expands to far more than its size"))?;
        Ok(read)
    }
}

/// The frames of a Zstandard file one after the other: an assistant that
/// appends writes a frame of its own each time.
struct Frames {
    file: io::BufReader<File>,
    decoder: FrameDecoder,
    is_open: bool,
}

impl Frames {
    fn new(file: File) -> Self {
        Self { file: io::BufReader::new(file), decoder: FrameDecoder::new(), is_open: false }
    }

    /// Opens the next frame; returns whether there is one.
    fn open(&mut self) -> io::Result<bool> {
        while !self.file.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.file) {
                Ok(()) => {
                    self.is_open = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut (&mut self.file).take(length.into()), &mut io::sink())?;
                }
                Err(err) => return Err(invalid(&err)),
            }
        }
        Ok(false)
    }
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.is_open || self.open()? {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            if self.decoder.is_finished() {
                self.is_open = false;
            } else {
                let step = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.file, step).map_err(|err| invalid(&err))?;
            }
        }
        Ok(0)
    }
}

fn invalid(err: &FrameDecoderError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not Zstandard: {err}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        (folder, path)
    }

    fn text(path: &Path) -> Result<Vec<u8>, Trouble> {
        let mut text = Vec::new();
        open(path, format(path).0)?.read_to_end(&mut text).map_err(|err| trouble(&err))?;
        Ok(text)
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn the_name_tells_the_format() {
        let cases = [
            ("a.jsonl", Packing::None, Format::Lines),
            ("a.JSONL.zst", Packing::Zstd, Format::Lines),
            ("a.json.gz", Packing::Gzip, Format::Document),
            ("a.md", Packing::None, Format::Text),
            ("no-database.db", Packing::None, Format::Text),
        ];
        for (name, packing, expected) in cases {
            assert_eq!(format(Path::new(name)), (packing, expected), "{name}");
        }
    }

    #[test]
    fn reads_every_frame_and_member() {
        let skippable = [&0x184d_2a50_u32.to_le_bytes()[..], &3_u32.to_le_bytes(), b"abc"].concat();
        let (_folder, path) = file("a.jsonl.zst", &[zstd(b"one\n"), skippable, zstd(b"two\n")].concat());
        assert_eq!(text(&path).expect("text"), b"one\ntwo\n");
        let gzip = |bytes: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).expect("memory");
            encoder.finish().expect("memory")
        };
        let (_folder, path) = file("a.jsonl.gz", &[gzip(b"one\n"), gzip(b"two\n")].concat());
        assert_eq!(text(&path).expect("text"), b"one\ntwo\n");
    }

    #[test]
    fn a_cut_or_broken_file_is_an_error() {
        let whole = zstd(&b"a line of text\n".repeat(1000));
        for bytes in [&whole[..whole.len() / 2], b"no frame at all"] {
            let (_folder, path) = file("a.jsonl.zst", bytes);
            assert!(text(&path).is_err());
        }
    }

    #[test]
    fn a_bomb_is_defused() {
        let bomb = zstd(&vec![0; 1 << 20]).repeat(100);
        let (_folder, path) = file("a.jsonl.zst", &bomb);
        let most = ROOM + bomb.len() as u64 * MOST_TIMES;
        assert!(most < 100 << 20, "{most}");
        assert_eq!(text(&path).expect_err("too much").0, SkipReason::Size);
    }
}
