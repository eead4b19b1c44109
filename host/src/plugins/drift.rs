//! Where the store, `followup.lock` and the folder of components disagree.
//!
//! Looked at before anything is loaded. What the lock says was reviewed; whatever else is there was
//! not, so a host with drift does not start.

use std::fmt;

use super::lock::{Lock, Locked};
use super::shelf::{Shelf, ShelfError};
use crate::domain::install::{Install, Status};

/// One disagreement about one version. Shown, it is a sentence with its remedy.
#[derive(Debug)]
pub struct Drift {
    pub plugin: String,
    pub version: String,
    pub difference: Difference,
}

/// What differs. Values are of the lock first, then of the store.
#[derive(Debug)]
pub enum Difference {
    NotLocked,
    Digest {
        locked: String,
        installed: String,
    },
    Approved {
        locked: String,
        installed: String,
    },
    Signer {
        locked: Option<String>,
        installed: Option<String>,
    },
    /// The component's file is missing, was changed, or cannot be read.
    Component(ShelfError),
    NotInstalled {
        source: String,
    },
}

/// Everything that differs, by plugin and version. Staged versions run nowhere and are in no lock.
pub fn drift(lock: &Lock, installs: &[Install], shelf: &Shelf) -> Vec<Drift> {
    let mut found = Vec::new();
    let approved = || installs.iter().filter(|it| it.status != Status::Staged);
    for install in approved() {
        let differences = match lock.get(&install.plugin, &install.version) {
            Some(locked) => against(locked, install, shelf),
            None => vec![Difference::NotLocked],
        };
        found.extend(differences.into_iter().map(|difference| Drift {
            plugin: install.plugin.clone(),
            version: install.version.clone(),
            difference,
        }));
    }
    for locked in lock.iter() {
        let is_installed =
            approved().any(|it| it.plugin == locked.id && it.version == locked.version);
        if !is_installed {
            found.push(Drift {
                plugin: locked.id.clone(),
                version: locked.version.clone(),
                difference: Difference::NotInstalled {
                    source: locked.source.clone(),
                },
            });
        }
    }
    found.sort_by(|a, b| (&a.plugin, &a.version).cmp(&(&b.plugin, &b.version)));
    found
}

fn against(locked: &Locked, install: &Install, shelf: &Shelf) -> Vec<Difference> {
    let mut differences = Vec::new();
    if locked.digest != install.digest {
        differences.push(Difference::Digest {
            locked: locked.digest.clone(),
            installed: install.digest.clone(),
        });
    } else if let Err(error) = shelf.get(&locked.id, &locked.version, &locked.digest) {
        differences.push(Difference::Component(error));
    }
    if locked.approved != install.asks_digest {
        differences.push(Difference::Approved {
            locked: locked.approved.clone(),
            installed: install.asks_digest.clone(),
        });
    }
    if locked.signer != install.signer {
        differences.push(Difference::Signer {
            locked: locked.signer.clone(),
            installed: install.signer.clone(),
        });
    }
    differences
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, version) = (&self.plugin, &self.version);
        let signed = |name: &Option<String>| match name {
            Some(name) => format!("signed by {name}"),
            None => "not signed by a publisher".to_owned(),
        };
        write!(f, "plugin {id} {version}: ")?;
        match &self.difference {
            Difference::NotLocked => write!(
                f,
                "is installed here and not in followup.lock: get the file back from version control, or take the plugin away with `followup plugin remove {id}@{version}` and add it anew"
            ),
            Difference::Digest { locked, installed } => write!(
                f,
                "followup.lock has the component {locked}, installed is {installed}: the source was changed under the same version, or the lock is another host's; run `followup plugin sync` to take what is locked"
            ),
            Difference::Approved { locked, installed } => write!(
                f,
                "what may be done was approved as {locked} in followup.lock and as {installed} here: run `followup plugin show {id}@{version}`, then `followup plugin approve {id}@{version}`, or get the file back from version control"
            ),
            Difference::Signer { locked, installed } => write!(
                f,
                "it is {} in followup.lock and {} here: find out why before you run `followup plugin sync`",
                signed(locked),
                signed(installed)
            ),
            Difference::Component(error) => write!(f, "{error}"),
            Difference::NotInstalled { source } => write!(
                f,
                "is in followup.lock (from {source}) and not installed here: run `followup plugin sync`"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::lock::tests::install;

    #[test]
    fn every_way_to_disagree_is_told_with_its_remedy() {
        let folder = tempfile::tempdir().expect("folder");
        let shelf = Shelf::new(folder.path().to_owned(), 100);
        let good = install("nudge", "1.0.0", b"wasm");
        let file = shelf.put("nudge", "1.0.0", b"wasm", None).expect("put");
        let check = |lock: &Lock, installs: &[Install], expect: &[&str]| {
            let told: Vec<_> = drift(lock, installs, &shelf)
                .iter()
                .map(Drift::to_string)
                .collect();
            assert_eq!(told.len(), expect.len(), "{told:#?}");
            for (told, expect) in told.iter().zip(expect) {
                assert!(told.contains(expect), "{told:?} does not say {expect:?}");
            }
        };
        let lock = Lock::of(std::slice::from_ref(&good));
        let with = |change: fn(&mut Install)| {
            let mut install = good.clone();
            change(&mut install);
            [install]
        };
        check(&lock, std::slice::from_ref(&good), &[]);
        check(&lock, &with(|it| it.status = Status::Retired), &[]);
        check(&Lock::default(), &[], &[]);
        check(
            &Lock::default(),
            &with(|it| it.status = Status::Staged),
            &[],
        );
        check(
            &Lock::default(),
            std::slice::from_ref(&good),
            &["not in followup.lock: get the file back"],
        );
        check(
            &lock,
            &[],
            &["not installed here: run `followup plugin sync`"],
        );
        check(
            &lock,
            &with(|it| it.status = Status::Staged),
            &["not installed here"],
        );
        check(
            &lock,
            &with(|it| it.digest = "sha256:00".to_owned()),
            &["installed is sha256:00"],
        );
        check(
            &lock,
            &with(|it| it.asks_digest = "sha256:00".to_owned()),
            &["plugin approve nudge@1.0.0"],
        );
        check(
            &lock,
            &with(|it| it.signer = None),
            &["signed by acme in followup.lock and not signed"],
        );
        check(
            &lock,
            &with(|it| (it.signer, it.asks_digest) = (None, String::new())),
            &["was approved as", "signed by acme"],
        );
        std::fs::write(&file, b"evil").expect("written");
        check(
            &lock,
            std::slice::from_ref(&good),
            &["was changed: it has the digest sha256:"],
        );
        std::fs::remove_file(&file).expect("removed");
        check(
            &lock,
            std::slice::from_ref(&good),
            &["is missing: run `followup plugin sync`"],
        );
        check(
            &lock,
            &[
                install("zeal", "1.0.0", b"z"),
                install("alone", "1.0.0", b"a"),
            ],
            &[
                "alone 1.0.0: is installed here",
                "nudge 1.0.0: is in followup.lock",
                "zeal 1.0.0: is installed here",
            ],
        );
    }
}
