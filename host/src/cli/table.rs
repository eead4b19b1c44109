//! Tables for people.

use comfy_table::{ContentArrangement, Table, presets};

/// A table with these column heads, fitted to the terminal.
pub(super) fn table<'a>(heads: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(heads);
    table
}

/// A missing value.
pub(super) fn or_dash(text: Option<&str>) -> &str {
    text.unwrap_or("–")
}
