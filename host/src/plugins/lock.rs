//! `followup.lock`: which plugin versions this host may run, byte for byte, and what was approved.
//!
//! It lies beside `followup.toml` and belongs into the same version control: a second machine gets the
//! same plugins from it, and a reviewer sees in a diff that one may do more than before. Written by
//! the commands only, sorted, the same text for the same contents.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::atomic;
use super::files::{self, FileError};
use crate::domain::install::{Install, Status};
use crate::domain::manifest::PluginKind;

/// The file's name.
pub const LOCK_FILE: &str = "followup.lock";

/// The largest lock file, in bytes: some two thousand versions.
pub const LOCK_MAX_BYTES: usize = 1024 * 1024;

/// The form of the file that this program writes, and the only one it reads.
const FORM: u32 = 1;

const HEAD: &str = "# The plugins of this host, pinned: what each is, where it came from, who signed it, and the digest of\n\
                    # what was approved. Written by `followup plugin`; keep it in version control and do not edit it.\n\n";

/// The locked versions, by id and version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    entries: BTreeMap<(String, String), Locked>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    pub id: String,
    pub version: String,
    pub kind: PluginKind,
    /// As it was asked for.
    pub source: String,
    /// What that was: the file, or the reference by digest.
    pub resolved: String,
    /// `sha256:…` of the component.
    pub digest: String,
    /// The publisher whose key signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// The digest of everything that it may do (`manifest::Asks`).
    pub approved: String,
    /// Whether it is the version that takes on what is new.
    pub active: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error(transparent)]
    Read(#[from] FileError),
    #[error("{}: {why}; get it back from version control", file.display())]
    Broken { file: PathBuf, why: String },
    #[error("{}: cannot be written ({error})", file.display())]
    Write { file: PathBuf, error: io::Error },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    form: u32,
    #[serde(default, rename = "plugin")]
    plugins: Vec<Locked>,
}

impl Lock {
    /// What the installs say: every version that somebody approved.
    pub fn of(installs: &[Install]) -> Self {
        let mut lock = Self::default();
        for install in installs.iter().filter(|it| it.status != Status::Staged) {
            lock.insert(Locked::of(install));
        }
        lock
    }

    /// Reads the file; where there is none, nothing is locked.
    pub fn read(file: &Path) -> Result<Self, LockError> {
        if !file.exists() {
            return Ok(Self::default());
        }
        let broken = |why: String| LockError::Broken {
            file: file.to_owned(),
            why,
        };
        let bytes = files::read_up_to(file, LOCK_MAX_BYTES, None)?;
        let text = String::from_utf8(bytes).map_err(|_| broken("is no text".to_owned()))?;
        Self::parse(&text).map_err(broken)
    }

    /// Puts it in the place of the file.
    pub fn write(&self, file: &Path) -> Result<(), LockError> {
        atomic::write(file, self.to_text().as_bytes()).map_err(|error| LockError::Write {
            file: file.to_owned(),
            error,
        })
    }

    pub fn get(&self, id: &str, version: &str) -> Option<&Locked> {
        self.entries.get(&(id.to_owned(), version.to_owned()))
    }

    /// In the place of what is locked of that version.
    pub fn insert(&mut self, locked: Locked) {
        let key = (locked.id.clone(), locked.version.clone());
        self.entries.insert(key, locked);
    }

    pub fn remove(&mut self, id: &str, version: &str) -> Option<Locked> {
        self.entries.remove(&(id.to_owned(), version.to_owned()))
    }

    /// By id, then version.
    pub fn iter(&self) -> impl Iterator<Item = &Locked> {
        self.entries.values()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let file = File {
            form: FORM,
            plugins: self.iter().cloned().collect(),
        };
        format!(
            "{HEAD}{}",
            toml::to_string(&file).expect("plain tables are TOML")
        )
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        if file.form != FORM {
            let form = file.form;
            return Err(format!(
                "has form {form}, and this program reads form {FORM}: use the program that wrote it"
            ));
        }
        let mut lock = Self::default();
        for locked in file.plugins {
            if lock.get(&locked.id, &locked.version).is_some() {
                return Err(format!("locks {} {} twice", locked.id, locked.version));
            }
            lock.insert(locked);
        }
        Ok(lock)
    }
}

impl Locked {
    pub fn of(install: &Install) -> Self {
        Self {
            id: install.plugin.clone(),
            version: install.version.clone(),
            kind: install.kind,
            source: install.source.clone(),
            resolved: install.resolved.clone(),
            digest: install.digest.clone(),
            signer: install.signer.clone(),
            approved: install.asks_digest.clone(),
            active: install.status == Status::Active,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::Instant;
    use crate::domain::install::Running;
    use crate::domain::manifest::Asks;

    /// An approved version of a component of these bytes.
    pub(in crate::plugins) fn install(id: &str, version: &str, wasm: &[u8]) -> Install {
        let asks = Asks::default();
        Install {
            plugin: id.to_owned(),
            version: version.to_owned(),
            kind: PluginKind::Policy,
            digest: crate::domain::digest::of_bytes(wasm),
            source: format!("r.example/{id}:1"),
            resolved: format!("r.example/{id}@sha256:00"),
            signer: Some("acme".to_owned()),
            asks_digest: asks.digest(),
            asks,
            status: Status::Approved,
            running: Running::FinishOnOld,
            added_at: Instant(0),
            approved_at: Some(Instant(0)),
            activated_at: None,
            retired_at: None,
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_sorted() {
        let mut staged = install("staged", "1.0.0", b"c");
        staged.status = Status::Staged;
        let mut unsigned = install("nudge", "1.1.0", b"b");
        unsigned.signer = None;
        let installs = [
            install("zeal", "1.0.0", b"z"),
            unsigned,
            staged,
            install("nudge", "1.0.0", b"a"),
        ];
        let lock = Lock::of(&installs);
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join(LOCK_FILE);
        assert!(Lock::read(&file).expect("none is none").is_empty());
        lock.write(&file).expect("written");
        assert_eq!(Lock::read(&file).expect("reads"), lock);
        let text = std::fs::read_to_string(&file).expect("there");
        let ids: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("version") || line.starts_with("id"))
            .collect();
        assert_eq!(
            ids,
            [
                "id = \"nudge\"",
                "version = \"1.0.0\"",
                "id = \"nudge\"",
                "version = \"1.1.0\"",
                "id = \"zeal\"",
                "version = \"1.0.0\""
            ]
        );
        assert!(
            text.starts_with("# The plugins of this host") && text.contains("\nform = 1\n"),
            "{text}"
        );
        assert_eq!(Lock::read(&file).expect("reads").to_text(), text);
        let left = std::fs::read_dir(folder.path()).expect("folder").count();
        assert_eq!(left, 1, "nothing is left of the writing");
    }

    #[test]
    fn a_file_that_is_no_lock_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join(LOCK_FILE);
        let good = Lock::of(&[install("nudge", "1.0.0", b"a")]).to_text();
        let entry = &good[good.find("[[plugin]]").expect("an entry")..];
        let check = |text: &[u8], expect: &str| {
            std::fs::write(&file, text).expect("written");
            let told = Lock::read(&file).expect_err("broken").to_string();
            assert!(told.contains(expect), "{told:?} does not say {expect:?}");
        };
        check(b"form = ", "from version control");
        check(b"form = 2\n", "reads form 1");
        check(b"", "form");
        check(&[0xff], "is no text");
        check(
            format!("{good}{entry}").as_bytes(),
            "locks nudge 1.0.0 twice",
        );
        check(good.replace("approved", "allowed").as_bytes(), "allowed");
        check(&vec![b'#'; LOCK_MAX_BYTES + 1], "larger than");
    }
}
