//! Where each key and value of a TOML file stands: JSON pointer to line.

use std::collections::BTreeMap;
use std::ops::Range;

use toml_edit::{Item, TableLike, Value};

/// Lines by pointer: `/sequences/pricing/config/steps/0/template` → 31.
#[derive(Debug, Clone, Default)]
pub struct Places {
    lines: BTreeMap<String, usize>,
    /// Where a text begins, for those that do not begin beside their key.
    texts: BTreeMap<String, usize>,
}

impl Places {
    pub(super) fn of(text: &str, root: &dyn TableLike) -> Self {
        let mut places = Self::default();
        places.add_table("", root, &Lines::of(text));
        places
    }

    /// The line of what the pointer names or, where that is not written, of what it stands in.
    pub fn line(&self, pointer: &str) -> usize {
        let mut pointer = pointer;
        loop {
            if let Some(line) = self.lines.get(pointer) {
                return *line;
            }
            match pointer.rsplit_once('/') {
                Some((outer, _)) => pointer = outer,
                None => return 1,
            }
        }
    }

    /// The line on which the text there begins.
    pub fn text_line(&self, pointer: &str) -> usize {
        self.texts
            .get(pointer)
            .copied()
            .unwrap_or_else(|| self.line(pointer))
    }

    /// Whether the file says anything there.
    pub fn has(&self, pointer: &str) -> bool {
        self.lines.contains_key(pointer)
    }

    fn add(&mut self, pointer: &str, span: Option<Range<usize>>, lines: &Lines<'_>) {
        if let Some(span) = span {
            let line = lines.at(span.start);
            self.lines.entry(pointer.to_owned()).or_insert(line);
        }
    }

    fn add_table(&mut self, pointer: &str, table: &dyn TableLike, lines: &Lines<'_>) {
        for (key, item) in table.iter() {
            let pointer = format!("{pointer}/{}", token(key));
            self.add(
                &pointer,
                table.key(key).and_then(toml_edit::Key::span),
                lines,
            );
            self.add_item(&pointer, item, lines);
        }
    }

    fn add_item(&mut self, pointer: &str, item: &Item, lines: &Lines<'_>) {
        self.add(pointer, item.span(), lines);
        if let Some(table) = item.as_table_like() {
            self.add_table(pointer, table, lines);
        } else if let Some(tables) = item.as_array_of_tables() {
            for (index, table) in tables.iter().enumerate() {
                let pointer = format!("{pointer}/{index}");
                self.add(&pointer, table.span(), lines);
                self.add_table(&pointer, table, lines);
            }
        } else if let Some(value) = item.as_value() {
            self.add_value(pointer, value, lines);
        }
    }

    fn add_value(&mut self, pointer: &str, value: &Value, lines: &Lines<'_>) {
        self.add(pointer, value.span(), lines);
        if let (Value::String(_), Some(span)) = (value, value.span()) {
            self.texts
                .insert(pointer.to_owned(), lines.at(lines.text_start(span.start)));
        }
        if let Some(array) = value.as_array() {
            for (index, value) in array.iter().enumerate() {
                self.add_value(&format!("{pointer}/{index}"), value, lines);
            }
        } else if let Some(table) = value.as_inline_table() {
            self.add_table(pointer, table, lines);
        }
    }
}

/// Finds the line of an offset.
struct Lines<'a> {
    text: &'a str,
    ends: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            ends: text.match_indices('\n').map(|(at, _)| at).collect(),
        }
    }

    fn at(&self, offset: usize) -> usize {
        self.ends.partition_point(|end| *end < offset) + 1
    }

    /// TOML 1.0: "A newline immediately following the opening delimiter will be trimmed."
    fn text_start(&self, offset: usize) -> usize {
        let quoted = &self.text[offset..];
        let opened = quoted
            .strip_prefix("'''")
            .or_else(|| quoted.strip_prefix("\"\"\""));
        match opened {
            Some(text) if text.starts_with(['\n', '\r']) => {
                offset + 3 + text.find('\n').unwrap_or(0) + 1
            }
            _ => offset,
        }
    }
}

/// A key inside a JSON pointer (RFC 6901 section 3).
pub(super) fn token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
