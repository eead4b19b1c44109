//! What one decision costs, by language: in the sandbox, in bare wasmtime, and in Extism.
//!
//! In go `LANGUAGE=COMPONENT` pairs and `extism=MODULE`, all of the same policy (the template's); out
//! comes a table. Every call gets a store and an instance of its own, except where a row says
//! otherwise. The candidates take turns in short batches, so that the noise of the machine hits all alike.

mod engines;
mod input;

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use engines::{Answer, Call};

const LANGUAGES: [&str; 4] = ["rust", "js", "python", "c"];
const BARE: &str = "bare wasmtime 48";

/// Batches per candidate, after one to warm up.
const ROUNDS: usize = 200;
/// About how long a batch takes, in calls of at least `BATCH_MIN`.
const BATCH: Duration = Duration::from_millis(20);
const BATCH_MIN: usize = 5;
const BATCH_MAX: usize = 500;
const WARM_UP_CALLS: usize = 50;

struct Candidate {
    language: &'static str,
    engine: &'static str,
    call: Call,
    batch: usize,
    taken: Vec<Duration>,
}

fn main() -> Result<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let find = |name: &str| {
        let found = given
            .iter()
            .find_map(|arg| arg.strip_prefix(name)?.strip_prefix('='));
        if found.is_none() {
            println!("{name}: NOT COMPARED, no {name}=PATH was given");
        }
        found
    };
    let read = |path: &str| fs::read(path).with_context(|| format!("cannot read {path}"));

    let cache = tempfile::tempdir()?;
    let mut candidates = Vec::new();
    for language in LANGUAGES {
        if let Some(path) = find(language) {
            let wasm = read(path)?;
            let mut add = |engine, call| candidates.push(Candidate::new(language, engine, call));
            add("followup", engines::in_followup(&wasm, cache.path())?);
            add(BARE, engines::in_wasmtime(&wasm)?);
        }
    }
    if let Some(path) = find("extism") {
        let wasm = read(path)?;
        let mut add = |engine, call| candidates.push(Candidate::new("rust", engine, call));
        add("extism 1.30", engines::in_extism(&wasm, false)?);
        add("extism 1.30, pooled", engines::in_extism(&wasm, true)?);
        add(
            "extism 1.30, one instance for all",
            engines::in_kept_extism(&wasm)?,
        );
    }

    for candidate in &mut candidates {
        candidate
            .warm_up()
            .with_context(|| format!("{} in {}", candidate.language, candidate.engine))?;
    }
    for _ in 0..ROUNDS {
        for candidate in &mut candidates {
            candidate.run_batch()?;
        }
    }
    println!("{}", table(&mut candidates)?);
    Ok(())
}

impl Candidate {
    fn new(language: &'static str, engine: &'static str, call: Call) -> Self {
        Self {
            language,
            engine,
            call,
            batch: BATCH_MIN,
            taken: Vec::new(),
        }
    }

    /// Measures how many calls make a batch, and holds the answer against what the template says.
    fn warm_up(&mut self) -> Result<()> {
        let expected = Answer {
            actions: 2,
            state: Some(r#"{"greeted":true}"#.to_owned()),
            reason: "greets a new contact".to_owned(),
        };
        let mut total = Duration::ZERO;
        for _ in 0..WARM_UP_CALLS {
            let (took, answer) = (self.call)()?;
            ensure!(answer.normal()? == expected, "answers {answer:?}");
            total += took;
        }
        let batch = BATCH.as_nanos() * WARM_UP_CALLS as u128 / total.as_nanos().max(1);
        self.batch = usize::try_from(batch)?.clamp(BATCH_MIN, BATCH_MAX);
        Ok(())
    }

    fn run_batch(&mut self) -> Result<()> {
        // The first one finds the caches full of somebody else's.
        (self.call)()?;
        for _ in 0..self.batch {
            self.taken.push((self.call)()?.0);
        }
        Ok(())
    }

    fn percentile_us(&self, percent: usize) -> f64 {
        self.taken[(self.taken.len() - 1) * percent / 100].as_secs_f64() * 1e6
    }
}

impl Answer {
    /// Languages differ in how they space JSON.
    fn normal(&self) -> Result<Self> {
        let state = self
            .state
            .as_deref()
            .map(serde_json::from_str::<Value>)
            .transpose()?;
        Ok(Self {
            actions: self.actions,
            state: state.map(|s| s.to_string()),
            reason: self.reason.clone(),
        })
    }
}

fn table(candidates: &mut [Candidate]) -> Result<String> {
    let mut table = "| language | engine | p50 µs | p99 µs | calls | p50 to bare |\n|---|---|--:|--:|--:|--:|\n".to_owned();
    candidates.iter_mut().for_each(|c| c.taken.sort_unstable());
    for c in &*candidates {
        let (p50, p99, calls) = (c.percentile_us(50), c.percentile_us(99), c.taken.len());
        let bare = candidates
            .iter()
            .find(|b| b.engine == BARE && b.language == c.language);
        let ratio = bare.map_or("?".to_owned(), |bare| {
            format!("{:.2}", p50 / bare.percentile_us(50))
        });
        writeln!(
            table,
            "| {} | {} | {p50:.1} | {p99:.1} | {calls} | {ratio} |",
            c.language, c.engine
        )?;
    }
    Ok(table)
}
