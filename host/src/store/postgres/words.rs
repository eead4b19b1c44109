//! A text of `sql` in PostgreSQL's words.
//!
//! Parameters are `$1` instead of `?1`; what is said to SQLite's planner alone is left out; a list that is
//! bound as JSON is taken apart by another function. Each text is translated once per connection.
//!
//! The same statement for many rows takes each parameter as an array (`for_each`): it is joined with those
//! arrays, so that it runs once for all, and its text stays that of one row.

use postgres::types::Type;

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

/// The column that tells which of many a row belongs to, from 1.
pub(super) const PLACE: &str = "given_place";

/// A translated statement for many rows at once, given the types of its parameters.
pub(super) fn for_each(statement: &str, types: &[Type]) -> String {
    let mut text = statement.to_owned();
    // From the last, so that `$1` does not change `$12`.
    for number in (1..=types.len()).rev() {
        text = text.replace(&format!("${number}"), &format!("given.p{number}"));
    }
    let numbered = || types.iter().zip(1..);
    let arrays: Vec<String> = numbered()
        .map(|(ty, number)| format!("${number}::{}[]", ty.name()))
        .collect();
    let names: Vec<String> = numbered()
        .map(|(_, number)| format!("p{number}, "))
        .collect();
    let given = format!(
        "unnest({}) WITH ORDINALITY AS given ({}place)",
        arrays.join(", "),
        names.concat()
    );
    let outside = |word: &str| outside(&text, word);
    if text.starts_with("SELECT") {
        return format!(
            "SELECT asked.*, given.place AS {PLACE} FROM {given} CROSS JOIN LATERAL ({text}) AS asked"
        );
    }
    if let Some((before, after)) = outside("VALUES ") {
        let end = closing(after).map_or(after.len(), |end| end + 1);
        let (values, rest) = after.split_at(end);
        let values = &values[1..values.len() - 1];
        return format!("{before}SELECT {values} FROM {given} ORDER BY given.place{rest}");
    }
    let from = if text.starts_with("DELETE") {
        "USING"
    } else {
        "FROM"
    };
    match outside("WHERE ") {
        Some((before, after)) => format!("{before}{from} {given} WHERE {after}"),
        None => format!("{text} {from} {given}"),
    }
}

/// What stands before and behind a word that is in no parentheses.
fn outside<'t>(text: &'t str, word: &str) -> Option<(&'t str, &'t str)> {
    let mut depth = 0_i32;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 && text[at..].starts_with(word) {
            return Some((&text[..at], &text[at + word.len()..]));
        }
    }
    None
}

/// Where the parenthesis that the text begins with is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_i32;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })
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

    #[test]
    fn one_statement_does_for_many() {
        let given = "unnest($1::int8[], $2::text[]) WITH ORDINALITY AS given (p1, p2, place)";
        for (one, many) in [
            (
                "SELECT a FROM t WHERE b = $1 ORDER BY a LIMIT $2",
                format!(
                    "SELECT asked.*, given.place AS given_place FROM {given} CROSS JOIN LATERAL \
                     (SELECT a FROM t WHERE b = given.p1 ORDER BY a LIMIT given.p2) AS asked"
                ),
            ),
            (
                "INSERT INTO t (a, b, c) VALUES ($1, coalesce($2, 'x'), 0) ON CONFLICT DO NOTHING RETURNING id",
                format!(
                    "INSERT INTO t (a, b, c) SELECT given.p1, coalesce(given.p2, 'x'), 0 FROM {given} \
                     ORDER BY given.place ON CONFLICT DO NOTHING RETURNING id"
                ),
            ),
            (
                "UPDATE t SET a = (SELECT b FROM u WHERE c = $1) WHERE d = $2",
                format!(
                    "UPDATE t SET a = (SELECT b FROM u WHERE c = given.p1) FROM {given} WHERE d = given.p2"
                ),
            ),
            (
                "DELETE FROM t WHERE a = $1 AND b = $2",
                format!("DELETE FROM t USING {given} WHERE a = given.p1 AND b = given.p2"),
            ),
        ] {
            assert_eq!(for_each(one, &[Type::INT8, Type::TEXT]), many);
        }
    }
}
