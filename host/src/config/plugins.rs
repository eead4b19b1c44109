//! `[plugins]`: policy components beside the built-in ones.

use std::path::PathBuf;

use super::reader::Section;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugins {
    pub files: Vec<PathBuf>,
}

impl Plugins {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let files = section.list("files", "write a path to a .wasm file", |text| {
            (!text.is_empty()).then(|| section.reader.folder.join(text))
        });
        for (index, file) in files.iter().enumerate() {
            if !file.is_file() {
                let message = format!("names {}, which is no file", file.display());
                section.problem(
                    &format!("files/{index}"),
                    &message,
                    "correct the path, relative to this file's folder",
                );
            }
        }
        section.finish();
        Self { files }
    }
}
