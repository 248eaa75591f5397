//! Where a listed name may lead, and the connection to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::allowed::Allowed;
use crate::destination::{Destination, Host};

/// How long the host's resolver may take.
const RESOLVE_LIMIT: Duration = Duration::from_secs(10);
/// How long all addresses of a host may take together until one has answered.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);
/// The prefix of IPv4 addresses that a translator reaches by IPv6 (RFC 6052, 2.1).
const TRANSLATED: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];
/// Where clouds tell a machine its credentials, beside 169.254.169.254, which is link-local: EC2 by
/// IPv6.
const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// A destination can't be connected to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreachable {
    /// Its name leads to addresses only that a name may not lead to.
    #[error("its name leads to {0}, which is not opened itself")]
    Forbidden(IpAddr),
    /// Its name leads nowhere.
    #[error("its name can't be resolved")]
    Unknown,
    /// No address answers.
    #[error("{0}")]
    Refused(std::io::Error),
    /// Resolver or addresses don't answer in time.
    #[error("no answer in time")]
    Late,
}

/// The addresses of a destination that is on the list: those that its name leads to, but for those
/// that no name may lead to.
///
/// # Errors
/// There is none.
pub(crate) async fn find(
    allowed: &Allowed,
    destination: &Destination,
) -> Result<Vec<SocketAddr>, Unreachable> {
    let Destination { host, port } = destination;
    match host {
        Host::Address(address) => Ok(vec![SocketAddr::new(*address, *port)]),
        Host::Name(name) => {
            let found = timeout(RESOLVE_LIMIT, lookup_host((name.as_str(), *port))).await;
            let found = found.map_err(|_| Unreachable::Late)?.map_err(|_| Unreachable::Unknown)?;
            permitted(allowed, found)
        }
    }
}

/// Connects to the first address that answers.
///
/// # Errors
/// Why the last one doesn't.
pub(crate) async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Unreachable> {
    // One that doesn't answer leaves the next ones their time.
    let share = CONNECT_LIMIT / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut failed = Unreachable::Unknown;
    for address in addresses {
        failed = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // What a script writes is on its way at once, as it would be without us.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => Unreachable::Refused(error),
            Err(_) => Unreachable::Late,
        };
    }
    Err(failed)
}

fn permitted(
    allowed: &Allowed,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, Unreachable> {
    let may_lead_to = |found: &SocketAddr| {
        let address = found.ip().to_canonical();
        !is_special(address) || allowed.allows_address(address, found.port())
    };
    let (permitted, forbidden): (Vec<SocketAddr>, Vec<SocketAddr>) = found.partition(may_lead_to);
    match (permitted.is_empty(), forbidden.first()) {
        (true, Some(forbidden)) => Err(Unreachable::Forbidden(forbidden.ip())),
        (true, None) => Err(Unreachable::Unknown),
        (false, _) => Ok(permitted),
    }
}

/// Whether an address is one of the host itself, or of what only hosts themselves should reach:
/// whoever answers for a listed name could lead it there.
fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_special_v4(address),
        IpAddr::V6(address) => {
            let segments = address.segments();
            let translated = segments.starts_with(&TRANSLATED);
            let [.., high, low] = segments;
            let bits = u32::from(high) << 16 | u32::from(low);
            address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unicast_link_local()
                || address == METADATA
                || translated && is_special_v4(Ipv4Addr::from_bits(bits))
        }
    }
}

fn is_special_v4(address: Ipv4Addr) -> bool {
    address.is_loopback()
        // All of 0.0.0.0/8 is "this host on this network" (RFC 1122, 3.2.1.3).
        || address.octets()[0] == 0
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(entries: &[&str], addresses: &[&str]) -> Result<Vec<String>, Unreachable> {
        let list = Allowed::new(entries.iter().map(|entry| entry.parse().unwrap()).collect());
        let found = addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 80));
        let permitted = permitted(&list, found)?;
        Ok(permitted.iter().map(|address| address.ip().to_string()).collect())
    }

    #[test]
    fn a_name_leads_to_no_address_of_the_host_itself() {
        for address in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fd00:ec2::254",
        ] {
            let refused = lead(&["a.org:80"], &[address]).unwrap_err();
            assert!(matches!(refused, Unreachable::Forbidden(_)), "{address}: {refused}");
        }
        let some = lead(&["a.org:80"], &["127.0.0.1", "10.0.0.5", "::1", "2001:db8::1"]).unwrap();
        assert_eq!(some, ["10.0.0.5", "2001:db8::1"]);
        assert!(matches!(lead(&[], &[]), Err(Unreachable::Unknown)));
    }

    #[test]
    fn unless_the_address_is_listed_itself() {
        assert_eq!(lead(&["127.0.0.1:80"], &["127.0.0.1"]).unwrap(), ["127.0.0.1"]);
        assert_eq!(lead(&["127.0.0.1:80"], &["::ffff:127.0.0.1"]).unwrap().len(), 1);
        assert!(lead(&["127.0.0.1:81"], &["127.0.0.1"]).is_err());
        assert!(lead(&["127.0.0.2:80"], &["127.0.0.1"]).is_err());
    }
}
