//! Errors of constraints: their definitions, and the rows that break them.

use launchpod_functions::convert::{self, Fit};
use launchpod_types::{Length, SqlError, SqlType, Value};

use crate::sqlite::embedded::catalog::Table;
use crate::sqlite::embedded::constraints::StoredConstraint;

// --- definitions ---

pub(crate) fn second_primary_key(table: &str) -> SqlError {
    SqlError::new(1779, format!("Table '{table}' already has a primary key defined on it."))
        .state(0)
}

pub(crate) fn no_default_column(column: &str, table: &str) -> SqlError {
    SqlError::new(
        1752,
        format!(
            "Column '{column}' in table '{table}' is invalid for creating a default constraint."
        ),
    )
    .state(0)
}

pub(crate) fn identity_default(column: &str, table: &str) -> SqlError {
    SqlError::new(
        1754,
        format!(
            "Defaults cannot be created on columns with an IDENTITY attribute. Table '{table}', \
             column '{column}'."
        ),
    )
    .state(0)
}

pub(crate) fn foreign_key_table(table: &str, key: &str) -> SqlError {
    SqlError::new(1767, format!("Foreign key '{key}' references invalid table '{table}'.")).state(0)
}

/// `side` is `referencing` or `referenced`.
pub(crate) fn foreign_key_column(key: &str, column: &str, side: &str, table: &str) -> SqlError {
    let number = if side == "referencing" { 1769 } else { 1770 };
    SqlError::new(
        number,
        format!(
            "Foreign key '{key}' references invalid column '{column}' in {side} table '{table}'."
        ),
    )
    .state(0)
}

pub(crate) fn foreign_key_count(table: &str) -> SqlError {
    SqlError::new(
        8139,
        format!(
            "Number of referencing columns in foreign key differs from number of referenced \
             columns, table '{table}'."
        ),
    )
    .state(0)
}

pub(crate) fn foreign_key_type(referenced: &str, referencing: &str, key: &str) -> SqlError {
    SqlError::new(
        1778,
        format!(
            "Column '{referenced}' is not the same data type as referencing column \
             '{referencing}' in foreign key '{key}'."
        ),
    )
    .state(0)
}

pub(crate) fn no_candidate_key(table: &str, key: &str) -> SqlError {
    SqlError::new(
        1776,
        format!(
            "There are no primary or candidate keys in the referenced table '{table}' that match \
             the referencing column list in the foreign key '{key}'."
        ),
    )
    .state(0)
}

pub(crate) fn constraint_referenced(constraint: &str, table: &str, key: &str) -> SqlError {
    SqlError::new(
        3725,
        format!(
            "The constraint '{constraint}' is being referenced by table '{table}', foreign key \
             constraint '{key}'."
        ),
    )
    .state(0)
}

pub(crate) fn drop_referenced(table: &str) -> SqlError {
    SqlError::new(
        3726,
        format!(
            "Could not drop object '{table}' because it is referenced by a FOREIGN KEY constraint."
        ),
    )
}

/// A CHECK that stands at a column.
pub(crate) fn check_of_another(column: &str, table: &str) -> SqlError {
    SqlError::new(
        8141,
        format!(
            "Column CHECK constraint for column '{column}' references another column, table \
             '{table}'."
        ),
    )
    .state(0)
}

pub(crate) fn truncate_referenced(table: &str) -> SqlError {
    SqlError::new(
        4712,
        format!(
            "Cannot truncate table '{table}' because it is being referenced by a FOREIGN KEY \
             constraint."
        ),
    )
}

pub(crate) fn not_deterministic(column: &str, table: &str) -> SqlError {
    SqlError::new(
        4936,
        format!(
            "Computed column '{column}' in table '{table}' cannot be persisted because the column \
             is non-deterministic."
        ),
    )
}

pub(crate) fn computed_of_computed(column: &str, table: &str) -> SqlError {
    SqlError::new(
        1759,
        format!(
            "Computed column '{column}' in table '{table}' is not allowed to be used in another \
             computed-column definition."
        ),
    )
    .state(0)
}

pub(crate) fn computed_change(column: &str) -> SqlError {
    SqlError::new(
        271,
        format!(
            "The column \"{column}\" cannot be modified because it is either a computed column or \
             is the result of a UNION operator."
        ),
    )
}

pub(crate) fn alter_computed(column: &str) -> SqlError {
    SqlError::new(4928, format!("Cannot alter column '{column}' because it is 'COMPUTED'."))
}

pub(crate) fn alter_identity(column: &str, table: &str) -> SqlError {
    SqlError::new(
        8147,
        format!(
            "Could not create IDENTITY attribute on nullable column '{column}', table '{table}'."
        ),
    )
}

// --- rows ---

pub(crate) fn check_failed(statement: &str, check: &StoredConstraint, table: &Table) -> SqlError {
    let column = table.columns.iter().find(|column| column.column_id == check.column_id);
    let column = column.map_or(String::new(), |column| format!(", column '{}'", column.name));
    conflict(statement, "CHECK", &check.name, &table.database, &table.label(), &column)
}

/// A row that references none: `other` is the table that should have had it.
pub(crate) fn foreign_key_failed(
    statement: &str,
    key: &StoredConstraint,
    table: &Table,
    other: &Table,
) -> SqlError {
    let kind = match table.object_id == other.object_id {
        true => "FOREIGN KEY SAME TABLE",
        false => "FOREIGN KEY",
    };
    let referenced = key.references.as_ref().map_or("", |references| &references.columns);
    let column = only_column(referenced);
    conflict(statement, kind, &key.name, &other.database, &other.label(), &column)
}

/// A row that is referenced from the table that has the key.
pub(crate) fn reference_failed(
    statement: &str,
    key: &StoredConstraint,
    table: &Table,
    other: &Table,
) -> SqlError {
    let kind = match table.object_id == other.object_id {
        true => "SAME TABLE REFERENCE",
        false => "REFERENCE",
    };
    let column = only_column(&key.definition);
    conflict(statement, kind, &key.name, &other.database, &other.label(), &column)
}

fn only_column(columns: &str) -> String {
    match columns.lines().collect::<Vec<_>>().as_slice() {
        [only] => format!(", column '{only}'"),
        _ => String::new(),
    }
}

fn conflict(
    statement: &str,
    kind: &str,
    constraint: &str,
    database: &str,
    table: &str,
    column: &str,
) -> SqlError {
    SqlError::new(
        547,
        format!(
            "The {statement} statement conflicted with the {kind} constraint \"{constraint}\". The \
             conflict occurred in database \"{database}\", table \"{table}\"{column}."
        ),
    )
    .state(0)
}

/// `kind` is `PRIMARY KEY` or `UNIQUE KEY`; `value` comes from [`key_value`].
pub(crate) fn duplicate_key(kind: &str, constraint: &str, table: &str, value: &str) -> SqlError {
    SqlError::with_class(
        2627,
        14,
        format!(
            "Violation of {kind} constraint '{constraint}'. Cannot insert duplicate key in object \
             '{table}'.{value}"
        ),
    )
}

pub(crate) fn duplicate_in_index(table: &str, index: &str, value: &str) -> SqlError {
    SqlError::with_class(
        2601,
        14,
        format!(
            "Cannot insert duplicate key row in object '{table}' with unique index '{index}'.{value}"
        ),
    )
}

pub(crate) fn duplicate_in_new_index(table: &str, index: &str, value: &str) -> SqlError {
    SqlError::new(
        1505,
        format!(
            "The CREATE UNIQUE INDEX statement terminated because a duplicate key was found for \
             the object name '{table}' and the index name '{index}'.{value}"
        ),
    )
}

/// The last sentence of the errors about duplicate keys.
pub(crate) fn key_value(values: &[(Value, SqlType)]) -> String {
    let shown = values.iter().map(|(value, sql_type)| match value {
        Value::Null => "<NULL>".to_owned(),
        Value::Binary(bytes) => format!("0x{}", convert::hex(bytes)),
        Value::Guid(_) => text_of(value, *sql_type).to_lowercase(),
        value => text_of(value, *sql_type),
    });
    format!(" The duplicate key value is ({}).", shown.collect::<Vec<_>>().join(", "))
}

fn text_of(value: &Value, sql_type: SqlType) -> String {
    let text = convert::convert(value, sql_type, SqlType::NVarChar(Length::Max), 0, Fit::Cut);
    match text {
        Ok(Some(Value::Text(text))) => text,
        _ => String::new(),
    }
}
