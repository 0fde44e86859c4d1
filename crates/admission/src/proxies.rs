//! Which neighbours may say for whom they speak.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Addresses and prefixes of the reverse proxies before this program, such as `127.0.0.1` and `10.0.0.0/8`. What anybody else says of the address
/// of a client is ignored; without any, the address of a client is that of its connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// A text that is neither an address nor a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadProxy(String);

impl std::error::Error for BadProxy {}

impl std::fmt::Display for BadProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "trusted_proxies: “{}” is no address: write 127.0.0.1, 10.0.0.0/8 or fd00::/8", self.0)
    }
}

impl TrustedProxies {
    /// Of addresses and prefixes.
    ///
    /// # Errors
    /// [`BadProxy`] names the first text that is neither.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, BadProxy> {
        let network = |text: &str| {
            let text = text.trim();
            IpNet::from_str(text)
                .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| BadProxy(text.to_owned()))
        };
        texts.into_iter().map(|text| network(text.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the address is that of a proxy.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of the client of a request that came from `peer` with these values of `X-Forwarded-For`, in the order of the headers.
    ///
    /// Every proxy writes the address of its own client at the right end. So the list is read from there, as long as a trusted proxy wrote the entry: what
    /// stands further left is what the client itself sent, and may be made up. An entry that is no address ends the reading.
    #[must_use]
    pub fn client<'h>(&self, peer: IpAddr, forwarded: impl IntoIterator<Item = &'h str>) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.contains(client) {
            return client;
        }
        let entries: Vec<&str> = forwarded.into_iter().flat_map(|header| header.split(',')).collect();
        for entry in entries.into_iter().rev() {
            let Some(address) = address(entry.trim()) else { break };
            client = address;
            if !self.contains(client) {
                break;
            }
        }
        client
    }
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(IpAddr::to_canonical(&address))
}

impl Serialize for TrustedProxies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}

impl<'de> Deserialize<'de> for TrustedProxies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(Vec::<String>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let trusted = TrustedProxies::parse(trusted).expect("proxies");
        trusted.client(peer.parse().expect("an address"), forwarded.iter().copied()).to_string()
    }

    #[test_case(&[], "198.51.100.1", &["203.0.113.9"], "198.51.100.1"; "nobody is trusted, so a header is ignored")]
    #[test_case(&["127.0.0.1"], "198.51.100.1", &["203.0.113.9"], "198.51.100.1"; "a client that forges the header is itself")]
    #[test_case(&["127.0.0.1"], "127.0.0.1", &["203.0.113.9"], "203.0.113.9"; "the proxy says for whom it asks")]
    #[test_case(&["127.0.0.1"], "127.0.0.1", &["1.2.3.4, 203.0.113.9"], "203.0.113.9"; "what the client sent stands on the left")]
    #[test_case(&["127.0.0.1"], "127.0.0.1", &["1.2.3.4", "203.0.113.9"], "203.0.113.9"; "in a header of its own too")]
    #[test_case(&["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", &["1.2.3.4, 203.0.113.9, 10.1.1.1"], "203.0.113.9"; "through two proxies")]
    #[test_case(&["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", &["10.1.1.2, 10.1.1.1"], "10.1.1.2"; "a client inside of the trusted network")]
    #[test_case(&["127.0.0.1"], "127.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"; "with a port")]
    #[test_case(&["127.0.0.1"], "127.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"; "IPv6 with a port")]
    #[test_case(&["127.0.0.1"], "127.0.0.1", &["2001:db8::1"], "2001:db8::1"; "IPv6 alone")]
    #[test_case(&["127.0.0.1"], "127.0.0.1", &["203.0.113.9, unknown"], "127.0.0.1"; "an entry that is no address")]
    #[test_case(&["127.0.0.1"], "127.0.0.1", &[], "127.0.0.1"; "no header")]
    #[test_case(&["127.0.0.1"], "::ffff:127.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"; "IPv4 written as IPv6")]
    fn the_client_is_found_behind_trusted_proxies_alone(trusted: &[&str], peer: &str, header: &[&str], found: &str) {
        assert_eq!(client(trusted, peer, header), found);
    }

    #[test]
    fn a_wrong_proxy_is_named() {
        let fault = TrustedProxies::parse(["127.0.0.1", "proxy.example.cn"]).expect_err("a name").to_string();
        assert!(fault.contains("proxy.example.cn") && fault.contains("10.0.0.0/8"), "{fault}");
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_client_writes_on_the_left_changes_nothing(forged in "[0-9a-f:., ]{0,60}") {
            let header = format!("{forged}, 203.0.113.9");
            proptest::prop_assert_eq!(client(&["127.0.0.1"], "127.0.0.1", &[&header]), "203.0.113.9");
        }
    }
}
