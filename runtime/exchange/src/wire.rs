//! Storage arrays as workers get them, by the [`TypeMapping`] that is set.
//!
//! `TYPES.md` has the table of all types under each mapping.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Int16Type, Int64Type, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, UInt8Type,
};
use arrow_array::{Array, ArrayRef, Float64Array, Int32Array, PrimitiveArray, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use launchpod_protocol::data::TypeMapping;
use launchpod_types::{Column, Decimal, SqlType};

use crate::{storage, written};

/// The key of a field's metadata that names its SQL type.
pub const TYPE_KEY: &str = "launchpod.type";

/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// A type that the mapping takes neither as column nor as parameter: errors 39017 and 39018.
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
    sql_types: Vec<SqlType>,
}

// === impl Wire ===

impl Wire {
    /// Plans the columns.
    ///
    /// # Errors
    /// The first column whose type is not supported.
    pub fn new(columns: &[Column], mapping: TypeMapping) -> Result<Self, UnsupportedType> {
        let fields = columns
            .iter()
            .enumerate()
            .map(|(index, column)| field(index, &column.name, column.sql_type, mapping))
            .collect::<Result<Vec<Field>, UnsupportedType>>()?;
        Ok(Wire {
            schema: Arc::new(Schema::new(fields)),
            sql_types: columns.iter().map(|column| column.sql_type).collect(),
        })
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
            .zip(&self.sql_types)
            .map(|((array, field), sql_type)| column(array, *sql_type, field.data_type()))
            .collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

/// The field of a column or parameter.
pub(crate) fn field(
    index: usize,
    name: &str,
    sql_type: SqlType,
    mapping: TypeMapping,
) -> Result<Field, UnsupportedType> {
    let unsupported = UnsupportedType { index, sql_type };
    let data_type = match mapping {
        // Each value would be of another type.
        _ if sql_type == SqlType::Variant => return Err(unsupported),
        TypeMapping::Lossless => lossless(sql_type),
        TypeMapping::SqlServer => documented(sql_type).ok_or(unsupported)?,
        TypeMapping::Text if sql_type.is_binary() => DataType::Binary,
        TypeMapping::Text => DataType::Utf8,
    };
    let metadata = HashMap::from([(TYPE_KEY.to_owned(), sql_type.to_string())]);
    Ok(Field::new(name, data_type, true).with_metadata(metadata))
}

fn lossless(sql_type: SqlType) -> DataType {
    match sql_type {
        SqlType::DateTime | SqlType::SmallDateTime | SqlType::DateTime2(_) => TIMESTAMP,
        SqlType::Time(_) => DataType::Time64(TimeUnit::Microsecond),
        SqlType::UniqueIdentifier => DataType::Utf8,
        _ => storage::data_type(sql_type),
    }
}

/// After the documentation, "Data type mappings between Python and SQL Server"; `None` for what
/// it doesn't list.
fn documented(sql_type: SqlType) -> Option<DataType> {
    Some(match sql_type {
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int => DataType::Int32,
        SqlType::BigInt
        | SqlType::Real
        | SqlType::Float
        | SqlType::Decimal { .. }
        | SqlType::Money
        | SqlType::SmallMoney => DataType::Float64,
        SqlType::Date => TIMESTAMP,
        SqlType::DateTime2(_)
        | SqlType::DateTimeOffset(_)
        | SqlType::Time(_)
        | SqlType::Text
        | SqlType::NText
        | SqlType::Image
        | SqlType::Xml
        | SqlType::Json => return None,
        other => lossless(other),
    })
}

/// A storage array in the form of the worker's field.
pub(crate) fn column(array: &ArrayRef, sql_type: SqlType, form: &DataType) -> ArrayRef {
    match (form, array.data_type()) {
        (DataType::Timestamp(..), DataType::Int64) => {
            let micros: PrimitiveArray<TimestampMicrosecondType> =
                array.as_primitive::<Int64Type>().unary(|ticks| ticks.div_euclid(10));
            Arc::new(micros)
        }
        (DataType::Timestamp(..), DataType::Date32) => {
            let micros: PrimitiveArray<TimestampMicrosecondType> =
                array.as_primitive::<Date32Type>().unary(|day| i64::from(day) * DAY);
            Arc::new(micros)
        }
        (DataType::Time64(TimeUnit::Microsecond), DataType::Time64(TimeUnit::Nanosecond)) => {
            let micros: PrimitiveArray<Time64MicrosecondType> =
                array.as_primitive::<Time64NanosecondType>().unary(|nanos| nanos / 1000);
            Arc::new(micros)
        }
        (DataType::Utf8, stored) if *stored != DataType::Utf8 => {
            Arc::new(written::stored(array, sql_type))
        }
        (DataType::Int32, DataType::UInt8) => {
            let wide: Int32Array = array.as_primitive::<UInt8Type>().unary(i32::from);
            Arc::new(wide)
        }
        (DataType::Int32, DataType::Int16) => {
            let wide: Int32Array = array.as_primitive::<Int16Type>().unary(i32::from);
            Arc::new(wide)
        }
        (DataType::Float64, _) => float(array),
        _ => Arc::clone(array),
    }
}

fn float(array: &ArrayRef) -> ArrayRef {
    let floats: Float64Array = match array.data_type() {
        // SQL Server's runtime loses what is beyond 2^53, too.
        DataType::Int64 => array.as_primitive::<Int64Type>().unary(|value| value as f64),
        DataType::Float32 => array.as_primitive::<Float32Type>().unary(f64::from),
        DataType::Decimal128(_, scale) => {
            let scale = scale.unsigned_abs();
            let decimals = array.as_primitive::<Decimal128Type>();
            decimals.unary(|value| Decimal::new(value, scale).to_f64())
        }
        _ => return Arc::clone(array),
    };
    Arc::new(floats)
}

const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

#[cfg(test)]
mod tests {
    use arrow_array::{FixedSizeBinaryArray, Int64Array};

    use super::*;

    #[test]
    fn refuses_what_sql_server_refuses() {
        let columns = [Column::new("a", SqlType::Int), Column::new("b", SqlType::DateTime2(7))];
        let error = Wire::new(&columns, TypeMapping::SqlServer).unwrap_err();
        assert_eq!((error.index, error.sql_type), (1, SqlType::DateTime2(7)));
    }

    #[test]
    fn no_mapping_has_a_form_for_variants() {
        for mapping in [TypeMapping::Lossless, TypeMapping::SqlServer, TypeMapping::Text] {
            assert!(Wire::new(&[Column::new("v", SqlType::Variant)], mapping).is_err());
        }
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
        let wire = Wire::new(&columns, TypeMapping::Lossless).unwrap();
        let sent = wire.batch(&stored).unwrap();
        assert!(sent.column(0).to_data().ptr_eq(&numbers.to_data()));
        assert_eq!(sent.column(1).as_primitive::<TimestampMicrosecondType>().value(0), -1);
        let text = sent.column(2).as_string::<i32>();
        assert_eq!(text.value(0), "6F9619FF-8B86-D011-B42D-00C04FC964FF");
        assert!(text.is_null(1));
        assert_eq!(wire.schema().field(1).metadata()[TYPE_KEY], "datetime");
    }
}
