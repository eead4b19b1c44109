//! What mail servers say, by what it means. In the spelling of `fold`; looked for anywhere in the text.

#[rustfmt::skip] // Words read better side by side.
pub(super) const FULL: &[&str] = &[
    "mailbox full", "mailbox is full", "mailbox for user is full", "inbox is full", "inbox full", "over quota",
    "overquota", "over the quota", "quota exceeded", "exceeded its quota", "exceeded quota", "exceeds quota",
    "out of storage", "insufficient storage", "insufficient disk", "insufficient system storage",
    "exceeded storage", "storage allocation", "mailbox size limit", "mailbox has exceeded", "not enough space",
    "no space left", "disk quota", "postfach ist voll", "postfach voll", "boite pleine",
    "boite de reception pleine", "buzon lleno", "casella piena", "caixa cheia",
];

/// Words for a mailbox or a domain that is not there.
#[rustfmt::skip] // Words read better side by side.
pub(super) const GONE: &[&str] = &[
    "user unknown", "unknown user", "unknown recipient", "recipient unknown", "unknown address", "address unknown",
    "unknown mailbox", "unknown local part", "unknown account", "no such user", "no such mailbox",
    "no such recipient", "no such address", "no such account", "no such person", "no such domain", "no such host",
    "no mailbox", "no user", "does not exist", "doesn't exist", "not exist", "nonexistent", "non-existent",
    "mailbox unavailable", "mailbox not found", "mailbox not available", "mailbox is inactive", "mailbox disabled",
    "mailbox is disabled", "user not found", "user disabled", "recipient not found", "recipnotfound",
    "address not found", "address couldn't be found", "couldn't be found", "could not be found", "wasn't found at",
    "invalid recipient", "invalid mailbox", "invalid address", "invalid user", "bad destination mailbox",
    "unrouteable address", "unroutable address", "unrouteable mail domain", "undeliverable address",
    "not our customer", "not listed in", "not recognized", "not a registered", "no valid recipients",
    "no mx record found", "no mx found", "indicated no smtp service", "no smtp service", "domain is not reachable",
    "account that you tried to reach is disabled", "disabled or discontinued", "mailbox is frozen", "invalid final delivery", "domain may not exist", "not a valid mailbox", "not a known user", "is not known here", "not known at this",
    "user doesn't have a", "user does not have a", "account has been disabled", "account is disabled", "account disabled",
    "account has been suspended", "account is inactive", "account closed", "has been deactivated",
    "is no longer active", "no longer available", "no longer valid", "no longer in use", "no longer accepts",
    "no longer on server", "illegal alias", "nxdomain", "host or domain name not found", "host not found",
    "host unknown", "domain not found", "unknown host", "nullmx", "null mx", "does not accept mail",
    "couldn't find any host", "couldn't find a mail exchanger", "wurde nicht gefunden", "existiert nicht",
    "unbekannter benutzer", "n'existe pas", "introuvable", "no existe", "non esiste", "nao existe", "bestaat niet",
];

#[rustfmt::skip] // Words read better side by side.
pub(super) const POLICY: &[&str] = &[
    "spam", "blacklist", "black list", "blocklist", "block list", "denylist", "blocked", "policy", "spf", "dkim",
    "dmarc", "reputation", "unsolicited", "unauthenticated", "not authorized", "not authorised", "not permitted",
    "not allowed", "access denied", "relay", "virus", "malware", "banned", "prohibited", "refused by",
    "rejected due to", "content rejected", "rejected by the recipient", "message rejected", "reverse dns",
    "ptr record", "rbl", "is listed", "listed at", "listed by", "listed in rbl", "listed on", "restricted",
    "filtered", "not accepting mail from", "mail rejected", "valid from", "after end of data", "in reply to end of data", "mismatches client ip",
];

#[rustfmt::skip] // Words read better side by side.
pub(super) const PASSING: &[&str] = &[
    "timed out", "timeout", "time out", "connection refused", "connection reset", "connection lost", "unreachable",
    "temporar", "try again", "try later", "too large", "too big", "size limit", "message size", "greylist",
    "grey-list", "rate limit", "too many", "throttl", "expired", "retry time", "retry timeout",
    "in the queue too long", "loop", "too many hops", "server busy", "out of memory", "local configuration error",
];

/// Words about who sent it, not whom it was for: "Domain of sender address ... does not exist" says
/// nothing about the recipient, whatever the code in front.
#[rustfmt::skip] // Words read better side by side.
pub(super) const ABOUT_US: &[&str] = &[
    "domain of sender", "sender address", "sender domain", "sender rejected", "sender verify", "sender unknown",
    "unknown sender", "unroutable sender", "unrouteable sender", "invalid sender", "sending domain", "your ip",
    "ip address sending", "invalid ip", "client host", "blacklist", "blocklist", "block list", "spamhaus", "spamcop", "barracudacentral",
    "dmarc", "spf record", "spf check", "spf fail", "dkim", "reverse dns", "ptr record", "reputation",
    "authentication information", "helo", "not allowed to send from", "after mail from",
];

/// Words for too much at once; Google says them behind 5.2.1, others behind 5.1.1.
#[rustfmt::skip] // Words read better side by side.
pub(super) const TOO_FAST: &[&str] = &[
    "receiving mail at a rate", "receiving mail too quickly", "too many messages", "too many recipients",
    "rate limit", "sending rate", "throttl", "host not found, try again", "host not found; try again",
];
