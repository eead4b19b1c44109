//! Files that are no plugin, each refused with a reason its author can act upon.

use followup::sandbox::{Limits, LoadError, Sandbox};

use super::{rogue_wasm, shared_cache};

/// The eight bytes that every component begins with.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// A custom section: id 0, length, length of the name, name, contents.
fn section(name: &str, contents: &[u8]) -> Vec<u8> {
    let mut body = leb(name.len());
    body.extend(name.as_bytes());
    body.extend(contents);
    let mut section = vec![0];
    section.extend(leb(body.len()));
    section.extend(body);
    section
}

/// Unsigned LEB128.
fn leb(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn component(sections: &[Vec<u8>]) -> Vec<u8> {
    [COMPONENT, &sections.concat()].concat()
}

fn manifest(kind: &str) -> Vec<u8> {
    let text = format!(
        "id = \"test\"\nname = \"Test\"\nversion = \"0.1.0\"\nkind = \"{kind}\"\ndescription = \"\"\nevents = [\"acme.event\"]\n[config]\n"
    );
    section("followup:manifest", text.as_bytes())
}

/// An import of an empty instance: a type section that holds one, then the import of it.
fn import(name: &str) -> Vec<u8> {
    let mut body = vec![1, 0];
    body.extend(leb(name.len()));
    body.extend(name.as_bytes());
    body.extend([5, 0]);
    let mut bytes = vec![7, 3, 1, 0x42, 0, 10];
    bytes.extend(leb(body.len()));
    bytes.extend(body);
    bytes
}

#[test]
fn files_that_are_no_plugin() {
    let limits = Limits {
        component_max_bytes: 1 << 20,
        ..Limits::default()
    };
    let sandbox = Sandbox::open(limits, shared_cache()).expect("an engine");
    let check = |name: &str, wasm: &[u8], expect: &str| {
        let error = sandbox.load(wasm).err().expect(name).to_string();
        assert!(error.contains(expect), "{name}: {error}");
    };
    check(
        "too large",
        &vec![0; (1 << 20) + 1],
        "1048577 bytes long; component_max_bytes is 1048576",
    );
    check("empty", b"", "not a WebAssembly component");
    check("garbage", b"MZ, as it were", "not a WebAssembly component");
    check(
        "a core module",
        b"\0asm\x01\0\0\0",
        "it is a core module; build it with `followup plugin build`",
    );
    check(
        "cut short",
        &rogue_wasm()[..100_000],
        "not a WebAssembly component",
    );
    check("no manifest", COMPONENT, "without a manifest");
    check(
        "two manifests",
        &component(&[manifest("policy"), manifest("policy")]),
        "2 manifests",
    );
    check(
        "not TOML",
        &component(&[section("followup:manifest", b"{")]),
        "plugin.toml: ",
    );
    check(
        "not text",
        &component(&[section("followup:manifest", &[0xff])]),
        "not UTF-8",
    );
    let long = vec![b' '; 300 << 10];
    check(
        "a long manifest",
        &component(&[section("followup:manifest", &long)]),
        "262144 allowed",
    );
    check(
        "a trigger that does nothing",
        &component(&[manifest("trigger")]),
        "exports neither followup:plugin/trigger-webhook@0.1 nor /trigger-poll@0.1",
    );
    let caller = component(&[
        manifest("trigger"),
        import("wasi:http/outgoing-handler@0.2.0"),
    ]);
    check(
        "a trigger that calls without asking",
        &caller,
        "imports wasi:http/outgoing-handler@0.2.0, but its manifest asks for no host; add to plugin.toml\n[[grants.http]]",
    );
    check(
        "compiled code",
        b"\x7fELF and so on",
        "compiled code, which is never taken from outside",
    );
    check(
        "no decide",
        &component(&[manifest("policy")]),
        "does not export followup:plugin/policy-decide@0.1",
    );
    let nosy = component(&[manifest("policy"), import("wasi:http/types@0.2.0")]);
    check(
        "an import",
        &nosy,
        "imports wasi:http/types@0.2.0: a policy may import",
    );
}

/// Bytes after the manifest was read and found good can still be bad: nothing of it may run.
#[test]
fn a_broken_body_does_not_compile() {
    let sandbox = Sandbox::open(Limits::default(), shared_cache()).expect("an engine");
    let mut wasm = rogue_wasm();
    // The code section lies in the middle of the file.
    let middle = wasm.len() / 3;
    wasm[middle..middle + 64].fill(0xff);
    let error = sandbox.load(&wasm).err().expect("broken");
    assert!(
        matches!(error, LoadError::Compile(_) | LoadError::Component(_)),
        "{error}"
    );
}

#[test]
fn a_plugin_says_what_it_is() {
    let sandbox = Sandbox::open(Limits::default(), shared_cache()).expect("an engine");
    let rogue = sandbox.load(&rogue_wasm()).expect("loads");
    assert_eq!(rogue.manifest().id, "rogue");
    assert_eq!(
        rogue.digest(),
        followup::domain::digest::of_bytes(&rogue_wasm())
    );
    assert!(sandbox.is_pooled());
}
