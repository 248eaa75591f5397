//! The errors of SQL Server that computing a value can end in, and those that the binder gives by the
//! same texts.
//!
//! Numbers, classes and texts are those of `sys.messages` in SQL Server 2022 (the "Database engine
//! events and errors" pages of its documentation); one function per message.

#![allow(missing_docs, reason = "each says what it is in the words that users know")]

use launchpod_exchange::document::JsonError;
use launchpod_types::{SqlError, SqlType};

/// Something SQL Server does and the embedded database doesn't: error 40517, the number with
/// which Azure SQL refuses a keyword or option that it doesn't have.
pub fn unsupported(construct: impl std::fmt::Display) -> SqlError {
    SqlError::new(40517, format!("{construct} is not supported by the embedded database."))
}

pub fn invalid_parameter(argument: usize, function: &str) -> SqlError {
    SqlError::with_class(
        1023,
        15,
        format!("Invalid parameter {argument} specified for {function}."),
    )
}

pub fn argument_type(t: SqlType, argument: usize, function: &str) -> SqlError {
    SqlError::new(
        8116,
        format!(
            "Argument data type {} is invalid for argument {argument} of {function} function.",
            t.name()
        ),
    )
}

pub fn explicit_conversion(from: SqlType, to: SqlType) -> SqlError {
    SqlError::new(
        529,
        format!(
            "Explicit conversion from data type {} to {} is not allowed.",
            from.name(),
            to.name()
        ),
    )
    .state(2)
}

pub fn conversion_failed(from: SqlType, value: &str, to: SqlType) -> SqlError {
    SqlError::new(
        245,
        format!(
            "Conversion failed when converting the {} value '{value}' to data type {}.",
            from.name(),
            to.name()
        ),
    )
}

pub fn converting(from: SqlType, to: SqlType) -> SqlError {
    SqlError::new(
        8114,
        format!("Error converting data type {} to {}.", numeric_name(from), numeric_name(to)),
    )
    .state(5)
}

pub fn date_from_text() -> SqlError {
    SqlError::new(241, "Conversion failed when converting date and/or time from character string.")
}

pub fn guid_from_text() -> SqlError {
    SqlError::new(
        8169,
        "Conversion failed when converting from a character string to uniqueidentifier.",
    )
    .state(2)
}

pub fn money_from_text() -> SqlError {
    SqlError::new(235, "Cannot convert a char value to money. The char value has incorrect syntax.")
}

pub fn date_out_of_range(from: SqlType, to: SqlType) -> SqlError {
    SqlError::new(
        242,
        format!(
            "The conversion of a {} data type to a {} data type resulted in an out-of-range value.",
            from.name(),
            to.name()
        ),
    )
    .state(3)
}

pub fn unknown_language(name: &str) -> SqlError {
    SqlError::new(
        2740,
        format!(
            "SET LANGUAGE failed because '{name}' is not an official language name or a language \
             alias on this SQL Server."
        ),
    )
}

pub fn date_order(name: &str) -> SqlError {
    SqlError::new(2741, format!("SET DATEFORMAT date order '{name}' is invalid."))
}

pub fn date_first(day: i64) -> SqlError {
    SqlError::new(2742, format!("SET DATEFIRST {day} is out of range."))
}

pub fn unknown_time_zone(name: &str) -> SqlError {
    SqlError::new(
        9820,
        format!("The time zone parameter '{name}' provided to AT TIME ZONE clause is invalid."),
    )
}

pub fn date_overflow(t: SqlType) -> SqlError {
    SqlError::new(517, format!("Adding a value to a '{}' column caused an overflow.", t.name()))
}

pub fn date_too_small() -> SqlError {
    SqlError::new(
        9837,
        "An invalid date value was encountered: The date value is less than the minimum date \
         value allowed for the data type.",
    )
    .state(3)
}

pub fn bucket_width() -> SqlError {
    SqlError::new(
        9834,
        "Invalid bucket width value passed to DATE_BUCKET function. Only positive values are \
         allowed.",
    )
}

pub fn datediff_overflow() -> SqlError {
    SqlError::new(
        535,
        "The datediff function resulted in an overflow. The number of dateparts separating two \
         date/time instances is too large. Try to use datediff with a less precise datepart.",
    )
}

pub fn datepart_unsupported(part: &str, function: &str, t: SqlType) -> SqlError {
    SqlError::new(
        9810,
        format!(
            "The datepart {part} is not supported by date function {function} for data type {}.",
            t.name()
        ),
    )
}

pub fn invalid_date_parts() -> SqlError {
    SqlError::new(
        289,
        "Cannot construct data type date, some of the arguments have values which are not valid.",
    )
}

pub fn overflow(to: SqlType) -> SqlError {
    SqlError::new(
        8115,
        format!("Arithmetic overflow error converting expression to data type {}.", to.name()),
    )
    .state(2)
}

pub fn overflow_from(from: SqlType, to: SqlType) -> SqlError {
    SqlError::new(
        8115,
        format!(
            "Arithmetic overflow error converting {} to data type {}.",
            numeric_name(from),
            numeric_name(to)
        ),
    )
    .state(8)
}

pub fn small_overflow(to: SqlType, value: i64) -> SqlError {
    SqlError::new(
        220,
        format!("Arithmetic overflow error for data type {}, value = {value}.", to.name()),
    )
    .state(1)
}

pub fn float_overflow(to: SqlType, value: f64) -> SqlError {
    SqlError::new(
        232,
        format!("Arithmetic overflow error for type {}, value = {value:.6}.", to.name()),
    )
    .state(3)
}

pub fn text_overflow(value: &str, to: SqlType) -> SqlError {
    SqlError::new(
        248,
        format!(
            "The conversion of the varchar value '{value}' overflowed an {} column.",
            to.name()
        ),
    )
}

pub fn insufficient_space(from: SqlType) -> SqlError {
    SqlError::new(
        234,
        format!(
            "There is insufficient result space to convert a {} value to varchar.",
            from.name()
        ),
    )
    .state(2)
}

pub fn invalid_float_operation() -> SqlError {
    SqlError::new(3623, "An invalid floating point operation occurred.")
}

pub fn divide_by_zero() -> SqlError {
    SqlError::new(8134, "Divide by zero error encountered.")
}

pub fn invalid_length(function: &str) -> SqlError {
    SqlError::new(537, format!("Invalid length parameter passed to the {function} function."))
        .state(3)
}

pub fn style(style: i64, from: SqlType, to: SqlType) -> SqlError {
    SqlError::new(
        281,
        format!(
            "{style} is not a valid style number when converting from {} to a character string.",
            if to.is_character() { from.name() } else { to.name() }
        ),
    )
}

pub fn subquery_rows() -> SqlError {
    SqlError::new(
        512,
        "Subquery returned more than 1 value. This is not permitted when the subquery follows =, \
         !=, <, <= , >, >= or when the subquery is used as an expression.",
    )
}

/// SQLite or our own code is wrong: SQL Server's number for an internal query error.
pub fn internal(detail: impl std::fmt::Display) -> SqlError {
    SqlError::new(8624, format!("Internal Query Processor Error: {detail}"))
}

/// `decimal` is called `numeric` in the messages of conversions and overflows.
pub fn numeric_name(t: SqlType) -> &'static str {
    match t {
        SqlType::Decimal { .. } => "numeric",
        _ => t.name(),
    }
}

pub fn json_path(character: char, position: usize) -> SqlError {
    SqlError::new(
        13607,
        format!(
            "JSON path is not properly formatted. Unexpected character '{character}' is found at \
             position {position}."
        ),
    )
    .state(4)
}

pub fn json_property() -> SqlError {
    SqlError::new(13608, "Property cannot be found on the specified JSON path.").state(2)
}

pub fn json_text(error: JsonError) -> SqlError {
    SqlError::new(error.number(), error.to_string()).state(4)
}

pub fn json_scalar() -> SqlError {
    SqlError::new(13623, "Scalar value cannot be found in the specified JSON path.").state(2)
}

pub fn json_fragment() -> SqlError {
    SqlError::new(13624, "Object or array cannot be found in the specified JSON path.").state(2)
}

pub fn json_too_long() -> SqlError {
    SqlError::new(13625, "String value in the specified JSON path would be truncated.")
}

pub fn translate_lengths() -> SqlError {
    SqlError::new(
        9828,
        "The second and third arguments of the TRANSLATE built-in function must contain an equal \
         number of characters.",
    )
}

pub fn invalid_time_zone() -> SqlError {
    SqlError::new(9812, "The timezone provided to builtin function is invalid.")
}

pub fn too_large_to_grow() -> SqlError {
    SqlError::new(7119, "Attempting to grow LOB beyond maximum allowed size.")
}

pub fn archive_corrupted() -> SqlError {
    SqlError::new(9826, "Archive is corrupted or in wrong format.")
}

pub fn series_step() -> SqlError {
    SqlError::new(4199, "Argument value 0 is invalid for argument 3 of generate_series function.")
}

pub fn json_conflict(property: &str) -> SqlError {
    SqlError::new(
        13601,
        format!(
            "Property '{property}' cannot be generated in JSON output due to a conflict with \
             another column name or alias. Use different names and aliases for each column in \
             SELECT list."
        ),
    )
}

pub fn xml_late_attribute(name: &str) -> SqlError {
    SqlError::new(
        6852,
        format!(
            "Attribute-centric column '@{name}' must not come after a non-attribute-centric \
             sibling in XML hierarchy in FOR XML PATH."
        ),
    )
}
