//! Placeholder until the rules branch is merged.

use std::collections::HashSet;

use super::EmailAddress;

pub fn account_key(
    account_id: Option<&str>,
    email: Option<&EmailAddress>,
    free_mail: &HashSet<String>,
) -> Option<String> {
    account_id.map(|id| format!("id:{id}")).or_else(|| {
        let domain = email?.domain();
        (!free_mail.contains(domain)).then(|| format!("@{domain}"))
    })
}
