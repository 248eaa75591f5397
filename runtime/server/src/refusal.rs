//! What a client is told whose message can't be served.

use launchpod_tds::ProtocolError;
use launchpod_tds::error::{BadParameter, Problem};
use launchpod_types::SqlError;

/// The severity from which on an error ends the connection ("Database Engine error severities").
pub(crate) const ENDS_CONNECTION: u8 = 20;

/// The error for a message that isn't served or can't be understood; the latter ends the
/// connection, as its severity says.
pub(crate) fn refusal(error: &ProtocolError) -> SqlError {
    if error.is_unsupported() {
        return SqlError::new(8009, format!("{error}."));
    }
    if let Some(parameter) = error.parameter()
        && let Some(refusal) = parameter_refusal(parameter, error.problem())
    {
        return refusal;
    }
    let text =
        format!("The incoming tabular data stream (TDS) protocol stream is incorrect: {error}.");
    SqlError::with_class(4014, ENDS_CONNECTION, text)
}

/// The error for a parameter whose value is wrong in a message that can be understood.
fn parameter_refusal(parameter: &BadParameter, problem: &Problem) -> Option<SqlError> {
    let BadParameter { ordinal, name, data_type } = parameter;
    let (token, type_name) = (*data_type)?;
    let (number, text) = match problem {
        Problem::InvalidValue { .. } => (
            8023,
            format!(
                "The supplied value is not a valid instance of data type {type_name}. Check the \
                 source data for invalid values. An example of an invalid value is data of numeric \
                 type with scale greater than precision."
            ),
        ),
        Problem::ValueLength { .. } => (
            8016,
            format!("Data type 0x{token:02X} has an invalid data length or metadata length."),
        ),
        _ => return None,
    };
    let stream = "The incoming tabular data stream (TDS) remote procedure call (RPC) protocol \
                  stream is incorrect.";
    Some(SqlError::new(number, format!("{stream} Parameter {ordinal} (\"{name}\"): {text}")))
}
