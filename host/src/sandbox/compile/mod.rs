//! From a component's bytes to native code, in a process of its own where strangers' plugins are
//! loaded.
//!
//! Compiling takes what a component makes it take, and wasmtime counts that as no fault of its own: so
//! the child sets its own limits on processor time and memory, and whatever happens to it happens to
//! it alone. It gets the component on stdin and gives the code back on stdout; that code is tagged by
//! the cache like any other and comes from nowhere else.

mod child;

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{io, thread};

use wasmtime::Engine;

use super::{Limits, LoadError};

pub use child::{Bounds, compile_stdin};

/// The hidden command that a child is started with.
pub const COMPILE_COMMAND: &str = "internal-compile";

/// Compiled code is some three times as long as the component; more than this is no honest answer.
const CODE_FACTOR_MAX: usize = 16;

/// Wall time that a child may take for each second of processor time: machines are busy.
const WALL_FACTOR: u64 = 4;

/// What is read of a child's last words.
const WORDS_MAX_BYTES: u64 = 4 << 10;

/// Who compiles.
#[derive(Debug, Clone, Default)]
pub enum Compiler {
    /// This process: for what one trusts (tests, benches, what is built in).
    #[default]
    Here,
    /// A process of its own.
    Child(Program),
}

/// A program that understands `internal-compile`.
#[derive(Debug, Clone)]
pub struct Program(pub PathBuf);

impl Compiler {
    /// A child of the running program: of this very file, even where a newer one has taken its name.
    pub fn this_program() -> io::Result<Self> {
        let this = PathBuf::from("/proc/self/exe");
        let program = if this.exists() {
            this
        } else {
            std::env::current_exe()?
        };
        Ok(Self::Child(Program(program)))
    }

    /// The native code of a component that was inspected.
    pub(super) fn compile(
        &self,
        engine: &Engine,
        limits: &Limits,
        wasm: &[u8],
    ) -> Result<Vec<u8>, LoadError> {
        match self {
            Self::Here => engine
                .precompile_component(wasm)
                .map_err(|e| LoadError::Compile(format!("{e:#}"))),
            Self::Child(program) => program.compile(limits, wasm).map_err(LoadError::Compile),
        }
    }
}

impl Program {
    fn compile(&self, limits: &Limits, wasm: &[u8]) -> Result<Vec<u8>, String> {
        let bounds = Bounds {
            cpu_max_s: limits.compile_cpu_max_s,
            memory_max_bytes: limits.compile_memory_max_bytes,
        };
        let mut child = self
            .start(bounds)
            .map_err(|e| format!("{} does not start: {e}", self.0.display()))?;
        let code_max = wasm.len().saturating_mul(CODE_FACTOR_MAX);
        let wall = Duration::from_secs(bounds.cpu_max_s.saturating_mul(WALL_FACTOR));
        let told = converse(&mut child, wasm, code_max, wall);
        // Dead already where it answered; and where it did not, it must not go on.
        let killed = told.is_err() && child.kill().is_ok();
        let status = child.wait().map_err(|e| e.to_string())?;
        let Some(told) = told.ok() else {
            return Err(format!(
                "it takes longer than {WALL_FACTOR} times compile_cpu_max_s, {}{}",
                bounds.cpu_max_s,
                if killed { "" } else { ", and does not end" }
            ));
        };
        if !status.success() {
            return Err(why(status, &told.words, bounds));
        }
        if told.code.len() > code_max {
            return Err(format!(
                "its code is longer than {CODE_FACTOR_MAX} times the component"
            ));
        }
        Ok(told.code)
    }

    /// With nothing of our environment: secrets are in there.
    fn start(&self, bounds: Bounds) -> io::Result<Child> {
        Command::new(&self.0)
            .arg(COMPILE_COMMAND)
            .args(bounds.arguments())
            .env_clear()
            .envs(child::ENVIRONMENT.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }
}

/// What a child said until it closed its ends.
struct Told {
    code: Vec<u8>,
    words: String,
}

/// Feeds the child and listens to it, on threads of their own: a pipe that is full in one direction must
/// not stop the other. The error is that it took too long.
fn converse(
    child: &mut Child,
    wasm: &[u8],
    code_max: usize,
    wall: Duration,
) -> Result<Told, mpsc::RecvTimeoutError> {
    let (mut stdin, stdout, stderr) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let wasm = wasm.to_vec();
    // A child that dies early breaks the pipe; its status tells why.
    thread::spawn(move || stdin.as_mut().map(|pipe| pipe.write_all(&wasm)));
    let listen = |pipe: Option<Box<dyn Read + Send>>, max: u64| {
        let (say, said) = mpsc::sync_channel(1);
        thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(pipe) = pipe {
                // What was read before an error is still worth something; the status tells the rest.
                let _ = pipe.take(max).read_to_end(&mut bytes);
            }
            let _ = say.send(bytes);
        });
        said
    };
    let code = listen(stdout.map(|pipe| Box::new(pipe) as _), code_max as u64 + 1);
    let words = listen(stderr.map(|pipe| Box::new(pipe) as _), WORDS_MAX_BYTES);
    Ok(Told {
        code: code.recv_timeout(wall)?,
        words: String::from_utf8_lossy(&words.recv_timeout(wall)?)
            .trim()
            .to_owned(),
    })
}

/// Why a child ended without code. The kernel's word for too much time is a signal; for too much
/// memory it is an allocation that fails, upon which Rust aborts.
fn why(status: ExitStatus, words: &str, bounds: Bounds) -> String {
    const SIGABRT: i32 = 6;
    const SIGKILL: i32 = 9;
    const SIGSEGV: i32 = 11;
    const SIGXCPU: i32 = 24;
    let no_memory =
        words.contains("memory allocation of") || words.contains("Cannot allocate memory");
    match status.signal() {
        Some(SIGXCPU | SIGKILL) => format!(
            "it takes more processor time than compile_cpu_max_s, {}",
            bounds.cpu_max_s
        ),
        Some(SIGABRT | SIGSEGV) if no_memory || words.is_empty() => bounds.too_much_memory(),
        _ if no_memory => bounds.too_much_memory(),
        _ if words.is_empty() => format!("the compiler ended with {status}"),
        _ => words.to_owned(),
    }
}
