//! Working folders of the servers, on a disk: one fresh folder per measurement.

use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::TempDir;

use crate::people::SECRET;

const CONFIG: &str = include_str!("../followup.toml");
const HELLO: &str = include_str!("../hello.md");

/// What a person who asks for prices brings about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Steps {
    /// A mail at once.
    AtOnce,
    /// A mail two days later.
    InTwoDays,
    /// A mail months later: sleeps.
    MuchLater,
}

impl Steps {
    fn text(self) -> &'static str {
        match self {
            Self::AtOnce => {
                r#"{ template = "hello" }, { template = "hello", after_business_days = 2 }"#
            }
            Self::InTwoDays => {
                r#"{ template = "hello", after_business_days = 2 }, { template = "hello", after_business_days = 2 }"#
            }
            Self::MuchLater => r#"{ template = "hello", after_business_days = 200 }"#,
        }
    }
}

/// Where folders are made.
pub(crate) struct Folder {
    place: PathBuf,
    /// Of all measurements: compiled plugins are kept.
    cache: PathBuf,
    keep: bool,
}

/// One server's.
pub(crate) struct Site {
    folder: TempDir,
}

impl Folder {
    pub(crate) fn new(place: Option<&Path>, keep: bool) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let place = place.map_or_else(|| program.with_file_name("load-runs"), Path::to_owned);
        let cache = place.join("cache");
        std::fs::create_dir_all(&cache).with_context(|| place.display().to_string())?;
        let cache = cache.canonicalize()?;
        Ok(Self { place, cache, keep })
    }

    /// A folder with a configuration; mails go to `provider` and leave in `window`.
    pub(crate) fn site(&self, steps: Steps, provider: &str, window: &str) -> anyhow::Result<Site> {
        let mut folder = TempDir::new_in(&self.place)?;
        folder.disable_cleanup(self.keep);
        let config = CONFIG
            .replace("@cache@", &self.cache.display().to_string())
            .replace("@provider@", provider)
            .replace("@window@", window)
            .replace("@steps@", steps.text());
        let site = Site { folder };
        std::fs::create_dir(site.path("templates"))?;
        std::fs::write(site.path("followup.toml"), config)?;
        std::fs::write(site.path("templates/hello.md"), HELLO)?;
        std::fs::write(site.path("secret"), SECRET)?;
        Ok(site)
    }
}

impl Site {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("followup.toml")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("followup.db")
    }
}
