//! Which operator binds tighter.

use launchpod_tsql::ast::{
    Expr, ExprKind, FunctionArguments, QueryBody, SelectItem, StatementKind,
};
use launchpod_tsql::parse;

/// An expression with all its parentheses, operators before their operands.
fn show(expr: &Expr) -> String {
    let join = |members: &[Expr]| members.iter().map(show).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        ExprKind::Literal(launchpod_tsql::ast::Literal::Integer(value)) => value.to_string(),
        ExprKind::Literal(_) => "literal".to_owned(),
        ExprKind::Column(column) => column.name.text.clone(),
        ExprKind::Variable(name) => name.clone(),
        ExprKind::Unary { operator, operand } => format!("({operator:?} {})", show(operand)),
        ExprKind::Binary { operator, left, right } => {
            format!("({operator:?} {} {})", show(left), show(right))
        }
        ExprKind::Compare { operator, left, right } => {
            format!("({operator:?} {} {})", show(left), show(right))
        }
        ExprKind::And(members) => format!("(And {})", join(members)),
        ExprKind::Or(members) => format!("(Or {})", join(members)),
        ExprKind::Not(operand) => format!("(Not {})", show(operand)),
        ExprKind::Between { negated, operand, low, high } => {
            let not = if *negated { "Not" } else { "" };
            format!("({not}Between {} {} {})", show(operand), show(low), show(high))
        }
        ExprKind::InList { operand, list, .. } => format!("(In {} {})", show(operand), join(list)),
        ExprKind::Like { operand, pattern, .. } => {
            format!("(Like {} {})", show(operand), show(pattern))
        }
        ExprKind::IsNull { operand, .. } => format!("(IsNull {})", show(operand)),
        ExprKind::Collate { operand, collation } => {
            format!("(Collate {} {collation})", show(operand))
        }
        ExprKind::AtTimeZone { operand, zone } => {
            format!("(AtTimeZone {} {})", show(operand), show(zone))
        }
        ExprKind::Function(call) => match &call.arguments {
            FunctionArguments::List(list) => format!("({} {})", call.name, join(list)),
            FunctionArguments::Star => format!("({} *)", call.name),
        },
        other => format!("{other:?}"),
    }
}

/// What a SELECT of a value, or a WHERE, is read as.
fn read(text: &str) -> String {
    let batch = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let StatementKind::Select(query) = &batch.statements[0].kind else { panic!("no query") };
    let QueryBody::Select(select) = &query.body else { panic!("no select") };
    match (&select.filter, &select.items[0]) {
        (Some(filter), _) => show(filter),
        (None, SelectItem::Value { value, .. }) => show(value),
        _ => panic!("no value"),
    }
}

/// The documentation's page «Operator precedence (Transact-SQL)».
#[test]
fn values() {
    for (text, tree) in [
        ("2 * 4 + 5", "(Add (Multiply 2 4) 5)"),
        ("2 + 4 * 5", "(Add 2 (Multiply 4 5))"),
        ("2 * (4 + (5 - 3))", "(Multiply 2 (Add 4 (Subtract 5 3)))"),
        ("4 - 2 + 27", "(Add (Subtract 4 2) 27)"),
        ("8 / 4 / 2", "(Divide (Divide 8 4) 2)"),
        ("8 / 4 * 2 % 3", "(Modulo (Multiply (Divide 8 4) 2) 3)"),
        ("1 | 2 + 3 & 4 ^ 5", "(BitXor (BitAnd (Add (BitOr 1 2) 3) 4) 5)"),
        ("1 + 2 | 3 * 4", "(BitOr (Add 1 2) (Multiply 3 4))"),
        ("~1 + 2", "(Add (BitNot 1) 2)"),
        ("~1 * 2", "(Multiply (BitNot 1) 2)"),
        // The sign has the precedence of the binary operator, so it takes the whole product.
        ("-a * b", "(Minus (Multiply a b))"),
        ("-100 / -100 * 10", "(Minus (Divide 100 (Minus (Multiply 100 10))))"),
        ("-a + b", "(Add (Minus a) b)"),
        ("a - -b", "(Subtract a (Minus b))"),
        ("a * -b + c", "(Add (Multiply a (Minus b)) c)"),
        ("a COLLATE x + b", "(Add (Collate a x) b)"),
        ("a + b COLLATE x", "(Add a (Collate b x))"),
        ("a AT TIME ZONE 'x' AT TIME ZONE b", "(AtTimeZone (AtTimeZone a literal) b)"),
        ("f(a + b, c) * 2", "(Multiply (f (Add a b) c) 2)"),
        ("IIF(a > 1 OR b = 2, c, d)", "(IIF (Or (Greater a 1) (Equal b 2)) c d)"),
        ("COUNT(*)", "(COUNT *)"),
        ("TRIM(LEADING a FROM b)", "(LTRIM b a)"),
        ("((a))", "a"),
    ] {
        assert_eq!(read(&format!("SELECT {text}")), tree, "{text}");
    }
}

#[test]
fn predicates() {
    for (text, tree) in [
        ("a = 1 OR b = 2 AND c = 3", "(Or (Equal a 1) (And (Equal b 2) (Equal c 3)))"),
        ("(a = 1 OR b = 2) AND c = 3", "(And (Or (Equal a 1) (Equal b 2)) (Equal c 3))"),
        ("NOT a = 1 AND b = 2", "(And (Not (Equal a 1)) (Equal b 2))"),
        ("NOT (a = 1 AND b = 2)", "(Not (And (Equal a 1) (Equal b 2)))"),
        ("NOT NOT a = 1", "(Not (Not (Equal a 1)))"),
        ("a + 1 > b * 2", "(Greater (Add a 1) (Multiply b 2))"),
        ("(a + 1) * 2 > b", "(Greater (Multiply (Add a 1) 2) b)"),
        ("((a + 1)) > (b)", "(Greater (Add a 1) b)"),
        ("a BETWEEN 1 AND 2 AND b = 3", "(And (Between a 1 2) (Equal b 3))"),
        ("a NOT BETWEEN 1 + 1 AND 2 OR b = 3", "(Or (NotBetween a (Add 1 1) 2) (Equal b 3))"),
        ("a + b IN (1, 2)", "(In (Add a b) 1 2)"),
        ("a LIKE b + c AND d IS NULL", "(And (Like a (Add b c)) (IsNull d))"),
        (
            "a !< 1 AND a !> 1 AND a != 1",
            "(And (GreaterOrEqual a 1) (LessOrEqual a 1) (NotEqual a 1))",
        ),
        ("a < > 1 AND a > = 1", "(And (NotEqual a 1) (GreaterOrEqual a 1))"),
        ("a = -1", "(Equal a (Minus 1))"),
        ("a =-1", "(Equal a (Minus 1))"),
    ] {
        assert_eq!(read(&format!("SELECT 1 WHERE {text}")), tree, "{text}");
    }
}

/// A query's operands and operators.
fn show_body(body: &QueryBody) -> String {
    match body {
        QueryBody::Select(select) => match &select.items[0] {
            SelectItem::Value { value, .. } => show(value),
            other => panic!("{other:?}"),
        },
        QueryBody::SetOperation { operator, operands } => {
            let operands: Vec<_> = operands.iter().map(show_body).collect();
            format!("({operator:?} {})", operands.join(" "))
        }
        QueryBody::Nested(query) => format!("[{}]", show_body(&query.body)),
    }
}

/// The documentation's page «Set Operators - EXCEPT and INTERSECT»: INTERSECT comes first, the
/// others from left to right.
#[test]
fn set_operators() {
    for (text, tree) in [
        ("SELECT 1 UNION SELECT 2 UNION SELECT 3", "(Union 1 2 3)"),
        ("SELECT 1 UNION ALL SELECT 2 UNION SELECT 3", "(Union (UnionAll 1 2) 3)"),
        ("SELECT 1 EXCEPT SELECT 2 EXCEPT SELECT 3", "(Except 1 2 3)"),
        ("SELECT 1 UNION SELECT 2 INTERSECT SELECT 3", "(Union 1 (Intersect 2 3))"),
        ("SELECT 1 INTERSECT SELECT 2 UNION SELECT 3", "(Union (Intersect 1 2) 3)"),
        ("SELECT 1 EXCEPT (SELECT 2 EXCEPT SELECT 3)", "(Except 1 [(Except 2 3)])"),
        ("(SELECT 1) UNION SELECT 2", "(Union [1] 2)"),
    ] {
        let batch = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let StatementKind::Select(query) = &batch.statements[0].kind else { panic!("no query") };
        assert_eq!(show_body(&query.body), tree, "{text}");
    }
}
