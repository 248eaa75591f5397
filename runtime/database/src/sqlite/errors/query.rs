//! What a query can't say: windows, orders, counts of rows and recursion.

use launchpod_types::SqlError;

fn syntax(number: i32, text: impl Into<String>) -> SqlError {
    SqlError::with_class(number, 15, text.into())
}

// --- windows ---

pub(crate) fn window_in_wrong_clause() -> SqlError {
    syntax(4108, "Windowed functions can only appear in the SELECT or ORDER BY clauses.")
}

pub(crate) fn nested_window() -> SqlError {
    syntax(
        4109,
        "Windowed functions cannot be used in the context of another windowed function or \
         aggregate.",
    )
}

pub(crate) fn unordered_window(function: &str) -> SqlError {
    syntax(4112, format!("The function '{function}' must have an OVER clause with ORDER BY."))
}

pub(crate) fn no_window_function(function: &str) -> SqlError {
    syntax(
        4113,
        format!(
            "The function '{function}' is not a valid windowing function, and cannot be used with \
             the OVER clause."
        ),
    )
    .state(4)
}

pub(crate) fn backward_frame() -> SqlError {
    SqlError::new(
        4193,
        "'BETWEEN ... FOLLOWING AND ... PRECEDING' is not a valid window frame and cannot be used \
         with the OVER clause.",
    )
}

pub(crate) fn range_of_offsets() -> SqlError {
    SqlError::new(
        4194,
        "RANGE is only supported with UNBOUNDED and CURRENT ROW window frame delimiters.",
    )
}

/// A constant where rows of a window or an aggregate are ordered; a `position` is one that could
/// be a column's number.
pub(crate) fn constant_window_order(position: bool) -> SqlError {
    let (number, what) = if position { (5308, "integer indices") } else { (5309, "constants") };
    syntax(
        number,
        format!(
            "Windowed functions, aggregates and NEXT VALUE FOR functions do not support {what} as \
             ORDER BY clause expressions."
        ),
    )
}

pub(crate) fn negative_neighbour() -> SqlError {
    SqlError::new(8730, "Offset parameter for Lag and Lead functions cannot be a negative value.")
}

pub(crate) fn frame_refused(function: &str) -> SqlError {
    syntax(10752, format!("The function '{function}' may not have a window frame."))
}

pub(crate) fn unordered_frame() -> SqlError {
    syntax(10756, "Window frame with ROWS or RANGE must have an ORDER BY clause.")
}

pub(crate) fn within_group_refused(function: &str) -> SqlError {
    syntax(10757, format!("The function '{function}' may not have a WITHIN GROUP clause.")).state(9)
}

pub(crate) fn ordered_percentile(function: &str) -> SqlError {
    syntax(10758, format!("The function '{function}' may not have ORDER BY in OVER clause."))
}

pub(crate) fn distinct_window() -> SqlError {
    syntax(10759, "Use of DISTINCT is not allowed with the OVER clause.")
}

// --- ORDER BY and GROUP BY ---

pub(crate) fn constant_order(position: usize) -> SqlError {
    syntax(
        408,
        format!("A constant expression was encountered in the ORDER BY list, position {position}."),
    )
}

pub(crate) fn variable_order(position: usize) -> SqlError {
    syntax(
        1008,
        format!(
            "The SELECT item identified by the ORDER BY number {position} contains a variable as \
             part of the expression identifying a column position. Variables are only allowed \
             when ordering by an expression referencing a column name."
        ),
    )
}

pub(crate) fn not_grouped_in_having(column: &str) -> SqlError {
    SqlError::new(
        8121,
        format!(
            "Column '{column}' is invalid in the HAVING clause because it is not contained in \
             either an aggregate function or the GROUP BY clause."
        ),
    )
}

pub(crate) fn not_grouped_in_order(column: &str) -> SqlError {
    SqlError::new(
        8127,
        format!(
            "Column \"{column}\" is invalid in the ORDER BY clause because it is not contained in \
             either an aggregate function or the GROUP BY clause."
        ),
    )
}

// --- counts of rows ---

/// TOP's count, when no constant says so before.
pub(crate) fn invalid_count() -> SqlError {
    SqlError::new(1014, "A TOP or FETCH clause contains an invalid value.")
}

pub(crate) fn invalid_percent() -> SqlError {
    syntax(1031, "Percent values must be between 0 and 100.")
}

pub(crate) fn fractional_count() -> SqlError {
    SqlError::new(
        1060,
        "The number of rows provided for a TOP or FETCH clauses row count parameter must be an \
         integer.",
    )
}

pub(crate) fn fractional_offset() -> SqlError {
    syntax(10743, "The number of rows provided for a OFFSET clause must be an integer.")
}

pub(crate) fn fetch_of_nothing() -> SqlError {
    syntax(10744, "The number of rows provided for a FETCH clause must be greater then zero.")
}

// --- recursion ---

pub(crate) fn no_top_level_union(table: &str) -> SqlError {
    SqlError::new(
        252,
        format!(
            "Recursive common table expression '{table}' does not contain a top-level UNION ALL \
             operator."
        ),
    )
}

pub(crate) fn recursive_references(table: &str) -> SqlError {
    SqlError::new(
        253,
        format!(
            "Recursive member of a common table expression '{table}' has multiple recursive \
             references."
        ),
    )
}

/// `what`: an operator and its verb, as in `DISTINCT operator is`.
pub(crate) fn refused_in_recursion(number: i32, what: &str, table: &str) -> SqlError {
    SqlError::new(
        number,
        format!(
            "{what} not allowed in the recursive part of a recursive common table expression \
             '{table}'."
        ),
    )
}

// --- functions ---

pub(crate) fn last_not_return() -> SqlError {
    SqlError::new(455, "The last statement included within a function must be a return statement.")
        .state(2)
}
