//! How SQLite goes about the statements whose cost must not grow with the file, and that a plan,
//! once made, is kept.

use rusqlite::{Connection, StatementStatus};

use super::{migrate, prepare};
use crate::store::sql::{backlog, exits, looks, recipient, register, work};

fn database() -> Connection {
    let mut connection = Connection::open_in_memory().expect("opens");
    prepare(&connection).expect("prepared");
    migrate(&mut connection).expect("migrated");
    connection
}

#[test]
fn what_is_looked_for_is_found_by_its_index() {
    let database = database();
    let check = |sql: &str, expect: &str| {
        let mut explained = database
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .expect("valid SQL");
        let values = vec![None::<i64>; explained.parameter_count()];
        let steps =
            explained.query_map(rusqlite::params_from_iter(values), |row| row.get("detail"));
        let plan: Vec<String> = steps
            .expect("a plan")
            .map(|step| step.expect("a text"))
            .collect();
        let plan = plan.join("; ");
        assert!(plan.contains(expect), "{sql}: {plan}");
    };
    check(&exits::cancel(), "messages_by_contact (contact_id=?)");
    check(recipient::HEARD, "events_of_recipients (contact_id=?)");
    check(
        recipient::SUPPRESSED,
        "PRIMARY KEY (tenant_id=? AND address=?)",
    );
    check(work::SENT_BY_A_REP, "events_sent (contact_id=?)");
    check(looks::DUE, "messages_to_look_for (look_at");
    check(backlog::UNDECIDED, "COVERING INDEX events_pending");
    check(backlog::THIN, "events_thin (hydrate_at");
    check(backlog::CONTACTS, "contacts_due (due_at");
    check(backlog::MESSAGES, "messages_due (due_at");
    check(backlog::WRITEBACKS, "writebacks_due (try_at");
    check(backlog::SENDING, "messages_sending");
    check(backlog::IN_DOUBT, "messages_uncertain");
    check(backlog::HELD, "messages_held");
    check(backlog::TROUBLED, "writebacks_troubled");
    check(register::REPEAT_REFUSED, "events_refused (tenant_id=?)");
}

/// The word bound to `kind` might be that of a partial index: reason enough for SQLite to plan anew
/// for each word, unless it was told to keep its plans.
#[test]
fn a_bound_value_plans_nothing_anew() {
    let database = database();
    let mut statement = database
        .prepare("SELECT seq FROM events WHERE contact_id = ?1 AND kind = ?2 AND status = ?3")
        .expect("valid SQL");
    for contact in 0..3 {
        let rows = statement.query((contact, "email-sent", "pending"));
        assert!(rows.expect("runs").next().expect("ends").is_none());
    }
    assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
}
