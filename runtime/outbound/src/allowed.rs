//! The list of what may be reached.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::Deserialize;

use crate::destination::{Destination, DestinationError, Host};

/// What marks an entry that stands for every name below one.
const BELOW: &str = "*.";

/// The hosts and ports that may be reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Allowed(Vec<Entry>);

/// One of them: `HOST:PORT`, or `*.NAME:PORT` for every name below one, however deep, but not that
/// name itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Entry {
    destination: Destination,
    is_below: bool,
}

/// A text is no [`Entry`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{entry:?} can't be opened: {source}")]
pub struct EntryError {
    entry: String,
    source: DestinationError,
}

// === impl Allowed ===

impl Allowed {
    /// The list of those entries.
    pub fn new(entries: Vec<Entry>) -> Self {
        Allowed(entries)
    }

    /// What is on either list.
    #[must_use]
    pub fn and(&self, other: &Allowed) -> Allowed {
        Allowed(self.0.iter().chain(&other.0).cloned().collect())
    }

    /// Whether a destination is on the list: a name by its own or by that of one above it, an
    /// address by itself alone.
    pub fn allows(&self, destination: &Destination) -> bool {
        self.0.iter().any(|entry| entry.covers(destination))
    }

    /// Whether an address is on the list itself, whatever the names lead to.
    pub(crate) fn allows_address(&self, address: IpAddr, port: u16) -> bool {
        self.allows(&Destination { host: Host::Address(address), port })
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, entry) in self.0.iter().enumerate() {
            write!(f, "{}{entry}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

// === impl Entry ===

impl Entry {
    fn covers(&self, asked: &Destination) -> bool {
        let Destination { host, port } = &self.destination;
        let host_is_covered = match (host, &asked.host) {
            (Host::Name(above), Host::Name(name)) if self.is_below => {
                name.strip_suffix(above.as_str()).is_some_and(|rest| rest.ends_with('.'))
            }
            (listed, asked) => listed == asked,
        };
        *port == asked.port && host_is_covered
    }
}

impl FromStr for Entry {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let below = text.strip_prefix(BELOW);
        let read = Destination::parse(below.unwrap_or(text), None);
        let read = read.and_then(|destination| match (below, &destination.host) {
            // There are none below an address.
            (Some(_), Host::Address(_)) => Err(DestinationError::Host),
            _ => Ok(destination),
        });
        match read {
            Ok(destination) => Ok(Entry { destination, is_below: below.is_some() }),
            Err(source) => Err(EntryError { entry: text.to_owned(), source }),
        }
    }
}

impl TryFrom<String> for Entry {
    type Error = EntryError;

    fn try_from(text: String) -> Result<Self, EntryError> {
        text.parse()
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.is_below { BELOW } else { "" }, self.destination)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> Allowed {
        Allowed::new(entries.iter().map(|entry| entry.parse().unwrap()).collect())
    }

    fn allows(entries: &[&str], asked: &str) -> bool {
        list(entries).allows(&Destination::parse(asked, None).unwrap())
    }

    #[test]
    fn host_and_port_are_both_what_is_listed() {
        let entries = ["API.example.com:443", "10.0.0.5:5432", "[::1]:80"];
        for asked in
            ["api.EXAMPLE.com.:443", "10.0.0.5:5432", "[::ffff:10.0.0.5]:5432", "[0::1]:80"]
        {
            assert!(allows(&entries, asked), "{asked}");
        }
        for asked in [
            "api.example.com:80",
            "example.com:443",
            "a.api.example.com:443",
            "api.example.com.evil.org:443",
            "10.0.0.5:443",
            "10.0.0.6:5432",
            "[::2]:80",
            "127.0.0.1:80",
        ] {
            assert!(!allows(&entries, asked), "{asked}");
        }
        assert!(!allows(&[], "example.com:443"));
    }

    #[test]
    fn a_star_stands_for_every_name_below() {
        let entries = ["*.example.org:443"];
        for asked in ["a.example.org:443", "a.b.Example.org:443"] {
            assert!(allows(&entries, asked), "{asked}");
        }
        for asked in [
            "example.org:443",
            "badexample.org:443",
            "a.example.org:80",
            "a.example.org.evil.com:443",
        ] {
            assert!(!allows(&entries, asked), "{asked}");
        }
    }

    #[test]
    fn an_entry_that_names_no_host_and_port_is_refused_by_its_name() {
        for entry in [
            "example.com",
            "*:443",
            "*",
            "a.*.org:443",
            "*.10.0.0.5:80",
            "10.0.0.0/8:80",
            "https://a.org:443",
            ":80",
            "",
            "a.org:https",
        ] {
            let error = entry.parse::<Entry>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{entry:?} can't be opened: ")), "{error}");
        }
    }

    #[test]
    fn a_list_is_shown_as_it_is_compared() {
        let shown = list(&["*.Example.org:443", "[::1]:80"]).to_string();
        assert_eq!(shown, "*.example.org:443, [::1]:80");
    }
}
