//! Which addresses of strangers may be connected to.
//!
//! Anybody can register an axon with any address. One that points into the miner's own machine or
//! network would make the miner knock on its neighbours' doors.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether private and other special addresses may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddressPolicy {
    /// Allows everything that can be connected to at all, for networks of one's own.
    pub allow_private: bool,
}

/// Why an address is not connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{ip} is {kind}, not a public address")]
pub struct AddressRefusal {
    /// The address.
    pub ip: IpAddr,
    /// What it is.
    pub kind: &'static str,
}

/// Special IPv4 ranges: first address, prefix length, name. From IANA's IPv4 special-purpose
/// registry (RFC 6890 and its successors), class D and class E.
const V4: [(Ipv4Addr, u32, &str); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "of \"this network\""),
    (Ipv4Addr::new(10, 0, 0, 0), 8, PRIVATE),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a carrier's own (CGNAT)"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, LOOPBACK),
    (Ipv4Addr::new(169, 254, 0, 0), 16, LINK_LOCAL),
    (Ipv4Addr::new(172, 16, 0, 0), 12, PRIVATE),
    (Ipv4Addr::new(192, 0, 0, 0), 24, RESERVED),
    (Ipv4Addr::new(192, 0, 2, 0), 24, DOCUMENTATION),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "an AS112 sink"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, PRIVATE),
    (Ipv4Addr::new(192, 175, 48, 0), 24, "an AS112 sink"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, DOCUMENTATION),
    (Ipv4Addr::new(203, 0, 113, 0), 24, DOCUMENTATION),
    (Ipv4Addr::new(224, 0, 0, 0), 4, MULTICAST),
    (Ipv4Addr::new(240, 0, 0, 0), 4, RESERVED),
];

/// Special ranges within 2000::/3, the only block of IPv6 that is global unicast. From IANA's IPv6
/// special-purpose registry.
const V6: [(Ipv6Addr, u32, &str); 4] = [
    // Teredo, ORCHID, benchmarks and other protocol assignments.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, RESERVED),
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        DOCUMENTATION,
    ),
    (
        Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0),
        48,
        "an AS112 sink",
    ),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        DOCUMENTATION,
    ),
];

const PRIVATE: &str = "private";
const LOOPBACK: &str = "loopback";
const LINK_LOCAL: &str = "link-local";
const RESERVED: &str = "reserved";
const DOCUMENTATION: &str = "for documentation";
const MULTICAST: &str = "multicast";
const UNSPECIFIED: &str = "unspecified";

impl AddressPolicy {
    /// Whether a stranger's address may be connected to. An IPv6 address that carries an IPv4
    /// address (mapped, compatible, NAT64, 6to4) is judged by that one too.
    ///
    /// # Errors
    /// Why not. Unspecified and multicast addresses are refused even where private ones are
    /// allowed.
    pub fn check(&self, ip: IpAddr) -> Result<(), AddressRefusal> {
        let Some(kind) = special(ip) else {
            return Ok(());
        };
        let plain = ip.to_canonical();
        let cannot_listen = plain.is_unspecified() || plain.is_multicast();
        if self.allow_private && !cannot_listen {
            return Ok(());
        }
        Err(AddressRefusal { ip, kind })
    }
}

/// What is special about an address; None if it is public.
fn special(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => special_v4(ip),
        IpAddr::V6(ip) => special_v6(ip),
    }
}

fn special_v4(ip: Ipv4Addr) -> Option<&'static str> {
    if ip.is_unspecified() {
        return Some(UNSPECIFIED);
    }
    let bits = u32::from(ip);
    V4.iter()
        .find(|(first, length, _)| (bits ^ u32::from(*first)) >> (32 - length) == 0)
        .map(|(_, _, kind)| *kind)
}

fn special_v6(ip: Ipv6Addr) -> Option<&'static str> {
    if ip.is_unspecified() {
        return Some(UNSPECIFIED);
    }
    if ip.is_loopback() {
        return Some(LOOPBACK);
    }
    if let Some(carried) = carried_v4(ip) {
        return special_v4(carried);
    }
    let bits = u128::from(ip);
    match bits >> 120 {
        0xff => return Some(MULTICAST),
        0xfc | 0xfd => return Some(PRIVATE),
        0xfe if ip.is_unicast_link_local() => return Some(LINK_LOCAL),
        _ => {}
    }
    if bits >> 125 != 0b001 {
        return Some(RESERVED);
    }
    V6.iter()
        .find(|(first, length, _)| (bits ^ u128::from(*first)) >> (128 - length) == 0)
        .map(|(_, _, kind)| *kind)
}

/// The IPv4 address that packets to this IPv6 address may end at.
fn carried_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = ip.octets();
    let at = |offset: usize| {
        let part = [0, 1, 2, 3].map(|index| octets[offset + index]);
        Some(Ipv4Addr::from(part))
    };
    match ip.segments() {
        // IPv4-compatible (RFC 4291 §2.5.5.1), mapped (§2.5.5.2), translated (RFC 2765).
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _] | [0, 0, 0, 0, 0xffff, 0, _, _] => at(12),
        // NAT64's well-known prefix (RFC 6052); the local one (RFC 8215) with a /96 inside.
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] | [0x64, 0xff9b, 1, _, _, _, _, _] => at(12),
        // 6to4 (RFC 3056).
        [0x2002, ..] => at(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: AddressPolicy = AddressPolicy {
        allow_private: false,
    };
    const OPEN: AddressPolicy = AddressPolicy {
        allow_private: true,
    };

    fn kind(text: &str) -> Option<&'static str> {
        STRICT.check(text.parse().unwrap()).err().map(|r| r.kind)
    }

    #[test]
    fn public_addresses_pass() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::200e",
            "2001:200::1",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert_eq!(kind(text), None, "{text}");
        }
    }

    #[test]
    fn special_addresses_are_refused_by_name() {
        for (text, expected) in [
            ("0.0.0.0", UNSPECIFIED),
            ("0.0.0.1", "of \"this network\""),
            ("10.1.2.3", PRIVATE),
            ("100.64.0.1", "a carrier's own (CGNAT)"),
            ("100.127.255.255", "a carrier's own (CGNAT)"),
            ("127.0.0.1", LOOPBACK),
            ("127.255.255.254", LOOPBACK),
            ("169.254.169.254", LINK_LOCAL),
            ("172.16.0.1", PRIVATE),
            ("172.31.255.255", PRIVATE),
            ("192.0.0.8", RESERVED),
            ("192.0.2.1", DOCUMENTATION),
            ("192.88.99.1", "a 6to4 relay"),
            ("192.168.1.1", PRIVATE),
            ("198.19.0.1", "for benchmarks"),
            ("198.51.100.7", DOCUMENTATION),
            ("203.0.113.7", DOCUMENTATION),
            ("224.0.0.1", MULTICAST),
            ("239.255.255.255", MULTICAST),
            ("240.0.0.1", RESERVED),
            ("255.255.255.255", RESERVED),
            ("::", UNSPECIFIED),
            ("::1", LOOPBACK),
            ("fe80::1", LINK_LOCAL),
            ("febf::1", LINK_LOCAL),
            ("fec0::1", RESERVED),
            ("fc00::1", PRIVATE),
            ("fdff::1", PRIVATE),
            ("ff02::1", MULTICAST),
            ("100::1", RESERVED),
            ("2001::1", RESERVED),
            ("2001:1ff::1", RESERVED),
            ("2001:db8::1", DOCUMENTATION),
            ("3fff:fff::1", DOCUMENTATION),
            ("4000::1", RESERVED),
        ] {
            assert_eq!(kind(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn an_ipv4_address_inside_an_ipv6_one_is_seen() {
        for text in [
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b:1::127.0.0.1",
            "2002:7f00:1::",
        ] {
            assert_eq!(kind(text), Some(LOOPBACK), "{text}");
        }
        assert_eq!(kind("::ffff:169.254.169.254"), Some(LINK_LOCAL));
        assert_eq!(kind("2002:a00:1::8.8.8.8"), Some(PRIVATE));
    }

    #[test]
    fn a_test_network_may_use_private_addresses() {
        for text in [
            "127.0.0.1",
            "10.0.0.1",
            "::1",
            "fd00::1",
            "::ffff:127.0.0.1",
        ] {
            assert_eq!(OPEN.check(text.parse().unwrap()), Ok(()), "{text}");
        }
        for text in ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "::ffff:0.0.0.0"] {
            assert!(OPEN.check(text.parse().unwrap()).is_err(), "{text}");
        }
        assert_eq!(
            STRICT
                .check("10.0.0.1".parse().unwrap())
                .unwrap_err()
                .to_string(),
            "10.0.0.1 is private, not a public address"
        );
    }
}
