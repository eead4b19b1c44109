//! Finds the template files beside the configuration: `templates/NAME.md` for all sequences,
//! `templates/SEQUENCE/NAME.md` for one, `templates/snippets/NAME.md` for what several share, and
//! `templates/style.css`.

use std::path::{Path, PathBuf};

use super::problem::Problem;
use super::reader::{Reader, is_slug};
use crate::compose::{STYLE_MAX_BYTES, TEMPLATE_MAX_BYTES};

/// A template as it was found, not parsed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFile {
    pub path: PathBuf,
    /// The sequence whose folder it lies in; none where it is for all.
    pub sequence: Option<String>,
    pub name: String,
    pub source: String,
}

/// What lies in the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateFiles {
    pub templates: Vec<TemplateFile>,
    /// Without a sequence.
    pub snippets: Vec<TemplateFile>,
    pub style: Option<StyleFile>,
}

/// The stylesheet of the HTML parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StyleFile {
    pub path: PathBuf,
    pub source: String,
}

/// The most template files of one deployment.
const FILES_MAX: usize = 10_000;

const FOLDER: &str = "templates";
const SNIPPETS: &str = "snippets";
const STYLE: &str = "style.css";

impl TemplateFiles {
    pub(super) fn read_all(reader: &Reader<'_>) -> Self {
        let mut found = Vec::new();
        let root = reader.folder.join(FOLDER);
        if root.is_dir() {
            add_folder(reader, &root, None, &mut found);
        }
        let (snippets, templates) = found
            .into_iter()
            .partition(|file| file.sequence.as_deref() == Some(SNIPPETS));
        let style = root.join(STYLE);
        Self {
            templates,
            snippets,
            style: style.is_file().then_some(style).and_then(|path| {
                read_text(reader, &path, STYLE_MAX_BYTES).map(|source| StyleFile { path, source })
            }),
        }
    }
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
    if !is_slug(&name) {
        let message = format!("{name:?} is no name for a template");
        let remedy = "use 1 to 64 lower-case letters, digits and dashes";
        reader.note(Problem::error(&path, 0, message, remedy));
        return None;
    }
    let source = read_text(reader, &path, TEMPLATE_MAX_BYTES)?;
    Some(TemplateFile {
        sequence: sequence.map(str::to_owned),
        name,
        source,
        path,
    })
}

fn read_text(reader: &Reader<'_>, path: &Path, max_bytes: usize) -> Option<String> {
    let wrong = |message: String, remedy: &str| {
        reader.note(Problem::error(path, 0, message, remedy));
        None
    };
    let size = path.metadata().map_or(0, |metadata| metadata.len());
    if size > max_bytes as u64 {
        return wrong(
            format!("is {size} bytes long, {max_bytes} allowed"),
            "shorten it",
        );
    }
    std::fs::read_to_string(path).map_or_else(
        |error| {
            wrong(
                format!("cannot be read ({error})"),
                "save it as UTF-8 text that this user may read",
            )
        },
        Some,
    )
}
