//! Which addresses may be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// Which addresses may be reached: those of the public internet, and what is allowed beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Private networks that may be reached all the same.
    pub networks: Vec<IpNet>,
    /// Whether this machine itself may be: where the provider is on a loopback address, everybody it speaks to is.
    pub loopback: bool,
}

/// What no public service has for an address: the IANA registries of special-purpose addresses, and multicast.
const SPECIAL_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];

/// The part of IPv6 that is public; all else is special, and so is some of it.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
const SPECIAL_V6: [Ipv6Net; 3] = [
    // Protocol assignments, Teredo among them; documentation.
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    v6([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];
/// Prefixes under which an IPv4 address is written: it is the one that is reached. 6to4 holds it in front.
const NAT64: Ipv6Net = v6([0x0064, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);

const fn v4(octets: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]), prefix)
}

const fn v6(s: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]), prefix)
}

impl Reach {
    /// Everything: for addresses that the administrator wrote, which commonly lead into networks of their own.
    pub fn everywhere() -> Self {
        Self { networks: vec![Ipv4Net::default().into(), Ipv6Net::default().into()], loopback: true }
    }

    /// Whether the host may be asked for: an address written out is judged here, a name when it is resolved.
    pub fn allows_host(&self, address: &Url) -> bool {
        match address.host() {
            Some(Host::Ipv4(ip)) => self.allows(ip.into()),
            Some(Host::Ipv6(ip)) => self.allows(ip.into()),
            Some(Host::Domain(_)) => true,
            None => false,
        }
    }

    /// Whether the address may be connected to.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let named = self.networks.iter().any(|network| network.contains(&address));
        named || (self.loopback && address.is_loopback()) || is_public(address)
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => !SPECIAL_V4.iter().any(|network| network.contains(&ip)),
        IpAddr::V6(ip) => {
            if NAT64.contains(&ip) {
                return is_public(v4_within(ip, 12));
            }
            if SIX_TO_FOUR.contains(&ip) {
                return is_public(v4_within(ip, 2));
            }
            GLOBAL_V6.contains(&ip) && !SPECIAL_V6.iter().any(|network| network.contains(&ip))
        }
    }
}

/// The IPv4 address that begins at this octet.
fn v4_within(ip: Ipv6Addr, at: usize) -> IpAddr {
    let octets = ip.octets();
    IpAddr::from([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_internet_is_reached_and_nothing_else() {
        let reach = Reach::default();
        for public in
            ["9.9.9.9", "172.32.0.1", "2620:fe::fe", "2a01:e0a::1", "64:ff9b::909:909", "2002:909:909::1"]
        {
            assert!(reach.allows(public.parse().unwrap()), "{public}");
        }
        let private = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.31.255.255",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "100::1",
        ];
        for private in private {
            assert!(!reach.allows(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn what_is_named_is_reached_and_its_neighbour_is_not() {
        let reach = Reach { networks: vec!["10.1.0.0/16".parse().unwrap()], loopback: true };
        for (address, expected) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("127.0.0.1", true),
            ("::1", true),
        ] {
            assert_eq!(reach.allows(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn an_address_written_out_is_judged_in_every_spelling() {
        let reach = Reach::default();
        for host in
            ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:7f00:1]", "169.254.169.254"]
        {
            assert!(!reach.allows_host(&Url::parse(&format!("https://{host}/out")).unwrap()), "{host}");
        }
        assert!(reach.allows_host(&Url::parse("https://portal.example/out").unwrap()));
    }
}
