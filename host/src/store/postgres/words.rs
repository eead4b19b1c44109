//! A text of `sql` in PostgreSQL's words.
//!
//! Parameters are `$1` instead of `?1`; what is said to SQLite's planner alone is left out; a list that is
//! bound as JSON is taken apart by another function. Each text is translated once per connection.

/// What one says and the other does not.
const WORDS: [(&str, &str); 1] = [("CROSS JOIN", "JOIN")];
/// SQLite: read by this index, or fail.
const INDEXED_BY: &str = " INDEXED BY ";
const JSON_LIST: &str = "json_each(?";

pub(super) fn translate(sql: &str) -> String {
    let mut text = sql.to_owned();
    for (theirs, ours) in WORDS {
        text = text.replace(theirs, ours);
    }
    while let Some(start) = text.find(INDEXED_BY) {
        let name = start + INDEXED_BY.len();
        let ends = |c: char| !(c.is_alphanumeric() || c == '_');
        let end = text[name..].find(ends).map_or(text.len(), |end| name + end);
        text.replace_range(start..end, "");
    }
    while let Some(start) = text.find(JSON_LIST) {
        let end = text[start..]
            .find(')')
            .map_or(text.len(), |end| start + end + 1);
        let number = &text[start + JSON_LIST.len()..end - 1];
        let list = format!("json_array_elements_text(CAST(?{number} AS json)) AS list (value)");
        text.replace_range(start..end, &list);
    }
    text.replace('?', "$")
}

/// The same, giving back the `id` of the row that it inserts.
pub(super) fn translate_insert(sql: &str) -> String {
    format!("{} RETURNING id", translate(sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_hints_are_translated() {
        for (theirs, ours) in [
            (
                "SELECT a FROM t WHERE b = ?1 AND c = ?12",
                "SELECT a FROM t WHERE b = $1 AND c = $12",
            ),
            (
                "SELECT a FROM t INDEXED BY t_b WHERE b = ?1",
                "SELECT a FROM t WHERE b = $1",
            ),
            ("SELECT a FROM t INDEXED BY t_b", "SELECT a FROM t"),
            (
                "FROM t CROSS JOIN u ON u.id = t.id",
                "FROM t JOIN u ON u.id = t.id",
            ),
            (
                "x IN (SELECT value FROM json_each(?3))",
                "x IN (SELECT value FROM json_array_elements_text(CAST($3 AS json)) AS list (value))",
            ),
        ] {
            assert_eq!(translate(theirs), ours);
        }
    }
}
