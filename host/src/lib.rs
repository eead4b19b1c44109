//! Followup: sends the right follow-up until the person replies, converts or opts out.
//!
//! ```text
//!  CRM webhook ──▶ ingest ──▶ (events) ──▶ decide ──▶ sandbox ──▶ Decision ──▶ guardrails ──▶ (enrollments, timers, outbox, ledger)
//!                    ▲                        ▲                                                  │              │
//!                    │                        └──────────────── due timers ◀─────────────────────┘              ▼
//!                    └── provider events, replies, clicks ◀── e-mail provider / CRM ◀────────────────────── deliver
//! ```
//! Folders are verbs, brackets are tables. Two doors (`ingest`: webhooks in; `recipient`: the pages and
//! addresses behind a mail's links), six loops (`decide`, `deliver`, `hydrate`, which completes
//! events that only name an object, `poll`, which asks who does not call, `reconcile`, which asks CRMs for what
//! their webhooks did not tell, and `writeback`, which writes into them). They never call each other: they
//! meet in tables, and each hand-over is *mark my row done and write the next rows, in one transaction*.
//!
//! # Invariants
//!
//! 1. No mail without an outbox row, no outbox row without a ledger row.
//! 2. The attempt row is committed before the HTTP call, its outcome after: a crash leaves "in
//!    doubt", never "unknown to us".
//! 3. Once an exit event is acknowledged, no message of that enrollment leaves.
//! 4. Guardrails run twice: when queued and when claimed.
//! 5. A decision can be recomputed from its ledger row: same input, same bytes.
//! 6. Every queue, batch, body, state, retry and loop has a limit with a name.
//!
//! Who may import whom is in ARCHITECTURE.md; `tests/tests/architecture.rs` holds it.

// Layer 0: nouns, time.
pub mod calendar;
pub mod clock;
pub mod domain;
pub mod figures;
pub mod pulse;

// Layer 1, pure: rules and mappings.
pub mod compose;
pub mod crm;
pub mod guardrails;
pub mod inbound;
pub mod leads;
pub mod providers;
pub mod signatures;
pub mod triggers;

// Layer 1, adapters.
pub mod net;
pub mod sandbox;
pub mod store;
pub mod traces;

// Layer 2: the doors and the loops.
pub mod decide;
pub mod deliver;
pub mod hydrate;
pub mod ingest;
pub mod plugins;
pub mod poll;
pub mod recipient;
pub mod reconcile;
pub mod simulate;
pub mod writeback;

// Layer 4: the edges.
pub mod cli;
pub mod config;
pub mod daemon;
pub mod doctor;
pub mod embedded;
