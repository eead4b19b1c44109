//! `[plugins]`: components beside the built-in ones: where they lie, where they may come from, and
//! whose signatures count.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::plugins::{
    LOCK_FILE, Limits, Login, PublisherKey, Registries, Registry, Shelf, Supply, Trust,
};

use super::places::token;
use super::reader::{Section, is_slug};

/// The longest time-out, in milliseconds: an hour.
const TIMEOUT_MAX_MS: u64 = 3_600_000;

#[derive(Debug, Clone)]
pub struct Plugins {
    /// Taken as they lie there, unsigned and not locked: for development.
    pub files: Vec<PathBuf>,
    /// The folder of installed components.
    pub folder: PathBuf,
    /// `followup.lock`, beside the configuration.
    pub lock: PathBuf,
    pub supply: Supply,
}

impl Plugins {
    pub(super) fn read(section: &Section<'_>, component_max_bytes: usize) -> Self {
        let plugins = Self {
            files: files(section),
            folder: section.path("folder"),
            lock: section.reader.folder.join(LOCK_FILE),
            supply: Supply {
                trust: Trust {
                    require_signature: section.boolean("require_signature"),
                    publishers: publishers(&section.section("publishers")),
                },
                registries: Registries {
                    by_host: registries(&section.section("registries")),
                    docker_config: docker_config(section),
                },
                limits: Limits {
                    component_max_bytes,
                    connect_timeout_ms: section.number("connect_timeout_ms", TIMEOUT_MAX_MS),
                    transfer_timeout_ms: section.number("transfer_timeout_ms", TIMEOUT_MAX_MS),
                },
            },
        };
        section.finish();
        plugins
    }

    /// The folder of installed components, ready to be read.
    pub fn shelf(&self) -> Shelf {
        let component_max_bytes = self.supply.limits.component_max_bytes;
        Shelf::new(self.folder.clone(), component_max_bytes)
    }
}

fn files(section: &Section<'_>) -> Vec<PathBuf> {
    let files = section.list("files", "write a path to a .wasm file", |text| {
        (!text.is_empty()).then(|| section.reader.folder.join(text))
    });
    for (index, file) in files.iter().enumerate() {
        if !file.is_file() {
            let message = format!("names {}, which is no file", file.display());
            section.problem(
                &format!("files/{index}"),
                &message,
                "correct the path, relative to this file's folder",
            );
        }
    }
    files
}

fn publishers(section: &Section<'_>) -> BTreeMap<String, PublisherKey> {
    let mut publishers = BTreeMap::new();
    for (name, _) in section.table().into_iter().flat_map(|table| table.iter()) {
        if !is_slug(name) {
            let remedy = "use 1 to 64 lower-case letters, digits and dashes";
            section.problem(&token(name), "is no name", remedy);
        }
        let remedy = "write the line of the publisher's .pub file that begins with RW";
        let key = section.optional_parsed(name, remedy, PublisherKey::parse);
        publishers.extend(key.map(|key| (name.to_owned(), key)));
    }
    section.finish();
    publishers
}

fn registries(section: &Section<'_>) -> BTreeMap<String, Registry> {
    let name = (
        is_host as fn(&str) -> bool,
        "write the host as references name it: \"ghcr.io\", \"127.0.0.1:5000\"",
    );
    let named = section.named_as(name, |_, _| "NAME".to_owned());
    let read = |(host, section): (String, Section<'_>)| {
        let registry = Registry {
            plain_http: section.boolean("plain_http"),
            login: login(&section),
        };
        section.finish();
        (host, registry)
    };
    named.into_iter().map(read).collect()
}

fn login(section: &Section<'_>) -> Option<Login> {
    let username = section.optional_text("username");
    let password = section.optional_secret("password");
    match (section.wrote("username"), section.wrote("password")) {
        (true, false) => section.problem(
            "username",
            "stands without a password",
            "add password = \"env:REGISTRY_PASSWORD\"",
        ),
        (false, true) => section.problem(
            "password",
            "stands without a username",
            "add username = \"...\"; registries with access tokens take any name",
        ),
        _ => {}
    }
    Some(Login {
        username: username?,
        password: password?,
    })
}

fn is_host(name: &str) -> bool {
    let (host, port) = match name.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (name, None),
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-';
    (1..=255).contains(&host.len()) && host.bytes().all(plain) && port.is_none_or(is_port)
}

/// Where `docker login` writes: the folder `DOCKER_CONFIG`, else `.docker` at home.
fn docker_config(section: &Section<'_>) -> Option<PathBuf> {
    let env = |name: &str| (section.reader.env)(name).filter(|value| !value.is_empty());
    let folder = env("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env("HOME")?).join(".docker")))?;
    Some(folder.join("config.json"))
}
