//! The part of an address that one customer of a network holds.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// An address as limits count it: a whole IPv4 address, or the first 64 bits of an IPv6 address, because every customer is given at least so many
/// (RFC 6177). An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is the IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix(IpAddr);

impl From<IpAddr> for Prefix {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            short => short,
        })
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("192.0.2.7", "192.0.2.7")]
    #[test_case("::ffff:192.0.2.7", "192.0.2.7"; "an IPv4 address written as IPv6")]
    #[test_case("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    #[test_case("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"; "another host of the same customer")]
    fn one_customer_has_one_prefix(address: &str, prefix: &str) {
        let address: IpAddr = address.parse().expect("an address");
        assert_eq!(Prefix::from(address).to_string(), prefix);
    }
}
