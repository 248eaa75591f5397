//! Which known escapes from containers a runc version has.
//!
//! Source: the advisories of opencontainers/runc.

use std::fmt;

/// runc's version number, as far as it decides what is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

/// A way out of a container, and where it is fixed.
struct Escape {
    cve: &'static str,
    /// The first fixed version of each line that got a fix, in rising order. Lines above the
    /// last are fixed, lines below the first are not.
    fixed_in: &'static [Version],
}

const ESCAPES: [Escape; 4] = [
    Escape { cve: "CVE-2024-21626", fixed_in: &[Version::new(1, 1, 12)] },
    Escape { cve: "CVE-2025-31133", fixed_in: NOVEMBER_2025 },
    Escape { cve: "CVE-2025-52565", fixed_in: NOVEMBER_2025 },
    Escape { cve: "CVE-2025-52881", fixed_in: NOVEMBER_2025 },
];

const NOVEMBER_2025: &[Version] = &[Version::new(1, 2, 8), Version::new(1, 3, 3)];

/// The escapes that upstream's release of this version has.
pub(crate) fn escapes(version: Version) -> Vec<&'static str> {
    ESCAPES.iter().filter(|escape| escape.is_in(version)).map(|escape| escape.cve).collect()
}

// === impl Version ===

impl Version {
    const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Version { major, minor, patch }
    }

    /// Reads `1.1.5`, `1.1.5+ds1`, `1.3.0-rc.1` and the like.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut numbers = text[..end].split('.').map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some(Version::new(next()?, next()?, next()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

// === impl Escape ===

impl Escape {
    fn is_in(&self, version: Version) -> bool {
        let line = |version: Version| (version.major, version.minor);
        match self.fixed_in.iter().find(|fixed| line(**fixed) == line(version)) {
            Some(fixed) => version < *fixed,
            None => self.fixed_in.first().is_some_and(|first| version < *first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<&'static str> {
        escapes(Version::parse(text).unwrap())
    }

    #[test]
    fn each_line_has_its_own_fix() {
        assert_eq!(of("1.1.5+ds1").len(), 4);
        assert_eq!(of("1.1.12").len(), 3);
        assert_eq!(of("1.2.7").len(), 3);
        assert!(of("1.2.8").is_empty());
        assert_eq!(of("1.3.2").len(), 3);
        assert!(of("1.3.3").is_empty());
        assert!(of("1.4.0").is_empty());
    }

    #[test]
    fn versions_are_read_as_distributions_write_them() {
        assert_eq!(Version::parse("1.1.5+ds1-1+deb12u1"), Some(Version::new(1, 1, 5)));
        assert_eq!(Version::parse("1.3.0-rc.1"), Some(Version::new(1, 3, 0)));
        assert_eq!(Version::parse("1.1"), None);
        assert_eq!(Version::parse("unknown"), None);
    }
}
