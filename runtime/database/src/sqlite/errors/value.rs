//! Errors of built-in functions and of clauses that choose rows.

use launchpod_types::{SqlError, SqlType};

pub(crate) fn not_distinct(sql_type: SqlType) -> SqlError {
    let name = sql_type.name();
    SqlError::new(
        421,
        format!(
            "The {name} data type cannot be selected as DISTINCT because it is not comparable."
        ),
    )
}

pub(crate) fn not_an_operand(sql_type: SqlType) -> SqlError {
    let name = sql_type.name();
    SqlError::new(
        5335,
        format!(
            "The data type {name} cannot be used as an operand to the UNION, INTERSECT or EXCEPT \
             operators because it is not comparable."
        ),
    )
}

pub(crate) fn not_sorted(sql_type: SqlType) -> SqlError {
    match sql_type {
        SqlType::Xml | SqlType::Json => SqlError::new(
            305,
            format!(
                "The {} data type cannot be compared or sorted, except when using the IS NULL \
                 operator.",
                sql_type.name().to_uppercase()
            ),
        ),
        _ => SqlError::new(
            306,
            "The text, ntext, and image data types cannot be compared or sorted, except when using \
             IS NULL or LIKE operator.",
        ),
    }
}

pub(crate) fn null_if_null() -> SqlError {
    SqlError::new(
        4151,
        "The type of the first argument to NULLIF cannot be the NULL constant because the type of \
         the first argument has to be known.",
    )
}

pub(crate) fn string_agg_too_long() -> SqlError {
    SqlError::new(
        9829,
        "STRING_AGG aggregation result exceeded the limit of 8000 bytes. Use LOB types to avoid \
         result truncation.",
    )
}

pub(crate) fn parsing(value: &str, to: SqlType, culture: &str) -> SqlError {
    SqlError::new(
        9819,
        format!(
            "Error converting string value '{value}' into data type {} using culture '{culture}'.",
            to.name()
        ),
    )
}

pub(crate) fn series_types() -> SqlError {
    SqlError::new(
        5373,
        "All the input parameters should be of the same type. Supported types are tinyint, \
         smallint, int, bigint, decimal and numeric.",
    )
}

pub(crate) fn sample_amount() -> SqlError {
    SqlError::with_class(
        476,
        15,
        "Invalid PERCENT tablesample size or ROWS value specified in the TABLESAMPLE clause.",
    )
}

pub(crate) fn ties_without_order() -> SqlError {
    SqlError::with_class(
        1062,
        15,
        "The TOP N WITH TIES clause is not allowed without a corresponding ORDER BY clause.",
    )
}

pub(crate) fn split_separator() -> SqlError {
    SqlError::new(214, "Procedure expects parameter 'separator' of type 'nchar(1)/nvarchar(1)'.")
        .state(11)
}

pub(crate) fn json_auto_without_table() -> SqlError {
    SqlError::new(
        13600,
        "FOR JSON AUTO requires at least one table for generating JSON objects. Use FOR JSON PATH \
         or add a FROM clause with a table name.",
    )
}

pub(crate) fn json_unnamed() -> SqlError {
    SqlError::new(
        13605,
        "Column expressions and data sources without names or aliases cannot be formatted as JSON \
         text using FOR JSON clause. Add alias to the unnamed column or table.",
    )
}

pub(crate) fn xml_unnamed() -> SqlError {
    SqlError::new(
        6809,
        "Unnamed tables cannot be used as XML identifiers as well as unnamed columns cannot be used \
         for attribute names. Name unnamed columns/tables using AS in the SELECT statement.",
    )
}

pub(crate) fn xml_auto_without_table() -> SqlError {
    SqlError::new(
        6800,
        "FOR XML AUTO requires at least one table for generating XML tags. Use FOR XML RAW or add a \
         FROM clause with a table name.",
    )
}

pub(crate) fn xml_name(column: &str, fault: char) -> SqlError {
    let code = u32::from(fault);
    SqlError::new(
        6850,
        format!(
            "Column name '{column}' contains an invalid XML identifier as required by FOR XML; \
             '{fault}'(0x{code:04X}) is the first character at fault."
        ),
    )
}

pub(crate) fn xml_attribute_without_row() -> SqlError {
    SqlError::new(
        6864,
        "Row tag omission (empty row tag name) cannot be used with attribute-centric FOR XML \
         serialization.",
    )
}

pub(crate) fn json_root_without_array() -> SqlError {
    SqlError::new(
        13620,
        "ROOT option and WITHOUT_ARRAY_WRAPPER option cannot be used together in FOR JSON. Remove \
         one of these options.",
    )
}

pub(crate) fn grouping_argument(argument: usize, function: &str) -> SqlError {
    SqlError::new(
        8161,
        format!(
            "Argument {argument} of the {function} function does not match any of the expressions \
             in the GROUP BY clause."
        ),
    )
}

pub(crate) fn too_many_sets(most: usize) -> SqlError {
    SqlError::with_class(
        10705,
        15,
        format!("Too many grouping sets. The maximum number is {most}."),
    )
}

/// A name in PIVOT … IN that the column can't hold.
pub(crate) fn pivot_value(value: &str) -> SqlError {
    SqlError::new(
        473,
        format!("The incorrect value \"{value}\" is supplied in the PIVOT operator."),
    )
}

pub(crate) fn unpivot_type(column: &str) -> SqlError {
    SqlError::new(
        8167,
        format!(
            "The type of column \"{column}\" conflicts with the type of other columns specified \
             in the UNPIVOT list."
        ),
    )
}

pub(crate) fn recursion_exhausted(most: u16) -> SqlError {
    SqlError::new(
        530,
        format!(
            "The statement terminated. The maximum recursion {most} has been exhausted before \
             statement completion."
        ),
    )
}

pub(crate) fn recursion_hint(number: u32, most: u16) -> SqlError {
    SqlError::with_class(
        310,
        15,
        format!(
            "The value {number} specified for the MAXRECURSION option exceeds the allowed maximum \
             of {most}."
        ),
    )
}
