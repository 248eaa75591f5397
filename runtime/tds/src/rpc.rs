//! RPC requests, [MS-TDS] 2.2.6.6.

use crate::{
    error::{BadParameter, Problem, ProtocolError},
    headers::RequestHeaders,
    reader::Reader,
    types::{TypeInfo, Value},
    version::TdsVersion,
};

const ELEMENT: &str = "RPC request";
const PARAMETER: &str = "RPC parameter";

/// Stands where a name's length would, before the number of a procedure.
const BY_NUMBER: u16 = 0xffff;
/// Between two calls of a message, since TDS 7.2.
const BATCH_FLAG: u8 = 0xff;
/// Between two calls, when the next must not run; since TDS 7.2.
const NO_EXEC_FLAG: u8 = 0xfe;
/// Between two calls before TDS 7.2, where it can't be the length of a name.
const OLD_BATCH_FLAG: u8 = 0x80;

/// The most parameters that SQL Server takes in a call.
const MAX_PARAMETERS: usize = 2100;

/// Calls of procedures, run one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcMessage {
    /// What stands in front.
    pub headers: RequestHeaders,
    /// The calls, at least one.
    pub calls: Vec<RpcCall>,
}

/// The calls of an RPC message, read one at a time.
///
/// A message of many small calls takes some thirty times its own size once it is read
/// whole; read like this it takes what its largest call does. A call that is malformed, or
/// unsupported, ends the iteration with its error: where the next one begins is unknown.
#[derive(Debug, Clone)]
pub struct RpcCalls<'a> {
    headers: RequestHeaders,
    reader: Reader<'a>,
    version: TdsVersion,
    /// The flag before the next call was NoExecFlag.
    no_exec: bool,
    /// Nothing more is to be read.
    ended: bool,
}

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcCall {
    /// What is called.
    pub procedure: Procedure,
    /// fWithRecomp, fNoMetaData and fReuseMetaData.
    pub options: RpcOptions,
    /// The arguments in their order.
    pub parameters: Vec<RpcParameter>,
    /// The client forbids this call to run (NoExecFlag before it).
    pub no_exec: bool,
}

/// What a call names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Procedure {
    /// By name, as written: it may have parts and brackets.
    Named(String),
    /// By number.
    Special(SpecialProcedure),
}

/// Procedures with a number, [MS-TDS] 2.2.6.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpecialProcedure {
    /// sp_cursor
    Cursor = 1,
    /// sp_cursoropen
    CursorOpen = 2,
    /// sp_cursorprepare
    CursorPrepare = 3,
    /// sp_cursorexecute
    CursorExecute = 4,
    /// sp_cursorprepexec
    CursorPrepExec = 5,
    /// sp_cursorunprepare
    CursorUnprepare = 6,
    /// sp_cursorfetch
    CursorFetch = 7,
    /// sp_cursoroption
    CursorOption = 8,
    /// sp_cursorclose
    CursorClose = 9,
    /// sp_executesql
    ExecuteSql = 10,
    /// sp_prepare
    Prepare = 11,
    /// sp_execute
    Execute = 12,
    /// sp_prepexec
    PrepExec = 13,
    /// sp_prepexecrpc
    PrepExecRpc = 14,
    /// sp_unprepare
    Unprepare = 15,
}

/// Option flags of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RpcOptions(pub u16);

/// An argument of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct RpcParameter {
    /// Its name with the `@`, or empty when it is passed by position.
    pub name: String,
    /// fByRefValue: the caller wants its value back (OUTPUT).
    pub by_reference: bool,
    /// fDefaultValue: the procedure's default is meant; the value is NULL.
    pub default: bool,
    /// Its type.
    pub type_info: TypeInfo,
    /// Its value.
    pub value: Value,
}

// === impl RpcMessage ===

impl RpcMessage {
    /// Reads an RPC message's payload whole; see [`RpcCalls`] for what that costs.
    ///
    /// # Errors
    /// Those of [`RpcCalls::new`] and of its iteration.
    pub fn decode(payload: &[u8], version: TdsVersion) -> Result<Self, ProtocolError> {
        let calls = RpcCalls::new(payload, version)?;
        Ok(Self { headers: calls.headers(), calls: calls.collect::<Result<_, _>>()? })
    }
}

// === impl RpcCalls ===

impl<'a> RpcCalls<'a> {
    /// Reads the headers of an RPC message's payload.
    ///
    /// # Errors
    /// When the headers are malformed. The iteration yields an error when a call is
    /// malformed; [`ProtocolError::is_unsupported`] when a parameter has a type or is
    /// encrypted in a way that isn't served, with the parameter named.
    pub fn new(payload: &'a [u8], version: TdsVersion) -> Result<Self, ProtocolError> {
        let mut reader = Reader::new(ELEMENT, payload);
        let headers = RequestHeaders::read(&mut reader, version)?;
        Ok(Self { headers, reader, version, no_exec: false, ended: false })
    }

    /// What stands in front of the calls.
    pub fn headers(&self) -> RequestHeaders {
        self.headers
    }

    fn read(&mut self) -> Result<RpcCall, ProtocolError> {
        let mut call = RpcCall::read(&mut self.reader, self.version)?;
        call.no_exec = self.no_exec;
        if !self.reader.is_empty() {
            self.no_exec = self.reader.u8()? == NO_EXEC_FLAG;
        }
        // A flag may also follow the last call.
        self.ended = self.reader.is_empty();
        Ok(call)
    }
}

impl Iterator for RpcCalls<'_> {
    type Item = Result<RpcCall, ProtocolError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let call = self.read();
        self.ended |= call.is_err();
        Some(call)
    }
}

// === impl RpcCall ===

impl RpcCall {
    /// Reads up to the end, or to the flag before the next call.
    fn read(reader: &mut Reader<'_>, version: TdsVersion) -> Result<Self, ProtocolError> {
        reader.enter(ELEMENT);
        let procedure = match reader.u16()? {
            BY_NUMBER => {
                let number = reader.u16()?;
                let special = SpecialProcedure::from_number(number);
                Procedure::Special(
                    special.ok_or_else(|| reader.invalid("procedure number", number))?,
                )
            }
            0 => return Err(reader.invalid("length of the procedure's name", 0u8)),
            units => Procedure::Named(reader.text(units.into())?),
        };
        let options = RpcOptions(reader.u16()?);
        let mut parameters = Vec::new();
        while reader.peek().is_some_and(|byte| !is_flag(byte, version)) {
            if parameters.len() == MAX_PARAMETERS {
                let (length, limit) = (MAX_PARAMETERS as u64 + 1, MAX_PARAMETERS as u64);
                return Err(reader.error(Problem::TooLong {
                    what: "number of parameters",
                    length,
                    limit,
                }));
            }
            parameters.push(RpcParameter::read(reader, parameters.len() + 1)?);
        }
        Ok(Self { procedure, options, parameters, no_exec: false })
    }
}

fn is_flag(byte: u8, version: TdsVersion) -> bool {
    if version.has_all_headers() {
        byte == BATCH_FLAG || byte == NO_EXEC_FLAG
    } else {
        byte == OLD_BATCH_FLAG
    }
}

// === impl RpcParameter ===

impl RpcParameter {
    fn read(reader: &mut Reader<'_>, ordinal: usize) -> Result<Self, ProtocolError> {
        reader.enter(PARAMETER);
        let mut bad = BadParameter { ordinal, name: String::new(), data_type: None };
        Self::read_noting(reader, &mut bad).map_err(|error| error.in_parameter(bad))
    }

    /// Reads it, and notes what is known of it in case that something is wrong.
    fn read_noting(
        reader: &mut Reader<'_>,
        noted: &mut BadParameter,
    ) -> Result<Self, ProtocolError> {
        let name = reader.b_varchar()?;
        noted.name.clone_from(&name);
        let status = reader.u8()?;
        // fEncrypted
        if status & 0x08 != 0 {
            return Err(reader
                .error(Problem::Unsupported { what: "an encrypted value (Always Encrypted)" }));
        }
        let token = reader.peek();
        let type_info = TypeInfo::read(reader)?;
        noted.data_type = token.map(|token| (token, type_info.name()));
        let value = Value::read(reader, &type_info)?;
        refuse_non_finite(reader, &value)?;
        Ok(Self {
            name,
            by_reference: status & 0x01 != 0,
            default: status & 0x02 != 0,
            type_info,
            value,
        })
    }
}

/// SQL Server has no NaN and no infinity.
fn refuse_non_finite(reader: &Reader<'_>, value: &Value) -> Result<(), ProtocolError> {
    match value {
        Value::Real(number) if !number.is_finite() => {
            Err(reader.invalid_value("real", number.to_bits()))
        }
        Value::Float(number) if !number.is_finite() => {
            Err(reader.invalid_value("float", number.to_bits()))
        }
        _ => Ok(()),
    }
}

// === impl RpcOptions ===

impl RpcOptions {
    /// The procedure is to be compiled anew.
    pub fn with_recompile(self) -> bool {
        self.0 & 0x01 != 0
    }

    /// The client has the columns already: COLMETADATA can do without them.
    pub fn no_metadata(self) -> bool {
        self.0 & 0x02 != 0
    }
}

// === impl SpecialProcedure ===

impl SpecialProcedure {
    const ALL: [(Self, &str); 15] = [
        (Self::Cursor, "sp_cursor"),
        (Self::CursorOpen, "sp_cursoropen"),
        (Self::CursorPrepare, "sp_cursorprepare"),
        (Self::CursorExecute, "sp_cursorexecute"),
        (Self::CursorPrepExec, "sp_cursorprepexec"),
        (Self::CursorUnprepare, "sp_cursorunprepare"),
        (Self::CursorFetch, "sp_cursorfetch"),
        (Self::CursorOption, "sp_cursoroption"),
        (Self::CursorClose, "sp_cursorclose"),
        (Self::ExecuteSql, "sp_executesql"),
        (Self::Prepare, "sp_prepare"),
        (Self::Execute, "sp_execute"),
        (Self::PrepExec, "sp_prepexec"),
        (Self::PrepExecRpc, "sp_prepexecrpc"),
        (Self::Unprepare, "sp_unprepare"),
    ];

    fn from_number(number: u16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .map(|(procedure, _)| procedure)
            .find(|procedure| *procedure as u16 == number)
    }

    /// The procedure's name.
    pub fn name(self) -> &'static str {
        // Within bounds: the numbers count from 1 and the table is in their order.
        Self::ALL[self as usize - 1].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        headers::tests::SAMPLE,
        types::{FixedType, Length},
    };

    fn decode(body: &[u8]) -> Result<Vec<RpcCall>, ProtocolError> {
        let payload = [&SAMPLE[..], body].concat();
        RpcMessage::decode(&payload, TdsVersion::V7_4).map(|message| message.calls)
    }

    #[test]
    fn the_example_of_the_specification() {
        // [MS-TDS] 4.8, without its packet header.
        let payload = [
            0x16, 0x00, 0x00, 0x00, 0x12, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x66, 0x00, 0x6f, 0x00,
            0x6f, 0x00, 0x33, 0x00, 0x00, 0x00, 0x00, 0x02, 0x26, 0x02, 0x00,
        ];
        let message = RpcMessage::decode(&payload, TdsVersion::V7_2).unwrap();
        assert_eq!(message.headers, RequestHeaders { transaction: 1 << 56, outstanding: 0 });
        let parameter = RpcParameter {
            name: String::new(),
            by_reference: false,
            default: true,
            type_info: TypeInfo::Nullable(FixedType::SmallInt),
            value: Value::Null,
        };
        let call = RpcCall {
            procedure: Procedure::Named("foo3".to_owned()),
            options: RpcOptions(0),
            parameters: vec![parameter],
            no_exec: false,
        };
        assert_eq!(message.calls, [call]);
    }

    /// sp_executesql N'x', with an OUTPUT parameter.
    const EXECUTESQL: [u8; 35] = [
        0xff, 0xff, 10, 0, 2, 0, // by number, no metadata
        0, 0, 0xe7, 2, 0, 9, 4, 0xd0, 0, 0x34, 2, 0, b'x', 0, // nvarchar(1)
        2, b'@', 0, b'a', 0, 1, 0x26, 4, 4, 1, 0, 0, 0, // int OUTPUT
        0xe7, 0x00, // overwritten or cut by tests
    ];

    #[test]
    fn calls_by_number_with_output() {
        let calls = decode(&EXECUTESQL[..33]).unwrap();
        assert_eq!(calls[0].procedure, Procedure::Special(SpecialProcedure::ExecuteSql));
        assert!(calls[0].options.no_metadata() && !calls[0].options.with_recompile());
        let [statement, output] = &calls[0].parameters[..] else { panic!("two parameters") };
        assert_eq!(statement.value, Value::Text("x".to_owned()));
        assert!(matches!(
            statement.type_info,
            TypeInfo::NVarChar { length: Length::Limited(1), .. }
        ));
        assert_eq!((output.name.as_str(), output.by_reference), ("@a", true));
        assert_eq!(output.value, Value::Int(1));
        assert!(!decode(&EXECUTESQL).unwrap_err().is_unsupported(), "a parameter is cut off");
    }

    #[test]
    fn several_calls_are_separated_by_flags() {
        let call = [1, 0, b'p', 0, 0, 0];
        for end in [&[][..], &[BATCH_FLAG]] {
            let body = [&call[..], &[BATCH_FLAG], &call, &[NO_EXEC_FLAG], &call, end].concat();
            let calls = decode(&body).unwrap();
            assert_eq!(
                calls.iter().map(|call| call.no_exec).collect::<Vec<_>>(),
                [false, false, true]
            );
        }
        let old = [&call[..], &[OLD_BATCH_FLAG], &call].concat();
        assert_eq!(RpcMessage::decode(&old, TdsVersion(0x7100_0001)).unwrap().calls.len(), 2);
        // Since TDS 7.2 it is the length of a name.
        assert!(decode(&old).is_err());
    }

    #[test]
    fn calls_are_read_one_at_a_time_up_to_the_first_bad_one() {
        let call = [1, 0, b'p', 0, 0, 0];
        let payload = [&SAMPLE[..], &call, &[BATCH_FLAG], &[0, 0], &[BATCH_FLAG], &call].concat();
        let mut calls = RpcCalls::new(&payload, TdsVersion::V7_4).unwrap();
        assert_eq!(calls.headers().outstanding, 1);
        assert!(calls.next().unwrap().is_ok());
        assert!(calls.next().unwrap().is_err());
        assert!(calls.next().is_none());
    }

    #[test]
    fn unsupported_parameters_are_named() {
        let body = [&EXECUTESQL[..33], &[2, b'@', 0, b'v', 0, 0, 0xf5, 0, 0, 0, 0]].concat();
        let error = decode(&body).unwrap_err();
        assert!(error.is_unsupported());
        assert_eq!(
            error.to_string(),
            "RPC parameter 3 (\"@v\") at byte 61: the data type vector is not supported"
        );
        let encrypted = [&EXECUTESQL[..33], &[0, 0x08, 0x26, 4, 0]].concat();
        assert!(decode(&encrypted).unwrap_err().is_unsupported());
    }

    #[test]
    fn a_bad_value_is_told_from_a_bad_message() {
        let whole = |value: &[u8]| [&EXECUTESQL[..33], &[2, b'@', 0, b'd', 0, 0], value].concat();
        let parameter = |data_type| BadParameter { ordinal: 3, name: "@d".to_owned(), data_type };
        let date = decode(&whole(&[0x28, 3, 0xff, 0xff, 0xff])).unwrap_err();
        assert_eq!(date.problem(), &Problem::InvalidValue { what: "date", value: 0xff_ffff });
        assert_eq!(date.parameter(), Some(&parameter(Some((0x28, "date")))));
        let nan = decode(&whole(&[&[0x6d, 8, 8][..], &f64::NAN.to_le_bytes()].concat()));
        assert!(matches!(nan.unwrap_err().problem(), Problem::InvalidValue { what: "float", .. }));
        let long = decode(&whole(&[0x26, 4, 5, 1, 2, 3, 4, 5])).unwrap_err();
        assert_eq!(long.problem(), &Problem::ValueLength { length: 5 });
        assert_eq!(long.parameter(), Some(&parameter(Some((0x26, "int")))));
        let cut = decode(&whole(&[0x26, 4, 4, 1])).unwrap_err();
        assert!(matches!(cut.problem(), Problem::Truncated { .. }));
        let kind = decode(&whole(&[0x26, 3, 0])).unwrap_err();
        assert_eq!(kind.parameter(), Some(&parameter(None)));
    }

    #[test]
    fn names_numbers_and_counts_are_bounded() {
        assert!(decode(&[]).is_err());
        assert!(decode(&[0, 0, 0, 0]).is_err(), "an empty name");
        assert!(
            decode(&[0xff, 0xff, 0, 0, 0, 0]).is_err()
                && decode(&[0xff, 0xff, 16, 0, 0, 0]).is_err()
        );
        assert!(decode(&[0xff, 0x7f, b'p', 0]).is_err(), "a name beyond the end");
        let mut body = vec![1, 0, b'p', 0, 0, 0];
        body.extend([0, 0, 0x1f].repeat(MAX_PARAMETERS));
        assert_eq!(decode(&body).unwrap()[0].parameters.len(), MAX_PARAMETERS);
        body.extend([0, 0, 0x1f]);
        assert!(decode(&body).unwrap_err().to_string().contains("number of parameters"));
    }

    #[test]
    fn numbers_have_names() {
        for number in 1..=15 {
            let procedure = SpecialProcedure::from_number(number).unwrap();
            assert_eq!(procedure as u16, number);
            assert!(procedure.name().starts_with("sp_"));
        }
        assert_eq!(SpecialProcedure::PrepExec.name(), "sp_prepexec");
    }
}
