//! Errors of statements that change rows.

use launchpod_types::SqlError;

pub(crate) fn output_of_insert_exec() -> SqlError {
    SqlError::new(483, "The OUTPUT clause cannot be used in an INSERT...EXEC statement.")
}

/// A row that a caller brings has a value that is longer than its column, by its number.
pub(crate) fn bulk_length(column: usize) -> SqlError {
    SqlError::new(
        4815,
        format!("Received an invalid column length from the bcp client for colid {column}."),
    )
}

/// A row that a caller brings has a value that is none of its column's type.
pub(crate) fn bulk_type(column: usize) -> SqlError {
    SqlError::new(4816, format!("Invalid column type from bcp client for colid {column}."))
}
