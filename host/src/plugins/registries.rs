//! What is known of registries: which speak plain HTTP, and how to log in.
//!
//! A login comes from `[plugins.registries."HOST"]`, else from the file that `docker login` writes,
//! else there is none. Logins that docker keeps in a credential helper (a program) are not fetched: no
//! program is started from here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Deserialize;

use super::files;

/// The largest `config.json` of docker, in bytes.
const DOCKER_CONFIG_MAX_BYTES: usize = 1024 * 1024;

/// The registries that the configuration speaks of.
#[derive(Debug, Clone, Default)]
pub struct Registries {
    /// By host and, where it has one, port: `ghcr.io`, `127.0.0.1:5000`.
    pub by_host: BTreeMap<String, Registry>,
    /// Docker's `config.json`; it need not be there.
    pub docker_config: Option<PathBuf>,
}

#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// Without TLS: for a registry on this machine or in a closed network.
    pub plain_http: bool,
    pub login: Option<Login>,
}

#[derive(Debug, Clone)]
pub struct Login {
    pub username: String,
    /// A password or an access token.
    pub password: SecretString,
}

/// How to log in to one registry.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    pub login: Option<Login>,
    /// Why there is none although docker seems to have one; told where the registry refuses us.
    pub hint: Option<String>,
}

impl Registries {
    pub(super) fn credentials(&self, host: &str) -> Credentials {
        let configured = self.by_host.get(host).and_then(|it| it.login.clone());
        if configured.is_some() {
            return Credentials {
                login: configured,
                hint: None,
            };
        }
        self.docker_config
            .as_deref()
            .map_or_else(Credentials::default, |file| of_docker(file, host))
    }

    /// The hosts that are called without TLS.
    pub(super) fn plain_http(&self) -> Vec<String> {
        let plain = self.by_host.iter().filter(|(_, it)| it.plain_http);
        plain.map(|(host, _)| host.clone()).collect()
    }
}

/// The part of docker's `config.json` that tells about logins.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, DockerAuth>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Deserialize)]
struct DockerAuth {
    /// Base64 of `username:password`.
    auth: Option<String>,
    identitytoken: Option<String>,
}

fn of_docker(file: &Path, host: &str) -> Credentials {
    let hint = |hint: String| Credentials {
        login: None,
        hint: Some(hint),
    };
    if !file.is_file() {
        return Credentials::default();
    }
    let text = match files::read_up_to(file, DOCKER_CONFIG_MAX_BYTES, None) {
        Ok(text) => text,
        Err(error) => return hint(error.to_string()),
    };
    // The parser's message could hold a part of the text.
    let Ok(config) = serde_json::from_slice::<DockerConfig>(&text) else {
        return hint(format!("{} is not docker's config.json", file.display()));
    };
    if let Some(helper) = config.cred_helpers.get(host) {
        return hint(in_helper(file, helper));
    }
    let Some(entry) = names_of(host)
        .iter()
        .find_map(|name| config.auths.get(name))
    else {
        return Credentials::default();
    };
    match (&entry.auth, &config.creds_store) {
        (Some(auth), _) if !auth.is_empty() && entry.identitytoken.is_none() => match login(auth) {
            Some(login) => Credentials {
                login: Some(login),
                hint: None,
            },
            None => hint(format!(
                "the login of {host} in {} cannot be read",
                file.display()
            )),
        },
        (_, Some(store)) => hint(in_helper(file, store)),
        _ => hint(format!(
            "{} has a login of {host} of a kind that is not supported",
            file.display()
        )),
    }
}

fn in_helper(file: &Path, helper: &str) -> String {
    format!(
        "{} keeps this login in the credential helper {helper:?}, which is not supported",
        file.display()
    )
}

/// Docker writes old registries' names as URLs.
fn names_of(host: &str) -> Vec<String> {
    let mut names = vec![
        host.to_owned(),
        format!("https://{host}"),
        format!("https://{host}/v1/"),
        format!("https://{host}/v2/"),
    ];
    if host == "docker.io" {
        names.push("https://index.docker.io/v1/".to_owned());
    }
    names
}

fn login(auth: &str) -> Option<Login> {
    let text = String::from_utf8(STANDARD.decode(auth.trim()).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some(Login {
        username: username.to_owned(),
        password: SecretString::from(password.trim_end_matches('\0')),
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn where_a_login_comes_from() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("config.json");
        let registries = Registries {
            by_host: BTreeMap::from([(
                "mine.example".to_owned(),
                Registry {
                    plain_http: true,
                    login: Some(Login {
                        username: "configured".to_owned(),
                        password: SecretString::from("secret"),
                    }),
                },
            )]),
            docker_config: Some(file.clone()),
        };
        let auth = STANDARD.encode("ada:pass:word");
        let config = format!(
            r#"{{"auths": {{"ghcr.io": {{"auth": "{auth}"}}, "mine.example": {{"auth": "{auth}"}},
                "https://index.docker.io/v1/": {{"auth": "{auth}"}}, "stored.example": {{}},
                "token.example": {{"auth": "{auth}", "identitytoken": "t"}}, "broken.example": {{"auth": "%"}}}},
                "credHelpers": {{"gcr.example": "gcloud"}}, "credsStore": "desktop", "HttpHeaders": {{}}}}"#
        );
        let check = |host: &str, expect: Result<Option<&str>, &str>| {
            let found = registries.credentials(host);
            let told = found.hint.as_deref();
            match expect {
                Ok(name) => {
                    assert_eq!(found.login.as_ref().map(|it| it.username.as_str()), name);
                    assert_eq!(told, None, "{host}");
                }
                Err(part) => assert!(told.is_some_and(|it| it.contains(part)), "{host}: {told:?}"),
            }
        };
        check("ghcr.io", Ok(None));
        check("mine.example", Ok(Some("configured")));
        std::fs::write(&file, config).expect("written");
        check("mine.example", Ok(Some("configured")));
        check("ghcr.io", Ok(Some("ada")));
        check("docker.io", Ok(Some("ada")));
        check("elsewhere.example", Ok(None));
        check(
            "gcr.example",
            Err("helper \"gcloud\", which is not supported"),
        );
        check(
            "stored.example",
            Err("helper \"desktop\", which is not supported"),
        );
        check("token.example", Err("helper \"desktop\""));
        check("broken.example", Err("cannot be read"));
        let ghcr = registries.credentials("ghcr.io").login.expect("a login");
        assert_eq!(ghcr.password.expose_secret(), "pass:word");
        std::fs::write(&file, "{").expect("written");
        check("ghcr.io", Err("is not docker's config.json"));
        assert_eq!(registries.plain_http(), ["mine.example"]);
        assert!(!format!("{registries:?}").contains("secret\""));
    }
}
