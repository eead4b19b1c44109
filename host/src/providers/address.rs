//! Our own addresses, as providers are told them.

use url::Url;

/// "The name and the password of Basic authentication": any name will do.
pub(super) const WEBHOOK_USER: &str = "followup";

/// `https://followup:PASSWORD@host/...`, for senders that show a password only where it stands in the
/// address. The address as it is where it has no room for one.
pub(super) fn with_password(url: &str, password: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        return url.to_owned();
    };
    let set = parsed
        .set_username(WEBHOOK_USER)
        .and_then(|()| parsed.set_password(Some(password)));
    set.map_or_else(|()| url.to_owned(), |()| parsed.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address() {
        assert_eq!(
            with_password("https://f.example/hooks/x/inbound", "a/b @c"),
            "https://followup:a%2Fb%20%40c@f.example/hooks/x/inbound"
        );
        assert_eq!(with_password("no address", "x"), "no address");
    }
}
