//! The general way to say APPLY: for each row of the left side, the right side's rows are packed
//! into one array, whose elements `json_each` makes rows of again.

use std::fmt::Write;

use launchpod_functions::{Body, Function};
use launchpod_types::{SqlError, SqlType};
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::tree::{
    AggregateName, Bound, BoundAggregate, BoundBody, BoundQuery, BoundSource, Kind, SourceId,
};
use super::write::{derived_column, plain_query, plain_select};
use super::{coerce, int};
use crate::sqlite::errors;

/// SQLite's functions take at least so many arguments.
const MOST_COLUMNS: usize = 100;
const TEXT: SqlType = SqlType::NVARCHAR_MAX;

/// The rows of a query that uses the sources before it, as a source, and its columns' values.
pub(super) fn rows(
    query: BoundQuery,
    inner: SourceId,
    id: SourceId,
) -> Result<(BoundSource, Vec<Bound>), SqlError> {
    let columns = query.columns.clone();
    if columns.len() > MOST_COLUMNS {
        return Err(errors::unsupported("APPLY of a query with more than 100 columns"));
    }
    let cells =
        columns.iter().enumerate().map(|(index, column)| derived_column(inner, index, column));
    let packed = coerce::call(pack(columns.len()), cells.collect(), TEXT, false);
    let array = Bound {
        kind: Kind::Aggregate(Box::new(BoundAggregate {
            name: AggregateName::Native("json_group_array"),
            distinct: false,
            arguments: vec![packed],
            star: false,
            within: Vec::new(),
            over: None,
        })),
        sql_type: TEXT,
        nullable: false,
    };
    let from = BoundSource::Derived { query: Box::new(query), id: inner };
    let body = BoundBody::Select(Box::new(plain_select(vec![array], Some(from), None)));
    let kind = Kind::Scalar(Box::new(plain_query(Vec::new(), body, None)));
    let array = Box::new(Bound { kind, sql_type: TEXT, nullable: false });
    let values = columns.iter().zip(0..).map(|(column, index)| {
        let kind = Kind::Column { source: id, name: "value".to_owned() };
        let row = Bound { kind, sql_type: TEXT, nullable: true };
        coerce::call(unpack(), vec![row, int(index)], column.sql_type, column.nullable)
    });
    let values = values.collect();
    Ok((BoundSource::Rows { array, id }, values))
}

/// `pack(c0, c1, …)`: cells of any storage class as one text without quotes.
fn pack(width: usize) -> Function {
    Function {
        name: format!("pack({width})"),
        arguments: vec![SqlType::BigInt; width],
        strict: false,
        deterministic: true,
        body: Body::Cells(Box::new(|cells| {
            let mut packed = String::new();
            for cell in cells {
                // Writing to a String can't fail.
                let _ = match cell {
                    ValueRef::Null => write!(packed, "n;"),
                    ValueRef::Integer(number) => write!(packed, "i{number};"),
                    ValueRef::Real(number) => write!(packed, "r{:x};", number.to_bits()),
                    ValueRef::Text(text) => write!(packed, "t{};", hex(text)),
                    ValueRef::Blob(bytes) => write!(packed, "b{};", hex(bytes)),
                };
            }
            Ok(ToSqlOutput::from(packed))
        })),
    }
}

/// `unpack(text, index)`: the cell that stands there.
fn unpack() -> Function {
    Function {
        name: "unpack".to_owned(),
        arguments: vec![SqlType::BigInt; 2],
        strict: false,
        deterministic: true,
        body: Body::Cells(Box::new(|cells| {
            let (ValueRef::Text(packed), ValueRef::Integer(index)) = (cells[0], cells[1]) else {
                return Ok(ToSqlOutput::Owned(rusqlite::types::Value::Null));
            };
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            let cell = packed.split(|byte| *byte == b';').nth(index).and_then(read);
            cell.map(ToSqlOutput::Owned)
                .ok_or_else(|| errors::internal("a packed row can't be read"))
        })),
    }
}

fn read(cell: &[u8]) -> Option<rusqlite::types::Value> {
    use rusqlite::types::Value as Cell;
    let (kind, rest) = cell.split_first()?;
    let rest = std::str::from_utf8(rest).ok()?;
    Some(match kind {
        b'n' => Cell::Null,
        b'i' => Cell::Integer(rest.parse().ok()?),
        b'r' => Cell::Real(f64::from_bits(u64::from_str_radix(rest, 16).ok()?)),
        b't' => Cell::Text(String::from_utf8_lossy(&bytes(rest)?).into_owned()),
        b'b' => Cell::Blob(bytes(rest)?),
        _ => return None,
    })
}

fn hex(bytes: &[u8]) -> String {
    launchpod_functions::convert::hex(bytes)
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_were() {
        let cells = [
            ValueRef::Null,
            ValueRef::Integer(i64::MIN),
            ValueRef::Real(0.1),
            ValueRef::Real(-0.0),
            ValueRef::Text("a;\"ß\0".as_bytes()),
            ValueRef::Text(b""),
            ValueRef::Blob(&[0, 255, b';']),
        ];
        let (Body::Cells(pack), Body::Cells(unpack)) = (pack(cells.len()).body, unpack().body)
        else {
            panic!("they work on cells");
        };
        let Ok(ToSqlOutput::Owned(rusqlite::types::Value::Text(packed))) = pack(&cells) else {
            panic!("it is a text");
        };
        for (index, cell) in (0..).zip(cells) {
            let arguments = [ValueRef::Text(packed.as_bytes()), ValueRef::Integer(index)];
            let Ok(ToSqlOutput::Owned(back)) = unpack(&arguments) else { panic!("{cell:?}") };
            assert_eq!(ValueRef::from(&back), cell);
        }
    }
}
