//! A real OCI registry: Debian's `docker-registry` as a child process, its storage in a folder of its
//! own.
//!
//! It listens on a port that the system chose and says which in its log. Beside what the host's client
//! does with it, a test can look at and change what lies on its disk, and push by hand what no tool of
//! ours would.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use followup::domain::digest;
use followup::net;
use serde_json::Value;
use tempfile::TempDir;

/// How long a start may take on a busy machine.
const START_MAX: Duration = Duration::from_mins(1);

const IMAGE_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// The login of a registry that asks for one.
pub const USERNAME: &str = "ada";
pub const PASSWORD: &str = "secret";
/// Both, as `htpasswd -Bbn ada secret` writes them.
const HTPASSWD: &str = "ada:$2y$05$8f/Pcux09L/feS8hMS9FkuO6Mgnr2v0r.lo0.9p4kvjXS1tEfREmq\n";

/// The registry. Killed when dropped.
pub struct Registry {
    /// `127.0.0.1:PORT`.
    pub host: String,
    folder: TempDir,
    child: Child,
    reader: Option<JoinHandle<()>>,
    client: reqwest::Client,
}

impl Registry {
    /// One that lets everybody read and write. None, and a loud line, where the program is not
    /// installed; under CI that is a failure.
    pub fn start() -> Option<Self> {
        Self::with("")
    }

    /// One that asks for `USERNAME` and `PASSWORD`.
    pub fn start_with_login() -> Option<Self> {
        Self::with("auth:\n  htpasswd:\n    realm: test\n    path: @folder@/htpasswd\n")
    }

    fn with(more: &str) -> Option<Self> {
        // Our client shares its TLS provider with the one below, which would panic without.
        net::can_speak_tls();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = format!(
            "version: 0.1\nlog:\n  level: info\n  formatter: json\n\
             storage:\n  filesystem:\n    rootdirectory: @folder@/data\n\
             http:\n  addr: 127.0.0.1:0\n  secret: test\n{more}"
        );
        let config = config.replace("@folder@", &folder.path().display().to_string());
        let file = folder.path().join("config.yml");
        fs::write(&file, config).expect("written");
        fs::write(folder.path().join("htpasswd"), HTPASSWD).expect("written");
        let started = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => return not_installed(),
            Err(error) => panic!("docker-registry does not start: {error}"),
        };
        let log = BufReader::new(child.stderr.take().expect("piped"));
        let (told, listening) = mpsc::channel();
        // Read to its end, so that the registry is never held up.
        let reader = std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let _ = told.send(line);
            }
        });
        let mut registry = Self {
            host: String::new(),
            folder,
            child,
            reader: Some(reader),
            client: reqwest::Client::default(),
        };
        registry.host = address(&listening);
        Some(registry)
    }

    /// The file in which a blob or a manifest lies (`sha256:…`).
    pub fn blob(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").expect("a digest");
        let blobs = "data/docker/registry/v2/blobs/sha256";
        self.folder
            .path()
            .join(blobs)
            .join(&hex[..2])
            .join(hex)
            .join("data")
    }

    /// Pushes a blob as the distribution specification says, and returns its digest.
    pub async fn push_blob(&self, repository: &str, bytes: &[u8]) -> String {
        let digest = digest::of_bytes(bytes);
        let url = format!("http://{}/v2/{repository}/blobs/uploads/", self.host);
        let answer = self.client.post(url).send().await.expect("an answer");
        let upload = answer.headers()["location"].to_str().expect("a URL");
        let url = format!("{upload}&digest={digest}");
        let put = self.client.put(url).body(bytes.to_vec());
        let answer = put.send().await.expect("an answer");
        assert_eq!(answer.status(), 201, "{digest}");
        digest
    }

    /// Pushes a manifest under a tag, whatever it says.
    pub async fn push_manifest(&self, repository: &str, tag: &str, manifest: &Value) {
        let media_type = manifest["mediaType"].as_str().expect("a media type");
        let put = self
            .client
            .put(self.manifest_url(repository, tag))
            .header("content-type", media_type)
            .body(manifest.to_string());
        let answer = put.send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a text"));
        assert_eq!(status, 201, "{text}");
    }

    /// The manifest under a tag or digest.
    pub async fn manifest(&self, repository: &str, reference: &str) -> Value {
        let get = self
            .client
            .get(self.manifest_url(repository, reference))
            .header("accept", IMAGE_MANIFEST);
        let answer = get.send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// What it answers to a reader, for one who stands before it.
    pub async fn answer(&self, path: &str) -> Response {
        let get = self
            .client
            .get(format!("http://{}{path}", self.host))
            .header("accept", IMAGE_MANIFEST);
        let answer = get.send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.expect("a body");
        (status, headers, body).into_response()
    }

    fn manifest_url(&self, repository: &str, reference: &str) -> String {
        format!("http://{}/v2/{repository}/manifests/{reference}", self.host)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// The address in the line `listening on 127.0.0.1:40371`.
fn address(lines: &mpsc::Receiver<String>) -> String {
    let mut log = String::new();
    loop {
        match lines.recv_timeout(START_MAX) {
            Ok(line) => {
                let told: Value = serde_json::from_str(&line).unwrap_or_default();
                let told = told["msg"].as_str().unwrap_or_default();
                if let Some(address) = told.strip_prefix("listening on ") {
                    return address.to_owned();
                }
                log.push_str(&line);
                log.push('\n');
            }
            Err(error) => panic!("docker-registry does not listen ({error}):\n{log}"),
        }
    }
}

fn not_installed() -> Option<Registry> {
    let told =
        "docker-registry is not installed: apt-get install docker-registry (.ci/run does it)";
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{told}; under CI the test must run"
    );
    eprintln!("NOT RUN: {told}");
    None
}
