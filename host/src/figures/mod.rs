//! The figures that operators see: each metric described once.
//!
//! In: nothing. Out: name, sort, labels and help of every metric, for the recorder (`describe`), for the table
//! in the operators' guide and for the dashboard, which tests hold against it. Whoever counts something
//! writes `metrics::counter!` and the like where it happens, with a name that stands here. Gauges are read when somebody
//! asks for them, never kept up by events.

mod table;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

pub use table::FIGURES;

/// A metric.
#[derive(Debug)]
pub struct Figure {
    pub name: &'static str,
    pub sort: Sort,
    pub unit: Unit,
    pub labels: &'static [&'static str],
    /// For people: what it counts, and what to do where it rises.
    pub help: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sort {
    Counter,
    Gauge,
    /// With the upper ends of its buckets.
    Histogram(&'static [f64]),
}

impl Sort {
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// Tells the recorder of the process what its metrics mean.
pub fn describe() {
    for figure in FIGURES {
        let (name, unit, help) = (figure.name, figure.unit, figure.help);
        match figure.sort {
            Sort::Counter => describe_counter!(name, unit, help),
            Sort::Gauge => describe_gauge!(name, unit, help),
            Sort::Histogram(_) => describe_histogram!(name, unit, help),
        }
    }
}

/// The table of the operators' guide, in Markdown.
pub fn markdown() -> String {
    let rows = FIGURES.iter().map(|figure| {
        let labels: Vec<_> = figure
            .labels
            .iter()
            .map(|label| format!("`{label}`"))
            .collect();
        let (name, word) = (figure.name, figure.sort.word());
        format!(
            "| `{name}` | {word} | {} | {} |\n",
            labels.join(", "),
            figure.help
        )
    });
    let head = "| metric | | labels | |\n|---|---|---|---|\n".to_owned();
    std::iter::once(head).chain(rows).collect()
}

#[cfg(test)]
mod tests;
