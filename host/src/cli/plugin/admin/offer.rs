//! What an administrator is shown before a plugin may run, and the question.

use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal, Write as _};

use anyhow::bail;

use crate::domain::manifest::{Manifest, PluginKind, SecretUse};
use crate::plugins::{Fetched, Signer};

/// Everything that matters about it, for people.
pub(super) fn describe(manifest: &Manifest, fetched: &Fetched) -> String {
    let mut text = String::new();
    let by = manifest
        .publisher
        .as_deref()
        .map_or(String::new(), |name| format!(" by {name}"));
    let _ = writeln!(
        text,
        "{} {} ({}){by}\n  {}\n",
        manifest.id,
        manifest.version,
        manifest.kind.as_str(),
        manifest.description
    );
    let signer = match &fetched.signer {
        Signer::Publisher(name) => format!("signed by {name}, one of plugins.publishers"),
        Signer::Stranger(key) => format!("signed by the unknown key {key}: proves nothing"),
        Signer::Nobody => "not signed".to_owned(),
    };
    let license = manifest.license.as_deref().unwrap_or("not said");
    for (what, value) in [
        ("from", fetched.resolved.as_str()),
        ("signature", &signer),
        ("component", &fetched.digest),
        (
            "size",
            &format!("{} KiB", fetched.wasm.len().div_ceil(1024)),
        ),
        ("licence", license),
    ] {
        let _ = writeln!(text, "  {what:<10} {value}");
    }
    text.push('\n');
    text.push_str(&powers(manifest));
    text
}

/// What it may do once it is approved, with the author's reasons.
pub(super) fn powers(manifest: &Manifest) -> String {
    let mut text = String::new();
    let list = |text: &mut String, head: &str, words: &[String]| {
        if !words.is_empty() {
            let _ = writeln!(text, "  {head}: {}", words.join(", "));
        }
    };
    match manifest.kind {
        PluginKind::Policy => {
            text.push_str("It decides about contacts of the sequences that name it. It reaches no network and no file.\n");
            list(&mut text, "hears", &manifest.events);
            list(&mut text, "may ask for", &manifest.actions);
        }
        PluginKind::Trigger => {
            text.push_str("It brings events to connections that name it.\n");
            list(&mut text, "brings", &manifest.events);
            match &manifest.verify {
                Some(verify) => {
                    let _ = writeln!(
                        text,
                        "  its webhooks are verified by the host: {} with secret {}",
                        verify.scheme.as_str(),
                        verify.secret
                    );
                }
                None => {
                    text.push_str("  the host verifies none of its webhooks: that is up to it\n");
                }
            }
        }
    }
    let needs = manifest.limits;
    for (name, asked) in [
        ("fuel_max", needs.fuel_max),
        ("deadline_ms", needs.deadline_ms),
        (
            "memory_max_bytes",
            needs.memory_max_bytes.map(|bytes| bytes as u64),
        ),
    ] {
        if let Some(asked) = asked {
            let _ = writeln!(
                text,
                "  is held to {name} = {asked}, less than it might use here"
            );
        }
    }
    for grant in &manifest.grants.http {
        let paths = if grant.paths.is_empty() {
            "/*".to_owned()
        } else {
            grant.paths.join(", ")
        };
        let _ = writeln!(
            text,
            "  calls {} https://{} {paths}\n      {:?}",
            grant.methods.join(", "),
            grant.host.0,
            grant.reason
        );
    }
    for secret in &manifest.grants.secrets {
        let uses: Vec<_> = secret
            .uses
            .iter()
            .map(|used_as| match used_as {
                SecretUse::Verify => "to verify webhooks".to_owned(),
                SecretUse::Header => {
                    let hosts: Vec<_> = secret.hosts.iter().map(|host| host.0.as_str()).collect();
                    format!("in headers to {}", hosts.join(", "))
                }
            })
            .collect();
        let _ = writeln!(
            text,
            "  uses secret {} {} (it never sees it)\n      {:?}",
            secret.name,
            uses.join(" and "),
            secret.reason
        );
    }
    text
}

/// Asks on the terminal. Without one, nobody can have agreed: `--yes` has to be said.
pub(super) fn agreed(question: &str, yes: bool) -> anyhow::Result<bool> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        bail!("{question} Nobody can be asked here: say --yes if you agree");
    }
    print!("{question} [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
