//! No room: the store's file, its log and the log of the program may not grow any more (a limit on the size of
//! files, which needs no file system of its own). Webhooks are answered 503, `/readyz` says so, nothing dies;
//! and when there is room again, everything goes on.

use std::process::Command;

use followup::clock::{Clock, SystemClock};
use followup::store::sqlite::SqliteStore;
use followup_tests::senders::form;
use followup_tests::{Dice, FakeProvider, Options, Server, eventually};

use crate::crowd::{Crowd, IMPATIENT};
use crate::{PROGRAM, rounds};

/// The room, from the start and after each time that there was some again, in KiB: less than the log of SQLite
/// (`-wal`) takes before it is written back, more than an empty store.
const ROOM_KIB: u64 = 1_024;
const MORE_KIB: u64 = 256;
const TIMES: u64 = 2;
/// People that turn up at once; they are looked at until there is no room for another.
const PEOPLE: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_waited_out() {
    let mut dice = Dice::seeded(SystemClock.now().0 as u64);
    let provider = FakeProvider::start().await;
    let options = Options {
        provider: provider.url.clone(),
        deliver: IMPATIENT,
        ..Options::default()
    };
    let mut site = followup_tests::Site::new(PROGRAM, &options);
    // The program's log is on the same disk.
    site.before_serving =
        "trap '' XFSZ\nulimit -S -f unlimited\nexec 2>>followup.log\nexport RUST_LOG=debug"
            .to_owned();
    let mut server = tokio::task::block_in_place(|| Server::start(site));
    let mut crowd = Crowd::gather(&server.senders, &provider, &mut dice);
    let mut room = ROOM_KIB;
    for time in 0..TIMES * rounds() {
        // Every other time there is no room at all from the beginning, for a line of the log neither.
        let bytes = if time.is_multiple_of(2) {
            room * 1_024
        } else {
            1
        };
        limit(&server, &bytes.to_string());
        room += MORE_KIB;
        let told = until_full(&server, &mut crowd).await;
        eprintln!("no room: {told}");
        assert!(!server.has_ended(), "it lives");
        // Where there is some room, a smaller commit may still fit.
        if bytes == 1 {
            let told = form("nothing", "turned-away@x.example");
            assert_eq!(server.crm(&told).await.status, 503);
        }
        assert_eq!(server.get("/healthz").await.status, 200);

        limit(&server, "unlimited");
        eventually("there is room again", || match ready(&server) {
            (200, _) => Ok(()),
            (_, told) => Err(told),
        })
        .await;
    }
    assert!(!server.has_ended(), "it lives");
    let log = server.site.read("followup.log");
    assert!(!log.contains("panicked"), "{log}");
    let store = SqliteStore::open_read_only(&server.site.path("followup.db")).expect("opens");
    crowd.all_is_well(&server.site, &store).await;
    let sound = rusqlite::Connection::open(server.site.path("followup.db")).expect("opens");
    let told: String = sound
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("reads");
    assert_eq!(told, "ok");
}

/// People turn up until the store has no room. What `/readyz` says then.
async fn until_full(server: &Server, crowd: &mut Crowd) -> String {
    eventually("there is no room", || match ready(server) {
        (503, told) => Ok(told),
        (_, told) => {
            crowd.invite(PEOPLE);
            Err(told)
        }
    })
    .await
}

fn ready(server: &Server) -> (u16, String) {
    let answer = tokio::runtime::Handle::current().block_on(server.get("/readyz"));
    let told = String::from_utf8_lossy(&answer.body).into_owned();
    (answer.status, told)
}

/// The largest file that the server may write, from now on.
fn limit(server: &Server, bytes: &str) {
    let done = Command::new("prlimit")
        .args(["--pid", &server.process_id().to_string()])
        .arg(format!("--fsize={bytes}:unlimited"))
        .status();
    assert!(done.expect("util-linux has it").success());
}
