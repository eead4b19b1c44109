//! The options, as `plugin.toml` describes them.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Config {
    pub url: String,
    #[serde(default)]
    pub items: String,
    pub id: OneOrMany,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub contact_id: Option<String>,
    #[serde(default)]
    pub at: Option<String>,
    #[serde(default = "item")]
    pub kind: String,
    /// Without it, the whole item.
    #[serde(default)]
    pub data: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    #[serde(default)]
    pub auth: Option<Auth>,
    #[serde(default)]
    pub cursor: Option<Cursor>,
}

fn item() -> String {
    "json-poll.item".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct Auth {
    pub header: String,
    #[serde(default)]
    pub prefix: String,
}

#[derive(Debug, Deserialize)]
pub struct Cursor {
    pub param: String,
    #[serde(default)]
    pub next: Option<String>,
    #[serde(default)]
    pub item: Option<String>,
    #[serde(default)]
    pub more: Option<String>,
    #[serde(default)]
    pub start: Option<String>,
}
