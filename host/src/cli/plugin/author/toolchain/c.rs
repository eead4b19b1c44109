//! C: clang makes a core module, and the contract's types are put into it, from which a component is made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::world::{self, Entry, Exports};
use super::{Tool, Toolchain, answers, output, run};

/// One flag a line: clangd reads the file too, so that editors see what the compiler sees.
const FLAGS: &str = "compile_flags.txt";

pub(super) const TOOLCHAIN: Toolchain = Toolchain {
    language: "c",
    marker: FLAGS,
    tools: &[
        Tool {
            name: "a C compiler for WebAssembly",
            is_there: |folder| answers(folder, "clang", &["--version"]),
            install: "apt-get install clang",
        },
        Tool {
            name: "its linker",
            is_there: |folder| answers(folder, "wasm-ld", &["--version"]),
            install: "apt-get install lld",
        },
        Tool {
            name: "a C library, and the compiler's own, for WebAssembly",
            is_there: |folder| answers(folder, "sh", &["-c", LINKS]),
            install: "apt-get install wasi-libc libclang-rt-dev-wasm32",
        },
    ],
    build,
};

/// Where the libraries lie differs from system to system, so the smallest program is tried.
const LINKS: &str = "echo '#include <string.h>\nint main(void) { return 0; }' | clang --target=wasm32-wasi -x c - -o /dev/null";

const EXPORTS: Exports = Exports {
    decide: "fu_decide",
    migrate: None,
    webhook: "fu_receive",
    poll: None,
};

fn build(folder: &Path) -> anyhow::Result<PathBuf> {
    let entry = world::entry(folder, "c", &EXPORTS)?;
    let built = output(folder, &format!("{}.core.wasm", entry.name))?;
    let mut command = Command::new("clang");
    command
        .arg(format!("@{FLAGS}"))
        .arg("-o")
        .arg(&built.within);
    for place in ["", "sdk", &format!("sdk/{}", entry.name)] {
        command.args(sources(folder, Path::new(place))?);
    }
    run(folder, command, "clang")?;
    embed(&built.path, &folder.join("wit"), &entry)?;
    Ok(built.path)
}

/// The C files of a folder inside the plugin's, sorted, so that the same sources give the same bytes.
fn sources(folder: &Path, place: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = folder.join(place);
    let entries = fs::read_dir(&entries).with_context(|| entries.display().to_string())?;
    let mut found = Vec::new();
    for entry in entries {
        let name = PathBuf::from(entry?.file_name());
        if name.extension().is_some_and(|ending| ending == "c") {
            found.push(place.join(name));
        }
    }
    found.sort();
    Ok(found)
}

/// Writes into the core module what it means in the words of the contract.
fn embed(core: &Path, contract: &Path, entry: &Entry) -> anyhow::Result<()> {
    let told = |error: anyhow::Error| error.context(format!("{}", contract.display()));
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_path(contract)
        .map_err(|e| told(anyhow!("{e:#}")))?;
    let world = resolve
        .select_world(&[package], Some(entry.world))
        .map_err(|e| told(anyhow!("{e:#}")))?;
    let mut module = fs::read(core)?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .map_err(|e| anyhow!("{e:#}"))?;
    fs::write(core, module).with_context(|| core.display().to_string())
}
