//! Where plugins come from, whose they are, and which ones this host runs.
//!
//! ```text
//!  file, folder ──┐
//!                 ├─▶ fetch ─▶ signature judged ─▶ Fetched ─▶ (the administrator approves) ─▶ Shelf, Lock
//!  registry ──────┘
//!  author: generate_key, sign, push ─▶ registry
//! ```
//! In: a `Source`, as typed, and the `Supply` that the configuration describes. Out: bytes of which it is
//! known where they lay, by which digest, and who signed them; or a refusal that says what to do.
//! `Lock` is what the administrator keeps in version control, `Shelf` the components themselves;
//! `drift` tells where store, lock and shelf disagree. Never here: running a component, deciding what
//! it may do, the database.

mod atomic;
mod drift;
mod files;
mod keys;
mod lock;
mod oci;
mod pack;
mod registries;
mod shelf;
mod signature;
mod source;

pub use drift::{Difference, Drift, drift};
pub use files::FileError;
pub use keys::{KeyError, KeyPair, sign};
pub use lock::{LOCK_FILE, Lock, LockError, Locked};
pub use oci::{Pushed, RegistryError};
pub use pack::{PackError, pack};
pub use registries::{Login, Registries, Registry};
pub use shelf::{Shelf, ShelfError};
pub use signature::{
    PublisherKey, SIGNATURE_EXTENSION, SIGNATURE_MAX_BYTES, SignatureError, Signer, Trust,
};
pub use source::{Pick, Source, SourceError};

use std::path::Path;

use secrecy::SecretString;

use crate::domain::component::{Component, ComponentError};
use crate::domain::{Instant, digest};

/// What the administrator configured about getting plugins.
#[derive(Debug, Clone)]
pub struct Supply {
    pub trust: Trust,
    pub registries: Registries,
    pub limits: Limits,
}

/// How large a component may be, and how long getting it may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// `sandbox.component_max_bytes`.
    pub component_max_bytes: usize,
    /// To connect to a registry, and between two parts of what it sends.
    pub connect_timeout_ms: u64,
    /// For everything that one plugin takes to be pulled or pushed.
    pub transfer_timeout_ms: u64,
}

/// A component that was fetched, and whose signature was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub wasm: Vec<u8>,
    /// `sha256:…` of the component.
    pub digest: String,
    /// What it was fetched from: the file, or the reference by digest.
    pub resolved: String,
    /// `sha256:…` of the artifact's manifest, where it came from a registry: what its tag stood for.
    pub manifest_digest: Option<String>,
    /// The text of the signature that came with it.
    pub signature: Option<String>,
    pub signer: Signer,
}

/// Why a plugin cannot be had from a source, or not be pushed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error("{resolved} is refused: {error}")]
    Signature {
        resolved: String,
        error: SignatureError,
    },
    #[error("the plugin cannot be pushed: {0}")]
    Component(#[from] ComponentError),
    #[error(
        "{resolved} is not what followup.lock has of {plugin}: it {differs}; get the locked one back at its source, or add and approve the plugin anew"
    )]
    NotAsLocked {
        plugin: String,
        resolved: String,
        differs: String,
    },
}

/// Gets the component and judges its signature. Reads files where it stands: call it where that may
/// block.
pub async fn fetch(source: &Source, supply: &Supply) -> Result<Fetched, Error> {
    let component_max_bytes = supply.limits.component_max_bytes;
    let found = match source {
        Source::File(file) => Lying::from(files::read(file, component_max_bytes)?),
        Source::Folder { folder, pick } => {
            Lying::from(files::pick(folder, pick.as_ref(), component_max_bytes)?)
        }
        Source::Registry(reference) => {
            Lying::from(oci::pull(reference, &supply.registries, &supply.limits).await?)
        }
    };
    let signer = supply
        .trust
        .judge(&found.wasm, found.signature.as_deref(), source.is_remote())
        .map_err(|error| Error::Signature {
            resolved: found.resolved.clone(),
            error,
        })?;
    Ok(Fetched {
        digest: digest::of_bytes(&found.wasm),
        wasm: found.wasm,
        resolved: found.resolved,
        manifest_digest: found.manifest_digest,
        signature: found.signature,
        signer,
    })
}

/// Gets what the lock has, from where it was had before: the same bytes, signed by the same publisher,
/// or nothing. For a machine that lacks them.
pub async fn fetch_locked(
    locked: &Locked,
    supply: &Supply,
    folder: &Path,
) -> Result<Fetched, Error> {
    let source = Source::parse(&locked.resolved, folder)?;
    let fetched = fetch(&source, supply).await?;
    let signer = fetched.signer.name();
    let differs = if fetched.digest != locked.digest {
        format!("has the digest {}, not {}", fetched.digest, locked.digest)
    } else if signer != locked.signer.as_deref() {
        format!(
            "is signed by {}, not {}",
            signer.unwrap_or("no publisher"),
            locked.signer.as_deref().unwrap_or("no publisher")
        )
    } else {
        return Ok(fetched);
    };
    Err(Error::NotAsLocked {
        plugin: format!("{} {}", locked.id, locked.version),
        resolved: fetched.resolved,
        differs,
    })
}

/// Pushes a packed plugin under `reference` (`HOST/REPOSITORY:TAG`), its signature beside it.
pub async fn push(
    reference: &str,
    wasm: Vec<u8>,
    signature: Option<&str>,
    now: Instant,
    supply: &Supply,
) -> Result<Pushed, Error> {
    let reference = source::reference_of(reference.strip_prefix("oci://").unwrap_or(reference))?;
    let component = Component::read(&wasm)?;
    let pushed = oci::push(
        &reference,
        (wasm, &component),
        signature,
        now,
        &supply.registries,
        &supply.limits,
    );
    Ok(pushed.await?)
}

/// A key pair for a publisher.
pub fn generate_key(password: Option<&SecretString>) -> Result<KeyPair, KeyError> {
    KeyPair::generate(password)
}

/// A component where it lay, not judged yet.
struct Lying {
    wasm: Vec<u8>,
    resolved: String,
    manifest_digest: Option<String>,
    signature: Option<String>,
}

impl From<files::Found> for Lying {
    fn from(found: files::Found) -> Self {
        Self {
            wasm: found.wasm,
            resolved: found.file.display().to_string(),
            manifest_digest: None,
            signature: found.signature,
        }
    }
}

impl From<oci::Pulled> for Lying {
    fn from(pulled: oci::Pulled) -> Self {
        Self {
            wasm: pulled.wasm,
            resolved: pulled.resolved,
            manifest_digest: Some(pulled.manifest_digest),
            signature: pulled.signature,
        }
    }
}
