//! Statements that are not read.

use super::{Parser, Result};
use crate::ast::{Opaque, StatementKind};
use crate::lexer::TokenKind;

/// Reserved words that begin a statement and stand nowhere else, but for what
/// [`Ending::continues`] says.
#[rustfmt::skip]
const STARTERS: &[&str] = &[
    "ALTER", "BACKUP", "BEGIN", "BREAK", "BULK", "CHECKPOINT", "CLOSE", "COMMIT", "CONTINUE",
    "CREATE", "DBCC", "DEALLOCATE", "DECLARE", "DELETE", "DENY", "DROP", "EXEC", "EXECUTE",
    "FETCH", "GOTO", "GRANT", "IF", "INSERT", "KILL", "MERGE", "OPEN", "PRINT", "RAISERROR",
    "RECONFIGURE", "RESTORE", "RETURN", "REVERT", "REVOKE", "ROLLBACK", "SAVE", "SELECT", "SET",
    "SHUTDOWN", "TRUNCATE", "UPDATE", "USE", "WAITFOR", "WHILE",
];

/// Words after which a statement goes on, whatever follows.
const CONNECTORS: &[&str] =
    &["ALL", "AS", "BULK", "EXCEPT", "FOR", "INTERSECT", "ON", "ROW", "ROWS", "UNION", "WITH"];

/// Words that look like the beginning of a statement but begin a clause of ALTER.
const CLAUSES: &[&str] = &["DROP", "MERGE", "RECONFIGURE", "SET"];

/// Words that begin a statement of which nothing is read.
#[rustfmt::skip]
const UNREAD: &[&str] = &[
    "ADD", "BACKUP", "BULK", "DUMP", "LINENO", "LOAD", "READTEXT", "RESTORE",
    "SETUSER", "SHUTDOWN", "UPDATETEXT", "WRITETEXT",
];

/// Words that name a kind of object after CREATE, ALTER and DROP.
#[rustfmt::skip]
const OBJECT_KINDS: &[&str] = &[
    "AGGREGATE", "ALTER", "APPLICATION", "ASSEMBLY", "ASYMMETRIC", "AUDIT", "AUTHORIZATION",
    "AVAILABILITY", "BROKER", "CATALOG", "CERTIFICATE", "CLUSTERED", "COLLECTION", "COLUMN",
    "COLUMNSTORE", "CONFIGURATION", "CONTRACT", "CREDENTIAL", "DATA", "DATABASE", "DEFAULT",
    "ENCRYPTION", "ENDPOINT", "EVENT", "EXTERNAL", "FILE", "FORMAT", "FULLTEXT", "FUNCTION",
    "GOVERNOR", "GROUP", "INDEX", "KEY", "LANGUAGE", "LIBRARY", "LIST", "LOGIN", "MASTER",
    "MESSAGE", "MODEL", "NONCLUSTERED", "NOTIFICATION", "OR", "PARTITION", "POLICY", "POOL",
    "PRIORITY", "PROC", "PROCEDURE", "PROPERTY", "QUEUE", "REMOTE", "RESOURCE", "ROLE", "ROUTE",
    "RULE", "SCHEMA", "SCHEME", "SCOPED", "SEARCH", "SECURITY", "SEQUENCE", "SERVER", "SERVICE",
    "SESSION", "SIGNATURE", "SOURCE", "SPATIAL", "SPECIFICATION", "STATISTICS", "STOPLIST",
    "SYMMETRIC", "SYNONYM", "TABLE", "TRIGGER", "TYPE", "UNIQUE", "USER", "VIEW", "WORKLOAD",
    "XML",
];

/// What is said to be unread of a MERGE after common table expressions, whatever it is: where
/// it ends must be known.
pub(super) const MERGE_AFTER_WITH: &str = "MERGE";

/// How to find where an opaque statement ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// With the batch: definitions whose body is statements, and branches on a condition that
    /// is not read, because what they guard must not run by itself.
    Batch,
    /// At a semicolon: MERGE, which must have one, and whose clauses look like statements.
    Semicolon,
    /// Before what begins a statement.
    Statement,
    /// The same, but one clause that looks like a statement belongs to it: `ALTER … SET`.
    Clause,
}

// === impl Parser ===

impl Parser<'_> {
    /// Whether a statement begins here of which nothing is read.
    pub(super) fn at_opaque(&self) -> bool {
        self.at_any_word(UNREAD)
            || (self.at_any_word(&["ENABLE", "DISABLE"]) && self.word_ahead(1, "TRIGGER"))
    }

    /// Skips the statement whose first token is given, and of which `construct` can't be read.
    pub(super) fn opaque(&mut self, start: usize, construct: &str) -> Result<StatementKind> {
        let failed_at = self.position.max(start);
        self.position = start;
        let leading = self.leading_words();
        let ending = Ending::of(&leading, construct);
        self.skip_statement(failed_at, ending)?;
        let construct = (!construct.is_empty()).then(|| construct.to_owned());
        Ok(StatementKind::Opaque(Opaque { leading, construct }))
    }

    fn leading_words(&self) -> String {
        let verb = self.text().to_ascii_uppercase();
        let mut leading = verb.clone();
        if !matches!(
            verb.as_str(),
            "CREATE" | "ALTER" | "DROP" | "ADD" | "ENABLE" | "DISABLE" | "UPDATE"
        ) {
            return leading;
        }
        for ahead in 1.. {
            let Some(word) = OBJECT_KINDS.iter().find(|word| self.word_ahead(ahead, word)) else {
                break;
            };
            leading.push(' ');
            leading.push_str(word);
        }
        leading
    }

    /// Skips to where the statement ends, but at least past `failed_at`.
    fn skip_statement(&mut self, failed_at: usize, ending: Ending) -> Result<()> {
        let (mut parentheses, mut cases) = (0_usize, 0_usize);
        let mut clause_left = ending == Ending::Clause;
        let mut previous = String::new();
        loop {
            match self.kind() {
                TokenKind::End | TokenKind::Go => return Ok(()),
                TokenKind::Invalid(_) => return self.unexpected(),
                _ => {}
            }
            let inside = parentheses > 0 || self.position <= failed_at;
            let text = if matches!(self.kind(), TokenKind::Word { .. } | TokenKind::Symbol) {
                self.text().to_ascii_uppercase()
            } else {
                String::new()
            };
            match text.as_str() {
                "(" => parentheses += 1,
                ")" => parentheses = parentheses.saturating_sub(1),
                "CASE" => cases += 1,
                "END" if cases > 0 => cases -= 1,
                _ if inside || cases > 0 || ending == Ending::Batch => {}
                ";" => return Ok(()),
                _ if ending == Ending::Semicolon => {}
                "END" | "ELSE" => return Ok(()),
                word if !STARTERS.contains(&word) => {}
                word if ending.continues(&previous, word) => {}
                word if clause_left && CLAUSES.contains(&word) => clause_left = false,
                _ => return Ok(()),
            }
            previous = text;
            self.advance();
        }
    }
}

// === impl Ending ===

impl Ending {
    fn of(leading: &str, construct: &str) -> Self {
        let has = |word| leading.split(' ').any(|other| other == word);
        let verb = leading.split(' ').next().unwrap_or_default();
        let modules = ["TRIGGER", "PROCEDURE", "PROC", "FUNCTION", "VIEW"];
        let defines = matches!(verb, "CREATE" | "ALTER") && modules.into_iter().any(has);
        match verb {
            "IF" | "WHILE" => Ending::Batch,
            _ if defines && !has("PARTITION") => Ending::Batch,
            "MERGE" => Ending::Semicolon,
            _ if construct == MERGE_AFTER_WITH => Ending::Semicolon,
            "ALTER" => Ending::Clause,
            _ => Ending::Statement,
        }
    }

    /// Whether a word that looks like the beginning of a statement is none.
    fn continues(self, previous: &str, word: &str) -> bool {
        CONNECTORS.contains(&previous)
            // `DROP USER IF EXISTS u`
            || (word == "IF" && OBJECT_KINDS.contains(&previous))
    }
}
