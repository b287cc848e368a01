//! Addresses that are not of the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const PRIVATE: &str = "a private address";
const LOOPBACK: &str = "a loopback address";
const LINK_LOCAL: &str = "a link-local address (cloud metadata)";
const RESERVED: &str = "a reserved address";
const DOCUMENTATION: &str = "an address for documentation and benchmarks";

/// Special addresses of IANA's registry, and two clouds' metadata addresses outside it.
const SPECIAL_V4: [([u8; 4], u32, &str); 17] = [
    ([0, 0, 0, 0], 8, "the unspecified address"),
    ([10, 0, 0, 0], 8, PRIVATE),
    ([100, 64, 0, 0], 10, "a carrier's private address"),
    ([127, 0, 0, 0], 8, LOOPBACK),
    ([168, 63, 129, 16], 32, "Azure's platform address"),
    ([169, 254, 0, 0], 16, LINK_LOCAL),
    ([172, 16, 0, 0], 12, PRIVATE),
    ([192, 0, 0, 0], 24, RESERVED),
    ([192, 0, 2, 0], 24, DOCUMENTATION),
    ([192, 88, 99, 0], 24, RESERVED),
    ([192, 168, 0, 0], 16, PRIVATE),
    ([198, 18, 0, 0], 15, DOCUMENTATION),
    ([198, 51, 100, 0], 24, DOCUMENTATION),
    ([203, 0, 113, 0], 24, DOCUMENTATION),
    ([224, 0, 0, 0], 4, "a multicast address"),
    ([240, 0, 0, 0], 4, RESERVED),
    ([255, 255, 255, 255], 32, RESERVED),
];

/// Special parts of the global unicast range 2000::/3.
const SPECIAL_V6: [(Ipv6Addr, u32, &str); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, RESERVED),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, DOCUMENTATION),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "a 6to4 address"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, DOCUMENTATION),
];

/// Kind of an address that is not public, such as loopback. `None` for a public address.
pub(super) fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let inside = |net: [u8; 4], length| {
        shares_prefix(address.to_bits().into(), u32::from_be_bytes(net).into(), length + 96)
    };
    SPECIAL_V4.iter().find(|(net, length, _)| inside(*net, *length)).map(|(.., kind)| *kind)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some(embedded) = embedded_v4(address) {
        return special_v4(embedded);
    }
    match address.segments()[0] {
        0x2000..=0x3fff => SPECIAL_V6
            .iter()
            .find(|(net, length, _)| shares_prefix(address.to_bits(), net.to_bits(), *length))
            .map(|(.., kind)| *kind),
        0xfc00..=0xfdff => Some(PRIVATE),
        0xfe80..=0xfebf => Some(LINK_LOCAL),
        0xff00.. => Some("a multicast address"),
        _ if address.is_loopback() => Some(LOOPBACK),
        _ => Some(RESERVED),
    }
}

/// IPv4 address that a mapped (`::ffff:0:0/96`) or translated (NAT64, `64:ff9b::/96`) address leads to.
/// Networks without IPv4 see every IPv4 host as a translated address.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    const NAT64: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);
    let is_translated = shares_prefix(address.to_bits(), NAT64.to_bits(), 96);
    let translated = is_translated.then(|| Ipv4Addr::from_bits(address.to_bits() as u32));
    address.to_ipv4_mapped().or(translated)
}

fn shares_prefix(one: u128, other: u128, length: u32) -> bool {
    length == 0 || (one ^ other) >> (128 - length) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_public_internet_pass_and_no_others() {
        let public = "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 172.32.0.1 2606:4700::1111 64:ff9b::808:808";
        for address in public.split(' ') {
            assert_eq!(special(address.parse().unwrap()), None, "{address}");
        }
        let others = "0.0.0.0 0.1.2.3 10.255.255.255 100.64.0.1 100.127.255.255 127.8.8.8 168.63.129.16 169.254.169.254 \
            172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.168.1.1 198.19.0.1 198.51.100.7 203.0.113.9 224.0.0.1 \
            239.1.1.1 250.1.1.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::a9fe:a9fe \
            64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1";
        for address in others.split(' ') {
            assert!(special(address.parse().unwrap()).is_some(), "{address}");
        }
    }
}
