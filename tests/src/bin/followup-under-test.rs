//! `followup` itself, built for this crate: Cargo tells a test the path of its own package's programs only.

fn main() -> std::process::ExitCode {
    followup::cli::main()
}
