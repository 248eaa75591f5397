//! Parameters of a script: to the worker, and back from it.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, Field, Schema};
use launchpod_protocol::data::TypeMapping;
use launchpod_types::{Column, Parameter, Value};

use crate::convert::{ConvertError, Converter};
use crate::stream::{Corrupt, Decoder, Encoder, Limits, slices};
use crate::value::{FormError, array_of, value_at};
use crate::wire::{self, UnsupportedType};

/// The key of a parameter field's metadata that marks an OUTPUT parameter.
pub const OUTPUT_KEY: &str = "launchpod.output";

/// Parameters can't be sent.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A type that the runtime doesn't take: error 39018.
    #[error(transparent)]
    Unsupported(#[from] UnsupportedType),
    /// A value is not of its parameter's type, which the interpreter excludes.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Arrow refuses what the forms allow.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// The worker's scalars are not those that were asked for: error 39013.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The stream is corrupt.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// Not one row with one column per OUTPUT parameter.
    #[error("the worker's scalars are not one row of {0} values")]
    Shape(usize),
    /// A value doesn't become its declared type.
    #[error("a scalar from the worker: {0}")]
    Value(#[from] ConvertError),
}

/// The Arrow stream for PARAMETERS; empty when there are none.
///
/// # Errors
/// See [`EncodeError`].
pub fn encode(parameters: &[Parameter], mapping: TypeMapping) -> Result<Vec<u8>, EncodeError> {
    if parameters.is_empty() {
        return Ok(Vec::new());
    }
    let mut fields: Vec<Field> = Vec::with_capacity(parameters.len());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(parameters.len());
    for (index, parameter) in parameters.iter().enumerate() {
        let mut field = wire::field(index, &parameter.name, parameter.sql_type, mapping)?;
        let stored = array_of([&parameter.value], parameter.sql_type)?;
        columns.push(wire::column(&stored, parameter.sql_type, field.data_type()));
        if parameter.output {
            field.metadata_mut().insert(OUTPUT_KEY.to_owned(), "1".to_owned());
        }
        fields.push(field);
    }
    let schema = Arc::new(Schema::new(fields));
    let mut encoder = Encoder::new(&schema)?;
    let mut pieces = encoder.batch(&RecordBatch::try_new(schema, columns)?)?;
    pieces.extend(encoder.finish()?);
    Ok(slices(&pieces).concat())
}

/// The values of the OUTPUT parameters, in their order, from the whole stream of RESULTS.
///
/// # Errors
/// See [`DecodeError`].
pub fn decode(
    stream: &[u8],
    parameters: &[Parameter],
    limits: Limits,
    refuses_non_finite: bool,
) -> Result<Vec<Value>, DecodeError> {
    let columns: Vec<Column> = parameters
        .iter()
        .filter(|parameter| parameter.output)
        .map(|parameter| Column::new(&parameter.name, parameter.sql_type))
        .collect();
    let mut decoder = Decoder::new(limits);
    let batches = decoder.push(stream)?;
    decoder.finish()?;
    let [batch] = &batches[..] else {
        return Err(DecodeError::Shape(columns.len()));
    };
    if batch.num_rows() != 1 || batch.num_columns() != columns.len() {
        return Err(DecodeError::Shape(columns.len()));
    }
    let converter =
        Converter::declared(batch.schema_ref(), &columns)?.refusing_non_finite(refuses_non_finite);
    let mut values = Vec::with_capacity(columns.len());
    for row in converter.convert(batch) {
        let row = row?;
        for (array, column) in row.columns().iter().zip(&columns) {
            values.push(value_at(array, 0, column.sql_type));
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use launchpod_types::SqlType;

    use super::*;

    fn parameter(name: &str, sql_type: SqlType, value: Value, output: bool) -> Parameter {
        Parameter { name: name.to_owned(), sql_type, value, output }
    }

    /// The stream of a worker that answers with these parameters' values.
    fn answer(parameters: &[Parameter]) -> Vec<u8> {
        encode(parameters, TypeMapping::Lossless).unwrap()
    }

    #[test]
    fn only_output_parameters_come_back() {
        let sent = [
            parameter("a", SqlType::Int, Value::Int(1), true),
            parameter("b", SqlType::Int, Value::Int(2), false),
            parameter("c", SqlType::SYSNAME, Value::Null, true),
        ];
        let answered = answer(&[sent[0].clone(), sent[2].clone()]);
        let values = decode(&answered, &sent, Limits::default(), false).unwrap();
        assert_eq!(values, [Value::Int(1), Value::Null]);
        assert!(encode(&[], TypeMapping::Lossless).unwrap().is_empty());
    }

    #[test]
    fn other_answers_are_refused() {
        let asked = [parameter("a", SqlType::TinyInt, Value::Null, true)];
        let two = [asked[0].clone(), asked[0].clone()];
        let limits = Limits::default();
        assert!(matches!(decode(&answer(&two), &asked, limits, false), Err(DecodeError::Shape(1))));
        let wide = [parameter("a", SqlType::Int, Value::Int(256), true)];
        assert!(matches!(
            decode(&answer(&wide), &asked, limits, false),
            Err(DecodeError::Value(_))
        ));
        let bytes = [parameter("a", SqlType::VARBINARY_MAX, Value::Binary(vec![1, 0]), true)];
        assert!(matches!(
            decode(&answer(&bytes), &asked, limits, false),
            Err(DecodeError::Value(_))
        ));
        let mut cut = answer(&asked);
        cut.pop();
        assert!(matches!(decode(&cut, &asked, limits, false), Err(DecodeError::Corrupt(_))));
        assert!(matches!(decode(&[], &asked, limits, false), Err(DecodeError::Corrupt(_))));
    }

    #[test]
    fn unsupported_types_are_named_by_their_place() {
        let parameters = [
            parameter("a", SqlType::Int, Value::Null, false),
            parameter("b", SqlType::Xml, Value::Null, false),
        ];
        let error = encode(&parameters, TypeMapping::SqlServer).unwrap_err();
        assert!(matches!(error, EncodeError::Unsupported(UnsupportedType { index: 1, .. })));
    }
}
