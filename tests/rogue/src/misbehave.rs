//! One arm per misdeed. Those that try to reach a person all the same are in `pester`.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::hint::black_box;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::bindings::exports::followup::plugin::policy_decide::{
    Action, BusinessDays, CreateTask, DecideInput, Decision, EmitEvent, TimeOfDay, When,
};
use crate::bindings::exports::followup::plugin::policy_migrate::MigrateInput;
use crate::bindings::followup::plugin::calendar;
use crate::bindings::followup::plugin::log::{self, Level};
use crate::bindings::followup::plugin::types::{Attribute, FieldError, PluginError, Retry, Value};

#[expect(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "what a guest must not do is what is under test"
)]
pub(crate) fn decide(misdeed: &str, input: &DecideInput) -> Result<Decision, PluginError> {
    let decision = match misdeed {
        "none" => say("behaves"),

        // Takes too much.
        "loop" => spin(),
        "alloc" => hoard(),
        "recurse" => say(&descend(0).to_string()),
        "recurse-in-memory" => say(&descend_in_memory([0; 4096]).to_string()),
        "sleep" => {
            std::thread::sleep(Duration::from_hours(1));
            say("woke up")
        }
        "calendar-storm" => storm(),

        // Gives up.
        "panic" => {
            log::write(Level::Warn, "about to panic", &[]);
            panic!("step 7 has no template")
        }
        "exit" => std::process::exit(3),
        "abort" => std::process::abort(),
        "overrun" => say(&wild_read().to_string()),

        // Answers what may not be answered.
        "no-reason" => say(""),
        "long-reason" => say(&"r".repeat(2_000)),
        "bad-state" => with_state("{\"step\":"),
        "huge-state" => with_state(&format!("\"{}\"", "s".repeat(70 << 10))),
        "many-actions" => with_actions(vec![note("n"); 40]),
        "million-actions" => with_actions(vec![note("n"); 1_000_000]),
        "unlisted-action" => with_actions(vec![task("t")]),
        "huge-output" => with_actions(vec![note(&"n".repeat(300 << 10))]),
        "gigantic-output" => with_actions(vec![note(&"n".repeat(8 << 20))]),
        "host-event" => with_actions(vec![event("replied", "{}")]),
        "bad-json" => with_actions(vec![event("rogue.event", "{")]),
        "nan" => with_actions(vec![properties(f64::NAN)]),

        // Answers with an error.
        "transient" => return Err(transient(None)),
        "not-before" => return Err(transient(Some(input.now + 60_000))),
        "permanent" => return Err(PluginError::Permanent("never works".to_owned())),
        "invalid-config" => {
            let path = "/misbehave".to_owned();
            let message = "names a misdeed".to_owned();
            return Err(PluginError::InvalidConfig(vec![FieldError {
                path,
                message,
            }]));
        }

        // Looks around.
        "clock" => say(&format!(
            "{:?} {:?}",
            wall(),
            std::time::Instant::now().elapsed()
        )),
        "random" => say(&format!("{:x} {:x}", dice(), dice())),
        "files" => say(&format!(
            "{:?} {:?}",
            std::fs::read("/etc/passwd"),
            std::fs::write("/tmp/x", "x")
        )),
        "env" => say(&format!(
            "{:?} {:?}",
            std::env::vars().collect::<Vec<_>>(),
            std::env::args().collect::<Vec<_>>()
        )),
        "network" => say(&format!(
            "{:?}",
            std::net::TcpStream::connect("127.0.0.1:80").map(|_| "connected")
        )),
        "calendar" => say(&ask_the_calendar(input)),
        "echo" => say(&format!("{:?}", input.contact.attributes)),

        // Talks too much.
        "log" => {
            log::write(
                Level::Info,
                "one line",
                &[attribute("step", Value::Number(3.0))],
            );
            say("logged")
        }
        "log-flood" => {
            for _ in 0..10_000 {
                log::write(Level::Info, "the same line again and again", &[]);
            }
            say("logged")
        }
        "print-flood" => {
            for n in 0..2_000 {
                eprintln!("line {n} of many");
            }
            panic!("after many lines");
        }
        "gigantic-log" => {
            log::write(Level::Info, &"x".repeat(8 << 20), &[]);
            say("logged")
        }

        "gigabyte-log" => {
            log::write(Level::Info, &"\0".repeat(1 << 30), &[]);
            say("logged")
        }

        other => {
            return Err(PluginError::Permanent(format!(
                "no misdeed is called {other:?}"
            )));
        }
    };
    Ok(decision)
}

/// The state of an older version, in this one's words.
pub(crate) fn migrate(misdeed: &str, input: MigrateInput) -> Result<String, PluginError> {
    let from = serde_json::Value::String(input.from_version);
    match misdeed {
        "loop" => spin(),
        "panic" => panic!("no such state"),
        "bad-state" => Ok("{\"step\":".to_owned()),
        "huge-state" => Ok(format!("\"{}\"", "s".repeat(70 << 10))),
        "permanent" => Err(PluginError::InvalidState("too old".to_owned())),
        _ => Ok(format!("{{\"from\":{from},\"was\":{}}}", input.state)),
    }
}

fn say(reason: &str) -> Decision {
    Decision {
        actions: Vec::new(),
        state: None,
        reason: reason.to_owned(),
        extra: Vec::new(),
    }
}

fn with_state(state: &str) -> Decision {
    let state = Some(state.to_owned());
    Decision {
        state,
        ..say("leaves a state")
    }
}

fn with_actions(actions: Vec<Action>) -> Decision {
    Decision {
        actions,
        ..say("acts")
    }
}

fn note(text: &str) -> Action {
    Action::AddNote(text.to_owned())
}

fn task(title: &str) -> Action {
    Action::CreateTask(CreateTask {
        title: title.to_owned(),
        body: String::new(),
        due: When::Now,
        extra: Vec::new(),
    })
}

fn event(kind: &str, data: &str) -> Action {
    let (kind, data) = (kind.to_owned(), data.to_owned());
    Action::EmitEvent(EmitEvent { kind, data })
}

fn attribute(name: &str, value: Value) -> Attribute {
    let name = name.to_owned();
    Attribute { name, value }
}

fn properties(score: f64) -> Action {
    Action::SetProperties(vec![attribute("score", Value::Number(score))])
}

fn transient(not_before: Option<i64>) -> PluginError {
    let message = "the moon is full".to_owned();
    PluginError::Transient(Retry {
        message,
        not_before,
    })
}

fn spin() -> ! {
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

fn hoard() -> ! {
    let mut all: Vec<Vec<u8>> = Vec::new();
    loop {
        // Not filled: that would take more fuel than there is.
        all.push(Vec::with_capacity(1 << 20));
        black_box(&all);
    }
}

/// Deep on the engine's stack: nothing here needs an address in memory.
#[inline(never)]
fn descend(n: u64) -> u64 {
    if black_box(n) == u64::MAX {
        return n;
    }
    // Or the compiler makes a loop of it.
    black_box(descend(n + 1)) ^ n
}

/// Deep on the stack that Rust keeps in the component's own memory.
#[inline(never)]
fn descend_in_memory(mut frame: [u8; 4096]) -> u8 {
    frame[0] = frame[0].wrapping_add(1);
    if black_box(&mut frame)[1] == 1 {
        return 0;
    }
    black_box(descend_in_memory(frame)) ^ frame[1]
}

#[expect(unsafe_code, reason = "a wild pointer is the point")]
fn wild_read() -> u8 {
    let far = std::ptr::without_provenance::<u8>(0xffff_0000);
    unsafe { far.read_volatile() }
}

/// Cheap for the guest, dear for the host.
fn storm() -> ! {
    loop {
        black_box(calendar::add_business_days(0, 10_000, "Europe/Berlin").is_ok());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the host's clock is not to be seen through it"
)]
fn wall() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// What every `HashMap` is seeded with.
fn dice() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn ask_the_calendar(input: &DecideInput) -> String {
    let zone = "Europe/Berlin";
    let local = calendar::to_local(input.now, zone);
    let back = local
        .clone()
        .and_then(|local| calendar::from_local(local, zone));
    let later = calendar::add_business_days(input.now, 2, zone);
    let today = calendar::is_business_day(input.now, zone);
    let nowhere = calendar::to_local(input.now, "Mars/Olympus");
    let when = BusinessDays {
        days: 2,
        at: Some(TimeOfDay { hour: 9, minute: 0 }),
    };
    format!("{local:?} {back:?} {later:?} {today:?} {nowhere:?} {when:?}")
}
