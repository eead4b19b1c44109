//! The components that this host has installed, as files: `plugins/ID-VERSION-DIGEST.wasm`, with the
//! signature that came with each beside it.
//!
//! What lies there is never believed: reading one back compares its digest with the one that was
//! approved.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::atomic;
use super::files::{self, FileError};
use super::signature::SIGNATURE_EXTENSION;
use crate::domain::digest;

/// Hexadecimal digits of the digest in a file's name: enough to keep two builds of a version apart.
const DIGEST_DIGITS: usize = 12;

/// The folder of installed components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    folder: PathBuf,
    component_max_bytes: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    #[error("{}: cannot be written ({error})", file.display())]
    Write { file: PathBuf, error: io::Error },
    #[error("{} is missing: run `followup plugin sync`", file.display())]
    Missing { file: PathBuf },
    #[error(transparent)]
    Read(#[from] FileError),
    #[error(
        "{} was changed: it has the digest {found}, installed was {expect}; run `followup plugin sync`",
        file.display()
    )]
    Tampered {
        file: PathBuf,
        found: String,
        expect: String,
    },
}

impl Shelf {
    /// The folder need not be there yet.
    pub fn new(folder: PathBuf, component_max_bytes: usize) -> Self {
        Self {
            folder,
            component_max_bytes,
        }
    }

    /// Where the component of that version and digest (`sha256:…`) lies.
    pub fn path(&self, id: &str, version: &str, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
        let digits: String = hex.chars().take(DIGEST_DIGITS).collect();
        let name: String = format!("{id}-{version}-{digits}")
            .chars()
            .map(|c| if is_plain(c) { c } else { '_' })
            .collect();
        self.folder.join(format!("{name}.wasm"))
    }

    /// Puts a component there, and its signature. Returns where.
    pub fn put(
        &self,
        id: &str,
        version: &str,
        wasm: &[u8],
        signature: Option<&str>,
    ) -> Result<PathBuf, ShelfError> {
        let file = self.path(id, version, &digest::of_bytes(wasm));
        let beside = signature_of(&file);
        let failed = |file: &Path| {
            let file = file.to_owned();
            move |error| ShelfError::Write { file, error }
        };
        match signature {
            Some(text) => atomic::write(&beside, text.as_bytes()).map_err(failed(&beside))?,
            None => remove(&beside).map_err(failed(&beside))?,
        }
        atomic::write(&file, wasm).map_err(failed(&file))?;
        Ok(file)
    }

    /// The component, if it is still the one with that digest.
    pub fn get(&self, id: &str, version: &str, digest: &str) -> Result<Vec<u8>, ShelfError> {
        let file = self.path(id, version, digest);
        if !file.exists() {
            return Err(ShelfError::Missing { file });
        }
        let wasm = files::read_up_to(
            &file,
            self.component_max_bytes,
            Some("sandbox.component_max_bytes"),
        )?;
        let found = digest::of_bytes(&wasm);
        if found == digest {
            Ok(wasm)
        } else {
            Err(ShelfError::Tampered {
                file,
                found,
                expect: digest.to_owned(),
            })
        }
    }

    /// Takes a component and its signature away; that it is not there is as good.
    pub fn remove(&self, id: &str, version: &str, digest: &str) -> Result<(), ShelfError> {
        let file = self.path(id, version, digest);
        for file in [signature_of(&file), file] {
            remove(&file).map_err(|error| ShelfError::Write { file, error })?;
        }
        Ok(())
    }
}

/// What may stand in a file's name. A manifest is checked for the same, but this one must not lead out
/// of the folder whatever it is given.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+')
}

fn signature_of(file: &Path) -> PathBuf {
    file.with_added_extension(SIGNATURE_EXTENSION)
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_got_back_or_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let shelf = Shelf::new(folder.path().join("plugins"), 100);
        let digest = digest::of_bytes(b"wasm");
        let get = || shelf.get("nudge", "1.0.0", &digest);
        assert!(matches!(get(), Err(ShelfError::Missing { .. })));
        let file = shelf
            .put("nudge", "1.0.0", b"wasm", Some("signed"))
            .expect("put");
        assert_eq!(file, shelf.path("nudge", "1.0.0", &digest));
        assert_eq!(get().expect("there"), b"wasm");
        let beside = signature_of(&file);
        assert_eq!(fs::read(&beside).expect("there"), b"signed");
        shelf
            .put("nudge", "1.0.0", b"wasm", None)
            .expect("put again");
        assert!(!beside.exists(), "an old signature must not stay");
        fs::write(&file, b"evil").expect("written");
        let told = get().expect_err("changed").to_string();
        assert!(
            told.contains("was changed") && told.contains("plugin sync"),
            "{told}"
        );
        fs::write(&file, vec![0; 101]).expect("written");
        assert!(matches!(get(), Err(ShelfError::Read(_))));
        for _ in 0..2 {
            shelf.remove("nudge", "1.0.0", &digest).expect("removed");
        }
        assert!(matches!(get(), Err(ShelfError::Missing { .. })));
    }

    #[test]
    fn a_name_stays_in_the_folder() {
        let shelf = Shelf::new(PathBuf::from("plugins"), 0);
        let check = |id: &str, version: &str, digest: &str, expect: &str| {
            assert_eq!(
                shelf.path(id, version, digest),
                Path::new("plugins").join(expect)
            );
        };
        check(
            "nudge",
            "1.0.0-rc.1+b",
            "sha256:0123456789abcdef",
            "nudge-1.0.0-rc.1+b-0123456789ab.wasm",
        );
        check("../x", "1/..", "sha256:../..", ".._x-1_..-.._...wasm");
    }
}
