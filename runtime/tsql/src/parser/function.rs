//! Columns and calls.

use super::{Failure, Parser, Result};
use crate::ast::{
    ColumnName, Expr, ExprKind, FrameBound, FrameUnit, FunctionArguments, FunctionCall, Identifier,
    Literal, NamedWindow, ObjectName, Window, WindowFrame,
};
use crate::lexer::TokenKind;

// === impl Parser ===

impl Parser<'_> {
    /// Reads a column, or a call when parentheses follow its name.
    pub(super) fn column_or_call(&mut self) -> Result<ExprKind> {
        let token = self.token();
        let name = if matches!(token.kind, TokenKind::Word { reserved: true }) {
            let name = self.any_identifier();
            self.plain_name(name, token.start, token.line)
        } else {
            self.object_name()?
        };
        if self.at("::") {
            return Err(Failure::Unread("CLR method"));
        }
        if self.at("(") {
            self.references.push(name.clone());
            return self.nested(|parser| parser.call(name));
        }
        Ok(ExprKind::Column(column(name)))
    }

    fn plain_name(&self, name: Identifier, start: usize, line: u32) -> ObjectName {
        let span = self.span_from(start);
        ObjectName { server: None, database: None, schema: None, name, span, line }
    }

    fn call(&mut self, name: ObjectName) -> Result<ExprKind> {
        let plain = name.schema.is_none() && !name.name.quoted;
        let special = if plain { name.name.text.to_ascii_uppercase() } else { String::new() };
        match special.as_str() {
            "CAST" | "TRY_CAST" => self.cast(special.starts_with("TRY")),
            "CONVERT" | "TRY_CONVERT" => self.convert(special.starts_with("TRY")),
            "PARSE" | "TRY_PARSE" => self.parse_call(special.starts_with("TRY")),
            "TRIM" => self.trim(name),
            "JSON_OBJECT" | "JSON_ARRAY" => self.json_constructor(name),
            _ => Ok(ExprKind::Function(Box::new(self.plain_call(name)?))),
        }
    }

    /// Reads the parentheses of a call and what follows them.
    pub(super) fn plain_call(&mut self, name: ObjectName) -> Result<FunctionCall> {
        let predicate_first = name.is_plain("IIF");
        self.expect("(")?;
        let distinct = self.accept_word("DISTINCT");
        if !distinct {
            self.accept_word("ALL");
        }
        let arguments = if self.accept("*") {
            FunctionArguments::Star
        } else if self.at(")") {
            FunctionArguments::List(Vec::new())
        } else {
            let mut list = Vec::new();
            if predicate_first {
                list.push(self.search_condition()?);
                self.expect(",")?;
            }
            list.append(&mut self.list(Self::value_or_default)?);
            FunctionArguments::List(list)
        };
        self.expect(")")?;
        let mut call = FunctionCall {
            name,
            distinct,
            arguments,
            within_group: Vec::new(),
            ignore_nulls: None,
            over: None,
        };
        self.call_tail(&mut call)?;
        Ok(call)
    }

    fn call_tail(&mut self, call: &mut FunctionCall) -> Result<()> {
        if self.accept_words(&["WITHIN", "GROUP"]) {
            self.expect("(")?;
            call.within_group = self.order_by()?;
            self.expect(")")?;
        }
        if self.accept_words(&["IGNORE", "NULLS"]) {
            call.ignore_nulls = Some(true);
        } else if self.accept_words(&["RESPECT", "NULLS"]) {
            call.ignore_nulls = Some(false);
        }
        if self.accept_word("OVER") {
            call.over = Some(self.window()?);
        }
        Ok(())
    }

    /// Reads `DEFAULT` or a value: in VALUES, UPDATE … SET and calls of users' functions.
    pub(super) fn value_or_default(&mut self) -> Result<Expr> {
        let token = self.token();
        if self.accept_word("DEFAULT") {
            return Ok(self.expr(ExprKind::Default, token));
        }
        self.value()
    }

    fn cast(&mut self, lenient: bool) -> Result<ExprKind> {
        self.expect("(")?;
        let operand = Box::new(self.value()?);
        self.expect_word("AS")?;
        let target = self.type_name()?;
        self.expect(")")?;
        Ok(ExprKind::Cast { operand, target, lenient })
    }

    fn convert(&mut self, lenient: bool) -> Result<ExprKind> {
        self.expect("(")?;
        let target = self.type_name()?;
        self.expect(",")?;
        let operand = Box::new(self.value()?);
        let style = if self.accept(",") { Some(Box::new(self.value()?)) } else { None };
        self.expect(")")?;
        Ok(ExprKind::Convert { operand, target, style, lenient })
    }

    fn parse_call(&mut self, lenient: bool) -> Result<ExprKind> {
        self.expect("(")?;
        let operand = Box::new(self.value()?);
        self.expect_word("AS")?;
        let target = self.type_name()?;
        let culture = if self.accept_word("USING") { Some(Box::new(self.value()?)) } else { None };
        self.expect(")")?;
        Ok(ExprKind::Parse { operand, target, culture, lenient })
    }

    /// Reads `TRIM([LEADING | TRAILING | BOTH] [characters FROM] text)`.
    fn trim(&mut self, mut name: ObjectName) -> Result<ExprKind> {
        self.expect("(")?;
        let side = if self.accept_word("LEADING") {
            "LTRIM"
        } else if self.accept_word("TRAILING") {
            "RTRIM"
        } else {
            self.accept_word("BOTH");
            "TRIM"
        };
        name.name = Identifier::new(side);
        let first = self.value()?;
        let arguments =
            if self.accept_word("FROM") { vec![self.value()?, first] } else { vec![first] };
        self.expect(")")?;
        Ok(ExprKind::Function(Box::new(FunctionCall {
            name,
            distinct: false,
            arguments: FunctionArguments::List(arguments),
            within_group: Vec::new(),
            ignore_nulls: None,
            over: None,
        })))
    }

    /// Reads `JSON_OBJECT(key : value, … [NULL | ABSENT ON NULL])` and `JSON_ARRAY(value, …)`.
    fn json_constructor(&mut self, name: ObjectName) -> Result<ExprKind> {
        let object = name.is_plain("JSON_OBJECT");
        self.expect("(")?;
        let mut arguments = Vec::new();
        let clause_ahead = |parser: &Self| {
            parser.at_word("ABSENT") || (parser.at_word("NULL") && parser.word_ahead(1, "ON"))
        };
        while !self.at(")") && !clause_ahead(self) {
            arguments.push(self.value()?);
            if object {
                self.expect(":")?;
                arguments.push(self.value()?);
            }
            if !self.accept(",") {
                break;
            }
        }
        let ignore_nulls = if self.accept_words(&["ABSENT", "ON", "NULL"]) {
            Some(true)
        } else {
            self.accept_words(&["NULL", "ON", "NULL"]).then_some(false)
        };
        self.expect(")")?;
        Ok(ExprKind::Function(Box::new(FunctionCall {
            name,
            distinct: false,
            arguments: FunctionArguments::List(arguments),
            within_group: Vec::new(),
            ignore_nulls,
            over: None,
        })))
    }

    /// Reads `name AS (…)` of the WINDOW clause.
    pub(super) fn named_window(&mut self) -> Result<NamedWindow> {
        let name = self.identifier()?;
        self.expect_word("AS")?;
        if !self.at("(") {
            return self.unexpected();
        }
        Ok(NamedWindow { name, window: self.window()? })
    }

    pub(super) fn window(&mut self) -> Result<Window> {
        let mut window =
            Window { base: None, partition_by: Vec::new(), order_by: Vec::new(), frame: None };
        if !self.accept("(") {
            window.base = Some(self.identifier()?);
            return Ok(window);
        }
        if self.name_ahead(0) && !self.at_any_word(&["PARTITION", "ROWS", "RANGE"]) {
            window.base = Some(self.identifier()?);
        }
        if self.accept_word("PARTITION") {
            self.expect_word("BY")?;
            window.partition_by = self.list(Self::value)?;
        }
        if self.at_word("ORDER") {
            window.order_by = self.order_by()?;
        }
        let unit = if self.accept_word("ROWS") {
            Some(FrameUnit::Rows)
        } else if self.accept_word("RANGE") {
            Some(FrameUnit::Range)
        } else {
            None
        };
        if let Some(unit) = unit {
            window.frame = Some(self.frame(unit)?);
        }
        self.expect(")")?;
        Ok(window)
    }

    fn frame(&mut self, unit: FrameUnit) -> Result<WindowFrame> {
        if !self.accept_word("BETWEEN") {
            return Ok(WindowFrame { unit, start: self.frame_bound()?, end: None });
        }
        let start = self.frame_bound()?;
        self.expect_word("AND")?;
        Ok(WindowFrame { unit, start, end: Some(self.frame_bound()?) })
    }

    fn frame_bound(&mut self) -> Result<FrameBound> {
        if self.accept_words(&["CURRENT", "ROW"]) {
            return Ok(FrameBound::CurrentRow);
        }
        if self.accept_words(&["UNBOUNDED", "PRECEDING"]) {
            return Ok(FrameBound::UnboundedPreceding);
        }
        if self.accept_words(&["UNBOUNDED", "FOLLOWING"]) {
            return Ok(FrameBound::UnboundedFollowing);
        }
        let Ok(rows) = u64::try_from(self.whole_number()?) else {
            return self.unexpected();
        };
        if self.accept_word("PRECEDING") {
            Ok(FrameBound::Preceding(rows))
        } else if self.accept_word("FOLLOWING") {
            Ok(FrameBound::Following(rows))
        } else {
            self.unexpected()
        }
    }

    /// Reads ODBC's escapes, which SQL Server reads too: `{fn NOW()}`, `{ts '…'}`.
    pub(super) fn escape(&mut self) -> Result<ExprKind> {
        self.expect("{")?;
        let kind = if self.accept_word("FN") {
            self.nested(|parser| parser.value())?.kind
        } else if self.accept_any_word(&["D", "T", "TS", "GUID"]) {
            ExprKind::Literal(Literal::String { text: self.string()?, unicode: false })
        } else {
            return self.unexpected();
        };
        self.expect("}")?;
        Ok(kind)
    }
}

/// A column's name from its parts.
pub(super) fn column(name: ObjectName) -> ColumnName {
    let ObjectName { server, database, schema, name, span, line } = name;
    let table = schema.map(|table| {
        Box::new(ObjectName {
            server: None,
            database: server,
            schema: database,
            name: table,
            span,
            line,
        })
    });
    ColumnName { table, name }
}
