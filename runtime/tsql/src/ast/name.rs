//! Names of things.

use std::fmt;

use super::Span;

/// A name as it was written, less its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// The spelling, without brackets or quotes and with doubled ones undone.
    pub text: String,
    /// Whether it was in brackets or double quotes.
    pub quoted: bool,
}

/// A name of up to four parts: `server.database.schema.name`, where parts may be left out
/// (`database..name`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName {
    /// The linked server.
    pub server: Option<Identifier>,
    /// The database; the current one when absent.
    pub database: Option<Identifier>,
    /// The schema; the caller's default one when absent.
    pub schema: Option<Identifier>,
    /// The name itself.
    pub name: Identifier,
    /// Where it stands.
    pub span: Span,
    /// The line it stands on.
    pub line: u32,
}

/// The form in which names compare: SQL Server's default collation ignores case.
///
/// Usable as a key of a map.
pub fn fold_name(name: &str) -> String {
    name.to_lowercase()
}

/// Whether two names are the same under the default collation.
pub fn same_name(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
        || (!(left.is_ascii() && right.is_ascii()) && fold_name(left) == fold_name(right))
}

// === impl Identifier ===

impl Identifier {
    /// An identifier written without quotes.
    pub fn new(text: impl Into<String>) -> Self {
        Identifier { text: text.into(), quoted: false }
    }

    /// Whether this names `other`, in any case.
    pub fn is(&self, other: &str) -> bool {
        same_name(&self.text, other)
    }

    /// The form in which names compare; see [`fold_name`].
    pub fn fold(&self) -> String {
        fold_name(&self.text)
    }
}

/// The spelling, without quotes.
impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

// === impl ObjectName ===

impl ObjectName {
    /// Whether it has one part only, `name` in any case.
    pub fn is_plain(&self, name: &str) -> bool {
        self.server.is_none()
            && self.database.is_none()
            && self.schema.is_none()
            && self.name.is(name)
    }

    /// Whether it names a local temporary table or procedure (`#local`).
    pub fn is_temporary(&self) -> bool {
        self.name.text.starts_with('#') && !self.is_global_temporary()
    }

    /// Whether it names a global temporary table or procedure (`##global`).
    pub fn is_global_temporary(&self) -> bool {
        self.name.text.starts_with("##")
    }
}

/// As error messages name objects: parts with dots, without quotes.
impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let qualifiers = [&self.server, &self.database, &self.schema];
        for part in qualifiers.into_iter().skip_while(|part| part.is_none()) {
            if let Some(part) = part {
                f.write_str(&part.text)?;
            }
            f.write_str(".")?;
        }
        f.write_str(&self.name.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_without_case() {
        assert!(same_name("Größe", "GRÖßE"));
        assert!(same_name("ID", "id"));
        assert!(!same_name("id", "id2"));
        assert_eq!(fold_name("Ünit"), fold_name("üNIT"));
    }

    #[test]
    fn left_out_parts_keep_their_dot() {
        let name = |database: Option<&str>, schema: Option<&str>| ObjectName {
            server: None,
            database: database.map(Identifier::new),
            schema: schema.map(Identifier::new),
            name: Identifier::new("t"),
            span: Span::default(),
            line: 1,
        };
        assert_eq!(name(None, None).to_string(), "t");
        assert_eq!(name(None, Some("dbo")).to_string(), "dbo.t");
        assert_eq!(name(Some("db"), None).to_string(), "db..t");
    }
}
