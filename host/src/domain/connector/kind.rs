//! A kind of connection, as a table.

use super::{Connector, Settings, Unfit};

/// A CRM, a sender of events or an e-mail provider that can be connected by `kind = "NAME"`.
pub struct Kind {
    /// As in the configuration: `pipedrive`.
    pub name: &'static str,
    /// As its vendor writes it: `Pipedrive`.
    pub title: &'static str,
    pub sort: Sort,
    /// In the order in which they are asked for.
    pub fields: &'static [Field],
    /// What its webhooks prove.
    pub authenticity: Authenticity,
    /// What an administrator does in the vendor's pages so that webhooks arrive, a line a step.
    /// `{url}` stands for our address, `{inbound_url}` for the one of received mails.
    pub steps: &'static [&'static str],
    /// Called with settings in which every needed field is there.
    pub connect: fn(&Settings) -> Result<Connector, Unfit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Crm,
    /// Sends events and has no API.
    Sender,
    Provider,
}

/// One setting of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub key: &'static str,
    pub form: Form,
    pub needed: bool,
    /// What holds where nothing is written.
    pub default: Option<&'static str>,
    /// What it is and where the vendor shows it, as a sentence.
    pub help: &'static str,
    /// As one would write it; for secrets a reference like `env:PIPEDRIVE_TOKEN`.
    pub example: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `env:NAME` or `file:PATH`.
    Secret,
    Text,
    /// Where its API is called. Written by the administrator, it may lead to a private address.
    Url,
    /// An address that has room for the token of a reply.
    ReplyAddress,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// What a webhook of this sender proves. Weakest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authenticity {
    /// The body and the time are signed.
    SignedWithTime,
    /// The body is signed, the time is not.
    Signed,
    /// The time is signed, the body is not.
    SignedTime,
    /// The sender shows a password that is the same each time.
    StaticCredential,
    /// The body repeats a word that we once told the sender.
    EchoedToken,
    /// Nothing.
    None,
}

impl Authenticity {
    pub const fn word(self) -> &'static str {
        match self {
            Self::SignedWithTime => "signed-with-time",
            Self::Signed => "signed",
            Self::SignedTime => "signed-time",
            Self::StaticCredential => "static-credential",
            Self::EchoedToken => "echoed-token",
            Self::None => "none",
        }
    }

    /// What that means, for administrators.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::SignedWithTime => {
                "each webhook is signed together with its time: nobody can forge, change or replay one"
            }
            Self::Signed => {
                "each webhook is signed, but not its time: nobody can forge or change one; a captured one \
                 can be replayed, and is then known as a duplicate"
            }
            Self::SignedTime => {
                "each webhook carries a signed time, but its body is not signed: whoever reads one can \
                 forge others for five minutes, so use https"
            }
            Self::StaticCredential => {
                "each webhook shows the same password: whoever learns it can forge webhooks, so use \
                 https, keep it out of logs, and change it now and then"
            }
            Self::EchoedToken => {
                "each webhook repeats a token in its body: whoever reads one webhook can forge others, so \
                 use https and change the token now and then"
            }
            Self::None => {
                "its webhooks prove nothing: whoever knows the address can forge them; use the secret \
                 in the address, and let the reconcile poll confirm what they say"
            }
        }
    }
}

impl Field {
    pub const fn secret(key: &'static str, example: &'static str, help: &'static str) -> Self {
        Self::of(key, Form::Secret, example, help)
    }

    pub const fn text(key: &'static str, example: &'static str, help: &'static str) -> Self {
        Self::of(key, Form::Text, example, help)
    }

    pub const fn choice(
        key: &'static str,
        words: &'static [&'static str],
        default: &'static str,
        help: &'static str,
    ) -> Self {
        Self::of(key, Form::Choice(words), default, help).by_default(default)
    }

    /// `base_url` of an API that is the same for everybody.
    pub const fn base_url(default: &'static str) -> Self {
        let help = "Where its API is called.";
        Self::of("base_url", Form::Url, default, help).by_default(default)
    }

    /// `base_url` of an API that each customer has at an address of their own.
    pub const fn own_base_url(example: &'static str, help: &'static str) -> Self {
        Self::of("base_url", Form::Url, example, help).needed()
    }

    /// `inbound_address` of a provider that can receive mail.
    pub const INBOUND_ADDRESS: Self = Self::of(
        "inbound_address",
        Form::ReplyAddress,
        "reply@in.example.com",
        "Where replies go, if this provider receives them: every mail carries its own token behind a +.",
    );

    #[must_use]
    pub const fn needed(mut self) -> Self {
        self.needed = true;
        self
    }

    #[must_use]
    pub const fn by_default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
        self
    }

    const fn of(key: &'static str, form: Form, example: &'static str, help: &'static str) -> Self {
        Self {
            key,
            form,
            needed: false,
            default: None,
            help,
            example,
        }
    }
}
