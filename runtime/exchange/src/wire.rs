//! Storage arrays as workers get them.
//!
//! | SQL type | storage | to the worker |
//! | --- | --- | --- |
//! | datetime, smalldatetime | Int64, 100 ns | Timestamp(Microsecond); the seventh digit is cut |
//! | uniqueidentifier | FixedSizeBinary(16) | Utf8, upper case, as SQL Server writes it |
//! | datetime2, time, datetimeoffset, text, ntext, image, xml | | refused, as SQL Server does |
//! | all others | | unchanged |

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, PrimitiveArray, RecordBatch, StringArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use launchpod_types::{Column, SqlType};

use crate::storage;

/// The key of a field's metadata that names its SQL type.
pub const TYPE_KEY: &str = "launchpod.type";

/// A type that the runtime takes neither as column nor as parameter: errors 39017 and 39018.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column or parameter {index} of type {sql_type} is not supported by the runtime")]
pub struct UnsupportedType {
    /// Which column or parameter, from 0.
    pub index: usize,
    /// Its type.
    pub sql_type: SqlType,
}

/// How the columns of one query are handed to a worker.
#[derive(Clone, Debug)]
pub struct Wire {
    schema: SchemaRef,
}

// === impl Wire ===

impl Wire {
    /// Plans the columns.
    ///
    /// # Errors
    /// The first column whose type is not supported.
    pub fn new(columns: &[Column]) -> Result<Self, UnsupportedType> {
        let fields = columns
            .iter()
            .enumerate()
            .map(|(index, column)| field(index, &column.name, column.sql_type))
            .collect::<Result<Vec<Field>, UnsupportedType>>()?;
        Ok(Wire { schema: Arc::new(Schema::new(fields)) })
    }

    /// The schema that the worker sees.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows of a storage batch as the worker sees them. Columns whose form is the same in
    /// both are shared, not copied.
    ///
    /// # Errors
    /// The batch is not stored as the columns say.
    pub fn batch(&self, stored: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns = stored
            .columns()
            .iter()
            .zip(self.schema.fields())
            .map(|(array, field)| column(array, field.data_type()))
            .collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

/// Whether the runtime takes columns and parameters of the type.
pub fn is_supported(sql_type: SqlType) -> bool {
    field(0, "", sql_type).is_ok()
}

/// The field of a column or parameter.
pub(crate) fn field(index: usize, name: &str, sql_type: SqlType) -> Result<Field, UnsupportedType> {
    let data_type = match sql_type {
        SqlType::DateTime2(_)
        | SqlType::DateTimeOffset(_)
        | SqlType::Time(_)
        | SqlType::Text
        | SqlType::NText
        | SqlType::Image
        | SqlType::Xml => return Err(UnsupportedType { index, sql_type }),
        SqlType::DateTime | SqlType::SmallDateTime => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        SqlType::UniqueIdentifier => DataType::Utf8,
        _ => storage::data_type(sql_type),
    };
    let metadata = HashMap::from([(TYPE_KEY.to_owned(), sql_type.to_string())]);
    Ok(Field::new(name, data_type, true).with_metadata(metadata))
}

/// A storage array in the form of the worker's field.
pub(crate) fn column(array: &ArrayRef, form: &DataType) -> Result<ArrayRef, ArrowError> {
    match (form, array.data_type()) {
        (DataType::Timestamp(..), DataType::Int64) => {
            let micros: PrimitiveArray<TimestampMicrosecondType> =
                array.as_primitive::<Int64Type>().unary(|ticks| ticks.div_euclid(10));
            Ok(Arc::new(micros))
        }
        (DataType::Utf8, DataType::FixedSizeBinary(_)) => {
            Ok(Arc::new(guid_text(array.as_fixed_size_binary())))
        }
        _ => Ok(Arc::clone(array)),
    }
}

fn guid_text(guids: &FixedSizeBinaryArray) -> StringArray {
    let mut texts = StringBuilder::with_capacity(guids.len(), guids.len() * 36);
    for guid in guids {
        texts.append_option(guid.map(format_guid));
    }
    texts.finish()
}

/// The 36 characters of a uniqueidentifier, upper case. Other than 16 bytes are written likewise,
/// without the dashes that they lack.
pub(crate) fn format_guid(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use arrow_array::{Int32Array, Int64Array};

    use super::*;

    #[test]
    fn refuses_what_sql_server_refuses() {
        let columns = [Column::new("a", SqlType::Int), Column::new("b", SqlType::DateTime2(7))];
        let error = Wire::new(&columns).unwrap_err();
        assert_eq!((error.index, error.sql_type), (1, SqlType::DateTime2(7)));
    }

    #[test]
    fn converts_times_and_guids_and_shares_the_rest() {
        let columns = [
            Column::new("i", SqlType::Int),
            Column::new("d", SqlType::DateTime),
            Column::new("g", SqlType::UniqueIdentifier),
        ];
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
        let times: ArrayRef = Arc::new(Int64Array::from(vec![Some(-1), None]));
        let guid = *b"\x6f\x96\x19\xff\x8b\x86\xd0\x11\xb4\x2d\x00\xc0\x4f\xc9\x64\xff";
        let guids: ArrayRef = Arc::new(
            FixedSizeBinaryArray::try_from_sparse_iter_with_size(
                [Some(guid), None].into_iter(),
                16,
            )
            .unwrap(),
        );
        let stored = RecordBatch::try_new(
            storage::schema(&columns),
            vec![Arc::clone(&numbers), times, guids],
        )
        .unwrap();
        let wire = Wire::new(&columns).unwrap();
        let sent = wire.batch(&stored).unwrap();
        assert!(sent.column(0).to_data().ptr_eq(&numbers.to_data()));
        assert_eq!(sent.column(1).as_primitive::<TimestampMicrosecondType>().value(0), -1);
        let text = sent.column(2).as_string::<i32>();
        assert_eq!(text.value(0), "6F9619FF-8B86-D011-B42D-00C04FC964FF");
        assert!(text.is_null(1));
        assert_eq!(wire.schema().field(1).metadata()[TYPE_KEY], "datetime");
    }
}
