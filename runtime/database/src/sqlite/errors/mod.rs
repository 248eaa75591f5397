//! The errors of SQL Server that the embedded database raises.
//!
//! Numbers, classes and texts are those of `sys.messages` in SQL Server 2022 (the "Database
//! engine events and errors" pages of its documentation); one function per message.

use launchpod_types::{SqlError, SqlType};

mod call;
mod constraint;
mod define;
mod discover;
mod governor;
mod lock;
mod query;
mod security;
mod sequence;
mod value;
mod write;

pub(crate) use call::*;
pub(crate) use constraint::*;
pub(crate) use define::*;
pub(crate) use discover::*;
pub(crate) use governor::*;
pub(crate) use launchpod_functions::errors::*;
pub(crate) use lock::*;
pub(crate) use query::*;
pub(crate) use security::*;
pub(crate) use sequence::*;
pub(crate) use value::*;
pub(crate) use write::*;

pub(crate) fn syntax_near(text: &str) -> SqlError {
    SqlError::with_class(102, 15, format!("Incorrect syntax near '{text}'."))
}

pub(crate) fn undeclared_variable(name: &str) -> SqlError {
    SqlError::with_class(137, 15, format!("Must declare the scalar variable \"{name}\".")).state(2)
}

pub(crate) fn undeclared_table(name: &str) -> SqlError {
    SqlError::with_class(1087, 15, format!("Must declare the table variable \"{name}\".")).state(2)
}

/// A function about the database whose arguments have to be the same for every row.
pub(crate) fn metadata_of_column() -> SqlError {
    unsupported("A metadata function of a column")
}

pub(crate) fn unknown_function(name: &str) -> SqlError {
    SqlError::with_class(195, 15, format!("'{name}' is not a recognized built-in function name."))
        .state(10)
}

pub(crate) fn argument_count(name: &str, count: &str) -> SqlError {
    SqlError::with_class(174, 15, format!("The {name} function requires {count} argument(s)."))
}

pub(crate) fn needs_clause(function: &str, clause: &str) -> SqlError {
    let number = if clause == "OVER" { 10753 } else { 10754 };
    let text = format!(
        "The function '{function}' must have {} {clause} clause.",
        match clause {
            "OVER" => "an",
            _ => "a",
        }
    );
    SqlError::with_class(number, 15, text)
}

pub(crate) fn collate_type(t: SqlType) -> SqlError {
    SqlError::new(447, format!("Expression type {} is invalid for COLLATE clause.", t.name()))
}

pub(crate) fn invalid_collation(name: &str) -> SqlError {
    SqlError::new(448, format!("Invalid collation '{name}'."))
}

pub(crate) fn tiles_not_positive() -> SqlError {
    SqlError::new(
        4116,
        "The function 'ntile' takes only a positive int or bigint expression as its input.",
    )
}

pub(crate) fn collation_conflict(left: &str, right: &str) -> SqlError {
    SqlError::new(
        468,
        format!(
            "Cannot resolve the collation conflict between \"{left}\" and \"{right}\" in the equal \
             to operation."
        ),
    )
}

pub(crate) fn invalid_column(name: &str) -> SqlError {
    SqlError::new(207, format!("Invalid column name '{name}'."))
}

pub(crate) fn invalid_object(name: &str) -> SqlError {
    SqlError::new(208, format!("Invalid object name '{name}'."))
}

/// A target that FROM names by several aliases.
pub(crate) fn ambiguous_table(name: &str) -> SqlError {
    SqlError::with_class(8154, 15, format!("The table '{name}' is ambiguous."))
}

pub(crate) fn ambiguous_column(name: &str) -> SqlError {
    SqlError::new(209, format!("Ambiguous column name '{name}'."))
}

pub(crate) fn unbound_identifier(name: &str) -> SqlError {
    SqlError::new(4104, format!("The multi-part identifier \"{name}\" could not be bound."))
}

pub(crate) fn unknown_alias(name: &str) -> SqlError {
    SqlError::new(
        107,
        format!(
            "The column prefix '{name}' does not match with a table name or alias name used in \
             the query."
        ),
    )
}

pub(crate) fn duplicate_correlation(name: &str) -> SqlError {
    SqlError::new(
        1011,
        format!("The correlation name '{name}' is specified multiple times in a FROM clause."),
    )
}

pub(crate) fn unnamed_derived_column(column: usize, table: &str) -> SqlError {
    SqlError::new(8155, format!("No column name was specified for column {column} of '{table}'."))
        .state(2)
}

pub(crate) fn derived_column_twice(column: &str, table: &str) -> SqlError {
    SqlError::new(
        8156,
        format!("The column '{column}' was specified multiple times for '{table}'."),
    )
}

pub(crate) fn derived_column_count(table: &str, more: bool) -> SqlError {
    let (number, word) = if more { (8159, "fewer") } else { (8158, "more") };
    SqlError::new(
        number,
        format!("'{table}' has {word} columns than were specified in the column list."),
    )
}

pub(crate) fn not_grouped(column: &str) -> SqlError {
    SqlError::new(
        8120,
        format!(
            "Column '{column}' is invalid in the select list because it is not contained in \
             either an aggregate function or the GROUP BY clause."
        ),
    )
}

pub(crate) fn aggregate_in_where() -> SqlError {
    SqlError::with_class(
        147,
        15,
        "An aggregate may not appear in the WHERE clause unless it is in a subquery contained in \
         a HAVING clause or a select list, and the column being aggregated is an outer reference.",
    )
}

pub(crate) fn nested_aggregate() -> SqlError {
    SqlError::new(
        130,
        "Cannot perform an aggregate function on an expression containing an aggregate or a \
         subquery.",
    )
}

pub(crate) fn operand_type(t: SqlType, operator: &str) -> SqlError {
    SqlError::new(
        8117,
        format!("Operand data type {} is invalid for {operator} operator.", t.name()),
    )
}

pub(crate) fn incompatible_types(left: SqlType, right: SqlType, operator: &str) -> SqlError {
    SqlError::new(
        402,
        format!(
            "The data types {} and {} are incompatible in the {operator} operator.",
            left.name(),
            right.name()
        ),
    )
}

pub(crate) fn type_clash(left: SqlType, right: SqlType) -> SqlError {
    SqlError::new(
        206,
        format!("Operand type clash: {} is incompatible with {}", left.name(), right.name()),
    )
    .state(2)
}

pub(crate) fn implicit_conversion(from: SqlType, to: SqlType) -> SqlError {
    SqlError::new(
        257,
        format!(
            "Implicit conversion from data type {} to {} is not allowed. Use the CONVERT function \
             to run this query.",
            from.name(),
            to.name()
        ),
    )
    .state(3)
}

pub(crate) fn bad_datepart(part: &str, function: &str) -> SqlError {
    SqlError::with_class(155, 15, format!("'{part}' is not a recognized {function} option."))
}

pub(crate) fn truncated(table: &str, column: &str, value: &str) -> SqlError {
    SqlError::new(
        2628,
        format!(
            "String or binary data would be truncated in table '{table}', column '{column}'. \
             Truncated value: '{value}'."
        ),
    )
}

pub(crate) fn not_null(column: &str, table: &str, statement: &str) -> SqlError {
    SqlError::new(
        515,
        format!(
            "Cannot insert the value NULL into column '{column}', table '{table}'; column does \
             not allow nulls. {statement} fails."
        ),
    )
    .state(2)
}

pub(crate) fn more_columns_than_values() -> SqlError {
    SqlError::with_class(
        109,
        15,
        "There are more columns in the INSERT statement than values specified in the VALUES \
         clause. The number of values in the VALUES clause must match the number of columns \
         specified in the INSERT statement.",
    )
}

pub(crate) fn fewer_columns_than_values() -> SqlError {
    SqlError::with_class(
        110,
        15,
        "There are fewer columns in the INSERT statement than values specified in the VALUES \
         clause. The number of values in the VALUES clause must match the number of columns \
         specified in the INSERT statement.",
    )
}

pub(crate) fn select_list_count(more_in_insert: bool) -> SqlError {
    if more_in_insert {
        SqlError::with_class(
            120,
            15,
            "The select list for the INSERT statement contains fewer items than the insert list. \
             The number of SELECT values must match the number of INSERT columns.",
        )
    } else {
        SqlError::with_class(
            121,
            15,
            "The select list for the INSERT statement contains more items than the insert list. \
             The number of SELECT values must match the number of INSERT columns.",
        )
    }
}

pub(crate) fn column_count_mismatch() -> SqlError {
    SqlError::new(213, "Column name or number of supplied values does not match table definition.")
}

pub(crate) fn values_row_length() -> SqlError {
    SqlError::with_class(
        10709,
        15,
        "The number of columns for each row in a table value constructor must be the same.",
    )
}

pub(crate) fn set_operator_columns() -> SqlError {
    SqlError::new(
        205,
        "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal \
         number of expressions in their target lists.",
    )
}

pub(crate) fn one_expression() -> SqlError {
    SqlError::new(
        116,
        "Only one expression can be specified in the select list when the subquery is not \
         introduced with EXISTS.",
    )
}

pub(crate) fn subquery_in_output() -> SqlError {
    SqlError::with_class(10705, 15, "Subqueries are not allowed in the OUTPUT clause.")
}

pub(crate) fn identity_insert(table: &str) -> SqlError {
    SqlError::new(
        544,
        format!(
            "Cannot insert explicit value for identity column in table '{table}' when \
             IDENTITY_INSERT is set to OFF."
        ),
    )
}

pub(crate) fn identity_update(column: &str) -> SqlError {
    SqlError::new(8102, format!("Cannot update identity column '{column}'."))
}

pub(crate) fn column_twice(column: &str) -> SqlError {
    SqlError::new(
        264,
        format!(
            "The column name '{column}' is specified more than once in the SET clause or column \
             list of an INSERT. A column cannot be assigned more than one value in the same \
             clause. Modify the clause to make sure that a column is updated only once."
        ),
    )
}

/// `place`: the column's, parameter's or variable's, from 1.
pub(crate) fn unknown_type(place: usize, name: &str) -> SqlError {
    let text = format!("Column, parameter, or variable #{place}: Cannot find data type {name}.");
    SqlError::new(2715, text).state(6)
}

/// A conversion's type.
pub(crate) fn undefined_type(name: &str) -> SqlError {
    SqlError::new(243, format!("Type {name} is not a defined system type."))
}

pub(crate) fn not_in_transaction(statement: &str) -> SqlError {
    SqlError::new(
        226,
        format!("{statement} statement not allowed within multi-statement transaction."),
    )
    .state(6)
}

pub(crate) fn login_failed(user: &str) -> SqlError {
    SqlError::with_class(18456, 14, format!("Login failed for user '{user}'."))
}

pub(crate) fn cannot_open_database(name: &str) -> SqlError {
    SqlError::with_class(
        4060,
        11,
        format!("Cannot open database \"{name}\" requested by the login. The login failed."),
    )
}

pub(crate) fn cannot_open_default_database() -> SqlError {
    SqlError::with_class(4064, 11, "Cannot open user default database. Login failed.")
}

pub(crate) fn lock_timeout() -> SqlError {
    SqlError::new(1222, "Lock request time out period exceeded.").state(45)
}

pub(crate) fn deadlock(spid: u16) -> SqlError {
    let text = format!(
        "Transaction (Process ID {spid}) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction."
    );
    SqlError::with_class(1205, 13, text).state(51)
}

pub(crate) fn commit_without_begin() -> SqlError {
    SqlError::new(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.")
}

pub(crate) fn rollback_without_begin() -> SqlError {
    SqlError::new(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.")
}

pub(crate) fn no_such_savepoint(name: &str) -> SqlError {
    SqlError::new(
        6401,
        format!("Cannot roll back {name}. No transaction or savepoint of that name was found."),
    )
}

pub(crate) fn save_without_begin() -> SqlError {
    SqlError::new(628, "Cannot issue SAVE TRANSACTION when there is no active transaction.")
        .state(0)
}

pub(crate) fn negative_rows() -> SqlError {
    SqlError::with_class(127, 15, "A TOP N or FETCH rowcount value may not be negative.")
}

pub(crate) fn negative_offset() -> SqlError {
    SqlError::with_class(10742, 15, "The offset specified in a OFFSET clause may not be negative.")
}

pub(crate) fn order_by_position(position: i64) -> SqlError {
    SqlError::new(
        108,
        format!(
            "The ORDER BY position number {position} is out of range of the number of items in \
             the select list."
        ),
    )
}

pub(crate) fn order_by_not_in_list(distinct: bool) -> SqlError {
    if distinct {
        SqlError::with_class(
            145,
            15,
            "ORDER BY items must appear in the select list if SELECT DISTINCT is specified.",
        )
    } else {
        SqlError::new(
            104,
            "ORDER BY items must appear in the select list if the statement contains a UNION, \
             INTERSECT or EXCEPT operator.",
        )
    }
}

pub(crate) fn star_without_from() -> SqlError {
    SqlError::with_class(263, 16, "Must specify table to select from.")
}

pub(crate) fn non_boolean(text: &str) -> SqlError {
    SqlError::with_class(
        4145,
        15,
        format!(
            "An expression of non-boolean type specified in a context where a condition is \
             expected, near '{text}'."
        ),
    )
}

/// The query is too deep or too long for SQLite's limits, which are set for hostile input.
pub(crate) fn too_complex() -> SqlError {
    SqlError::with_class(
        8631,
        17,
        "Internal error: Server stack limit has been reached. Please look for potentially deep \
         nesting in your query, and try to simplify it.",
    )
}
