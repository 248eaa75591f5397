//! RPC requests, [MS-TDS] 2.2.6.6.

use crate::{
    error::{Problem, ProtocolError},
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
    /// Reads an RPC message's payload.
    ///
    /// # Errors
    /// When it is malformed; [`ProtocolError::is_unsupported`] when a parameter has a type
    /// or is encrypted in a way that isn't served, with the parameter named.
    pub fn decode(payload: &[u8], version: TdsVersion) -> Result<Self, ProtocolError> {
        let mut reader = Reader::new(ELEMENT, payload);
        let headers = RequestHeaders::read(&mut reader, version)?;
        let mut calls = Vec::new();
        let mut no_exec = false;
        loop {
            let mut call = RpcCall::read(&mut reader, version)?;
            call.no_exec = no_exec;
            calls.push(call);
            // A flag may also follow the last call.
            match reader.peek() {
                None => break,
                Some(flag) => no_exec = flag == NO_EXEC_FLAG,
            }
            reader.u8()?;
            if reader.is_empty() {
                break;
            }
        }
        Ok(Self { headers, calls })
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
        let name = reader.b_varchar().map_err(|error| error.in_parameter(ordinal, ""))?;
        Self::read_rest(reader, &name)
            .map(|parameter| Self { name: name.clone(), ..parameter })
            .map_err(|error| error.in_parameter(ordinal, &name))
    }

    /// All but the name.
    fn read_rest(reader: &mut Reader<'_>, name: &str) -> Result<Self, ProtocolError> {
        let status = reader.u8()?;
        // fEncrypted
        if status & 0x08 != 0 {
            return Err(reader
                .error(Problem::Unsupported { what: "an encrypted value (Always Encrypted)" }));
        }
        let type_info = TypeInfo::read(reader)?;
        let value = Value::read(reader, &type_info)?;
        let name = name.to_owned();
        Ok(Self {
            name,
            by_reference: status & 0x01 != 0,
            default: status & 0x02 != 0,
            type_info,
            value,
        })
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
