//! Where a plugin is to be fetched from, as a person types it.
//!
//! | typed | is |
//! |---|---|
//! | `plugins/webinar.wasm` | a file |
//! | `plugins/webinar/` | a folder with one component in it |
//! | `./catalogue/webinar`, `./catalogue/webinar@1.2.0` | the plugin of that id (and version) in the folder `catalogue` |
//! | `ghcr.io/acme/webinar:1.2`, `oci://…`, `…@sha256:…` | an artifact in a registry |
//!
//! A registry is always named: a bare `webinar` is refused, since nobody could tell whose it is.

use std::fmt;
use std::path::{Path, PathBuf};

use oci_client::Reference;

/// A source that can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    /// A folder of components: its only one, or the one that is asked for.
    Folder {
        folder: PathBuf,
        pick: Option<Pick>,
    },
    Registry(Reference),
}

/// A plugin in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    pub id: String,
    pub version: Option<String>,
}

/// Why a text is no source, and what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error(
        "name a .wasm file, a folder of them, or a registry's artifact such as ghcr.io/acme/webinar:1.2"
    )]
    Empty,
    #[error("{0} is neither a file nor a folder: correct the path")]
    NoSuchPath(String),
    #[error(
        "{0:?} names no registry: write where it is, such as ghcr.io/acme/{0}; a file or folder begins with ./ or /"
    )]
    NoRegistry(String),
    #[error("{0} names no version: add one, {0}:1.2 or {0}@sha256:...")]
    NoVersion(String),
    #[error(
        "{text} is no reference of a registry ({why}): write HOST/REPOSITORY:TAG in lower-case letters"
    )]
    Reference { text: String, why: String },
    #[error(
        "{0} is a URL: download the file and name it, or name a registry's artifact such as ghcr.io/acme/webinar:1.2"
    )]
    Url(String),
}

impl Source {
    /// Reads what was typed. Paths are relative to `folder`; what is there decides between a file, a
    /// folder, and a plugin in one.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, SourceError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SourceError::Empty);
        }
        if let Some(reference) = text.strip_prefix("oci://") {
            return reference_of(reference).map(Self::Registry);
        }
        if text.contains("://") {
            return Err(SourceError::Url(text.to_owned()));
        }
        let path = folder.join(text);
        if path.is_file() {
            return Ok(Self::File(path));
        }
        if path.is_dir() {
            return Ok(Self::Folder {
                folder: path,
                pick: None,
            });
        }
        if names_a_registry(text) {
            return reference_of(text).map(Self::Registry);
        }
        if let Some(found) = in_a_catalogue(&path, text) {
            return Ok(found);
        }
        if looks_like_a_path(text) {
            return Err(SourceError::NoSuchPath(path.display().to_string()));
        }
        Err(SourceError::NoRegistry(text.to_owned()))
    }

    /// Whether it comes from a registry, so that a signature is asked for.
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Registry(_))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Folder { folder, pick: None } => write!(f, "{}", folder.display()),
            Self::Folder {
                folder,
                pick: Some(pick),
            } => write!(f, "{}", folder.join(pick.to_string()).display()),
            Self::Registry(reference) => write!(f, "{reference}"),
        }
    }
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.id),
            None => write!(f, "{}", self.id),
        }
    }
}

/// A reference with registry and version.
pub(super) fn reference_of(text: &str) -> Result<Reference, SourceError> {
    // The parser would take a bare name for one of Docker Hub, and a missing tag for `latest`.
    if !names_a_registry(text) {
        return Err(SourceError::NoRegistry(text.to_owned()));
    }
    let repository = text.split_once('/').map_or(text, |(_, rest)| rest);
    if !repository.contains([':', '@']) {
        return Err(SourceError::NoVersion(text.to_owned()));
    }
    text.parse()
        .map_err(|error: oci_client::ParseError| SourceError::Reference {
            text: text.to_owned(),
            why: error.to_string(),
        })
}

/// A host has a dot or a port, or is this machine.
fn names_a_registry(text: &str) -> bool {
    let Some((host, rest)) = text.split_once('/') else {
        return false;
    };
    let has_port = host.split_once(':').is_some_and(|(_, port)| {
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    let has_dot = host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    !rest.is_empty() && (host == "localhost" || has_port || has_dot)
}

/// `FOLDER/ID` and `FOLDER/ID@VERSION`, where the folder is there.
fn in_a_catalogue(path: &Path, text: &str) -> Option<Source> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent()?;
    let (id, version) = match name.split_once('@') {
        Some((id, version)) => (id, Some(version)),
        None => (name, None),
    };
    let is_id = !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !text.contains('/') || !folder.is_dir() || !is_id || version == Some("") {
        return None;
    }
    Some(Source::Folder {
        folder: folder.to_owned(),
        pick: Some(Pick {
            id: id.to_owned(),
            version: version.map(str::to_owned),
        }),
    })
}

fn looks_like_a_path(text: &str) -> bool {
    let is_component = Path::new(text)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("wasm"));
    is_component || text.starts_with(['.', '/', '~']) || text.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir(folder.path().join("catalogue")).expect("folder");
        std::fs::write(folder.path().join("mine.wasm"), b"").expect("file");
        let digest = format!("sha256:{}", "ab".repeat(32));
        let check = |text: &str, expect: Result<&str, &str>| {
            let found = Source::parse(text, folder.path());
            match (&found, expect) {
                (Ok(source), Ok(expect)) => {
                    let shown = source.to_string();
                    let relative = shown.strip_prefix(&folder.path().display().to_string());
                    let shown = relative.unwrap_or(&shown).trim_start_matches(['/', '.']);
                    let kind = match source {
                        Source::File(_) => "file",
                        Source::Folder { pick: None, .. } => "folder",
                        Source::Folder { .. } => "pick",
                        Source::Registry(_) => "oci",
                    };
                    assert_eq!(format!("{kind} {shown}"), expect, "{text}");
                }
                (Err(error), Err(part)) => {
                    let told = error.to_string();
                    assert!(
                        told.contains(part),
                        "{text}: {told:?} does not say {part:?}"
                    );
                }
                _ => panic!("{text}: {found:?}, not {expect:?}"),
            }
        };
        check("mine.wasm", Ok("file mine.wasm"));
        check("./mine.wasm", Ok("file mine.wasm"));
        check("catalogue", Ok("folder catalogue"));
        check("catalogue/", Ok("folder catalogue/"));
        check("catalogue/webinar", Ok("pick catalogue/webinar"));
        check(
            "./catalogue/webinar@1.2.0",
            Ok("pick catalogue/webinar@1.2.0"),
        );
        check(
            "ghcr.io/acme/webinar:1.2",
            Ok("oci ghcr.io/acme/webinar:1.2"),
        );
        check(
            "oci://ghcr.io/acme/webinar:1.2",
            Ok("oci ghcr.io/acme/webinar:1.2"),
        );
        check(
            "localhost:5000/webinar:1",
            Ok("oci localhost:5000/webinar:1"),
        );
        check(
            &format!("ghcr.io/a/b@{digest}"),
            Ok(&format!("oci ghcr.io/a/b@{digest}")),
        );
        check(
            &format!("ghcr.io/a/b:1@{digest}"),
            Ok(&format!("oci ghcr.io/a/b:1@{digest}")),
        );
        check(" ", Err("name a .wasm file"));
        check("webinar", Err("ghcr.io/acme/webinar"));
        check("webinar:1.2", Err("names no registry"));
        check("oci://webinar:1.2", Err("names no registry"));
        check("acme/webinar:1.2", Err("neither a file nor a folder"));
        check("ghcr.io/acme/webinar", Err("ghcr.io/acme/webinar:1.2"));
        check("ghcr.io/Acme/webinar:1.2", Err("no reference"));
        check("ghcr.io/acme/webinar@sha256:12", Err("no reference"));
        check("https://acme.example/x.wasm", Err("is a URL"));
        check("other.wasm", Err("neither a file nor a folder"));
        check("./nowhere/webinar", Err("neither a file nor a folder"));
        check("catalogue/Webinar", Err("neither a file nor a folder"));
        check("catalogue/webinar@", Err("neither a file nor a folder"));
    }
}
