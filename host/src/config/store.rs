//! `[store]`: where state lives.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::reader::Section;
use super::secrets;
use crate::store::place::Place;
use crate::store::postgres::Options as ServerOptions;
use crate::store::sqlite;

#[derive(Debug, Clone)]
pub struct Store {
    pub place: Place,
}

impl Store {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let sqlite = sqlite::Options {
            commit_batch_max: section.number("commit_batch_max", 10_000) as usize,
            queue_max: section.number("queue_max", 1_000_000) as usize,
            readers: section.number("readers", 64) as usize,
        };
        let writers = section.number("connections", 256) as usize;
        let password = section.optional_secret("password");
        let listen_url = section.optional_text("listen_url");
        let told = section.text("url");
        let url = whole(section, &told);
        let place = if is_postgres(url.expose_secret()) {
            let url_of_file = url.expose_secret() == told;
            if url_of_file && has_password(&told) {
                section.warn(
                    "url",
                    "holds a password",
                    "move it to store.password = \"env:NAME\"",
                );
            }
            Place::Server(ServerOptions {
                url,
                password,
                listen_url: listen_url.map(SecretString::from),
                writers,
                serves: true,
                readers: sqlite.readers,
                queue_max: sqlite.queue_max,
            })
        } else {
            let path = file(url.expose_secret()).unwrap_or_else(|| {
                section.problem(
                    "url",
                    "is no place for state",
                    "write sqlite: and a file, like sqlite:followup.db, or postgres://USER@HOST/DATABASE",
                );
                PathBuf::from("followup.db")
            });
            Place::File(section.reader.folder.join(path), sqlite)
        };
        section.finish();
        Self { place }
    }
}

/// The URL, where it lies elsewhere because of the password in it.
fn whole(section: &Section<'_>, told: &str) -> SecretString {
    if !told.starts_with("env:") && !told.starts_with("file:") {
        return SecretString::from(told);
    }
    match secrets::resolve(told, &section.reader.folder, section.reader.env) {
        Ok((url, _)) => url,
        Err((message, remedy)) => {
            section.problem("url", &message, remedy);
            SecretString::from("sqlite:followup.db")
        }
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn has_password(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.password().is_some())
}

fn file(url: &str) -> Option<PathBuf> {
    let file = url.strip_prefix("sqlite:")?;
    let file = file.strip_prefix("//").unwrap_or(file);
    (!file.is_empty() && !file.starts_with(':') && !file.contains('?')).then(|| PathBuf::from(file))
}
