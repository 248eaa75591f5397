//! Errors of statements that change rows.

use launchpod_types::SqlError;

pub(crate) fn version_update() -> SqlError {
    SqlError::new(272, "Cannot update a timestamp column.")
}

pub(crate) fn version_insert() -> SqlError {
    SqlError::new(
        273,
        "Cannot insert an explicit value into a timestamp column. Use INSERT with a column list to \
         exclude the timestamp column, or insert a DEFAULT into the timestamp column.",
    )
}

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

/// A column of a view that isn't a column of its table.
pub(crate) fn derived_field(view: &str) -> SqlError {
    SqlError::new(
        4406,
        format!(
            "Update or insert of view or function '{view}' failed because it contains a derived or \
             constant field."
        ),
    )
}

pub(crate) fn view_of_groups(view: &str) -> SqlError {
    SqlError::new(
        4403,
        format!(
            "Cannot update the view or function '{view}' because it contains aggregates, or a \
             DISTINCT or GROUP BY clause, or PIVOT or UNPIVOT operator."
        ),
    )
}

pub(crate) fn view_of_tables(view: &str) -> SqlError {
    SqlError::new(
        4405,
        format!(
            "View or function '{view}' is not updatable because the modification affects multiple \
             base tables."
        ),
    )
}

pub(crate) fn view_of_union(view: &str) -> SqlError {
    SqlError::new(
        4426,
        format!("View '{view}' is not updatable because the definition contains a UNION operator."),
    )
}

/// All columns of a table, its identity column too, from a source without a column list.
pub(crate) fn identity_without_list(table: &str) -> SqlError {
    SqlError::new(
        8101,
        format!(
            "An explicit value for the identity column in table '{table}' can only be specified \
             when a column list is used and IDENTITY_INSERT is ON."
        ),
    )
}

/// A row without a value for the identity column while IDENTITY_INSERT asks for one.
pub(crate) fn identity_missing(table: &str) -> SqlError {
    SqlError::new(
        545,
        format!(
            "Explicit value must be specified for identity column in table '{table}' either when \
             IDENTITY_INSERT is set to ON or when a replication user is inserting into a NOT FOR \
             REPLICATION identity column."
        ),
    )
}

/// SET IDENTITY_INSERT of a table without an identity column.
pub(crate) fn no_identity_to_set(table: &str) -> SqlError {
    SqlError::new(
        8106,
        format!(
            "Table '{table}' does not have the identity property. Cannot perform SET operation."
        ),
    )
}

/// SET IDENTITY_INSERT … ON while it is on for another table.
pub(crate) fn identity_insert_on(other: &str, table: &str) -> SqlError {
    SqlError::new(
        8107,
        format!(
            "IDENTITY_INSERT is already ON for table '{other}'. Cannot perform SET operation for \
             table '{table}'."
        ),
    )
}

pub(crate) fn unknown_option(name: &str) -> SqlError {
    SqlError::with_class(195, 15, format!("'{name}' is not a recognized SET option.")).state(5)
}

// --- changes through a derived table ---

fn derived_table(number: i32, name: &str, why: &str) -> SqlError {
    SqlError::new(number, format!("Derived table '{name}' is not updatable because {why}."))
}

pub(crate) fn derived_table_field(name: &str) -> SqlError {
    derived_table(4421, name, "a column of the derived table is derived or constant")
}

pub(crate) fn derived_table_of_groups(name: &str) -> SqlError {
    derived_table(
        4418,
        name,
        "it contains aggregates, or a DISTINCT or GROUP BY clause, or PIVOT or UNPIVOT operator",
    )
}

pub(crate) fn derived_table_of_tables(name: &str) -> SqlError {
    derived_table(4420, name, "the modification affects multiple base tables")
}

pub(crate) fn derived_table_of_union(name: &str) -> SqlError {
    derived_table(4417, name, "the definition contains a UNION operator")
}

// --- WITH CHECK OPTION ---

pub(crate) fn check_option() -> SqlError {
    SqlError::new(
        550,
        "The attempted insert or update failed because the target view either specifies WITH \
         CHECK OPTION or spans a view that specifies WITH CHECK OPTION and one or more rows \
         resulting from the operation did not qualify under the CHECK OPTION constraint.",
    )
}

pub(crate) fn check_option_of_top(view: &str) -> SqlError {
    SqlError::new(
        4427,
        format!(
            "Cannot update the view \"{view}\" because it or a view it references was created \
             with WITH CHECK OPTION and its definition contains a TOP or OFFSET clause."
        ),
    )
}

// --- OUTPUT ---

/// A column of a view that isn't the changed table's.
pub(crate) fn output_of_other_table(column: &str) -> SqlError {
    SqlError::new(
        404,
        format!(
            "The column reference \"inserted.{column}\" is not allowed because it refers to a \
             base table that is not being modified in this statement."
        ),
    )
}

/// A column of a view that a subquery computes, of `inserted` or `deleted`.
pub(crate) fn output_of_subquery(rows: &str, column: &str) -> SqlError {
    SqlError::new(
        4186,
        format!(
            "Column '{rows}.{column}' cannot be referenced in the OUTPUT clause because the column \
             definition contains a subquery or references a function that performs user or system \
             data access. A function is assumed by default to perform data access if it is not \
             schemabound. Consider removing the subquery or function from the column definition or \
             removing the column from the OUTPUT clause."
        ),
    )
}
