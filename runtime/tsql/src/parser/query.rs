//! Queries.

use super::{Failure, Parser, Result};
use crate::ast::{
    Cte, Expr, ExprKind, ForClause, ForMode, GroupBy, GroupingSet, Identifier, OffsetFetch,
    OrderItem, Query, QueryBody, Select, SelectItem, SetOperator, TableHint, Top,
};
use crate::error::ParseErrorKind;
use crate::lexer::{Token, TokenKind};

// === impl Parser ===

impl Parser<'_> {
    /// Reads a query with its common table expressions.
    pub(super) fn query(&mut self) -> Result<Query> {
        let token = self.token();
        let ctes = self.ctes()?;
        let body_start = self.token().start;
        let body = self.set_operations(None)?;
        self.query_tail(token, ctes, (body_start, body))
    }

    /// Reads a query within a statement or another query.
    ///
    /// It counts as two levels, which gives SQL Server's limit of 32 subqueries in each other.
    pub(super) fn nested_query(&mut self) -> Result<Query> {
        self.nested(|parser| parser.nested(Self::query))
    }

    /// Reads a query after its first operand, which began with `start`.
    pub(super) fn query_from(&mut self, start: Token, first: QueryBody) -> Result<Query> {
        let body = self.set_operations(Some(first))?;
        self.query_tail(start, Vec::new(), (start.start, body))
    }

    /// Reads `WITH name AS (query), …` if it stands here.
    pub(super) fn ctes(&mut self) -> Result<Vec<Cte>> {
        if !self.accept_word("WITH") {
            return Ok(Vec::new());
        }
        if self.at_word("XMLNAMESPACES") {
            return Err(Failure::Unread("WITH XMLNAMESPACES"));
        }
        self.list(|parser| {
            let name = parser.identifier()?;
            let columns = parser.optional_names()?;
            parser.expect_word("AS")?;
            parser.expect("(")?;
            let query = parser.nested_query()?;
            parser.expect(")")?;
            Ok(Cte { name, columns, query })
        })
    }

    /// Reads operands with UNION and EXCEPT between them.
    fn set_operations(&mut self, first: Option<QueryBody>) -> Result<QueryBody> {
        let mut body = self.intersections(first)?;
        loop {
            let operator = if self.accept_word("UNION") {
                if self.accept_word("ALL") { SetOperator::UnionAll } else { SetOperator::Union }
            } else if self.accept_word("EXCEPT") {
                SetOperator::Except
            } else {
                return Ok(body);
            };
            let operand = self.apart(|parser| parser.intersections(None))?;
            body = self.set_operation(body, operator, operand)?;
        }
    }

    fn intersections(&mut self, first: Option<QueryBody>) -> Result<QueryBody> {
        let mut body = match first {
            Some(first) => first,
            None => self.query_operand()?,
        };
        while self.accept_word("INTERSECT") {
            let operand = self.apart(Self::query_operand)?;
            body = self.set_operation(body, SetOperator::Intersect, operand)?;
        }
        Ok(body)
    }

    /// Puts an operator on top of what was read, beside its like if that is the same operator.
    fn set_operation(
        &mut self,
        mut body: QueryBody,
        operator: SetOperator,
        operand: QueryBody,
    ) -> Result<QueryBody> {
        match &mut body {
            QueryBody::SetOperation { operator: same, operands } if *same == operator => {
                operands.push(operand);
                Ok(body)
            }
            _ => {
                self.grow()?;
                Ok(QueryBody::SetOperation { operator, operands: vec![body, operand] })
            }
        }
    }

    fn query_operand(&mut self) -> Result<QueryBody> {
        if self.at_word("SELECT") {
            return Ok(QueryBody::Select(Box::new(self.select()?)));
        }
        self.expect("(")?;
        let query = self.nested_query()?;
        self.expect(")")?;
        Ok(QueryBody::Nested(Box::new(query)))
    }

    /// Reads what follows the rows, which began at `body_start`.
    fn query_tail(
        &mut self,
        start: Token,
        ctes: Vec<Cte>,
        (body_start, body): (usize, QueryBody),
    ) -> Result<Query> {
        let body_span = self.span_from(body_start);
        let order_by = if self.at_word("ORDER") { self.order_by()? } else { Vec::new() };
        let offset = self.offset_fetch()?;
        let ordered_span = self.span_from(body_start);
        let for_clause = self.for_clause()?;
        let options = self.query_hints()?;
        let span = self.span_from(start.start);
        Ok(Query {
            ctes,
            body,
            order_by,
            offset,
            for_clause,
            options,
            body_span,
            ordered_span,
            span,
            line: start.line,
        })
    }

    fn select(&mut self) -> Result<Select> {
        let token = self.advance();
        let distinct = self.accept_word("DISTINCT");
        if !distinct {
            self.accept_word("ALL");
        }
        let top = self.top()?;
        let first = self.token();
        let items = self.list(Self::select_item)?;
        let list = self.span_from(first.start);
        let assignments =
            items.iter().filter(|item| matches!(item, SelectItem::Assign { .. })).count();
        if assignments != 0 && assignments != items.len() {
            return self.error(ParseErrorKind::AssignAndReturn);
        }
        let into = if self.accept_word("INTO") { Some(self.object_name()?) } else { None };
        if into.is_some() && self.at_word("ON") {
            self.storage()?;
        }
        let from = self.sources()?;
        let filter = self.where_clause()?;
        let group_by = if self.accept_word("GROUP") { Some(self.group_by()?) } else { None };
        let having = if self.accept_word("HAVING") { Some(self.search_condition()?) } else { None };
        let windows = if self.at_word("WINDOW") && self.name_ahead(1) {
            self.advance();
            self.list(Self::named_window)?
        } else {
            Vec::new()
        };
        Ok(Select {
            distinct,
            top,
            items,
            list,
            into,
            from,
            filter,
            group_by,
            having,
            windows,
            span: self.span_from(token.start),
            line: token.line,
        })
    }

    /// Reads `TOP (n) [PERCENT] [WITH TIES]` if it stands here.
    pub(super) fn top(&mut self) -> Result<Option<Top>> {
        if !self.accept_word("TOP") {
            return Ok(None);
        }
        let token = self.token();
        let count = if self.at("(") {
            self.in_parentheses(false)?
        } else if self.kind() == TokenKind::Variable {
            let name = self.variable()?;
            self.expr(ExprKind::Variable(name), token)
        } else {
            let literal = self.literal()?;
            self.expr(ExprKind::Literal(literal), token)
        };
        let percent = self.accept_word("PERCENT");
        let with_ties = self.accept_words(&["WITH", "TIES"]);
        Ok(Some(Top { count, percent, with_ties }))
    }

    /// Reads one item of SELECT or OUTPUT.
    pub(super) fn select_item(&mut self) -> Result<SelectItem> {
        let line = self.line();
        if self.accept("*") {
            return Ok(SelectItem::Star { line });
        }
        if self.kind() == TokenKind::Variable {
            let (here, mentioned) = (self.position, self.mentions.len());
            let variable = self.variable()?;
            if let Some(operator) = self.assign_operator() {
                let value = self.value()?;
                return Ok(SelectItem::Assign { variable, operator, value, line });
            }
            self.position = here;
            self.mentions.truncate(mentioned);
        }
        if (self.name_ahead(0) || self.kind() == TokenKind::String) && self.symbol_ahead(1, "=") {
            let alias = Some(self.alias_name()?);
            self.expect("=")?;
            return Ok(SelectItem::Value { value: self.value()?, alias });
        }
        if self.at_table_star() {
            let name = self.object_name()?;
            self.expect(".")?;
            self.expect("*")?;
            return Ok(SelectItem::TableStar(Box::new(name)));
        }
        let value = self.value()?;
        let alias = if self.accept_word("AS")
            || self.kind() == TokenKind::String
            || (self.name_ahead(0) && !self.at_label())
        {
            Some(self.alias_name()?)
        } else {
            None
        };
        Ok(SelectItem::Value { value, alias })
    }

    /// Reads a column's alias: a name, or a string that serves as one.
    fn alias_name(&mut self) -> Result<Identifier> {
        if self.kind() == TokenKind::String {
            return Ok(Identifier { text: self.string()?, quoted: true });
        }
        self.identifier()
    }

    /// Reads `WHERE predicate` if it stands here.
    pub(super) fn where_clause(&mut self) -> Result<Option<Expr>> {
        if !self.accept_word("WHERE") {
            return Ok(None);
        }
        if self.at_words(&["CURRENT", "OF"]) {
            return Err(Failure::Unread("WHERE CURRENT OF"));
        }
        self.search_condition().map(Some)
    }

    fn group_by(&mut self) -> Result<GroupBy> {
        self.expect_word("BY")?;
        self.accept_word("ALL");
        let elements = self.list(Self::grouping_set)?;
        if self.accept_words(&["WITH", "ROLLUP"]) {
            return Ok(GroupBy { elements: vec![GroupingSet::Rollup(elements)] });
        }
        if self.accept_words(&["WITH", "CUBE"]) {
            return Ok(GroupBy { elements: vec![GroupingSet::Cube(elements)] });
        }
        Ok(GroupBy { elements })
    }

    fn grouping_set(&mut self) -> Result<GroupingSet> {
        let sets =
            |parser: &mut Self| parser.nested(|parser| parser.parenthesized(Self::grouping_set));
        if self.at_word("ROLLUP") && self.symbol_ahead(1, "(") {
            self.advance();
            return Ok(GroupingSet::Rollup(sets(self)?));
        }
        if self.at_word("CUBE") && self.symbol_ahead(1, "(") {
            self.advance();
            return Ok(GroupingSet::Cube(sets(self)?));
        }
        if self.accept_words(&["GROUPING", "SETS"]) {
            return Ok(GroupingSet::Sets(sets(self)?));
        }
        if self.at("(") && self.symbol_ahead(1, ")") {
            self.position += 2;
            return Ok(GroupingSet::Composite(Vec::new()));
        }
        if self.at("(") {
            // `(a, b)` is one element; `(a) + 1` is a value.
            let (here, tallest) = (self.position, self.tallest);
            self.advance();
            let members = self.nested(|parser| parser.list(Self::value));
            if let Ok(members) = members
                && members.len() > 1
            {
                self.expect(")")?;
                return Ok(GroupingSet::Composite(members));
            }
            (self.position, self.tallest) = (here, tallest);
        }
        Ok(GroupingSet::Value(self.value()?))
    }

    /// Reads `ORDER BY …`.
    pub(super) fn order_by(&mut self) -> Result<Vec<OrderItem>> {
        self.expect_word("ORDER")?;
        self.expect_word("BY")?;
        self.list(|parser| {
            let value = parser.value()?;
            let descending = parser.accept_word("DESC");
            if !descending {
                parser.accept_word("ASC");
            }
            Ok(OrderItem { value, descending })
        })
    }

    fn offset_fetch(&mut self) -> Result<Option<OffsetFetch>> {
        if !self.accept_word("OFFSET") {
            return Ok(None);
        }
        let offset = self.value()?;
        self.rows()?;
        let fetch = if self.accept_word("FETCH") {
            if !self.accept_any_word(&["FIRST", "NEXT"]) {
                return self.unexpected();
            }
            let fetch = self.value()?;
            self.rows()?;
            self.expect_word("ONLY")?;
            Some(fetch)
        } else {
            None
        };
        Ok(Some(OffsetFetch { offset, fetch }))
    }

    fn rows(&mut self) -> Result<()> {
        if self.accept_any_word(&["ROWS", "ROW"]) { Ok(()) } else { self.unexpected() }
    }

    fn for_clause(&mut self) -> Result<Option<ForClause>> {
        // A cursor's FOR READ ONLY and FOR UPDATE stand after its query.
        if self.word_ahead(1, "READ") || self.word_ahead(1, "UPDATE") || !self.accept_word("FOR") {
            return Ok(None);
        }
        let xml = [
            ("RAW", ForMode::XmlRaw),
            ("AUTO", ForMode::XmlAuto),
            ("EXPLICIT", ForMode::XmlExplicit),
            ("PATH", ForMode::XmlPath),
        ];
        let json = [("AUTO", ForMode::JsonAuto), ("PATH", ForMode::JsonPath)];
        let modes = if self.accept_word("BROWSE") {
            return Ok(Some(ForClause { mode: ForMode::Browse, options: Vec::new() }));
        } else if self.accept_word("XML") {
            &xml[..]
        } else if self.accept_word("JSON") {
            &json[..]
        } else {
            return self.unexpected();
        };
        let Some(&(_, mode)) = modes.iter().find(|(word, _)| self.at_word(word)) else {
            return self.unexpected();
        };
        // A mode may have an argument, PATH('row'): it is kept as an option of that name.
        let mut options = vec![self.hint()?];
        if options[0].arguments.is_none() {
            options.clear();
        }
        while self.accept(",") {
            let mut option = self.hint()?;
            // ELEMENTS XSINIL, BINARY BASE64
            if option.arguments.is_none() && self.at_any_word(&["XSINIL", "ABSENT", "BASE64"]) {
                option.name = format!("{} {}", option.name, self.hint()?.name);
            }
            options.push(option);
        }
        Ok(Some(ForClause { mode, options }))
    }

    /// Reads `NAME`, `NAME(arguments)` or `NAME = argument`.
    pub(super) fn hint(&mut self) -> Result<TableHint> {
        if !matches!(self.kind(), TokenKind::Word { .. }) {
            return self.unexpected();
        }
        let name = self.text().to_ascii_uppercase();
        self.advance();
        let start = self.token().start;
        let arguments = if self.at("(") {
            self.skip_balanced()?;
            // Without the parentheses, which are one byte each.
            let text = self.span_from(start).text(self.source);
            Some(text[1..text.len() - 1].trim().to_owned())
        } else if self.accept("=") {
            let start = self.token().start;
            self.skip_balanced()?;
            Some(self.span_from(start).text(self.source).to_owned())
        } else {
            None
        };
        Ok(TableHint { name, arguments })
    }

    /// Reads `OPTION (hint, …)` if it stands here.
    pub(super) fn query_hints(&mut self) -> Result<Vec<String>> {
        if !self.accept_word("OPTION") {
            return Ok(Vec::new());
        }
        self.parenthesized(|parser| {
            let start = parser.token().start;
            while !parser.at(",") && !parser.at(")") {
                parser.skip_balanced()?;
            }
            Ok(parser.span_from(start).text(parser.source).to_owned())
        })
    }
}
