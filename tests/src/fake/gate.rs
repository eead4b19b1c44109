//! What lies between us and an API: a way that is open, closed, or worse.
//!
//! A TCP proxy that a test tells what to do with connections. A change of the weather ends those that there
//! are, so that a client's kept connections see it too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// It leads to the API.
    Fair,
    /// Nobody listens.
    Down,
    /// It is closed before anything was read.
    Slammed,
    /// It is closed when the request was read.
    Cut,
    /// The request is read, and no answer comes, ever.
    Hang,
    /// Answered with these bytes, whatever is asked.
    Answer(&'static str),
}

/// The way to one API; clones are the same one.
#[derive(Clone)]
pub struct Gate {
    pub url: String,
    weather: Arc<watch::Sender<Weather>>,
    /// Connections that came while the weather was not fair.
    met: Arc<AtomicUsize>,
}

impl Gate {
    /// A way to `http://ADDRESS:PORT`, in fair weather.
    pub async fn before(api: &str) -> Self {
        let api: SocketAddr = api
            .trim_start_matches("http://")
            .parse()
            .expect("http://ADDRESS:PORT");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let gate = Self {
            url: format!("http://{address}"),
            weather: Arc::new(watch::Sender::new(Weather::Fair)),
            met: Arc::default(),
        };
        tokio::spawn(gate.clone().keep(listener, address, api));
        gate
    }

    pub fn turn(&self, weather: Weather) {
        self.met.store(0, Ordering::SeqCst);
        self.weather.send_replace(weather);
    }

    /// How many connections met the present weather. Nobody who is down can tell.
    pub fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }

    async fn keep(self, listener: TcpListener, address: SocketAddr, api: SocketAddr) {
        let mut weather = self.weather.subscribe();
        let mut listener = Some(listener);
        loop {
            let now = *weather.borrow_and_update();
            match now {
                Weather::Down => listener = None,
                _ if listener.is_none() => {
                    listener = Some(TcpListener::bind(address).await.expect("its own port"));
                }
                _ => {}
            }
            let next = async {
                match &listener {
                    Some(listener) => listener.accept().await.expect("a connection").0,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                connection = next => {
                    let (gate, mut changes) = (self.clone(), weather.clone());
                    tokio::spawn(async move {
                        tokio::select! {
                            () = gate.meet(connection, now, api) => {}
                            _ = changes.changed() => {}
                        }
                    });
                }
                changed = weather.changed() => changed.expect("the gate holds the sender"),
            }
        }
    }

    async fn meet(&self, mut connection: TcpStream, weather: Weather, api: SocketAddr) {
        if weather == Weather::Fair {
            // An API that is down is down behind the gate too.
            let Ok(mut api) = TcpStream::connect(api).await else {
                return;
            };
            // A side that breaks off ends both.
            let _ = tokio::io::copy_bidirectional(&mut connection, &mut api).await;
            return;
        }
        self.met.fetch_add(1, Ordering::SeqCst);
        if weather == Weather::Slammed {
            return;
        }
        let mut request = [0; 8 * 1024];
        let _ = connection.read(&mut request).await;
        match weather {
            Weather::Hang => std::future::pending().await,
            Weather::Answer(answer) => {
                let _ = connection.write_all(answer.as_bytes()).await;
            }
            Weather::Fair | Weather::Down | Weather::Slammed | Weather::Cut => {}
        }
    }
}
