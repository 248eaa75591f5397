//! PIVOT and UNPIVOT ("FROM - Using PIVOT and UNPIVOT").

use super::{Parser, Result};
use crate::ast::{Identifier, Pivot, TableSource, TableSourceKind, Unpivot};

// === impl Parser ===

impl Parser<'_> {
    /// Reads `PIVOT (…) AS alias` or `UNPIVOT (…) AS alias` after a source, if it stands here.
    pub(super) fn pivoted(&mut self, source: TableSource) -> Result<TableSource> {
        let line = source.line;
        let kind = if self.at_word("PIVOT") {
            self.check_alias(&source)?;
            self.advance();
            self.expect("(")?;
            let name = self.object_name()?;
            let aggregate = self.nested(|parser| parser.plain_call(name))?;
            let (column, values) = self.pivot_list()?;
            TableSourceKind::Pivot(Box::new(Pivot { source, aggregate, column, values }))
        } else if self.at_word("UNPIVOT") {
            self.check_alias(&source)?;
            self.advance();
            self.expect("(")?;
            let value = self.identifier()?;
            let (column, columns) = self.pivot_list()?;
            TableSourceKind::Unpivot(Box::new(Unpivot { source, value, column, columns }))
        } else {
            return Ok(source);
        };
        self.aliased(kind, line)
    }

    /// Reads `FOR column IN (a, …))`. A column's qualifier says nothing: its name is the only one.
    fn pivot_list(&mut self) -> Result<(Identifier, Vec<Identifier>)> {
        self.expect_word("FOR")?;
        let column = self.object_name()?.name;
        self.expect_word("IN")?;
        let names = self.parenthesized(|parser| Ok(parser.object_name()?.name))?;
        self.expect(")")?;
        Ok((column, names))
    }
}
