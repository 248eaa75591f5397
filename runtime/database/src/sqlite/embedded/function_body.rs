//! What the body of a function can't have ("CREATE FUNCTION (Transact-SQL)", "Limitations"), as
//! far as its text tells: what an alias names is known when it runs.

use launchpod_tsql::ast::{
    CreateFunction, FunctionBody, Query, QueryBody, SelectItem, Statement, StatementKind, Target,
};
use launchpod_types::SqlError;

use crate::sqlite::errors;

/// Refuses a body that changes something, shows rows or ends without RETURN.
///
/// # Errors
/// 443, 444, 455.
pub(super) fn check(create: &CreateFunction) -> Result<(), SqlError> {
    let body = match &create.body {
        FunctionBody::Scalar { body, .. } | FunctionBody::Table { body, .. } => body,
        FunctionBody::Inline(_) => return Ok(()),
    };
    check_all(body)?;
    match last(body) {
        Some(Statement { kind: StatementKind::Return(_), .. }) => Ok(()),
        end => Err(errors::last_not_return().or_line(end.map_or(1, |end| end.line))),
    }
}

/// The last statement, within the blocks that it ends.
fn last(body: &[Statement]) -> Option<&Statement> {
    let end = body.last()?;
    match &end.kind {
        StatementKind::Block(body) => last(body).or(Some(end)),
        _ => Some(end),
    }
}

fn check_all(body: &[Statement]) -> Result<(), SqlError> {
    body.iter().try_for_each(|statement| {
        check_statement(&statement.kind).map_err(|error| error.or_line(statement.line))
    })
}

fn check_statement(kind: &StatementKind) -> Result<(), SqlError> {
    let one = |statement: &Statement| check_all(std::slice::from_ref(statement));
    let operator = match kind {
        StatementKind::Block(body) => return check_all(body),
        StatementKind::While { body, .. } => return one(body),
        StatementKind::If { then, otherwise, .. } => {
            one(then)?;
            return otherwise.as_deref().map_or(Ok(()), one);
        }
        StatementKind::Select(query) if assigns(query) => return Ok(()),
        StatementKind::Select(_) => return Err(errors::select_in_function()),
        StatementKind::Insert(insert) if is_table(&insert.target) => "INSERT",
        StatementKind::Update(update) if is_table(&update.target) && update.from.is_empty() => {
            "UPDATE"
        }
        StatementKind::Delete(delete) if is_table(&delete.target) && delete.from.is_empty() => {
            "DELETE"
        }
        StatementKind::TryCatch { .. } => "BEGIN TRY",
        StatementKind::Print(_) => "PRINT",
        StatementKind::RaiseError(_) => "RAISERROR",
        StatementKind::Throw(_) => "THROW",
        StatementKind::WaitFor(_) => "WAITFOR",
        StatementKind::ExecuteText(_) => "EXECUTE STRING",
        _ => return Ok(()),
    };
    Err(errors::side_effect(operator))
}

fn is_table(target: &Target) -> bool {
    matches!(target, Target::Table(_))
}

/// Whether a SELECT gives its values to variables.
fn assigns(query: &Query) -> bool {
    let QueryBody::Select(select) = &query.body else { return false };
    select.items.iter().all(|item| matches!(item, SelectItem::Assign { .. }))
}
