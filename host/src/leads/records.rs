//! The rows of a CSV file, one by one, whatever is in it (RFC 4180, and what programs make of it).
//!
//! A quote that nobody closes would swallow the rest of the file, so a row that spans several lines
//! counts only if it ends within limits and has as many cells as the head; otherwise its first line
//! alone is malformed, and the next line is read as a row of its own. Memory is bounded by one row.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

use super::reading::Shape;

/// The longest row.
pub const RECORD_MAX_BYTES: usize = 64 * 1024;
/// The most lines that one row spans: notes and addresses with line breaks.
pub const RECORD_LINES_MAX: usize = 200;

/// One row as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// As a spreadsheet numbers it: the head is row 1, blank rows count.
    pub row: u64,
    pub cells: Result<Vec<String>, Malformed>,
}

/// Why a row cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("has {found} cells instead of {expected}")]
    Cells { found: usize, expected: usize },
    #[error("has a quote that is not closed, or not doubled in the middle of a cell")]
    Quotes,
    #[error("is longer than {RECORD_MAX_BYTES} bytes")]
    TooLong,
    #[error("contains a zero byte")]
    Zero,
    #[error("is not valid UTF-8")]
    Encoding,
}

/// Reads row after row.
pub struct Records<R> {
    input: R,
    shape: Shape,
    /// Lines read and not yet used up.
    ahead: VecDeque<Line>,
    row: u64,
    cells: Option<usize>,
}

struct Line {
    bytes: Vec<u8>,
    /// Only its beginning is kept.
    too_long: bool,
}

impl<R: BufRead> Records<R> {
    /// The input must be behind what the shape says to skip.
    pub fn new(input: R, shape: Shape) -> Self {
        Self {
            input,
            shape,
            ahead: VecDeque::new(),
            row: 0,
            cells: None,
        }
    }

    /// From here on every row has this many cells.
    pub fn expect_cells(&mut self, cells: usize) {
        self.cells = Some(cells);
    }

    /// The next row that is not blank; none at the end. An error is the input's, not a row's.
    pub fn next_record(&mut self) -> io::Result<Option<Record>> {
        loop {
            if !self.have(1)? {
                return Ok(None);
            }
            self.row += 1;
            if self.ahead[0].bytes.is_empty() {
                self.ahead.pop_front();
                continue;
            }
            let cells = self.read()?;
            return Ok(Some(Record {
                row: self.row,
                cells,
            }));
        }
    }

    /// Reads the row that begins with the first line ahead, and uses its lines up.
    fn read(&mut self) -> io::Result<Result<Vec<String>, Malformed>> {
        let mut record = Vec::new();
        let mut lines = 0;
        let (used, cells) = loop {
            if lines == RECORD_LINES_MAX || !self.have(lines + 1)? {
                break (1, Err(Malformed::Quotes));
            }
            let line = &self.ahead[lines];
            if line.too_long || record.len() + line.bytes.len() > RECORD_MAX_BYTES {
                let why = [Malformed::TooLong, Malformed::Quotes][usize::from(lines > 0)];
                break (1, Err(why));
            }
            if lines > 0 {
                record.push(b'\n');
            }
            record.extend_from_slice(&line.bytes);
            lines += 1;
            match split(&record, self.shape.delimiter) {
                Ok(cells) => match self.decode(&cells) {
                    Err(Malformed::Cells { .. }) if lines > 1 => break (1, Err(Malformed::Quotes)),
                    read => break (lines, read),
                },
                Err(Open::MayClose) => {}
                Err(Open::Broken) => break (1, Err(Malformed::Quotes)),
            }
        };
        self.ahead.drain(..used);
        Ok(cells)
    }

    fn decode(&self, cells: &[Vec<u8>]) -> Result<Vec<String>, Malformed> {
        let expected = self.cells.unwrap_or(cells.len());
        // Blank cells behind the last column are what spreadsheets leave of deleted columns.
        let blank = |cell: &Vec<u8>| cell.iter().all(u8::is_ascii_whitespace);
        if cells.len() < expected || !cells[expected..].iter().all(blank) {
            return Err(Malformed::Cells {
                found: cells.len(),
                expected,
            });
        }
        let decode = |cell: &Vec<u8>| {
            if cell.contains(&0) {
                return Err(Malformed::Zero);
            }
            self.shape.encoding.decode(cell).ok_or(Malformed::Encoding)
        };
        cells[..expected].iter().map(decode).collect()
    }

    /// Whether there are as many lines ahead, after reading them.
    fn have(&mut self, lines: usize) -> io::Result<bool> {
        while self.ahead.len() < lines {
            match self.line()? {
                Some(line) => self.ahead.push_back(line),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        let end = self.shape.line_end;
        let mut bytes = Vec::new();
        let limit = RECORD_MAX_BYTES as u64 + 1;
        self.input
            .by_ref()
            .take(limit)
            .read_until(end, &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let too_long = bytes.last() != Some(&end) && bytes.len() as u64 == limit;
        if too_long {
            self.input.skip_until(end)?;
        }
        if bytes.last() == Some(&end) {
            bytes.pop();
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        Ok(Some(Line { bytes, too_long }))
    }
}

/// Why a row does not end where its line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// The quote that is open may be closed on a later line.
    MayClose,
    /// Nothing that follows makes it well-formed.
    Broken,
}

/// The cells of a row. A quote at the beginning of a cell holds up to its pair, and two of them are
/// one; elsewhere it is a letter like any other.
pub(super) fn split(record: &[u8], delimiter: u8) -> Result<Vec<Vec<u8>>, Open> {
    let mut cells = Vec::new();
    let mut rest = record;
    loop {
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let mut cell = Vec::new();
            rest = quoted;
            loop {
                let close = rest.iter().position(|byte| *byte == b'"');
                let close = close.ok_or(Open::MayClose)?;
                cell.extend_from_slice(&rest[..close]);
                rest = &rest[close + 1..];
                match rest.strip_prefix(b"\"") {
                    Some(more) => {
                        cell.push(b'"');
                        rest = more;
                    }
                    None => break,
                }
            }
            cells.push(cell);
            match rest.split_first() {
                None => return Ok(cells),
                Some((next, more)) if *next == delimiter => rest = more,
                Some(_) => return Err(Open::Broken),
            }
        } else {
            let end = rest.iter().position(|byte| *byte == delimiter);
            let (cell, more) = rest.split_at(end.unwrap_or(rest.len()));
            cells.push(cell.to_vec());
            match more.split_first() {
                None => return Ok(cells),
                Some((_, more)) => rest = more,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::leads::{Encoding, reading::Surveying};

    const SHAPE: Shape = Shape {
        encoding: Encoding::Utf8,
        delimiter: b',',
        line_end: b'\n',
        skip: 0,
    };

    fn read(bytes: &[u8], shape: Shape) -> Vec<Record> {
        let mut records = Records::new(bytes, shape);
        let mut all = Vec::new();
        while let Some(record) = records.next_record().expect("memory") {
            if all.is_empty()
                && let Ok(head) = &record.cells
            {
                records.expect_cells(head.len());
            }
            all.push(record);
        }
        all
    }

    fn check(text: &[u8], expect: &[(u64, Result<&[&str], Malformed>)]) {
        let got = read(text, SHAPE);
        let got: Vec<_> = got
            .iter()
            .map(|record| {
                let cells = record.cells.as_ref();
                let cells = cells.map(|cells| cells.iter().map(String::as_str).collect::<Vec<_>>());
                (record.row, cells.map_err(|e| *e))
            })
            .collect();
        let expect: Vec<_> = expect
            .iter()
            .map(|(row, cells)| (*row, cells.map(<[&str]>::to_vec)))
            .collect();
        assert_eq!(got, expect, "{:?}", String::from_utf8_lossy(text));
    }

    #[test]
    fn rows() {
        use Malformed::{Cells, Encoding, Quotes, Zero};
        let head = || (1, Ok(["a", "b"].as_slice()));
        let few = |found| Err(Cells { found, expected: 2 });
        check(b"a,b\n1,2", &[head(), (2, Ok(&["1", "2"]))]);
        check(b"a,b\r\n\r\n1,2\r\n", &[head(), (3, Ok(&["1", "2"]))]);
        check(
            b"a,b\n\"1,\"\"x\"\"\",2\n",
            &[head(), (2, Ok(&["1,\"x\"", "2"]))],
        );
        check(b"a,b\n5\" pipe,2\n", &[head(), (2, Ok(&["5\" pipe", "2"]))]);
        check(
            b"a,b\n\"two\nlines\",2\n3,4\n",
            &[head(), (2, Ok(&["two\nlines", "2"])), (3, Ok(&["3", "4"]))],
        );
        check(b"a,b\n1,2,,\n", &[head(), (2, Ok(&["1", "2"]))]);
        check(b"a,b\n1\n1,2,3\n", &[head(), (2, few(1)), (3, few(3))]);
        check(b"a,b\n1,\0\n", &[head(), (2, Err(Zero))]);
        check(
            b"a,b\n1,\xff\n3,4\n",
            &[head(), (2, Err(Encoding)), (3, Ok(&["3", "4"]))],
        );
        // A quote that is never closed costs its own row and no other.
        check(
            b"a,b\n1,\"x\n3,4\n5,6\n",
            &[
                head(),
                (2, Err(Quotes)),
                (3, Ok(&["3", "4"])),
                (4, Ok(&["5", "6"])),
            ],
        );
        // Nor one that the next row's seems to close.
        check(
            b"a,b\n1,\"x\n\"3\",4\n",
            &[head(), (2, Err(Quotes)), (3, Ok(&["3", "4"]))],
        );
        check(
            b"a,b\n\"1\"x,2\n3,4\n",
            &[head(), (2, Err(Quotes)), (3, Ok(&["3", "4"]))],
        );
    }

    #[test]
    fn a_row_has_limits() {
        let long = "x".repeat(RECORD_MAX_BYTES + 10);
        check(
            format!("a,b\n{long},2\n3,4\n").as_bytes(),
            &[
                (1, Ok(&["a", "b"])),
                (2, Err(Malformed::TooLong)),
                (3, Ok(&["3", "4"])),
            ],
        );
        let many = format!("a,b\n\"{}\",2\n", "\n".repeat(RECORD_LINES_MAX));
        let got = read(many.as_bytes(), SHAPE);
        assert_eq!(got[1].cells, Err(Malformed::Quotes));
    }

    proptest! {
        /// Whatever the bytes: no row is lost between two that can be read, and nothing panics.
        #[test]
        fn any_bytes(bytes in prop::collection::vec(prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'\r'), any::<u8>()], 0..300)) {
            let mut surveying = Surveying::default();
            surveying.add(&bytes);
            if let Ok(shape) = surveying.finish().shape(None, None) {
                let rows = read(&bytes[shape.skip..], shape);
                prop_assert!(rows.windows(2).all(|pair| pair[0].row < pair[1].row));
            }
        }

        /// A damaged row between good ones never takes a neighbour with it.
        #[test]
        fn good_rows_survive_a_bad_one(bad in "[^\n\r\0]{0,40}") {
            let text = format!("email,name\na@x.example,Ada\n{bad}\nb@x.example,Bob\nc@x.example,Cy\n");
            let rows = read(text.as_bytes(), SHAPE);
            let good = |cells: [&str; 2]| {
                let cells = cells.map(str::to_owned).to_vec();
                rows.iter().any(|row| row.cells.as_ref() == Ok(&cells))
            };
            prop_assert!(good(["a@x.example", "Ada"]));
            prop_assert!(good(["b@x.example", "Bob"]) && good(["c@x.example", "Cy"]), "{:?}", rows);
        }
    }
}
