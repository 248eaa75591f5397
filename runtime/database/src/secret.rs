//! Text that must not be seen.

use std::fmt;

use zeroize::Zeroizing;

/// A password, wiped from memory when dropped and never shown by `Debug`.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

// === impl Secret ===

impl Secret {
    /// Takes ownership of a password; the caller's copies are the caller's to wipe.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(Zeroizing::new(text.into()))
    }

    /// The password itself, for hashing and checking only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_content() {
        assert!(!format!("{:?}", Secret::new("hunter2")).contains("hunter2"));
    }
}
