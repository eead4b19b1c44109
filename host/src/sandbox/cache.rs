//! Compiled components on disk, so that a start compiles nothing twice.
//!
//! A compiled component is native code: whoever writes one here runs as us. So the folder is ours
//! alone (0700), each file begins with a tag made with a key that never leaves the folder, and the
//! very bytes whose tag was checked are the ones that are loaded. Whatever is wrong with the folder
//! or a file means compiling again, never failing; nothing compiled is ever taken from elsewhere.

use std::fs::{self, DirBuilder, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use wasmtime::Engine;
use wasmtime::component::Component;

const KEY_FILE: &str = "key";
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 32;
const EXTENSION: &str = "cwasm";

pub(super) struct Cache {
    dir: PathBuf,
    key: hmac::Key,
    files_max: usize,
}

impl Cache {
    /// Opens the folder, making it and its key where they are missing.
    pub(super) fn open(dir: &Path, files_max: usize) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        // Fails, and with it the cache, where the folder belongs to somebody else.
        fs::set_permissions(dir, Permissions::from_mode(0o700))?;
        let secret = read_key(dir).or_else(|_| make_key(dir))?;
        Ok(Self {
            dir: dir.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &secret),
            files_max,
        })
    }

    /// The compiled form of the component with this digest, where it is here and untouched.
    pub(super) fn load(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let name = file_name(engine, digest);
        let bytes = fs::read(self.dir.join(&name)).ok()?;
        let (tag, code) = bytes.split_at_checked(TAG_BYTES)?;
        if hmac::verify(&self.key, &signed(&name, code), tag).is_err() {
            tracing::warn!(file = %name, "compiled plugin was changed on disk: compiling it again");
            return None;
        }
        // The tag proves that these very bytes were written by `store` under this name.
        trusted(engine, code)
            .inspect_err(|e| tracing::warn!(file = %name, error = %format!("{e:#}"), "compiled plugin is unusable: compiling it again"))
            .ok()
    }

    /// Whether a file is there; only loading it tells whether it was left alone.
    pub(super) fn has(&self, engine: &Engine, digest: &str) -> bool {
        self.dir.join(file_name(engine, digest)).is_file()
    }

    /// Keeps compiled code; on trouble the next start compiles again.
    pub(super) fn store(&self, engine: &Engine, digest: &str, code: &[u8]) {
        let name = file_name(engine, digest);
        if let Err(error) = self.try_store(&name, code) {
            tracing::warn!(file = %name, %error, "compiled plugin could not be kept");
        }
    }

    fn try_store(&self, name: &str, code: &[u8]) -> io::Result<()> {
        let tag = hmac::sign(&self.key, &signed(name, code));
        // A temporary file is 0600 and nobody sees it half written.
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(tag.as_ref())?;
        file.write_all(code)?;
        file.persist(self.dir.join(name))?;
        self.prune()?;
        Ok(())
    }

    /// Removes the oldest files over the limit.
    fn prune(&self) -> io::Result<()> {
        let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|e| e == EXTENSION) {
                files.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        files.sort_unstable();
        let excess = files.len().saturating_sub(self.files_max);
        for (_, path) in &files[..excess] {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

/// Native code that was compiled by us: by this process or its child just now, or by an earlier one
/// that tagged it.
#[expect(
    unsafe_code,
    reason = "every caller knows where the code comes from; wasmtime refuses another engine's by itself"
)]
pub(super) fn trusted(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    unsafe { Component::deserialize(engine, code) }
}

/// Named after what it was made from and what can run it.
fn file_name(engine: &Engine, digest: &str) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let digest = digest.trim_start_matches("sha256:");
    format!("{digest}-{:016x}.{EXTENSION}", hasher.finish())
}

/// The name is part of it: one component's code under another's name is refused.
fn signed(name: &str, code: &[u8]) -> Vec<u8> {
    crate::domain::digest::sha256(&[name.as_bytes(), code]).to_vec()
}

fn read_key(dir: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let bytes = fs::read(dir.join(KEY_FILE))?;
    bytes
        .try_into()
        .map_err(|_| io::Error::other("the cache's key is damaged"))
}

/// A new key: what was compiled under an older one no longer counts. Of two processes that start at
/// once the first makes it, and the second takes it over.
fn make_key(dir: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    SystemRandom::new()
        .fill(&mut key)
        .map_err(|_| io::Error::other("no randomness"))?;
    let path = dir.join(KEY_FILE);
    if path.exists() {
        fs::remove_file(&path)?;
    }
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(&key)?;
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(key),
        Err(_) => read_key(dir),
    }
}
