//! Errors of definitions: what exists already, what is missing, what stands in the way.

use launchpod_types::{SqlError, SqlType};

pub(crate) fn cannot_drop_schema(name: &str) -> SqlError {
    SqlError::new(
        15151,
        format!(
            "Cannot drop the schema '{name}', because it does not exist or you do not have \
             permission."
        ),
    )
}

/// DROP of one kind with the name of another.
pub(crate) fn wrong_drop(asked: &str, name: &str, is: &str) -> SqlError {
    let article = if is == "index" { "an" } else { "a" };
    SqlError::new(
        3705,
        format!(
            "Cannot use DROP {} with '{name}' because '{name}' is {article} {is}. Use DROP {}.",
            asked.trim_end_matches(" object").to_uppercase(),
            is.trim_end_matches(" object").to_uppercase()
        ),
    )
}

pub(crate) fn no_table_parameter(name: &str) -> SqlError {
    SqlError::with_class(
        346,
        15,
        format!(
            "The parameter \"{name}\" can not be declared READONLY since it is not a table-valued \
             parameter."
        ),
    )
}

pub(crate) fn not_read_only(name: &str) -> SqlError {
    SqlError::with_class(
        352,
        15,
        format!("The table-valued parameter \"{name}\" must be declared with the READONLY option."),
    )
}

pub(crate) fn second_version(table: &str, column: &str) -> SqlError {
    SqlError::new(
        2738,
        format!(
            "A table can only have one timestamp column. Because table '{table}' already has one, \
             the column '{column}' cannot be added."
        ),
    )
}

pub(crate) fn no_such_type(name: &str) -> SqlError {
    SqlError::new(
        218,
        format!(
            "Could not find the type '{name}'. Either it does not exist or you do not have the \
             necessary permission."
        ),
    )
}

pub(crate) fn type_exists(name: &str) -> SqlError {
    SqlError::new(
        219,
        format!("The type '{name}' already exists, or you do not have permission to create it."),
    )
}

pub(crate) fn no_base_type(t: SqlType) -> SqlError {
    SqlError::new(
        15036,
        format!("The data type '{}' does not exist or you do not have permission.", t.name()),
    )
}

pub(crate) fn type_in_use(name: &str, object: &str) -> SqlError {
    SqlError::new(
        3732,
        format!(
            "Cannot drop type '{name}' because it is being referenced by object '{object}'. There \
             may be other objects that reference this type."
        ),
    )
}

pub(crate) fn invalid_synonym(name: &str) -> SqlError {
    SqlError::new(5313, format!("Synonym '{name}' refers to an invalid object."))
}

pub(crate) fn synonym_of_synonym(name: &str, base: &str) -> SqlError {
    SqlError::new(
        470,
        format!(
            "The synonym \"{name}\" referenced synonym \"{base}\". Synonym chaining is not allowed."
        ),
    )
}

pub(crate) fn referenced_by(statement: &str, name: &str, by: &str) -> SqlError {
    SqlError::new(
        3729,
        format!("Cannot {statement} '{name}' because it is being referenced by object '{by}'."),
    )
}

pub(crate) fn incompatible_alter(name: &str) -> SqlError {
    SqlError::new(
        2010,
        format!("Cannot perform alter on '{name}' because it is an incompatible object type."),
    )
}

pub(crate) fn database_prefix(statement: &str) -> SqlError {
    SqlError::with_class(
        166,
        15,
        format!(
            "'{statement}' does not allow specifying the database name as a prefix to the object \
             name."
        ),
    )
}

pub(crate) fn order_by_in_view() -> SqlError {
    SqlError::with_class(
        1033,
        15,
        "The ORDER BY clause is invalid in views, inline functions, derived tables, subqueries, \
         and common table expressions, unless TOP, OFFSET or FOR XML is also specified.",
    )
}

pub(crate) fn nested_too_deep() -> SqlError {
    SqlError::new(
        217,
        "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32).",
    )
}

pub(crate) fn select_in_function() -> SqlError {
    SqlError::with_class(
        444,
        16,
        "Select statements included within a function cannot return data to a client.",
    )
    .state(2)
}

pub(crate) fn side_effect(operator: &str) -> SqlError {
    SqlError::with_class(
        443,
        16,
        format!("Invalid use of a side-effecting operator '{operator}' within a function."),
    )
    .state(15)
}

pub(crate) fn function_arguments(too_few: bool, name: &str) -> SqlError {
    let (number, how) =
        if too_few { (313, "An insufficient number of") } else { (8144, "Too many") };
    let text = if too_few {
        format!("{how} arguments were supplied for the procedure or function {name}.")
    } else {
        format!("Procedure or function {name} has too many arguments specified.")
    };
    SqlError::new(number, text)
}

pub(crate) fn cannot_index(name: &str) -> SqlError {
    SqlError::new(
        1088,
        format!(
            "Cannot find the object \"{name}\" because it does not exist or you do not have \
             permissions."
        ),
    )
    .state(12)
}

pub(crate) fn index_exists(name: &str, table: &str) -> SqlError {
    SqlError::new(
        1913,
        format!(
            "The operation failed because an index or statistics with name '{name}' already \
             exists on table '{table}'."
        ),
    )
}

/// `DROP_EXISTING = ON` without an index of that name.
pub(crate) fn no_index_to_replace(name: &str, table: &str) -> SqlError {
    SqlError::new(7999, format!("Could not find any index named '{name}' for table '{table}'."))
        .state(9)
}

pub(crate) fn no_index(name: &str) -> SqlError {
    SqlError::new(2727, format!("Cannot find index '{name}'.")).state(11)
}

pub(crate) fn index_of_constraint(index: &str, primary: bool) -> SqlError {
    let kind = if primary { "PRIMARY" } else { "UNIQUE" };
    SqlError::new(
        3723,
        format!(
            "An explicit DROP INDEX is not allowed on index '{index}'. It is being used for \
             {kind} KEY constraint enforcement."
        ),
    )
    .state(4)
}

pub(crate) fn key_column_twice(name: &str) -> SqlError {
    SqlError::new(
        1909,
        format!(
            "Cannot use duplicate column names in index. Column name '{name}' listed more than \
             once."
        ),
    )
}

pub(crate) fn no_key_column(name: &str) -> SqlError {
    SqlError::new(1911, format!("Column name '{name}' does not exist in the target table or view."))
}

pub(crate) fn no_key_type(column: &str, table: &str) -> SqlError {
    SqlError::new(
        1919,
        format!(
            "Column '{column}' in table '{table}' is of a type that is invalid for use as a key \
             column in an index."
        ),
    )
}

pub(crate) fn no_primary_key(table: &str) -> SqlError {
    SqlError::new(
        1773,
        format!(
            "Foreign key has implicit reference to object '{table}' which does not have a primary \
             key defined on it."
        ),
    )
    .state(0)
}

/// DBCC finds no table of that name.
pub(crate) fn cannot_find_table(name: &str) -> SqlError {
    let text = format!(
        "Cannot find a table or object with the name \"{name}\". Check the system catalog."
    );
    SqlError::new(2501, text)
}

pub(crate) fn no_identity(table: &str) -> SqlError {
    SqlError::new(7997, format!("'{table}' does not contain an identity column."))
}

pub(crate) fn unnamed_column() -> SqlError {
    SqlError::new(
        1038,
        "An object or column name is missing or empty. For SELECT INTO statements, verify each \
         column has a name. For other statements, look for empty alias names. Aliases defined as \
         \"\" or [] are not allowed. Change the alias to a valid name.",
    )
}

pub(crate) fn identity_without_into() -> SqlError {
    SqlError::with_class(
        177,
        15,
        "The IDENTITY function can only be used when the SELECT statement has an INTO clause.",
    )
}

pub(crate) fn second_identity_function(name: &str) -> SqlError {
    SqlError::new(
        8108,
        format!(
            "Cannot add identity column, using the SELECT INTO statement, to table, which already \
             has column '{name}' that inherits the identity property."
        ),
    )
}

pub(crate) fn second_identity(table: &str) -> SqlError {
    SqlError::new(
        2744,
        format!(
            "Multiple identity columns specified for table '{table}'. Only one identity column \
             per table is allowed."
        ),
    )
}

pub(crate) fn second_default() -> SqlError {
    SqlError::new(1781, "Column already has a DEFAULT bound to it.")
}

pub(crate) fn cannot_alter(name: &str) -> SqlError {
    SqlError::new(
        4902,
        format!(
            "Cannot find the object \"{name}\" because it does not exist or you do not have \
             permissions."
        ),
    )
}

pub(crate) fn column_needs_value(column: &str, table: &str) -> SqlError {
    SqlError::new(
        4901,
        format!(
            "ALTER TABLE only allows columns to be added that can contain nulls, or have a \
             DEFAULT definition specified, or the column being added is an identity or timestamp \
             column, or alternatively if none of the previous conditions are satisfied the table \
             must be empty to allow addition of this column. Column '{column}' cannot be added to \
             non-empty table '{table}' because it does not satisfy these conditions."
        ),
    )
}

/// `word`: ALTER or DROP.
pub(crate) fn no_such_column(word: &str, column: &str, table: &str) -> SqlError {
    SqlError::new(
        4924,
        format!(
            "ALTER TABLE {word} COLUMN failed because column '{column}' does not exist in table \
             '{table}'."
        ),
    )
}

pub(crate) fn last_column(table: &str) -> SqlError {
    SqlError::new(
        4923,
        format!(
            "ALTER TABLE DROP COLUMN failed because it is the only data column in table '{table}'. \
             A table must have at least one data column."
        ),
    )
}

/// DROP or ALTER of a column that something else names.
pub(crate) fn column_in_use(word: &str, column: &str) -> SqlError {
    SqlError::new(
        4922,
        format!(
            "ALTER TABLE {word} COLUMN {column} failed because one or more objects access this \
             column."
        ),
    )
    .state(9)
}

pub(crate) fn not_a_constraint(name: &str) -> SqlError {
    SqlError::new(3728, format!("'{name}' is not a constraint."))
}

pub(crate) fn no_constraint(name: &str) -> SqlError {
    SqlError::new(4917, format!("Constraint '{name}' does not exist."))
}

pub(crate) fn exists_already(name: &str) -> SqlError {
    SqlError::new(2714, format!("There is already an object named '{name}' in the database."))
        .state(6)
}

pub(crate) fn cannot_drop(kind: &str, name: &str) -> SqlError {
    SqlError::with_class(
        3701,
        11,
        format!(
            "Cannot drop the {kind} '{name}', because it does not exist or you do not have \
             permission."
        ),
    )
    .state(5)
}

pub(crate) fn cannot_find_object(name: &str) -> SqlError {
    SqlError::new(
        4701,
        format!(
            "Cannot find the object \"{name}\" because it does not exist or you do not have \
             permissions."
        ),
    )
}

pub(crate) fn unknown_schema(name: &str) -> SqlError {
    SqlError::new(
        2760,
        format!(
            "The specified schema name \"{name}\" either does not exist or you do not have \
             permission to use it."
        ),
    )
}

pub(crate) fn duplicate_column(column: &str, table: &str) -> SqlError {
    SqlError::new(
        2705,
        format!(
            "Column names in each table must be unique. Column name '{column}' in table '{table}' \
             is specified more than once."
        ),
    )
    .state(3)
}

pub(crate) fn system_object(name: &str) -> SqlError {
    SqlError::new(259, format!("Ad hoc updates to system catalogs are not allowed ('{name}')."))
}

pub(crate) fn no_such_database(name: &str) -> SqlError {
    SqlError::new(
        911,
        format!("Database '{name}' does not exist. Make sure that the name is entered correctly."),
    )
}

pub(crate) fn database_exists(name: &str) -> SqlError {
    SqlError::new(
        1801,
        format!("Database '{name}' already exists. Choose a different database name."),
    )
    .state(3)
}

pub(crate) fn system_database(name: &str) -> SqlError {
    SqlError::new(
        3708,
        format!("Cannot drop the database '{name}' because it is a system database."),
    )
}

/// `inserts`: INSERT where rows match; else UPDATE or DELETE where there is nothing to change.
pub(crate) fn merge_action(inserts: bool, action: &str, clause: &str) -> SqlError {
    SqlError::with_class(
        if inserts { 10711 } else { 10710 },
        15,
        format!(
            "An action of type '{action}' is not allowed in the '{clause}' clause of a MERGE \
             statement."
        ),
    )
}

pub(crate) fn merge_action_twice(clause: &str, action: &str) -> SqlError {
    SqlError::with_class(
        10714,
        15,
        format!(
            "An action of type '{clause}' cannot appear more than once in a '{action}' clause of \
             a MERGE statement."
        ),
    )
}

/// A clause that no row comes to, because one before it takes them all.
pub(crate) fn merge_unreachable(clause: &str, conditional: bool) -> SqlError {
    let own = if conditional { "with a search condition" } else { "with no search condition" };
    SqlError::with_class(
        5324,
        15,
        format!(
            "In a MERGE statement, a '{clause}' clause {own} cannot appear after a '{clause}' \
             clause with no search condition."
        ),
    )
}

pub(crate) fn merge_twice() -> SqlError {
    SqlError::new(
        8672,
        "The MERGE statement attempted to UPDATE or DELETE the same row more than once. This \
         happens when a target row matches more than one source row. A MERGE statement cannot \
         UPDATE/DELETE the same row of the target table multiple times. Refine the ON clause to \
         ensure a target row matches at most one source row, or use the GROUP BY clause to group \
         the source rows.",
    )
}

pub(crate) fn unnamed_view_column(column: usize) -> SqlError {
    SqlError::new(
        4511,
        format!(
            "Create View or Function failed because no column name was specified for column \
             {column}."
        ),
    )
}

pub(crate) fn unnamed_function_column(column: usize) -> SqlError {
    SqlError::new(
        4514,
        format!(
            "CREATE FUNCTION failed because a column name is not specified for column {column}."
        ),
    )
}

pub(crate) fn module_column_twice(column: &str, module: &str) -> SqlError {
    SqlError::new(
        4506,
        format!(
            "Column names in each view or function must be unique. Column name '{column}' in view \
             or function '{module}' is specified more than once."
        ),
    )
}

pub(crate) fn more_names_than_columns(module: &str) -> SqlError {
    SqlError::new(
        4502,
        format!(
            "View or function '{module}' has more column names specified than columns defined."
        ),
    )
}
