//! The secrets of one connection: used on a trigger's behalf, never shown to it.
//!
//! A trigger gets a placeholder that nobody can guess. Only in the value of a header, and only on the
//! way to a host that the secret was granted for, the secret takes its place; in an answer that repeats
//! the secret the placeholder takes it back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::domain::manifest::{Secret, SecretUse};

use super::authority::Place;
use super::judge::Denial;

/// Every placeholder begins so; a digest of its own follows.
const PREFIX: &str = "followup-secret-";
const RANDOM_BYTES: usize = 16;

/// Shorter ones stand in answers by chance.
const TAKEN_BACK_MIN_BYTES: usize = 8;

/// Basic authentication hides its credentials in base64, RFC 7617.
const BASIC: &[u8] = b"Basic ";

#[derive(Default)]
pub(super) struct Secrets(BTreeMap<String, Held>);

struct Held {
    value: SecretString,
    uses: Vec<SecretUse>,
    places: Vec<Place>,
    placeholder: String,
}

impl Secrets {
    pub(super) fn new(
        granted: &[Secret],
        values: &BTreeMap<String, SecretString>,
        config: &Value,
    ) -> Result<Self, String> {
        let mut held = BTreeMap::new();
        for secret in granted {
            let name = &secret.name;
            let value = match values.get(name) {
                Some(value) => value,
                None if secret.optional => continue,
                None => {
                    return Err(format!(
                        "secrets.{name} is missing: the plugin asks for it ({})",
                        secret.reason
                    ));
                }
            };
            let in_header = secret.uses.contains(&SecretUse::Header);
            if in_header
                && !value
                    .expose_secret()
                    .bytes()
                    .all(|b| (b' '..=b'~').contains(&b))
            {
                return Err(format!(
                    "secrets.{name} holds a character that no header can: is there a line break in it?"
                ));
            }
            let places = secret.hosts.iter().map(|host| Place::of(host, config));
            held.insert(
                name.clone(),
                Held {
                    value: value.clone(),
                    uses: secret.uses.clone(),
                    places: places.collect::<Result<_, _>>()?,
                    placeholder: placeholder()?,
                },
            );
        }
        Ok(Self(held))
    }

    pub(super) fn verify(
        &self,
        name: &str,
        algorithm: hmac::Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, String> {
        let held = self.granted(name, SecretUse::Verify)?;
        let key = hmac::Key::new(algorithm, held.value.expose_secret().as_bytes());
        // Compares in constant time.
        Ok(hmac::verify(&key, message, signature).is_ok())
    }

    pub(super) fn placeholder(&self, name: &str) -> Result<String, String> {
        Ok(self.granted(name, SecretUse::Header)?.placeholder.clone())
    }

    fn granted(&self, name: &str, used_as: SecretUse) -> Result<&Held, String> {
        let held = self.0.get(name).filter(|held| held.uses.contains(&used_as));
        held.ok_or_else(|| {
            let wanted = used_as.as_str();
            format!(
                "no secret {name:?} was granted for this use; plugin.toml asks for one by\n[[grants.secrets]]\nname = {name:?}\nuses = [{wanted:?}]\nreason = \"why\""
            )
        })
    }

    /// The secrets in place of their stand-ins, and which they were.
    pub(super) fn fill(
        &self,
        headers: &mut [(String, Vec<u8>)],
        url: &Url,
    ) -> Result<Vec<String>, Denial> {
        let mut used = Vec::new();
        for (header, value) in headers {
            for (name, held) in &self.0 {
                let Some(filled) = fill_one(value, held) else {
                    continue;
                };
                if !held.places.iter().any(|place| place.is_of(url)) {
                    let host = url.host_str().unwrap_or_default();
                    return Err(Denial::new(
                        format!("secret {name} was not granted for {host} (header {header})"),
                        format!(
                            "plugin.toml, [[grants.secrets]] name = {name:?}: hosts = [{host:?}]"
                        ),
                    ));
                }
                *value = filled;
                used.push(name.clone());
            }
        }
        Ok(used)
    }

    /// The name of the secret whose stand-in is in there, where it would never be swapped.
    pub(super) fn misplaced(&self, bytes: &[u8]) -> Option<&str> {
        let found = |held: &Held| find(bytes, held.placeholder.as_bytes()).is_some();
        let mut all = self.0.iter();
        all.find(|(_, held)| found(held))
            .map(|(name, _)| name.as_str())
    }

    /// Stand-ins again, wherever an answer repeats one of these secrets.
    pub(super) fn take_back(&self, used: &[String], bytes: &mut Vec<u8>) {
        for held in used.iter().filter_map(|name| self.0.get(name)) {
            let value = held.value.expose_secret().as_bytes();
            if value.len() >= TAKEN_BACK_MIN_BYTES && find(bytes, value).is_some() {
                *bytes = replace(bytes, value, held.placeholder.as_bytes());
            }
        }
    }
}

/// The value with the secret in it; none where its placeholder is not.
fn fill_one(value: &[u8], held: &Held) -> Option<Vec<u8>> {
    let (stand_in, secret) = (
        held.placeholder.as_bytes(),
        held.value.expose_secret().as_bytes(),
    );
    if find(value, stand_in).is_some() {
        return Some(replace(value, stand_in, secret));
    }
    let encoded = value.strip_prefix(BASIC)?;
    let decoded = BASE64.decode(encoded.trim_ascii()).ok()?;
    find(&decoded, stand_in)?;
    let filled = BASE64.encode(replace(&decoded, stand_in, secret));
    Some([BASIC, filled.as_bytes()].concat())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = find(rest, from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

fn placeholder() -> Result<String, String> {
    let mut random = [0; RANDOM_BYTES];
    let filled = SystemRandom::new().fill(&mut random);
    filled.map_err(|_| "this machine gives no randomness".to_owned())?;
    let mut text = PREFIX.to_owned();
    for byte in random {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use crate::domain::manifest::HostPattern;

    use super::*;

    const VALUE: &str = "s3cr3t-value";

    fn secrets(value: &str) -> Result<Secrets, String> {
        let granted = [Secret {
            name: "key".to_owned(),
            uses: vec![SecretUse::Header],
            hosts: vec![HostPattern("api.example.com".to_owned())],
            optional: false,
            reason: "tests".to_owned(),
        }];
        let values = BTreeMap::from([("key".to_owned(), value.to_owned().into())]);
        Secrets::new(&granted, &values, &Value::Null)
    }

    /// The header as it leaves; `KEY` stands for the placeholder.
    fn fill(header: &str, url: &str) -> Result<String, Denial> {
        let secrets = secrets(VALUE).expect("secrets");
        let stand_in = secrets.placeholder("key").expect("granted");
        let value = match header.strip_prefix("Basic ") {
            Some(pair) => format!("Basic {}", BASE64.encode(pair.replace("KEY", &stand_in))),
            None => header.replace("KEY", &stand_in),
        };
        let mut headers = [("authorization".to_owned(), value.into_bytes())];
        secrets.fill(&mut headers, &Url::parse(url).expect("a URL"))?;
        let [(_, value)] = headers;
        Ok(String::from_utf8(value).expect("text"))
    }

    #[test]
    fn secrets_take_their_places_on_the_way_to_their_host() {
        let own = "https://api.example.com/v1";
        let check = |header: &str, expect: &str| {
            assert_eq!(fill(header, own).as_deref(), Ok(expect), "{header}");
        };
        check("Bearer KEY", "Bearer s3cr3t-value");
        check("a=KEY, b=KEY", "a=s3cr3t-value, b=s3cr3t-value");
        check("nothing", "nothing");
        let basic = format!("Basic {}", BASE64.encode("me:s3cr3t-value"));
        check("Basic me:KEY", &basic);
        for header in ["Bearer KEY", "Basic me:KEY"] {
            let denial = fill(header, "https://other.example.com/").expect_err("another host");
            assert!(
                denial.remedy.contains("hosts = [\"other.example.com\"]"),
                "{denial:?}"
            );
        }
    }

    #[test]
    fn an_answer_does_not_tell_them() {
        let secrets = secrets(VALUE).expect("secrets");
        let stand_in = secrets.placeholder("key").expect("granted");
        let mut answer = b"you said s3cr3t-value, s3cr3t-value".to_vec();
        secrets.take_back(&["key".to_owned()], &mut answer);
        assert_eq!(
            answer,
            format!("you said {stand_in}, {stand_in}").into_bytes()
        );
    }

    #[test]
    fn values_that_no_header_can_hold() {
        let why = secrets("two\nlines").err().expect("refused");
        assert!(why.contains("secrets.key") && !why.contains("two"), "{why}");
        let none = Secrets::new(
            &[Secret {
                name: "key".to_owned(),
                uses: vec![SecretUse::Verify],
                hosts: Vec::new(),
                optional: false,
                reason: "Proves the sender.".to_owned(),
            }],
            &BTreeMap::new(),
            &Value::Null,
        );
        let why = none.err().expect("missing");
        assert_eq!(
            why,
            "secrets.key is missing: the plugin asks for it (Proves the sender.)"
        );
    }
}
