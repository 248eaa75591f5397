//! Procedures that drivers call when they connect.

use launchpod_types::{Column, Length, SqlType, Value};

use super::{Argument, Completion};
use crate::run::{Run, Stop};

/// One row of `sp_datatype_info`: what an ODBC driver needs to know of a type.
struct TypeRow {
    name: &'static str,
    /// The ODBC type code.
    code: i64,
    precision: i64,
    quotes: Option<(&'static str, &'static str)>,
    create: Option<&'static str>,
    /// Whether values are numbers (with a sign and a radix), and which radix.
    radix: Option<i64>,
    scales: Option<(i64, i64)>,
}

const fn number(name: &'static str, code: i64, precision: i64, radix: i64) -> TypeRow {
    TypeRow { name, code, precision, quotes: None, create: None, radix: Some(radix), scales: None }
}

const fn quoted(
    name: &'static str,
    code: i64,
    precision: i64,
    quotes: (&'static str, &'static str),
    create: Option<&'static str>,
) -> TypeRow {
    TypeRow { name, code, precision, quotes: Some(quotes), create, radix: None, scales: None }
}

const TEXT: (&str, &str) = ("'", "'");
const UNICODE: (&str, &str) = ("N'", "'");
const BYTES: (&str, &str) = ("0x", "");

/// Codes are those of ODBC 3 (`sql.h`, `sqlext.h`, `sqlncli.h`), precisions those of the
/// documentation of `sp_datatype_info`; in the order of the codes, as ODBC asks for.
const TYPES: [TypeRow; 21] = [
    TypeRow { scales: Some((0, 7)), ..quoted("datetimeoffset", -155, 34, TEXT, Some("scale")) },
    TypeRow { scales: Some((0, 7)), ..quoted("time", -154, 16, TEXT, Some("scale")) },
    quoted("uniqueidentifier", -11, 36, TEXT, None),
    quoted("nvarchar", -9, 4_000, UNICODE, Some("max length")),
    quoted("nchar", -8, 4_000, UNICODE, Some("length")),
    number("bit", -7, 1, 10),
    number("tinyint", -6, 3, 10),
    number("bigint", -5, 19, 10),
    quoted("varbinary", -3, 8_000, BYTES, Some("max length")),
    quoted("binary", -2, 8_000, BYTES, Some("length")),
    quoted("char", 1, 8_000, TEXT, Some("length")),
    TypeRow {
        scales: Some((0, 38)),
        create: Some("precision,scale"),
        ..number("numeric", 2, 38, 10)
    },
    TypeRow {
        scales: Some((0, 38)),
        create: Some("precision,scale"),
        ..number("decimal", 3, 38, 10)
    },
    number("int", 4, 10, 10),
    number("smallint", 5, 5, 10),
    number("float", 6, 53, 2),
    number("real", 7, 24, 2),
    quoted("varchar", 12, 8_000, TEXT, Some("max length")),
    quoted("date", 91, 10, TEXT, None),
    TypeRow { scales: Some((0, 7)), ..quoted("datetime2", 93, 27, TEXT, Some("scale")) },
    TypeRow { scales: Some((3, 3)), ..quoted("datetime", 93, 23, TEXT, None) },
];

impl Run<'_> {
    /// `sp_datatype_info [@data_type [, @ODBCVer]]`: ODBC drivers ask it how long parameters
    /// may be.
    pub async fn data_type_info(&mut self, arguments: Vec<Argument>) -> Result<Completion, Stop> {
        let wanted = match arguments.into_iter().next() {
            Some(Argument { value, sql_type, .. }) => {
                self.convert(value, sql_type, SqlType::Int).await?
            }
            None => Value::Int(0),
        };
        let rows = TYPES.iter().filter(|row| match wanted {
            Value::Int(0) | Value::Null => true,
            ref code => *code == Value::Int(row.code),
        });
        let rows = rows.map(TypeRow::values).collect();
        self.result_set(columns(), rows).await?;
        Ok(Completion::default())
    }
}

/// The columns, as documented.
fn columns() -> Vec<Column> {
    let name = |name: &str| Column::new(name, SqlType::SYSNAME);
    let text = |name: &str| Column::new(name, SqlType::VarChar(Length::Limited(32)));
    let small = |name: &str| Column::new(name, SqlType::SmallInt);
    let int = |name: &str| Column::new(name, SqlType::Int);
    vec![
        name("TYPE_NAME"),
        small("DATA_TYPE"),
        int("PRECISION"),
        text("LITERAL_PREFIX"),
        text("LITERAL_SUFFIX"),
        text("CREATE_PARAMS"),
        small("NULLABLE"),
        small("CASE_SENSITIVE"),
        small("SEARCHABLE"),
        small("UNSIGNED_ATTRIBUTE"),
        small("MONEY"),
        small("AUTO_INCREMENT"),
        name("LOCAL_TYPE_NAME"),
        small("MINIMUM_SCALE"),
        small("MAXIMUM_SCALE"),
        small("SQL_DATA_TYPE"),
        small("SQL_DATETIME_SUB"),
        int("NUM_PREC_RADIX"),
        small("INTERVAL_PRECISION"),
        small("USERTYPE"),
    ]
}

// === impl TypeRow ===

impl TypeRow {
    fn values(&self) -> Vec<Value> {
        let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
        let int = |number: Option<i64>| number.map_or(Value::Null, Value::Int);
        let is_number = self.radix.is_some();
        let unsigned = i64::from(matches!(self.name, "bit" | "tinyint"));
        // The searchable code for text is 3 (LIKE too), for all others 2.
        let searchable = if matches!(self.quotes, Some(TEXT | UNICODE)) { 3 } else { 2 };
        vec![
            text(Some(self.name)),
            int(Some(self.code)),
            int(Some(self.precision)),
            text(self.quotes.map(|(prefix, _)| prefix)),
            text(self.quotes.map(|(_, suffix)| suffix)),
            text(self.create),
            int(Some(1)),
            int(Some(0)),
            int(Some(searchable)),
            int(is_number.then_some(unsigned)),
            int(Some(0)),
            int(is_number.then_some(0)),
            text(Some(self.name)),
            int(self.scales.map(|(least, _)| least)),
            int(self.scales.map(|(_, greatest)| greatest)),
            int(Some(self.code)),
            Value::Null,
            int(self.radix),
            Value::Null,
            int(Some(0)),
        ]
    }
}
