//! `[store]`: where state lives.

use std::path::PathBuf;

use super::reader::Section;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The `SQLite` file.
    pub path: PathBuf,
    pub commit_batch_max: usize,
    pub queue_max: usize,
    pub readers: usize,
}

impl Store {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let path = section.parsed(
            "url",
            "write sqlite: and a file, like sqlite:followup.db",
            |text| {
                let file = text.strip_prefix("sqlite:")?;
                let file = file.strip_prefix("//").unwrap_or(file);
                (!file.is_empty() && !file.starts_with(':') && !file.contains('?'))
                    .then(|| PathBuf::from(file))
            },
        );
        let store = Self {
            path: section.reader.folder.join(path),
            commit_batch_max: section.number("commit_batch_max", 10_000) as usize,
            queue_max: section.number("queue_max", 1_000_000) as usize,
            readers: section.number("readers", 64) as usize,
        };
        section.finish();
        store
    }
}
