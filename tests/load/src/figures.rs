//! What was measured, each run's value beside the others and the target.

use std::time::Duration;

use comfy_table::{LineStyle, Table, TableStyle};
use serde::Serialize;

use crate::stopwatch::ms;

/// What the value should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// One value of one run.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
    pub(crate) target: Option<Target>,
}

impl Figure {
    pub(crate) fn new(what: impl Into<String>, unit: &'static str, value: f64) -> Self {
        let what = what.into();
        Self {
            what,
            unit,
            value,
            target: None,
        }
    }

    pub(crate) fn at_least(self, target: f64) -> Self {
        let target = Some(Target::AtLeast(target));
        Self { target, ..self }
    }

    pub(crate) fn at_most(self, target: f64) -> Self {
        let target = Some(Target::AtMost(target));
        Self { target, ..self }
    }
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Figures {
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    what: String,
    unit: &'static str,
    median: f64,
    runs: Vec<f64>,
    target: Option<Target>,
    met: Option<bool>,
}

impl Figures {
    /// The figures of one run.
    pub(crate) fn add(&mut self, run: Vec<Figure>) {
        for figure in run {
            let known = self.rows.iter().position(|row| row.what == figure.what);
            let place = known.unwrap_or_else(|| {
                self.rows.push(Row {
                    what: figure.what,
                    unit: figure.unit,
                    median: 0.0,
                    runs: Vec::new(),
                    target: figure.target,
                    met: None,
                });
                self.rows.len() - 1
            });
            let row = &mut self.rows[place];
            row.runs.push(figure.value);
            row.median = quantile(&mut row.runs.clone(), 0.5);
            row.met = row.target.map(|target| match target {
                Target::AtLeast(least) => row.median >= least,
                Target::AtMost(most) => row.median <= most,
            });
        }
    }

    #[expect(clippy::print_stdout, reason = "the table is what the program is for")]
    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(
            TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')),
        );
        table.set_header(["", "median", "", "runs", "target", ""]);
        for row in &self.rows {
            let runs: Vec<_> = row.runs.iter().map(|run| shown(*run)).collect();
            let target = row.target.map(|target| match target {
                Target::AtLeast(least) => format!(">= {}", shown(least)),
                Target::AtMost(most) => format!("<= {}", shown(most)),
            });
            let met = row.met.map(|met| if met { "met" } else { "missed" });
            table.add_row([
                row.what.clone(),
                shown(row.median),
                row.unit.to_owned(),
                runs.join("  "),
                target.unwrap_or_default(),
                met.unwrap_or_default().to_owned(),
            ]);
        }
        println!("{table}");
        Ok(())
    }
}

fn shown(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        medium if medium >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The value that this share of all lies below. Zero of none.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * share) as usize;
    let place = place.min(values.len().saturating_sub(1));
    values.get(place).copied().unwrap_or_default()
}

/// The same of times, in milliseconds.
pub(crate) fn quantile_ms(times: &[Duration], share: f64) -> f64 {
    let mut values: Vec<_> = times.iter().map(|time| ms(*time)).collect();
    quantile(&mut values, share)
}
