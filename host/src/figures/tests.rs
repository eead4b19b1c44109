//! The table is complete and true: held against the sources, the guide and the dashboard.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operators.md");
const DASHBOARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/grafana/followup.json");
/// Around the table in the guide.
const BEGIN: &str =
    "<!-- The table of metrics begins here; written by the test of the figures. -->\n";
const END: &str = "<!-- The table of metrics ends here. -->\n";

/// After a change of the table: `FOLLOWUP_BLESS=1 cargo test -p followup --lib figures`.
#[test]
fn the_guide_shows_the_table() {
    let guide = std::fs::read_to_string(GUIDE).expect("readable");
    let begin = guide.find(BEGIN).expect("begins") + BEGIN.len();
    let end = guide.find(END).expect("ends");
    if std::env::var_os("FOLLOWUP_BLESS").is_some() {
        let text = format!("{}{}{}", &guide[..begin], markdown(), &guide[end..]);
        std::fs::write(GUIDE, text).expect("written");
        return;
    }
    assert!(
        guide[begin..end] == markdown(),
        "FOLLOWUP_BLESS=1 and run again"
    );
}

/// `counter!("name", "label" => ...` of every source.
fn counted() -> BTreeSet<(String, &'static str, Vec<String>)> {
    let mut found = BTreeSet::new();
    for file in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let text = std::fs::read_to_string(&file).expect("readable");
        for word in ["counter", "gauge", "histogram"] {
            let call = format!("metrics::{word}!(");
            for (at, _) in text.match_indices(&call) {
                let call = within_parentheses(&text[at + call.len()..]);
                let mut texts = call.split('"').skip(1).step_by(2);
                let Some(name) = texts.next() else { continue };
                let labels = call.split("\" =>").collect::<Vec<_>>();
                let labels = labels[..labels.len() - 1]
                    .iter()
                    .filter_map(|before| before.rsplit('"').next())
                    .map(str::to_owned);
                found.insert((name.to_owned(), word, labels.collect()));
            }
        }
    }
    found
}

/// Up to the parenthesis that closes what is open at the beginning.
fn within_parentheses(text: &str) -> &str {
    let mut open = 1;
    let closed = text.find(|letter| {
        open += i32::from(letter == '(') - i32::from(letter == ')');
        open == 0
    });
    &text[..closed.unwrap_or(text.len())]
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn what_is_counted_stands_in_the_table_and_the_other_way_round() {
    let ours = |name: &str| name.starts_with("followup_");
    let counted: BTreeSet<_> = counted()
        .into_iter()
        .filter(|(name, ..)| ours(name))
        .collect();
    let listed: BTreeSet<_> = FIGURES
        .iter()
        .map(|figure| {
            let labels = figure.labels.iter().map(|label| (*label).to_owned());
            (figure.name.to_owned(), figure.sort.word(), labels.collect())
        })
        .collect();
    let missing: Vec<_> = counted.difference(&listed).collect();
    let idle: Vec<_> = listed.difference(&counted).collect();
    assert!(
        missing.is_empty() && idle.is_empty(),
        "not listed: {missing:#?}\nnot counted: {idle:#?}"
    );
}

#[test]
fn names_follow_the_rules_of_prometheus() {
    for figure in FIGURES {
        let name = figure.name;
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(plain && name.starts_with("followup_"), "{name}");
        assert_eq!(
            name.ends_with("_total"),
            figure.sort == Sort::Counter,
            "{name}"
        );
        assert_eq!(
            name.ends_with("_seconds"),
            figure.unit == Unit::Seconds,
            "{name}"
        );
        assert!(!figure.help.contains('|'), "{name}: breaks the table");
    }
}

/// The metrics in the expressions of the dashboard.
fn asked(value: &serde_json::Value, names: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                if key == "expr" {
                    let text = value.as_str().expect("an expression");
                    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    let ours = words.filter(|word| word.starts_with("followup_"));
                    names.extend(ours.map(str::to_owned));
                }
                asked(value, names);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| asked(item, names)),
        _ => {}
    }
}

#[test]
fn the_dashboard_asks_for_what_there_is() {
    let text = std::fs::read_to_string(DASHBOARD).expect("readable");
    let dashboard: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut names = BTreeSet::new();
    asked(&dashboard, &mut names);
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        let fits = FIGURES.iter().any(|figure| match figure.sort {
            Sort::Histogram(_) => ["_bucket", "_sum", "_count"]
                .iter()
                .any(|end| name.strip_suffix(end) == Some(figure.name)),
            _ => name == figure.name,
        });
        assert!(fits, "{name} is no metric of ours");
    }
}
