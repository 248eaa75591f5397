//! Values and predicates.
//!
//! Values ([`Parser::value`]) and predicates ([`Parser::condition`]) are different rules, as in
//! SQL Server, but both give [`Expr`]. What stands in parentheses at the beginning of a
//! predicate may be either; [`is_predicate`] tells which it was.

use super::{Failure, Parser, Result};
use crate::ast::{
    BinaryOperator, CaseBranch, CompareOperator, Expr, ExprKind, Niladic, Quantifier, Query,
    QueryBody, UnaryOperator,
};
use crate::error::ParseErrorKind;
use crate::lexer::{Token, TokenKind};

/// How tight an operator on values binds.
///
/// From the documentation's page «Operator precedence (Transact-SQL)», where the unary `-` has
/// the precedence of the binary one: `-a * b` is `-(a * b)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tightness {
    /// `+ - & ^ |`
    Sum,
    /// `* / %`
    Product,
}

// === impl Parser ===

impl Parser<'_> {
    /// Reads a predicate and nothing else: after WHERE, IF, ON and their kin.
    pub(super) fn search_condition(&mut self) -> Result<Expr> {
        let condition = self.condition()?;
        self.check_predicate(condition)
    }

    /// Reads a value.
    pub(super) fn value(&mut self) -> Result<Expr> {
        self.operation(Tightness::Sum, false)
    }

    /// Reads `a AND b OR c`. A value that stands alone is given as it is.
    fn condition(&mut self) -> Result<Expr> {
        let token = self.token();
        let outer = std::mem::take(&mut self.tallest);
        let first = self.conjunction()?;
        if !self.at_word("OR") {
            self.tallest = self.tallest.max(outer);
            return Ok(first);
        }
        let mut members = vec![self.check_predicate(first)?];
        while self.accept_word("OR") {
            let member = self.apart(Self::conjunction)?;
            members.push(self.check_predicate(member)?);
        }
        self.grow()?;
        self.tallest = self.tallest.max(outer);
        Ok(self.expr(ExprKind::Or(members), token))
    }

    fn conjunction(&mut self) -> Result<Expr> {
        let token = self.token();
        let first = self.negation()?;
        if !self.at_word("AND") {
            return Ok(first);
        }
        let mut members = vec![self.check_predicate(first)?];
        while self.accept_word("AND") {
            let member = self.apart(Self::negation)?;
            members.push(self.check_predicate(member)?);
        }
        self.grow()?;
        Ok(self.expr(ExprKind::And(members), token))
    }

    fn negation(&mut self) -> Result<Expr> {
        let token = self.token();
        if !self.accept_word("NOT") {
            return self.predicate();
        }
        let operand = self.nested(Self::negation)?;
        let operand = Box::new(self.check_predicate(operand)?);
        self.grow()?;
        Ok(self.expr(ExprKind::Not(operand), token))
    }

    fn check_predicate(&self, condition: Expr) -> Result<Expr> {
        if is_predicate(&condition) {
            return Ok(condition);
        }
        let near = self.shown(self.offender());
        self.error(ParseErrorKind::NotCondition { near })
    }

    fn predicate(&mut self) -> Result<Expr> {
        let token = self.token();
        if self.accept_word("EXISTS") {
            let query = self.subquery()?;
            return Ok(self.expr(ExprKind::Exists(query), token));
        }
        if self.at_any_word(&["CONTAINS", "FREETEXT"]) {
            return Err(Failure::Unread("full-text predicate"));
        }
        if self.at_word("UPDATE") {
            return Err(Failure::Unread("UPDATE()"));
        }
        let left = self.operation(Tightness::Sum, true)?;
        if is_predicate(&left) {
            return Ok(left);
        }
        let kind = if let Some(operator) = self.compare_operator() {
            self.comparison(operator, left)?
        } else if self.accept_word("IS") {
            self.is_predicate_tail(left)?
        } else {
            let negated = self.at_word("NOT");
            let operator = self.peek(usize::from(negated));
            let operator = self.text_of(operator).to_ascii_uppercase();
            if !matches!(operator.as_str(), "BETWEEN" | "IN" | "LIKE") {
                return Ok(left);
            }
            self.position += 1 + usize::from(negated);
            match operator.as_str() {
                "BETWEEN" => self.between(left, negated)?,
                "IN" => self.membership(left, negated)?,
                _ => self.like(left, negated)?,
            }
        };
        self.grow()?;
        Ok(self.expr(kind, token))
    }

    /// Takes `=` and its kin; their characters may stand apart.
    fn compare_operator(&mut self) -> Option<CompareOperator> {
        if self.kind() != TokenKind::Symbol {
            return None;
        }
        let joined = match self.text() {
            first @ ("<" | ">" | "!") if self.peek(1).kind == TokenKind::Symbol => {
                match (first, self.text_of(self.peek(1))) {
                    ("<", "=") => Some("<="),
                    (">", "=") => Some(">="),
                    ("!", "=") | ("<", ">") => Some("<>"),
                    ("!", "<") => Some(">="),
                    ("!", ">") => Some("<="),
                    _ => None,
                }
            }
            _ => None,
        };
        let operator = match joined.unwrap_or(self.text()) {
            "=" => CompareOperator::Equal,
            "<>" | "!=" => CompareOperator::NotEqual,
            "<" => CompareOperator::Less,
            "<=" | "!>" => CompareOperator::LessOrEqual,
            ">" => CompareOperator::Greater,
            ">=" | "!<" => CompareOperator::GreaterOrEqual,
            _ => return None,
        };
        self.position += 1 + usize::from(joined.is_some());
        Some(operator)
    }

    fn comparison(&mut self, operator: CompareOperator, left: Expr) -> Result<ExprKind> {
        let left = Box::new(left);
        let quantifier = if self.accept_word("ALL") {
            Quantifier::All
        } else if self.accept_any_word(&["ANY", "SOME"]) {
            Quantifier::Any
        } else {
            let right = Box::new(self.value()?);
            return Ok(ExprKind::Compare { operator, left, right });
        };
        let query = self.subquery()?;
        Ok(ExprKind::CompareQuery { operator, left, quantifier, query })
    }

    fn is_predicate_tail(&mut self, operand: Expr) -> Result<ExprKind> {
        let negated = self.accept_word("NOT");
        if self.accept_word("NULL") {
            return Ok(ExprKind::IsNull { negated, operand: Box::new(operand) });
        }
        if !self.accept_words(&["DISTINCT", "FROM"]) {
            return self.unexpected();
        }
        let right = Box::new(self.value()?);
        Ok(ExprKind::Distinct { negated, left: Box::new(operand), right })
    }

    fn between(&mut self, operand: Expr, negated: bool) -> Result<ExprKind> {
        let low = Box::new(self.value()?);
        self.expect_word("AND")?;
        let high = Box::new(self.value()?);
        Ok(ExprKind::Between { negated, operand: Box::new(operand), low, high })
    }

    fn membership(&mut self, operand: Expr, negated: bool) -> Result<ExprKind> {
        let operand = Box::new(operand);
        self.expect("(")?;
        if self.at_query() {
            let query = Box::new(self.nested_query()?);
            self.expect(")")?;
            return Ok(ExprKind::InQuery { negated, operand, query });
        }
        let mut list = self.nested(|parser| parser.list(Self::value))?;
        self.expect(")")?;
        // `IN ((SELECT …))` is a subquery with parentheses to spare.
        if list.len() == 1
            && let Some(Expr { kind: ExprKind::Subquery(_), .. }) = list.first()
            && let Some(Expr { kind: ExprKind::Subquery(query), .. }) = list.pop()
        {
            return Ok(ExprKind::InQuery { negated, operand, query });
        }
        Ok(ExprKind::InList { negated, operand, list })
    }

    fn like(&mut self, operand: Expr, negated: bool) -> Result<ExprKind> {
        let pattern = Box::new(self.value()?);
        let escape = if self.accept_word("ESCAPE") { Some(Box::new(self.value()?)) } else { None };
        Ok(ExprKind::Like { negated, operand: Box::new(operand), pattern, escape })
    }

    /// Reads operands and the operators between them that bind at least as tight as `least`.
    ///
    /// With `predicates`, what begins with parentheses may be a predicate, and then nothing
    /// after it is read.
    fn operation(&mut self, least: Tightness, predicates: bool) -> Result<Expr> {
        let token = self.token();
        let outer = std::mem::take(&mut self.tallest);
        let mut left = self.unary(predicates)?;
        if !(predicates && is_predicate(&left)) {
            while let Some((operator, tightness)) = self.binary_operator() {
                if tightness < least {
                    break;
                }
                self.advance();
                let right = match tightness {
                    Tightness::Sum => self.operation(Tightness::Product, false)?,
                    Tightness::Product => self.apart(|parser| parser.unary(false))?,
                };
                self.grow()?;
                let (left_box, right) = (Box::new(left), Box::new(right));
                let kind = ExprKind::Binary { operator, left: left_box, right };
                left = self.expr(kind, token);
            }
        }
        self.tallest = self.tallest.max(outer);
        Ok(left)
    }

    fn binary_operator(&self) -> Option<(BinaryOperator, Tightness)> {
        if self.kind() != TokenKind::Symbol {
            return None;
        }
        Some(match self.text() {
            "+" => (BinaryOperator::Add, Tightness::Sum),
            "-" => (BinaryOperator::Subtract, Tightness::Sum),
            "&" => (BinaryOperator::BitAnd, Tightness::Sum),
            "|" => (BinaryOperator::BitOr, Tightness::Sum),
            "^" => (BinaryOperator::BitXor, Tightness::Sum),
            "<<" => (BinaryOperator::ShiftLeft, Tightness::Sum),
            ">>" => (BinaryOperator::ShiftRight, Tightness::Sum),
            "*" => (BinaryOperator::Multiply, Tightness::Product),
            "/" => (BinaryOperator::Divide, Tightness::Product),
            "%" => (BinaryOperator::Modulo, Tightness::Product),
            _ => return None,
        })
    }

    fn unary(&mut self, predicates: bool) -> Result<Expr> {
        let token = self.token();
        let operator = match self.text() {
            _ if token.kind != TokenKind::Symbol => None,
            "-" => Some(UnaryOperator::Minus),
            "+" => Some(UnaryOperator::Plus),
            "~" => Some(UnaryOperator::BitNot),
            _ => None,
        };
        let Some(operator) = operator else {
            return self.postfix(predicates);
        };
        self.advance();
        let operand = self.nested(|parser| match operator {
            UnaryOperator::BitNot => parser.unary(false),
            _ => parser.operation(Tightness::Product, false),
        })?;
        self.grow()?;
        Ok(self.expr(ExprKind::Unary { operator, operand: Box::new(operand) }, token))
    }

    /// Reads an operand with the COLLATE and AT TIME ZONE after it.
    fn postfix(&mut self, predicates: bool) -> Result<Expr> {
        let token = self.token();
        let mut operand = self.primary(predicates)?;
        loop {
            let kind = if self.accept_word("COLLATE") {
                let collation = self.identifier()?;
                ExprKind::Collate { operand: Box::new(operand), collation }
            } else if self.accept_words(&["AT", "TIME", "ZONE"]) {
                let zone = Box::new(self.nested(|parser| parser.primary(false))?);
                ExprKind::AtTimeZone { operand: Box::new(operand), zone }
            } else if self.at(".") && matches!(operand.kind, ExprKind::Subquery(_)) {
                self.xml_value(operand)?
            } else {
                return Ok(operand);
            };
            self.grow()?;
            operand = self.expr(kind, token);
        }
    }

    /// Reads `.value('path', 'type')` after a query.
    fn xml_value(&mut self, operand: Expr) -> Result<ExprKind> {
        self.expect(".")?;
        if !self.at_word("value") {
            return Err(Failure::Unread("method of a query"));
        }
        self.advance();
        self.expect("(")?;
        let path = self.string()?;
        self.expect(",")?;
        let target = self.string()?;
        self.expect(")")?;
        let target = Parser::new(&target)
            .and_then(|mut parser| parser.whole(Parser::type_name))
            .map_err(Failure::Invalid)?;
        Ok(ExprKind::XmlValue { operand: Box::new(operand), path, target })
    }

    fn primary(&mut self, predicates: bool) -> Result<Expr> {
        let token = self.token();
        let kind = match token.kind {
            TokenKind::Symbol if self.at("(") => return self.in_parentheses(predicates),
            TokenKind::Symbol if self.at("{") => self.escape()?,
            TokenKind::Symbol if self.at("%") => self.row_locator()?,
            TokenKind::Variable => {
                let name = self.variable()?;
                if self.at(".") {
                    return Err(Failure::Unread("method of a variable"));
                }
                ExprKind::Variable(name)
            }
            TokenKind::GlobalVariable => {
                self.advance();
                ExprKind::GlobalVariable(self.text_of(token).to_owned())
            }
            _ if self.at_literal() => ExprKind::Literal(self.literal()?),
            TokenKind::Word { reserved: true } => self.reserved_operand()?,
            TokenKind::Word { .. } if self.at_words(&["NEXT", "VALUE", "FOR"]) => {
                self.position += 3;
                self.next_value()?
            }
            TokenKind::Word { .. } | TokenKind::Quoted => self.column_or_call()?,
            _ => return self.unexpected(),
        };
        Ok(self.expr(kind, token))
    }

    /// Reads `%%physloc%%`.
    fn row_locator(&mut self) -> Result<ExprKind> {
        if !self.word_ahead(2, "physloc") {
            return self.unexpected();
        }
        for _ in 0..2 {
            self.expect("%")?;
        }
        self.advance();
        for _ in 0..2 {
            self.expect("%")?;
        }
        Ok(ExprKind::RowLocator)
    }

    /// Reads `(value)`, `(predicate)` or `(SELECT …)`.
    pub(super) fn in_parentheses(&mut self, predicates: bool) -> Result<Expr> {
        let token = self.token();
        self.expect("(")?;
        if self.at_query() {
            let query = Box::new(self.nested_query()?);
            self.expect(")")?;
            return Ok(self.expr(ExprKind::Subquery(query), token));
        }
        let inner =
            self.nested(|parser| if predicates { parser.condition() } else { parser.value() })?;
        // `((SELECT 1) UNION SELECT 2)`: what looked like a value was a query's first operand.
        let set_operator = ["UNION", "EXCEPT", "INTERSECT", "ORDER"];
        let inner = match inner.kind {
            ExprKind::Subquery(first) if self.at_any_word(&set_operator) => {
                let query = self.query_from(token, QueryBody::Nested(first))?;
                self.expr(ExprKind::Subquery(Box::new(query)), token)
            }
            _ => inner,
        };
        self.expect(")")?;
        Ok(inner)
    }

    /// Reads `(SELECT …)` after EXISTS and its kin.
    fn subquery(&mut self) -> Result<Box<Query>> {
        self.expect("(")?;
        let query = self.nested_query()?;
        self.expect(")")?;
        Ok(Box::new(query))
    }

    /// Reads an operand that begins with a reserved word.
    fn reserved_operand(&mut self) -> Result<ExprKind> {
        let niladic = match self.text().to_ascii_uppercase().as_str() {
            "CASE" => return self.nested(Self::case),
            "CONVERT" | "TRY_CONVERT" | "COALESCE" | "NULLIF" | "LEFT" | "RIGHT"
                if self.symbol_ahead(1, "(") =>
            {
                return self.column_or_call();
            }
            "IDENTITY" if self.symbol_ahead(1, "(") => return self.identity_function(),
            "CURRENT_TIMESTAMP" => Niladic::CurrentTimestamp,
            "CURRENT_USER" => Niladic::CurrentUser,
            "SESSION_USER" => Niladic::SessionUser,
            "SYSTEM_USER" => Niladic::SystemUser,
            "USER" => Niladic::User,
            _ => return self.unexpected(),
        };
        self.advance();
        Ok(ExprKind::Niladic(niladic))
    }

    /// Reads `IDENTITY(type [, seed, increment])`.
    fn identity_function(&mut self) -> Result<ExprKind> {
        self.advance();
        self.expect("(")?;
        let target = self.type_name()?;
        let (mut seed, mut increment) = (1, 1);
        if self.accept(",") {
            seed = self.whole_number()?;
            self.expect(",")?;
            increment = self.whole_number()?;
        }
        self.expect(")")?;
        Ok(ExprKind::Identity { target, seed, increment })
    }

    fn case(&mut self) -> Result<ExprKind> {
        self.expect_word("CASE")?;
        let operand = if self.at_word("WHEN") { None } else { Some(Box::new(self.value()?)) };
        let mut branches = Vec::new();
        while self.accept_word("WHEN") {
            let condition =
                if operand.is_some() { self.value()? } else { self.search_condition()? };
            self.expect_word("THEN")?;
            branches.push(CaseBranch { condition, value: self.value()? });
        }
        if branches.is_empty() {
            return self.unexpected();
        }
        let otherwise = if self.accept_word("ELSE") { Some(Box::new(self.value()?)) } else { None };
        self.expect_word("END")?;
        Ok(ExprKind::Case { operand, branches, otherwise })
    }

    /// An expression from a token that was taken to the last one taken.
    pub(super) fn expr(&self, kind: ExprKind, start: Token) -> Expr {
        Expr { kind, span: self.span_from(start.start), line: start.line }
    }
}

/// Whether an expression is true or false rather than a value.
fn is_predicate(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Not(_)
            | ExprKind::Compare { .. }
            | ExprKind::CompareQuery { .. }
            | ExprKind::Distinct { .. }
            | ExprKind::Between { .. }
            | ExprKind::InList { .. }
            | ExprKind::InQuery { .. }
            | ExprKind::Like { .. }
            | ExprKind::IsNull { .. }
            | ExprKind::Exists(_)
    )
}
