-- The whole state of a host. Rules that hold for every table:
-- `tenant_id` is in every table and every query; times are Unix milliseconds; JSON is text;
-- states are the words of `domain`, repeated here as CHECK constraints, so that the database
-- refuses an illegal one.

CREATE TABLE tenants (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    -- Signs the links and reply addresses of its mails; made when the file is first opened.
    signing_key BLOB,
    -- Digest of everything that mails are composed from: when it changes, messages that lacked a field
    -- are composed again.
    texts       TEXT
) STRICT;
INSERT INTO tenants (id, name) VALUES (1, 'default');

CREATE TABLE sequences (
    id        INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    name      TEXT NOT NULL,
    -- The policy that it is configured with.
    plugin    TEXT,
    UNIQUE (tenant_id, name)
) STRICT;

-- Every plugin version that ever decided, so that a ledger row needs only its number.
CREATE TABLE plugins (
    id        INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    name      TEXT NOT NULL,
    version   TEXT NOT NULL,
    digest    TEXT NOT NULL,
    -- Calls that failed since one succeeded, over all its enrollments.
    failures  INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, digest)
) STRICT;

-- Plugin versions that an administrator brought in. The built-in ones have no row.
CREATE TABLE installs (
    id           INTEGER PRIMARY KEY,
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id),
    plugin       TEXT NOT NULL,
    version      TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('policy', 'trigger')),
    digest       TEXT NOT NULL,
    -- As it was asked for, where upgrades look again; and what that was: a file, a registry's digest.
    source       TEXT NOT NULL,
    resolved     TEXT NOT NULL,
    -- The trusted publisher whose key signed it.
    signer       TEXT,
    -- JSON of everything it may do, and the digest of it that is approved.
    asks         TEXT NOT NULL,
    asks_digest  TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('staged', 'approved', 'active', 'retired')),
    -- What becomes of enrollments that run on another version while this one is active.
    running      TEXT NOT NULL CHECK (running IN ('finish-on-old', 'migrate', 'restart')),
    added_at     INTEGER NOT NULL,
    approved_at  INTEGER,
    activated_at INTEGER,
    retired_at   INTEGER,
    UNIQUE (tenant_id, plugin, digest)
) STRICT;
CREATE UNIQUE INDEX installs_active ON installs (tenant_id, plugin) WHERE status = 'active';

-- Who did what to which plugin.
CREATE TABLE install_log (
    id        INTEGER PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    at        INTEGER NOT NULL,
    plugin    TEXT NOT NULL,
    version   TEXT NOT NULL,
    digest    TEXT NOT NULL,
    what      TEXT NOT NULL,
    who       TEXT NOT NULL,
    detail    TEXT NOT NULL
) STRICT;

CREATE TABLE contacts (
    id         INTEGER PRIMARY KEY,
    tenant_id  INTEGER NOT NULL REFERENCES tenants (id),
    email      TEXT,
    time_zone  TEXT,
    locale     TEXT,
    attributes TEXT NOT NULL DEFAULT '{}',
    account    TEXT,
    -- Who belongs together: the CRM's id of the company, else the domain unless it is free mail.
    account_key TEXT,
    domain      TEXT GENERATED ALWAYS AS (substr(email, instr(email, '@') + 1)) VIRTUAL,
    -- Not to be written to before: out of office, a colleague replied, asked for a pause.
    quiet_until  INTEGER,
    quiet_reason TEXT CHECK ((quiet_reason IS NOT NULL) = (quiet_until IS NOT NULL)),
    -- Since the last delivery.
    soft_bounces INTEGER NOT NULL DEFAULT 0,
    -- Grows with everything that is heard of the contact; a decision taken on an older version is
    -- taken again.
    version    INTEGER NOT NULL DEFAULT 0,
    -- The earliest moment at which there is something to decide; none while nothing is planned.
    due_at     INTEGER,
    deleted_at INTEGER,
    -- When its fields were told, by their sources' clocks: of most, and JSON of those apart from that
    -- (`domain::known`).
    told_at    INTEGER,
    told       TEXT,
    -- The contact that its CRM merged it into, which nothing was merged with in turn: what is heard of this
    -- one is heard of that one.
    merged_into INTEGER REFERENCES contacts (id)
) STRICT;
CREATE UNIQUE INDEX contacts_by_email ON contacts (tenant_id, email) WHERE email IS NOT NULL;
-- Cost follows what is due: the engine reads the front of this index and nothing else.
CREATE INDEX contacts_due ON contacts (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX contacts_quiet ON contacts (tenant_id, quiet_until) WHERE quiet_until IS NOT NULL;
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX contacts_by_account ON contacts (tenant_id, account_key) WHERE account_key IS NOT NULL;

-- How each connection names a contact; further addresses of a person under the connection '@'.
CREATE TABLE contact_refs (
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id),
    connection  TEXT NOT NULL,
    external_id TEXT NOT NULL,
    contact_id  INTEGER NOT NULL REFERENCES contacts (id),
    -- The sender merged it into another id: that it deletes this one says nothing of the contact.
    merged      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, connection, external_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_refs_by_contact ON contact_refs (contact_id);

CREATE TABLE events (
    seq         INTEGER PRIMARY KEY,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id),
    id          TEXT NOT NULL,
    connection  TEXT NOT NULL,
    kind        TEXT NOT NULL,
    contact_id  INTEGER REFERENCES contacts (id),
    occurred_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    data        TEXT NOT NULL,
    raw         TEXT NOT NULL,
    -- How many events of plugins lie between this one and the outside world.
    depth       INTEGER NOT NULL DEFAULT 0,
    -- thin: its details are still to be asked for; pending: to be decided; decided: done;
    -- stored: concerns nobody we know, or a machine did it; kept for the record.
    status      TEXT NOT NULL CHECK (status IN ('thin', 'pending', 'decided', 'stored')),
    -- For thin events: what to ask for (JSON), when, and how often it failed.
    hydrate     TEXT,
    hydrate_at  INTEGER,
    attempts    INTEGER NOT NULL DEFAULT 0,
    -- Why it enrolled nobody though it might have, or what asking for its details failed with.
    remark      TEXT,
    UNIQUE (tenant_id, id)
) STRICT;
CREATE INDEX events_by_contact ON events (contact_id, seq) WHERE contact_id IS NOT NULL;
CREATE INDEX events_pending ON events (contact_id) WHERE status = 'pending';
-- What a rep sent, among thousands of visits.
CREATE INDEX events_sent ON events (contact_id, seq) WHERE kind = 'email-sent';
-- What came from the pages behind our mails' links.
CREATE INDEX events_of_recipients ON events (contact_id, seq) WHERE connection = '@recipient';
CREATE INDEX events_thin ON events (hydrate_at) WHERE status = 'thin' AND hydrate_at IS NOT NULL;
CREATE INDEX events_refused ON events (tenant_id) WHERE status = 'thin' AND hydrate_at IS NULL;

CREATE TABLE enrollments (
    id           INTEGER PRIMARY KEY,
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id),
    contact_id   INTEGER NOT NULL REFERENCES contacts (id),
    sequence_id  INTEGER NOT NULL REFERENCES sequences (id),
    -- The event that enrolled; with contact and sequence it makes the public id.
    event_seq    INTEGER NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('active', 'paused', 'finished')),
    exit_reason  TEXT CHECK ((exit_reason IS NOT NULL) = (status = 'finished')),
    pause_reason TEXT CHECK ((pause_reason IS NOT NULL) = (status = 'paused')),
    enrolled_at  INTEGER NOT NULL,
    finished_at  INTEGER,
    decisions    INTEGER NOT NULL DEFAULT 0,
    -- How much later than asked its messages went since its timers were last moved by as much.
    lag_ms       INTEGER NOT NULL DEFAULT 0,
    state        TEXT,
    -- The version that decided last, and that its state is in the words of.
    plugin_id    INTEGER REFERENCES plugins (id),
    -- Decisions before it was begun anew by another version.
    restarted_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX enrollments_by_contact ON enrollments (contact_id);
CREATE INDEX enrollments_by_plugin ON enrollments (plugin_id) WHERE status <> 'finished';
CREATE INDEX enrollments_paused ON enrollments (tenant_id) WHERE status = 'paused';

-- States as they were before another version took over, so that it can be undone.
CREATE TABLE kept_states (
    enrollment_id INTEGER NOT NULL REFERENCES enrollments (id),
    -- The version that wrote it.
    plugin_id     INTEGER NOT NULL REFERENCES plugins (id),
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id),
    at            INTEGER NOT NULL,
    state         TEXT,
    -- JSON of its timers, and of the event that the other version was asked about first.
    timers        TEXT NOT NULL,
    event         TEXT NOT NULL,
    PRIMARY KEY (enrollment_id, plugin_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE timers (
    enrollment_id INTEGER NOT NULL REFERENCES enrollments (id),
    name          TEXT NOT NULL,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id),
    due_at        INTEGER NOT NULL,
    data          TEXT NOT NULL,
    -- JSON of when it was asked for, and the moment that counts from, so that it moves with a
    -- message that went late; none where a fixed moment was asked for.
    asked         TEXT,
    set_at        INTEGER NOT NULL,
    PRIMARY KEY (enrollment_id, name)
) STRICT, WITHOUT ROWID;

-- Calls of a plugin that failed, and what queues up behind them, in the order of id.
CREATE TABLE undecided (
    id            INTEGER PRIMARY KEY,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id),
    enrollment_id INTEGER NOT NULL REFERENCES enrollments (id),
    event         TEXT NOT NULL,
    -- As in events.
    depth         INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    -- None while parked.
    due_at        INTEGER,
    fault         TEXT,
    -- What failed: plugin digest and configuration. When it changes, the parked call is tried again.
    fingerprint   TEXT NOT NULL
) STRICT;
CREATE INDEX undecided_by_enrollment ON undecided (enrollment_id);
CREATE INDEX undecided_parked ON undecided (tenant_id) WHERE due_at IS NULL;

-- The ledger.
CREATE TABLE decisions (
    id            INTEGER PRIMARY KEY,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id),
    contact_id    INTEGER NOT NULL REFERENCES contacts (id),
    enrollment_id INTEGER NOT NULL REFERENCES enrollments (id),
    number        INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    plugin_id     INTEGER NOT NULL REFERENCES plugins (id),
    -- JSON of the decision's whole input and output, and of what the guardrails said to each action.
    input         TEXT NOT NULL,
    output        TEXT NOT NULL,
    verdicts      TEXT NOT NULL,
    fuel          INTEGER NOT NULL,
    -- Bytes, the most at any time of the call.
    memory        INTEGER NOT NULL,
    UNIQUE (enrollment_id, number)
) STRICT;
CREATE INDEX decisions_by_contact ON decisions (contact_id);
CREATE INDEX decisions_by_plugin ON decisions (plugin_id, id);

-- Calls of a plugin that gave no decision: the ledger's other half.
CREATE TABLE faults (
    id            INTEGER PRIMARY KEY,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id),
    contact_id    INTEGER NOT NULL REFERENCES contacts (id),
    enrollment_id INTEGER NOT NULL REFERENCES enrollments (id),
    at            INTEGER NOT NULL,
    plugin_id     INTEGER NOT NULL REFERENCES plugins (id),
    event         TEXT NOT NULL,
    attempt       INTEGER NOT NULL,
    fault         TEXT NOT NULL,
    -- None where the call was parked with it.
    retry_at      INTEGER
) STRICT;
CREATE INDEX faults_by_contact ON faults (contact_id);
CREATE INDEX faults_by_plugin ON faults (plugin_id, id);

-- Who is asked at an interval: triggers, CRMs for what their webhooks did not tell, and those who forget
-- a subscription unless it is renewed.
CREATE TABLE polls (
    tenant_id  INTEGER NOT NULL REFERENCES tenants (id),
    -- A connection; of a renewal, its name and `#renewal`.
    connection TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('trigger', 'crm', 'renewal')),
    -- What the last page gave; stored in the transaction that stored its events.
    cursor     TEXT,
    due_at     INTEGER NOT NULL,
    asked_at   INTEGER,
    -- Asked for in a row without a pause, because there was more.
    pages      INTEGER NOT NULL DEFAULT 0,
    -- Since the last page.
    failures   INTEGER NOT NULL DEFAULT 0,
    fault      TEXT CHECK ((fault IS NOT NULL) = (failures > 0)),
    -- Of a CRM: records looked at, and those that no webhook had told of.
    records    INTEGER NOT NULL DEFAULT 0,
    found_only INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, connection)
) STRICT, WITHOUT ROWID;

-- The latest calls of triggers, good and bad; the oldest go first.
CREATE TABLE trigger_calls (
    id         INTEGER PRIMARY KEY,
    tenant_id  INTEGER NOT NULL REFERENCES tenants (id),
    connection TEXT NOT NULL,
    plugin     TEXT NOT NULL,
    digest     TEXT NOT NULL,
    at         INTEGER NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('receive', 'poll')),
    events     INTEGER NOT NULL,
    fuel       INTEGER NOT NULL,
    memory     INTEGER NOT NULL,
    fault      TEXT
) STRICT;
CREATE INDEX trigger_calls_by_connection ON trigger_calls (tenant_id, connection, id);

-- The outbox.
CREATE TABLE messages (
    seq              INTEGER PRIMARY KEY,
    tenant_id        INTEGER NOT NULL REFERENCES tenants (id),
    id               TEXT NOT NULL,
    contact_id       INTEGER NOT NULL REFERENCES contacts (id),
    enrollment_id    INTEGER NOT NULL REFERENCES enrollments (id),
    decision_id      INTEGER NOT NULL REFERENCES decisions (id),
    status           TEXT NOT NULL CHECK (status IN ('queued', 'held', 'sending', 'sent', 'uncertain',
                         'delivered', 'bounced', 'complained', 'failed', 'cancelled')),
    held_reason      TEXT CHECK ((held_reason IS NOT NULL) = (status = 'held')),
    -- Why it was cancelled, failed, is put off, or waits for another try.
    status_reason    TEXT,
    -- The guardrail behind either reason, where it was one.
    rule             TEXT,
    -- When it will go, and when the policy wanted it to.
    due_at           INTEGER NOT NULL,
    asked_at         INTEGER NOT NULL,
    -- Of its sequence: the higher goes first where a cap has room for one.
    priority         INTEGER NOT NULL DEFAULT 0,
    -- A person looked at it and said it may go all the same: what was stale is not any more.
    released_at      INTEGER,
    created_at       INTEGER NOT NULL,
    sent_at          INTEGER,
    identity         TEXT NOT NULL,
    template         TEXT NOT NULL,
    -- JSON: the variables and the event that the template may refer to.
    context          TEXT NOT NULL,
    -- JSON of the thread it continues, if any.
    thread           TEXT,
    subject          TEXT,
    -- The Message-ID that the recipient may have seen instead of ours, without brackets.
    rfc_message_id   TEXT,
    -- JSON of the composed mail, fixed when it is first claimed: every repetition is the same bytes.
    mail             TEXT,
    provider         TEXT,
    provider_id      TEXT,
    attempts         INTEGER NOT NULL DEFAULT 0,
    first_attempt_at INTEGER,
    -- An exit came while it was with the provider, or in doubt: it must not be tried again.
    stop             INTEGER NOT NULL DEFAULT 0,
    -- In doubt: when it is looked for next at its provider, how often it was, when last, and what that said.
    look_at          INTEGER,
    looks            INTEGER NOT NULL DEFAULT 0,
    looked_at        INTEGER,
    look_said        TEXT,
    UNIQUE (tenant_id, id)
) STRICT;
CREATE INDEX messages_due ON messages (due_at) WHERE status = 'queued';
CREATE INDEX messages_held ON messages (tenant_id, rule) WHERE status = 'held';
-- The slots of an identity, and of what its recipients' mail systems accept, that are given away.
CREATE INDEX messages_promised ON messages (identity, due_at) WHERE status = 'queued';
CREATE INDEX messages_by_rfc_id ON messages (rfc_message_id) WHERE rfc_message_id IS NOT NULL;
CREATE INDEX messages_open ON messages (enrollment_id) WHERE status IN ('queued', 'held', 'sending');
CREATE INDEX messages_sending ON messages (tenant_id) WHERE status = 'sending';
CREATE INDEX messages_uncertain ON messages (tenant_id) WHERE status = 'uncertain';
CREATE INDEX messages_to_look_for ON messages (look_at) WHERE status = 'uncertain' AND look_at IS NOT NULL;
CREATE INDEX messages_by_contact ON messages (contact_id, seq);

-- One row per call of a provider, written before the call and completed after it.
CREATE TABLE attempts (
    message_seq INTEGER NOT NULL REFERENCES messages (seq),
    number      INTEGER NOT NULL,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id),
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    outcome     TEXT,
    PRIMARY KEY (message_seq, number)
) STRICT, WITHOUT ROWID;

-- Tasks, notes, fields and copies of sent mail for the CRM: an outbox of its own.
CREATE TABLE writebacks (
    id            INTEGER PRIMARY KEY,
    tenant_id     INTEGER NOT NULL REFERENCES tenants (id),
    contact_id    INTEGER NOT NULL REFERENCES contacts (id),
    -- None for what the host itself has to tell: that somebody left the company, say.
    enrollment_id INTEGER REFERENCES enrollments (id),
    decision_id   INTEGER REFERENCES decisions (id),
    kind          TEXT NOT NULL CHECK (kind IN ('task', 'note', 'properties', 'mail')),
    body          TEXT NOT NULL,
    -- Of a task: when it is to be done.
    due_at        INTEGER,
    created_at    INTEGER NOT NULL,
    -- open: no CRM that takes it knows the contact. searching: it may be there already, and is looked
    -- for before it is written again.
    status        TEXT NOT NULL CHECK (status IN ('open', 'queued', 'sending', 'searching', 'done', 'failed',
                      'uncertain', 'cancelled')),
    -- The mail that it is a copy of.
    message_seq   INTEGER UNIQUE REFERENCES messages (seq),
    -- The CRM it goes to, and when it is tried or looked for next.
    connection    TEXT CHECK ((connection IS NULL) = (status = 'open')),
    try_at        INTEGER CHECK ((try_at IS NOT NULL) = (status IN ('queued', 'searching'))),
    -- Of the call at hand.
    attempts      INTEGER NOT NULL DEFAULT 0,
    searches      INTEGER NOT NULL DEFAULT 0,
    -- JSON of what its calls gave so far: one write may be several calls.
    done          TEXT NOT NULL DEFAULT '[]',
    reason        TEXT
) STRICT;
CREATE INDEX writebacks_by_contact ON writebacks (contact_id);
CREATE INDEX writebacks_due ON writebacks (try_at) WHERE try_at IS NOT NULL;
CREATE INDEX writebacks_sending ON writebacks (tenant_id) WHERE status = 'sending';
CREATE INDEX writebacks_troubled ON writebacks (tenant_id, id) WHERE status IN ('failed', 'uncertain');
CREATE INDEX writebacks_open ON writebacks (contact_id) WHERE status = 'open';

-- One row per call, written before the call and completed after it.
CREATE TABLE writeback_attempts (
    writeback_id INTEGER NOT NULL REFERENCES writebacks (id),
    number       INTEGER NOT NULL,
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id),
    started_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    outcome      TEXT,
    PRIMARY KEY (writeback_id, number)
) STRICT, WITHOUT ROWID;

-- The CRMs that take writes, as configured.
CREATE TABLE writers (
    tenant_id  INTEGER NOT NULL REFERENCES tenants (id),
    connection TEXT NOT NULL,
    -- Whether they get copies of sent mail.
    log_mail   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, connection)
) STRICT, WITHOUT ROWID;

-- Records of CRMs as last heard of: what a webhook told, a poll need not tell again.
CREATE TABLE crm_records (
    tenant_id    INTEGER NOT NULL REFERENCES tenants (id),
    connection   TEXT NOT NULL,
    object       TEXT NOT NULL,
    external_id  TEXT NOT NULL,
    -- By the CRM's clock: its latest change that we heard of.
    heard_at     INTEGER NOT NULL,
    -- What we made ourselves.
    writeback_id INTEGER REFERENCES writebacks (id),
    PRIMARY KEY (tenant_id, connection, object, external_id)
) STRICT, WITHOUT ROWID;

-- What reached out to a contact: our messages from the moment a provider is called, and what
-- people did by hand as far as the CRM tells. All caps and limits count these rows.
CREATE TABLE touches (
    seq         INTEGER PRIMARY KEY,
    tenant_id   INTEGER NOT NULL REFERENCES tenants (id),
    contact_id  INTEGER NOT NULL REFERENCES contacts (id),
    at          INTEGER NOT NULL,
    account_key TEXT,
    -- Of the recipient.
    domain      TEXT,
    -- None for what a person did by hand.
    message_seq INTEGER UNIQUE REFERENCES messages (seq),
    identity    TEXT,
    sequence_id INTEGER REFERENCES sequences (id),
    -- For the circuit breakers: 'bounced', 'complained'.
    trouble     TEXT CHECK (trouble IN ('bounced', 'complained'))
) STRICT;
CREATE INDEX touches_by_contact ON touches (contact_id, at);
CREATE INDEX touches_by_account ON touches (tenant_id, account_key, at) WHERE account_key IS NOT NULL;
CREATE INDEX touches_by_domain ON touches (tenant_id, domain, at) WHERE message_seq IS NOT NULL;
CREATE INDEX touches_by_identity ON touches (tenant_id, identity, at) WHERE identity IS NOT NULL;
CREATE INDEX touches_by_sequence ON touches (sequence_id, at) WHERE sequence_id IS NOT NULL;

CREATE TABLE suppressions (
    tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    -- An address, or '@' and a domain.
    address   TEXT NOT NULL,
    reason    TEXT NOT NULL,
    -- Where it comes from: an event's id, an import's file, a person.
    source    TEXT NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, address)
) STRICT, WITHOUT ROWID;

-- Sequences that a person does not want, while others are welcome.
CREATE TABLE opt_outs (
    tenant_id  INTEGER NOT NULL REFERENCES tenants (id),
    contact_id INTEGER NOT NULL REFERENCES contacts (id),
    sequence   TEXT NOT NULL,
    event_id   TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (contact_id, sequence)
) STRICT, WITHOUT ROWID;

-- What is stopped for the time being: by a person, or by a circuit breaker until `until`.
CREATE TABLE pauses (
    tenant_id INTEGER NOT NULL REFERENCES tenants (id),
    scope     TEXT NOT NULL CHECK (scope IN ('tenant', 'sequence', 'contact', 'identity', 'plugin')),
    -- Of the sequence, identity or plugin; the contact's number; empty for the tenant.
    name      TEXT NOT NULL,
    cause     TEXT NOT NULL CHECK (cause IN ('person', 'breaker')),
    reason    TEXT NOT NULL,
    since     INTEGER NOT NULL,
    until     INTEGER,
    -- Kept after that, since a breaker counts anew from there.
    lifted_at INTEGER,
    PRIMARY KEY (tenant_id, scope, name, cause)
) STRICT, WITHOUT ROWID;
CREATE INDEX pauses_open ON pauses (tenant_id) WHERE lifted_at IS NULL;

-- Copies of the whole store: the mark of a backup lies in the backup alone. `restored_at` is when a host
-- first ran on it: what may have left since it was taken is held.
CREATE TABLE restores (
    taken_at    INTEGER PRIMARY KEY,
    restored_at INTEGER
) STRICT;

-- Calls that nobody waits for any more, when a host starts: it is the only one.
CREATE VIEW interrupted_messages AS SELECT * FROM messages WHERE status = 'sending';
CREATE VIEW interrupted_writebacks AS SELECT * FROM writebacks WHERE status = 'sending';
