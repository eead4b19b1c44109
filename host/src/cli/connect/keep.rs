//! Writing: secrets that were typed or given out, each to a file that its owner alone can read, then
//! `followup.toml`, in one step.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;

use super::answers::{Answer, Value};
use super::draft::Draft;
use crate::domain::connector::Kind;

/// Beside followup.toml.
const SECRETS: &str = "secrets";

/// Refuses, before anybody is asked anything, to overwrite a secret of something else.
pub(super) fn check_free(draft: &Draft<'_>, answers: &[Answer], yes: bool) -> anyhow::Result<()> {
    for (key, _) in typed(answers) {
        let path = folder(draft.path).join(place(draft.name, key));
        if path.exists() && !yes {
            bail!(
                "{} is there already: say --yes to overwrite it",
                path.display()
            );
        }
    }
    Ok(())
}

/// Writes everything; gives back the files.
pub(super) fn write(
    kind: &Kind,
    draft: &Draft<'_>,
    answers: &[Answer],
) -> anyhow::Result<Vec<PathBuf>> {
    let text = draft.with(kind.name, answers, |key| reference(draft.name, key))?;
    // A link is followed: what it leads to is replaced, not the link.
    let path = draft.path.canonicalize()?;
    let mut written = Vec::new();
    for (key, secret) in typed(answers) {
        let place = folder(&path).join(place(draft.name, key));
        make_private_folder(folder(&place))?;
        put(
            &place,
            format!("{}\n", secret.expose_secret()).as_bytes(),
            None,
        )?;
        written.push(folder(draft.path).join(self::place(draft.name, key)));
    }
    if std::fs::read_to_string(&path)? != draft.text {
        bail!("{} was changed meanwhile: try again", draft.path.display());
    }
    let permissions = path.metadata()?.permissions();
    put(&path, text.as_bytes(), Some(permissions))?;
    written.push(draft.path.to_owned());
    Ok(written)
}

/// What stands in followup.toml for a secret that has a file.
fn reference(name: &str, key: &str) -> String {
    format!("file:{}", place(name, key))
}

fn place(name: &str, key: &str) -> String {
    format!("{SECRETS}/{name}-{key}")
}

fn typed(answers: &[Answer]) -> impl Iterator<Item = (&str, &SecretString)> {
    answers.iter().filter_map(|answer| match &answer.value {
        Value::Typed(secret) => Some((answer.key.as_str(), secret)),
        _ => None,
    })
}

/// Beside and rename, so that nobody ever reads half of it. New files are their owner's alone.
fn put(path: &Path, bytes: &[u8], permissions: Option<std::fs::Permissions>) -> anyhow::Result<()> {
    let failed = || format!("{} cannot be written", path.display());
    let mut file = NamedTempFile::new_in(folder(path)).with_context(failed)?;
    file.write_all(bytes).with_context(failed)?;
    if let Some(permissions) = permissions {
        file.as_file()
            .set_permissions(permissions)
            .with_context(failed)?;
    }
    file.as_file().sync_all().with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(())
}

fn make_private_folder(folder: &Path) -> anyhow::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))
}

/// Where a path lies; here, where it says nothing of that.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::config::find_kind;

    #[test]
    fn secrets_find_files_of_their_own() {
        let home = tempfile::tempdir().expect("folder");
        let path = home.path().join("followup.toml");
        std::fs::write(&path, "# mine\n").expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).expect("set");
        let answers = [Answer {
            key: "api_key".to_owned(),
            value: Value::Typed("hunter2".into()),
        }];
        let draft = Draft::open(&path, "mail").expect("TOML");
        check_free(&draft, &answers, false).expect("free");
        let kind = find_kind("resend").expect("a kind");
        let written = write(kind, &draft, &answers).expect("written");
        let secret = home.path().join("secrets/mail-api_key");
        assert_eq!(written, [secret.clone(), path.clone()]);
        assert_eq!(std::fs::read_to_string(&secret).expect("text"), "hunter2\n");
        let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&secret), 0o600);
        assert_eq!(mode(folder(&secret)), 0o700);
        assert_eq!(mode(&path), 0o640, "as it was");
        let text = std::fs::read_to_string(&path).expect("text");
        assert!(text.starts_with("# mine\n"), "{text}");
        assert!(text.contains("\"file:secrets/mail-api_key\""), "{text}");

        // Nothing is overwritten unasked, and nothing that changed under our hands.
        assert!(check_free(&draft, &answers, false).is_err());
        check_free(&draft, &answers, true).expect("asked for");
        assert!(write(kind, &draft, &answers).is_err());
        let left: Vec<_> = home.path().read_dir().expect("folder").collect();
        assert_eq!(left.len(), 2, "nothing is left beside: {left:?}");
    }
}
