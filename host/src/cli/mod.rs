//! The command line: one file per command.
//!
//! People get tables on stdout, programs get `--json`; logs and errors go to stderr.
#![expect(clippy::print_stdout, reason = "stdout is the command line's door")]

mod abilities;
mod audit;
mod backup;
pub mod check;
mod connect;
mod connections;
mod contact;
mod demo;
mod doctor;
pub mod init;
mod internal_compile;
mod leads;
mod load;
mod logs;
mod mail;
mod outbox;
mod pause;
pub mod plugin;
mod ready;
mod restore;
mod sequence;
mod serve;
mod status;
mod suppress;
mod table;
mod template;
mod why;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Sends the right follow-up until the person replies, converts or opts out.
#[derive(Parser)]
#[command(name = "followup", version, about, propagate_version = true)]
struct Followup {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show Followup at work: real server, real plugins, a clock that runs through three weeks.
    Demo(demo::Demo),
    /// Write a commented working folder to start from.
    Init(init::InitArgs),
    /// Say what is wrong with a configuration: file, line and remedy of every problem at once.
    Check(check::CheckArgs),
    /// Connect a CRM or an e-mail provider: ask for what it needs, test it, write it into the configuration.
    Connect(connect::Connect),
    /// What is connected, and what it makes of a captured webhook.
    Connections(connections::Connections),
    /// Look at everything (connections, domains, clock, disk, plugins) and say what to do.
    Doctor(doctor::Doctor),
    /// Run: take in webhooks, decide, deliver.
    Serve(serve::Serve),
    /// Say whether the host that runs here takes webhooks in, for health checks of containers.
    Ready(ready::Ready),
    /// How things stand: contacts, enrollments, messages, parked decisions.
    Status(status::Status),
    /// Why somebody got mail or did not, what comes next, and what stands in the way.
    Why(why::WhyArgs),
    /// Prove from the tables that every intended mail is in one place, and take decisions again.
    Audit(audit::AuditArgs),
    /// Copy the store while the host runs.
    Backup(backup::Backup),
    /// Put a backup back; what may have been sent since is held.
    Restore(restore::Restore),
    /// What waits to be sent, and the rule that keeps it.
    Outbox(outbox::Outbox),
    /// Stop everything, a sequence, a contact or an identity for the time being, at once.
    Pause(pause::PauseArgs),
    /// Lift a pause.
    Resume(pause::Resume),
    /// Everything about one contact.
    #[command(subcommand)]
    Contact(contact::Contact),
    /// What inbound mails are taken for.
    #[command(subcommand)]
    Mail(mail::Mail),
    /// Lists of people from elsewhere.
    #[command(subcommand)]
    Leads(leads::Leads),
    /// Addresses and domains that must not be mailed.
    #[command(subcommand)]
    Suppress(suppress::Suppress),
    /// The configured sequences.
    #[command(subcommand)]
    Sequence(sequence::Sequence),
    /// The installed plugins.
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// The templates of mails, and what they would say.
    #[command(subcommand)]
    Template(template::Template),
    /// Compile a component from stdin to stdout, for the process that started this one.
    #[command(name = crate::sandbox::COMPILE_COMMAND, hide = true)]
    InternalCompile(internal_compile::InternalCompile),
}

/// Where the configuration is, and for whom the answer is meant.
#[derive(Args)]
struct Common {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "followup.toml")]
    config: PathBuf,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Parses the arguments and runs the command.
pub fn main() -> ExitCode {
    end_with_the_reader();
    let command = Followup::parse().command;
    let done = match command {
        Command::Demo(command) => command.run(),
        Command::Init(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Connect(command) => command.run(),
        Command::Connections(command) => command.run(),
        Command::Doctor(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::Ready(command) => command.run(),
        Command::Status(command) => command.run(),
        Command::Why(command) => command.run(),
        Command::Audit(command) => command.run(),
        Command::Backup(command) => command.run(),
        Command::Restore(command) => command.run(),
        Command::Outbox(command) => command.run(),
        Command::Pause(command) => command.run(),
        Command::Resume(command) => command.run(),
        Command::Contact(command) => command.run(),
        Command::Mail(command) => command.run(),
        Command::Leads(command) => command.run(),
        Command::Suppress(command) => command.run(),
        Command::Sequence(command) => command.run(),
        Command::Plugin(command) => command.run(),
        Command::Template(command) => command.run(),
        Command::InternalCompile(command) => Ok(command.run()),
    };
    done.unwrap_or_else(|e| {
        // `{:#}`: the causes on one line; a backtrace helps nobody here.
        eprintln!("error: {e:#}");
        ExitCode::FAILURE
    })
}

/// A reader that has seen enough (`followup outbox | head`) is no failure; `println!` panics there.
fn end_with_the_reader() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let told = panic.payload_as_str().unwrap_or_default();
        if told.starts_with("failed printing to stdout") {
            std::process::exit(0);
        }
        hook(panic);
    }));
}

/// Runs one future to its end, for commands that need no server.
fn block_on<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(future))
}

fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}
