//! Finds the template files beside the configuration: `templates/NAME.md` for all sequences,
//! `templates/SEQUENCE/NAME.md` for one.

use std::path::{Path, PathBuf};

use super::problem::Problem;
use super::reader::{Reader, is_slug};
use crate::compose::TEMPLATE_MAX_BYTES;

/// A template as it was found, not parsed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFile {
    pub path: PathBuf,
    /// The sequence whose folder it lies in; none where it is for all.
    pub sequence: Option<String>,
    pub name: String,
    pub source: String,
}

/// The most template files of one deployment.
const FILES_MAX: usize = 10_000;

const FOLDER: &str = "templates";

pub(super) fn read_all(reader: &Reader<'_>) -> Vec<TemplateFile> {
    let mut files = Vec::new();
    let root = reader.folder.join(FOLDER);
    if root.is_dir() {
        add_folder(reader, &root, None, &mut files);
    }
    files
}

/// Reads a folder of templates and, at the top, the folders of the sequences in it.
fn add_folder(
    reader: &Reader<'_>,
    folder: &Path,
    sequence: Option<&str>,
    files: &mut Vec<TemplateFile>,
) {
    let listed = folder.read_dir().and_then(|entries| {
        entries
            .take(FILES_MAX)
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()
    });
    let mut paths = match listed {
        Ok(paths) => paths,
        Err(error) => {
            let message = format!("cannot be read ({error})");
            return reader.note(Problem::error(
                folder,
                0,
                message,
                "let this user read the folder",
            ));
        }
    };
    paths.sort();
    for path in paths {
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default()
            .to_owned();
        if path.is_dir() {
            if sequence.is_none() && !stem.starts_with('.') {
                add_folder(reader, &path, Some(&stem), files);
            }
        } else if path.extension().is_some_and(|extension| extension == "md")
            && files.len() < FILES_MAX
        {
            files.extend(read(reader, path, sequence, stem));
        }
    }
}

fn read(
    reader: &Reader<'_>,
    path: PathBuf,
    sequence: Option<&str>,
    name: String,
) -> Option<TemplateFile> {
    let wrong = |message: String, remedy: &str| {
        reader.note(Problem::error(&path, 0, message, remedy));
        None
    };
    if !is_slug(&name) {
        return wrong(
            format!("{name:?} is no name for a template"),
            "use 1 to 64 lower-case letters, digits and dashes",
        );
    }
    let size = path.metadata().map_or(0, |metadata| metadata.len());
    if size > TEMPLATE_MAX_BYTES as u64 {
        return wrong(
            format!("is {size} bytes long, {TEMPLATE_MAX_BYTES} allowed"),
            "shorten it",
        );
    }
    match std::fs::read_to_string(&path) {
        Ok(source) => Some(TemplateFile {
            sequence: sequence.map(str::to_owned),
            name,
            source,
            path,
        }),
        Err(error) => wrong(
            format!("cannot be read ({error})"),
            "save it as UTF-8 text that this user may read",
        ),
    }
}
