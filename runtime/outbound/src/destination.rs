//! A host and a port, as they are compared.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The greatest length of a name, and of a label of it (RFC 1035, 2.3.4; without the root's dot).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// Where a connection is to lead.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    /// The host.
    pub host: Host,
    /// The port: never 0.
    pub port: u16,
}

/// A host, in the one spelling that is compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name in small letters, without a dot at its end.
    Name(String),
    /// An address; one of IPv4 within IPv6 is one of IPv4.
    Address(IpAddr),
}

/// What is no host and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// There is no port, or none from 1 to 65535.
    #[error("a port from 1 to 65535 is expected behind the host: HOST:PORT")]
    Port,
    /// The host is neither a name nor an address.
    #[error(
        "the host is neither a name (letters, digits, - and _; others in their form xn--) nor an \
         address (IPv6 in brackets)"
    )]
    Host,
}

// === impl Destination ===

impl Destination {
    /// Reads `HOST:PORT`; without a port it is `port`, if there is such a thing.
    ///
    /// # Errors
    /// See [`DestinationError`].
    pub fn parse(text: &str, port: Option<u16>) -> Result<Self, DestinationError> {
        // The colons of an address of IPv6 are within brackets.
        let (host, port) = match text.rsplit_once(':') {
            Some((host, digits)) if !digits.ends_with(']') => (host, parse_port(digits)),
            _ => (text, port),
        };
        let port = port.filter(|port| *port > 0).ok_or(DestinationError::Port)?;
        Ok(Destination { host: Host::parse(host)?, port })
    }
}

/// Digits alone: a number's own parser takes a sign.
fn parse_port(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// As it is read, without what a script could have put there: a name has no other characters than
/// those of names.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.port;
        match &self.host {
            Host::Name(name) => write!(f, "{name}:{port}"),
            Host::Address(IpAddr::V4(address)) => write!(f, "{address}:{port}"),
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]:{port}"),
        }
    }
}

// === impl Host ===

impl Host {
    /// Reads a name or an address.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Self, DestinationError> {
        if let Some(address) = text.strip_prefix('[') {
            let address = address.strip_suffix(']').ok_or(DestinationError::Host)?;
            let address: Ipv6Addr = address.parse().map_err(|_| DestinationError::Host)?;
            return Ok(Host::Address(IpAddr::V6(address).to_canonical()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Host::Address(IpAddr::V4(address)));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if is_name(name) {
            Ok(Host::Name(name.to_ascii_lowercase()))
        } else {
            Err(DestinationError::Host)
        }
    }
}

/// Whether a resolver would take it for a name, and not for an address in one of the spellings
/// that inet_aton(3) knows (`127.1`, `0x7f000001`): those end in a number.
fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(is_letter)
    };
    let last = text.rsplit('.').next().unwrap_or(text);
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .or(last.strip_prefix("0X"))
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    text.len() <= MAX_NAME && text.split('.').all(is_label) && !is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, DestinationError> {
        Destination::parse(text, None).map(|destination| destination.to_string())
    }

    #[test]
    fn one_host_has_one_spelling() {
        assert_eq!(read("API.Example.com.:443").unwrap(), "api.example.com:443");
        assert_eq!(read("10.0.0.5:5432").unwrap(), "10.0.0.5:5432");
        assert_eq!(read("[2001:DB8:0::1]:80").unwrap(), "[2001:db8::1]:80");
        assert_eq!(read("[::ffff:10.0.0.5]:80").unwrap(), "10.0.0.5:80");
        assert_eq!(read("db:00443").unwrap(), "db:443");
        assert_eq!(
            Destination::parse("db", Some(80)).unwrap(),
            Destination { host: Host::Name("db".to_owned()), port: 80 }
        );
    }

    #[test]
    fn what_is_neither_name_nor_address_is_refused() {
        let hosts = [
            "",
            ".",
            "a..b",
            "127.1",
            "127.0.0.0x1",
            "0x7f000001",
            "2130706433",
            "1.2.3.4.5",
            "a b",
            "ä.example",
            "user@host",
            "a/b",
            "[::1",
            "::1",
            "[fe80::1%eth0]",
            "a\n.b",
        ];
        for host in hosts {
            assert_eq!(read(&format!("{host}:80")), Err(DestinationError::Host), "{host:?}");
        }
        let long = format!("{}.com:80", "a".repeat(64));
        assert_eq!(read(&long), Err(DestinationError::Host));
    }

    #[test]
    fn a_port_is_a_number_of_its_own() {
        for text in ["db", "db:", "db:0", "db:65536", "db:+80", "db:8 0", "[::1]"] {
            assert_eq!(read(text), Err(DestinationError::Port), "{text}");
        }
    }
}
