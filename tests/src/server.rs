//! `followup serve` as a child process.

use std::io::{BufRead, BufReader, Read};
use std::ops::Deref;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use followup::clock::SystemClock;

use crate::{Senders, Site, eventually};

/// How long a start may take; the first one compiles the plugins.
const START_MAX: Duration = Duration::from_mins(2);

/// How much of the log is shown where a test failed.
const LOG_LINES_SHOWN: usize = 60;

/// The running server. Killed when dropped; its log is shown where the test failed.
pub struct Server {
    pub site: Site,
    pub senders: Senders,
    process: Process,
}

struct Process {
    child: Child,
    stdout: Arc<Mutex<Vec<String>>>,
    stderr: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts it, and returns when it says that it listens.
    pub fn start(site: Site) -> Self {
        let (process, base) = Process::start(&site, Arc::default());
        let senders = Senders::new(base, Arc::clone(&site.keys), Arc::new(SystemClock));
        Self {
            site,
            senders,
            process,
        }
    }

    /// SIGKILL, as a power cut would.
    pub fn kill9(&mut self) {
        self.process.end();
    }

    /// Starts it and kills it some time later, whether or not it listens by then.
    pub fn start_and_kill9(&mut self, after: Duration) {
        self.process.end();
        let (process, started) = Process::spawn(&self.site, Arc::clone(&self.process.stderr));
        self.process = process;
        let _ = started.recv_timeout(after);
        self.process.end();
    }

    /// Starts one that may die before it listens. Says whether it does listen.
    pub fn start_mortal(&mut self) -> bool {
        self.process.end();
        let (process, started) = Process::spawn(&self.site, Arc::clone(&self.process.stderr));
        self.process = process;
        let told = started.recv_timeout(START_MAX).ok();
        let base = told.and_then(|line| line.strip_prefix("listening on ").map(str::to_owned));
        let listens = base.is_some();
        self.senders.base = base.unwrap_or_else(|| self.senders.base.clone());
        listens
    }

    /// Whether the process is gone.
    pub fn has_ended(&mut self) -> bool {
        let ended = self.process.child.try_wait().expect("a child");
        ended.is_some()
    }

    pub fn process_id(&self) -> u32 {
        self.process.child.id()
    }

    /// SIGTERM; returns how it ended.
    pub async fn terminate(&mut self) -> ExitStatus {
        let id = self.process.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.expect("kill runs").success());
        let child = &mut self.process.child;
        let status = eventually("the server stops", || {
            match child.try_wait().expect("a child") {
                Some(status) => Ok(status),
                None => Err("it runs"),
            }
        })
        .await;
        self.process.end();
        status
    }

    /// The same folder, served anew. The log goes on.
    pub fn restart(&mut self) {
        self.process.end();
        let (process, base) = Process::start(&self.site, Arc::clone(&self.process.stderr));
        self.process = process;
        self.senders.base = base;
    }

    /// Lines on stdout so far.
    pub fn stdout(&self) -> Vec<String> {
        self.process.stdout.lock().expect("unpoisoned").clone()
    }

    /// The log so far.
    pub fn stderr(&self) -> String {
        self.process.stderr.lock().expect("unpoisoned").clone()
    }
}

/// A server is its folder and its senders: `server.crm(..)`, `server.contact(..)`.
impl Deref for Server {
    type Target = Senders;

    fn deref(&self) -> &Senders {
        &self.senders
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.end();
        if std::thread::panicking() {
            let log = self.stderr();
            let lines: Vec<_> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..];
            eprintln!("--- the end of the server's log ---\n{}", last.join("\n"));
        }
    }
}

impl Process {
    /// Starts it, and waits for the line that says where it listens.
    fn start(site: &Site, stderr: Arc<Mutex<String>>) -> (Self, String) {
        let (mut process, started) = Self::spawn(site, stderr);
        match started.recv_timeout(START_MAX) {
            Ok(line) => {
                let base = line.strip_prefix("listening on ");
                let base = base.expect("listening on http://ADDRESS:PORT").to_owned();
                (process, base)
            }
            Err(e) => {
                process.end();
                let log = process.stderr.lock().expect("unpoisoned").clone();
                panic!("it does not start: {e}: {log}");
            }
        }
    }

    /// The process, and its lines on stdout.
    fn spawn(site: &Site, stderr: Arc<Mutex<String>>) -> (Self, mpsc::Receiver<String>) {
        let mut child = site
            .serving()
            .args(["serve", "--config"])
            .arg(site.path("followup.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = Arc::<Mutex<Vec<String>>>::default();
        let (first, started) = mpsc::channel();
        let pipes = (
            child.stdout.take().expect("piped"),
            child.stderr.take().expect("piped"),
        );
        let (lines, log) = (Arc::clone(&stdout), Arc::clone(&stderr));
        let readers = vec![
            std::thread::spawn(move || {
                for line in BufReader::new(pipes.0).lines().map_while(Result::ok) {
                    let _ = first.send(line.clone());
                    lines.lock().expect("unpoisoned").push(line);
                }
            }),
            std::thread::spawn(move || {
                let mut pipe = BufReader::new(pipes.1);
                let mut line = String::new();
                while pipe.read_line(&mut line).is_ok_and(|read| read > 0) {
                    log.lock().expect("unpoisoned").push_str(&line);
                    line.clear();
                }
                // What is no UTF-8 is read past, so that the writer is never held up.
                let _ = pipe.read_to_end(&mut Vec::new());
            }),
        ];
        let process = Self {
            child,
            stdout,
            stderr,
            readers,
        };
        (process, started)
    }

    /// Kills what still runs, and reads its outputs to their end.
    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}
