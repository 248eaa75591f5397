//! Batches and statements.

use super::{Failure, Parser, Result};
use crate::ast::{
    CreateDatabase, CreateIndex, CreateSchema, CreateSynonym, CreateType, DefineAction, Drop,
    IndexDefinition,
};
use crate::ast::{
    DropKind, RaiseError, Statement, StatementKind, Throw, Transaction, TransactionName, TypeBase,
    WaitFor,
};
use crate::error::ParseErrorKind;
use crate::lexer::{Token, TokenKind};

// === impl Parser ===

impl Parser<'_> {
    /// Reads a whole batch.
    pub(super) fn batch(&mut self) -> Result<Vec<Statement>> {
        let mut statements = Vec::new();
        while self.accept(";") {}
        if self.at_call_without_exec() {
            statements.push(self.read_statement(|parser| parser.call_procedure(None))?);
        }
        statements.append(&mut self.statements()?);
        if self.at_end() { Ok(statements) } else { self.unexpected() }
    }

    /// Whether the batch begins with a procedure's name.
    fn at_call_without_exec(&self) -> bool {
        self.name_ahead(0) && !self.at_label() && !self.at_any_word(&["THROW", "ENABLE", "DISABLE"])
    }

    /// Reads statements up to the batch's or the block's end.
    pub(super) fn statements(&mut self) -> Result<Vec<Statement>> {
        let mut statements = Vec::new();
        loop {
            while self.accept(";") {}
            if self.at_end() || self.at_word("END") {
                return Ok(statements);
            }
            statements.push(self.statement()?);
        }
    }

    /// Reads a statement; one that the tree has no place for becomes opaque.
    pub(super) fn statement(&mut self) -> Result<Statement> {
        self.nested(|parser| parser.read_statement(Self::statement_kind))
    }

    fn read_statement(
        &mut self,
        rule: impl FnOnce(&mut Self) -> Result<StatementKind>,
    ) -> Result<Statement> {
        let (start, token, loops) = (self.position, self.token(), self.loops);
        let (mentioned, referred) = (self.mentions.len(), self.references.len());
        let numbered = self.sequences.len();
        self.tallest = 0;
        let kind = match rule(self) {
            Ok(kind) => kind,
            Err(Failure::Unread(construct)) => {
                self.loops = loops;
                self.mentions.truncate(mentioned);
                self.references.truncate(referred);
                self.sequences.truncate(numbered);
                self.opaque(start, construct)?
            }
            Err(invalid) => return Err(invalid),
        };
        Ok(Statement { kind, span: self.span_from(token.start), line: token.line })
    }

    fn statement_kind(&mut self) -> Result<StatementKind> {
        let token = self.token();
        if self.at_label() {
            let label = self.identifier()?;
            self.advance();
            return Ok(StatementKind::Label(label));
        }
        if self.at("(") {
            return Ok(StatementKind::Select(Box::new(self.query()?)));
        }
        if !matches!(token.kind, TokenKind::Word { .. }) {
            return self.unexpected();
        }
        match self.text().to_ascii_uppercase().as_str() {
            "SELECT" => Ok(StatementKind::Select(Box::new(self.query()?))),
            "WITH" => self.with_ctes(),
            "INSERT" => self.insert(Vec::new()),
            "UPDATE" => self.update(Vec::new()),
            "DELETE" => self.delete(Vec::new()),
            "MERGE" => self.merge(Vec::new()),
            "DECLARE" => self.declare(),
            "SET" => self.set(),
            "EXEC" | "EXECUTE" => self.execute(),
            "CREATE" => self.create(),
            "ALTER" => self.alter(),
            "DROP" => self.drop_objects(),
            "TRUNCATE" => self.truncate(),
            "BEGIN" => self.begin(),
            "IF" => self.if_else(),
            "WHILE" => self.while_loop(),
            "BREAK" => self.leave_loop(StatementKind::Break, ParseErrorKind::BreakOutsideWhile),
            "CONTINUE" => {
                self.leave_loop(StatementKind::Continue, ParseErrorKind::ContinueOutsideWhile)
            }
            "RETURN" => self.return_value(),
            "GOTO" => {
                self.advance();
                self.identifier().map(StatementKind::Goto)
            }
            "PRINT" => {
                self.advance();
                self.value().map(StatementKind::Print)
            }
            "USE" => {
                self.advance();
                self.identifier().map(StatementKind::Use)
            }
            "CHECKPOINT" => self.checkpoint(),
            "DBCC" => self.dbcc(),
            "OPEN" => self.use_cursor(StatementKind::Open),
            "FETCH" => self.fetch(),
            "CLOSE" => self.use_cursor(StatementKind::Close),
            "DEALLOCATE" => self.use_cursor(StatementKind::Deallocate),
            "RAISERROR" => self.raise_error(),
            "THROW" => self.throw(),
            "WAITFOR" => self.wait_for(),
            "COMMIT" | "ROLLBACK" | "SAVE" => self.end_transaction(),
            "GRANT" | "DENY" | "REVOKE" => self.permission_change(),
            "REVERT" => self.revert(),
            "RECONFIGURE" => {
                self.advance();
                let with_override = self.accept_words(&["WITH", "OVERRIDE"]);
                Ok(StatementKind::Reconfigure { with_override })
            }
            "KILL" => {
                self.advance();
                if self.at_any_word(&["STATS", "QUERY"]) {
                    return Err(Failure::Unread("KILL"));
                }
                let kill = self.value()?;
                if self.at_words(&["WITH", "STATUSONLY"]) {
                    return Err(Failure::Unread("WITH STATUSONLY"));
                }
                Ok(StatementKind::Kill(kill))
            }
            _ if self.at_opaque() => Err(Failure::Unread("")),
            _ => self.unexpected(),
        }
    }

    /// Reads a statement that begins with common table expressions.
    fn with_ctes(&mut self) -> Result<StatementKind> {
        let start = self.position;
        let ctes = self.ctes()?;
        match self.text().to_ascii_uppercase().as_str() {
            "INSERT" => self.insert(ctes),
            "UPDATE" => self.update(ctes),
            "DELETE" => self.delete(ctes),
            "MERGE" => self.merge(ctes).map_err(|failure| match failure {
                Failure::Unread(_) => Failure::Unread(super::opaque::MERGE_AFTER_WITH),
                invalid => invalid,
            }),
            "SELECT" | "(" => {
                let mut query = self.query()?;
                let token = self.tokens[start];
                query.ctes = ctes;
                query.span = self.span_from(token.start);
                query.line = token.line;
                Ok(StatementKind::Select(Box::new(query)))
            }
            _ => self.unexpected(),
        }
    }

    fn truncate(&mut self) -> Result<StatementKind> {
        self.advance();
        self.expect_word("TABLE")?;
        let name = self.object_name()?;
        if self.at_word("WITH") && self.symbol_ahead(1, "(") {
            return Err(Failure::Unread("WITH (PARTITIONS)"));
        }
        Ok(StatementKind::Truncate(name))
    }

    fn return_value(&mut self) -> Result<StatementKind> {
        self.advance();
        let value = match self.kind() {
            TokenKind::Symbol => self.at("(") || self.at("-") || self.at("+") || self.at("~"),
            TokenKind::Word { reserved: true } => self.at_any_word(&[
                "NULL",
                "CASE",
                "CONVERT",
                "TRY_CONVERT",
                "COALESCE",
                "NULLIF",
                "LEFT",
                "RIGHT",
                "CURRENT_TIMESTAMP",
                "CURRENT_USER",
                "SESSION_USER",
                "SYSTEM_USER",
                "USER",
            ]),
            TokenKind::End | TokenKind::Go => false,
            TokenKind::Invalid(_) => return self.unexpected(),
            _ => !self.at_label(),
        };
        let value = if value { Some(self.value()?) } else { None };
        Ok(StatementKind::Return(value))
    }

    fn raise_error(&mut self) -> Result<StatementKind> {
        self.advance();
        self.expect("(")?;
        let message = self.value()?;
        self.expect(",")?;
        let severity = self.value()?;
        self.expect(",")?;
        let state = self.value()?;
        let mut arguments = Vec::new();
        while self.accept(",") {
            arguments.push(self.value()?);
        }
        self.expect(")")?;
        let mut raise = RaiseError {
            message,
            severity,
            state,
            arguments,
            log: false,
            no_wait: false,
            set_error: false,
        };
        if self.accept_word("WITH") {
            self.list(|parser| {
                let option = if parser.accept_word("LOG") {
                    &mut raise.log
                } else if parser.accept_word("NOWAIT") {
                    &mut raise.no_wait
                } else if parser.accept_word("SETERROR") {
                    &mut raise.set_error
                } else {
                    return parser.unexpected();
                };
                *option = true;
                Ok(())
            })?;
        }
        Ok(StatementKind::RaiseError(raise))
    }

    fn throw(&mut self) -> Result<StatementKind> {
        self.advance();
        if !matches!(self.kind(), TokenKind::Number | TokenKind::Variable) {
            return Ok(StatementKind::Throw(None));
        }
        let number = self.value()?;
        self.expect(",")?;
        let message = self.value()?;
        self.expect(",")?;
        let state = self.value()?;
        Ok(StatementKind::Throw(Some(Throw { number, message, state })))
    }

    fn wait_for(&mut self) -> Result<StatementKind> {
        self.advance();
        let wait = if self.accept_word("DELAY") {
            WaitFor::Delay(self.value()?)
        } else if self.accept_word("TIME") {
            WaitFor::Time(self.value()?)
        } else if self.at("(") {
            return Err(Failure::Unread("WAITFOR (RECEIVE)"));
        } else {
            return self.unexpected();
        };
        Ok(StatementKind::WaitFor(wait))
    }

    /// Reads `BEGIN TRAN [name] [WITH MARK …]` after its BEGIN.
    pub(super) fn begin_transaction(&mut self) -> Result<StatementKind> {
        self.advance();
        let name = self.transaction_name()?;
        if self.accept_words(&["WITH", "MARK"]) && self.kind() == TokenKind::String {
            self.advance();
        }
        Ok(StatementKind::Transaction(Transaction::Begin { name }))
    }

    fn end_transaction(&mut self) -> Result<StatementKind> {
        let token = self.advance();
        let named = self.accept_any_word(&["TRANSACTION", "TRAN"]);
        if !named {
            self.accept_word("WORK");
        }
        let name = if named { self.transaction_name()? } else { None };
        let verb = self.text_of(token);
        let transaction = if verb.eq_ignore_ascii_case("COMMIT") {
            if self.at_word("WITH") && self.symbol_ahead(1, "(") {
                // DELAYED_DURABILITY: a promise that is kept by doing better.
                self.advance();
                self.skip_balanced()?;
            }
            Transaction::Commit { name }
        } else if verb.eq_ignore_ascii_case("ROLLBACK") {
            Transaction::Rollback { name }
        } else {
            match name {
                Some(name) => Transaction::Save { name },
                None => return self.unexpected(),
            }
        };
        Ok(StatementKind::Transaction(transaction))
    }

    fn transaction_name(&mut self) -> Result<Option<TransactionName>> {
        if self.kind() == TokenKind::Variable {
            return Ok(Some(TransactionName::Variable(self.variable()?)));
        }
        if self.name_ahead(0) && !self.at_label() {
            return Ok(Some(TransactionName::Name(self.identifier()?)));
        }
        Ok(None)
    }

    fn create(&mut self) -> Result<StatementKind> {
        let token = self.advance();
        if let Some(kind) = self.define_module(token)? {
            return Ok(kind);
        }
        if self.accept_word("TABLE") {
            return self.create_table();
        }
        if self.accept_word("DATABASE") {
            return self.create_database();
        }
        if self.accept_word("SCHEMA") {
            return self.create_schema();
        }
        if self.at_any_word(&["UNIQUE", "CLUSTERED", "NONCLUSTERED", "INDEX"]) {
            return self.create_index();
        }
        if self.accept_word("STATISTICS") {
            return self.create_statistics();
        }
        if self.accept_word("SEQUENCE") {
            return self.sequence(false);
        }
        if self.accept_word("TYPE") {
            return self.create_type();
        }
        if self.accept_word("SYNONYM") {
            let name = self.object_name()?;
            self.expect_word("FOR")?;
            let base = self.object_name()?;
            return Ok(StatementKind::CreateSynonym(CreateSynonym { name, base }));
        }
        if let Some(kind) = self.create_principal()? {
            return Ok(kind);
        }
        if let Some(kind) = self.define_governed(false)? {
            return Ok(kind);
        }
        Err(Failure::Unread(""))
    }

    fn create_database(&mut self) -> Result<StatementKind> {
        if self.at_any_word(&["SCOPED", "AUDIT", "ENCRYPTION"]) {
            return Err(Failure::Unread(""));
        }
        let name = self.identifier()?;
        if self.accept_word("CONTAINMENT") {
            self.expect("=")?;
            if !self.accept_word("NONE") {
                return Err(Failure::Unread("CONTAINMENT"));
            }
        }
        self.database_files()?;
        let collation = self.collation()?;
        if self.at_words(&["AS", "SNAPSHOT"]) {
            return Err(Failure::Unread("AS SNAPSHOT OF"));
        }
        if self.at_word("FOR") {
            return Err(Failure::Unread("FOR ATTACH"));
        }
        if self.at_word("WITH") && !self.word_ahead(2, "AS") {
            return Err(Failure::Unread("CREATE DATABASE … WITH"));
        }
        Ok(StatementKind::CreateDatabase(CreateDatabase { name, collation }))
    }

    /// Skips where a database's files would be: `ON PRIMARY (NAME = …), FILEGROUP … LOG ON (…)`.
    fn database_files(&mut self) -> Result<()> {
        if self.accept_word("ON") {
            self.accept_word("PRIMARY");
            self.list(|parser| {
                if parser.accept_word("FILEGROUP") {
                    parser.identifier()?;
                    if parser.at_word("CONTAINS") {
                        return Err(Failure::Unread("FILEGROUP CONTAINS"));
                    }
                    parser.accept_word("DEFAULT");
                }
                parser.skip_balanced()
            })?;
        }
        if self.accept_words(&["LOG", "ON"]) {
            self.list(Self::skip_balanced)?;
        }
        Ok(())
    }

    fn create_type(&mut self) -> Result<StatementKind> {
        let name = self.object_name()?;
        if self.at_words(&["EXTERNAL", "NAME"]) {
            return Err(Failure::Unread(""));
        }
        let base = if self.accept_words(&["AS", "TABLE"]) {
            let definition = self.table_definition()?;
            if self.at_word("WITH") && self.symbol_ahead(1, "(") {
                return Err(Failure::Unread("WITH"));
            }
            TypeBase::Table(definition)
        } else {
            self.expect_word("FROM")?;
            let type_name = self.type_name()?;
            TypeBase::Alias { type_name, nullable: self.nullability()? }
        };
        Ok(StatementKind::CreateType(Box::new(CreateType { name, base })))
    }

    fn create_schema(&mut self) -> Result<StatementKind> {
        let name = if self.at_word("AUTHORIZATION") { None } else { Some(self.identifier()?) };
        let owner = if self.accept_word("AUTHORIZATION") { Some(self.identifier()?) } else { None };
        let Some(name) = name.or_else(|| owner.clone()) else { return self.unexpected() };
        let mut elements = Vec::new();
        while let Some(element) = self.schema_element()? {
            elements.push(element);
        }
        Ok(StatementKind::CreateSchema(CreateSchema { name, owner, elements }))
    }

    /// Reads a statement that is part of the CREATE SCHEMA before it, if one stands here.
    fn schema_element(&mut self) -> Result<Option<Statement>> {
        let token = self.token();
        let kind = if self.accept_words(&["CREATE", "TABLE"]) {
            self.create_table()?
        } else if self.accept_words(&["CREATE", "VIEW"]) {
            self.view(DefineAction::Create)?
        } else if self.at_any_word(&["GRANT", "DENY", "REVOKE"]) {
            self.permission_change()?
        } else {
            return Ok(None);
        };
        Ok(Some(Statement { kind, span: self.span_from(token.start), line: token.line }))
    }

    fn create_index(&mut self) -> Result<StatementKind> {
        let line = self.line();
        let unique = self.accept_word("UNIQUE");
        let clustered = self.clustered();
        if !self.accept_word("INDEX") {
            // COLUMNSTORE and others.
            return Err(Failure::Unread(""));
        }
        let name = self.identifier()?;
        self.expect_word("ON")?;
        let table = self.object_name()?;
        let columns = self.parenthesized(Self::index_column)?;
        let mut index = IndexDefinition {
            unique,
            clustered,
            name,
            columns,
            include: Vec::new(),
            filter: None,
            line,
        };
        let replaces = self.index_rest(&mut index)?;
        Ok(StatementKind::CreateIndex(Box::new(CreateIndex { table, index, replaces })))
    }

    fn alter(&mut self) -> Result<StatementKind> {
        let token = self.advance();
        if let Some(kind) = self.define_module(token)? {
            return Ok(kind);
        }
        if self.accept_word("TABLE") {
            return self.alter_table();
        }
        if self.accept_word("INDEX") {
            return self.alter_index();
        }
        if self.accept_word("SEQUENCE") {
            return self.sequence(true);
        }
        if self.accept_word("AUTHORIZATION") {
            return self.alter_authorization();
        }
        if let Some(kind) = self.alter_principal()? {
            return Ok(kind);
        }
        if let Some(kind) = self.define_governed(true)? {
            return Ok(kind);
        }
        Err(Failure::Unread(""))
    }

    fn drop_objects(&mut self) -> Result<StatementKind> {
        self.advance();
        if let Some(kind) = self.drop_principal()? {
            return Ok(kind);
        }
        if let Some(kind) = self.drop_governed()? {
            return Ok(kind);
        }
        let kinds = [
            ("TABLE", DropKind::Table),
            ("VIEW", DropKind::View),
            ("PROCEDURE", DropKind::Procedure),
            ("PROC", DropKind::Procedure),
            ("FUNCTION", DropKind::Function),
            ("DATABASE", DropKind::Database),
            ("SCHEMA", DropKind::Schema),
            ("INDEX", DropKind::Index),
            ("SEQUENCE", DropKind::Sequence),
            ("SYNONYM", DropKind::Synonym),
            ("TYPE", DropKind::Type),
        ];
        let Some(&(_, kind)) = kinds.iter().find(|(word, _)| self.at_word(word)) else {
            return Err(Failure::Unread(""));
        };
        self.advance();
        if kind == DropKind::Database && self.at_any_word(&["SCOPED", "AUDIT", "ENCRYPTION"]) {
            return Err(Failure::Unread(""));
        }
        let if_exists = self.accept_words(&["IF", "EXISTS"]);
        let mut tables = Vec::new();
        let names = self.list(|parser| {
            let name = parser.object_name()?;
            if kind == DropKind::Index && parser.accept_word("ON") {
                tables.push(parser.object_name()?);
                parser.storage()?;
            }
            Ok(name)
        })?;
        // Both ways of naming an index's table at once.
        if !tables.is_empty() && tables.len() < names.len() {
            return self.unexpected();
        }
        Ok(StatementKind::Drop(Drop { kind, if_exists, names, tables }))
    }

    /// Fails when a definition that began with `start` is not alone in its batch.
    pub(super) fn check_first(&self, start: Token, statement: &str) -> Result<()> {
        let before = self.tokens.iter().take_while(|token| token.start < start.start);
        if before.into_iter().all(|token| self.text_of(*token) == ";") {
            return Ok(());
        }
        Err(Failure::Invalid(crate::ParseError {
            kind: ParseErrorKind::NotFirst { statement: statement.to_owned() },
            line: start.line,
        }))
    }
}
