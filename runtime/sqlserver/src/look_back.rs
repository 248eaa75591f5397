//! What a batch asks of those before it: `@@ERROR` and `@@ROWCOUNT` are of the last statement, and
//! SCOPE_IDENTITY() of the last INSERT, of whichever batch.
//!
//! Statements of the interpreter are batches and calls of their own at the server, and so are our
//! queries. What a batch finds there is then not what its client's last batch has left.

use launchpod_database::Counts;
use launchpod_tsql::TokenKind;
use launchpod_tsql::ast::{Declaration, Statement, StatementKind};
use launchpod_types::Value;

use crate::line::Line;
use crate::statement::{tokens, word};

/// What is of the last statement.
const COUNTS: [&str; 3] = ["@@ERROR", "@@ROWCOUNT", "ROWCOUNT_BIG"];
const IDENTITY: &str = "SCOPE_IDENTITY";
/// The statements that change SCOPE_IDENTITY().
const INSERTS: [&str; 2] = ["INSERT", "MERGE"];

/// What a batch asks of those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookBack {
    /// `@@ERROR` or `@@ROWCOUNT`, before any statement of its own.
    pub counts: bool,
    /// SCOPE_IDENTITY().
    pub identity: bool,
    /// Whether it may set SCOPE_IDENTITY() for those behind it.
    pub inserts: bool,
}

/// What the interpreter's batches have left that the server doesn't know.
#[derive(Clone, Copy, Debug, Default)]
pub struct Left {
    /// `@@ERROR` and `@@ROWCOUNT`, when the last request was the interpreter's.
    pub counts: Option<Counts>,
    /// SCOPE_IDENTITY(), when the last INSERT was the interpreter's.
    pub identity: Option<Option<i128>>,
}

// === impl LookBack ===

impl LookBack {
    /// What a batch asks. Most texts hold none of the names, and aren't read.
    pub fn of(text: &str) -> Self {
        let identity = holds(text, IDENTITY);
        let counts = COUNTS.iter().any(|name| holds(text, name))
            && launchpod_tsql::parse(text).is_ok_and(|batch| counts_asked(&batch.statements, text));
        LookBack { counts, identity, inserts: INSERTS.iter().any(|word| holds(text, word)) }
    }
}

// === impl Left ===

impl Left {
    /// Whether what a batch asks is known here alone.
    pub fn answers(&self, asked: LookBack) -> bool {
        (asked.counts && self.counts.is_some()) || (asked.identity && self.identity.is_some())
    }

    /// The server has run a request.
    pub fn passed(&mut self, asked: LookBack) {
        self.counts = None;
        if asked.inserts {
            self.identity = None;
        }
    }
}

// === impl Line ===

impl Line {
    /// What the server's last statement has left, as far as it is asked; nothing of what the server
    /// can't tell.
    pub async fn left(&self, asked: LookBack) -> Left {
        let counts = match asked.counts {
            true => self.row("SELECT @@ERROR, @@ROWCOUNT").await.ok().flatten(),
            false => None,
        };
        let counts = match counts.as_deref() {
            Some([Value::Int(error), Value::Int(rows)]) => Some(Counts {
                error: i32::try_from(*error).unwrap_or(0),
                row_count: u64::try_from(*rows).unwrap_or(0),
            }),
            _ => None,
        };
        let identity = match asked.identity {
            true => self.row("SELECT SCOPE_IDENTITY()").await.ok().flatten(),
            false => None,
        };
        let identity = identity.and_then(|row| row.first().map(crate::state::identity));
        Left { counts, identity }
    }

    /// The SCOPE_IDENTITY() of the batch that has ended, when it has inserted anything.
    pub fn left_identity(&self) -> Option<Option<i128>> {
        self.state().scopes.first().filter(|scope| scope.inserted).map(|scope| scope.identity)
    }

    /// Has SCOPE_IDENTITY() return what batches before have left.
    pub fn recall_identity(&self, identity: Option<i128>) {
        if let Some(scope) = self.state().scopes.first_mut() {
            scope.identity = identity;
        }
    }
}

/// Whether a text's first statement asks: each one sets them anew.
fn counts_asked(statements: &[Statement], source: &str) -> bool {
    for statement in statements {
        let text = match &statement.kind {
            StatementKind::Declare(declarations) if declarations.iter().all(has_no_value) => {
                continue;
            }
            StatementKind::Block(body) | StatementKind::TryCatch { body, .. } => {
                return counts_asked(body, source);
            }
            StatementKind::If { condition, .. } | StatementKind::While { condition, .. } => {
                condition.span.text(source)
            }
            _ => statement.span.text(source),
        };
        let is_count = |token: &launchpod_tsql::Token| {
            matches!(token.kind, TokenKind::GlobalVariable | TokenKind::Word { .. })
                && COUNTS.iter().any(|name| name.eq_ignore_ascii_case(word(text, token)))
        };
        return tokens(text).is_ok_and(|tokens| tokens.iter().any(is_count));
    }
    false
}

fn has_no_value(declaration: &Declaration) -> bool {
    !matches!(declaration, Declaration::Variable { value: Some(_), .. })
}

/// Whether a text holds a word in ASCII, in any case.
fn holds(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_statement_asks_for_counts() {
        for (text, counts) in [
            ("SELECT @@ERROR AS e", true),
            ("IF @@rowcount = 0 SELECT 1", true),
            (
                "DECLARE @a int, @t TABLE (x int); BEGIN TRY SET @a = ROWCOUNT_BIG() END TRY BEGIN CATCH END CATCH",
                true,
            ),
            ("DECLARE @e int = @@ERROR; SELECT @e", true),
            ("SELECT 1 AS a; SELECT @@ERROR", false),
            ("IF 1 = 1 SELECT @@ROWCOUNT", false),
            ("SELECT '@@ERROR' -- @@ROWCOUNT", false),
            ("SELECT FROM @@ERROR WHERE", false),
        ] {
            assert_eq!(LookBack::of(text), LookBack { counts, ..LookBack::default() }, "{text}");
        }
        let identity = LookBack { identity: true, ..LookBack::default() };
        assert_eq!(LookBack::of("SELECT scope_identity()"), identity);
        assert!(LookBack::of("insert t values (1)").inserts);
    }

    #[test]
    fn what_is_left_lasts_until_the_server_runs_its_like() {
        let counts = LookBack { counts: true, ..LookBack::default() };
        let identity = LookBack { identity: true, ..LookBack::default() };
        let mut left = Left { counts: Some(Counts::default()), identity: Some(Some(7)) };
        assert!(left.answers(counts) && left.answers(identity));
        left.passed(LookBack::default());
        assert!(!left.answers(counts) && left.answers(identity));
        left.passed(LookBack { inserts: true, ..LookBack::default() });
        assert!(!left.answers(identity));
    }
}
