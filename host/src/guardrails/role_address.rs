//! Addresses of a function and not of a person: `info@`, `abuse@`, `noreply@`.
//!
//! What happens is the administrator's choice (`role_addresses`): nothing, no mail, or a task for a
//! person who decides whom to write to.

use super::{Proposal, Ruling};
use crate::domain::EmailAddress;

/// What to do with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RolePolicy {
    #[default]
    Allow,
    Skip,
    Task,
}

/// RFC 2142 (business, network operations and service mailboxes, sections 3 to 5), and those that
/// Pipedrive Campaigns refuses ("Role-based email addresses") or that are their other spellings.
/// Sorted.
const NAMES: &[&str] = &[
    "abuse",
    "accounting",
    "accounts",
    "admin",
    "administrator",
    "all",
    "billing",
    "careers",
    "compliance",
    "contact",
    "customerservice",
    "devnull",
    "dns",
    "donotreply",
    "enquiries",
    "everyone",
    "feedback",
    "finance",
    "ftp",
    "hello",
    "help",
    "helpdesk",
    "hostmaster",
    "hr",
    "info",
    "inoc",
    "inquiries",
    "invoices",
    "ispfeedback",
    "ispsupport",
    "jobs",
    "legal",
    "list",
    "listrequest",
    "mail",
    "mailerdaemon",
    "marketing",
    "media",
    "news",
    "newsletter",
    "noc",
    "noemail",
    "noreply",
    "null",
    "office",
    "operations",
    "ops",
    "orders",
    "phish",
    "phishing",
    "postbox",
    "postmaster",
    "press",
    "privacy",
    "purchasing",
    "recruiting",
    "registrar",
    "root",
    "sales",
    "secretary",
    "security",
    "service",
    "spam",
    "staff",
    "subscribe",
    "support",
    "sysadmin",
    "team",
    "tech",
    "trouble",
    "undisclosedrecipients",
    "unsubscribe",
    "usenet",
    "uucp",
    "webmaster",
    "www",
];

/// Whether the address is one of a function: its local part without tag (`info+x`, RFC 5233) and
/// without dots, dashes and underscores, in any case, is on the list or in `extra`; or what
/// stands before its first dash is followed by `request`, as RFC 2142, section 6, has it for lists.
pub fn is_role(address: &EmailAddress, extra: &[String]) -> bool {
    let Some((local, _)) = address.as_str().rsplit_once('@') else {
        return false;
    };
    let local = local.split('+').next().unwrap_or(local);
    let name = plain(local);
    NAMES.binary_search(&name.as_str()).is_ok()
        || local.ends_with("-request")
        || extra.iter().any(|extra| plain(extra) == name)
}

pub(super) fn rule(proposal: &Proposal<'_>) -> Ruling {
    let rules = proposal.rules;
    let reason = || {
        let to = proposal.to.map(EmailAddress::as_str).unwrap_or_default();
        format!("{to} is the address of a function, not of a person (role_addresses)")
    };
    let is_role = || proposal.to.is_some_and(|to| is_role(to, &rules.role_names));
    match rules.role_addresses {
        RolePolicy::Skip if is_role() => Ruling::Refuse {
            rule: RULE,
            reason: reason(),
        },
        RolePolicy::Task if is_role() => Ruling::Task {
            rule: RULE,
            reason: reason(),
        },
        RolePolicy::Allow | RolePolicy::Skip | RolePolicy::Task => Ruling::Allow,
    }
}

pub(super) const RULE: &str = "role-address";

/// Lower-case, as addresses are kept, without what people put between words.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !"-_.".contains(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The task that takes a mail's place.
pub fn task_title(to: Option<&EmailAddress>, sequence: &str) -> String {
    let to = to.map_or("a contact without an address", EmailAddress::as_str);
    format!("Reach out to {to} yourself ({sequence})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_persons() {
        let extra = ["Front-Desk".to_owned()];
        let check = |address: &str, expect: bool| {
            let address = EmailAddress::parse(address).expect("address");
            assert_eq!(is_role(&address, &extra), expect, "{address}");
        };
        check("info@acme.example", true);
        check("INFO@acme.example", true);
        check("sales+berlin@acme.example", true);
        check("no-reply@acme.example", true);
        check("no_reply@acme.example", true);
        check("do.not.reply@acme.example", true);
        check("MAILER-DAEMON@acme.example", true);
        check("rust-users-request@acme.example", true);
        check("frontdesk@acme.example", true);
        check("ada@acme.example", false);
        check("ada.info@acme.example", false);
        check("infobip@acme.example", false);
        check("ada+info@acme.example", false);
        check("salesforce@acme.example", false);
    }

    #[test]
    fn the_list_is_sorted_and_plain() {
        assert!(NAMES.is_sorted());
        for name in NAMES {
            assert_eq!(plain(name), **name);
        }
        // RFC 2142, sections 3 to 5.
        for name in [
            "info",
            "marketing",
            "sales",
            "support",
            "abuse",
            "noc",
            "security",
            "postmaster",
            "hostmaster",
            "usenet",
            "news",
            "webmaster",
            "www",
            "uucp",
            "ftp",
        ] {
            assert!(NAMES.contains(&name), "{name}");
        }
    }
}
