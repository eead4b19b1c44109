//! Tables for people.

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

/// The width of tables that go to a file or a pipe.
const WIDTH_ELSEWHERE: u16 = 140;

/// One line below the heads, none elsewhere: long tables stay readable and can be cut and pasted.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A table with these column heads, fitted to the terminal.
pub(super) fn table<'a>(heads: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(heads);
    if table.width().is_none() {
        table.set_width(WIDTH_ELSEWHERE);
    }
    table
}

/// A missing value.
pub(super) fn or_dash(text: Option<&str>) -> &str {
    text.unwrap_or("–")
}
