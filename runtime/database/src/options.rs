//! SET options that change what statements mean, as `@@OPTIONS` has them ("Configure the user
//! options server configuration option").

/// `ANSI_NULLS`: nothing is equal to NULL, nor unequal.
pub const ANSI_NULLS: i64 = 32;
/// `QUOTED_IDENTIFIER`: what stands in double quotes is a name.
pub const QUOTED_IDENTIFIER: i64 = 256;
/// `CONCAT_NULL_YIELDS_NULL`: a text and NULL are NULL.
pub const CONCAT_NULL_YIELDS_NULL: i64 = 4096;

/// The options that always hold in the embedded database: ANSI_WARNINGS, ANSI_PADDING, ARITHABORT
/// and ANSI_NULL_DFLT_ON, which drivers ask for.
pub const FIXED: i64 = 8 | 16 | 64 | 1024;
/// The options of a new session.
pub const INITIAL: i64 = FIXED | ANSI_NULLS | QUOTED_IDENTIFIER | CONCAT_NULL_YIELDS_NULL;

/// The options that hold in a module whatever they are for its caller: those that held when it was
/// made ("CREATE PROCEDURE (Transact-SQL)", "Limitations and restrictions").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleOptions {
    /// `ANSI_NULLS`
    pub ansi_nulls: bool,
    /// `QUOTED_IDENTIFIER`
    pub quoted_identifier: bool,
}

// === impl ModuleOptions ===

impl ModuleOptions {
    /// Those among a session's.
    pub fn of(options: i64) -> Self {
        ModuleOptions {
            ansi_nulls: options & ANSI_NULLS != 0,
            quoted_identifier: options & QUOTED_IDENTIFIER != 0,
        }
    }

    /// A session's options with these.
    #[must_use]
    pub fn within(self, options: i64) -> i64 {
        let others = options & !(ANSI_NULLS | QUOTED_IDENTIFIER);
        let own = [(self.ansi_nulls, ANSI_NULLS), (self.quoted_identifier, QUOTED_IDENTIFIER)];
        own.iter().filter(|(on, _)| *on).fold(others, |options, (_, bit)| options | bit)
    }
}

impl Default for ModuleOptions {
    fn default() -> Self {
        ModuleOptions { ansi_nulls: true, quoted_identifier: true }
    }
}
