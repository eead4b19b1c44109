//! What an administrator says about a connection: by flags, and at a terminal by answering.

use std::fmt::Write as _;

use anyhow::bail;
use dialoguer::{Input, Password, Select};
use secrecy::SecretString;

use crate::domain::connector::{Field, Form, Kind, Sort};
use crate::domain::spelling;

/// One setting.
pub(super) struct Answer {
    pub(super) key: String,
    pub(super) value: Value,
}

#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    Flag(bool),
    /// `env:NAME` or `file:PATH`.
    Reference(String),
    /// A secret that must find a file.
    Typed(SecretString),
}

/// What the flags say.
pub(super) struct Given<'a> {
    pub(super) texts: &'a [(String, String)],
    pub(super) secrets: &'a [(String, String)],
}

/// What every CRM can be told beside its own fields.
const CRM_FLAGS: [&str; 3] = ["reconcile", "write_back", "log_mail"];
const CRM_TEXT: &str = "reconcile_every";

/// Every setting that is given or asked for. What is `kept` may stay as it is. Elsewhere than at a terminal the error names every needed
/// one that is missing, and its flag.
pub(super) fn collect(
    kind: &Kind,
    given: &Given<'_>,
    kept: &[String],
    at_terminal: bool,
) -> anyhow::Result<Vec<Answer>> {
    let mut answers = Vec::new();
    for (key, text) in given.texts {
        put(&mut answers, key, text_of(kind, key, text)?);
    }
    for (key, reference) in given.secrets {
        put(&mut answers, key, reference_of(kind, key, reference)?);
    }
    let told: Vec<String> = answers.iter().map(|answer| answer.key.clone()).collect();
    let open = kind
        .fields
        .iter()
        .filter(|field| !told.iter().any(|key| key == field.key));
    if at_terminal {
        for field in open {
            if let Some(value) = ask(field, kept.iter().any(|key| key == field.key))? {
                put(&mut answers, field.key, value);
            }
        }
        return Ok(answers);
    }
    let missing: Vec<&Field> = open
        .filter(|field| field.needed && field.default.is_none())
        .filter(|field| !kept.iter().any(|key| key == field.key))
        .collect();
    if !missing.is_empty() {
        bail!("{}", lacking(kind, &missing));
    }
    Ok(answers)
}

/// The last word about a key counts.
pub(super) fn put(answers: &mut Vec<Answer>, key: &str, value: Value) {
    answers.retain(|answer| answer.key != key);
    answers.push(Answer {
        key: key.to_owned(),
        value,
    });
}

fn text_of(kind: &Kind, key: &str, text: &str) -> anyhow::Result<Value> {
    if kind.sort == Sort::Crm && CRM_FLAGS.contains(&key) {
        return match text {
            "true" => Ok(Value::Flag(true)),
            "false" => Ok(Value::Flag(false)),
            _ => bail!("--set {key}={text}: write true or false"),
        };
    }
    if kind.sort == Sort::Crm && key == CRM_TEXT {
        return Ok(Value::Text(text.to_owned()));
    }
    let field = field(kind, key)?;
    if field.form == Form::Secret {
        bail!(
            "{key} is a secret, and other people see command lines: --secret {key}={} or --secret {key}=file:PATH",
            field.example
        );
    }
    Ok(Value::Text(text.to_owned()))
}

fn reference_of(kind: &Kind, key: &str, reference: &str) -> anyhow::Result<Value> {
    let field = field(kind, key)?;
    if field.form != Form::Secret {
        bail!("{key} is no secret: --set {key}=VALUE");
    }
    if !is_reference(reference) {
        bail!(
            "--secret {key} takes env:NAME or file:PATH, not the secret: other people see command lines"
        );
    }
    Ok(Value::Reference(reference.to_owned()))
}

fn is_reference(text: &str) -> bool {
    text.starts_with("env:") || text.starts_with("file:")
}

fn field(kind: &Kind, key: &str) -> anyhow::Result<&'static Field> {
    if let Some(field) = kind.fields.iter().find(|field| field.key == key) {
        return Ok(field);
    }
    let of_crms = CRM_FLAGS.iter().copied().chain([CRM_TEXT]);
    let of_crms = of_crms.filter(|_| kind.sort == Sort::Crm);
    let known = kind.fields.iter().map(|field| field.key).chain(of_crms);
    bail!(
        "{} has no setting {key:?}: {}",
        kind.name,
        spelling::suggest(key, known)
    )
}

fn lacking(kind: &Kind, missing: &[&Field]) -> String {
    let mut text = format!("{} needs more than was given:", kind.title);
    for field in missing {
        let flag = match field.form {
            Form::Secret => format!("--secret {}={}", field.key, field.example),
            _ => format!("--set {}={}", field.key, field.example),
        };
        let _ = write!(text, "\n  {flag}\n      {}", field.help);
    }
    text
}

/// Asks for one field; none where it is left as it is.
fn ask(field: &Field, is_kept: bool) -> anyhow::Result<Option<Value>> {
    eprintln!("\n{}", field.help);
    let optional = is_kept || !field.needed || field.default.is_some();
    let left = match field.default {
        _ if is_kept => ", Enter to leave it as it is".to_owned(),
        Some(default) => format!(", Enter for {default}"),
        None if optional => ", Enter for none".to_owned(),
        None => String::new(),
    };
    if let Form::Choice(words) = field.form {
        let default = field
            .default
            .and_then(|word| words.iter().position(|w| *w == word));
        let chosen = Select::new()
            .with_prompt(field.key)
            .items(words)
            .default(default.unwrap_or(0))
            .interact()?;
        let changed = is_kept || Some(chosen) != default;
        return Ok(changed.then(|| Value::Text(words[chosen].to_owned())));
    }
    if field.form == Form::Secret {
        let prompt = format!("{} (unseen; or like {}{left})", field.key, field.example);
        let typed = Password::new()
            .with_prompt(prompt)
            .allow_empty_password(optional)
            .interact()?;
        let typed = typed.trim();
        return Ok(match typed {
            "" => None,
            text if is_reference(text) => Some(Value::Reference(text.to_owned())),
            text => Some(Value::Typed(SecretString::from(text))),
        });
    }
    let like = match field.default {
        Some(_) => left.trim_start_matches(", ").to_owned(),
        None => format!("like {}{left}", field.example),
    };
    let typed: String = Input::new()
        .with_prompt(format!("{} ({like})", field.key))
        .allow_empty(optional)
        .interact_text()?;
    let typed = typed.trim();
    Ok((!typed.is_empty()).then(|| Value::Text(typed.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::find_kind;

    fn collected(
        kind: &str,
        texts: &[(&str, &str)],
        secrets: &[(&str, &str)],
    ) -> Result<Vec<String>, String> {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect()
        };
        let (texts, secrets) = (owned(texts), owned(secrets));
        let given = Given {
            texts: &texts,
            secrets: &secrets,
        };
        let kind = find_kind(kind).expect("a kind");
        let answers = collect(kind, &given, &[], false).map_err(|e| e.to_string())?;
        Ok(answers.into_iter().map(|answer| answer.key).collect())
    }

    #[test]
    fn what_flags_say() {
        let secret = ("client_secret", "env:S");
        for (texts, secrets, expect) in [
            (&[][..], &[secret][..], Ok(&["client_secret"][..])),
            (
                &[("base_url", "https://x.example"), ("write_back", "false")],
                &[secret, ("access_token", "file:t")],
                Ok(&["base_url", "write_back", "client_secret", "access_token"]),
            ),
            (
                &[],
                &[],
                Err("--secret client_secret=env:HUBSPOT_CLIENT_SECRET"),
            ),
            (
                &[],
                &[("client_secret", "hunter2hunter2")],
                Err("env:NAME or file:PATH"),
            ),
            (
                &[("client_secret", "x")],
                &[],
                Err("--secret client_secret=env:"),
            ),
            (
                &[],
                &[secret, ("base_url", "env:X")],
                Err("--set base_url="),
            ),
            (
                &[("base_ulr", "x")],
                &[secret],
                Err("did you mean \"base_url\"?"),
            ),
            (&[("reconcile", "maybe")], &[secret], Err("true or false")),
        ] {
            match (collected("hubspot", texts, secrets), expect) {
                (Ok(keys), Ok(expect)) => assert_eq!(keys, expect),
                (Err(error), Err(part)) => {
                    assert!(error.contains(part), "{error}");
                    assert!(!error.contains("hunter2"), "{error}");
                }
                (got, _) => panic!("{got:?} for {texts:?} {secrets:?}"),
            }
        }
        // What only a CRM can be told.
        let got = collected("resend", &[("reconcile", "true")], &[("api_key", "env:K")]);
        assert!(
            got.expect_err("unknown")
                .contains("no setting \"reconcile\"")
        );
    }
}
