//! COLMETADATA, [MS-TDS] 2.2.7.4.

use super::b_varchar;
use crate::types::TypeInfo;

pub(crate) const COLMETADATA: u8 = 0x81;

/// The count of columns that stands for «as before» or «none».
const NO_METADATA: u16 = 0xffff;

/// The most columns of a result; SQL Server's own limit is 4,096.
const MAX_COLUMNS: usize = 0xfffe;

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// Its name, at most 255 UTF-16 code units; may be empty.
    pub name: String,
    /// Its type.
    pub type_info: TypeInfo,
    /// The id of its user-defined type, 0 when it has none.
    pub user_type: u32,
    /// Flags.
    pub flags: ColumnFlags,
}

/// What is known of a column beside its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ColumnFlags {
    /// It may hold NULL.
    pub nullable: bool,
    /// Its comparisons regard case.
    pub case_sensitive: bool,
    /// Whether it can be updated through the result.
    pub updatable: Updatable,
    /// IDENTITY.
    pub identity: bool,
    /// It is computed.
    pub computed: bool,
}

/// The two bits usUpdateable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Updatable {
    /// It can't be.
    #[default]
    No = 0,
    /// It can be.
    Yes = 1,
    /// As SQL Server says of a table's column.
    Unknown = 2,
}

/// Appends COLMETADATA. A result has at most 65,534 columns.
pub fn encode_columns(columns: &[Column], out: &mut Vec<u8>) {
    debug_assert!(columns.len() <= MAX_COLUMNS, "{} columns", columns.len());
    let columns = &columns[..columns.len().min(MAX_COLUMNS)];
    out.push(COLMETADATA);
    out.extend_from_slice(&(columns.len() as u16).to_le_bytes());
    for column in columns {
        out.extend_from_slice(&column.user_type.to_le_bytes());
        out.extend_from_slice(&column.flags.to_wire().to_le_bytes());
        column.type_info.encode(out);
        if column.type_info.has_text_pointer() {
            // TableName of no parts.
            out.push(0);
        }
        b_varchar(out, &column.name);
    }
}

/// Appends COLMETADATA without columns, for a client that has them from an earlier
/// execution ([`RpcOptions::no_metadata`](crate::rpc::RpcOptions::no_metadata)).
pub fn encode_no_metadata(out: &mut Vec<u8>) {
    out.push(COLMETADATA);
    out.extend_from_slice(&NO_METADATA.to_le_bytes());
}

// === impl ColumnFlags ===

impl ColumnFlags {
    pub(crate) fn from_wire(bits: u16) -> Self {
        Self {
            nullable: bits & 0x01 != 0,
            case_sensitive: bits & 0x02 != 0,
            updatable: match bits >> 2 & 0x03 {
                0 => Updatable::No,
                1 => Updatable::Yes,
                _ => Updatable::Unknown,
            },
            identity: bits & 0x10 != 0,
            computed: bits & 0x20 != 0,
        }
    }

    pub(super) fn to_wire(self) -> u16 {
        u16::from(self.nullable)
            | u16::from(self.case_sensitive) << 1
            | (self.updatable as u16) << 2
            | u16::from(self.identity) << 4
            | u16::from(self.computed) << 5
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Collation, FixedType, Length};

    #[test]
    fn the_columns_of_a_result() {
        let columns = [
            Column {
                name: "id".to_owned(),
                type_info: TypeInfo::Fixed(FixedType::Int),
                user_type: 0,
                flags: ColumnFlags { identity: true, ..ColumnFlags::default() },
            },
            Column {
                name: String::new(),
                type_info: TypeInfo::NVarChar {
                    length: Length::Limited(3),
                    collation: Collation::default(),
                },
                user_type: 0,
                flags: ColumnFlags {
                    nullable: true,
                    computed: true,
                    updatable: Updatable::Yes,
                    ..ColumnFlags::default()
                },
            },
            Column {
                name: "t".to_owned(),
                type_info: TypeInfo::Image,
                user_type: 0,
                flags: ColumnFlags {
                    nullable: true,
                    case_sensitive: true,
                    ..ColumnFlags::default()
                },
            },
        ];
        let mut out = Vec::new();
        encode_columns(&columns, &mut out);
        let expected = [
            &[0x81, 3, 0][..],
            &[0, 0, 0, 0, 0x10, 0, 0x38, 2, b'i', 0, b'd', 0],
            &[0, 0, 0, 0, 0x25, 0, 0xe7, 6, 0, 9, 4, 0xd0, 0, 0x34, 0],
            &[0, 0, 0, 0, 0x03, 0, 0x22, 0xff, 0xff, 0xff, 0x7f, 0, 1, b't', 0],
        ];
        assert_eq!(out, expected.concat());
        out.clear();
        encode_no_metadata(&mut out);
        assert_eq!(out, [0x81, 0xff, 0xff]);
    }
}
