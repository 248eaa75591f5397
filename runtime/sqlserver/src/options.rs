//! Options that a procedure sets end with it ("SET Statements (Transact-SQL)"). At the server each
//! statement of the interpreter's is a batch of its own, whose options stay: so what an option was
//! is asked before a procedure sets it, and set again when the procedure ends.

use std::io;

use launchpod_tsql::ast::{SetOption, SetValue};
use launchpod_types::Value;

use crate::job::Talk;
use crate::state::Scope;

/// Options that `@@OPTIONS` has a bit for ("Configure the user options server configuration
/// option").
const FLAGS: [(&str, u32); 14] = [
    ("IMPLICIT_TRANSACTIONS", 2),
    ("CURSOR_CLOSE_ON_COMMIT", 4),
    ("ANSI_WARNINGS", 8),
    ("ANSI_PADDING", 16),
    ("ANSI_NULLS", 32),
    ("ARITHABORT", 64),
    ("ARITHIGNORE", 128),
    ("QUOTED_IDENTIFIER", 256),
    ("NOCOUNT", NOCOUNT),
    ("ANSI_NULL_DFLT_ON", 1_024),
    ("ANSI_NULL_DFLT_OFF", 2_048),
    ("CONCAT_NULL_YIELDS_NULL", 4_096),
    ("NUMERIC_ROUNDABORT", 8_192),
    (ABORT, XACT_ABORT),
];

/// `SET NOCOUNT` in `@@OPTIONS`.
pub(crate) const NOCOUNT: u32 = 512;
/// `SET XACT_ABORT` in `@@OPTIONS`.
pub(crate) const XACT_ABORT: u32 = 16_384;
/// The option that sets others, too.
pub(crate) const LANGUAGE: &str = "LANGUAGE";
/// Those ("SET LANGUAGE (Transact-SQL)", and what sys.syslanguages has).
const OF_LANGUAGE: [&str; 2] = ["DATEFIRST", "DATEFORMAT"];
/// The option under which an error rolls the transaction back.
pub(crate) const ABORT: &str = "XACT_ABORT";

/// The query for an option's value as SET has it; `None` when the server tells it nowhere.
fn question(option: &str) -> Option<String> {
    if let Some((_, bit)) = FLAGS.iter().find(|(name, _)| *name == option) {
        return Some(format!("SELECT CASE WHEN @@OPTIONS & {bit} <> 0 THEN N'ON' ELSE N'OFF' END"));
    }
    let own_session = |column: &str| {
        format!("SELECT {column} FROM sys.dm_exec_sessions WHERE session_id = @@SPID")
    };
    Some(match option {
        "DATEFIRST" => "SELECT CAST(@@DATEFIRST AS nvarchar(20))".to_owned(),
        "LOCK_TIMEOUT" => "SELECT CAST(@@LOCK_TIMEOUT AS nvarchar(20))".to_owned(),
        LANGUAGE => "SELECT QUOTENAME(@@LANGUAGE, N'''')".to_owned(),
        "DATEFORMAT" => own_session("CAST(date_format AS nvarchar(3))"),
        // Not every server has @@TEXTSIZE, and an error could cost a caller their transaction; nor
        // does every server take -1 for «all of it».
        "TEXTSIZE" => own_session(
            "CAST(CASE text_size WHEN -1 THEN 2147483647 ELSE text_size END AS nvarchar(20))",
        ),
        "DEADLOCK_PRIORITY" => own_session("CAST(deadlock_priority AS nvarchar(20))"),
        "TRANSACTION ISOLATION LEVEL" => own_session(
            "CHOOSE(transaction_isolation_level, N'READ UNCOMMITTED', N'READ COMMITTED', N'REPEATABLE READ', N'SERIALIZABLE', N'SNAPSHOT')",
        ),
        _ => return None,
    })
}

/// The value of an option that the server tells nowhere, as a session begins with it.
fn initial(option: &str) -> Option<&'static str> {
    match option {
        "ROWCOUNT" => Some("0"),
        "FMTONLY" | "NOEXEC" | "PARSEONLY" | "FORCEPLAN" | "SHOWPLAN_ALL" | "SHOWPLAN_TEXT"
        | "SHOWPLAN_XML" | "STATISTICS IO" | "STATISTICS TIME" | "STATISTICS XML"
        | "STATISTICS PROFILE" => Some("OFF"),
        _ => None,
    }
}

// === impl Talk ===

impl Talk {
    /// Notes what options are before a statement sets them: XACT_ABORT everywhere, and all that a
    /// procedure sets, for when it ends.
    pub async fn keep_options(&mut self, set: &SetOption) -> io::Result<()> {
        let sets_others = set.names.iter().any(|name| name == LANGUAGE);
        let others = OF_LANGUAGE.into_iter().filter(|_| sets_others);
        for name in set.names.iter().map(String::as_str).chain(others) {
            let is_known = |scope: &Scope| scope.options.contains_key(name);
            let is_kept =
                self.state().scopes.get(1..).and_then(<[Scope]>::last).is_none_or(is_known);
            if !is_kept {
                let value = match question(name) {
                    Some(question) => {
                        self.asked(&question).await?.ok().and_then(|rows| rows.into_iter().next())
                    }
                    None => initial(name).map(|value| vec![Value::from(value)]),
                };
                if let (Some([Value::Text(value)]), Some(scope)) =
                    (value.as_deref(), self.state().scopes.last_mut())
                {
                    scope.options.insert(name.to_owned(), value.clone());
                }
            }
            if name == ABORT {
                self.state().aborts = set.value == SetValue::On;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_t_sql() {
        let names = FLAGS.iter().map(|(name, _)| *name);
        let others =
            ["DATEFIRST", "LANGUAGE", "DATEFORMAT", "TEXTSIZE", "TRANSACTION ISOLATION LEVEL"];
        for name in names.chain(others) {
            let question = question(name).unwrap();
            assert_eq!(launchpod_tsql::parse(&question).unwrap().statements.len(), 1, "{question}");
        }
        assert_eq!((question("ROWCOUNT"), initial("ROWCOUNT")), (None, Some("0")));
        assert_eq!((question("IDENTITY_INSERT"), initial("IDENTITY_INSERT")), (None, None));
    }
}
