//! `followup plugin bench`: what each call of a plugin's scenarios takes, over many repetitions.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::scenario::{self, Played, Player};
use super::test;
use crate::cli::table::table;
use crate::cli::{block_on, load};
use crate::clock::Stopwatch;

/// Rounds that only warm up caches.
const WARM_UP: usize = 10;

#[derive(clap::Args)]
pub(in crate::cli) struct Bench {
    /// The plugin's folder, built.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// How many times each call is made.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    times: u32,
    /// The configuration whose limits hold; the defaults, where there is none.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Bench {
    pub(in crate::cli::plugin) fn run(self) -> anyhow::Result<ExitCode> {
        let config = load::survey_or_defaults(self.config.as_deref())?;
        let player = test::player(&config, &test::built(&self.dir)?)?;
        let mut shown = table(["scenario", "call", "p50 µs", "p99 µs", "fuel", "memory MB"]);
        for file in scenario::files(&self.dir)? {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            let played = block_on(player.play(&file))?.with_context(|| name.to_string())?;
            if !played.wrong.is_empty() {
                bail!("{name} does not go as expected: see `followup plugin test`");
            }
            let times = block_on(self.measure(&player, &played))??;
            for (place, (mut us, used)) in times.into_iter().zip(&played.calls).enumerate() {
                us.sort_unstable();
                shown.add_row([
                    name.to_string(),
                    (place + 1).to_string(),
                    percentile(&us, 50).to_string(),
                    percentile(&us, 99).to_string(),
                    used.fuel.to_string(),
                    format!("{:.1}", used.memory_bytes as f64 / 1e6),
                ]);
            }
        }
        println!("{shown}");
        Ok(ExitCode::SUCCESS)
    }

    /// Microseconds of each call, a list per call.
    async fn measure(&self, player: &Player, played: &Played) -> anyhow::Result<Vec<Vec<u64>>> {
        let mut times = vec![Vec::new(); played.calls.len()];
        for round in 0..self.times as usize + WARM_UP {
            let mut watch = Stopwatch::start();
            let made = player.again(played, |place| {
                if round >= WARM_UP {
                    times[place].push(watch.us());
                }
                watch = Stopwatch::start();
            });
            made.await?;
        }
        Ok(times)
    }
}

/// Of sorted values, one at least: the smallest that so many percent do not exceed.
fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_by_rank() {
        let check = |values: &[u64], percent: usize, expect: u64| {
            assert_eq!(
                percentile(values, percent),
                expect,
                "{percent} of {values:?}"
            );
        };
        check(&[7], 50, 7);
        check(&[7], 99, 7);
        check(&[1, 2, 3, 4], 50, 2);
        check(&[1, 2, 3, 4], 99, 4);
        check(&(1..=200).collect::<Vec<_>>(), 99, 198);
    }
}
