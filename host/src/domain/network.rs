//! A range of addresses, as administrators write it: `10.0.0.0/8`, `fd00::/8`, `127.0.0.1/32`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// All addresses that share the first `prefix` bits with `address`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no range of addresses: write one like 10.0.0.0/8 or 127.0.0.1/32")]
pub struct NetworkError(String);

impl Network {
    /// Whether the address is one of these; an IPv4 address in IPv6's clothes counts as itself.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(mine), IpAddr::V4(other)) => same_front(
                mine.to_bits().into(),
                other.to_bits().into(),
                self.prefix,
                32,
            ),
            (IpAddr::V6(mine), IpAddr::V6(other)) => {
                same_front(mine.to_bits(), other.to_bits(), self.prefix, 128)
            }
            _ => false,
        }
    }

    /// The range that holds this address alone.
    pub fn only(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let prefix = width(address);
        Self { address, prefix }
    }
}

/// Whether two numbers of `width` bits begin with the same `prefix` bits.
fn same_front(a: u128, b: u128, prefix: u8, width: u8) -> bool {
    let rest = u32::from(width - prefix);
    (a ^ b).checked_shr(rest).unwrap_or(0) == 0
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || NetworkError(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(error)?;
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let prefix: u8 = prefix.parse().map_err(|_| error())?;
        if prefix > width(address) {
            return Err(error());
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_their_addresses() {
        let check = |network: &str, address: &str, expect: bool| {
            let parsed: Network = network.parse().expect(network);
            let address = address.parse().expect("an address");
            assert_eq!(parsed.contains(address), expect, "{network} {address}");
            assert_eq!(parsed.to_string(), network);
        };
        check("127.0.0.1/32", "127.0.0.1", true);
        check("127.0.0.1/32", "127.0.0.2", false);
        check("127.0.0.1/32", "::ffff:127.0.0.1", true);
        check("127.0.0.1/32", "::1", false);
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.0", false);
        check("0.0.0.0/0", "8.8.8.8", true);
        check("0.0.0.0/0", "::1", false);
        check("::/0", "fd00::1", true);
        check("fd00::/8", "fdff::1", true);
        check("fd00::/8", "fe80::1", false);
        check("::1/128", "::1", true);
    }

    #[test]
    fn texts_that_are_none() {
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "::1/129",
            "localhost/8",
            "10.0.0.0/-1",
            "10/8",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn one_address_alone() {
        for (address, expect) in [
            ("10.0.0.5", "10.0.0.5/32"),
            ("::ffff:10.0.0.5", "10.0.0.5/32"),
            ("fd00::1", "fd00::1/128"),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(Network::only(address).to_string(), expect);
        }
    }
}
