//! `followup serve` as a process of its own: signed webhooks in over HTTP, mails out to a fake
//! provider over HTTP, state in a real database, and what people see of it through the command line.

mod audit;
mod bad_input;
mod downtime;
mod explain;
mod flow;
mod hubspot;
mod inbound;
mod interface;
mod leads;
mod outcomes;
mod postgres;
mod race;
mod ready;
mod recipient;
mod reconciling;
mod restoring;
mod traces;
mod upstream;
mod writing_back;

use followup_tests::{FakeHubspot, FakeProvider, Options, Server, Site};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_followup-under-test");

/// A server, and the world around it.
struct World {
    server: Server,
    provider: FakeProvider,
    hubspot: FakeHubspot,
}

impl World {
    async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// A server with options; those for the fakes are filled in.
    async fn with(options: Options) -> Self {
        let (provider, hubspot) = (FakeProvider::start().await, FakeHubspot::start().await);
        let options = Options {
            provider: provider.url.clone(),
            hubspot: hubspot.url.clone(),
            ..options
        };
        Self::between(provider, hubspot, &options)
    }

    /// A server that finds its APIs where the options say.
    fn between(provider: FakeProvider, hubspot: FakeHubspot, options: &Options) -> Self {
        let site = Site::new(PROGRAM, options);
        let server = tokio::task::block_in_place(|| Server::start(site));
        Self {
            server,
            provider,
            hubspot,
        }
    }

    /// Waits until `contact show` says what `look` looks for.
    async fn until<T>(
        &self,
        what: &str,
        email: &str,
        look: impl Fn(&serde_json::Value) -> Option<T>,
    ) -> T {
        followup_tests::eventually(what, || match self.server.site.contact(email) {
            Some(shown) => look(&shown).ok_or_else(|| format!("{shown:#}")),
            None => Err(format!("nobody is known by {email}")),
        })
        .await
    }

    /// Waits until the contact's first message has this status, and returns the message.
    async fn until_message(&self, email: &str, status: &str) -> serde_json::Value {
        self.until(&format!("a message {status}"), email, |shown| {
            let message = &shown["messages"][0];
            (message["status"] == status).then(|| message.clone())
        })
        .await
    }
}
