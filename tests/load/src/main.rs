//! What a host bears, measured on the real server: `tests/load/run --help`.
//!
//! In: which scenarios, how large, how often. Out: a table (or JSON) of figures with the target of each.
//! Load, provider and server share the machine's processors, and other work on it disturbs all of
//! them: what counts are the ratios to the bare server, which is measured in turn with it.

mod bare;
mod client;
mod figures;
mod folder;
mod people;
mod provider;
mod scenario;
mod server;
mod stopwatch;
mod town;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use figures::Figures;

/// Measures `followup serve` under load.
#[derive(Parser)]
struct Command {
    #[command(subcommand)]
    bare: Option<Role>,
    #[command(flatten)]
    run: Run,
}

#[derive(Subcommand)]
enum Role {
    /// The server to compare with: appends bodies to SQLite and nothing else.
    #[command(hide = true)]
    Bare { file: PathBuf },
}

#[derive(Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
struct Run {
    /// What to measure; everything unless named.
    #[arg(value_enum)]
    scenarios: Vec<Scenario>,
    /// How often each is measured.
    #[arg(long, default_value_t = 3)]
    repeat: usize,
    /// Small and only once: whether it works, not how well.
    #[arg(long)]
    quick: bool,
    /// A tenth of the people: 100,000 asleep instead of 1,000,000.
    #[arg(long)]
    small: bool,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// CRM fields of each person.
    #[arg(long, default_value_t = 5)]
    fields: usize,
    /// Where stores and logs are written; a disk, not memory. Beside the program unless named.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Leave the folder as it is in the end.
    #[arg(long)]
    keep: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Acknowledged signed webhooks, against the bare server.
    Webhooks,
    /// Decisions on events that are stored already.
    Decisions,
    /// From a webhook to the provider's answer: sustained, at half of that, and idle.
    Mails,
    /// A million asleep: what work costs beside them, their size, and 100,000 timers at one instant.
    Sleepers,
}

/// How much of everything.
#[derive(Debug, Clone, Copy)]
struct Size {
    repeat: usize,
    fields: usize,
    webhooks: usize,
    decisions: usize,
    mails: usize,
    few_asleep: usize,
    many_asleep: usize,
    timers: usize,
}

impl Run {
    fn size(&self) -> Size {
        let fields = self.fields;
        if self.quick {
            return Size {
                repeat: 1,
                fields,
                webhooks: 10_000,
                decisions: 20_000,
                mails: 5_000,
                few_asleep: 2_000,
                many_asleep: 20_000,
                timers: 10_000,
            };
        }
        let tenth = if self.small { 10 } else { 1 };
        Size {
            repeat: self.repeat.max(1),
            fields,
            webhooks: 60_000,
            decisions: 60_000,
            mails: 30_000,
            few_asleep: 10_000,
            many_asleep: 1_000_000 / tenth,
            timers: 100_000 / tenth,
        }
    }
}

fn main() -> anyhow::Result<()> {
    let command = Command::parse();
    if let Some(Role::Bare { file }) = command.bare {
        return bare::serve(&file);
    }
    let run = command.run;
    let size = run.size();
    let folder = folder::Folder::new(run.folder.as_deref(), run.keep)?;
    // One thread: the generator must leave the processors to what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut figures = Figures::default();
    let all = Scenario::value_variants();
    for scenario in all {
        if !run.scenarios.is_empty() && !run.scenarios.contains(scenario) {
            continue;
        }
        let wide = matches!(scenario, Scenario::Sleepers);
        // A million take long to put to sleep; what is measured of them repeats itself.
        for round in 0..if wide { 1 } else { size.repeat } {
            eprintln!("{scenario:?}, run {} ...", round + 1);
            let measured = match scenario {
                Scenario::Webhooks => runtime.block_on(scenario::webhooks(&folder, size)),
                Scenario::Decisions => runtime.block_on(scenario::decisions(&folder, size)),
                Scenario::Mails => runtime.block_on(scenario::mails(&folder, size)),
                Scenario::Sleepers => runtime.block_on(scenario::sleepers(&folder, size)),
            };
            figures.add(measured?);
        }
    }
    figures.print(run.json)
}
