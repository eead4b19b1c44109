//! Components on this machine: a file, or one out of a folder of packed plugins.
//!
//! A folder is read flat, and a plugin is picked by what its manifest says, not by its file's name.
//! `X.wasm.minisig` beside `X.wasm` is its signature.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::signature::{SIGNATURE_EXTENSION, SIGNATURE_MAX_BYTES};
use super::source::Pick;
use crate::domain::component::{Component, ComponentError};

/// Components in one folder that are looked at.
pub const CATALOGUE_FILES_MAX: usize = 500;

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{}: cannot be read ({error})", file.display())]
    Read { file: PathBuf, error: io::Error },
    #[error("{}: is larger than {allowed} bytes{}", file.display(), remedy.map_or_else(String::new, |key| format!(": raise {key} if you trust it")))]
    TooLarge {
        file: PathBuf,
        allowed: usize,
        remedy: Option<&'static str>,
    },
    #[error("{}: its signature {SIGNATURE_EXTENSION} file is no text", file.display())]
    SignatureNoText { file: PathBuf },
    #[error("{}: {error}", file.display())]
    NoPlugin {
        file: PathBuf,
        error: ComponentError,
    },
    #[error("{} has no .wasm file: name another folder, or a file", folder.display())]
    Empty { folder: PathBuf },
    #[error("{} has more than {CATALOGUE_FILES_MAX} .wasm files: name one of them", folder.display())]
    TooMany { folder: PathBuf },
    #[error("{} has several plugins: name one, {}", folder.display(), listed(folder, plugins))]
    Several {
        folder: PathBuf,
        plugins: Vec<String>,
    },
    #[error("{} has no plugin {pick}; it has {}", folder.display(), if plugins.is_empty() { "none".to_owned() } else { plugins.join(", ") })]
    NotThere {
        folder: PathBuf,
        pick: Pick,
        plugins: Vec<String>,
    },
}

/// A component as it lies there.
#[derive(Debug)]
pub(super) struct Found {
    pub wasm: Vec<u8>,
    pub signature: Option<String>,
    pub file: PathBuf,
}

/// The component and the signature beside it.
pub(super) fn read(file: &Path, component_max_bytes: usize) -> Result<Found, FileError> {
    let wasm = read_up_to(
        file,
        component_max_bytes,
        Some("sandbox.component_max_bytes"),
    )?;
    Ok(Found {
        wasm,
        signature: signature_beside(file)?,
        file: file.canonicalize().unwrap_or_else(|_| file.to_owned()),
    })
}

/// The one plugin of the folder, or the one that `pick` names.
pub(super) fn pick(
    folder: &Path,
    pick: Option<&Pick>,
    component_max_bytes: usize,
) -> Result<Found, FileError> {
    let files = components_of(folder)?;
    let Some(pick) = pick else {
        return match &files[..] {
            [] => Err(FileError::Empty {
                folder: folder.to_owned(),
            }),
            [file] => read(file, component_max_bytes),
            _ => Err(FileError::Several {
                folder: folder.to_owned(),
                plugins: plugins_of(&files, component_max_bytes)
                    .map(|(_, plugin)| plugin.to_string())
                    .collect(),
            }),
        };
    };
    let plugins: Vec<_> = plugins_of(&files, component_max_bytes).collect();
    let fits = |plugin: &Pick| {
        plugin.id == pick.id && (pick.version.is_none() || plugin.version == pick.version)
    };
    let mut fitting = plugins.iter().filter(|(_, plugin)| fits(plugin));
    match (fitting.next(), fitting.next()) {
        (Some((file, _)), None) => read(file, component_max_bytes),
        (Some(_), Some(_)) => Err(FileError::Several {
            folder: folder.to_owned(),
            plugins: names(&plugins, |plugin| plugin.id == pick.id),
        }),
        (None, _) => Err(FileError::NotThere {
            folder: folder.to_owned(),
            pick: pick.clone(),
            plugins: names(&plugins, |_| true),
        }),
    }
}

fn names(plugins: &[(&PathBuf, Pick)], which: impl Fn(&Pick) -> bool) -> Vec<String> {
    let which = plugins.iter().filter(|(_, plugin)| which(plugin));
    which.map(|(_, plugin)| plugin.to_string()).collect()
}

fn listed(folder: &Path, plugins: &[String]) -> String {
    let paths = plugins.iter().map(|plugin| folder.join(plugin));
    let paths: Vec<_> = paths.map(|path| path.display().to_string()).collect();
    paths.join(" or ")
}

/// The files that are plugins, each with its id and version. What is none of ours is passed over.
fn plugins_of(
    files: &[PathBuf],
    component_max_bytes: usize,
) -> impl Iterator<Item = (&PathBuf, Pick)> {
    files.iter().filter_map(move |file| {
        let wasm = read_up_to(file, component_max_bytes, None).ok()?;
        let manifest = Component::read(&wasm).ok()?.manifest;
        let plugin = Pick {
            id: manifest.id,
            version: Some(manifest.version),
        };
        Some((file, plugin))
    })
}

fn components_of(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let unread = |error| FileError::Read {
        file: folder.to_owned(),
        error,
    };
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(unread)? {
        let file = entry.map_err(unread)?.path();
        let is_component = file
            .extension()
            .is_some_and(|extension| extension == "wasm");
        if is_component && file.is_file() {
            files.push(file);
        }
        if files.len() > CATALOGUE_FILES_MAX {
            return Err(FileError::TooMany {
                folder: folder.to_owned(),
            });
        }
    }
    files.sort();
    Ok(files)
}

fn signature_beside(file: &Path) -> Result<Option<String>, FileError> {
    let file = file.with_added_extension(SIGNATURE_EXTENSION);
    if !file.exists() {
        return Ok(None);
    }
    let text = read_up_to(&file, SIGNATURE_MAX_BYTES, None)?;
    match String::from_utf8(text) {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(FileError::SignatureNoText { file }),
    }
}

/// The whole file, if it has no more bytes than that.
pub(super) fn read_up_to(
    file: &Path,
    allowed: usize,
    remedy: Option<&'static str>,
) -> Result<Vec<u8>, FileError> {
    let unread = |error| FileError::Read {
        file: file.to_owned(),
        error,
    };
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|open| open.take(allowed as u64 + 1).read_to_end(&mut bytes))
        .map_err(unread)?;
    if bytes.len() > allowed {
        return Err(FileError::TooLarge {
            file: file.to_owned(),
            allowed,
            remedy,
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::domain::component::tests::plugin;

    #[test]
    fn a_plugin_out_of_a_folder() {
        let folder = tempfile::tempdir().expect("folder");
        let put = |name: &str, bytes: &[u8]| {
            fs::write(folder.path().join(name), bytes).expect("written");
        };
        let check = |id: Option<&str>, version: Option<&str>, expect: Result<&str, &str>| {
            let asked = id.map(|id| Pick {
                id: id.to_owned(),
                version: version.map(str::to_owned),
            });
            let found = pick(folder.path(), asked.as_ref(), 10_000);
            match (&found, expect) {
                (Ok(found), Ok(name)) => assert!(found.file.ends_with(name), "{found:?}"),
                (Err(error), Err(part)) => {
                    let told = error.to_string();
                    assert!(told.contains(part), "{told:?} does not say {part:?}");
                }
                _ => panic!("{id:?} {version:?}: {found:?}, not {expect:?}"),
            }
        };
        check(None, None, Err("has no .wasm file"));
        check(Some("nudge"), None, Err("has no plugin nudge; it has none"));
        put("a.wasm", &plugin("nudge", "1.0.0"));
        put("readme.md", b"not a plugin");
        check(None, None, Ok("a.wasm"));
        check(Some("nudge"), None, Ok("a.wasm"));
        put("b.wasm", &plugin("nudge", "1.1.0"));
        put("c.wasm", &plugin("webinar", "2.0.0"));
        put("d.wasm", b"no component");
        put("e.wasm", &vec![0; 10_001]);
        check(None, None, Err("nudge@1.1.0 or "));
        check(Some("nudge"), None, Err("several plugins: name one, "));
        check(Some("nudge"), Some("1.1.0"), Ok("b.wasm"));
        check(Some("webinar"), None, Ok("c.wasm"));
        check(
            Some("webinar"),
            Some("3.0.0"),
            Err("has no plugin webinar@3.0.0; it has nudge@1.0.0, "),
        );
    }

    #[test]
    fn a_file_and_what_lies_beside_it() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("x.wasm");
        assert!(matches!(read(&file, 10), Err(FileError::Read { .. })));
        fs::write(&file, [7; 10]).expect("written");
        assert_eq!(read(&file, 10).expect("fits").signature, None);
        let told = read(&file, 9).expect_err("too large").to_string();
        assert!(told.contains("raise sandbox.component_max_bytes"), "{told}");
        let beside = folder.path().join("x.wasm.minisig");
        fs::write(&beside, "signed").expect("written");
        let found = read(&file, 10).expect("fits");
        assert_eq!(found.signature.as_deref(), Some("signed"));
        fs::write(&beside, [0xff]).expect("written");
        assert!(matches!(
            read(&file, 10),
            Err(FileError::SignatureNoText { .. })
        ));
        fs::write(&beside, vec![b' '; SIGNATURE_MAX_BYTES + 1]).expect("written");
        assert!(matches!(read(&file, 10), Err(FileError::TooLarge { .. })));
    }
}
