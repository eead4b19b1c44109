//! A real PostgreSQL: a cluster of its own, thrown away with the process that started it.
//!
//! One per test process, made when the first test asks; each test gets a database. The server lies in a
//! temporary folder, listens there and on a free port of the loopback, and writes without fsync: what a
//! crash of the machine would do is not tested here. A cluster of a test's own (`own`) can be stopped and
//! started again, and keeps what it committed. It refuses to run as root, so then it runs as the
//! user of Debian's package.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

use followup::store::postgres::{Options, PostgresStore};
use postgres::{Client, NoTls};
use secrecy::SecretString;

/// Starts the server, waits until the process that asked for it is gone (then its end of the pipe is
/// closed), stops the server and tidies up; until then it does as it is told. `$1` folder, `$2` port,
/// `$3` programs, `$4` when commits are written, the rest: as whom.
const KEEPER: &str = r#"
folder=$1 port=$2 bin=$3 commits=$4; shift 4
serve() {
    "$@" "$bin/postgres" -D "$folder/data" -p "$port" -k "$folder" -c listen_addresses=127.0.0.1 -c fsync=off \
        -c synchronous_commit="$commits" -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB \
        -c autovacuum=off >>"$folder/log" 2>&1 &
    server=$!
}
"$@" "$bin/initdb" -D "$folder/data" -U followup -A trust --no-sync --no-instructions -E UTF8 --locale=C >"$folder/log" 2>&1 || exit 1
serve "$@"
while read -r word; do
    case $word in
        stop) kill -QUIT "$server"; wait "$server" ;;
        start) serve "$@" ;;
    esac
done
kill -INT "$server"
wait "$server"
rm -rf "$folder"
"#;

/// How often it is looked whether the server answers, each look waiting for the server's own timeout.
const LOOKS_MAX: usize = 600;

/// The cluster of this process.
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    databases: AtomicUsize,
    keeper: Mutex<Keeper>,
}

struct Keeper {
    child: Child,
    /// Closed by the system when the process ends, however it does.
    pipe: ChildStdin,
}

/// The cluster, started by whoever asks first.
///
/// # Panics
/// Where PostgreSQL is not installed: its half of the store must not go untested in silence.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start("off"))
}

/// An empty store in a database of its own.
pub async fn store() -> PostgresStore {
    let options = options(&database().await);
    PostgresStore::open(&options).expect("opens")
}

/// The URL of a new database.
pub async fn database() -> String {
    let made = tokio::task::spawn_blocking(|| cluster().make_database());
    made.await.expect("made")
}

/// As few connections as a test needs.
pub fn options(url: &str) -> Options {
    Options {
        url: SecretString::from(url),
        password: None,
        listen_url: None,
        serves: false,
        writers: 2,
        readers: 2,
        queue_max: 1024,
    }
}

impl Cluster {
    /// One of its own, which may be stopped.
    pub fn own() -> Self {
        Self::start("on")
    }

    /// Stops the server at once, as a crash of it would: it recovers from its log at the next start.
    pub fn stop(&self) {
        self.tell("stop");
        let mut keeper = self.keeper();
        Self::wait(&mut keeper, "PostgreSQL does not stop", || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err()
        });
    }

    pub fn restart(&self) {
        self.tell("start");
        self.wait_until_it_answers();
    }

    /// Ends all other connections to the database. Says how many there were.
    pub fn cut_connections(&self, url: &str) -> usize {
        let name = url.rsplit('/').next().expect("the name of a database");
        let mut client = self.client("postgres").expect("the server answers");
        let cut = client.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
            &[&name],
        );
        cut.expect("its owner may").len()
    }

    fn tell(&self, word: &str) {
        let mut keeper = self.keeper();
        writeln!(keeper.pipe, "{word}").expect("the keeper listens");
    }

    fn keeper(&self) -> MutexGuard<'_, Keeper> {
        self.keeper.lock().expect("unpoisoned")
    }

    fn start(commits: &str) -> Self {
        let bin = programs();
        let folder = tempfile::Builder::new()
            .prefix("pg")
            .tempdir()
            .expect("a temporary folder")
            .keep();
        let as_whom = as_whom(&folder);
        let port = free_port();
        let mut keeper: Child = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&folder)
            .arg(port.to_string())
            .arg(&bin)
            .arg(commits)
            .args(as_whom)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let pipe = keeper.stdin.take().expect("piped");
        let cluster = Self {
            folder,
            port,
            databases: AtomicUsize::new(0),
            keeper: Mutex::new(Keeper {
                child: keeper,
                pipe,
            }),
        };
        cluster.wait_until_it_answers();
        cluster
    }

    fn wait_until_it_answers(&self) {
        let mut keeper = self.keeper();
        let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Self::wait(
            &mut keeper,
            &format!("PostgreSQL does not answer: {}", log()),
            || self.client("postgres").is_ok(),
        );
    }

    fn wait(keeper: &mut Keeper, what: &str, done: impl Fn() -> bool) {
        for _ in 0..LOOKS_MAX {
            if done() {
                return;
            }
            let ended = keeper.child.try_wait().expect("the keeper is ours");
            assert!(ended.is_none(), "{what}");
            // The pipe of a program that waits a moment is a wait that needs no clock.
            let _ = Command::new("sleep").arg("0.1").status();
        }
        panic!("{what}");
    }

    /// A connection as the cluster's owner.
    pub fn client(&self, database: &str) -> Result<Client, postgres::Error> {
        Client::connect(&self.url(database), NoTls)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://followup@127.0.0.1:{}/{database}", self.port)
    }

    /// The URL of a new database.
    pub fn make_database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        let mut client = self.client("postgres").expect("the server answers");
        let make = format!("CREATE DATABASE {name}");
        client.batch_execute(&make).expect("made");
        self.url(&name)
    }
}

/// Debian keeps the server's programs out of the path.
fn programs() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut found: Vec<PathBuf> = debian
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(|folder| folder.join("initdb").exists());
    found
        .pop()
        .or(on_path)
        .expect("PostgreSQL is not installed: apt-get install postgresql (.ci/run does)")
}

/// The words before a program that make it run as somebody who may, and own the folder.
fn as_whom(folder: &Path) -> Vec<String> {
    use std::os::unix::fs::{MetadataExt, chown};
    if folder.metadata().expect("just made").uid() != 0 {
        return Vec::new();
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("a system with users");
    let id = |user: &str| {
        let line = users
            .lines()
            .find(|line| line.starts_with(&format!("{user}:")))?;
        let mut ids = line.split(':').skip(2).map(str::parse::<u32>);
        Some((ids.next()?.ok()?, ids.next()?.ok()?))
    };
    let (user, group) = id("postgres")
        .or_else(|| id("nobody"))
        .expect("a user who is not root");
    chown(folder, Some(user), Some(group)).expect("root may");
    [
        "setpriv".to_owned(),
        format!("--reuid={user}"),
        format!("--regid={group}"),
        "--clear-groups".to_owned(),
    ]
    .into()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}
