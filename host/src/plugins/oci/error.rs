//! What a registry's refusal means, and what to do about it.

use oci_client::Reference;
use oci_client::errors::{OciDistributionError as Told, OciErrorCode};

/// Why something could not be fetched from or brought to a registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    #[error(
        "this machine has no CA certificates, so no registry can be trusted: install the package ca-certificates, or set SSL_CERT_FILE"
    )]
    NoCertificates,
    #[error("the registry client cannot be set up: {0}")]
    Setup(String),
    #[error(
        "{host} cannot be reached ({why}): check the name and the network; a registry without TLS needs\n[plugins.registries.\"{host}\"]\nplain_http = true"
    )]
    Unreachable { host: String, why: String },
    #[error(
        "{host} does not let us at {repository}: it is private, or not there{}; to log in, add\n[plugins.registries.\"{host}\"]\nusername = \"...\"\npassword = \"env:REGISTRY_PASSWORD\"", hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"))
    )]
    Unauthorized {
        host: String,
        repository: String,
        hint: Option<String>,
    },
    #[error("{reference} does not exist: check repository and tag")]
    NotFound { reference: String },
    #[error(
        "{reference} is no WebAssembly artifact ({found}): push it with `followup plugin push`, `wkg oci push` or `oras push REFERENCE FILE.wasm:application/wasm`"
    )]
    NotWasm { reference: String, found: String },
    #[error(
        "{reference} has {bytes} bytes, {allowed} allowed: raise sandbox.component_max_bytes if you trust it"
    )]
    TooLarge {
        reference: String,
        bytes: u64,
        allowed: usize,
    },
    #[error(
        "what came for {reference} is not what the registry listed ({why}): it was changed in the registry or on the way; do not use it, and tell who runs the registry"
    )]
    Tampered { reference: String, why: String },
    #[error("{tag} is no signature of a plugin ({why}): ask the publisher to push it anew")]
    NoSignature { tag: String, why: String },
    #[error(
        "{reference} took more than {after_ms} ms: try again, or raise plugins.transfer_timeout_ms"
    )]
    TimedOut { reference: String, after_ms: u64 },
    #[error("{0} names a digest: a plugin is pushed under a tag, {0}:1.2")]
    NoTag(String),
    #[error("{host} answered what was not understood: {why}")]
    Protocol { host: String, why: String },
}

/// What the client library says, in terms of what to do. `hint` goes with a refused login.
pub(super) fn explain(told: Told, reference: &Reference, hint: Option<&String>) -> RegistryError {
    let host = reference.registry().to_owned();
    let unauthorized = |host: String| RegistryError::Unauthorized {
        host,
        repository: reference.repository().to_owned(),
        hint: hint.cloned(),
    };
    let not_found = || RegistryError::NotFound {
        reference: reference.to_string(),
    };
    match told {
        Told::UnauthorizedError { .. }
        | Told::AuthenticationFailure(_)
        | Told::ServerError {
            code: 401 | 403, ..
        } => unauthorized(host),
        Told::ServerError { code: 404, .. } | Told::ImageManifestNotFoundError(_) => not_found(),
        Told::RegistryError { ref envelope, .. } => {
            let has = |codes: &[OciErrorCode]| {
                envelope
                    .errors
                    .iter()
                    .any(|error| codes.contains(&error.code))
            };
            if has(&[OciErrorCode::Unauthorized, OciErrorCode::Denied]) {
                unauthorized(host)
            } else if has(&[
                OciErrorCode::ManifestUnknown,
                OciErrorCode::NameUnknown,
                OciErrorCode::NotFound,
                OciErrorCode::BlobUnknown,
            ]) {
                not_found()
            } else {
                let why = told.to_string();
                RegistryError::Protocol { host, why }
            }
        }
        Told::DigestError(error) => RegistryError::Tampered {
            reference: reference.to_string(),
            why: error.to_string(),
        },
        Told::RequestError(error) if error.is_connect() || error.is_timeout() => {
            RegistryError::Unreachable {
                host,
                why: innermost(&error),
            }
        }
        Told::RequestError(error) => RegistryError::Protocol {
            host,
            why: innermost(&error),
        },
        other => RegistryError::Protocol {
            host,
            why: other.to_string(),
        },
    }
}

/// The last cause is the one that tells: "Connection refused", "certificate has expired".
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = error.to_string();
        cause = error.source();
    }
    told
}

#[cfg(test)]
mod tests {
    use oci_client::errors::{OciEnvelope, OciError};

    use super::*;

    #[test]
    fn what_a_refusal_means() {
        let reference: Reference = "r.example/acme/x:1".parse().expect("a reference");
        let hint = "docker keeps it".to_owned();
        let check = |told: Told, expect: &str| {
            let error = explain(told, &reference, Some(&hint)).to_string();
            assert!(error.contains(expect), "{error:?} does not say {expect:?}");
        };
        let envelope = |code: OciErrorCode| Told::RegistryError {
            envelope: OciEnvelope {
                errors: vec![OciError {
                    code,
                    message: "no".to_owned(),
                    detail: serde_json::Value::Null,
                }],
            },
            url: String::new(),
        };
        let server = |code: u16| Told::ServerError {
            code,
            url: String::new(),
            message: String::new(),
        };
        check(server(401), "[plugins.registries.\"r.example\"]");
        check(server(403), "docker keeps it");
        check(server(404), "r.example/acme/x:1 does not exist");
        check(server(500), "was not understood");
        check(envelope(OciErrorCode::Denied), "username = ");
        check(envelope(OciErrorCode::ManifestUnknown), "does not exist");
        check(
            envelope(OciErrorCode::Toomanyrequests),
            "was not understood",
        );
        check(Told::PullNoLayersError, "was not understood");
    }
}
