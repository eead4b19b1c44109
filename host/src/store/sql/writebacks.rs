//! The CRM's outbox: see `store::writebacks` for what it promises.

use std::collections::BTreeMap;

use crate::store::sql::db::{Db, Row, params, row};
use crate::store::sql::engine::Engine;
use async_trait::async_trait;
use serde_json::Value;

use super::rows::{
    collect, execute, execute_each, first, get, instant_opt, json, json_opt, parse, to_json,
};
use super::{SqlStore, echoes};
use crate::domain::connector::{Done, SentMail, Write, WriteKind};
use crate::domain::mail::Mail;
use crate::domain::{Instant, JsonMap, digest};
use crate::store::writebacks::{
    DueWrite, TroubledWrite, WriteConclusion, WriteCount, WriteFacts, WriteNext, Writebacks, Writer,
};
use crate::store::{Bell, Duty, Error, TenantId};

/// Writes that a status report names.
const TROUBLED_MAX: usize = 20;

/// A write with the CRM's words for everything it concerns.
const DUE: &str = "SELECT w.*, c.attributes, c.account, m.mail, m.sent_at,
           d.input -> 'event' -> 'data' ->> 'deal_id' AS deal_id,
           (SELECT min(r.external_id) FROM contact_refs r
            WHERE r.tenant_id = w.tenant_id AND r.connection = w.connection AND r.contact_id = w.contact_id
              AND NOT r.merged) AS external_id
    FROM writebacks w JOIN contacts c ON c.id = w.contact_id
    LEFT JOIN messages m ON m.seq = w.message_seq LEFT JOIN decisions d ON d.id = w.decision_id";

#[async_trait]
impl<E: Engine> Writebacks for SqlStore<E> {
    async fn register_writers(
        &self,
        tenant: TenantId,
        writers: Vec<Writer>,
        now: Instant,
    ) -> Result<(), Error> {
        self.write_alone(move |tx| {
            execute(
                tx,
                "DELETE FROM writers WHERE tenant_id = ?1",
                params![tenant.0],
            )?;
            for writer in &writers {
                execute(
                    tx,
                    "INSERT INTO writers (tenant_id, connection, log_mail) VALUES (?1, ?2, ?3)",
                    params![tenant.0, writer.connection, writer.log_mail],
                )?;
            }
            // What its CRM may have been given already is not given to another.
            execute(
                tx,
                "UPDATE writebacks SET status = 'open', connection = NULL, try_at = NULL
                 WHERE tenant_id = ?1 AND status = 'queued' AND attempts = 0
                   AND connection NOT IN (SELECT connection FROM writers WHERE tenant_id = ?1)",
                params![tenant.0],
            )?;
            assign_all(tx, tenant, now)
        })
        .await?;
        self.ring(Bell::WriteBack);
        Ok(())
    }

    async fn due_writes(&self, now: Instant, limit: usize) -> Result<Vec<DueWrite>, Error> {
        if !self.engine.has(Duty::WriteBack) {
            return Ok(Vec::new());
        }
        self.read(move |db| {
            let sql = format!(
                "{DUE} WHERE w.try_at IS NOT NULL AND w.try_at <= ?1 ORDER BY w.try_at, w.id LIMIT ?2"
            );
            collect(db, &sql, params![now.0, limit], due)
        })
        .await
    }

    async fn next_write_at(&self) -> Result<Option<Instant>, Error> {
        if !self.engine.has(Duty::WriteBack) {
            return Ok(None);
        }
        self.read(|db| {
            let sql = "SELECT min(try_at) AS at FROM writebacks WHERE try_at IS NOT NULL";
            Ok(first(db, sql, params![], |row| instant_opt(row, "at"))?.flatten())
        })
        .await
    }

    async fn interrupted_writes(&self) -> Result<Vec<DueWrite>, Error> {
        self.read(|db| {
            let sql = DUE.replace("FROM writebacks w", "FROM interrupted_writebacks w");
            collect(db, &sql, params![], due)
        })
        .await
    }

    async fn claim_write(&self, id: i64, now: Instant) -> Result<bool, Error> {
        self.write(move |tx| {
            let claimed = execute(
                tx,
                "UPDATE writebacks SET status = 'sending', try_at = NULL, attempts = attempts + 1
                 WHERE id = ?1 AND status = 'queued'",
                params![id],
            )?;
            execute(
                tx,
                "INSERT INTO writeback_attempts (writeback_id, number, tenant_id, started_at)
                 SELECT id, 1 + (SELECT count(*) FROM writeback_attempts WHERE writeback_id = ?1), tenant_id, ?2
                 FROM writebacks WHERE id = ?1 AND ?3",
                params![id, now.0, claimed > 0],
            )?;
            Ok(claimed > 0)
        })
        .await
    }

    async fn conclude_write(&self, conclusion: WriteConclusion) -> Result<(), Error> {
        self.write(move |tx| conclude(tx, &conclusion)).await?;
        self.ring(Bell::WriteBack);
        Ok(())
    }

    async fn write_facts(&self, tenant: TenantId) -> Result<WriteFacts, Error> {
        self.read(move |db| facts(db, tenant)).await
    }
}

/// Something to be written, as it is decided.
pub(super) struct New<'a> {
    pub tenant: TenantId,
    pub contact: i64,
    pub enrollment: Option<i64>,
    pub decision: Option<i64>,
    /// `task`, `note` or `properties`.
    pub kind: &'a str,
    pub body: &'a Value,
    pub due_at: Option<Instant>,
    pub now: Instant,
}

/// Keeps them, for a CRM that knows the contact; where none does, for people.
pub(super) fn add(tx: &Db, all: &[New<'_>]) -> Result<(), Error> {
    let (mut rows, mut whose) = (Vec::new(), BTreeMap::new());
    for new in all {
        rows.push(row![
            new.tenant.0,
            new.contact,
            new.enrollment,
            new.decision,
            new.kind,
            to_json(new.body)?,
            new.due_at.map(|at| at.0),
            new.now.0
        ]);
        whose.insert((new.tenant.0, new.contact), new.now.0);
    }
    execute_each(
        tx,
        "INSERT INTO writebacks (tenant_id, contact_id, enrollment_id, decision_id, kind, body, due_at, created_at,
                                 status)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'open')",
        &rows,
    )?;
    let whose = whose.into_iter();
    let whose: Vec<_> = whose
        .map(|((tenant, contact), now)| row![tenant, now, contact])
        .collect();
    execute_each(tx, &assign_of_one(), &whose).map(|_| ())
}

/// Gives what waits for any CRM to one that knows its contact.
const ASSIGN: &str = "UPDATE writebacks SET status = 'queued', try_at = ?2, connection =
         (SELECT min(r.connection) FROM contact_refs r JOIN writers USING (tenant_id, connection)
          WHERE r.tenant_id = ?1 AND r.contact_id = writebacks.contact_id AND NOT r.merged)
     WHERE tenant_id = ?1 AND status = 'open'
       AND EXISTS (SELECT 1 FROM contact_refs r JOIN writers USING (tenant_id, connection)
                   WHERE r.tenant_id = ?1 AND r.contact_id = writebacks.contact_id AND NOT r.merged)";

fn assign_all(tx: &Db, tenant: TenantId, now: Instant) -> Result<(), Error> {
    execute(tx, ASSIGN, params![tenant.0, now.0]).map(|_| ())
}

/// The same of one contact: a CRM may just have told that it knows it.
pub(super) fn assign_of(
    tx: &Db,
    tenant: TenantId,
    contact: i64,
    now: Instant,
) -> Result<(), Error> {
    execute(tx, &assign_of_one(), params![tenant.0, now.0, contact]).map(|_| ())
}

fn assign_of_one() -> String {
    format!("{ASSIGN} AND contact_id = ?3")
}

/// A copy of a mail that left, for the CRMs that want one and know the contact.
pub(super) fn log_mail(tx: &Db, message: i64, now: Instant) -> Result<(), Error> {
    execute(
        tx,
        "INSERT INTO writebacks (tenant_id, contact_id, enrollment_id, decision_id, kind, body, created_at,
                                 status, message_seq, connection, try_at)
         SELECT m.tenant_id, m.contact_id, m.enrollment_id, m.decision_id, 'mail', 'null', ?2, 'queued', m.seq,
                min(r.connection), ?2
         FROM messages m JOIN contact_refs r ON r.contact_id = m.contact_id AND r.tenant_id = m.tenant_id
                                                AND NOT r.merged
         JOIN writers w ON w.tenant_id = m.tenant_id AND w.connection = r.connection AND w.log_mail
         WHERE m.seq = ?1 GROUP BY m.seq ON CONFLICT (message_seq) DO NOTHING",
        params![message, now.0],
    )
    .map(|_| ())
}

fn conclude(tx: &Db, conclusion: &WriteConclusion) -> Result<(), Error> {
    let (id, now) = (conclusion.id, conclusion.now);
    if let Some(outcome) = &conclusion.outcome {
        execute(
            tx,
            "UPDATE writeback_attempts SET finished_at = ?2, outcome = ?3
             WHERE writeback_id = ?1 AND number = (SELECT max(number) FROM writeback_attempts WHERE writeback_id = ?1)",
            params![id, now.0, to_json(outcome)?],
        )?;
    }
    if let WriteNext::Step { done, .. } = &conclusion.next {
        let steps: Option<Vec<Value>> = first(
            tx,
            "SELECT done FROM writebacks WHERE id = ?1",
            params![id],
            |row| json(row, "done"),
        )?;
        let mut steps = steps.unwrap_or_default();
        steps.push(serde_json::to_value(done).map_err(|e| Error::Invalid(e.to_string()))?);
        execute(
            tx,
            "UPDATE writebacks SET done = ?2, attempts = 0, searches = 0 WHERE id = ?1",
            params![id, to_json(&steps)?],
        )?;
        echoes::ours(tx, id, done, now)?;
    }
    let (status, try_at, reason) = match &conclusion.next {
        WriteNext::Step { last: true, .. } | WriteNext::Nothing => ("done", None, None),
        WriteNext::Step { last: false, .. } => ("queued", Some(now.0), None),
        WriteNext::Again { at, reason } => ("queued", Some(at.0), Some(reason)),
        WriteNext::Search { at, reason } => ("searching", Some(at.0), Some(reason)),
        WriteNext::Failed { reason } => ("failed", None, Some(reason)),
        WriteNext::Uncertain { reason } => ("uncertain", None, Some(reason)),
    };
    execute(
        tx,
        "UPDATE writebacks SET status = ?2, try_at = ?3, reason = ?4,
                searches = searches + CASE WHEN status = 'searching' THEN 1 ELSE 0 END
         WHERE id = ?1 AND status IN ('queued', 'sending', 'searching')",
        params![id, status, try_at, reason],
    )?;
    Ok(())
}

fn due(row: &Row<'_>) -> Result<DueWrite, Error> {
    let id: i64 = get(row, "id")?;
    let tenant = TenantId(get(row, "tenant_id")?);
    let created_at = Instant(get(row, "created_at")?);
    let attributes: JsonMap = json(row, "attributes")?;
    let account: Option<JsonMap> = json_opt(row, "account")?;
    let text = |map: &JsonMap, key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
    let write = Write {
        id: digest::id(
            "wb",
            &[
                &tenant.0.to_be_bytes(),
                &id.to_be_bytes(),
                &created_at.0.to_be_bytes(),
            ],
        ),
        kind: kind(row)?,
        contact_id: get::<Option<String>>(row, "external_id")?.unwrap_or_default(),
        account_id: account.as_ref().and_then(|account| text(account, "id")),
        deal_id: get(row, "deal_id")?,
        owner_id: text(&attributes, "owner_id"),
        at: created_at,
    };
    Ok(DueWrite {
        id,
        tenant,
        connection: get(row, "connection")?,
        write,
        searching: get::<String>(row, "status")? == "searching",
        attempts: get(row, "attempts")?,
        searches: get(row, "searches")?,
        done: json::<Vec<Done>>(row, "done")?,
    })
}

fn kind(row: &Row<'_>) -> Result<WriteKind, Error> {
    let body: Value = json(row, "body")?;
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    Ok(match get::<String>(row, "kind")?.as_str() {
        "task" => WriteKind::Task {
            title: text("title"),
            body: text("body"),
            due_at: instant_opt(row, "due_at")?,
        },
        "note" => WriteKind::Note { body: text("body") },
        "properties" => WriteKind::Properties(body.as_object().cloned().unwrap_or_default()),
        _ => {
            let mail: Option<String> = get(row, "mail")?;
            let mail: Mail = parse(&mail.unwrap_or_default(), "mail")?;
            WriteKind::Mail(SentMail {
                from: mail.from.address.to_string(),
                to: mail.to.address.to_string(),
                subject: mail.subject,
                text: mail.text,
                html: mail.html,
                message_id: mail.message_id,
                sent_at: instant_opt(row, "sent_at")?.unwrap_or_default(),
            })
        }
    })
}

fn facts(db: &Db, tenant: TenantId) -> Result<WriteFacts, Error> {
    let counts = collect(
        db,
        "SELECT connection, status, count(*) AS n FROM writebacks WHERE tenant_id = ?1
         GROUP BY connection, status ORDER BY connection NULLS FIRST, status",
        params![tenant.0],
        |row| {
            Ok(WriteCount {
                connection: get(row, "connection")?,
                status: get(row, "status")?,
                count: get(row, "n")?,
            })
        },
    )?;
    let troubled = collect(
        db,
        "SELECT w.connection, w.kind, w.status, w.reason, c.email FROM writebacks w
         JOIN contacts c ON c.id = w.contact_id
         WHERE w.tenant_id = ?1 AND w.status IN ('failed', 'uncertain') ORDER BY w.id DESC LIMIT ?2",
        params![tenant.0, TROUBLED_MAX],
        |row| {
            Ok(TroubledWrite {
                connection: get(row, "connection")?,
                contact: get(row, "email")?,
                kind: get(row, "kind")?,
                status: get(row, "status")?,
                reason: get(row, "reason")?,
            })
        },
    )?;
    Ok(WriteFacts { counts, troubled })
}
