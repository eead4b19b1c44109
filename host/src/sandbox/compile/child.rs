//! The child's side: limits first, then a component from stdin to native code on stdout.

use std::io::{self, Read, Write};

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::sandbox::engine;

/// Few threads: each reserves memory of its own, which counts.
pub(super) const ENVIRONMENT: &[(&str, &str)] = &[
    ("RAYON_NUM_THREADS", "4"),
    ("MALLOC_ARENA_MAX", "2"),
    ("RUST_BACKTRACE", "0"),
];

/// What compiling one component may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub cpu_max_s: u64,
    pub memory_max_bytes: u64,
}

impl Bounds {
    /// As the command line of `internal-compile` takes them.
    pub(super) fn arguments(self) -> [String; 2] {
        [
            self.cpu_max_s.to_string(),
            self.memory_max_bytes.to_string(),
        ]
    }

    pub(super) fn too_much_memory(self) -> String {
        format!(
            "it takes more memory than compile_memory_max_bytes, {}",
            self.memory_max_bytes
        )
    }

    /// From here on the kernel holds this process to them. It writes no file and leaves no core.
    fn hold(self) -> io::Result<()> {
        let limit = |resource, max| {
            let (current, maximum) = (Some(max), Some(max));
            setrlimit(resource, Rlimit { current, maximum })
        };
        // A second more until it is killed: the first signal says which limit it was.
        let cpu = Rlimit {
            current: Some(self.cpu_max_s),
            maximum: Some(self.cpu_max_s.saturating_add(1)),
        };
        setrlimit(Resource::Cpu, cpu)?;
        limit(Resource::As, self.memory_max_bytes)?;
        limit(Resource::Core, 0)?;
        limit(Resource::Fsize, 0)?;
        Ok(())
    }
}

/// What `followup internal-compile` does. The error goes to stderr, for the parent to tell.
pub fn compile_stdin(bounds: Bounds) -> Result<(), String> {
    bounds
        .hold()
        .map_err(|e| format!("the limits of compiling cannot be set: {e}"))?;
    let mut wasm = Vec::new();
    io::stdin()
        .read_to_end(&mut wasm)
        .map_err(|e| format!("the component cannot be read: {e}"))?;
    let engine = engine::for_compiling().map_err(|e| e.to_string())?;
    let code = engine
        .precompile_component(&wasm)
        .map_err(|e| format!("{e:#}"))?;
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(&code)
        .and_then(|()| stdout.flush())
        .map_err(|e| format!("the code cannot be handed over: {e}"))
}
