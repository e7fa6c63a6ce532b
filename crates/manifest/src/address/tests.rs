//! The classifier against the edges of the registries and against forms that carry IPv4.

use super::*;
use proptest::prelude::*;

fn space(text: &str) -> Space {
    classify(text.parse().unwrap(), &[])
}

#[test]
fn the_first_and_last_of_each_range_and_what_stands_outside() {
    use Space::{Loopback, Metadata, Private, Public, Refused};
    for (address, expected) in [
        ("0.0.0.0", Refused),
        ("0.255.255.255", Refused),
        ("1.0.0.0", Public),
        ("9.255.255.255", Public),
        ("10.0.0.0", Private),
        ("10.255.255.255", Private),
        ("11.0.0.0", Public),
        ("100.63.255.255", Public),
        ("100.64.0.0", Private),
        ("100.127.255.255", Private),
        ("100.128.0.0", Public),
        ("100.100.100.199", Private),
        ("100.100.100.200", Metadata),
        ("100.100.100.201", Private),
        ("126.255.255.255", Public),
        ("127.0.0.0", Loopback),
        ("127.255.255.255", Loopback),
        ("128.0.0.0", Public),
        ("168.63.129.15", Public),
        ("168.63.129.16", Metadata),
        ("168.63.129.17", Public),
        ("169.253.255.255", Public),
        ("169.254.0.0", Metadata),
        ("169.254.255.255", Metadata),
        ("169.255.0.0", Public),
        ("172.15.255.255", Public),
        ("172.16.0.0", Private),
        ("172.31.255.255", Private),
        ("172.32.0.0", Public),
        ("191.255.255.255", Public),
        ("192.0.0.0", Private),
        ("192.0.0.192", Metadata),
        ("192.0.0.255", Private),
        ("192.0.1.0", Public),
        ("192.0.2.0", Private),
        ("192.0.2.255", Private),
        ("192.0.3.0", Public),
        ("192.88.98.255", Public),
        ("192.88.99.1", Private),
        ("192.88.100.0", Public),
        ("192.167.255.255", Public),
        ("192.168.0.0", Private),
        ("192.168.255.255", Private),
        ("192.169.0.0", Public),
        ("198.17.255.255", Public),
        ("198.18.0.0", Private),
        ("198.19.255.255", Private),
        ("198.20.0.0", Public),
        ("198.51.99.255", Public),
        ("198.51.100.7", Private),
        ("198.51.101.0", Public),
        ("203.0.112.255", Public),
        ("203.0.113.7", Private),
        ("203.0.114.0", Public),
        ("223.255.255.255", Public),
        ("224.0.0.1", Refused),
        ("239.255.255.255", Refused),
        ("240.0.0.0", Private),
        ("255.255.255.254", Private),
        ("255.255.255.255", Refused),
        ("::", Refused),
        ("::1", Loopback),
        ("::2", Refused),
        ("1fff:ffff::", Refused),
        ("2000::", Public),
        ("2606:4700:4700::1111", Public),
        ("3ffe::1", Public),
        ("3fff::", Private),
        ("3fff:fff:ffff::", Private),
        ("3fff:1000::", Public),
        ("4000::", Refused),
        ("2001::1", Refused),
        ("2001:0:7f00:1::", Refused),
        ("2001:1::1", Public),
        ("2001:1::4", Private),
        ("2001:2::1", Private),
        ("2001:3::1", Public),
        ("2001:4:112::1", Public),
        ("2001:20::1", Private),
        ("2001:1ff:ffff::", Private),
        ("2001:200::", Public),
        ("2001:db8::1", Private),
        ("2001:db9::1", Public),
        ("100::1", Refused),
        ("100:0:0:1::1", Refused),
        ("5f00::1", Private),
        ("fc00::1", Private),
        ("fdff::1", Private),
        ("fe00::1", Refused),
        ("fe80::1", Private),
        ("febf::1", Private),
        ("fec0::1", Private),
        ("ff02::1", Refused),
        ("fd00:ec2::254", Metadata),
        ("fd00:ec3::254", Private),
        ("fd20:ce::254", Metadata),
        ("fd00:42::42", Metadata),
        ("fe80::a9fe:a9fe", Metadata),
        ("64:ff9b:1::a00:1", Refused),
        ("64:ff9b:2::1", Refused),
    ] {
        assert_eq!(space(address), expected, "{address}");
    }
}

#[test]
fn a_carried_address_is_what_counts() {
    for (inner, expected) in [
        ("8.8.8.8", Space::Public),
        ("127.0.0.1", Space::Loopback),
        ("10.1.2.3", Space::Private),
        ("169.254.169.254", Space::Metadata),
        ("0.0.0.0", Space::Refused),
        ("224.0.0.1", Space::Refused),
    ] {
        let v4: Ipv4Addr = inner.parse().unwrap();
        let [a, b, c, d] = v4.octets();
        let hex = format!("{a:02x}{b:02x}:{c:02x}{d:02x}");
        for form in
            [format!("::ffff:{hex}"), format!("::ffff:0:{hex}"), format!("64:ff9b::{hex}"), format!("2002:{hex}::1")]
        {
            assert_eq!(space(&form), expected, "{form}");
        }
        if inner != "0.0.0.0" {
            assert_eq!(space(&format!("::{hex}")), expected, "compatible {inner}");
        }
        assert_eq!(space(&format!("2606:4700::200:5efe:{hex}")), expected, "ISATAP {inner}");
    }
    // the prefix of ISATAP counts as well
    assert_eq!(space("fe80::5efe:808:808"), Space::Private);
    assert_eq!(space("fe80::5efe:a01:203"), Space::Private);
    assert_eq!(space("fe80::5efe:7f00:1"), Space::Refused);
    assert_eq!(space("fe80::5efe:a9fe:a9fe"), Space::Metadata);
}

#[test]
fn nat64_prefixes_of_every_length_carry_the_address_of_the_rfc() {
    // RFC 6052 §2.4, 192.0.2.33 in each
    for (prefix, address) in [
        ("2001:db8::/32", "2001:db8:c000:221::"),
        ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
        ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
        ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
        ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"),
        ("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"),
        ("64:ff9b::/96", "64:ff9b::192.0.2.33"),
    ] {
        let prefix: Nat64Prefix = prefix.parse().unwrap();
        assert_eq!(prefix.extract(address.parse().unwrap()), Some(Ipv4Addr::new(192, 0, 2, 33)), "{prefix}");
    }
    for bad in ["2001:db8::/33", "2001:db8::1/96", "2001:db8::", "10.0.0.0/32", "/96"] {
        assert_eq!(bad.parse::<Nat64Prefix>(), Err(Nat64PrefixError), "{bad}");
    }
}

#[test]
fn a_configured_prefix_is_unwrapped_wherever_it_lies() {
    let prefixes = ["2606:4700:64::/96".parse().unwrap(), "64:ff9b:1::/96".parse().unwrap()];
    assert_eq!(classify("2606:4700:64::a9fe:a9fe".parse().unwrap(), &prefixes), Space::Metadata);
    assert_eq!(classify("2606:4700:64::808:808".parse().unwrap(), &prefixes), Space::Public);
    assert_eq!(classify("64:ff9b:1::a00:1".parse().unwrap(), &prefixes), Space::Private);
    assert_eq!(classify("2606:4700:64::a9fe:a9fe".parse().unwrap(), &[]), Space::Public);
}

proptest! {
    #[test]
    fn what_is_public_is_public_by_the_standard_library_too(bits in any::<u128>(), v4 in any::<u32>()) {
        let address = Ipv4Addr::from_bits(v4);
        if classify(IpAddr::V4(address), &[]) == Space::Public {
            prop_assert!(!address.is_private() && !address.is_loopback() && !address.is_link_local());
            prop_assert!(!address.is_broadcast() && !address.is_documentation() && !address.is_unspecified());
            prop_assert!(!address.is_multicast());
        }
        let address = Ipv6Addr::from_bits(bits);
        if classify(IpAddr::V6(address), &[]) == Space::Public {
            prop_assert!(!address.is_unique_local() && !address.is_unicast_link_local());
            prop_assert!(!address.is_loopback() && !address.is_unspecified() && !address.is_multicast());
        }
    }

    #[test]
    fn a_mapped_address_is_what_it_maps(v4 in any::<u32>()) {
        let v4 = Ipv4Addr::from_bits(v4);
        prop_assert_eq!(classify(IpAddr::V4(v4), &[]), classify(IpAddr::V6(v4.to_ipv6_mapped()), &[]));
    }
}
