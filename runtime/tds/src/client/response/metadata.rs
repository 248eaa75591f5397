//! COLMETADATA, [MS-TDS] 2.2.7.4, and what COMPUTE returned, 2.2.7.1 and 2.2.7.2.

use std::collections::BTreeMap;

use super::Token;
use crate::{
    client::row::{Layout, Scan, Scanned},
    error::{Problem, ProtocolError},
    reader::Reader,
    token::{Column, ColumnFlags},
    types::TypeInfo,
};

pub(super) const ALTMETADATA: u8 = 0x88;
pub(super) const ALTROW: u8 = 0xd3;

/// The count of columns that stands for «as before» or «none».
const NO_METADATA: u16 = 0xffff;
/// The most columns of a result: SQL Server's own limit ("Maximum capacity specifications").
const MAX_COLUMNS: u16 = 4096;
/// The most COMPUTE clauses of a statement that are kept in mind.
const MAX_ALTERNATIVES: usize = 128;

/// The columns of a result, behind the token's first byte; `None` when there are none or those
/// before hold.
pub(super) fn read_columns(reader: &mut Reader<'_>) -> Result<Option<Vec<Column>>, ProtocolError> {
    reader.enter("COLMETADATA");
    let count = match reader.u16()? {
        NO_METADATA => return Ok(None),
        count if count > MAX_COLUMNS => {
            let (length, limit) = (count.into(), MAX_COLUMNS.into());
            return Err(reader.error(Problem::TooLong {
                what: "number of columns",
                length,
                limit,
            }));
        }
        count => count,
    };
    // Not reserved: the count is a claim.
    let mut columns = Vec::new();
    for _ in 0..count {
        let user_type = reader.u32()?;
        let flags = ColumnFlags::from_wire(reader.u16()?);
        let type_info = TypeInfo::read(reader)?;
        table_name(reader, &type_info)?;
        let name = reader.b_varchar()?;
        columns.push(Column { name, type_info, user_type, flags });
    }
    Ok(Some(columns))
}

/// The table that a column of text, ntext or image comes from, part by part.
fn table_name(reader: &mut Reader<'_>, type_info: &TypeInfo) -> Result<(), ProtocolError> {
    if type_info.has_text_pointer() {
        let parts = reader.u8()?;
        for _ in 0..parts {
            reader.us_varchar()?;
        }
    }
    Ok(())
}

/// The rows that COMPUTE clauses add, which are read over. SQL Server has had none since 2012.
#[derive(Debug, Default)]
pub(super) struct Alternatives {
    layouts: BTreeMap<u16, Vec<Layout>>,
}

// === impl Alternatives ===

impl Alternatives {
    pub fn read_metadata(&mut self, reader: &mut Reader<'_>) -> Result<Token, ProtocolError> {
        reader.enter("ALTMETADATA");
        let count = reader.u16()?;
        let id = reader.u16()?;
        let by_columns = reader.u8()?;
        reader.bytes(2 * usize::from(by_columns))?;
        let mut layouts = Vec::new();
        for _ in 0..count {
            let _operator = reader.u8()?;
            let _operand = reader.u16()?;
            let _user_type = reader.u32()?;
            let _flags = reader.u16()?;
            let type_info = TypeInfo::read(reader)?;
            table_name(reader, &type_info)?;
            reader.b_varchar()?;
            layouts.push(Layout::of(&type_info));
        }
        if self.layouts.len() >= MAX_ALTERNATIVES && !self.layouts.contains_key(&id) {
            let (length, limit) = (MAX_ALTERNATIVES as u64 + 1, MAX_ALTERNATIVES as u64);
            let what = "number of COMPUTE clauses";
            return Err(reader.error(Problem::TooLong { what, length, limit }));
        }
        self.layouts.insert(id, layouts);
        Ok(Token::Passed(ALTMETADATA))
    }

    pub fn read_row(&self, reader: &mut Reader<'_>) -> Result<Token, ProtocolError> {
        reader.enter("ALTROW");
        let id = reader.u16()?;
        let Some(layouts) = self.layouts.get(&id) else {
            return Err(reader.invalid("COMPUTE clause", id));
        };
        let cells = reader.clone().rest();
        match Scan::default().advance(cells, layouts, false) {
            Scanned::Whole(length) => reader.bytes(length)?,
            // Fails, and says how many bytes are missing.
            Scanned::Needs(length) => reader.bytes(length)?,
        };
        Ok(Token::Passed(ALTROW))
    }
}
