//! Reads one section of the file key by key.
//!
//! A key that is missing comes from `followup.default.toml`; a key that is wrong is noted and then
//! comes from there too, so that everything wrong with a file is told at once.

mod values;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use toml_edit::{Document, Item, TableLike, Value};

use crate::domain::spelling;

use super::Env;
use super::places::{Places, token};
use super::problem::Problem;
use super::secrets;

/// Every option with its default: the documentation and the base layer at once.
pub const DEFAULTS: &str = include_str!("../../followup.default.toml");

/// The file being read, and everything noted so far.
pub(super) struct Reader<'a> {
    pub file: &'a Path,
    pub folder: PathBuf,
    pub env: &'a Env<'a>,
    pub places: Places,
    user: Document<String>,
    defaults: Document<&'static str>,
    problems: RefCell<Vec<Problem>>,
    /// Every key asked for, as a pointer with NAME for names: for the test that the documentation
    /// is complete.
    asked: RefCell<Vec<String>>,
}

impl<'a> Reader<'a> {
    /// The error is the one thing that is wrong with a text that is no TOML.
    pub fn new(file: &'a Path, text: &str, env: &'a Env<'a>) -> Result<Self, Problem> {
        let user = Document::parse(text.to_owned()).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text.get(..start).unwrap_or(text).matches('\n').count() + 1;
            let message = error.message().lines().collect::<Vec<_>>().join("; ");
            Problem::error(
                file,
                line,
                message,
                "correct the TOML syntax (toml.io); the rest is checked after that",
            )
        })?;
        let folder = file.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self {
            file,
            folder,
            env,
            places: Places::of(text, user.as_table()),
            user,
            defaults: Document::parse(DEFAULTS).expect("followup.default.toml is TOML"),
            problems: RefCell::default(),
            asked: RefCell::default(),
        })
    }

    /// The file as a whole: its sections are its keys.
    pub fn root(&self) -> Section<'_> {
        Section {
            reader: self,
            pointer: String::new(),
            documented: String::new(),
            user: Some(self.user.as_table()),
            defaults: Some(self.defaults.as_table()),
            seen: RefCell::default(),
        }
    }

    pub fn note(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    pub fn finish(self) -> (Vec<Problem>, Places) {
        (self.problems.into_inner(), self.places)
    }

    #[cfg(test)]
    pub fn asked(&self) -> Vec<String> {
        self.asked.borrow().clone()
    }
}

/// One table of the file, with its defaults beneath.
pub(super) struct Section<'r> {
    pub reader: &'r Reader<'r>,
    pointer: String,
    documented: String,
    user: Option<&'r dyn TableLike>,
    defaults: Option<&'r dyn TableLike>,
    seen: RefCell<Vec<String>>,
}

impl<'r> Section<'r> {
    /// A table inside this one.
    pub fn section(&self, key: &str) -> Section<'r> {
        let defaults = self
            .defaults
            .and_then(|table| table.get(key))
            .and_then(Item::as_table_like);
        self.child(key, key, defaults)
    }

    /// The tables that people name themselves, with the table that documents each.
    pub fn named(
        &self,
        kind: impl Fn(&str, &'r dyn TableLike) -> String,
    ) -> Vec<(String, Section<'r>)> {
        let name = (
            is_slug as fn(&str) -> bool,
            "use 1 to 64 lower-case letters, digits and dashes",
        );
        self.named_as(name, kind)
    }

    /// The same for names that others made: what is one, and how it should have been written.
    pub fn named_as(
        &self,
        (is_name, remedy): (fn(&str) -> bool, &str),
        kind: impl Fn(&str, &'r dyn TableLike) -> String,
    ) -> Vec<(String, Section<'r>)> {
        let mut sections = Vec::new();
        for (name, item) in self.user.into_iter().flat_map(TableLike::iter) {
            self.seen.borrow_mut().push(name.to_owned());
            let Some(table) = item.as_table_like() else {
                let remedy = format!("write [{}]", dotted(&self.at(&token(name))));
                self.problem(&token(name), "must be a table", remedy);
                continue;
            };
            if !is_name(name) {
                self.problem(&token(name), "is no name", remedy);
            }
            let documented = kind(name, table);
            let defaults = self
                .defaults
                .and_then(|table| table.get(&documented))
                .and_then(Item::as_table_like);
            sections.push((name.to_owned(), self.child(name, &documented, defaults)));
        }
        sections
    }

    fn child(
        &self,
        key: &str,
        documented: &str,
        defaults: Option<&'r dyn TableLike>,
    ) -> Section<'r> {
        let item = self.user_item(key);
        let user = item.and_then(Item::as_table_like);
        if item.is_some() && user.is_none() {
            self.problem(
                &token(key),
                "must be a table",
                format!("write [{}]", dotted(&self.at(&token(key)))),
            );
        }
        Section {
            reader: self.reader,
            pointer: self.at(&token(key)),
            documented: format!("{}/{documented}", self.documented),
            user,
            defaults,
            seen: RefCell::default(),
        }
    }

    /// A folder or file, relative to the folder of the configuration.
    pub fn path(&self, key: &str) -> PathBuf {
        self.reader.folder.join(self.text(key))
    }

    pub fn secret(&self, key: &str) -> Option<SecretString> {
        self.required(key, "\"env:NAME\"", self.optional_secret(key))
    }

    pub fn optional_secret(&self, key: &str) -> Option<SecretString> {
        let told = self.optional_text(key)?;
        match secrets::resolve(&told, &self.reader.folder, self.reader.env) {
            Ok((secret, warning)) => {
                if let Some((message, remedy)) = warning {
                    self.warn(key, message, remedy);
                }
                Some(secret)
            }
            Err((message, remedy)) => {
                self.problem(key, &message, remedy);
                None
            }
        }
    }

    /// Whether the file says anything of the key, be it right or wrong.
    pub fn wrote(&self, key: &str) -> bool {
        self.user.is_some_and(|table| table.contains_key(key))
    }

    /// The raw table, for keys that are not ours.
    pub fn table(&self) -> Option<&'r dyn TableLike> {
        self.user
    }

    /// Notes what is wrong with a key.
    pub fn problem(&self, key: &str, message: &str, remedy: impl Into<String>) {
        let pointer = self.at(key);
        let message = format!("{} {message}", dotted(&pointer));
        self.reader.note(Problem::error(
            self.reader.file,
            self.reader.places.line(&pointer),
            message,
            remedy,
        ));
    }

    pub fn warn(&self, key: &str, message: &str, remedy: &str) {
        let pointer = self.at(key);
        let message = format!("{} {message}", dotted(&pointer));
        self.reader.note(Problem::warning(
            self.reader.file,
            self.reader.places.line(&pointer),
            message,
            remedy,
        ));
    }

    /// Notes the keys that nobody asked for.
    pub fn finish(&self) {
        let seen = self.seen.borrow();
        for (key, _) in self.user.into_iter().flat_map(TableLike::iter) {
            if !seen.iter().any(|known| known == key) {
                let remedy = spelling::suggest(key, seen.iter().map(String::as_str));
                self.problem(&token(key), "is unknown", remedy);
            }
        }
    }

    fn typed<T>(&self, key: &str, what: &str, read: impl Fn(&'r Value) -> Option<T>) -> Option<T> {
        let item = self.user_item(key)?;
        let value = item.as_value().and_then(read);
        if value.is_none() {
            self.problem(key, &format!("must be {what}"), self.example(key));
        }
        value
    }

    fn example(&self, key: &str) -> String {
        match self.defaults.and_then(|table| table.get(key)) {
            Some(default) => format!("the default is {key} = {}", default.to_string().trim()),
            None => format!("see {key} in followup.default.toml"),
        }
    }

    fn user_item(&self, key: &str) -> Option<&'r Item> {
        self.seen.borrow_mut().push(key.to_owned());
        self.reader
            .asked
            .borrow_mut()
            .push(format!("{}/{key}", self.documented));
        self.user.and_then(|table| table.get(key))
    }

    fn default_value(&self, key: &str) -> &'r Value {
        self.defaults
            .and_then(|table| table.get(key))
            .and_then(Item::as_value)
            .unwrap_or_else(|| panic!("followup.default.toml has no {}/{key}", self.documented))
    }

    fn at(&self, key: &str) -> String {
        format!("{}/{key}", self.pointer)
    }
}

/// Names stand in addresses, folders and metrics.
pub(super) fn is_slug(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// `/server/listen` as people write it: `server.listen`.
fn dotted(pointer: &str) -> String {
    pointer
        .trim_start_matches('/')
        .replace('/', ".")
        .replace("~1", "/")
        .replace("~0", "~")
}
