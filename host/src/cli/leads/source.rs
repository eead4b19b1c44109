//! A CSV file on the disk: looked through once to learn how it is written, then read row by row.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressBarIter, ProgressStyle};

use crate::leads::reading::Surveying;
use crate::leads::{Encoding, Records, Shape};

/// Bytes read at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// The file that people see while it is read.
pub(in crate::cli) type Input = BufReader<ProgressBarIter<File>>;

pub(in crate::cli) struct Source<R = Input> {
    /// The file's name without its folder.
    pub(in crate::cli) name: String,
    pub(in crate::cli) digest: String,
    pub(in crate::cli) shape: Shape,
    pub(in crate::cli) headers: Vec<String>,
    /// Behind the names of the columns.
    pub(in crate::cli) records: Records<R>,
    /// How much was read; on stderr, and only where that is a terminal.
    pub(in crate::cli) bar: ProgressBar,
}

impl Source {
    pub(in crate::cli) fn open(
        path: &Path,
        encoding: Option<Encoding>,
        delimiter: Option<u8>,
    ) -> anyhow::Result<Self> {
        let shown = path.display();
        let mut file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
        let mut surveying = Surveying::default();
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let read = file.read(&mut chunk);
            match read.with_context(|| format!("{shown} cannot be read"))? {
                0 => break,
                read => surveying.add(&chunk[..read]),
            }
        }
        let survey = surveying.finish();
        let shape = survey
            .shape(encoding, delimiter)
            .with_context(|| shown.to_string())?;
        file.seek(SeekFrom::Start(shape.skip as u64))?;

        let bar = ProgressBar::new(survey.bytes).with_style(
            ProgressStyle::with_template("{bar:40} {percent:>3}%  {msg}  {eta} left")
                .expect("a template"),
        );
        let input = BufReader::with_capacity(CHUNK_BYTES, bar.wrap_read(file));
        let mut records = Records::new(input, shape);
        let Some(head) = records.next_record()? else {
            bail!("{shown} is empty");
        };
        let headers = head.cells.map_err(|e| {
            anyhow::anyhow!("{shown}: row {}, the names of the columns, {e}", head.row)
        })?;
        records.expect_cells(headers.len());
        let name = path.file_name().unwrap_or(path.as_os_str());
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            digest: survey.digest,
            shape,
            headers,
            records,
            bar,
        })
    }
}
