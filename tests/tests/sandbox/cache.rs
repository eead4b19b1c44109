//! Compiled components on disk: taken back when untouched, compiled again when not.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use followup::calendar::Calendar;
use followup::sandbox::{Limits, Sandbox};
use tempfile::TempDir;

use super::{input, patient, rogue_wasm};

/// Opens a sandbox on `dir`, loads the rogue, sees that it works, and says whether it was compiled.
async fn compiles(dir: &Path, limits: Limits) -> bool {
    compiles_wasm(dir, limits, &rogue_wasm()).await
}

async fn compiles_wasm(dir: &Path, limits: Limits, wasm: &[u8]) -> bool {
    let sandbox = Sandbox::open(limits, dir).expect("an engine");
    let rogue = sandbox.load(wasm).expect("the rogue loads");
    let calendar = Arc::new(Calendar::default());
    let decided = sandbox.decide(&rogue, input("none"), &calendar).await;
    assert_eq!(decided.expect("decides").decision.reason, "behaves");
    !rogue.from_cache()
}

fn compiled_files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("the folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.extension().is_some_and(|e| e == "cwasm"))
        .collect()
}

type Change = fn(&mut Vec<u8>);

fn flip(at: usize, bytes: &mut [u8]) {
    bytes[at] ^= 1;
}

/// The one compiled file of `dir`, with `change` made to its bytes.
fn tamper(dir: &Path, change: Change) {
    let [path] = compiled_files(dir).try_into().expect("one file");
    let mut bytes = fs::read(&path).expect("the file");
    change(&mut bytes);
    fs::write(&path, bytes).expect("written");
}

#[tokio::test]
async fn the_second_start_compiles_nothing() {
    let dir = TempDir::new().expect("temporary folder");
    assert!(compiles(dir.path(), patient()).await);
    assert!(!compiles(dir.path(), patient()).await);
}

#[tokio::test]
async fn whatever_was_changed_is_compiled_again() {
    let dir = TempDir::new().expect("temporary folder");
    let dir = dir.path();
    assert!(compiles(dir, patient()).await);
    let changes: [(&str, Change); 5] = [
        ("one bit of code", |bytes| flip(bytes.len() - 1, bytes)),
        ("one bit of the tag", |bytes| flip(0, bytes)),
        ("cut short", |bytes| bytes.truncate(1_000)),
        ("empty", Vec::clear),
        ("garbage", |bytes| bytes.fill(b'x')),
    ];
    for (name, change) in changes {
        tamper(dir, change);
        assert!(compiles(dir, patient()).await, "{name}");
        assert!(!compiles(dir, patient()).await, "{name}: written anew");
    }
    fs::write(dir.join("key"), [0; 32]).expect("written");
    assert!(compiles(dir, patient()).await, "another key");
    fs::write(dir.join("key"), "short").expect("written");
    assert!(compiles(dir, patient()).await, "a broken key");
    assert!(!compiles(dir, patient()).await, "a new key");
}

/// Genuine, but of another component.
#[tokio::test]
async fn one_plugins_code_is_not_taken_for_anothers() {
    let dir = TempDir::new().expect("temporary folder");
    let dir = dir.path();
    // The same component with an empty custom section named "x": other bytes, another digest.
    let twin = [rogue_wasm(), vec![0, 2, 1, b'x']].concat();
    assert!(compiles(dir, patient()).await);
    let [mine] = compiled_files(dir).try_into().expect("one file");
    assert!(compiles_wasm(dir, patient(), &twin).await);
    let twins = compiled_files(dir).into_iter().find(|path| *path != mine);
    fs::copy(mine, twins.expect("a second file")).expect("copied");
    assert!(compiles_wasm(dir, patient(), &twin).await);
}

#[tokio::test]
async fn only_we_can_read_it() {
    let dir = TempDir::new().expect("temporary folder");
    let dir = dir.path().join("below").join("cache");
    assert!(compiles(&dir, patient()).await);
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join("key")), 0o600);
    assert_eq!(mode(&compiled_files(&dir)[0]), 0o600);
    assert_eq!(fs::metadata(dir.join("key")).expect("there").size(), 32);
}

#[tokio::test]
async fn the_oldest_files_go() {
    let dir = TempDir::new().expect("temporary folder");
    let limits = Limits {
        cache_files_max: 2,
        ..patient()
    };
    for n in 0..4 {
        fs::write(dir.path().join(format!("{n}.cwasm")), "old").expect("written");
    }
    assert!(compiles(dir.path(), limits.clone()).await);
    assert_eq!(compiled_files(dir.path()).len(), 2);
    assert!(!compiles(dir.path(), limits).await);
}

#[tokio::test]
async fn without_a_folder_every_start_compiles() {
    let dir = TempDir::new().expect("temporary folder");
    let file = dir.path().join("file");
    fs::write(&file, "not a folder").expect("written");
    assert!(compiles(&file, patient()).await);
    assert!(compiles(&file, patient()).await);
}
