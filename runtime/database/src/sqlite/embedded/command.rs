//! What a running statement is called, as `sys.dm_exec_requests` has it in `command`.

use launchpod_tsql::ast::{DropKind, StatementKind, Transaction};

/// The words for a statement.
pub(super) fn of(kind: &StatementKind) -> &'static str {
    match kind {
        StatementKind::Select(_) => "SELECT",
        StatementKind::Insert(_) => "INSERT",
        StatementKind::InsertBulk(_) => "BULK INSERT",
        StatementKind::Update(_) => "UPDATE",
        StatementKind::Delete(_) => "DELETE",
        StatementKind::Merge(_) => "MERGE",
        StatementKind::Truncate(_) => "TRUNCATE TABLE",
        StatementKind::CreateTable(_) => "CREATE TABLE",
        StatementKind::AlterTable(_) => "ALTER TABLE",
        StatementKind::CreateIndex(_) => "CREATE INDEX",
        StatementKind::CreateDatabase(_) => "CREATE DATABASE",
        StatementKind::CreateSchema(_) => "CREATE SCHEMA",
        StatementKind::CreateProcedure(_) => "CREATE PROCEDURE",
        StatementKind::CreateFunction(_) => "CREATE FUNCTION",
        StatementKind::CreateView(_) => "CREATE VIEW",
        StatementKind::Drop(drop) if drop.kind == DropKind::Table => "DROP TABLE",
        StatementKind::Drop(drop) if drop.kind == DropKind::Database => "DROP DATABASE",
        StatementKind::Drop(_) => "DROP OBJECT",
        StatementKind::Transaction(Transaction::Begin { .. }) => "BEGIN TRANSACTION",
        StatementKind::Transaction(Transaction::Commit { .. }) => "COMMIT TRANSACTION",
        StatementKind::Transaction(Transaction::Rollback { .. }) => "ROLLBACK TRANSACTION",
        StatementKind::Transaction(Transaction::Save { .. }) => "SAVE TRANSACTION",
        StatementKind::Execute(_) | StatementKind::ExecuteText(_) => "EXECUTE",
        StatementKind::SetOption(_) => "SET OPTION ON",
        StatementKind::Use(_) => "USE DATABASE",
        _ => "CONDITIONAL",
    }
}
