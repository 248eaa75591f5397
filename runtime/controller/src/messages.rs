//! The texts of SQL Server 2022's messages about external scripts.
//!
//! Numbers, texts, severities and states as SQL Server 2022 has them (its list of database
//! engine errors 31000 to 41399; states as seen on the wire).

use launchpod_types::{Message, SqlError};
use uuid::Uuid;

use crate::config::Config;
use crate::pools::Allotment;
use crate::visible::visible;

/// E_ABORT: the script raised an exception or was ended.
const HRESULT_ABORTED: u32 = 0x8000_4004;
/// E_FAIL: anything else.
const HRESULT_FAILED: u32 = 0x8000_4005;

/// What is kept of a long detail (characters): where a traceback starts, and its exception. An
/// ERROR token holds 65,535 bytes in all ([MS-TDS] 2.2.7.10).
const DETAIL_HEAD: usize = 2000;
const DETAIL_TAIL: usize = 6000;

/// Which request a message is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// The language as configured (as typed when it is unknown).
    pub(crate) language: &'a str,
    /// The request.
    pub(crate) request: Uuid,
    /// What its workers may use, once that is known.
    pub(crate) allotment: Option<&'a Allotment>,
}

/// 39005: what the script wrote to standard output.
pub(crate) fn stdout(text: &str) -> Message {
    Message::info(39005, format!("STDOUT message(s) from external script: \n{text}"))
}

/// 39022: what the script wrote to standard error.
pub(crate) fn stderr(text: &str) -> Message {
    Message::info(39022, format!("STDERR message(s) from external script: \n{text}"))
}

// === impl Subject ===

impl Subject<'_> {
    /// 39004: the script failed.
    pub(crate) fn script_error(self) -> SqlError {
        let Subject { language, request, .. } = self;
        let text = format!(
            "A '{language}' script error occurred during execution of \
             'sp_execute_external_script' with HRESULT {HRESULT_ABORTED:#x}. \
             External script request id is {}.",
            guid(request)
        );
        SqlError::new(39004, text).state(20)
    }

    /// 39007: no such language.
    pub(crate) fn unknown_language(self) -> SqlError {
        let language = self.language;
        let text = format!(
            "The specified language '{language}' does not exist or you do not have permission."
        );
        SqlError::new(39007, text)
    }

    /// 39010: an error of ours.
    pub(crate) fn unexpected(self) -> SqlError {
        let Subject { language, request, .. } = self;
        let text = format!(
            "External script execution for '{language}' script encountered an unexpected error \
             (HRESULT = {HRESULT_FAILED:#x}) for request id: {}.",
            guid(request)
        );
        SqlError::new(39010, text)
    }

    /// 39012: the worker died or never connected.
    pub(crate) fn runtime_lost(self) -> SqlError {
        let Subject { language, request, .. } = self;
        let text = format!(
            "Unable to communicate with the runtime for '{language}' script for request id: {}. \
             Please check the requirements of '{language}' runtime.",
            guid(request)
        );
        SqlError::new(39012, text).state(14)
    }

    /// 39013: the worker broke the protocol.
    pub(crate) fn channel_broken(self) -> SqlError {
        let Subject { language, request, .. } = self;
        let text = format!(
            "SQL Server encountered error {HRESULT_FAILED:#x} while communicating with the \
             '{language}' runtime for request id: {}. Please check the configuration of the \
             '{language}' runtime.",
            guid(request)
        );
        SqlError::new(39013, text)
    }

    /// 39017: a column of the input has a type that scripts don't take. Numbered from 0.
    pub(crate) fn unsupported_column(self, index: usize, type_name: &str) -> SqlError {
        let Subject { language, request, .. } = self;
        let text = format!(
            "Input data query returns column #{index} of type '{type_name}' which is not \
             supported by the runtime for '{language}' script. Unsupported types are binary, \
             varbinary, timestamp, datetime2, datetimeoffset, time, text, ntext, image, \
             hierarchyid, xml, sql_variant and user-defined type. External script request id is \
             {}.",
            guid(request)
        );
        SqlError::new(39017, text)
    }

    /// 39018: a parameter has a type that scripts don't take.
    pub(crate) fn unsupported_parameter(self, name: &str) -> SqlError {
        let Subject { language, request, .. } = self;
        let text = format!(
            "Parameter '@{name}' uses a data type that is not supported by the runtime for \
             '{language}' script. Unsupported types are timestamp, datetime2, datetimeoffset, \
             time, text, ntext, image, hierarchyid, xml, sql_variant and user-defined type. \
             External script request id is {}.",
            guid(request)
        );
        SqlError::new(39018, text)
    }

    /// 39021: no worker could be made.
    pub(crate) fn not_launched(self) -> SqlError {
        let Subject { language, request, .. } = self;
        let text = format!(
            "Unable to launch runtime for '{language}' script for request id: {}. Please check \
             the configuration of the '{language}' runtime. See \
             'https://learn.microsoft.com/sql/machine-learning/install/\
             sql-machine-learning-services-windows-install-sql-2022' for setup instructions.",
            guid(request)
        );
        SqlError::new(39021, text).state(13)
    }

    /// 39108: all worker accounts are busy.
    pub(crate) fn too_many_users(self, limit: u32) -> SqlError {
        let text = format!(
            "Maximum number of concurrent external script users has been reached. Limit is \
             {limit}. Please retry the operation. External script request id is {}.",
            guid(self.request)
        );
        SqlError::new(39108, text)
    }

    /// 39110: the identity has as many requests running as it may.
    pub(crate) fn too_many_queries(self, limit: u32) -> SqlError {
        let text = format!(
            "Maximum number of concurrent external script queries for this user has been \
             reached. Limit is {limit}. Please retry the operation. External script request id \
             is {}.",
            guid(self.request)
        );
        SqlError::new(39110, text)
    }

    /// 39127: a limit was hit.
    pub(crate) fn out_of_resources(self) -> SqlError {
        let Subject { language, request, .. } = self;
        let text = format!(
            "External script execution for '{language}' script ran out of resources. External \
             script request id is: {}.",
            guid(request)
        );
        SqlError::new(39127, text)
    }
}

/// 39019 after a script's error: the traceback.
pub(crate) fn traceback(text: &str) -> SqlError {
    let text = text.trim_end_matches('\n');
    detail(&format!("\nError in execution.  Check the output for more information.\n{text}"))
}

/// 39019 with any other cause of the error before it. What is too long loses its middle.
pub(crate) fn detail(text: &str) -> SqlError {
    let text = shortened(&visible(text));
    SqlError::new(39019, format!("An external script error occurred: \n{text}")).state(2)
}

/// 39019 that a script's connections were held back meanwhile.
pub(crate) fn slow_connections(config: &Config) -> SqlError {
    detail(&format!(
        "The script's TCP connections were held back meanwhile: the limit is {} MiB that the system \
         holds for them (tcp_memory in the configuration).",
        config.limits.tcp_memory >> 20
    ))
}

/// 39019 that connections outward were closed meanwhile.
pub(crate) fn idle_connections(config: &Config) -> SqlError {
    detail(&format!(
        "Connections of the script outward were closed meanwhile: the limit is {} s without a byte \
         (outbound_idle_timeout in the configuration).",
        config.outbound_idle.as_secs_f64()
    ))
}

/// 17809: a script's connection to its caller's database is one too many. SQL Server says the
/// first and the last sentence of its own limit.
pub(crate) fn too_many_connections(limit: u32, setting: &str) -> SqlError {
    let text = format!(
        "Could not connect because the maximum number of '{limit}' user connections has already \
         been reached. A script may have so many at once ({setting} in the configuration). The \
         connection has been closed."
    );
    SqlError::with_class(17809, 20, text)
}

/// 11535: a result set came, none (or no further one) was declared.
pub(crate) fn too_many_sets(declared: usize) -> SqlError {
    SqlError::new(
        11535,
        format!(
            "EXECUTE statement failed because its WITH RESULT SETS clause specified {declared} \
             result set(s), and the statement tried to send more result sets than this."
        ),
    )
}

/// 11536: fewer result sets came than were declared.
pub(crate) fn too_few_sets(declared: usize, sent: usize) -> SqlError {
    SqlError::new(
        11536,
        format!(
            "EXECUTE statement failed because its WITH RESULT SETS clause specified {declared} \
             result set(s), but the statement only sent {sent} result set(s) at run time."
        ),
    )
}

/// Keeps the beginning and the end of a text that is too long for one message.
fn shortened(text: &str) -> String {
    let length = text.chars().count();
    if length <= DETAIL_HEAD + DETAIL_TAIL {
        return text.to_owned();
    }
    let head: String = text.chars().take(DETAIL_HEAD).collect();
    let tail: String = text.chars().skip(length - DETAIL_TAIL).collect();
    format!("{head}\n[{} characters left out]\n{tail}", length - DETAIL_HEAD - DETAIL_TAIL)
}

/// A request's id as SQL Server writes a uniqueidentifier.
fn guid(request: Uuid) -> String {
    request.hyphenated().to_string().to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: Subject<'_> =
        Subject { language: "Python", request: Uuid::nil(), allotment: None };

    #[test]
    fn a_script_error_reads_as_sql_server_writes_it() {
        let error = SUBJECT.script_error();
        assert_eq!(
            error.0.text,
            "A 'Python' script error occurred during execution of 'sp_execute_external_script' \
             with HRESULT 0x80004004. External script request id is \
             00000000-0000-0000-0000-000000000000."
        );
        assert_eq!((error.0.number, error.0.class, error.0.state), (39004, 16, 20));
    }

    #[test]
    fn the_traceback_follows_its_sentence() {
        let error = traceback("Traceback (most recent call last):\nValueError: x\n");
        assert_eq!(
            error.0.text,
            "An external script error occurred: \n\nError in execution.  Check the output for \
             more information.\nTraceback (most recent call last):\nValueError: x"
        );
        assert_eq!((error.0.number, error.0.class, error.0.state), (39019, 16, 2));
    }

    #[test]
    fn a_long_or_hostile_traceback_fits_a_message() {
        let text = detail(&format!("start{}\x1b[31m\0end", "x".repeat(1 << 20))).0.text;
        assert!(text.contains("start") && text.ends_with("␛[31m␀end"));
        assert!(text.contains("characters left out"));
        assert!(text.chars().count() < 8200);
    }

    #[test]
    fn output_has_its_header() {
        let message = stdout("42");
        assert_eq!(message.text, "STDOUT message(s) from external script: \n42");
        assert!(!message.is_error());
    }

    #[test]
    fn the_launch_error_keeps_its_address_in_one_piece() {
        assert!(SUBJECT.not_launched().0.text.contains(
            "'https://learn.microsoft.com/sql/machine-learning/install/sql-machine-learning-services-windows-install-sql-2022'"
        ));
    }
}
