//! The texts of `tests/corpus` are T-SQL.

use launchpod_tsql::ast::{Statement, StatementKind};
use launchpod_tsql::{parse, split_batches};

/// Every statement, those in blocks included, in order.
fn flatten(statements: &[Statement]) -> Vec<&Statement> {
    let mut all = Vec::new();
    for statement in statements {
        all.push(statement);
        match &statement.kind {
            StatementKind::Block(body) => all.extend(flatten(body)),
            StatementKind::TryCatch { body, handler } => {
                all.extend(flatten(body));
                all.extend(flatten(handler));
            }
            StatementKind::If { then, otherwise, .. } => {
                all.extend(flatten(std::slice::from_ref(then)));
                all.extend(otherwise.iter().flat_map(|other| flatten(std::slice::from_ref(other))));
            }
            StatementKind::While { body, .. } => all.extend(flatten(std::slice::from_ref(body))),
            StatementKind::CreateProcedure(procedure) => all.extend(flatten(&procedure.body)),
            _ => {}
        }
    }
    all
}

fn reads_whole(name: &str, script: &str) {
    let batches = split_batches(script);
    assert!(batches.len() > 1, "{name} has no batches");
    for text in batches {
        let batch = match parse(text.text) {
            Ok(batch) => batch,
            Err(error) => {
                panic!("{name}, batch at line {}: {error}\n{}", text.first_line, text.text)
            }
        };
        assert!(!batch.statements.is_empty());
        for statement in flatten(&batch.statements) {
            if let StatementKind::Opaque(opaque) = &statement.kind {
                panic!("{name}, batch at line {}: {opaque:?}", text.first_line);
            }
            let source = batch.text(statement);
            assert!(!source.is_empty() && source.trim() == source, "{name}: {source:?}");
            let line = 1 + text.text[..statement.span.start].matches('\n').count();
            assert_eq!(statement.line as usize, line, "{name}: {source}");
        }
    }
}

#[test]
fn what_clients_send_is_read() {
    reads_whole("clients.sql", include_str!("corpus/clients.sql"));
}

#[test]
fn what_the_documentation_teaches_is_read() {
    reads_whole("documentation.sql", include_str!("corpus/documentation.sql"));
}

#[test]
fn what_sqlmlutils_sends_is_read() {
    reads_whole("sqlmlutils.sql", include_str!("corpus/sqlmlutils.sql"));
}

#[test]
fn the_language_is_read() {
    reads_whole("language.sql", include_str!("corpus/language.sql"));
}

#[test]
fn opaque_statements_end_where_the_next_one_begins() {
    for text in split_batches(include_str!("corpus/opaque.sql")) {
        let batch = match parse(text.text) {
            Ok(batch) => batch,
            Err(error) => panic!("batch at line {}: {error}\n{}", text.first_line, text.text),
        };
        let opaque = flatten(&batch.statements)
            .into_iter()
            .filter(|statement| matches!(statement.kind, StatementKind::Opaque(_)))
            .count();
        assert_eq!(opaque, 1, "{}", text.text);
        let last = batch.statements.last().unwrap();
        assert_eq!(batch.text(last), "SELECT 1", "{}", text.text);
    }
}
