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

/// A moment in RFC 3339 as people read it: to the second.
pub(super) fn second(moment: &str) -> String {
    match moment.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => moment.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_to_the_second() {
        for (moment, expect) in [
            ("2026-03-02T09:00:00.250Z", "2026-03-02T09:00:00Z"),
            ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z"),
        ] {
            assert_eq!(second(moment), expect);
        }
    }
}
