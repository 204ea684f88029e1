//! Where a channel may connect to: public addresses, unless its configuration allows private ones.
//!
//! The check is made on the addresses that the connection will use, after the name was resolved, so that a name whose address
//! changes between check and use gains nothing. Called by whatever connects: `http` through its resolver, `connection` directly.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Why an address is not connected to. Travels through the HTTP library inside an I/O error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum AddressRefused {
    #[error("private or local address")]
    Private,
    #[error("no TLS to another machine")]
    PlainHttp,
}

/// A resolver that refuses where a channel may not go.
#[derive(Debug)]
pub(crate) struct GuardedResolver {
    pub(crate) allow_private: bool,
}

impl Resolver for GuardedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = DefaultResolver::default().resolve(uri, config, timeout)?;
        let plain = uri.scheme_str() != Some("https");
        // One bad address refuses all: which of several is used is not ours to choose.
        for address in addresses.iter() {
            permit(address.ip(), plain, self.allow_private)
                .map_err(|refused| io::Error::new(io::ErrorKind::PermissionDenied, refused))?;
        }
        Ok(addresses)
    }
}

/// Whether an address may be connected to.
pub(crate) fn permit(ip: IpAddr, plain: bool, allow_private: bool) -> Result<(), AddressRefused> {
    if !allow_private && is_private(ip) {
        return Err(AddressRefused::Private);
    }
    if plain && !ip.to_canonical().is_loopback() {
        return Err(AddressRefused::PlainHttp);
    }
    Ok(())
}

/// Anything that is not a public unicast address.
fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_private_v4(ip),
        IpAddr::V6(ip) => is_private_v6(ip),
    }
}

/// IANA's registry of special-purpose IPv4 addresses, less those that are reachable by everyone.
fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && (c == 0 || c == 2);
    let benchmark = a == 198 && (b == 18 || b == 19);
    let this_network = a == 0;
    let reserved = a >= 240;
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || shared
        || protocol
        || benchmark
        || this_network
        || reserved
}

/// Only 2000::/3 is public unicast; of it, what embeds or documents other addresses is refused too.
fn is_private_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let global = first & 0xe000 == 0x2000;
    let documentation = first == 0x2001 && second == 0x0db8;
    let protocol = first == 0x2001 && second < 0x0200;
    let six_to_four = first == 0x2002;
    !global || documentation || protocol || six_to_four
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> bool {
        is_private(text.parse().unwrap())
    }

    #[test]
    fn local_and_special_addresses_are_private() {
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
        ] {
            assert!(refused(ip), "{ip}");
        }
    }

    #[test]
    fn public_addresses_are_not() {
        for ip in [
            "1.1.1.1",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "2a01:e0a::1",
        ] {
            assert!(!refused(ip), "{ip}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback() {
        let permit = |ip: &str, plain, private| permit(ip.parse().unwrap(), plain, private);
        assert_eq!(permit("127.0.0.1", true, true), Ok(()));
        assert_eq!(permit("127.0.0.1", true, false), Err(AddressRefused::Private));
        assert_eq!(permit("10.0.0.1", true, true), Err(AddressRefused::PlainHttp));
        assert_eq!(permit("10.0.0.1", false, true), Ok(()));
        assert_eq!(permit("8.8.8.8", true, false), Err(AddressRefused::PlainHttp));
        assert_eq!(permit("8.8.8.8", false, false), Ok(()));
    }
}
