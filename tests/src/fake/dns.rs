//! A name server: a zone of the test's own over UDP (RFC 1035), as a resolver asks it.

use std::net::SocketAddr;

use tokio::net::UdpSocket;

/// The largest query that is read.
const QUERY_MAX_BYTES: usize = 512;
const CLASS_IN: u16 = 1;
/// A response, recursion desired and available.
const RESPONSE: u16 = 0x8180;
const NO_SUCH_NAME: u16 = 3;
const TTL_S: u32 = 60;

pub struct FakeDns {
    pub address: SocketAddr,
}

/// Name, kind (`TXT`, `MX`, `CNAME`, `A`), and the text: `10 mx.example` of an MX.
type Entry = (String, &'static str, String);

impl FakeDns {
    /// Serves until the test's runtime ends.
    pub async fn start(entries: &[(&str, &'static str, &str)]) -> Self {
        let entries: Vec<Entry> = entries
            .iter()
            .map(|(name, kind, text)| ((*name).to_owned(), *kind, (*text).to_owned()))
            .collect();
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        tokio::spawn(async move {
            let mut query = [0; QUERY_MAX_BYTES];
            while let Ok((length, from)) = socket.recv_from(&mut query).await {
                let answer = answer(&query[..length], &entries);
                let _ = socket.send_to(&answer, from).await;
            }
        });
        Self { address }
    }
}

fn answer(query: &[u8], entries: &[Entry]) -> Vec<u8> {
    let (name, after) = read_name(query, 12);
    let kind = u16::from_be_bytes([query[after], query[after + 1]]);
    let mut found: Vec<&Entry> = Vec::new();
    let mut at = name.clone();
    // An alias is followed, as name servers do.
    for _ in 0..8 {
        let named = |entry: &&Entry| entry.0 == at;
        found.extend(
            entries
                .iter()
                .filter(named)
                .filter(|entry| code(entry.1) == kind),
        );
        let alias = entries
            .iter()
            .filter(named)
            .find(|entry| entry.1 == "CNAME");
        match alias {
            Some(alias) if kind != code("CNAME") => {
                found.push(alias);
                at.clone_from(&alias.2);
            }
            _ => break,
        }
    }
    let exists = entries.iter().any(|entry| entry.0 == name);
    let flags = RESPONSE | if exists { 0 } else { NO_SUCH_NAME };
    let mut out = query[..2].to_vec();
    for field in [flags, 1, found.len() as u16, 0, 0] {
        out.extend(field.to_be_bytes());
    }
    out.extend(&query[12..after + 4]);
    for (name, kind, text) in found {
        write_name(&mut out, name);
        let data = data(kind, text);
        for field in [code(kind), CLASS_IN] {
            out.extend(field.to_be_bytes());
        }
        out.extend(TTL_S.to_be_bytes());
        out.extend((data.len() as u16).to_be_bytes());
        out.extend(data);
    }
    out
}

fn code(kind: &str) -> u16 {
    match kind {
        "A" => 1,
        "CNAME" => 5,
        "MX" => 15,
        "TXT" => 16,
        other => panic!("the zone has no records of the kind {other}"),
    }
}

fn data(kind: &str, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    match kind {
        "A" => {
            let address: std::net::Ipv4Addr = text.parse().expect("an IPv4 address");
            out.extend(address.octets());
        }
        "CNAME" => write_name(&mut out, text),
        "MX" => {
            let (preference, host) = text.split_once(' ').expect("a preference and a host");
            let preference: u16 = preference.parse().expect("a number");
            out.extend(preference.to_be_bytes());
            write_name(&mut out, host);
        }
        // One record of several strings, as long keys are written.
        _ => {
            for part in text.as_bytes().chunks(200) {
                out.push(part.len() as u8);
                out.extend(part);
            }
        }
    }
    out
}

fn read_name(bytes: &[u8], mut at: usize) -> (String, usize) {
    let mut labels = Vec::new();
    while bytes[at] != 0 {
        let length = usize::from(bytes[at]);
        let label = &bytes[at + 1..=at + length];
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        at += length + 1;
    }
    (labels.join("."), at + 1)
}

fn write_name(out: &mut Vec<u8>, name: &str) {
    for label in name.split('.').filter(|label| !label.is_empty()) {
        out.push(label.len() as u8);
        out.extend(label.as_bytes());
    }
    out.push(0);
}
