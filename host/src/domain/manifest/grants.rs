//! What a trigger asks to be granted: hosts to call, secrets to use.

use serde::{Deserialize, Serialize};

/// Everything asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<HttpGrant>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Secret>,
}

/// Requests that may leave: to this host, by these methods, to these paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpGrant {
    pub host: HostPattern,
    /// Upper-case.
    #[serde(default = "get_only")]
    pub methods: Vec<String>,
    /// Each a whole path, or its beginning where it ends in `*`. Without any: every path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// The author's, for the administrator who approves.
    pub reason: String,
}

fn get_only() -> Vec<String> {
    vec!["GET".to_owned()]
}

/// `api.example.com`, `*.example.com` (one or more labels in its place), or `config:/url`: the host
/// of the URL at that place (a JSON pointer) of the connection's configuration, which the
/// administrator writes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HostPattern(pub String);

/// A secret that the administrator gives a value and the trigger never sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// As in the connection's `[connections.NAME.secrets]`.
    pub name: String,
    /// What the host may do with it on the trigger's behalf.
    pub uses: Vec<SecretUse>,
    /// Where a `header` may take it; each one of the `http` hosts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostPattern>,
    /// Whether the trigger does something useful without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretUse {
    /// The scheme of `[verify]`, or the contract's `verify-hmac`.
    Verify,
    /// Put into a header of a request to one of `hosts`.
    Header,
}

impl SecretUse {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Header => "header",
        }
    }
}

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

impl Grants {
    pub fn is_empty(&self) -> bool {
        self.http.is_empty() && self.secrets.is_empty()
    }

    /// The secret of this name, where it was asked for with this use.
    pub fn secret(&self, name: &str, used_as: SecretUse) -> Option<&Secret> {
        self.secrets
            .iter()
            .find(|secret| secret.name == name && secret.uses.contains(&used_as))
    }

    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for grant in &self.http {
            let host = &grant.host.0;
            problems.extend(grant.host.problem());
            for method in &grant.methods {
                if !METHODS.contains(&method.as_str()) {
                    problems.push(format!(
                        "grants.http {host}: method {method:?} is none of {}",
                        METHODS.join(", ")
                    ));
                }
            }
            for path in &grant.paths {
                let body = path.strip_suffix('*').unwrap_or(path);
                if !path.starts_with('/') || body.contains(['*', '?', '#']) || body.contains("..") {
                    problems.push(format!(
                        "grants.http {host}: path {path:?}: write a path like /v1/events, or its beginning like /v1/*"
                    ));
                }
            }
            if grant.methods.is_empty() {
                problems.push(format!("grants.http {host}: no methods"));
            }
            if grant.reason.trim().is_empty() {
                problems.push(format!("grants.http {host}: say why in `reason`"));
            }
        }
        for secret in &self.secrets {
            let name = &secret.name;
            let slug = !name.is_empty()
                && name.len() <= 64
                && name.bytes().all(|b| {
                    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-'
                });
            if !slug {
                problems.push(format!(
                    "grants.secrets {name:?}: use 1 to 64 lower-case letters, digits, dashes and underscores"
                ));
            }
            if secret.uses.is_empty() {
                problems.push(format!(
                    "grants.secrets {name}: uses is empty: write \"verify\" or \"header\""
                ));
            }
            if secret.reason.trim().is_empty() {
                problems.push(format!("grants.secrets {name}: say why in `reason`"));
            }
            // What proves a webhook cannot be left out: nobody would be refused any more.
            if secret.optional && secret.uses.contains(&SecretUse::Verify) {
                problems.push(format!(
                    "grants.secrets {name}: a secret that verifies is not optional"
                ));
            }
            if secret.uses.contains(&SecretUse::Header) == secret.hosts.is_empty() {
                problems.push(format!(
                    "grants.secrets {name}: a secret for a header needs `hosts`, any other has none"
                ));
            }
            for host in &secret.hosts {
                if !self.http.iter().any(|grant| grant.host == *host) {
                    problems.push(format!(
                        "grants.secrets {name}: {} is none of the grants.http hosts",
                        host.0
                    ));
                }
            }
        }
        problems
    }
}

impl HostPattern {
    /// The JSON pointer into the configuration, where the host stands there.
    pub fn config_pointer(&self) -> Option<&str> {
        self.0.strip_prefix("config:")
    }

    /// Whether the pattern means this host (lower case, without a port). One that points into the
    /// configuration means none by itself.
    pub fn matches(&self, host: &str) -> bool {
        match self.0.strip_prefix("*.") {
            Some(domain) => host
                .strip_suffix(domain)
                .is_some_and(|front| front.len() > 1 && front.ends_with('.')),
            None => self.config_pointer().is_none() && self.0 == host,
        }
    }

    /// Why it is none.
    pub fn problem(&self) -> Option<String> {
        if let Some(pointer) = self.config_pointer() {
            return (!pointer.starts_with('/')).then(|| {
                format!(
                    "grants.http {:?}: write config: and a JSON pointer like /url",
                    self.0
                )
            });
        }
        let name = self.0.strip_prefix("*.").unwrap_or(&self.0);
        let good = name.contains('.')
            && name.len() <= 253
            && name.split('.').all(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            })
            // Not an IP address.
            && name.rsplit('.').next().is_some_and(|top| top.bytes().any(|b| b.is_ascii_lowercase()));
        (!good).then(|| {
            format!(
                "grants.http host {:?}: write a name like api.example.com or *.example.com, in lower case, without scheme, port or path",
                self.0
            )
        })
    }
}

impl HttpGrant {
    /// Whether the path (of a URL, without its query) is among those asked for.
    pub fn covers_path(&self, path: &str) -> bool {
        self.paths.is_empty()
            || self
                .paths
                .iter()
                .any(|allowed| match allowed.strip_suffix('*') {
                    Some(beginning) => path.starts_with(beginning),
                    None => path == allowed,
                })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let check = |pattern: &str, host: &str, expect: bool| {
            assert_eq!(
                HostPattern(pattern.to_owned()).matches(host),
                expect,
                "{pattern} {host}"
            );
        };
        check("api.example.com", "api.example.com", true);
        check("api.example.com", "api.example.com.evil.com", false);
        check("*.example.com", "a.example.com", true);
        check("*.example.com", "a.b.example.com", true);
        check("*.example.com", "example.com", false);
        check("*.example.com", "evilexample.com", false);
        check("config:/url", "config:/url", false);
    }

    #[test]
    fn hosts_that_are_none() {
        for (pattern, good) in [
            ("api.example.com", true),
            ("*.example.com", true),
            ("config:/url", true),
            ("config:url", false),
            ("*", false),
            ("*.com", false),
            ("localhost", false),
            ("127.0.0.1", false),
            ("API.example.com", false),
            ("https://api.example.com", false),
            ("api.example.com:8080", false),
            ("a..example.com", false),
        ] {
            assert_eq!(
                HostPattern(pattern.to_owned()).problem().is_none(),
                good,
                "{pattern}"
            );
        }
    }

    #[test]
    fn paths() {
        let check = |paths: &[&str], path: &str, expect: bool| {
            let grant = HttpGrant {
                host: HostPattern("api.example.com".to_owned()),
                methods: get_only(),
                paths: paths.iter().map(|p| (*p).to_owned()).collect(),
                reason: "tests".to_owned(),
            };
            assert_eq!(grant.covers_path(path), expect, "{paths:?} {path}");
        };
        check(&[], "/anything", true);
        check(&["/v1/events"], "/v1/events", true);
        check(&["/v1/events"], "/v1/events/1", false);
        check(&["/v1/*"], "/v1/events/1", true);
        check(&["/v1/*"], "/v2/events", false);
    }
}
