//! A real PostgreSQL: a cluster of its own, thrown away with the process that started it.
//!
//! One per test process, made when the first test asks; each test gets a database. The server lies in a
//! temporary folder, listens there and on a free port of the loopback, and writes without fsync: what a
//! crash of the machine would do is not tested here. It refuses to run as root, so then it runs as the
//! user of Debian's package.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use followup::store::postgres::{Options, PostgresStore};
use postgres::{Client, NoTls};
use secrecy::SecretString;

/// Starts the server, waits until the process that asked for it is gone (then its end of the pipe is
/// closed), stops the server and tidies up. `$1` folder, `$2` port, `$3` programs, the rest: as whom.
const KEEPER: &str = r#"
folder=$1 port=$2 bin=$3; shift 3
"$@" "$bin/initdb" -D "$folder/data" -U followup -A trust --no-sync --no-instructions -E UTF8 --locale=C >"$folder/log" 2>&1 || exit 1
"$@" "$bin/postgres" -D "$folder/data" -p "$port" -k "$folder" -c listen_addresses=127.0.0.1 -c fsync=off \
    -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB \
    -c autovacuum=off >>"$folder/log" 2>&1 &
server=$!
read -r _
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
    /// Closed by the system when the process ends, however it does.
    _pipe: ChildStdin,
}

/// The cluster, started by whoever asks first.
///
/// # Panics
/// Where PostgreSQL is not installed: its half of the store must not go untested in silence.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start)
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
    fn start() -> Self {
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
            _pipe: pipe,
        };
        cluster.wait(&mut keeper);
        cluster
    }

    fn wait(&self, keeper: &mut Child) {
        for _ in 0..LOOKS_MAX {
            if self.client("postgres").is_ok() {
                return;
            }
            let ended = keeper.try_wait().expect("the keeper is ours");
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(ended.is_none(), "PostgreSQL does not start: {log}");
            // The pipe of a program that waits a moment is a wait that needs no clock.
            let _ = Command::new("sleep").arg("0.1").status();
        }
        panic!("PostgreSQL does not answer");
    }

    /// A connection as the cluster's owner.
    pub fn client(&self, database: &str) -> Result<Client, postgres::Error> {
        Client::connect(&self.url(database), NoTls)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://followup@127.0.0.1:{}/{database}", self.port)
    }

    fn make_database(&self) -> String {
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
