//! Which addresses are part of the public internet.
//!
//! A URL from outside (a plugin, a webhook) must not make the host talk to its own network, and least
//! of all to a cloud's metadata service (169.254.169.254, `fd00:ec2::254`). Source: the IANA IPv4 and
//! IPv6 Special-Purpose Address Registries (RFC 6890 and its updates).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether anybody on the internet could be meant by this address.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0                              // this network, RFC 791
        || (a == 100 && (64..=127).contains(&b)) // carrier-grade NAT, RFC 6598
        || (a == 192 && b == 0 && c == 0)      // protocol assignments, RFC 6890
        || (a == 192 && b == 88 && c == 99)    // 6to4 relays, RFC 7526
        || (a == 198 && (18..=19).contains(&b)) // benchmarking, RFC 2544
        || a >= 224 // multicast, reserved, broadcast
        // The host agent of every Azure machine ("What is IP address 168.63.129.16?", Microsoft Learn).
        || address.octets() == [168, 63, 129, 16];
    !special
}

/// Only `2000::/3` is global unicast: that leaves out loopback, unspecified, mapped
/// (`::ffff:0:0/96`), NAT64 (`64:ff9b::/96`), unique local (`fc00::/7`), link-local (`fe80::/10`)
/// and multicast (`ff00::/8`), several of which are IPv4 addresses in disguise. Within it, special
/// ranges remain.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    match first {
        // Protocol assignments and Teredo, RFC 2928; documentation, RFC 3849.
        0x2001 => second >= 0x0200 && second != 0x0db8,
        // 6to4: an IPv4 address in disguise, RFC 3056.
        0x2002 => false,
        // Documentation, RFC 9637.
        0x3fff => second >= 0x1000,
        _ => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_and_not() {
        for public in [
            "8.8.8.8",
            "1.1.1.1",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(
                !is_public(special.parse().expect("an address")),
                "{special}"
            );
        }
    }
}
