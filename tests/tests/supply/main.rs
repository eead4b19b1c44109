//! Plugins from a real registry: pushed, pulled, signed, locked, and tampered with.

mod access;
mod lock;
mod shapes;
mod signatures;
mod tokens;
mod transfer;

use std::collections::BTreeMap;

use followup::domain::Instant;
use followup::domain::component::Component;
use followup::embedded::EMBEDDED;
use followup::plugins::{
    Error, Fetched, KeyPair, Limits, PublisherKey, Pushed, Registries, Registry, Source, Supply,
    Trust, fetch, push, sign,
};

/// A working folder that no source is relative to.
const NOWHERE: &str = "/nowhere";

/// The largest component of these tests.
const COMPONENT_MAX_BYTES: usize = 32 << 20;

/// A real plugin. Each `edition` is another component of the same id and version: custom sections
/// change what it is and nothing that it does.
fn plugin(edition: &str) -> Vec<u8> {
    let (_, wasm) = EMBEDDED.first().expect("a built-in plugin");
    let mut wasm = wasm.to_vec();
    let name = b"edition";
    let length = 1 + name.len() + edition.len();
    // Section 0, its length, the length of its name: all below 128, so one byte of LEB128 each.
    assert!(length < 128, "{edition} is too long");
    wasm.extend([0, length as u8, name.len() as u8]);
    wasm.extend(name);
    wasm.extend(edition.as_bytes());
    wasm
}

/// An administrator who trusts `publishers` and reaches `host` without TLS.
fn supply(host: &str, publishers: &[(&str, &KeyPair)]) -> Supply {
    let publishers = publishers.iter().map(|(name, keys)| {
        let key = PublisherKey::parse(&keys.public).expect("a key");
        ((*name).to_owned(), key)
    });
    let plain = Registry {
        plain_http: true,
        login: None,
    };
    Supply {
        trust: Trust {
            require_signature: true,
            publishers: publishers.collect(),
        },
        registries: Registries {
            by_host: BTreeMap::from([(host.to_owned(), plain)]),
            docker_config: None,
        },
        limits: Limits {
            component_max_bytes: COMPONENT_MAX_BYTES,
            connect_timeout_ms: 30_000,
            transfer_timeout_ms: 60_000,
        },
    }
}

/// The same, and nobody needs to have signed.
fn lax(host: &str) -> Supply {
    let mut supply = supply(host, &[]);
    supply.trust.require_signature = false;
    supply
}

fn keys() -> KeyPair {
    KeyPair::generate(None).expect("keys")
}

fn signed(wasm: &[u8], keys: &KeyPair) -> String {
    sign(wasm, keys.secret(), None, "for tests").expect("signs")
}

/// What a publisher does: pushes it, signed where there are keys.
async fn publish(
    supply: &Supply,
    reference: &str,
    wasm: &[u8],
    keys: Option<&KeyPair>,
) -> Result<Pushed, Error> {
    let signature = keys.map(|keys| signed(wasm, keys));
    push(
        reference,
        wasm.to_vec(),
        signature.as_deref(),
        Instant(0),
        supply,
    )
    .await
}

/// What an administrator does.
async fn get(supply: &Supply, reference: &str) -> Result<Fetched, Error> {
    let source = Source::parse(reference, NOWHERE.as_ref())?;
    fetch(&source, supply).await
}

/// That it is refused with every one of these parts.
async fn refused(supply: &Supply, reference: &str, expect: &[&str]) {
    match get(supply, reference).await {
        Ok(fetched) => panic!("{reference} was fetched: {}", fetched.resolved),
        Err(error) => says(&error, expect),
    }
}

fn says(error: &Error, expect: &[&str]) {
    let told = error.to_string();
    for part in expect {
        assert!(told.contains(part), "{told:?} does not say {part:?}");
    }
}

#[test]
fn an_edition_is_a_plugin_of_its_own() {
    let (one, other) = (plugin("one"), plugin("other"));
    assert_ne!(one, other);
    let read = |wasm: &[u8]| Component::read(wasm).expect("a plugin").manifest;
    assert_eq!(read(&one), read(&other));
}
