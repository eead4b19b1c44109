//! Who writes through which provider, and whether those who get the mails find the way out.
//!
//! RFC 8058 puts an unsubscribe button into the mail program; Gmail ("Email sender guidelines") and Yahoo
//! ("Sender Best Practices") ask for it of those who send much. Whoever finds no way out complains instead.

use crate::config::places::token;
use crate::config::{Connection, Identity};

use super::Check;

impl Check<'_> {
    pub(super) fn senders(&mut self) {
        let config = self.config;
        for (name, identity) in &config.identities {
            let Some((sender, connection)) = config.sender_of(identity) else {
                continue;
            };
            if matches!(connection, Connection::Capture { .. }) {
                continue;
            }
            let way_out =
                config.server.public_url.is_some() || identity.unsubscribe_mailto.is_some();
            if !way_out {
                self.no_way_out(name);
            }
            if !connection.quirks().keeps_unsubscribe {
                self.no_button(name, identity, sender, connection, way_out);
            }
        }
    }

    fn no_way_out(&mut self, name: &str) {
        self.warn(
            &format!("/identities/{}", token(name)),
            format!("identities.{name}: its mails carry no way to unsubscribe"),
            "set public_url in [server], or unsubscribe_mailto here".to_owned(),
        );
    }

    /// One warning an identity that is used: the same is true of all its sequences.
    fn no_button(
        &mut self,
        name: &str,
        identity: &Identity,
        sender: &str,
        connection: &Connection,
        way_out: bool,
    ) {
        let sequences = self.config.sequences.iter();
        let writers: Vec<&str> = sequences
            .filter(|(_, sequence)| sequence.identity == name)
            .map(|(sequence, _)| sequence.as_str())
            .collect();
        if writers.is_empty() {
            return;
        }
        let left = if way_out {
            "the link in the text is the only way out"
        } else {
            "there is no other way out"
        };
        let kind = connection.kind();
        let pointer = format!("/identities/{}", token(name));
        let named = format!("{pointer}/connection");
        let written = self.config.places.has(&named);
        self.warn(
            if written { &named } else { &pointer },
            format!(
                "identities.{name}: its connection {sender} ({kind}) does not send our List-Unsubscribe on, so \
                 that mail programs show no unsubscribe button of ours (RFC 8058) in mails of {}: {left}",
                writers.join(", ")
            ),
            format!(
                "send as {} through another provider before it writes to many: from 5000 mails a day on, Gmail \
                 and Yahoo ask for that button",
                identity.from.address
            ),
        );
    }
}
