-- The whole state of a deployment, as in `migrations/sqlite`: the same tables, columns and rules, which
-- are told there. What is PostgreSQL's own:
--
-- JSON that statements dig in is `json`, which keeps the bytes as they came (a decision is taken again
-- from them); other JSON is text. What is sorted by is COLLATE "C", as SQLite sorts.
-- Nothing refers to tenants, sequences or plugins by a foreign key: each insert would lock the same few
-- rows. What refers to contacts, enrollments, decisions and messages does.
--
-- Old and new programs work side by side while a deployment is upgraded, so a later migration only
-- expands: a column that is added is nullable or has a default, a table or index is new, a CHECK only
-- grows. What is dropped or renamed was unused by the release before. An index on a large table is built
-- by hand beforehand (CREATE INDEX CONCURRENTLY IF NOT EXISTS, named as in the migration). A migration that
-- an older program cannot live with raises `schema.oldest`.

CREATE TABLE tenants (
    id          bigint PRIMARY KEY,
    name        text NOT NULL UNIQUE,
    -- Signs the links and reply addresses of its mails; made when the file is first opened.
    signing_key bytea,
    -- Digest of everything that mails are composed from: when it changes, messages that lacked a field
    -- are composed again.
    texts       text
);
INSERT INTO tenants (id, name) VALUES (1, 'default');

CREATE TABLE sequences (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id bigint NOT NULL,
    name      text COLLATE "C" NOT NULL,
    -- The policy that it is configured with.
    plugin    text,
    UNIQUE (tenant_id, name)
);

-- Every plugin version that ever decided, so that a ledger row needs only its number.
CREATE TABLE plugins (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id bigint NOT NULL,
    name      text COLLATE "C" NOT NULL,
    version   text NOT NULL,
    digest    text NOT NULL,
    -- Calls that failed since one succeeded, over all its enrollments.
    failures  bigint NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, digest)
);

-- Plugin versions that an administrator brought in. The built-in ones have no row.
CREATE TABLE installs (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id    bigint NOT NULL,
    plugin       text COLLATE "C" NOT NULL,
    version      text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('policy', 'trigger')),
    digest       text NOT NULL,
    -- As it was asked for, where upgrades look again; and what that was: a file, a registry's digest.
    source       text NOT NULL,
    resolved     text NOT NULL,
    -- The trusted publisher whose key signed it.
    signer       text,
    -- JSON of everything it may do, and the digest of it that is approved.
    asks         text NOT NULL,
    asks_digest  text NOT NULL,
    status       text NOT NULL CHECK (status IN ('staged', 'approved', 'active', 'retired')),
    -- What becomes of enrollments that run on another version while this one is active.
    running      text NOT NULL CHECK (running IN ('finish-on-old', 'migrate', 'restart')),
    added_at     bigint NOT NULL,
    approved_at  bigint,
    activated_at bigint,
    retired_at   bigint,
    UNIQUE (tenant_id, plugin, digest)
);
CREATE UNIQUE INDEX installs_active ON installs (tenant_id, plugin) WHERE status = 'active';

-- Who did what to which plugin.
CREATE TABLE install_log (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id bigint NOT NULL,
    at        bigint NOT NULL,
    plugin    text NOT NULL,
    version   text NOT NULL,
    digest    text NOT NULL,
    what      text NOT NULL,
    who       text NOT NULL,
    detail    text NOT NULL
);

CREATE TABLE contacts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  bigint NOT NULL,
    email      text COLLATE "C",
    time_zone  text,
    locale     text,
    attributes text NOT NULL DEFAULT '{}',
    account    json,
    -- Who belongs together: the CRM's id of the company, else the domain unless it is free mail.
    account_key text COLLATE "C",
    domain      text GENERATED ALWAYS AS (substr(email, strpos(email, '@') + 1)) STORED,
    -- Not to be written to before: out of office, a colleague replied, asked for a pause.
    quiet_until  bigint,
    quiet_reason text CHECK ((quiet_reason IS NOT NULL) = (quiet_until IS NOT NULL)),
    -- Since the last delivery.
    soft_bounces integer NOT NULL DEFAULT 0,
    -- Grows with everything that is heard of the contact; a decision taken on an older version is
    -- taken again.
    version    bigint NOT NULL DEFAULT 0,
    -- The earliest moment at which there is something to decide; none while nothing is planned.
    due_at     bigint,
    deleted_at bigint,
    -- When its fields were told, by their sources' clocks: of most, and JSON of those apart from that
    -- (`domain::known`).
    told_at    bigint,
    told       text,
    -- The contact that its CRM merged it into, which nothing was merged with in turn: what is heard of this
    -- one is heard of that one.
    merged_into bigint REFERENCES contacts (id)
);
CREATE UNIQUE INDEX contacts_by_email ON contacts (tenant_id, email) WHERE email IS NOT NULL;
-- Cost follows what is due: the engine reads the front of this index and nothing else.
CREATE INDEX contacts_due ON contacts (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX contacts_quiet ON contacts (tenant_id, quiet_until) WHERE quiet_until IS NOT NULL;
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX contacts_by_account ON contacts (tenant_id, account_key) WHERE account_key IS NOT NULL;

-- How each connection names a contact; further addresses of a person under the connection '@'.
CREATE TABLE contact_refs (
    tenant_id   bigint NOT NULL,
    connection  text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    contact_id  bigint NOT NULL REFERENCES contacts (id),
    -- The sender merged it into another id: that it deletes this one says nothing of the contact.
    merged      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, connection, external_id)
);
CREATE INDEX contact_refs_by_contact ON contact_refs (contact_id);

CREATE TABLE events (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id   bigint NOT NULL,
    id          text COLLATE "C" NOT NULL,
    connection  text NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    contact_id  bigint REFERENCES contacts (id),
    occurred_at bigint NOT NULL,
    received_at bigint NOT NULL,
    data        json NOT NULL,
    raw         text NOT NULL,
    -- How many events of plugins lie between this one and the outside world.
    depth       integer NOT NULL DEFAULT 0,
    -- thin: its details are still to be asked for; pending: to be decided; decided: done;
    -- stored: concerns nobody we know, or a machine did it; kept for the record.
    status      text NOT NULL CHECK (status IN ('thin', 'pending', 'decided', 'stored')),
    -- For thin events: what to ask for (JSON), when, and how often it failed.
    hydrate     text,
    hydrate_at  bigint,
    attempts    integer NOT NULL DEFAULT 0,
    -- Why it enrolled nobody though it might have, or what asking for its details failed with.
    remark      text,
    UNIQUE (tenant_id, id)
);
CREATE INDEX events_by_contact ON events (contact_id, seq) WHERE contact_id IS NOT NULL;
CREATE INDEX events_pending ON events (contact_id) WHERE status = 'pending';
-- What a rep sent, among thousands of visits.
CREATE INDEX events_sent ON events (contact_id, seq) WHERE kind = 'email-sent';
-- What came from the pages behind our mails' links.
CREATE INDEX events_of_recipients ON events (contact_id, seq) WHERE connection = '@recipient';
CREATE INDEX events_thin ON events (hydrate_at) WHERE status = 'thin' AND hydrate_at IS NOT NULL;
CREATE INDEX events_refused ON events (tenant_id) WHERE status = 'thin' AND hydrate_at IS NULL;

CREATE TABLE enrollments (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id    bigint NOT NULL,
    contact_id   bigint NOT NULL REFERENCES contacts (id),
    sequence_id  bigint NOT NULL,
    -- The event that enrolled; with contact and sequence it makes the public id.
    event_seq    bigint NOT NULL,
    status       text COLLATE "C" NOT NULL CHECK (status IN ('active', 'paused', 'finished')),
    exit_reason  text COLLATE "C" CHECK ((exit_reason IS NOT NULL) = (status = 'finished')),
    pause_reason text CHECK ((pause_reason IS NOT NULL) = (status = 'paused')),
    enrolled_at  bigint NOT NULL,
    finished_at  bigint,
    decisions    bigint NOT NULL DEFAULT 0,
    -- How much later than asked its messages went since its timers were last moved by as much.
    lag_ms       bigint NOT NULL DEFAULT 0,
    state        text,
    -- The version that decided last, and that its state is in the words of.
    plugin_id    bigint,
    -- Decisions before it was begun anew by another version.
    restarted_at bigint NOT NULL DEFAULT 0
);
CREATE INDEX enrollments_by_contact ON enrollments (contact_id);
CREATE INDEX enrollments_by_plugin ON enrollments (plugin_id) WHERE status <> 'finished';
CREATE INDEX enrollments_paused ON enrollments (tenant_id) WHERE status = 'paused';

-- States as they were before another version took over, so that it can be undone.
CREATE TABLE kept_states (
    enrollment_id bigint NOT NULL REFERENCES enrollments (id),
    -- The version that wrote it.
    plugin_id     bigint NOT NULL,
    tenant_id     bigint NOT NULL,
    at            bigint NOT NULL,
    state         text,
    -- JSON of its timers, and of the event that the other version was asked about first.
    timers        text NOT NULL,
    event         text NOT NULL,
    PRIMARY KEY (enrollment_id, plugin_id)
);

CREATE TABLE timers (
    enrollment_id bigint NOT NULL REFERENCES enrollments (id),
    name          text COLLATE "C" NOT NULL,
    tenant_id     bigint NOT NULL,
    due_at        bigint NOT NULL,
    data          text NOT NULL,
    -- JSON of when it was asked for, and the moment that counts from, so that it moves with a
    -- message that went late; none where a fixed moment was asked for.
    asked         text,
    set_at        bigint NOT NULL,
    PRIMARY KEY (enrollment_id, name)
);

-- Calls of a plugin that failed, and what queues up behind them, in the order of id.
CREATE TABLE undecided (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     bigint NOT NULL,
    enrollment_id bigint NOT NULL REFERENCES enrollments (id),
    event         text NOT NULL,
    -- As in events.
    depth         integer NOT NULL,
    attempts      integer NOT NULL,
    -- None while parked.
    due_at        bigint,
    fault         text,
    -- What failed: plugin digest and configuration. When it changes, the parked call is tried again.
    fingerprint   text NOT NULL
);
CREATE INDEX undecided_by_enrollment ON undecided (enrollment_id);
CREATE INDEX undecided_parked ON undecided (tenant_id) WHERE due_at IS NULL;

-- The ledger.
CREATE TABLE decisions (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     bigint NOT NULL,
    contact_id    bigint NOT NULL REFERENCES contacts (id),
    enrollment_id bigint NOT NULL REFERENCES enrollments (id),
    number        bigint NOT NULL,
    at            bigint NOT NULL,
    plugin_id     bigint NOT NULL,
    -- JSON of the decision's whole input and output, and of what the guardrails said to each action.
    input         json NOT NULL,
    output        json NOT NULL,
    verdicts      text NOT NULL,
    fuel          bigint NOT NULL,
    -- Bytes, the most at any time of the call.
    memory        bigint NOT NULL,
    UNIQUE (enrollment_id, number)
);
CREATE INDEX decisions_by_contact ON decisions (contact_id);
CREATE INDEX decisions_by_plugin ON decisions (plugin_id, id);

-- Calls of a plugin that gave no decision: the ledger's other half.
CREATE TABLE faults (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     bigint NOT NULL,
    contact_id    bigint NOT NULL REFERENCES contacts (id),
    enrollment_id bigint NOT NULL REFERENCES enrollments (id),
    at            bigint NOT NULL,
    plugin_id     bigint NOT NULL,
    event         text NOT NULL,
    attempt       integer NOT NULL,
    fault         text NOT NULL,
    -- None where the call was parked with it.
    retry_at      bigint
);
CREATE INDEX faults_by_contact ON faults (contact_id);
CREATE INDEX faults_by_plugin ON faults (plugin_id, id);

-- Who is asked at an interval: triggers, CRMs for what their webhooks did not tell, and those who forget
-- a subscription unless it is renewed.
CREATE TABLE polls (
    tenant_id  bigint NOT NULL,
    -- A connection; of a renewal, its name and `#renewal`.
    connection text COLLATE "C" NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('trigger', 'crm', 'renewal')),
    -- What the last page gave; stored in the transaction that stored its events.
    cursor     text,
    due_at     bigint NOT NULL,
    asked_at   bigint,
    -- Asked for in a row without a pause, because there was more.
    pages      integer NOT NULL DEFAULT 0,
    -- Since the last page.
    failures   integer NOT NULL DEFAULT 0,
    fault      text CHECK ((fault IS NOT NULL) = (failures > 0)),
    -- Of a CRM: records looked at, and those that no webhook had told of.
    records    bigint NOT NULL DEFAULT 0,
    found_only bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, connection)
);

-- The latest calls of triggers, good and bad; the oldest go first.
CREATE TABLE trigger_calls (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  bigint NOT NULL,
    connection text COLLATE "C" NOT NULL,
    plugin     text COLLATE "C" NOT NULL,
    digest     text COLLATE "C" NOT NULL,
    at         bigint NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('receive', 'poll')),
    events     integer NOT NULL,
    fuel       bigint NOT NULL,
    memory     bigint NOT NULL,
    fault      text
);
CREATE INDEX trigger_calls_by_connection ON trigger_calls (tenant_id, connection, id);

-- The outbox.
CREATE TABLE messages (
    seq              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id        bigint NOT NULL,
    id               text COLLATE "C" NOT NULL,
    contact_id       bigint NOT NULL REFERENCES contacts (id),
    enrollment_id    bigint NOT NULL REFERENCES enrollments (id),
    decision_id      bigint NOT NULL REFERENCES decisions (id),
    status           text COLLATE "C" NOT NULL CHECK (status IN ('queued', 'held', 'sending', 'sent', 'uncertain',
                         'delivered', 'bounced', 'complained', 'failed', 'cancelled')),
    held_reason      text CHECK ((held_reason IS NOT NULL) = (status = 'held')),
    -- Why it was cancelled, failed, is put off, or waits for another try.
    status_reason    text,
    -- The guardrail behind either reason, where it was one.
    rule             text COLLATE "C",
    -- When it will go, and when the policy wanted it to.
    due_at           bigint NOT NULL,
    asked_at         bigint NOT NULL,
    -- Of its sequence: the higher goes first where a cap has room for one.
    priority         integer NOT NULL DEFAULT 0,
    -- A person looked at it and said it may go all the same: what was stale is not any more.
    released_at      bigint,
    created_at       bigint NOT NULL,
    sent_at          bigint,
    identity         text NOT NULL,
    template         text NOT NULL,
    -- JSON: the variables and the event that the template may refer to.
    context          json NOT NULL,
    -- JSON of the thread it continues, if any.
    thread           text,
    subject          text,
    -- The Message-ID that the recipient may have seen instead of ours, without brackets.
    rfc_message_id   text,
    -- JSON of the composed mail, fixed when it is first claimed: every repetition is the same bytes.
    mail             json,
    provider         text,
    provider_id      text,
    attempts         integer NOT NULL DEFAULT 0,
    first_attempt_at bigint,
    -- An exit came while it was with the provider, or in doubt: it must not be tried again.
    stop             boolean NOT NULL DEFAULT false,
    -- In doubt: when it is looked for next at its provider, how often it was, when last, and what that said.
    look_at          bigint,
    looks            integer NOT NULL DEFAULT 0,
    looked_at        bigint,
    look_said        text,
    UNIQUE (tenant_id, id)
);
CREATE INDEX messages_due ON messages (due_at, seq) WHERE status = 'queued';
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
    message_seq bigint NOT NULL REFERENCES messages (seq),
    number      integer NOT NULL,
    tenant_id   bigint NOT NULL,
    started_at  bigint NOT NULL,
    finished_at bigint,
    outcome     json,
    -- Which host called: its transactions say who they are.
    host        text DEFAULT current_setting('followup.host', true),
    PRIMARY KEY (message_seq, number)
);

-- Tasks, notes, fields and copies of sent mail for the CRM: an outbox of its own.
CREATE TABLE writebacks (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     bigint NOT NULL,
    contact_id    bigint NOT NULL REFERENCES contacts (id),
    -- None for what the host itself has to tell: that somebody left the company, say.
    enrollment_id bigint REFERENCES enrollments (id),
    decision_id   bigint REFERENCES decisions (id),
    kind          text NOT NULL CHECK (kind IN ('task', 'note', 'properties', 'mail')),
    body          text NOT NULL,
    -- Of a task: when it is to be done.
    due_at        bigint,
    created_at    bigint NOT NULL,
    -- open: no CRM that takes it knows the contact. searching: it may be there already, and is looked
    -- for before it is written again.
    status        text COLLATE "C" NOT NULL CHECK (status IN ('open', 'queued', 'sending', 'searching', 'done', 'failed',
                      'uncertain', 'cancelled')),
    -- The mail that it is a copy of.
    message_seq   bigint UNIQUE REFERENCES messages (seq),
    -- The CRM it goes to, and when it is tried or looked for next.
    connection    text COLLATE "C" CHECK ((connection IS NULL) = (status = 'open')),
    try_at        bigint CHECK ((try_at IS NOT NULL) = (status IN ('queued', 'searching'))),
    -- Of the call at hand.
    attempts      integer NOT NULL DEFAULT 0,
    searches      integer NOT NULL DEFAULT 0,
    -- JSON of what its calls gave so far: one write may be several calls.
    done          text NOT NULL DEFAULT '[]',
    reason        text
);
CREATE INDEX writebacks_by_contact ON writebacks (contact_id);
CREATE INDEX writebacks_due ON writebacks (try_at) WHERE try_at IS NOT NULL;
CREATE INDEX writebacks_sending ON writebacks (tenant_id) WHERE status = 'sending';
CREATE INDEX writebacks_troubled ON writebacks (tenant_id, id) WHERE status IN ('failed', 'uncertain');
CREATE INDEX writebacks_open ON writebacks (contact_id) WHERE status = 'open';

-- One row per call, written before the call and completed after it.
CREATE TABLE writeback_attempts (
    writeback_id bigint NOT NULL REFERENCES writebacks (id),
    number       integer NOT NULL,
    tenant_id    bigint NOT NULL,
    started_at   bigint NOT NULL,
    finished_at  bigint,
    outcome      text,
    host         text DEFAULT current_setting('followup.host', true),
    PRIMARY KEY (writeback_id, number)
);

-- The CRMs that take writes, as configured.
CREATE TABLE writers (
    tenant_id  bigint NOT NULL,
    connection text COLLATE "C" NOT NULL,
    -- Whether they get copies of sent mail.
    log_mail   boolean NOT NULL,
    PRIMARY KEY (tenant_id, connection)
);

-- Records of CRMs as last heard of: what a webhook told, a poll need not tell again.
CREATE TABLE crm_records (
    tenant_id    bigint NOT NULL,
    connection   text NOT NULL,
    object       text NOT NULL,
    external_id  text NOT NULL,
    -- By the CRM's clock: its latest change that we heard of.
    heard_at     bigint NOT NULL,
    -- What we made ourselves.
    writeback_id bigint REFERENCES writebacks (id),
    PRIMARY KEY (tenant_id, connection, object, external_id)
);

-- What reached out to a contact: our messages from the moment a provider is called, and what
-- people did by hand as far as the CRM tells. All caps and limits count these rows.
CREATE TABLE touches (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id   bigint NOT NULL,
    contact_id  bigint NOT NULL REFERENCES contacts (id),
    at          bigint NOT NULL,
    account_key text,
    -- Of the recipient.
    domain      text,
    -- None for what a person did by hand.
    message_seq bigint UNIQUE REFERENCES messages (seq),
    identity    text,
    sequence_id bigint,
    -- For the circuit breakers: 'bounced', 'complained'.
    trouble     text CHECK (trouble IN ('bounced', 'complained'))
);
CREATE INDEX touches_by_contact ON touches (contact_id, at);
CREATE INDEX touches_by_account ON touches (tenant_id, account_key, at) WHERE account_key IS NOT NULL;
CREATE INDEX touches_by_domain ON touches (tenant_id, domain, at) WHERE message_seq IS NOT NULL;
CREATE INDEX touches_by_identity ON touches (tenant_id, identity, at) WHERE identity IS NOT NULL;
CREATE INDEX touches_by_sequence ON touches (sequence_id, at) WHERE sequence_id IS NOT NULL;

CREATE TABLE suppressions (
    tenant_id bigint NOT NULL,
    -- An address, or '@' and a domain.
    address   text COLLATE "C" NOT NULL,
    reason    text NOT NULL,
    -- Where it comes from: an event's id, an import's file, a person.
    source    text NOT NULL,
    at        bigint NOT NULL,
    PRIMARY KEY (tenant_id, address)
);

-- Sequences that a person does not want, while others are welcome.
CREATE TABLE opt_outs (
    tenant_id  bigint NOT NULL,
    contact_id bigint NOT NULL REFERENCES contacts (id),
    sequence   text COLLATE "C" NOT NULL,
    event_id   text NOT NULL,
    at         bigint NOT NULL,
    PRIMARY KEY (contact_id, sequence)
);

-- What is stopped for the time being: by a person, or by a circuit breaker until `until`.
CREATE TABLE pauses (
    tenant_id bigint NOT NULL,
    scope     text COLLATE "C" NOT NULL CHECK (scope IN ('tenant', 'sequence', 'contact', 'identity', 'plugin')),
    -- Of the sequence, identity or plugin; the contact's number; empty for the tenant.
    name      text COLLATE "C" NOT NULL,
    cause     text NOT NULL CHECK (cause IN ('person', 'breaker')),
    reason    text NOT NULL,
    since     bigint NOT NULL,
    until     bigint,
    -- Kept after that, since a breaker counts anew from there.
    lifted_at bigint,
    PRIMARY KEY (tenant_id, scope, name, cause)
);
CREATE INDEX pauses_open ON pauses (tenant_id) WHERE lifted_at IS NULL;

-- Hosts that live: each says so again well before `until`, by the database's clock.
CREATE UNLOGGED TABLE hosts (
    id    text PRIMARY KEY,
    until timestamptz NOT NULL
);

-- Who works on what at the moment, so that two hosts do not do the same twice; that it is right rests on
-- versions and states, not on this. Lost in a crash, like those who held it.
CREATE UNLOGGED TABLE leases (
    kind  text NOT NULL,
    id    bigint NOT NULL,
    host  text NOT NULL,
    until bigint NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE TABLE restores (
    taken_at    bigint PRIMARY KEY,
    restored_at bigint
);

-- Calls of providers that nobody waits for any more.
CREATE VIEW interrupted_messages AS
    SELECT m.* FROM messages m
    WHERE m.status = 'sending' AND NOT EXISTS
        (SELECT 1 FROM attempts a JOIN hosts h ON h.id = a.host
         WHERE a.message_seq = m.seq AND a.number = m.attempts AND h.until > clock_timestamp());
CREATE VIEW interrupted_writebacks AS
    SELECT w.* FROM writebacks w
    WHERE w.status = 'sending' AND NOT EXISTS
        (SELECT 1 FROM writeback_attempts a JOIN hosts h ON h.id = a.host
         WHERE a.writeback_id = w.id AND a.finished_at IS NULL AND h.until > clock_timestamp());

-- Rows that change often keep room for it, and are swept before a fifth of the table is dead.
ALTER TABLE contacts SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE enrollments SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE messages SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE events SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE timers SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE polls SET (fillfactor = 50);
ALTER TABLE leases SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01);
