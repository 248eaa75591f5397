//! All statements of a text, however deep.

use launchpod_tsql::ast::{Statement, StatementKind};

/// Statements with those within them, in the order of the text; not the bodies of what they
/// define. The parser bounds how deep they are.
pub(crate) fn nested(statements: &[Statement]) -> Vec<&Statement> {
    let mut all = Vec::new();
    collect(statements, &mut all);
    all
}

fn collect<'a>(statements: &'a [Statement], all: &mut Vec<&'a Statement>) {
    for statement in statements {
        all.push(statement);
        match &statement.kind {
            StatementKind::Block(body) => collect(body, all),
            StatementKind::If { then, otherwise, .. } => {
                collect(std::slice::from_ref(then), all);
                if let Some(otherwise) = otherwise {
                    collect(std::slice::from_ref(otherwise), all);
                }
            }
            StatementKind::While { body, .. } => collect(std::slice::from_ref(body), all),
            StatementKind::TryCatch { body, handler } => {
                collect(body, all);
                collect(handler, all);
            }
            _ => {}
        }
    }
}
