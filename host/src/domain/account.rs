//! Which account a contact belongs to: the CRM's word, else the domain of the address.
//!
//! Rules about an account (`account_caps`, `account_stop`) compare these keys. People who share
//! nothing but a free mail provider, or the provider of their line, are no colleagues.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::EmailAddress;

/// Free mail and internet providers of the world, one domain a line.
const LIST: &str = include_str!("../../data/free_mail_domains.txt");

static FREE_MAIL: LazyLock<HashSet<&'static str>> = LazyLock::new(|| LIST.lines().collect());

/// `id:` and the CRM's id, or `@` and the domain; none where neither says anything.
pub fn account_key(
    account_id: Option<&str>,
    email: Option<&EmailAddress>,
    extra_free_mail: &[String],
) -> Option<String> {
    if let Some(id) = account_id.map(str::trim).filter(|id| !id.is_empty()) {
        return Some(format!("id:{id}"));
    }
    let domain = email?.domain();
    let shared = is_free_mail(domain)
        || extra_free_mail
            .iter()
            .any(|extra| extra.eq_ignore_ascii_case(domain));
    (!shared).then(|| format!("@{domain}"))
}

/// Whether anybody can have an address at this domain.
pub fn is_free_mail(domain: &str) -> bool {
    FREE_MAIL.contains(domain.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crm_first_then_the_domain() {
        let extra = ["University.example".to_owned()];
        let check = |id: Option<&str>, email: Option<&str>, expect: Option<&str>| {
            let email = email.map(|email| EmailAddress::parse(email).expect("address"));
            let got = account_key(id, email.as_ref(), &extra);
            assert_eq!(got.as_deref(), expect, "{id:?} {email:?}");
        };
        check(Some("42"), Some("ada@acme.example"), Some("id:42"));
        check(Some("42"), Some("ada@gmail.com"), Some("id:42"));
        check(Some(" "), Some("ada@acme.example"), Some("@acme.example"));
        check(None, Some("Ada@Acme.Example"), Some("@acme.example"));
        check(None, Some("ada@gmail.com"), None);
        check(None, Some("ada@yahoo.co.jp"), None);
        check(None, Some("ada@university.example"), None);
        // A host below a free mail domain is its own.
        check(None, Some("ada@team.gmx.de"), Some("@team.gmx.de"));
        check(None, None, None);
    }

    #[test]
    fn the_list_is_sorted_and_plain() {
        let domains: Vec<&str> = LIST.lines().collect();
        assert!(domains.len() > 200);
        assert!(domains.is_sorted_by(|a, b| a < b), "sorted, each once");
        for domain in domains {
            let address = EmailAddress::parse(&format!("x@{domain}")).expect(domain);
            assert_eq!(address.domain(), domain);
            assert!(domain.contains('.'), "{domain}");
        }
    }
}
