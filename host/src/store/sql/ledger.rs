//! Reports for people: see `store::ledger`.

use crate::store::sql::db::{Db, Row, params};
use crate::store::sql::engine::Engine;
use async_trait::async_trait;
use serde_json::{Value, json};

use super::rows::{collect, first, get, instant, instant_opt, json as read_json, json_opt};
use super::{SqlStore, explain, pace, recorded, standing};
use crate::domain::decision::{DecideInput, Decision};
use crate::domain::fault::Fault;
use crate::domain::verdict::Verdict;
use crate::domain::{EmailAddress, Instant};
use crate::store::ledger::{
    ContactFacts, ContactReport, DecisionFacts, EnrollmentFacts, EventFacts, FaultFacts, Ledger,
    MessageFacts, QuietFacts, Recorded, SequenceReport, StatusReport, Suppression, TaskFacts,
    TimerFacts, Whose,
};
use crate::store::work::enrollment_id;
use crate::store::{Error, TenantId};

/// Rows of each kind that a contact report shows at most, newest kept.
const REPORT_ROWS_MAX: usize = 1_000;

#[async_trait]
impl<E: Engine> Ledger for SqlStore<E> {
    async fn contact(
        &self,
        tenant: TenantId,
        email: &EmailAddress,
    ) -> Result<Option<ContactReport>, Error> {
        let email = email.to_string();
        self.moment(move |db| contact(db, tenant.0, &email)).await
    }

    async fn status(&self, tenant: TenantId) -> Result<StatusReport, Error> {
        self.moment(move |db| standing::status(db, tenant.0)).await
    }

    async fn sequences(&self, tenant: TenantId) -> Result<Vec<SequenceReport>, Error> {
        self.read(move |db| standing::sequences(db, tenant.0)).await
    }

    async fn recorded(
        &self,
        tenant: TenantId,
        whose: Whose,
        limit: usize,
    ) -> Result<Vec<Recorded>, Error> {
        self.read(move |db| recorded::recorded(db, tenant, &whose, limit))
            .await
    }

    async fn check(&self) -> Result<(), Error> {
        if self.engine.writes() {
            // An empty transaction: the writer is alive and the file can be locked for writing.
            self.write(|_| Ok(())).await?;
        }
        self.read(|db| first(db, "SELECT 1 FROM tenants", params![], |_| Ok(())).map(|_| ()))
            .await
    }
}

/// Which suppression concerns the contact `c`, of its address or of its domain: the address of that
/// row, which is one even where both are listed.
const SUPPRESSION: &str = "(SELECT x.address FROM suppressions x
      WHERE x.tenant_id = c.tenant_id AND x.address IN (c.email, '@' || c.domain)
      ORDER BY x.address LIKE '@%' LIMIT 1)";

fn time(row: &Row<'_>, column: &str) -> Result<String, Error> {
    instant(row, column).map(|at| at.to_string())
}

fn time_opt(row: &Row<'_>, column: &str) -> Result<Option<String>, Error> {
    Ok(instant_opt(row, column)?.map(|at: Instant| at.to_string()))
}

fn contact(db: &Db, tenant: i64, email: &str) -> Result<Option<ContactReport>, Error> {
    let found = first(
        db,
        &format!(
            "SELECT c.*, s.reason AS suppressed, s.at AS suppressed_at FROM contacts c
         LEFT JOIN suppressions s ON s.tenant_id = c.tenant_id AND s.address = {SUPPRESSION}
         WHERE c.tenant_id = ?1 AND c.email = ?2"
        ),
        params![tenant, email],
        |row| {
            let id: i64 = get(row, "id")?;
            let suppressed: Option<String> = get(row, "suppressed")?;
            let since = time_opt(row, "suppressed_at")?;
            let facts = ContactFacts {
                id: id.to_string(),
                email: get(row, "email")?,
                time_zone: get(row, "time_zone")?,
                locale: get(row, "locale")?,
                attributes: read_json(row, "attributes")?,
                account: json_opt(row, "account")?,
                next_due_at: time_opt(row, "due_at")?,
                account_key: get(row, "account_key")?,
                quiet: pace::quiet(row)?.map(|quiet| QuietFacts {
                    until: quiet.until.to_string(),
                    reason: quiet.reason,
                }),
                opt_outs: explain::opt_outs(db, tenant, id)?,
                pauses: explain::pauses_of(db, tenant, id)?,
                soft_bounces: get(row, "soft_bounces")?,
                suppressed: suppressed
                    .zip(since)
                    .map(|(reason, since)| Suppression { reason, since }),
                deleted_at: time_opt(row, "deleted_at")?,
            };
            Ok((id, facts))
        },
    )?;
    let Some((id, facts)) = found else {
        return Ok(None);
    };
    let of_contact = params![tenant, id, REPORT_ROWS_MAX];
    Ok(Some(ContactReport {
        contact: facts,
        enrollments: enrollments(db, tenant, id)?,
        messages: collect(
            db,
            "SELECT * FROM (SELECT m.*, s.name AS sequence FROM messages m
                JOIN enrollments e ON e.id = m.enrollment_id JOIN sequences s ON s.id = e.sequence_id
                WHERE m.tenant_id = ?1 AND m.contact_id = ?2 ORDER BY m.seq DESC LIMIT ?3) AS latest ORDER BY seq",
            of_contact,
            message,
        )?,
        tasks: collect(
            db,
            "SELECT * FROM (SELECT * FROM writebacks WHERE tenant_id = ?1 AND contact_id = ?2
                ORDER BY id DESC LIMIT ?3) AS latest ORDER BY id",
            of_contact,
            task,
        )?,
        events: collect(
            db,
            "SELECT * FROM (SELECT * FROM events WHERE tenant_id = ?1 AND contact_id = ?2
                ORDER BY seq DESC LIMIT ?3) AS latest ORDER BY seq",
            of_contact,
            event,
        )?,
        decisions: collect(
            db,
            "SELECT * FROM (SELECT d.*, p.name AS plugin, p.digest, s.name AS sequence FROM decisions d
                JOIN plugins p ON p.id = d.plugin_id JOIN enrollments e ON e.id = d.enrollment_id
                JOIN sequences s ON s.id = e.sequence_id
                WHERE d.tenant_id = ?1 AND d.contact_id = ?2 ORDER BY d.id DESC LIMIT ?3) AS latest ORDER BY id",
            of_contact,
            decision,
        )?,
        faults: collect(
            db,
            "SELECT * FROM (SELECT f.*, p.name AS plugin, s.name AS sequence FROM faults f
                JOIN plugins p ON p.id = f.plugin_id JOIN enrollments e ON e.id = f.enrollment_id
                JOIN sequences s ON s.id = e.sequence_id
                WHERE f.tenant_id = ?1 AND f.contact_id = ?2 ORDER BY f.id DESC LIMIT ?3) AS latest ORDER BY id",
            of_contact,
            fault,
        )?,
    }))
}

fn enrollments(db: &Db, tenant: i64, contact: i64) -> Result<Vec<EnrollmentFacts>, Error> {
    let timers = |id: i64| {
        collect(
            db,
            "SELECT name, due_at FROM timers WHERE tenant_id = ?1 AND enrollment_id = ?2 ORDER BY due_at, name",
            params![tenant, id],
            |row| {
                Ok(TimerFacts {
                    name: get(row, "name")?,
                    due_at: time(row, "due_at")?,
                })
            },
        )
    };
    collect(
        db,
        "SELECT e.*, s.name AS sequence FROM enrollments e JOIN sequences s ON s.id = e.sequence_id
         WHERE e.tenant_id = ?1 AND e.contact_id = ?2 ORDER BY e.id",
        params![tenant, contact],
        |row| {
            Ok(EnrollmentFacts {
                id: enrollment_id(
                    TenantId(tenant),
                    contact,
                    get(row, "sequence_id")?,
                    get(row, "event_seq")?,
                ),
                sequence: get(row, "sequence")?,
                status: get(row, "status")?,
                exit_reason: get(row, "exit_reason")?,
                pause_reason: get(row, "pause_reason")?,
                enrolled_at: time(row, "enrolled_at")?,
                finished_at: time_opt(row, "finished_at")?,
                decisions: get(row, "decisions")?,
                state: json_opt(row, "state")?,
                timers: timers(get(row, "id")?)?,
            })
        },
    )
}

fn message(row: &Row<'_>) -> Result<MessageFacts, Error> {
    Ok(MessageFacts {
        id: get(row, "id")?,
        sequence: get(row, "sequence")?,
        status: get(row, "status")?,
        subject: get(row, "subject")?,
        held_reason: get(row, "held_reason")?,
        status_reason: get(row, "status_reason")?,
        template: get(row, "template")?,
        due_at: time(row, "due_at")?,
        created_at: time(row, "created_at")?,
        sent_at: time_opt(row, "sent_at")?,
        provider: get(row, "provider")?,
        provider_id: get(row, "provider_id")?,
        attempts: get(row, "attempts")?,
    })
}

fn task(row: &Row<'_>) -> Result<TaskFacts, Error> {
    let body: Value = read_json(row, "body")?;
    Ok(TaskFacts {
        kind: get(row, "kind")?,
        title: body.get("title").and_then(Value::as_str).map(str::to_owned),
        body,
        due_at: time_opt(row, "due_at")?,
        created_at: time(row, "created_at")?,
        status: get(row, "status")?,
    })
}

fn event(row: &Row<'_>) -> Result<EventFacts, Error> {
    Ok(EventFacts {
        id: get(row, "id")?,
        kind: get(row, "kind")?,
        connection: get(row, "connection")?,
        occurred_at: time(row, "occurred_at")?,
        received_at: time(row, "received_at")?,
        status: get(row, "status")?,
        data: read_json(row, "data")?,
        remark: get(row, "remark")?,
    })
}

fn decision(row: &Row<'_>) -> Result<DecisionFacts, Error> {
    let input: DecideInput = read_json(row, "input")?;
    let output: Decision = read_json(row, "output")?;
    let verdicts: Vec<Verdict> = read_json(row, "verdicts")?;
    let actions = output
        .actions
        .iter()
        .zip(&verdicts)
        .map(|(action, verdict)| {
            let mut shown = json!(action);
            if let (Value::Object(shown), Value::Object(verdict)) = (&mut shown, json!(verdict)) {
                shown.extend(verdict);
                if let Some(at) = shown.get_mut("at")
                    && let Some(ms) = at.as_i64()
                {
                    *at = json!(Instant(ms).to_string());
                }
            }
            shown
        })
        .collect();
    Ok(DecisionFacts {
        at: time(row, "at")?,
        sequence: get(row, "sequence")?,
        number: get(row, "number")?,
        plugin: get(row, "plugin")?,
        plugin_digest: get(row, "digest")?,
        event: input.event.kind,
        reason: output.reason,
        actions,
        fuel: get(row, "fuel")?,
    })
}

fn fault(row: &Row<'_>) -> Result<FaultFacts, Error> {
    let fault: Fault = read_json(row, "fault")?;
    Ok(FaultFacts {
        at: time(row, "at")?,
        sequence: get(row, "sequence")?,
        plugin: get(row, "plugin")?,
        event: get(row, "event")?,
        attempt: get(row, "attempt")?,
        fault: fault.to_string(),
        stderr_tail: fault.stderr_tail,
        retry_at: time_opt(row, "retry_at")?,
    })
}
