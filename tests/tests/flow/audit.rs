//! Looking at what a town wrote: the invariants, by the rows of its database and its mails.

use std::collections::BTreeSet;

use anyhow::{Context, bail, ensure};
use followup::domain::decision::{Action, DecideInput, Decision};
use followup::domain::verdict::Verdict;
use followup::store::DEFAULT_TENANT;
use followup_tests::town::Town;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

/// The whole ledger of a person, without what changes with every compiler: a plugin's digest and
/// how many instructions it took.
pub(super) async fn ledger(town: &Town, email: &str) -> anyhow::Result<Value> {
    let mut report = serde_json::to_value(town.report(email).await?)?;
    let decisions = report["decisions"].as_array_mut().context("decisions")?;
    for decision in decisions.iter_mut().filter_map(Value::as_object_mut) {
        decision.shift_remove("plugin_digest");
        decision.shift_remove("fuel");
    }
    Ok(report)
}

/// What `followup audit` looks for: nothing is found.
pub(super) async fn every_promise_holds(town: &Town) -> anyhow::Result<()> {
    let audit = town.daemon.store.audit(DEFAULT_TENANT).await?;
    let broken: Vec<_> = audit.checks.iter().filter(|it| it.found > 0).collect();
    ensure!(broken.is_empty(), "{broken:#?}");
    let mails = &audit.mails;
    let places: u64 = mails.messages.values().sum();
    ensure!(mails.asked_for == mails.refused + places, "{mails:?}");
    Ok(())
}

/// Invariant 1: the decision that a message names did ask for it, and the guardrails said yes.
pub(super) fn every_message_was_decided(town: &Town) -> anyhow::Result<()> {
    let messages = rows(
        town,
        "SELECT m.id, m.template, d.output, d.verdicts FROM messages m LEFT JOIN decisions d
         ON d.id = m.decision_id AND d.enrollment_id = m.enrollment_id AND d.contact_id = m.contact_id",
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    for (id, template, output, verdicts) in messages {
        let (id, template): (String, String) = (id, template);
        let output: Option<String> = output;
        let verdicts: Option<String> = verdicts;
        let output: Decision =
            serde_json::from_str(&output.with_context(|| format!("{id} has no decision"))?)?;
        let verdicts: Vec<Verdict> = serde_json::from_str(&verdicts.unwrap_or_default())?;
        let asked = output
            .actions
            .iter()
            .zip(&verdicts)
            .any(|(action, verdict)| {
                let message = match verdict {
                    Verdict::Allowed { message, .. } => message.as_ref(),
                    Verdict::Held { message, .. } | Verdict::Delayed { message, .. } => {
                        Some(message)
                    }
                    Verdict::Refused { .. } => None,
                };
                message == Some(&id)
                    && matches!(action, Action::SendEmail(email) if email.template == template)
            });
        ensure!(asked, "no action of its decision asked for {id}");
    }
    Ok(())
}

/// The other half: every file is a message that was attempted exactly once, and the other way round.
pub(super) fn every_mail_is_a_message(town: &Town) -> anyhow::Result<()> {
    let attempted = rows(
        town,
        "SELECT m.id, count(*) FROM messages m JOIN attempts a ON a.message_seq = m.seq GROUP BY m.seq",
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?)),
    )?;
    if let Some((id, times)) = attempted.iter().find(|(_, times)| *times != 1) {
        bail!("{id} was handed over {times} times");
    }
    let attempted: BTreeSet<_> = attempted.into_iter().map(|(id, _)| id).collect();
    let mails = town.mails()?;
    let files: BTreeSet<_> = mails.keys().cloned().collect();
    ensure!(
        attempted == files,
        "handed over: {attempted:?}\nin the outbox: {files:?}"
    );
    let ids: BTreeSet<_> = mails
        .values()
        .map(|mail| mail.header("Message-ID"))
        .collect();
    ensure!(ids.len() == mails.len(), "a Message-ID twice");
    Ok(())
}

/// An enrollment's decisions are numbered 0, 1, 2, ..., and as many as it says.
pub(super) fn numbers_are_gapless(town: &Town) -> anyhow::Result<()> {
    let runs = rows(
        town,
        "SELECT e.id, e.decisions, count(d.id), coalesce(min(d.number), 0), coalesce(max(d.number), -1)
         FROM enrollments e LEFT JOIN decisions d ON d.enrollment_id = e.id GROUP BY e.id",
        |row| Ok((row.get::<_, i64>(0)?, [row.get::<_, i64>(1)?, row.get(2)?, row.get(3)?, row.get(4)?])),
    )?;
    for (id, [decisions, count, first, last]) in runs {
        let gapless = count == decisions && first == 0 && last == count - 1;
        ensure!(
            gapless,
            "enrollment {id}: {decisions} decisions, {count} rows from {first} to {last}"
        );
    }
    Ok(())
}

/// Invariant 5: each decision made again from its row gives the same bytes for the same fuel.
/// Returns how many there were.
pub(super) async fn decide_again(town: &Town) -> anyhow::Result<usize> {
    let engine = &town.daemon.engine;
    let decisions = rows(
        town,
        "SELECT d.id, d.input, d.output, d.fuel, p.digest FROM decisions d JOIN plugins p ON p.id = d.plugin_id",
        |row| {
            let text = |column: usize| row.get::<_, String>(column);
            Ok((
                row.get::<_, i64>(0)?,
                text(1)?,
                text(2)?,
                row.get::<_, u64>(3)?,
                text(4)?,
            ))
        },
    )?;
    for (id, input, output, fuel, digest) in &decisions {
        let input: DecideInput = serde_json::from_str(input)?;
        let mut plugins = engine
            .sequences
            .iter()
            .map(|sequence| &sequence.active.plugin);
        let plugin = plugins
            .find(|plugin| plugin.digest() == digest)
            .context("its plugin")?;
        let again = engine
            .sandbox
            .decide(plugin, input, &engine.calendar)
            .await?;
        let bytes = serde_json::to_string(&again.decision)?;
        ensure!(
            bytes == *output,
            "decision {id} was\n{output}\nand is now\n{bytes}"
        );
        ensure!(
            again.fuel_used == *fuel,
            "decision {id} took {fuel}, now {}",
            again.fuel_used
        );
    }
    Ok(decisions.len())
}

/// Every row of a query, on a connection of its own that cannot write.
pub(super) fn rows<T>(
    town: &Town,
    sql: &str,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let db = Connection::open_with_flags(town.database(), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}
