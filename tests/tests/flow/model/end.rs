//! The end of a history: with everything resumed, released and allowed, and time enough, nothing that
//! was due is left.

use anyhow::ensure;
use followup::domain::instant::DAY_MS;
use followup::store::DEFAULT_TENANT;

use super::history::Regime;
use super::{Life, audit};

/// Days on which a person looks and releases what is late; then everything has its time.
const LOOKS: i64 = 4;
const AFTERMATH_MS: i64 = 150 * DAY_MS;

pub(super) async fn nothing_is_forgotten(life: Life) -> anyhow::Result<usize> {
    let mut life = life.restart(Regime::OPEN).await?;
    let now = life.town.now();
    let store = &life.town.daemon.store;
    for pause in store.pauses(DEFAULT_TENANT).await? {
        store
            .resume(DEFAULT_TENANT, pause.scope, &pause.name, now)
            .await?;
    }
    life.world.resumed_all();
    for _ in 0..LOOKS {
        let now = life.town.now();
        life.town
            .daemon
            .store
            .release(DEFAULT_TENANT, None, now)
            .await?;
        life.town.live_until(now.plus_ms(DAY_MS)).await?;
        life.world.look(&life.town)?;
    }
    let now = life.town.now();
    life.town.live_until(now.plus_ms(AFTERMATH_MS)).await?;
    life.world.look(&life.town)?;

    let now = life.town.now().0;
    for (what, sql) in [
        (
            "a message that was due",
            "SELECT id, due_at, coalesce(rule, status_reason, '') FROM messages
             WHERE status IN ('queued', 'sending') AND due_at <= ?now",
        ),
        (
            "a message held without need",
            "SELECT m.id, m.due_at, m.held_reason FROM messages m JOIN contacts c ON c.id = m.contact_id
             WHERE m.status = 'held' AND NOT (m.rule = 'missing-field'
               AND trim(coalesce(c.attributes ->> '$.first_name', '')) = '')",
        ),
        (
            "an event that was not decided",
            "SELECT id, received_at, kind FROM events WHERE status = 'pending'",
        ),
        (
            "a contact that was due",
            "SELECT email, due_at, '' FROM contacts WHERE due_at <= ?now",
        ),
        (
            "a timer that nobody will ring",
            "SELECT t.name, t.due_at, 'contact due at ' || coalesce(c.due_at, 'no time') FROM timers t
             JOIN enrollments e ON e.id = t.enrollment_id JOIN contacts c ON c.id = e.contact_id
             WHERE e.status = 'active' AND (c.due_at IS NULL OR c.due_at > t.due_at)
               AND NOT (t.asked IS NOT NULL AND EXISTS (SELECT 1 FROM messages m WHERE m.enrollment_id = e.id
                        AND m.status IN ('queued', 'held') AND m.asked_at <= t.due_at))",
        ),
        (
            "a run that nothing continues",
            "SELECT e.id, e.enrolled_at, s.name FROM enrollments e JOIN sequences s ON s.id = e.sequence_id
             WHERE e.status = 'active' AND s.name IN ('welcome', 'nudge')
               AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.enrollment_id = e.id)
               AND NOT EXISTS (SELECT 1 FROM undecided u WHERE u.enrollment_id = e.id)
               AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.enrollment_id = e.id
                               AND m.status IN ('queued', 'held', 'sending'))",
        ),
    ] {
        let sql = sql.replace("?now", &now.to_string());
        let left = audit::rows(&life.town, &sql, |row| {
            let named = row.get::<_, rusqlite::types::Value>(0)?;
            Ok(format!("{named:?} {} {}", row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
        })?;
        ensure!(left.is_empty(), "{what}: {left:?}, and it is {now}");
    }
    audit::every_promise_holds(&life.town).await?;
    audit::numbers_are_gapless(&life.town)?;
    audit::every_message_was_decided(&life.town)?;
    let mails = life.world.mails();
    life.town.stop().await;
    Ok(mails)
}
