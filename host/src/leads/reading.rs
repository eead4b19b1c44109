//! How a file is written: its encoding, what separates its cells, what ends its lines.
//!
//! A `Survey` sees the whole file once, chunk by chunk, and remembers a digest, counts and the
//! beginning. Excel alone writes UTF-8 with and without a mark, Windows-1252, and a semicolon where
//! the comma is the decimal sign.

use std::fmt;

use crate::domain::digest;

use super::records::split;

/// How much of the beginning the delimiter is guessed from.
const SAMPLE_MAX_BYTES: usize = 64 * 1024;
/// And how many lines of that.
const SAMPLE_LINES_MAX: usize = 20;
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
/// What people separate cells with; the likelier first.
const DELIMITERS: &[u8] = b",;\t|";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    /// Windows-1252, which is what files called Latin-1 are: browsers read them so by decree
    /// (WHATWG Encoding, "names and labels").
    Latin1,
}

/// How to read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub encoding: Encoding,
    pub delimiter: u8,
    /// `\n` (after which a `\r` before it is dropped), or the lone `\r` of old.
    pub line_end: u8,
    /// Bytes before the first row: a mark, and Excel's `sep=;` line.
    pub skip: usize,
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the file is empty")]
    Empty,
    #[error("the file is UTF-16: save it as CSV UTF-8 (in Excel: \"CSV UTF-8 (comma delimited)\")")]
    Utf16,
    #[error(
        "the file is no text (a spreadsheet or an archive): export it as CSV, then import that file"
    )]
    Binary,
}

/// What one pass over a file found.
#[derive(Debug, Clone)]
pub struct Survey {
    pub bytes: u64,
    /// Of the content: the same list has the same name, wherever it lies.
    pub digest: String,
    letters: u64,
    broken: u64,
    head: Vec<u8>,
}

/// A survey under way.
#[derive(Default)]
pub struct Surveying {
    stream: digest::Stream,
    bytes: u64,
    letters: u64,
    broken: u64,
    head: Vec<u8>,
    /// The beginning of a character that the last chunk cut off.
    cut: Vec<u8>,
}

impl Surveying {
    pub fn add(&mut self, chunk: &[u8]) {
        self.stream.update(chunk);
        self.bytes += chunk.len() as u64;
        let room = SAMPLE_MAX_BYTES - self.head.len();
        self.head.extend_from_slice(&chunk[..room.min(chunk.len())]);
        self.cut.extend_from_slice(chunk);
        let text = std::mem::take(&mut self.cut);
        let mut rest = text.as_slice();
        while let Err(e) = std::str::from_utf8(rest) {
            let (fine, after) = rest.split_at(e.valid_up_to());
            self.letters += leads_of_letters(fine);
            let Some(broken) = e.error_len() else {
                self.cut = after.to_vec();
                return;
            };
            self.broken += 1;
            rest = &after[broken..];
        }
        self.letters += leads_of_letters(rest);
    }

    pub fn finish(self) -> Survey {
        Survey {
            bytes: self.bytes,
            digest: self.stream.finish(),
            letters: self.letters,
            broken: self.broken + u64::from(!self.cut.is_empty()),
            head: self.head,
        }
    }
}

/// Characters beyond ASCII in valid UTF-8: each has one byte that begins it.
fn leads_of_letters(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte >= 0xc0).count() as u64
}

impl Survey {
    /// How to read the file; what the caller knows better than a guess is taken from it.
    pub fn shape(
        &self,
        encoding: Option<Encoding>,
        delimiter: Option<u8>,
    ) -> Result<Shape, Unreadable> {
        let head = self.head.as_slice();
        if head.is_empty() || head == UTF8_MARK {
            return Err(Unreadable::Empty);
        }
        if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Err(Unreadable::Utf16);
        }
        // Every .xlsx is a ZIP archive, every .xls an OLE document.
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"\xd0\xcf\x11\xe0") {
            return Err(Unreadable::Binary);
        }
        let marked = head.starts_with(UTF8_MARK);
        // A few broken rows do not make a UTF-8 file another: most of its letters tell.
        let utf8 = marked || self.broken == 0 || self.letters > self.broken;
        let mut skip = if marked { UTF8_MARK.len() } else { 0 };
        let line_end = if head.contains(&b'\n') || !head.contains(&b'\r') {
            b'\n'
        } else {
            b'\r'
        };
        let mut said = None;
        if let Some(rest) = head[skip..].strip_prefix(b"sep=")
            && let Some(end) = rest.iter().take(3).position(|byte| *byte == line_end)
            && end > 0
        {
            said = Some(rest[0]);
            skip += b"sep=".len() + end + 1;
        }
        Ok(Shape {
            encoding: encoding.unwrap_or(if utf8 {
                Encoding::Utf8
            } else {
                Encoding::Latin1
            }),
            delimiter: delimiter
                .or(said)
                .unwrap_or_else(|| guess(&head[skip..], line_end)),
            line_end,
            skip,
        })
    }
}

/// The delimiter that cuts the most of the first lines into as many cells as the first one.
fn guess(head: &[u8], line_end: u8) -> u8 {
    let lines: Vec<_> = head
        .split(|byte| *byte == line_end)
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
        .take(SAMPLE_LINES_MAX)
        .collect();
    let cells = |line: &[u8], delimiter| split(line, delimiter).map_or(0, |cells| cells.len());
    let score = |delimiter: u8| {
        let first = lines.first().map_or(0, |line| cells(line, delimiter));
        if first < 2 {
            return (0, 0);
        }
        let alike = lines
            .iter()
            .filter(|line| cells(line, delimiter) == first)
            .count();
        (alike, first)
    };
    // Of equals the last wins, so the likelier ones come last.
    let best = DELIMITERS.iter().rev().max_by_key(|d| score(**d));
    best.copied().unwrap_or(b',')
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Latin1 => "Latin-1 (Windows-1252)",
        })
    }
}

impl Encoding {
    /// The text of a cell; none where the bytes are none in this encoding.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::Latin1 => Some(bytes.iter().copied().map(windows_1252).collect()),
        }
    }
}

/// The 32 places in which Windows-1252 differs from ISO 8859-1 (WHATWG Encoding, index-windows-1252).
fn windows_1252(byte: u8) -> char {
    const C1: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => C1[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(bytes: &[u8], chunk: usize) -> Survey {
        let mut surveying = Surveying::default();
        for chunk in bytes.chunks(chunk) {
            surveying.add(chunk);
        }
        surveying.finish()
    }

    fn check(bytes: &[u8], expect: Result<(Encoding, u8, u8, usize), Unreadable>) {
        // A chunk may end within a character.
        for chunk in [1, 7, 4096] {
            let shape = survey(bytes, chunk).shape(None, None);
            let got = shape.map(|s| (s.encoding, s.delimiter, s.line_end, s.skip));
            assert_eq!(got, expect, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn files_as_programs_write_them() {
        use Encoding::{Latin1, Utf8};
        check(b"email,name\na@x.example,Ada\n", Ok((Utf8, b',', b'\n', 0)));
        check(
            b"email;name\r\na@x.example;A, B\r\n",
            Ok((Utf8, b';', b'\n', 0)),
        );
        check(b"email\tname\n", Ok((Utf8, b'\t', b'\n', 0)));
        check(b"email|name\n", Ok((Utf8, b'|', b'\n', 0)));
        check(b"email\na@x.example\n", Ok((Utf8, b',', b'\n', 0)));
        check(b"\"a;b\",c\n1,2\n", Ok((Utf8, b',', b'\n', 0)));
        check("\u{feff}email;n\n".as_bytes(), Ok((Utf8, b';', b'\n', 3)));
        check(b"sep=|\r\nemail|n\r\n", Ok((Utf8, b'|', b'\n', 7)));
        check(b"email,n\ra@x.example,Ada\r", Ok((Utf8, b',', b'\r', 0)));
        check(
            b"email,n\na@x.example,Zo\xeb\n",
            Ok((Latin1, b',', b'\n', 0)),
        );
        // One broken row in a file of UTF-8 letters.
        check(
            "email,n\na@x.example,Zoë\nb@x.example,Jürgen\n"
                .bytes()
                .chain(*b"c@x.example,\xff\n")
                .collect::<Vec<_>>()
                .as_slice(),
            Ok((Utf8, b',', b'\n', 0)),
        );
        check(b"", Err(Unreadable::Empty));
        check(UTF8_MARK, Err(Unreadable::Empty));
        check(b"\xff\xfee\0m\0", Err(Unreadable::Utf16));
        check(b"PK\x03\x04....", Err(Unreadable::Binary));
    }

    #[test]
    fn the_same_content_has_the_same_digest() {
        let bytes = "email\nü@x.example\n".as_bytes();
        assert_eq!(survey(bytes, 1).digest, survey(bytes, 100).digest);
        assert_eq!(survey(bytes, 1).digest, digest::of_bytes(bytes));
    }

    #[test]
    fn letters_of_windows() {
        let text = Encoding::Latin1.decode(b"Zo\xeb \x80 \x93x\x94");
        assert_eq!(text.as_deref(), Some("Zoë € “x”"));
        assert_eq!(Encoding::Utf8.decode(b"Zo\xeb"), None);
    }
}
