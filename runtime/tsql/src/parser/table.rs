//! CREATE TABLE and ALTER TABLE.

use super::{Failure, Parser, Result};
use crate::ast::{
    AlterTable, AlterTableAction, ColumnDefault, ColumnDefinition, ColumnSource, Constraint,
    ConstraintKind, CreateTable, Expr, ForeignKey, Identifier, IdentityColumn, IndexColumn,
    IndexDefinition, ReferentialAction, StatementKind, TableDefinition, TablePart,
};

/// Words that begin a constraint which stands by itself.
const TABLE_CONSTRAINTS: &[&str] = &["CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK"];

/// Options of an index that may stand after WITH without parentheses.
const OLD_OPTIONS: &[&str] =
    &["FILLFACTOR", "IGNORE_DUP_KEY", "PAD_INDEX", "SORT_IN_TEMPDB", "STATISTICS_NORECOMPUTE"];

/// Options of a column that are not read, by their first word.
const UNREAD_OPTIONS: [(&str, &str); 6] = [
    ("COLUMN_SET", "COLUMN_SET"),
    ("ENCRYPTED", "ENCRYPTED WITH"),
    ("FILESTREAM", "FILESTREAM"),
    ("GENERATED", "GENERATED ALWAYS"),
    ("HIDDEN", "HIDDEN"),
    ("MASKED", "MASKED WITH"),
];

/// Clauses of ALTER TABLE that are not read, by their first word.
const UNREAD_CLAUSES: [(&str, &str); 5] = [
    ("DISABLE", "ALTER TABLE … DISABLE"),
    ("ENABLE", "ALTER TABLE … ENABLE"),
    ("NOCHECK", "ALTER TABLE … NOCHECK CONSTRAINT"),
    ("SET", "ALTER TABLE … SET"),
    ("SWITCH", "ALTER TABLE … SWITCH"),
];

// === impl Parser ===

impl Parser<'_> {
    pub(super) fn create_table(&mut self) -> Result<StatementKind> {
        let name = self.object_name()?;
        if self.at_word("AS") {
            return Err(Failure::Unread("AS FILETABLE, NODE or EDGE"));
        }
        let definition = self.table_definition()?;
        if self.at_word("AS") {
            return Err(Failure::Unread("AS FILETABLE, NODE or EDGE"));
        }
        self.storage()?;
        Ok(StatementKind::CreateTable(Box::new(CreateTable { name, definition })))
    }

    /// Reads `(columns and constraints)`; a comma may stand after the last.
    pub(super) fn table_definition(&mut self) -> Result<TableDefinition> {
        let mut definition = TableDefinition::default();
        self.expect("(")?;
        loop {
            self.table_element(&mut definition)?;
            if !self.accept(",") || self.at(")") {
                break;
            }
        }
        self.expect(")")?;
        Ok(definition)
    }

    fn table_element(&mut self, definition: &mut TableDefinition) -> Result<()> {
        if self.at_words(&["PERIOD", "FOR"]) {
            return Err(Failure::Unread("PERIOD FOR SYSTEM_TIME"));
        }
        if self.accept_word("INDEX") {
            let mut index = self.inline_index()?;
            index.columns = self.parenthesized(Self::index_column)?;
            self.index_rest(&mut index)?;
            definition.indexes.push(index);
            return Ok(());
        }
        if self.at_any_word(TABLE_CONSTRAINTS) || self.at_word("DEFAULT") {
            let name = self.constraint_name()?;
            let line = self.line();
            let Some(kind) = self.constraint_kind()? else {
                return self.unexpected();
            };
            definition.constraints.push(Constraint { name, kind, line });
            return Ok(());
        }
        let column = self.column_definition(&mut definition.indexes)?;
        definition.columns.push(column);
        Ok(())
    }

    /// Reads an index in a table's definition up to its key, which stands there or is the column
    /// that it stands in.
    fn inline_index(&mut self) -> Result<IndexDefinition> {
        let line = self.line();
        let name = self.identifier()?;
        let unique = self.accept_word("UNIQUE");
        let clustered = self.clustered();
        if self.at_any_word(&["HASH", "COLUMNSTORE"]) {
            return Err(Failure::Unread("HASH or COLUMNSTORE INDEX"));
        }
        let (columns, include) = (Vec::new(), Vec::new());
        Ok(IndexDefinition { unique, clustered, name, columns, include, filter: None, line })
    }

    /// Reads what may follow an index's key; whether it replaces one of the same name.
    pub(super) fn index_rest(&mut self, index: &mut IndexDefinition) -> Result<bool> {
        if self.accept_word("INCLUDE") {
            index.include = self.parenthesized(Self::identifier)?;
        }
        index.filter = self.where_clause()?;
        self.storage()
    }

    /// Reads a column; its indexes are added to `indexes`.
    fn column_definition(
        &mut self,
        indexes: &mut Vec<IndexDefinition>,
    ) -> Result<ColumnDefinition> {
        let token = self.token();
        let name = self.identifier()?;
        let source = if self.accept_word("AS") {
            let value = self.value()?;
            ColumnSource::Computed { value, persisted: self.accept_word("PERSISTED") }
        } else if name.is("timestamp") && (self.at(",") || self.at(")")) {
            // The one type that may stand without a name for its column.
            self.position -= 1;
            ColumnSource::Stored(self.type_name()?)
        } else {
            ColumnSource::Stored(self.type_name()?)
        };
        let mut column = ColumnDefinition {
            name,
            source,
            collation: None,
            nullable: None,
            identity: None,
            default: None,
            row_guid: false,
            constraints: Vec::new(),
            span: Default::default(),
            line: token.line,
        };
        loop {
            if self.accept_word("INDEX") {
                let mut index = self.inline_index()?;
                let name = column.name.clone();
                index.columns.push(IndexColumn { name, descending: false });
                self.index_rest(&mut index)?;
                indexes.push(index);
            } else if !self.column_option(&mut column)? {
                break;
            }
        }
        column.span = self.span_from(token.start);
        Ok(column)
    }

    /// Reads one option of a column; false when none stands here.
    fn column_option(&mut self, column: &mut ColumnDefinition) -> Result<bool> {
        if let Some(collation) = self.collation()? {
            column.collation = Some(collation);
        } else if let Some(nullable) = self.nullability()? {
            column.nullable = Some(nullable);
        } else if self.accept_word("IDENTITY") {
            column.identity = Some(self.identity()?);
        } else if self.accept_word("ROWGUIDCOL") {
            column.row_guid = true;
        } else if let Some((_, option)) = UNREAD_OPTIONS.iter().find(|(word, _)| self.at_word(word))
        {
            return Err(Failure::Unread(option));
        } else if self.accept_word("SPARSE") || self.accept_words(&["NOT", "FOR", "REPLICATION"]) {
            // How a column is stored or replicated is not the tree's affair.
        } else {
            let line = self.line();
            let name = self.constraint_name()?;
            if self.at_word("DEFAULT") {
                self.advance();
                let value = self.default_value()?;
                let with_values = self.accept_words(&["WITH", "VALUES"]);
                column.default = Some(ColumnDefault { name, value, with_values });
            } else if let Some(kind) = self.constraint_kind()? {
                column.constraints.push(Constraint { name, kind, line });
            } else if name.is_some() {
                return self.unexpected();
            } else {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn constraint_name(&mut self) -> Result<Option<Identifier>> {
        if self.accept_word("CONSTRAINT") { self.identifier().map(Some) } else { Ok(None) }
    }

    fn default_value(&mut self) -> Result<Expr> {
        self.value()
    }

    /// Reads a constraint after its name, if one stands here.
    fn constraint_kind(&mut self) -> Result<Option<ConstraintKind>> {
        let kind = if self.accept_words(&["PRIMARY", "KEY"]) {
            let (clustered, columns) = self.key()?;
            ConstraintKind::PrimaryKey { clustered, columns }
        } else if self.accept_word("UNIQUE") {
            let (clustered, columns) = self.key()?;
            ConstraintKind::Unique { clustered, columns }
        } else if self.accept_word("CHECK") {
            self.accept_words(&["NOT", "FOR", "REPLICATION"]);
            self.expect("(")?;
            let condition = self.nested(Self::search_condition)?;
            self.expect(")")?;
            ConstraintKind::Check(condition)
        } else if self.accept_words(&["FOREIGN", "KEY"]) {
            let columns = self.optional_names()?;
            self.expect_word("REFERENCES")?;
            ConstraintKind::ForeignKey(self.references(columns)?)
        } else if self.accept_word("REFERENCES") {
            ConstraintKind::ForeignKey(self.references(Vec::new())?)
        } else if self.accept_word("DEFAULT") {
            let value = self.default_value()?;
            self.expect_word("FOR")?;
            let column = self.identifier()?;
            self.accept_words(&["WITH", "VALUES"]);
            ConstraintKind::Default { value, column }
        } else {
            return Ok(None);
        };
        Ok(Some(kind))
    }

    fn key(&mut self) -> Result<(Option<bool>, Vec<IndexColumn>)> {
        let clustered = self.clustered();
        let columns =
            if self.at("(") { self.parenthesized(Self::index_column)? } else { Vec::new() };
        self.storage()?;
        Ok((clustered, columns))
    }

    /// Takes CLUSTERED (true) or NONCLUSTERED (false) if one stands here.
    pub(super) fn clustered(&mut self) -> Option<bool> {
        if self.accept_word("CLUSTERED") {
            Some(true)
        } else if self.accept_word("NONCLUSTERED") {
            Some(false)
        } else {
            None
        }
    }

    pub(crate) fn index_column(&mut self) -> Result<IndexColumn> {
        let name = self.identifier()?;
        let descending = self.accept_word("DESC");
        if !descending {
            self.accept_word("ASC");
        }
        Ok(IndexColumn { name, descending })
    }

    /// Skips where and how something is stored: `WITH (…)`, `ON [PRIMARY]` and their kin. Whether
    /// an index of the same name is dropped for it (`DROP_EXISTING = ON`).
    pub(super) fn storage(&mut self) -> Result<bool> {
        let mut replaces = false;
        loop {
            if self.at_word("WITH") && self.symbol_ahead(1, "(") {
                self.advance();
                let from = self.position;
                self.skip_balanced()?;
                if self.turned_on(from, "IGNORE_DUP_KEY") {
                    return Err(Failure::Unread("IGNORE_DUP_KEY = ON"));
                }
                replaces |= self.turned_on(from, "DROP_EXISTING");
            } else if self.at_word("WITH")
                && OLD_OPTIONS.iter().any(|word| self.word_ahead(1, word))
            {
                self.advance();
                self.list(Self::old_option)?;
            } else if (self.at_word("ON") && (self.name_ahead(1) || self.word_ahead(1, "DEFAULT")))
                || self.at_any_word(&["TEXTIMAGE_ON", "FILESTREAM_ON"])
            {
                self.position += 2;
                if self.at("(") {
                    self.skip_balanced()?;
                }
            } else {
                return Ok(replaces);
            }
        }
    }

    /// Skips an option of an index as it was written before they stood in parentheses:
    /// `FILLFACTOR = 80`, `PAD_INDEX`.
    fn old_option(&mut self) -> Result<()> {
        if self.accept_word("FILLFACTOR") {
            self.expect("=")?;
            self.whole_number()?;
        } else if self.at_word("IGNORE_DUP_KEY") {
            return Err(Failure::Unread("IGNORE_DUP_KEY"));
        } else if !self.accept_any_word(OLD_OPTIONS) {
            return self.unexpected();
        }
        Ok(())
    }

    /// Whether the options that have just been skipped turn this one on.
    fn turned_on(&mut self, from: usize, option: &str) -> bool {
        let to = std::mem::replace(&mut self.position, from);
        let mut found = false;
        while self.position < to && !found {
            found = self.accept_word(option) && self.accept("=") && self.at_word("ON");
            self.position += 1;
        }
        self.position = to;
        found
    }

    fn references(&mut self, columns: Vec<Identifier>) -> Result<ForeignKey> {
        let table = self.object_name()?;
        let references = self.optional_names()?;
        let mut key = ForeignKey {
            columns,
            table,
            references,
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
        };
        loop {
            if self.accept_words(&["ON", "DELETE"]) {
                key.on_delete = self.referential_action()?;
            } else if self.accept_words(&["ON", "UPDATE"]) {
                key.on_update = self.referential_action()?;
            } else if !self.accept_words(&["NOT", "FOR", "REPLICATION"]) {
                return Ok(key);
            }
        }
    }

    fn referential_action(&mut self) -> Result<ReferentialAction> {
        if self.accept_words(&["NO", "ACTION"]) {
            Ok(ReferentialAction::NoAction)
        } else if self.accept_word("CASCADE") {
            Ok(ReferentialAction::Cascade)
        } else if self.accept_words(&["SET", "NULL"]) {
            Ok(ReferentialAction::SetNull)
        } else if self.accept_words(&["SET", "DEFAULT"]) {
            Ok(ReferentialAction::SetDefault)
        } else {
            self.unexpected()
        }
    }

    fn identity(&mut self) -> Result<IdentityColumn> {
        let mut identity = IdentityColumn { seed: 1, increment: 1 };
        if self.accept("(") {
            identity.seed = self.whole_number()?;
            if self.accept(",") {
                identity.increment = self.whole_number()?;
            }
            self.expect(")")?;
        }
        Ok(identity)
    }

    /// Reads `COLLATE name` if it stands here.
    pub(super) fn collation(&mut self) -> Result<Option<Identifier>> {
        if self.accept_word("COLLATE") { self.identifier().map(Some) } else { Ok(None) }
    }

    /// Takes NULL (true) or NOT NULL (false) if one stands here.
    pub(super) fn nullability(&mut self) -> Result<Option<bool>> {
        if self.accept_word("NULL") {
            Ok(Some(true))
        } else if self.accept_words(&["NOT", "NULL"]) {
            Ok(Some(false))
        } else {
            Ok(None)
        }
    }

    /// Reads ALTER TABLE from the table's name on.
    pub(super) fn alter_table(&mut self) -> Result<StatementKind> {
        let name = self.object_name()?;
        // Whether rows that exist are checked: they always are.
        let checked = self.accept_words(&["WITH", "CHECK"]);
        if !checked {
            self.accept_words(&["WITH", "NOCHECK"]);
        }
        let action = if self.accept_word("ADD") {
            let mut definition = TableDefinition::default();
            self.list(|parser| parser.table_element(&mut definition))?;
            if !definition.indexes.is_empty() {
                return Err(Failure::Unread("INDEX of a table in memory"));
            }
            AlterTableAction::Add(definition)
        } else if self.accept_words(&["ALTER", "COLUMN"]) {
            self.alter_column()?
        } else if self.accept_word("DROP") {
            self.drop_from_table()?
        } else if self.accept_word("REBUILD") {
            self.rebuild()?
        } else if self.at_word("SET")
            && self.symbol_ahead(1, "(")
            && self.word_ahead(2, "LOCK_ESCALATION")
        {
            self.advance();
            self.skip_balanced()?;
            AlterTableAction::Keep { column: None }
        } else if self.accept_words(&["CHECK", "CONSTRAINT"]) {
            let all = self.accept_word("ALL");
            let names = if all { Vec::new() } else { self.list(Self::identifier)? };
            AlterTableAction::CheckConstraints { names }
        } else {
            let clause = UNREAD_CLAUSES.iter().find(|(word, _)| self.at_word(word));
            return Err(Failure::Unread(clause.map_or("ALTER TABLE clause", |(_, name)| name)));
        };
        Ok(StatementKind::AlterTable(Box::new(AlterTable { name, action })))
    }

    /// Reads `name type …`, or `name ADD SPARSE` and its kin, after ALTER COLUMN.
    fn alter_column(&mut self) -> Result<AlterTableAction> {
        if self.word_ahead(1, "ADD") || self.word_ahead(1, "DROP") {
            let column = Some(self.identifier()?);
            self.advance();
            if self.accept_word("SPARSE") || self.accept_words(&["NOT", "FOR", "REPLICATION"]) {
                return Ok(AlterTableAction::Keep { column });
            }
            return Err(Failure::Unread("ALTER COLUMN ADD or DROP"));
        }
        let column = self.column_definition(&mut Vec::new())?;
        // `WITH (ONLINE = ON)`
        self.storage()?;
        Ok(AlterTableAction::AlterColumn(Box::new(column)))
    }

    /// Reads `[PARTITION = ALL] [WITH (…)]` after REBUILD.
    fn rebuild(&mut self) -> Result<AlterTableAction> {
        if self.accept_word("PARTITION") {
            self.expect("=")?;
            if !self.accept_word("ALL") {
                return Err(Failure::Unread("ALTER TABLE … REBUILD PARTITION"));
            }
        }
        self.storage()?;
        Ok(AlterTableAction::Keep { column: None })
    }

    /// Reads `[CONSTRAINT] a, COLUMN b, c`: what a word says holds until the next one.
    fn drop_from_table(&mut self) -> Result<AlterTableAction> {
        let (mut column, mut if_exists) = (false, false);
        let parts = self.list(|parser| {
            let column_said = parser.accept_word("COLUMN");
            if column_said || parser.accept_word("CONSTRAINT") {
                (column, if_exists) = (column_said, false);
            }
            if_exists |= parser.accept_words(&["IF", "EXISTS"]);
            let name = parser.identifier()?;
            // `WITH (ONLINE = ON)`
            parser.storage()?;
            Ok(TablePart { column, if_exists, name })
        })?;
        Ok(AlterTableAction::Drop(parts))
    }
}
