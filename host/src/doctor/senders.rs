//! What each e-mail provider wants to stand in the DNS, as far as it is the same for all its customers.
//!
//! Sources: Twilio SendGrid, "Domain authentication" (`s1`, `s2`) and "Configure the inbound parse
//! webhook" (`mx.sendgrid.net`); Resend, "Custom return path" (`send.`) and the records of its domain
//! page; Mailgun's domain page (`include:mailgun.org`, `mxa`, `mxb`); Postmark, "Inbound domain forwarding";
//! `SparkPost`'s sending domains; Brevo, "Domain authentication and validation" (`mail`; that newer domains
//! have `brevo1` and `brevo2` is not verified). What a provider chooses anew for each customer (the
//! selectors of Amazon SES, Mailgun, Postmark and `SparkPost`) is not here, and said to be not checkable.

/// A provider's own records.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) kind: &'static str,
    pub(super) title: &'static str,
    /// What SPF includes of it.
    pub(super) include: Option<&'static str>,
    /// Below From's domain: where bounces go, and so whose SPF record receivers look at.
    pub(super) return_path: Option<&'static str>,
    /// Any of them has its DKIM key.
    pub(super) selectors: &'static [&'static str],
    /// What the names of its mail exchangers end in, where it receives mail.
    pub(super) mx: Option<&'static str>,
}

pub(super) fn of(kind: &str) -> Option<&'static Sender> {
    SENDERS.iter().find(|sender| sender.kind == kind)
}

const NOTHING: Sender = Sender {
    kind: "",
    title: "",
    include: None,
    return_path: None,
    selectors: &[],
    mx: None,
};

const SENDERS: &[Sender] = &[
    Sender {
        kind: "sendgrid",
        title: "SendGrid",
        include: Some("sendgrid.net"),
        selectors: &["s1", "s2"],
        mx: Some("mx.sendgrid.net"),
        ..NOTHING
    },
    Sender {
        kind: "resend",
        title: "Resend",
        include: Some("amazonses.com"),
        return_path: Some("send"),
        selectors: &["resend"],
        mx: Some("amazonaws.com"),
    },
    Sender {
        kind: "mailgun",
        title: "Mailgun",
        include: Some("mailgun.org"),
        mx: Some("mailgun.org"),
        ..NOTHING
    },
    Sender {
        kind: "postmark",
        title: "Postmark",
        mx: Some("inbound.postmarkapp.com"),
        ..NOTHING
    },
    Sender {
        kind: "ses",
        title: "Amazon SES",
        include: Some("amazonses.com"),
        mx: Some("amazonaws.com"),
        ..NOTHING
    },
    Sender {
        kind: "brevo",
        title: "Brevo",
        selectors: &["brevo1", "brevo2", "mail"],
        ..NOTHING
    },
    Sender {
        kind: "sparkpost",
        title: "SparkPost",
        include: Some("sparkpostmail.com"),
        mx: Some("sparkpostmail.com"),
        ..NOTHING
    },
];
