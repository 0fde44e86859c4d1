//! The PROXY protocol, versions 1 and 2: a load balancer writes the client's address before the first byte of a connection.
//! <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>

use std::io;
use std::net::SocketAddr;

use ppp::{HeaderResult, PartialResult, v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt};

/// A header may be so long: 16 bytes and 65,535 are allowed, but what balancers add to the addresses fits in much less.
const LONGEST: usize = 4096;

/// The beginning and the greatest length of a header of version 1.
const VERSION_1: &[u8] = b"PROXY ";
const LONGEST_1: usize = 108;

/// What stood before the first byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduced {
    /// Address of the client; none if the balancer speaks for itself (a health check) or does not know it.
    pub client: Option<SocketAddr>,
    /// Bytes of the client that were read together with the header.
    pub rest: Vec<u8>,
}

/// Reads the header of a connection.
///
/// # Errors
/// If what comes is no header, is too long, or the connection ends before it is whole.
pub async fn read(mut connection: impl AsyncRead + Unpin) -> io::Result<Introduced> {
    let mut read = Vec::with_capacity(256);
    loop {
        if connection.read_buf(&mut read).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended within the PROXY header"));
        }
        match parsed(&read) {
            Some(Ok((client, length))) => return Ok(Introduced { client, rest: read.split_off(length) }),
            Some(Err(why)) => return Err(io::Error::new(io::ErrorKind::InvalidData, why)),
            None if read.len() >= LONGEST => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the PROXY header is too long"));
            }
            None => {}
        }
    }
}

/// Client and length of a whole header; nothing while it is not whole.
fn parsed(bytes: &[u8]) -> Option<Result<(Option<SocketAddr>, usize), String>> {
    let header = HeaderResult::parse(bytes);
    // Half an address is no wrong address.
    let begins = bytes.starts_with(VERSION_1) || VERSION_1.starts_with(bytes);
    if header.is_incomplete() || (begins && bytes.len() < LONGEST_1 && !bytes.contains(&b'\n')) {
        return None;
    }
    Some(match header {
        HeaderResult::V1(Ok(header)) => Ok((first(&header.addresses), header.header.len())),
        HeaderResult::V2(Ok(header)) => {
            let is_proxied = header.command == v2::Command::Proxy;
            Ok((second(&header.addresses).filter(|_| is_proxied), header.len()))
        }
        HeaderResult::V1(Err(fault)) => Err(format!("this is no PROXY header: {fault}")),
        HeaderResult::V2(Err(fault)) => Err(format!("this is no PROXY header: {fault}")),
    })
}

fn first(addresses: &v1::Addresses) -> Option<SocketAddr> {
    match addresses {
        v1::Addresses::Tcp4(pair) => Some((pair.source_address, pair.source_port).into()),
        v1::Addresses::Tcp6(pair) => Some((pair.source_address, pair.source_port).into()),
        v1::Addresses::Unknown => None,
    }
}

fn second(addresses: &v2::Addresses) -> Option<SocketAddr> {
    match addresses {
        v2::Addresses::IPv4(pair) => Some((pair.source_address, pair.source_port).into()),
        v2::Addresses::IPv6(pair) => Some((pair.source_address, pair.source_port).into()),
        v2::Addresses::Unspecified | v2::Addresses::Unix(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    /// A header of version 2 for 203.0.113.9:4711, with an extension after the addresses.
    fn version_2(command: u8) -> Vec<u8> {
        let mut header = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
        header.extend([0x20 | command, 0x11, 0, 16, 203, 0, 113, 9, 10, 0, 0, 1, 0x12, 0x67, 0, 80]);
        header.extend([4, 0, 1, 0]);
        header
    }

    async fn read_slowly(bytes: &[u8]) -> io::Result<Introduced> {
        // A byte at a time, as a slow network would bring them.
        let (mut near, far) = tokio::io::duplex(1);
        let bytes = bytes.to_vec();
        tokio::spawn(async move { tokio::io::AsyncWriteExt::write_all(&mut near, &bytes).await });
        read(far).await
    }

    #[test_case(b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 9212\r\n".to_vec(), Some("203.0.113.9:4711"))]
    #[test_case(b"PROXY TCP6 2001:db8::9 2001:db8::1 4711 9212\r\n".to_vec(), Some("[2001:db8::9]:4711"))]
    #[test_case(b"PROXY UNKNOWN\r\n".to_vec(), None; "a balancer that does not know")]
    #[test_case(version_2(1), Some("203.0.113.9:4711"); "version 2")]
    #[test_case(version_2(0), None; "version 2 of a balancer that speaks for itself")]
    #[tokio::test]
    async fn the_header_names_the_client_and_nothing_of_the_rest_is_lost(header: Vec<u8>, client: Option<&str>) {
        let client = client.map(|text| text.parse().expect("an address"));
        assert_eq!(read_slowly(&header).await.expect("a header").client, client);
        let all = [header, b"##0101".to_vec()].concat();
        let introduced = read(all.as_slice()).await.expect("a header");
        assert_eq!(introduced, Introduced { client, rest: b"##0101".to_vec() });
    }

    #[test_case(b"GET / HTTP/1.1\r\n\r\n"; "no header")]
    #[test_case(b"##0101QN=20260504100000000;ST=32"; "a packet at once")]
    #[test_case(b"PROXY TCP4 203.0.113.9 10.0.0.1 4711"; "the end within the header")]
    #[test_case(b""; "nothing")]
    #[tokio::test]
    async fn what_is_no_header_is_refused(bytes: &[u8]) {
        assert!(read(bytes).await.is_err());
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_sent_makes_the_reader_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = parsed(&bytes);
            let _ = parsed(&[b"\r\n\r\n\0\r\nQUIT\n".as_slice(), &bytes].concat());
        }
    }
}
