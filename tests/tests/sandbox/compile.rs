//! Compiling in a process of its own: what comes back is what this process would have made, and
//! whatever a component does to its compiler stays there.

use std::fs;
use std::path::{Path, PathBuf};

use followup::sandbox::{Compiler, Limits, LoadError, Program, Sandbox};
use tempfile::TempDir;

use super::{patient, rogue_wasm};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_followup-under-test");

fn child(program: &str) -> Compiler {
    Compiler::Child(Program(PathBuf::from(program)))
}

fn sandbox(dir: &Path, limits: Limits, compiler: Compiler) -> Sandbox {
    let sandbox = Sandbox::open(limits, dir).expect("an engine");
    sandbox.with_compiler(compiler)
}

/// The name and the code of the one compiled file, without the tag before it.
fn code(dir: &Path) -> (String, Vec<u8>) {
    let entries = fs::read_dir(dir).expect("the folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let [path]: [PathBuf; 1] = paths
        .filter(|path| path.extension().is_some_and(|e| e == "cwasm"))
        .collect::<Vec<_>>()
        .try_into()
        .expect("one file");
    let name = path
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    (name, fs::read(path).expect("the file").split_off(32))
}

#[tokio::test]
async fn a_child_makes_the_same_code() {
    let (here, there) = (
        TempDir::new().expect("a folder"),
        TempDir::new().expect("a folder"),
    );
    let by_child = sandbox(there.path(), patient(), child(PROGRAM));
    let digest = followup::domain::digest::of_bytes(&rogue_wasm());
    assert!(!by_child.is_cached(&digest));
    let rogue = by_child.load(&rogue_wasm()).expect("loads");
    assert!(!rogue.from_cache() && by_child.is_cached(&digest));
    let calendar = std::sync::Arc::default();
    let decided = by_child.decide(&rogue, super::input("none"), &calendar);
    assert_eq!(decided.await.expect("decides").decision.reason, "behaves");
    assert!(by_child.load(&rogue_wasm()).expect("loads").from_cache());

    sandbox(here.path(), patient(), Compiler::Here)
        .load(&rogue_wasm())
        .expect("loads");
    assert!(code(here.path()) == code(there.path()), "other code");
}

/// The rogue with a core module inside that nobody uses and that compiles for very long.
fn bomb(functions: usize, additions: usize) -> Vec<u8> {
    // (func (param i32) (result i32)): its argument, plus one, as often as asked.
    let mut body = vec![0, 0x20, 0];
    for _ in 0..additions {
        body.extend([0x41, 1, 0x6a, 0x20, 0, 0x6c]);
    }
    body.push(0x0b);
    let sized = |bytes: Vec<u8>| [leb(bytes.len()), bytes].concat();
    let section = |id: u8, bytes: Vec<u8>| [vec![id], sized(bytes)].concat();
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, vec![1, 0x60, 1, 0x7f, 1, 0x7f]),
        section(3, [leb(functions), vec![0; functions]].concat()),
        section(10, [leb(functions), sized(body).repeat(functions)].concat()),
    ]
    .concat();
    [rogue_wasm(), section(1, module)].concat()
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

#[tokio::test]
async fn a_compile_bomb_costs_its_compiler_and_nothing_else() {
    let dir = TempDir::new().expect("a folder");
    let check = |name: &str, limits: Limits, wasm: &[u8], expect: &str| {
        let sandbox = sandbox(dir.path(), limits, child(PROGRAM));
        let error = sandbox.load(wasm).err().expect(name);
        assert!(matches!(error, LoadError::Compile(_)), "{name}: {error}");
        assert!(error.to_string().contains(expect), "{name}: {error}");
        // Nothing of it is kept, and the next plugin loads.
        assert!(!sandbox.is_cached(&followup::domain::digest::of_bytes(wasm)));
    };
    let hurried = Limits {
        compile_cpu_max_s: 1,
        ..patient()
    };
    check(
        "time",
        hurried,
        &bomb(10_000, 100),
        "more processor time than compile_cpu_max_s, 1",
    );
    let narrow = Limits {
        compile_memory_max_bytes: 256 << 20,
        ..patient()
    };
    check(
        "memory",
        narrow,
        &bomb(2, 300_000),
        "more memory than compile_memory_max_bytes, 268435456",
    );

    let good = sandbox(dir.path(), patient(), child(PROGRAM));
    good.load(&rogue_wasm()).expect("the next plugin loads");
}

#[test]
fn a_compiler_that_is_none() {
    let dir = TempDir::new().expect("a folder");
    for (program, expect) in [
        ("/nowhere/followup", "/nowhere/followup does not start"),
        ("/bin/false", "the compiler ended with exit status: 1"),
        // Says something for ever: no more is read than code can be long.
        ("/usr/bin/yes", "the compiler ended with signal: 13"),
    ] {
        let sandbox = sandbox(dir.path(), patient(), child(program));
        let error = sandbox
            .load(&rogue_wasm())
            .err()
            .expect(program)
            .to_string();
        assert!(error.contains(expect), "{program}: {error}");
    }
}

/// A file that somebody compiled elsewhere, genuine or not, is never loaded.
#[test]
fn compiled_code_is_not_taken_from_outside() {
    let dir = TempDir::new().expect("a folder");
    let sandbox = sandbox(dir.path(), patient(), Compiler::Here);
    sandbox.load(&rogue_wasm()).expect("loads");
    let (_, code) = code(dir.path());
    let error = sandbox.load(&code).err().expect("compiled code");
    assert_eq!(error, LoadError::Precompiled);
}
