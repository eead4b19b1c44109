//! `followup internal-compile`: a component in, native code out, within limits. For Followup itself:
//! it compiles no stranger's component in its own process.

use std::process::ExitCode;

use clap::Args;

use crate::sandbox::{Bounds, compile_stdin};

#[derive(Args)]
pub(super) struct InternalCompile {
    /// Processor time of all cores together.
    cpu_max_s: u64,
    /// Address space.
    memory_max_bytes: u64,
}

impl InternalCompile {
    pub(super) fn run(self) -> ExitCode {
        let bounds = Bounds {
            cpu_max_s: self.cpu_max_s,
            memory_max_bytes: self.memory_max_bytes,
        };
        match compile_stdin(bounds) {
            Ok(()) => ExitCode::SUCCESS,
            // The whole text goes into the parent's message.
            Err(why) => {
                eprintln!("{why}");
                ExitCode::FAILURE
            }
        }
    }
}
