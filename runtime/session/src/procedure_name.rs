//! Names of procedures: parsed once, wherever they come from.

use launchpod_tsql::ast::{Identifier, ObjectName, ProcedureName, StatementKind};
use launchpod_types::SqlError;

/// Reads a procedure's name: what a driver calls, or what `EXEC @name` finds in its variable.
///
/// # Errors
/// 2812 when the text is no name, or more than one.
pub(crate) fn read(text: &str) -> Result<ObjectName, SqlError> {
    let batch = launchpod_tsql::parse(&format!("EXEC {text}")).map_err(|_| not_found(text))?;
    let [statement] = batch.statements.as_slice() else { return Err(not_found(text)) };
    match &statement.kind {
        StatementKind::Execute(execute) if execute.arguments.is_empty() => match &execute.procedure
        {
            ProcedureName::Name(name) => Ok(name.clone()),
            ProcedureName::Variable(_) => Err(not_found(text)),
        },
        _ => Err(not_found(text)),
    }
}

/// A name as T-SQL that reads the same whatever it holds.
pub(crate) fn quoted(name: &ObjectName) -> String {
    let parts =
        [name.server.as_ref(), name.database.as_ref(), name.schema.as_ref(), Some(&name.name)];
    let quote = |part: Option<&Identifier>| match part {
        Some(part) => format!("[{}]", part.text.replace(']', "]]")),
        None => String::new(),
    };
    let parts: Vec<String> = parts.into_iter().skip_while(Option::is_none).map(quote).collect();
    parts.join(".")
}

/// The error for a procedure that isn't there.
pub(crate) fn not_found(name: &str) -> SqlError {
    SqlError::new(2812, format!("Could not find stored procedure '{name}'.")).state(62)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_part_by_part() {
        assert_eq!(quoted(&read("db..[a.b]]c]").unwrap()), "[db]..[a.b]]c]");
        assert_eq!(quoted(&read("[sys].[sp_x]").unwrap()), "[sys].[sp_x]");
    }

    #[test]
    fn a_name_is_all_there_is() {
        assert_eq!(read(" \"dbo\".sp_x;1 ").unwrap().name.text, "sp_x");
        for text in ["", "a b", "a 1", "a; SELECT 1", "@a", "a.b.c.d.e", "[a"] {
            assert_eq!(read(text).unwrap_err().number(), 2812, "{text}");
        }
    }
}
