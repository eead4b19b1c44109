//! Whether a request may leave, by everything that its text says. Pure: where a name leads to is looked
//! at later, by whoever makes the connection.
//!
//! Each refusal says what was asked, and the line that would allow it: the author's in `plugin.toml`,
//! or the administrator's in `followup.toml`.

use url::Url;

use super::authority::{Authority, Rule};

/// Why a request does not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Denial {
    pub(super) why: String,
    /// The line that would allow it.
    pub(super) remedy: String,
}

impl Denial {
    pub(super) fn new(why: String, remedy: String) -> Self {
        Self { why, remedy }
    }
}

/// A request as its guest put it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) scheme: &'a str,
    pub(super) authority: &'a str,
    /// With the query.
    pub(super) path: &'a str,
    /// Of the connection, for the remedies.
    pub(super) connection: &'a str,
}

/// The URL to call, if it may be called.
pub(super) fn judge(authority: &Authority, asked: &Asked<'_>) -> Result<Url, Denial> {
    let url = plain_url(asked)?;
    let host = url.host_str().unwrap_or_default();
    if url.scheme() == "http" && authority.allow_private.is_empty() {
        return Err(Denial::new(
            "http: reaches only addresses that the administrator allowed".to_owned(),
            format!(
                "call https:; or, for an address of one's own network, followup.toml, [connections.{}]: allow_private = [\"ADDRESS/32\"]",
                asked.connection
            ),
        ));
    }
    let of_host: Vec<_> = authority
        .rules
        .iter()
        .filter(|rule| rule.place.is_of(&url))
        .collect();
    let Some(rule) = of_host.first() else {
        return Err(no_such_host(authority, asked, &url));
    };
    let by_method: Vec<_> = of_host
        .iter()
        .filter(|rule| rule.grant.methods.iter().any(|m| m == asked.method))
        .collect();
    let Some(near) = by_method.first() else {
        let methods = with(&rule.grant.methods, asked.method);
        return Err(Denial::new(
            format!("its manifest grants no {} to {host}", asked.method),
            granted(rule, &methods, &rule.grant.paths),
        ));
    };
    let path = url.path();
    if !by_method.iter().any(|rule| rule.grant.covers_path(path)) {
        let paths = with(&near.grant.paths, path);
        return Err(Denial::new(
            format!(
                "its manifest grants no {} of the path {path} to {host}",
                asked.method
            ),
            granted(near, &near.grant.methods, &paths),
        ));
    }
    narrowed(authority, asked, &url)?;
    Ok(url)
}

/// The administrator's word on a host that was granted.
fn narrowed(authority: &Authority, asked: &Asked<'_>, url: &Url) -> Result<(), Denial> {
    let Some(hosts) = &authority.hosts else {
        return Ok(());
    };
    if hosts.iter().any(|place| place.is_of(url)) {
        return Ok(());
    }
    let host = url.host_str().unwrap_or_default();
    let connection = asked.connection;
    Err(Denial::new(
        format!("the administrator did not list {host}"),
        format!("followup.toml, [connections.{connection}]: hosts = [{host:?}]"),
    ))
}

/// The URL, where its text says plainly whom it means: what is sent is what was judged.
fn plain_url(asked: &Asked<'_>) -> Result<Url, Denial> {
    let text = format!("{}://{}{}", asked.scheme, asked.authority, asked.path);
    let plain = |why: String| Denial::new(why, "write https://HOST/PATH plainly".to_owned());
    let url = Url::parse(&text).map_err(|e| plain(format!("it is no URL ({e})")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(plain(format!("{}: is not called", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() || asked.authority.contains('@') {
        return Err(plain("it names a user before the host".to_owned()));
    }
    // 2130706433, 0x7f.1, 017700000001 and ⑫7.0.0.1 are all 127.0.0.1 to a URL parser.
    let host = url.host_str().unwrap_or_default();
    let written = asked.authority.to_ascii_lowercase();
    let written = match written.rsplit_once(':') {
        Some((front, port)) if port.bytes().all(|b| b.is_ascii_digit()) => front,
        _ => &written,
    };
    if written != host {
        return Err(plain(format!("it writes the host {host} as {written:?}")));
    }
    if let Some(url::Host::Ipv6(v6)) = url.host()
        && v6.to_ipv4_mapped().is_some()
    {
        return Err(plain(format!("{host} is an IPv4 address in disguise")));
    }
    if climbs(url.path()) {
        return Err(plain("its path climbs (..)".to_owned()));
    }
    Ok(url)
}

/// Whether some server might take a part of the path for `..`, and so for another path than the one
/// that was granted. (Unencoded, the URL parser has resolved it already.)
fn climbs(path: &str) -> bool {
    let decoded = path
        .to_ascii_lowercase()
        .replace("%25", "%")
        .replace("%2e", ".")
        .replace("%2f", "/")
        .replace("%5c", "/");
    let mut segments = decoded.split(['/', '\\']);
    segments.any(|segment| segment.split(';').next() == Some(".."))
}

fn no_such_host(authority: &Authority, asked: &Asked<'_>, url: &Url) -> Denial {
    let host = url.host_str().unwrap_or_default();
    if let Some(port) = url.port() {
        let mut bare = url.clone();
        if bare.set_port(None).is_ok() && authority.rules.iter().any(|rule| rule.place.is_of(&bare))
        {
            return Denial::new(
                format!("{host} is granted on its usual port, not on {port}"),
                "plugin.toml, [[grants.http]]: host = \"config:/url\", and the whole URL in the connection's config".to_owned(),
            );
        }
    }
    let lines = match url.domain() {
        Some(_) => format!("host = {host:?}"),
        // An address is never granted by an author, who cannot know it.
        None => "host = \"config:/url\"".to_owned(),
    };
    Denial::new(
        format!("its manifest grants no request to {host}"),
        format!(
            "plugin.toml:\n[[grants.http]]\n{lines}\nmethods = [{:?}]\npaths = [{:?}]\nreason = \"why\"",
            asked.method,
            url.path()
        ),
    )
}

/// A grant as it would have to be.
fn granted(rule: &Rule, methods: &[String], paths: &[String]) -> String {
    let host = &rule.grant.host.0;
    let paths = match paths {
        [] => String::new(),
        paths => format!("\npaths = {paths:?}"),
    };
    format!("plugin.toml:\n[[grants.http]]\nhost = {host:?}\nmethods = {methods:?}{paths}")
}

fn with(list: &[String], more: &str) -> Vec<String> {
    let mut list = list.to_vec();
    list.push(more.to_owned());
    list
}

#[cfg(test)]
mod tests;
