//! How handing a mail to a mail server ended (RFC 5321, RFC 6409): as data, `net` makes it of the
//! connection and a mapping reads it.

/// How far it came. Earlier stages first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The name, the connection, the greeting, EHLO.
    Connection,
    /// TLS, at once or after STARTTLS.
    Encryption,
    Login,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, and the mail on its way; the line that ends it was not written.
    Data,
    /// That line may have been read: from here on the mail may have been taken.
    End,
}

/// What the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 250, 451, ...
    pub code: u16,
    pub text: String,
}

/// The end of a submission: the reply at the last stage, or why there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    pub stage: Stage,
    pub reply: Result<Reply, String>,
}
