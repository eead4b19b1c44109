//! What is always true of the tables, a query each: it gives the rows for which it is not.
//!
//! Only what holds after every commit stands here. What merely takes its time (a message that is
//! overdue, a contact that nobody decided yet) is for `status` and the figures.

/// A promise of the house.
pub(super) struct Promise {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    /// The table that it is about.
    pub(super) of: &'static str,
    /// `what` and `wrong` of every row that breaks it. Binds the tenant.
    pub(super) broken: &'static str,
    pub(super) remedy: &'static str,
}

pub(super) const PROMISES: &[Promise] = &[
    Promise {
        name: "recorded",
        text: "every message is named by the decision that asked for it",
        of: "messages",
        broken: "SELECT m.id AS what,
                CASE WHEN d.id IS NULL THEN 'no decision of its enrollment asked for it'
                     ELSE 'decision ' || d.id || ' does not name it' END AS wrong
            FROM messages m LEFT JOIN decisions d ON d.id = m.decision_id AND d.enrollment_id = m.enrollment_id
                                                     AND d.contact_id = m.contact_id
            WHERE m.tenant_id = ?1 AND (d.id IS NULL OR d.verdicts NOT LIKE '%\"' || m.id || '\"%')",
        remedy: "`followup outbox cancel --message ID` if it has not left; then find out who wrote the row",
    },
    Promise {
        name: "sent",
        text: "what is called sent was handed to a provider, which took it or may have",
        of: "messages",
        // Beside its answer, a look, a person or an event about the mail may have told.
        broken: "SELECT m.id AS what, 'it is ' || m.status || ', and no attempt can have been accepted' AS wrong
            FROM messages m JOIN contacts c ON c.id = m.contact_id
            WHERE m.tenant_id = ?1 AND m.status IN ('sent', 'delivered', 'bounced', 'complained')
              AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.message_seq = m.seq
                              AND (a.outcome IS NULL OR a.outcome ->> 'outcome' IN ('accepted', 'in-doubt')))
              AND NOT (m.first_attempt_at IS NOT NULL AND EXISTS (
                  SELECT 1 FROM events e WHERE e.contact_id = coalesce(c.merged_into, c.id)
                  AND e.received_at >= m.first_attempt_at))",
        remedy: "ask the provider for the message's id: the person may never have got this mail",
    },
    Promise {
        name: "once",
        text: "nothing is handed over again after a provider took it",
        of: "attempts",
        broken: "SELECT m.id AS what, 'attempt ' || again.number || ' came after attempt ' || taken.number
                    || ', which was accepted' AS wrong
            FROM attempts taken JOIN attempts again ON again.message_seq = taken.message_seq AND again.number > taken.number
            JOIN messages m ON m.seq = taken.message_seq
            WHERE taken.tenant_id = ?1 AND taken.outcome ->> 'outcome' = 'accepted'",
        remedy: "the person may have got this mail twice, unless the provider recognised the repetition",
    },
    Promise {
        name: "attempts",
        text: "every call of a provider is an attempt of a known message, and counted",
        of: "attempts",
        broken: "SELECT m.id AS what, m.attempts || ' attempts are counted, ' || count(a.number) || ' are kept' AS wrong
            FROM messages m LEFT JOIN attempts a ON a.message_seq = m.seq
            WHERE m.tenant_id = ?1 GROUP BY m.seq, m.id, m.attempts HAVING count(a.number) <> m.attempts
            UNION ALL
            SELECT 'attempt ' || a.number || ' of message ' || a.message_seq, 'there is no such message' FROM attempts a
            LEFT JOIN messages m ON m.seq = a.message_seq WHERE a.tenant_id = ?1 AND m.seq IS NULL",
        remedy: "rows are missing: look for the message's id at the provider",
    },
    Promise {
        name: "sending",
        text: "what is with a provider has an attempt that is not over",
        of: "messages",
        broken: "SELECT m.id AS what, 'it is with its provider, and attempt ' || m.attempts || ' is over' AS wrong FROM messages m
            WHERE m.tenant_id = ?1 AND m.status = 'sending'
              AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.message_seq = m.seq AND a.number = m.attempts
                              AND a.finished_at IS NULL)",
        remedy: "start the host again: it concludes what was under way",
    },
    Promise {
        name: "stopped",
        text: "no message of an enrollment waits that an exit has ended",
        of: "enrollments",
        // What a policy asks for with its last word still goes.
        broken: "SELECT m.id AS what, 'it is ' || m.status || ', and its enrollment ended: ' || e.exit_reason AS wrong
            FROM enrollments e JOIN messages m ON m.contact_id = e.contact_id AND m.enrollment_id = e.id
            WHERE e.tenant_id = ?1 AND e.status = 'finished' AND m.status IN ('queued', 'held')
              AND e.exit_reason IN ('replied', 'converted', 'meeting-booked', 'unsubscribed', 'hard-bounce', 'complaint',
                                    'contact-deleted', 'merged', 'account-replied', 'departed', 'suppressed', 'opted-out')
              AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.enrollment_id = e.id
                              AND CAST(d.output AS TEXT) LIKE '%\"action\":\"exit\"%')",
        remedy: "`followup outbox cancel --message ID --reason ...`",
    },
    Promise {
        name: "opted-out",
        text: "no message waits that was queued before its person opted out of the sequence or was deleted",
        of: "opt_outs",
        // The survivor of a merge takes opt-outs over; its messages are refused when they are due.
        broken: "SELECT m.id AS what, 'it is ' || m.status || ', and the person opted out of ' || o.sequence AS wrong
            FROM opt_outs o JOIN messages m ON m.contact_id = o.contact_id AND m.created_at <= o.at
            JOIN enrollments e ON e.id = m.enrollment_id JOIN sequences s ON s.id = e.sequence_id AND s.name = o.sequence
            WHERE o.tenant_id = ?1 AND m.status IN ('queued', 'held')
              AND NOT EXISTS (SELECT 1 FROM contacts l WHERE l.merged_into = o.contact_id)
            UNION ALL
            SELECT m.id, 'it is ' || m.status || ', and the contact was deleted' FROM contacts c
            JOIN messages m ON m.contact_id = c.id AND m.created_at <= c.deleted_at
            WHERE c.tenant_id = ?1 AND m.status IN ('queued', 'held')",
        remedy: "`followup outbox cancel --message ID --reason ...`",
    },
    Promise {
        name: "ended",
        text: "nothing is planned for an enrollment that is over",
        of: "enrollments",
        broken: "SELECT 'enrollment ' || e.id AS what, 'it is over, and its timer ' || t.name || ' is set' AS wrong
            FROM timers t JOIN enrollments e ON e.id = t.enrollment_id WHERE t.tenant_id = ?1 AND e.status = 'finished'
            UNION ALL
            SELECT 'enrollment ' || e.id, 'it is over, and call ' || u.id || ' is to be repeated'
            FROM undecided u JOIN enrollments e ON e.id = u.enrollment_id WHERE u.tenant_id = ?1 AND e.status = 'finished'",
        remedy: "harmless (nothing of an enrollment that is over is decided), but a bug: please report it",
    },
    Promise {
        name: "touches",
        text: "every mail that left, or may have, counts for the caps, and no other does",
        of: "touches",
        broken: "SELECT m.id AS what, 'it is ' || m.status || ', and no touch counts it' AS wrong FROM messages m
            WHERE m.tenant_id = ?1 AND m.status IN ('sending', 'uncertain', 'sent', 'delivered', 'bounced', 'complained')
              AND NOT EXISTS (SELECT 1 FROM touches t WHERE t.message_seq = m.seq)
            UNION ALL
            SELECT m.id, 'touch ' || t.seq || ' counts it, and it was never handed over' FROM touches t
            JOIN messages m ON m.seq = t.message_seq WHERE t.tenant_id = ?1 AND m.attempts = 0",
        remedy: "caps and gaps of this person are counted wrong until it is out of their windows",
    },
    Promise {
        name: "heard",
        text: "every event that was acknowledged is decided, kept for the record, or waits for somebody who is due",
        of: "events",
        broken: "SELECT e.id AS what, CASE WHEN c.id IS NULL THEN 'it waits for nobody'
                                      ELSE 'it waits, and contact ' || c.id || ' is not due' END AS wrong
            FROM events e LEFT JOIN contacts c ON c.id = e.contact_id
            WHERE e.tenant_id = ?1 AND e.status = 'pending' AND c.due_at IS NULL",
        remedy: "anything else that is heard of the contact has it decided too",
    },
    Promise {
        name: "planned",
        text: "whoever has something planned is due for it",
        of: "enrollments",
        // Timers wait for a message of their enrollment that waits.
        broken: "SELECT 'enrollment ' || e.id AS what, 'timer ' || t.name || ' will not ring: contact ' || c.id
                    || ' is not due' AS wrong
            FROM timers t JOIN enrollments e ON e.id = t.enrollment_id JOIN contacts c ON c.id = e.contact_id
            WHERE t.tenant_id = ?1 AND e.status = 'active' AND c.due_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.contact_id = c.id AND m.enrollment_id = e.id
                              AND m.status IN ('queued', 'held', 'sending'))
            UNION ALL
            SELECT 'enrollment ' || e.id, 'call ' || u.id || ' will not be repeated: contact ' || c.id || ' is not due'
            FROM undecided u JOIN enrollments e ON e.id = u.enrollment_id JOIN contacts c ON c.id = e.contact_id
            WHERE u.tenant_id = ?1 AND e.status = 'active' AND u.due_at IS NOT NULL AND c.due_at IS NULL",
        remedy: "anything that is heard of the contact sets it going again",
    },
    Promise {
        name: "ledger",
        text: "the decisions of an enrollment are numbered without a gap, as many as it counts",
        of: "enrollments",
        broken: "SELECT 'enrollment ' || e.id AS what, e.decisions || ' decisions are counted, ' || count(d.id)
                    || ' are kept' AS wrong
            FROM enrollments e LEFT JOIN decisions d ON d.enrollment_id = e.id
            WHERE e.tenant_id = ?1 GROUP BY e.id, e.decisions
            HAVING count(d.id) <> e.decisions OR coalesce(max(d.number), -1) <> e.decisions - 1",
        remedy: "rows of the ledger are missing: restore them from a backup",
    },
    Promise {
        name: "tasks",
        text: "every task and note that a policy asked for is written, to be written or given up",
        of: "decisions",
        // The host adds tasks of its own, where a guardrail makes a task of a mail.
        broken: "SELECT 'decision ' || asked.id AS what, asked.tasks || ' tasks and ' || asked.notes || ' notes were asked for, '
                    || coalesce(kept.tasks, 0) || ' and ' || coalesce(kept.notes, 0) || ' are kept' AS wrong
            FROM (SELECT id, (length(output) - length(replace(output, '\"action\":\"create-task\"', ''))) / 22 AS tasks,
                         (length(output) - length(replace(output, '\"action\":\"add-note\"', ''))) / 19 AS notes
                  FROM (SELECT id, CAST(output AS TEXT) AS output FROM decisions WHERE tenant_id = ?1) AS texts) AS asked
            LEFT JOIN (SELECT decision_id, count(CASE WHEN kind = 'task' THEN 1 END) AS tasks,
                              count(CASE WHEN kind = 'note' THEN 1 END) AS notes
                       FROM writebacks WHERE decision_id IS NOT NULL GROUP BY decision_id) AS kept
                   ON kept.decision_id = asked.id
            WHERE asked.tasks > coalesce(kept.tasks, 0) OR asked.notes <> coalesce(kept.notes, 0)",
        remedy: "tell a person: `followup why` shows what was asked for",
    },
    Promise {
        name: "writing",
        text: "what is with a CRM has a call that is not over",
        of: "writebacks",
        broken: "SELECT 'write-back ' || w.id AS what, 'it is with its CRM, and no call is open' AS wrong FROM writebacks w
            WHERE w.tenant_id = ?1 AND w.status = 'sending'
              AND NOT EXISTS (SELECT 1 FROM writeback_attempts a WHERE a.writeback_id = w.id AND a.finished_at IS NULL)",
        remedy: "start the host again: it concludes what was under way",
    },
    Promise {
        name: "copies",
        text: "only what was sent is copied into a CRM",
        of: "writebacks",
        broken: "SELECT 'write-back ' || w.id AS what, 'it copies a mail that was not sent' AS wrong FROM writebacks w
            LEFT JOIN messages m ON m.seq = w.message_seq WHERE w.tenant_id = ?1 AND w.kind = 'mail' AND m.sent_at IS NULL",
        remedy: "take the copy out of the CRM",
    },
];
