//! Going over to a version: what has to hold before, and doing it.

use anyhow::bail;

use super::candidate::Candidate;
use super::desk::{Desk, act, named};
use crate::cli::block_on;
use crate::config;
use crate::domain::component::Component;
use crate::domain::install::{Install, Running, Status};
use crate::domain::manifest::Manifest;
use crate::plugins::Shelf;
use crate::store::DEFAULT_TENANT;
use crate::store::installs::Moved;

/// Whether everything it asks for was approved of the version that runs.
pub(super) fn asks_no_more(desk: &Desk, candidate: &Candidate) -> anyhow::Result<bool> {
    Ok(match desk.active(&candidate.manifest.id)? {
        Some(active) => candidate.asks.beyond(&active.asks).is_empty(),
        None => false,
    })
}

/// The configuration has to be right with it, as far as it is with what runs now.
pub(super) fn check(desk: &Desk, manifest: &Manifest) -> anyhow::Result<()> {
    let mut manifests = running(desk)?;
    let before = problems(desk, &manifests);
    manifests.retain(|other| other.id != manifest.id);
    manifests.push(manifest.clone());
    let mut after = problems(desk, &manifests);
    after.retain(|problem| !before.contains(problem));
    if after.is_empty() {
        return Ok(());
    }
    bail!(
        "the configuration does not fit {} {}, which is left approved and does not run:\n{}",
        manifest.id,
        manifest.version,
        after.join("\n")
    )
}

fn problems(desk: &Desk, manifests: &[Manifest]) -> Vec<String> {
    match config::validate(&desk.config, manifests) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

/// The manifests of what runs now.
fn running(desk: &Desk) -> anyhow::Result<Vec<Manifest>> {
    let mut manifests = Vec::new();
    for (_, wasm) in crate::embedded::EMBEDDED {
        manifests.push(Component::read(wasm)?.manifest);
    }
    for file in &desk.config.plugins.files {
        manifests.push(Component::read(&std::fs::read(file)?)?.manifest);
    }
    for install in desk.installs()? {
        if install.status == Status::Active {
            manifests.push(manifest_of(&desk.shelf, &install)?);
        }
    }
    Ok(manifests)
}

pub(in crate::cli::plugin) fn manifest_of(
    shelf: &Shelf,
    install: &Install,
) -> anyhow::Result<Manifest> {
    let wasm = shelf.get(&install.plugin, &install.version, &install.digest)?;
    Ok(Component::read(&wasm)?.manifest)
}

pub(super) fn activate(desk: &Desk, install: &Install, running: Running) -> anyhow::Result<Moved> {
    let done = desk
        .store
        .activate(DEFAULT_TENANT, named(install), running, act());
    Ok(block_on(done)??)
}

/// What became of enrollments, in a sentence or two.
pub(super) fn told(moved: &Moved) -> String {
    let mut parts = Vec::new();
    if moved.restarted > 0 {
        parts.push(format!("{} began anew", moved.restarted));
    }
    if moved.restored > 0 {
        parts.push(format!(
            "{} are what they were before the later version",
            moved.restored
        ));
    }
    if moved.elsewhere > 0 {
        parts.push(format!("{} run on another version", moved.elsewhere));
    }
    if parts.is_empty() {
        "no enrollment was running".to_owned()
    } else {
        format!("of running enrollments, {}", parts.join(", "))
    }
}
