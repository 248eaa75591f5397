//! INSERT BULK, with which a client announces the rows of a bulk load.

use super::{Failure, Parser, Result};
use crate::ast::{BulkColumn, InsertBulk, StatementKind};

// === impl Parser ===

impl Parser<'_> {
    /// Reads `BULK table (column type, …) WITH (option, …)`, the INSERT before it taken.
    ///
    /// The syntax is that of "INSERT (Transact-SQL)", "BULK INSERT statement" under external
    /// tools; drivers also send `#t` and three-part names.
    pub(super) fn insert_bulk(&mut self) -> Result<StatementKind> {
        self.expect_word("BULK")?;
        let target = self.object_name()?;
        let columns =
            if self.at("(") { self.parenthesized(Self::bulk_column)? } else { Vec::new() };
        let mut bulk = InsertBulk { target, columns, keep_nulls: false };
        if self.accept_word("WITH") {
            self.expect("(")?;
            self.bulk_options(&mut bulk)?;
            self.expect(")")?;
        }
        Ok(StatementKind::InsertBulk(Box::new(bulk)))
    }

    fn bulk_column(&mut self) -> Result<BulkColumn> {
        let name = self.identifier()?;
        let type_name = self.type_name()?;
        self.collation()?;
        self.nullability()?;
        Ok(BulkColumn { name, type_name })
    }

    /// Options stand with commas or without.
    fn bulk_options(&mut self, bulk: &mut InsertBulk) -> Result<()> {
        while !self.at(")") {
            if self.accept_word("KEEP_NULLS") {
                bulk.keep_nulls = true;
            } else if self.accept_any_word(&["ROWS_PER_BATCH", "KILOBYTES_PER_BATCH"]) {
                self.expect("=")?;
                self.advance();
            } else if self.accept_word("ORDER") {
                self.skip_balanced()?;
            } else if self.accept_word("ALLOW_ENCRYPTED_VALUE_MODIFICATIONS") {
                return Err(Failure::Unread("ALLOW_ENCRYPTED_VALUE_MODIFICATIONS"));
            } else if !self.accept_any_word(&["TABLOCK", "CHECK_CONSTRAINTS", "FIRE_TRIGGERS"]) {
                return self.unexpected();
            }
            self.accept(",");
        }
        Ok(())
    }
}
