//! What keeps mail from a contact, whatever is planned.

use crate::store::sql::db::{Db, Row, params};

use super::super::pace;
use super::super::rows::{collect, get, instant_opt};
use super::{NAMED_MAX, time};
use crate::domain::outlook::resume;
use crate::domain::pause::{Pause, Pauses, Scope};
use crate::domain::{EmailAddress, Instant};
use crate::store::Error;
use crate::store::explain::{Obstacle, Why};

/// Of the address and of its domain; known without a contact, too.
pub(super) fn suppressions(
    db: &Db,
    tenant: i64,
    email: &EmailAddress,
) -> Result<Vec<Obstacle>, Error> {
    collect(
        db,
        "SELECT * FROM suppressions WHERE tenant_id = ?1 AND address IN (?2, ?3) ORDER BY at, address",
        params![tenant, email.as_str(), format!("@{}", email.domain())],
        |row| {
            let (address, reason): (String, String) = (get(row, "address")?, get(row, "reason")?);
            let source: String = get(row, "source")?;
            Ok(Obstacle {
                rule: "suppressed",
                reason: format!("{address} must not be mailed: {reason} (from {source})"),
                sequence: None,
                since: Some(time(row, "at")?),
                until: None,
                waits_for: None,
            })
        },
    )
}

/// What the contact's own row says.
pub(super) fn of_row(row: &Row<'_>, now: Instant) -> Result<Vec<Obstacle>, Error> {
    let deleted = instant_opt(row, "deleted_at")?.map(|at| Obstacle {
        rule: "contact-deleted",
        reason: "the CRM deleted the contact".to_owned(),
        sequence: None,
        since: Some(at.to_string()),
        until: None,
        waits_for: Some("the CRM to make it again".to_owned()),
    });
    let survivor: Option<i64> = get(row, "merged_into")?;
    let merged = match survivor {
        Some(survivor) => Some(Obstacle {
            rule: "merged",
            reason: format!(
                "the CRM merged the contact into {}",
                get::<Option<String>>(row, "survivor")?
                    .unwrap_or_else(|| format!("contact {survivor}"))
            ),
            sequence: None,
            since: None,
            until: None,
            waits_for: None,
        }),
        None => None,
    };
    let quiet = pace::quiet(row)?
        .filter(|quiet| quiet.until > now)
        .map(|quiet| Obstacle {
            rule: "quiet",
            reason: quiet.reason,
            sequence: None,
            since: None,
            until: Some(quiet.until.to_string()),
            waits_for: None,
        });
    Ok(merged.into_iter().chain(deleted).chain(quiet).collect())
}

/// Pauses, opt-outs and failed plugins that concern the contact's enrollments and waiting messages.
pub(super) fn around(
    why: &Why,
    db: &Db,
    tenant: i64,
    contact: i64,
    pauses: &Pauses,
) -> Result<Vec<Obstacle>, Error> {
    let identities: Vec<String> = collect(
        db,
        "SELECT DISTINCT identity FROM messages
         WHERE tenant_id = ?1 AND contact_id = ?2 AND status IN ('queued', 'held')",
        params![tenant, contact],
        |row| get(row, "identity"),
    )?;
    let running = |name: &str| {
        let mut open = why
            .enrollments
            .iter()
            .filter(|run| run.status != "finished");
        let waits = why
            .next
            .iter()
            .any(|next| next.what == "message" && next.sequence.as_deref() == Some(name));
        waits || open.any(|run| run.sequence == name)
    };
    let concerns = |pause: &&Pause| match pause.scope {
        Scope::Tenant => true,
        Scope::Contact => pause.name == contact.to_string(),
        Scope::Sequence => running(&pause.name),
        Scope::Identity => identities.contains(&pause.name),
        // Its enrollments say so themselves: they are parked.
        Scope::Plugin => false,
    };
    let paused = pauses.0.iter().filter(concerns).map(|pause| Obstacle {
        rule: "paused",
        reason: pause.explain(),
        sequence: (pause.scope == Scope::Sequence).then(|| pause.name.clone()),
        since: Some(pause.since.to_string()),
        until: pause.until.map(|at| at.to_string()),
        waits_for: Some(format!("`{}`", resume(pause, Some(&why.email)))),
    });
    let failed = why
        .enrollments
        .iter()
        .filter(|run| run.status == "paused")
        .map(|run| Obstacle {
            rule: "plugin-failed",
            reason: run.reason.clone().unwrap_or_default(),
            sequence: Some(run.sequence.clone()),
            since: None,
            until: None,
            waits_for: Some("a mended plugin or configuration, and a restart".to_owned()),
        });
    let opted_out = collect(
        db,
        "SELECT sequence, at FROM opt_outs WHERE tenant_id = ?1 AND contact_id = ?2
         ORDER BY at, sequence LIMIT ?3",
        params![tenant, contact, NAMED_MAX],
        |row| {
            let sequence: String = get(row, "sequence")?;
            Ok(Obstacle {
                rule: "opted-out",
                reason: format!("the person does not want {sequence}"),
                sequence: Some(sequence),
                since: Some(time(row, "at")?),
                until: None,
                waits_for: None,
            })
        },
    )?;
    Ok(paused.chain(failed).chain(opted_out).collect())
}
