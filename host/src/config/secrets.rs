//! Where secrets come from: an environment variable, a file, or (with a warning) the text itself.

use std::path::Path;

use secrecy::SecretString;

use super::Env;

/// The largest secret file, in bytes.
const SECRET_MAX_BYTES: u64 = 64 * 1024;

/// What is wrong and what to do.
pub(super) type Told = (String, String);

/// The secret, and a warning where it stands in the open.
pub(super) type Found = (SecretString, Option<(&'static str, &'static str)>);

/// The message never holds any part of a secret.
pub(super) fn resolve(told: &str, folder: &Path, env: &Env<'_>) -> Result<Found, Told> {
    if let Some(name) = told.strip_prefix("env:") {
        return match env(name).filter(|value| !value.trim().is_empty()) {
            Some(value) => Ok((SecretString::from(value), None)),
            None => Err((
                format!("names the environment variable {name}, which is not set"),
                format!("set {name}, or point to a file: \"file:PATH\""),
            )),
        };
    }
    if let Some(path) = told.strip_prefix("file:") {
        let path = folder.join(path);
        return match read(&path) {
            Ok(text) => Ok((SecretString::from(text), None)),
            Err(why) => Err((
                format!("names the file {}, which {why}", path.display()),
                "write the secret into that file, readable by this user only".to_owned(),
            )),
        };
    }
    let warning = ("is an inline secret", "move it to env:NAME or file:PATH");
    Ok((SecretString::from(told), Some(warning)))
}

fn read(path: &Path) -> Result<String, String> {
    let size = path
        .metadata()
        .map_err(|error| format!("cannot be read ({error})"))?
        .len();
    if size > SECRET_MAX_BYTES {
        return Err(format!("is {size} bytes long, {SECRET_MAX_BYTES} allowed"));
    }
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot be read ({error})"))?;
    // Editors end a file with a line break; it is no part of the secret.
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    Ok(secret.to_owned())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn secrets_come_from_three_places() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("key"), "from file\n").expect("write");
        std::fs::write(folder.path().join("empty"), "\n").expect("write");
        let env = |name: &str| (name == "KEY").then(|| "from env".to_owned());
        for (told, expect) in [
            ("env:KEY", Ok(("from env", false))),
            ("file:key", Ok(("from file", false))),
            ("hunter2", Ok(("hunter2", true))),
            ("env:OTHER", Err("OTHER, which is not set")),
            ("file:nothing", Err("cannot be read")),
            ("file:empty", Err("is empty")),
        ] {
            match (resolve(told, folder.path(), &env), expect) {
                (Ok((secret, warning)), Ok((text, warned))) => {
                    assert_eq!(
                        (secret.expose_secret(), warning.is_some()),
                        (text, warned),
                        "{told}"
                    );
                    assert!(!format!("{secret:?}").contains(text));
                }
                (Err((message, _)), Err(part)) => {
                    assert!(message.contains(part), "{told}: {message}");
                }
                (other, _) => panic!("{told}: {other:?}"),
            }
        }
    }
}
