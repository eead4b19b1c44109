//! The values of a section's keys, by what they may be: each noted where it is wrong, and then taken
//! from the defaults.

use std::ops::RangeInclusive;

use toml_edit::Value;

use super::Section;

impl Section<'_> {
    /// Text that has a default.
    pub fn text(&self, key: &str) -> String {
        self.parsed(key, "", |text| Some(text.to_owned()))
    }

    /// Text with a default, read by `parse`; `remedy` tells how it should have been written.
    pub fn parsed<T>(&self, key: &str, remedy: &str, parse: impl Fn(&str) -> Option<T>) -> T {
        let own = self.optional_parsed(key, remedy, &parse);
        own.unwrap_or_else(|| {
            parse(self.default_value(key).as_str().expect("a text")).expect("a default is right")
        })
    }

    pub fn optional_text(&self, key: &str) -> Option<String> {
        self.optional_parsed(key, "", |text| Some(text.to_owned()))
    }

    pub fn optional_parsed<T>(
        &self,
        key: &str,
        remedy: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.typed(key, "a text in quotes", Value::as_str)?;
        if text.trim().is_empty() {
            self.problem(key, "is empty", "give it a value or remove it");
            return None;
        }
        let value = parse(text);
        if value.is_none() {
            self.problem(key, &format!("{text:?} cannot be read"), remedy);
        }
        value
    }

    /// Text that has no default and must be there.
    pub fn required_text(&self, key: &str, example: &str) -> Option<String> {
        self.required(key, example, self.optional_text(key))
    }

    pub fn required<T>(&self, key: &str, example: &str, value: Option<T>) -> Option<T> {
        if self.user_item(key).is_none() {
            self.problem(key, "is missing", format!("add {key} = {example}"));
        }
        value
    }

    /// A whole number from 1 to `max`.
    pub fn number(&self, key: &str, max: u64) -> u64 {
        self.number_in(key, 1..=max)
    }

    /// A whole number within the range.
    pub fn number_in(&self, key: &str, range: RangeInclusive<u64>) -> u64 {
        self.optional_number_in(key, range.clone())
            .unwrap_or_else(|| whole(self.default_value(key), &range).expect("a default is right"))
    }

    /// A whole number within the range that may be left out.
    pub fn optional_number_in(&self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let what = format!("a whole number from {} to {}", range.start(), range.end());
        self.typed(key, &what, |value| whole(value, &range))
    }

    /// A share from 0 to 1.
    pub fn rate(&self, key: &str) -> f64 {
        let read = |value: &Value| {
            let rate = value
                .as_float()
                .or_else(|| Some(value.as_integer()? as f64))?;
            (0.0..=1.0).contains(&rate).then_some(rate)
        };
        self.typed(key, "a share from 0.0 to 1.0", read)
            .unwrap_or_else(|| read(self.default_value(key)).expect("a default is right"))
    }

    pub fn boolean(&self, key: &str) -> bool {
        self.optional_boolean(key)
            .unwrap_or_else(|| self.default_value(key).as_bool().expect("a boolean"))
    }

    pub fn optional_boolean(&self, key: &str) -> Option<bool> {
        self.typed(key, "true or false", Value::as_bool)
    }

    /// A list of texts, each read by `parse`.
    pub fn list<T>(&self, key: &str, remedy: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        self.optional_list(key, remedy, &parse).unwrap_or_else(|| {
            let defaults = self.default_value(key).as_array().expect("a list");
            let texts = defaults.iter().filter_map(Value::as_str);
            texts.filter_map(&parse).collect()
        })
    }

    /// A list of texts that may be left out.
    pub fn optional_list<T>(
        &self,
        key: &str,
        remedy: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let array = self.typed(key, "a list of texts", Value::as_array)?;
        let mut values = Vec::new();
        for (index, item) in array.iter().enumerate() {
            if let Some(value) = item.as_str().and_then(&parse) {
                values.push(value);
            } else {
                let message = format!("{} cannot be read", item.to_string().trim());
                self.problem(&format!("{key}/{index}"), &message, remedy);
            }
        }
        Some(values)
    }
}

fn whole(value: &Value, range: &RangeInclusive<u64>) -> Option<u64> {
    let number = u64::try_from(value.as_integer()?).ok()?;
    range.contains(&number).then_some(number)
}
