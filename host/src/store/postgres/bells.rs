//! Bells across hosts: LISTEN and NOTIFY, and the word that this host lives.
//!
//! A notification takes a lock of the whole server at commit, so none is part of a job: each is sent
//! after it, by a thread of its own, and a bell rung many times within `GATHER` is told once. A lost one
//! costs time, not work: where notifications do not come through (a pooling proxy), the bells are rung at
//! an interval instead.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use postgres::fallible_iterator::FallibleIterator;
use tokio::sync::mpsc as heard;

use super::connect::Address;
use super::duties::{self, Duties};
use super::session::Connection;
use crate::store::{Bell, Error};

/// Bells rung within this time are told once.
const GATHER: Duration = Duration::from_millis(20);
/// How often a host says that it lives.
const SAYS_SO: Duration = Duration::from_secs(4);
/// Where bells ring all the time, the host says so after so many gatherings, each `SAYS_SO` long at most.
const TOLD_PER_WORD: usize = 3;
/// How long the ear waits before it listens anew: nobody else at that server is helped by haste.
const LISTEN_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How long one wait for notifications is, before it is looked whether to stop.
const LISTEN_FOR: Duration = Duration::from_millis(500);
/// A notification to oneself that takes longer does not come through.
const PROBE_MAX_MS: i64 = 3_000;
/// How often all bells are rung where notifications do not come through.
pub(super) const FALLBACK_EVERY_MS: i64 = 1_000;

const BELLS: [(Bell, &str); 7] = [
    (Bell::Decide, "decide"),
    (Bell::Deliver, "deliver"),
    (Bell::Hydrate, "hydrate"),
    (Bell::Plugins, "plugins"),
    (Bell::Poll, "poll"),
    (Bell::WriteBack, "write-back"),
    (Bell::Concluded, "concluded"),
];

/// What rings where nobody tells which bell it was. The plugins' makes a host load itself anew.
pub(super) fn all() -> impl Iterator<Item = Bell> {
    let bells = BELLS.into_iter().map(|(bell, _)| bell);
    bells.filter(|bell| *bell != Bell::Plugins)
}

/// Tells other hosts, until it is dropped; of a host that serves, also that it lives.
pub(super) struct Teller {
    bells: mpsc::SyncSender<Bell>,
}

/// Who tells.
pub(super) struct Host {
    pub(super) address: Arc<Address>,
    pub(super) name: String,
    /// Of a host that serves, and where it hears what its new duties ring.
    pub(super) duties: Option<(Duties, heard::Sender<Bell>)>,
}

impl Teller {
    pub(super) fn start(host: Host) -> Result<Self, Error> {
        let (bells, rung) = mpsc::sync_channel(BELLS.len() * 64);
        thread::Builder::new()
            .name("store-teller".to_owned())
            .spawn(move || tell(&host, &rung))
            .map_err(|e| Error::Unavailable(format!("no thread for the store: {e}")))?;
        Ok(Self { bells })
    }

    /// Where so many wait to be told, this one is among them.
    pub(super) fn ring(&self, bell: Bell) {
        let _ = self.bells.try_send(bell);
    }
}

fn tell(host: &Host, rung: &mpsc::Receiver<Bell>) {
    let mut connection: Option<Connection> = None;
    // Rung at every turn of the clock, bells or not: what is busy must not forget to say that it lives.
    let mut told_since_alive = 0;
    loop {
        let mut bells = HashSet::new();
        match rung.recv_timeout(SAYS_SO) {
            Ok(bell) => {
                bells.insert(bell);
                while bells.len() < BELLS.len() {
                    match rung.recv_timeout(GATHER) {
                        Ok(bell) => bells.insert(bell),
                        Err(_) => break,
                    };
                }
                told_since_alive += 1;
            }
            Err(mpsc::RecvTimeoutError::Timeout) => told_since_alive = TOLD_PER_WORD,
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
        if connection.as_ref().is_none_or(Connection::is_lost) {
            connection = host.address.connect().ok();
        }
        let Some(connection) = &connection else {
            continue;
        };
        if told_since_alive >= TOLD_PER_WORD {
            told_since_alive = 0;
            live(host, connection);
        }
        let words = BELLS.iter().filter(|(bell, _)| bells.contains(bell));
        let told: Vec<String> = words
            .map(|(_, word)| format!("SELECT pg_notify('followup', '{} {word}')", host.name))
            .collect();
        if !told.is_empty()
            && let Err(e) = connection.run(&told.join(";"))
        {
            tracing::warn!(error = %e, "other hosts were not told; they look by themselves later");
        }
    }
    if let (Some(connection), Some(_)) = (connection, &host.duties) {
        let _ = connection.run(&duties::farewell(&host.name));
    }
}

fn live(host: &Host, connection: &Connection) {
    let Some((duties, heard)) = &host.duties else {
        return;
    };
    match duties.renew(connection, &host.name) {
        Ok(bells) => {
            for bell in bells {
                let _ = heard.try_send(bell);
            }
        }
        Err(e) => tracing::warn!(error = %e, "the host could not say that it lives"),
    }
}

/// A thread that listens until `stop`. Says whether what it hears comes through.
pub(super) struct Listener {
    pub(super) heard: heard::Receiver<Heard>,
    /// Nothing is ever said through it: dropped, it stops the thread.
    _stop: mpsc::Sender<Infallible>,
}

/// Whether to stop, after waiting for so long.
fn stops(stop: &mpsc::Receiver<Infallible>, after: Duration) -> bool {
    stop.recv_timeout(after) == Err(mpsc::RecvTimeoutError::Disconnected)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Bell(Bell),
    /// Connected, and its own notification came back.
    Works,
    /// Notifications may have been missed, and may be.
    Deaf,
}

impl Listener {
    pub(super) fn start(address: Arc<Address>, host: String) -> Result<Self, Error> {
        let (told, heard) = heard::channel(BELLS.len() * 64);
        let (stop, stopped) = mpsc::channel();
        thread::Builder::new()
            .name("store-listener".to_owned())
            .spawn(move || {
                // Where it fails, the one that waits rings all bells until it is tried again.
                loop {
                    let _ = listen(&address, &host, &told, &stopped);
                    if told.blocking_send(Heard::Deaf).is_err()
                        || stops(&stopped, LISTEN_AGAIN_AFTER)
                    {
                        return;
                    }
                }
            })
            .map_err(|e| Error::Unavailable(format!("no thread for the store: {e}")))?;
        Ok(Self { heard, _stop: stop })
    }
}

fn listen(
    address: &Address,
    host: &str,
    told: &heard::Sender<Heard>,
    stopped: &mpsc::Receiver<Infallible>,
) -> Result<(), postgres::Error> {
    let Ok(mut client) = address.client() else {
        return Ok(());
    };
    client.batch_execute("LISTEN followup")?;
    client.batch_execute(&format!("SELECT pg_notify('followup', '{host} probe')"))?;
    let mut silent_ms = 0;
    let mut works = false;
    while !stops(stopped, Duration::ZERO) && (works || silent_ms < PROBE_MAX_MS) {
        let mut notifications = client.notifications();
        let mut waiting = notifications.timeout_iter(LISTEN_FOR);
        while let Some(notification) = waiting.next()? {
            let Some((from, word)) = notification.payload().split_once(' ') else {
                continue;
            };
            let bell = BELLS.iter().find(|(_, name)| *name == word);
            let heard = match bell {
                Some((bell, _)) if from != host => Heard::Bell(*bell),
                None if from == host && word == "probe" => {
                    works = true;
                    Heard::Works
                }
                _ => continue,
            };
            if told.blocking_send(heard).is_err() {
                return Ok(());
            }
        }
        silent_ms += LISTEN_FOR.as_millis() as i64;
    }
    Ok(())
}
