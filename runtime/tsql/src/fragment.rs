//! Texts that are less than a batch: parameters' declarations, the input query and the lists of
//! columns that are given to procedures.

use crate::ast::{Identifier, ParameterDefinition, QueryBody, Statement, StatementKind};
use crate::error::ParseError;
use crate::parser::{Parser, parse};

/// What `@input_data_1` is.
#[derive(Clone, Debug, PartialEq)]
pub enum InputQuery {
    /// No query: nothing but blanks, comments and semicolons.
    Blank,
    /// One query, with a `;` after it or not.
    Select(Box<Statement>),
    /// One query with INTO (39015).
    SelectInto,
    /// Anything else (39001).
    Other,
}

/// A column of `@input_data_1_order_by_columns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderColumn {
    /// Its name.
    pub name: Identifier,
    /// `DESC`
    pub descending: bool,
}

/// Reads declarations as `@params` has them: `@a int, @b nvarchar(50) = N'x' OUTPUT`.
///
/// # Errors
/// A syntax error; none for a blank text, which declares nothing.
pub fn parse_parameters(text: &str) -> Result<Vec<ParameterDefinition>, ParseError> {
    let mut parser = Parser::new(text)?;
    parser.whole(
        |parser| {
            if parser.is_blank() { Ok(Vec::new()) } else { parser.list(Parser::parameter) }
        },
    )
}

/// Says what the text of `@input_data_1` is.
///
/// # Errors
/// A text that is no T-SQL at all.
pub fn parse_input_query(text: &str) -> Result<InputQuery, ParseError> {
    let mut statements = parse(text)?.statements;
    let Some(statement) = statements.pop() else {
        return Ok(InputQuery::Blank);
    };
    let StatementKind::Select(query) = &statement.kind else {
        return Ok(InputQuery::Other);
    };
    if !statements.is_empty() || assigns(&query.body) {
        return Ok(InputQuery::Other);
    }
    if has_into(&query.body) {
        return Ok(InputQuery::SelectInto);
    }
    Ok(InputQuery::Select(Box::new(statement)))
}

/// Reads `a, [b c]`, as `@input_data_1_partition_by_columns` has it; `None` when it is no such
/// list (39105).
pub fn parse_column_list(text: &str) -> Option<Vec<Identifier>> {
    let mut parser = Parser::new(text).ok()?;
    parser.whole(|parser| parser.list(Parser::identifier)).ok()
}

/// Reads `a, b DESC`, as `@input_data_1_order_by_columns` has it; `None` when it is no such
/// list (39106).
pub fn parse_order_list(text: &str) -> Option<Vec<OrderColumn>> {
    let mut parser = Parser::new(text).ok()?;
    let columns = parser.whole(|parser| parser.list(Parser::index_column)).ok()?;
    let order = |column: crate::ast::IndexColumn| OrderColumn {
        name: column.name,
        descending: column.descending,
    };
    Some(columns.into_iter().map(order).collect())
}

/// Whether the first SELECT of a query has INTO: only there it may stand.
fn has_into(body: &QueryBody) -> bool {
    match body {
        QueryBody::Select(select) => select.into.is_some(),
        QueryBody::SetOperation { operands, .. } => operands.first().is_some_and(has_into),
        QueryBody::Nested(query) => has_into(&query.body),
    }
}

/// Whether a query assigns to variables instead of returning rows.
fn assigns(body: &QueryBody) -> bool {
    match body {
        QueryBody::Select(select) => {
            matches!(select.items.first(), Some(crate::ast::SelectItem::Assign { .. }))
        }
        QueryBody::SetOperation { .. } | QueryBody::Nested(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::{ArgumentValue, Literal};
    use launchpod_types::{Length, SqlType};

    #[test]
    fn parameters_have_types_defaults_and_directions() {
        let text = "@a int, @b nvarchar(50) OUTPUT,\n@c AS decimal(9, 3) = -5 OUT, @d sysname";
        let parameters = parse_parameters(text).unwrap();
        let summary: Vec<_> = parameters
            .iter()
            .map(|p| (p.name.as_str(), p.type_name.declared().unwrap(), p.output, p.line))
            .collect();
        assert_eq!(
            summary,
            [
                ("@a", SqlType::Int, false, 1),
                ("@b", SqlType::NVarChar(Length::Limited(50)), true, 1),
                ("@c", SqlType::Decimal { precision: 9, scale: 3 }, true, 2),
                ("@d", SqlType::SYSNAME, false, 2),
            ]
        );
        assert_eq!(parameters[2].default, Some(ArgumentValue::Literal(Literal::Integer(-5))));
        assert_eq!(parse_parameters(" -- none\n").unwrap(), []);
    }

    #[test]
    fn what_is_no_declaration_is_an_error() {
        for text in ["a int", "@a", "@a int,", "@a int; SELECT 1", "@a int @b int", "@a int("] {
            assert!(parse_parameters(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_input_query_is_one_select() {
        for text in [
            "SELECT 1 AS col",
            "select * from t;",
            "WITH a AS (SELECT 1 AS b) SELECT b FROM a ;",
            "(SELECT 1) UNION ALL (SELECT 2)",
            "SELECT * FROM dbo.f(@a, @b) OPTION (MAXDOP 1)",
        ] {
            assert!(matches!(parse_input_query(text), Ok(InputQuery::Select(_))), "{text}");
        }
        for text in ["", " ", "   ;", ";;", "-- nothing\n /* at all */"] {
            assert_eq!(parse_input_query(text), Ok(InputQuery::Blank), "{text}");
        }
        for text in ["SELECT 1 AS a INTO t", "SELECT a INTO #t FROM b UNION SELECT 1;"] {
            assert_eq!(parse_input_query(text), Ok(InputQuery::SelectInto), "{text}");
        }
        for text in [
            "EXEC p",
            "p",
            "DELETE FROM t",
            "SELECT 1; SELECT 2",
            "SELECT 1 SELECT 2",
            "DECLARE @a int",
            "SELECT @a = 1",
            "DBCC CHECKDB",
        ] {
            assert_eq!(parse_input_query(text), Ok(InputQuery::Other), "{text}");
        }
        assert_eq!(parse_input_query("SELECT FROM").unwrap_err().number(), 156);
    }

    #[test]
    fn column_lists() {
        let names = parse_column_list("a, [b c] ,\"d\"").unwrap();
        assert_eq!(
            names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>(),
            ["a", "b c", "d"]
        );
        for text in ["", "a,", "a b", "a.b", "a;", "'a'", "a DESC", "1"] {
            assert_eq!(parse_column_list(text), None, "{text}");
        }
        let order = parse_order_list("a desc, b ASC, c").unwrap();
        assert_eq!(
            order.iter().map(|column| column.descending).collect::<Vec<_>>(),
            [true, false, false]
        );
        assert_eq!(parse_order_list("a DESC DESC"), None);
    }
}
