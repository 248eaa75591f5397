//! What stands in FROM.

use super::{Failure, Parser, Result};
use crate::ast::{
    Expr, Identifier, Join, JoinKind, JsonColumn, ObjectName, QueryBody, TableHint, TableSample,
    TableSource, TableSourceKind,
};
use crate::lexer::TokenKind;

/// Functions over rows that have a syntax of their own.
#[rustfmt::skip]
const ROWSET_FUNCTIONS: &[&str] = &[
    "OPENROWSET", "OPENQUERY", "OPENDATASOURCE", "OPENXML", "CONTAINSTABLE", "FREETEXTTABLE",
    "SEMANTICKEYPHRASETABLE", "SEMANTICSIMILARITYDETAILSTABLE", "SEMANTICSIMILARITYTABLE",
];

/// The table hints that may stand in parentheses without WITH.
#[rustfmt::skip]
const BARE_HINTS: &[&str] = &[
    "FASTFIRSTROW", "HOLDLOCK", "INDEX", "NOLOCK", "NOWAIT", "PAGLOCK", "READCOMMITTED",
    "READCOMMITTEDLOCK", "READPAST", "READUNCOMMITTED", "REPEATABLEREAD", "ROWLOCK",
    "SERIALIZABLE", "SNAPSHOT", "TABLOCK", "TABLOCKX", "UPDLOCK", "XLOCK",
];

// === impl Parser ===

impl Parser<'_> {
    /// Reads `FROM source, …` if it stands here.
    pub(super) fn sources(&mut self) -> Result<Vec<TableSource>> {
        if !self.accept_word("FROM") {
            return Ok(Vec::new());
        }
        self.list(|parser| {
            let source = parser.table_source()?;
            parser.check_alias(&source)?;
            Ok(source)
        })
    }

    /// Fails when a source that must have a name has none.
    pub(super) fn check_alias(&self, source: &TableSource) -> Result<()> {
        match source.kind {
            TableSourceKind::Derived(_)
            | TableSourceKind::Values(_)
            | TableSourceKind::Pivot(_)
            | TableSourceKind::Unpivot(_)
                if source.alias.is_none() =>
            {
                self.unexpected()
            }
            _ => Ok(()),
        }
    }

    /// Reads a source with all joins after it.
    pub(super) fn table_source(&mut self) -> Result<TableSource> {
        self.apart(|parser| {
            let first = parser.table_operand()?;
            parser.joins(first, false)
        })
    }

    /// Reads the joins after a source; with `inner`, those before the ON of an outer join.
    fn joins(&mut self, mut left: TableSource, inner: bool) -> Result<TableSource> {
        loop {
            if inner && self.at_word("ON") {
                return Ok(left);
            }
            let line = left.line;
            if self.at_any_word(&["PIVOT", "UNPIVOT"]) {
                self.grow()?;
                left = self.pivoted(left)?;
                continue;
            }
            let Some(kind) = self.join_kind()? else {
                return Ok(left);
            };
            self.check_alias(&left)?;
            let mut right = self.apart(Self::table_operand)?;
            self.check_alias(&right)?;
            let condition = match kind {
                JoinKind::Cross | JoinKind::CrossApply | JoinKind::OuterApply => None,
                _ => {
                    right = self.nested(|parser| parser.joins(right, true))?;
                    self.expect_word("ON")?;
                    Some(self.search_condition()?)
                }
            };
            self.grow()?;
            let join = Box::new(Join { kind, left, right, condition });
            left = source(TableSourceKind::Join(join), line);
        }
    }

    fn join_kind(&mut self) -> Result<Option<JoinKind>> {
        let kind = if self.accept_words(&["CROSS", "APPLY"]) {
            return Ok(Some(JoinKind::CrossApply));
        } else if self.accept_words(&["OUTER", "APPLY"]) {
            return Ok(Some(JoinKind::OuterApply));
        } else if self.accept_words(&["CROSS", "JOIN"]) {
            return Ok(Some(JoinKind::Cross));
        } else if self.accept_word("JOIN") {
            return Ok(Some(JoinKind::Inner));
        } else if self.accept_word("INNER") {
            JoinKind::Inner
        } else if self.accept_word("LEFT") {
            JoinKind::Left
        } else if self.accept_word("RIGHT") {
            JoinKind::Right
        } else if self.accept_word("FULL") {
            JoinKind::Full
        } else {
            return Ok(None);
        };
        if kind != JoinKind::Inner {
            self.accept_word("OUTER");
        }
        // How to join is the database's own choice.
        self.accept_any_word(&["LOOP", "HASH", "MERGE", "REMOTE"]);
        self.expect_word("JOIN")?;
        Ok(Some(kind))
    }

    fn table_operand(&mut self) -> Result<TableSource> {
        let line = self.line();
        if self.kind() == TokenKind::Variable {
            let name = self.table_variable()?;
            if self.at(".") {
                return Err(Failure::Unread("method of a variable"));
            }
            return self.aliased(TableSourceKind::Variable(name), line);
        }
        if self.at("(") {
            return self.source_in_parentheses();
        }
        if let Some(name) = ROWSET_FUNCTIONS.iter().find(|name| self.at_word(name)) {
            return Err(Failure::Unread(name));
        }
        let name = self.used_object()?;
        if self.at("::") {
            return Err(Failure::Unread("system function with ::"));
        }
        if self.at("(") && !self.at_bare_hints() {
            return self.table_function(name, line);
        }
        self.named_table(name, line)
    }

    /// Whether `(NOLOCK …)` stands here.
    fn at_bare_hints(&self) -> bool {
        let ends = self.symbol_ahead(2, ")") || self.symbol_ahead(2, ",");
        let index = self.word_ahead(1, "INDEX");
        (ends || index) && BARE_HINTS.iter().any(|hint| self.word_ahead(1, hint))
    }

    fn named_table(&mut self, name: ObjectName, line: u32) -> Result<TableSource> {
        let mut hints = self.bare_hints()?;
        let mut sample = self.table_sample()?;
        if self.at_words(&["FOR", "SYSTEM_TIME"]) {
            return Err(Failure::Unread("FOR SYSTEM_TIME"));
        }
        let alias = self.table_alias()?;
        hints.append(&mut self.bare_hints()?);
        if sample.is_none() {
            sample = self.table_sample()?;
        }
        hints.append(&mut self.table_hints()?);
        let kind = TableSourceKind::Table { name, sample, hints };
        Ok(TableSource { alias, ..source(kind, line) })
    }

    fn bare_hints(&mut self) -> Result<Vec<TableHint>> {
        if self.at("(") && self.at_bare_hints() {
            self.parenthesized(Self::hint)
        } else {
            Ok(Vec::new())
        }
    }

    /// Reads `WITH (NOLOCK, …)` if it stands here; the commas may be left out.
    pub(super) fn table_hints(&mut self) -> Result<Vec<TableHint>> {
        let mut hints = Vec::new();
        if !(self.at_word("WITH") && self.symbol_ahead(1, "(")) {
            return Ok(hints);
        }
        self.position += 2;
        while !self.accept(")") {
            hints.push(self.hint()?);
            self.accept(",");
        }
        Ok(hints)
    }

    fn table_sample(&mut self) -> Result<Option<Box<TableSample>>> {
        if !self.accept_word("TABLESAMPLE") {
            return Ok(None);
        }
        self.accept_word("SYSTEM");
        self.expect("(")?;
        let amount = self.value()?;
        let rows = self.accept_word("ROWS");
        if !rows {
            self.accept_word("PERCENT");
        }
        self.expect(")")?;
        let repeatable = if self.accept_word("REPEATABLE") {
            self.expect("(")?;
            let seed = self.value()?;
            self.expect(")")?;
            Some(seed)
        } else {
            None
        };
        Ok(Some(Box::new(TableSample { amount, rows, repeatable })))
    }

    fn table_function(&mut self, name: ObjectName, line: u32) -> Result<TableSource> {
        if name.is_plain("PREDICT") {
            return Err(Failure::Unread("PREDICT"));
        }
        let json = name.is_plain("OPENJSON");
        let call = Box::new(self.nested(|parser| parser.plain_call(name))?);
        let json_columns = if json && self.accept_word("WITH") {
            self.parenthesized(Self::json_column)?
        } else {
            Vec::new()
        };
        self.aliased(TableSourceKind::Function { call, json_columns }, line)
    }

    fn json_column(&mut self) -> Result<JsonColumn> {
        let name = self.identifier()?;
        let type_name = self.type_name()?;
        let path = if self.kind() == TokenKind::String { Some(self.string()?) } else { None };
        let as_json = self.accept_words(&["AS", "JSON"]);
        Ok(JsonColumn { name, type_name, path, as_json })
    }

    /// Reads a derived table, a table of VALUES or joins in parentheses.
    fn source_in_parentheses(&mut self) -> Result<TableSource> {
        let token = self.token();
        self.expect("(")?;
        if self.at_query() {
            let query = self.nested_query()?;
            self.expect(")")?;
            return self.aliased(TableSourceKind::Derived(Box::new(query)), token.line);
        }
        if self.at_any_word(&["INSERT", "UPDATE", "DELETE", "MERGE"]) {
            return Err(Failure::Unread("a change of rows in FROM"));
        }
        if self.accept_word("VALUES") {
            let rows = self.rows_of_values()?;
            self.expect(")")?;
            return self.aliased(TableSourceKind::Values(rows), token.line);
        }
        let inner = self.nested(Self::table_source)?;
        let TableSource { kind: TableSourceKind::Derived(query), alias: None, .. } = inner else {
            self.expect(")")?;
            return Ok(inner);
        };
        // `((SELECT 1) UNION SELECT 2) AS t`
        let query = self.nested(|parser| parser.query_from(token, QueryBody::Nested(query)))?;
        self.expect(")")?;
        self.aliased(TableSourceKind::Derived(Box::new(query)), token.line)
    }

    /// Reads `(1, 2), (3, 4)`.
    pub(super) fn rows_of_values(&mut self) -> Result<Vec<Vec<Expr>>> {
        self.list(|parser| parser.parenthesized(Self::value_or_default))
    }

    pub(super) fn aliased(&mut self, kind: TableSourceKind, line: u32) -> Result<TableSource> {
        let alias = self.table_alias()?;
        let columns = if alias.is_some() { self.optional_names()? } else { Vec::new() };
        Ok(TableSource { alias, columns, ..source(kind, line) })
    }

    fn table_alias(&mut self) -> Result<Option<Identifier>> {
        if self.accept_word("AS") {
            return self.identifier().map(Some);
        }
        let window = self.at_word("WINDOW") && self.name_ahead(1) && self.word_ahead(2, "AS");
        if self.name_ahead(0) && !self.at_label() && !window {
            return self.identifier().map(Some);
        }
        Ok(None)
    }
}

fn source(kind: TableSourceKind, line: u32) -> TableSource {
    TableSource { kind, alias: None, columns: Vec::new(), line }
}
