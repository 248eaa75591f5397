//! A worker's rows as rows of SQL types.
//!
//! With WITH RESULT SETS each column is converted to its declared type, otherwise to the type
//! that [`infer`] finds. What SQL Server converts implicitly is converted, with its errors,
//! except:
//!
//! - text and bytes that are too long are error 8152; SQL Server cuts them;
//! - a `float` becomes text with all its digits; SQL Server writes six;
//! - bytes don't convert to text, bit, decimal and datetime (11538);
//! - numbers lose no bytes that aren't zeros on their way to binary and back (8152).
//!
//! NaN and infinities are NULL, or refused.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow_schema::{DataType, FieldRef, SchemaRef};
use launchpod_types::{Column, Length, SqlType, Value};

use crate::storage;
use crate::value::{array_of, value_at};

mod binary;
mod error;
pub mod infer;
mod number;
mod parse;
mod source;
mod temporal;
mod text;

pub use error::{ConvertError, ValueError};
use source::Source;

/// A batch is converted in parts whose padded values take at most so many bytes: padding lets a
/// value grow to 8000 bytes.
const MAX_PADDED: usize = 16 << 20;

/// Converts the batches of one output.
#[derive(Clone, Debug)]
pub struct Converter {
    from: SchemaRef,
    from_types: Vec<SqlType>,
    columns: Arc<[Column]>,
    to: SchemaRef,
    rows_at_once: usize,
    refuses_non_finite: bool,
}

// === impl Converter ===

impl Converter {
    /// Converts to inferred types; the columns have no names.
    pub fn inferred(from: &SchemaRef) -> Self {
        let columns: Vec<Column> =
            from.fields().iter().map(|field| Column::new("", infer::sql_type(field))).collect();
        Self::new(from, columns.into())
    }

    /// Converts to inferred types; the columns have the names that the script gave them.
    pub fn named(from: &SchemaRef) -> Self {
        let column = |field: &FieldRef| Column::new(field.name(), infer::sql_type(field));
        let columns: Vec<Column> = from.fields().iter().map(column).collect();
        Self::new(from, columns.into())
    }

    /// Converts to declared columns.
    ///
    /// # Errors
    /// The number of columns differs, or there is no conversion to a declared type.
    pub fn declared(from: &SchemaRef, columns: &[Column]) -> Result<Self, ConvertError> {
        let (declared, sent) = (columns.len(), from.fields().len());
        if declared != sent {
            return Err(ConvertError::ColumnCount { declared, sent });
        }
        let converter = Self::new(from, columns.into());
        for (index, column) in columns.iter().enumerate() {
            let sent = converter.from_types[index];
            let anything = *from.field(index).data_type() == DataType::Null;
            if !anything && !is_convertible(sent, column.sql_type) {
                let declared = column.sql_type;
                return Err(ConvertError::NoConversion { column: index, declared, sent });
            }
        }
        Ok(converter)
    }

    fn new(from: &SchemaRef, columns: Arc<[Column]>) -> Self {
        let padded: usize = columns
            .iter()
            .map(|column| match column.sql_type {
                SqlType::Char(n) | SqlType::NChar(n) | SqlType::Binary(n) => usize::from(n),
                _ => 0,
            })
            .sum();
        Converter {
            from: Arc::clone(from),
            from_types: from.fields().iter().map(|field| infer::sql_type(field)).collect(),
            to: storage::schema(&columns),
            columns,
            rows_at_once: MAX_PADDED.checked_div(padded).map_or(usize::MAX, |rows| rows.max(1)),
            refuses_non_finite: false,
        }
    }

    /// Whether NaN and infinities are an error; otherwise they are NULL.
    pub fn refusing_non_finite(self, refuses_non_finite: bool) -> Self {
        Converter { refuses_non_finite, ..self }
    }

    /// The columns of the converted rows.
    pub fn columns(&self) -> &Arc<[Column]> {
        &self.columns
    }

    /// The rows as [`storage`] has them, in one or more batches that the iterator makes one at a
    /// time.
    ///
    /// # Errors
    /// Each item may be an error, after which the rest is of no use.
    pub fn convert(
        &self,
        batch: &RecordBatch,
    ) -> impl Iterator<Item = Result<RecordBatch, ConvertError>> {
        let rows = batch.num_rows();
        (0..rows).step_by(self.rows_at_once.min(rows).max(1)).map(move |start| {
            self.convert_part(&batch.slice(start, self.rows_at_once.min(rows - start)))
        })
    }

    fn convert_part(&self, batch: &RecordBatch) -> Result<RecordBatch, ConvertError> {
        if batch.schema_ref().fields() != self.from.fields() {
            return Err(ConvertError::Schema);
        }
        let columns = batch
            .columns()
            .iter()
            .enumerate()
            .map(|(index, array)| self.convert_column(index, array))
            .collect::<Result<Vec<ArrayRef>, ConvertError>>()?;
        RecordBatch::try_new(Arc::clone(&self.to), columns).map_err(|_| ConvertError::Schema)
    }

    fn convert_column(&self, index: usize, array: &ArrayRef) -> Result<ArrayRef, ConvertError> {
        let Column { sql_type, nullable, .. } = self.columns[index];
        if self.refuses_non_finite && source::has_non_finite(array) {
            return Err(ConvertError::NotFinite { column: index });
        }
        let converted = array_to(array, self.from_types[index], sql_type)
            .map_err(|error| ConvertError::Value { column: index, error })?;
        if !nullable && converted.null_count() > 0 {
            return Err(ConvertError::NullNotAllowed { column: index });
        }
        Ok(converted)
    }
}

/// Whether SQL Server converts between the types implicitly, and so do we.
fn is_convertible(from: SqlType, to: SqlType) -> bool {
    if to == SqlType::Variant {
        return base(from).fits_variant();
    }
    let is_text =
        to.is_character() && !to.is_document() && !matches!(to, SqlType::Text | SqlType::NText);
    let is_number_of_bytes = matches!(to, SqlType::Money | SqlType::SmallMoney) || is_integer(to);
    if from.is_numeric() {
        let is_date = matches!(to, SqlType::DateTime | SqlType::SmallDateTime);
        to.is_numeric() || is_text || is_date || to.is_binary() && to != SqlType::Image
    } else if from.is_binary() {
        to.is_binary() || to == SqlType::UniqueIdentifier || is_number_of_bytes
    } else if from == SqlType::UniqueIdentifier {
        is_text || to.is_binary() && to != SqlType::Image || to == from
    } else if from.is_temporal() {
        let time_to_date = matches!((from, to), (SqlType::Time(_), SqlType::Date));
        let date_to_time = matches!((from, to), (SqlType::Date, SqlType::Time(_)));
        is_text || to.is_temporal() && !time_to_date && !date_to_time
    } else {
        !to.is_binary()
    }
}

fn is_integer(sql_type: SqlType) -> bool {
    matches!(sql_type, SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt)
}

/// Converts an array for which [`is_convertible`] holds, or one of NULLs.
pub(crate) fn array_to(
    array: &ArrayRef,
    from: SqlType,
    to: SqlType,
) -> Result<ArrayRef, ValueError> {
    let source = match Source::new(array, from)? {
        Source::Null => return Ok(new_null_array(&storage::data_type(to), array.len())),
        source => source,
    };
    if to == SqlType::Variant {
        variants(&array_to(array, from, base(from))?, base(from))
    } else if to.is_numeric() {
        number::convert(array, source, from, to)
    } else if to.is_character() {
        text::convert(source, from, to)
    } else if to.is_temporal() {
        temporal::convert(source, from, to)
    } else {
        binary::convert(source, from, to)
    }
}

/// The type that values of a type have in a sql_variant, which holds no (max) types.
fn base(from: SqlType) -> SqlType {
    match from {
        SqlType::NVarChar(Length::Max) => SqlType::NVarChar(Length::Limited(4000)),
        SqlType::VarBinary(Length::Max) => SqlType::VarBinary(Length::Limited(8000)),
        other => other,
    }
}

/// Values of one type as sql_variants of it.
fn variants(stored: &ArrayRef, base: SqlType) -> Result<ArrayRef, ValueError> {
    let values = (0..stored.len()).map(|row| value_at(stored, row, base).into_variant(base));
    array_of(&values.collect::<Vec<Value>>(), SqlType::Variant)
        .map_err(|_| ValueError::Unreadable { from: base.name(), to: SqlType::Variant.name() })
}
