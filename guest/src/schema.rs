//! The configuration's schema out of its Rust type (feature `schema`, in tests only).
//!
//! `plugin.toml` is what the host reads; this keeps it and the Rust type from drifting apart. In go
//! the type and the file; with `FOLLOWUP_BLESS=1` the file's `[config]` is rewritten and all else in
//! it, comments too, stays as it is.
//!
//! ```no_run
//! use schemars::JsonSchema;
//!
//! #[derive(serde::Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Config {
//!     /// The template of the greeting.
//!     #[schemars(extend("format" = "template"))]
//!     #[serde(default = "greeting")]
//!     greeting: String,
//! }
//! # fn greeting() -> String { "greeting".into() }
//!
//! #[test]
//! fn the_schema_is_the_type() {
//!     followup_guest::schema::check::<Config>("plugin.toml");
//! }
//! ```

use std::{env, fs};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value as Json;
use toml_edit::{DocumentMut, Item};

/// The variable that makes [`check`] write instead of compare.
pub const BLESS: &str = "FOLLOWUP_BLESS";

/// Panics where `[config]` of the file (relative to the package, as tests run) is not the schema of
/// `C`, with both and the command that would write it.
pub fn check<C: JsonSchema>(file: &str) {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{file}: {e}"));
    let mut manifest: DocumentMut = text.parse().unwrap_or_else(|e| panic!("{file}: {e}"));
    let derived = derive::<C>();
    let written = manifest.get("config").map(read);
    if written.as_ref() == Some(&derived) {
        return;
    }
    if env::var_os(BLESS).is_some() {
        put(&mut manifest, &derived);
        fs::write(file, manifest.to_string()).unwrap_or_else(|e| panic!("{file}: {e}"));
        return;
    }
    panic!(
        "[config] of {file} is not the schema of {}; {BLESS}=1 cargo test writes it\n  the file: {}\n  the type: {derived}",
        std::any::type_name::<C>(),
        written.unwrap_or_default(),
    );
}

/// The schema as it stands in a manifest: 2020-12 without what the host takes for granted, without
/// references (an administrator reads it), and without what TOML cannot say.
fn derive<C: JsonSchema>() -> Json {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let schema = settings.into_generator().into_root_schema_for::<C>();
    let mut schema = schema.to_value();
    if let Some(root) = schema.as_object_mut() {
        root.remove("title");
    }
    drop_nulls(&mut schema);
    schema
}

/// TOML has no null: an optional field's `default: null` says nothing that its absence does not.
fn drop_nulls(json: &mut Json) {
    match json {
        Json::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Json::Array(list) => list.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Puts the schema in the place of `[config]`, which keeps its position in the file.
fn put(manifest: &mut DocumentMut, schema: &Json) {
    let text = toml_edit::ser::to_string_pretty(&serde_json::json!({ "config": schema }))
        .unwrap_or_else(|e| panic!("the schema cannot be written as TOML: {e}"));
    let mut fresh: DocumentMut = text.parse().expect("what toml_edit wrote");
    let mut fresh = fresh.remove("config").unwrap_or_default();
    let old = manifest.get("config").and_then(Item::as_table);
    if let (Some(old), Some(table)) = (old, fresh.as_table_mut()) {
        *table.decor_mut() = old.decor().clone();
        place(table, old.position());
    }
    manifest["config"] = fresh;
}

/// A table that was parsed elsewhere would be sorted among the file's by its old place.
fn place(table: &mut toml_edit::Table, position: Option<isize>) {
    table.set_position(position);
    for (_, item) in table.iter_mut() {
        if let Some(inner) = item.as_table_mut() {
            place(inner, position);
        }
    }
}

fn read(item: &Item) -> Json {
    let mut document = DocumentMut::new();
    document["config"] = item.clone();
    let read: Json = toml_edit::de::from_document(document).unwrap_or_default();
    read.get("config").cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Config {
        /// How long to wait.
        #[serde(default)]
        days: Option<u8>,
        steps: Vec<Step>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Step {
        template: String,
    }

    #[test]
    fn a_schema_written_is_a_schema_read() {
        let text = "# mine\nid = \"x\"\n\n# what it may be told\n[config]\ntype = \"object\"\n\n[config.properties.old]\ntype = \"string\"\n\n# last\n[templates.a]\nsubject = \"s\"\n";
        let mut manifest: DocumentMut = text.parse().expect("TOML");
        put(&mut manifest, &derive::<Config>());
        let written = manifest.to_string();
        assert_eq!(manifest.get("config").map(read), Some(derive::<Config>()));
        let again: DocumentMut = written.parse().expect("still TOML");
        assert_eq!(again.get("config").map(read), Some(derive::<Config>()));
        for kept in [
            "# mine\nid",
            "# what it may be told\n[config]",
            "# last\n[templates.a]",
        ] {
            assert!(written.contains(kept), "{kept:?} in {written}");
        }
        assert!(!written.contains("properties.old"), "{written}");
        assert!(written.contains("How long to wait."), "{written}");
    }
}
