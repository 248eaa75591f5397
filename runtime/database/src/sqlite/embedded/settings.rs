//! What ends with a procedure or a text: what SET says within it ("SET Statements (Transact-SQL)"),
//! and its own SCOPE_IDENTITY().

use launchpod_functions::language::{self, Language};
use launchpod_tsql::ast::ObjectName;
use launchpod_types::SqlError;

use super::environment::Session;
use super::thread::Worker;
use crate::Called;
use crate::sqlite::errors;

/// The most bytes of a text: what `@@TEXTSIZE` is in a new session.
pub(crate) const MOST_TEXT: i64 = i32::MAX as i64;

/// What its caller gets back: the options that the database heeds, and SCOPE_IDENTITY().
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    language: Language,
    lock_timeout: i64,
    text_size: i64,
    identity_insert: Option<i64>,
    last_identity: Option<i64>,
}

// === impl Settings ===

impl Settings {
    fn of(session: &Session) -> Self {
        Settings {
            language: language::current(),
            lock_timeout: session.lock_timeout,
            text_size: session.text_size,
            identity_insert: session.identity_insert,
            last_identity: session.identity.last_here(),
        }
    }

    fn restore(self, session: &mut Session) {
        language::restore(self.language);
        session.lock_timeout = self.lock_timeout;
        session.text_size = self.text_size;
        session.identity_insert = self.identity_insert;
        session.identity.set_last_here(self.last_identity);
    }
}

/// What SET TEXTSIZE means ("SET TEXTSIZE (Transact-SQL)"): 0 is 4 KB, less than that no limit.
pub(super) fn text_size(bytes: i32) -> i64 {
    match bytes {
        0 => 4096,
        1.. => bytes.into(),
        _ => MOST_TEXT,
    }
}

/// The SET options that there are ("SET Statements (Transact-SQL)"), whether anything heeds them
/// or not.
const OPTIONS: [&str; 44] = [
    "ANSI_DEFAULTS",
    "ANSI_NULL_DFLT_OFF",
    "ANSI_NULL_DFLT_ON",
    "ANSI_NULLS",
    "ANSI_PADDING",
    "ANSI_WARNINGS",
    "ARITHABORT",
    "ARITHIGNORE",
    "CONCAT_NULL_YIELDS_NULL",
    "CONTEXT_INFO",
    "CURSOR_CLOSE_ON_COMMIT",
    "DATEFIRST",
    "DATEFORMAT",
    "DEADLOCK_PRIORITY",
    "FIPS_FLAGGER",
    "FMTONLY",
    "FORCEPLAN",
    "IDENTITY_INSERT",
    "IMPLICIT_TRANSACTIONS",
    "LANGUAGE",
    "LOCK_TIMEOUT",
    "NOCOUNT",
    "NOEXEC",
    "NUMERIC_ROUNDABORT",
    "NO_BROWSETABLE",
    "PARSEONLY",
    "QUERY_GOVERNOR_COST_LIMIT",
    "QUOTED_IDENTIFIER",
    "REMOTE_PROC_TRANSACTIONS",
    "RESULT_SET_CACHING",
    "ROWCOUNT",
    "SHOWPLAN_ALL",
    "SHOWPLAN_TEXT",
    "SHOWPLAN_XML",
    "STATISTICS IO",
    "STATISTICS PROFILE",
    "STATISTICS TIME",
    "STATISTICS XML",
    "TEXTSIZE",
    "TRANSACTION ISOLATION LEVEL",
    "XACT_ABORT",
    "OFFSETS",
    "DISABLE_DEF_CNST_CHK",
    "ERRLVL",
];

/// # Errors
/// 195 for an option that there isn't.
pub(super) fn check_option(name: &str) -> Result<(), SqlError> {
    // `SET OFFSETS SELECT, FROM ON` names what is told of.
    let known = OPTIONS.contains(&name) || name.starts_with("OFFSETS ");
    if known { Ok(()) } else { Err(errors::unknown_option(name)) }
}

// === impl Worker ===

impl Worker {
    /// `SET IDENTITY_INSERT table { ON | OFF }`: of one table at a time.
    ///
    /// # Errors
    /// 1088, 8106 for a table without an identity column, 8107 when it is on for another one.
    pub(super) fn set_identity_insert(
        &mut self,
        name: &ObjectName,
        on: bool,
    ) -> Result<(), SqlError> {
        let environment = self.environment();
        let shown = name.to_string();
        let table = environment.table(name).map_err(|_| errors::cannot_index(&shown).state(11))?;
        if !environment.may_table(&table, "AL")? {
            return Err(errors::cannot_index(&shown).state(11));
        }
        if !table.columns.iter().any(|column| column.identity) {
            return Err(errors::no_identity_to_set(&shown));
        }
        let other = self.session.identity_insert.filter(|other| *other != table.object_id);
        if let (true, Some(other)) = (on, other)
            && let Some(label) = environment.catalog().full_label(other)?
        {
            return Err(errors::identity_insert_on(&label, &shown));
        }
        match (on, other) {
            (true, _) => self.session.identity_insert = Some(table.object_id),
            (false, None) => self.session.identity_insert = None,
            (false, Some(_)) => {}
        }
        Ok(())
    }

    /// A procedure or a text begins, until [`Worker::end_called`].
    pub(super) fn begin_called(&mut self, called: &Called) -> Result<(), SqlError> {
        self.enter(called)?;
        self.callers.push(Settings::of(&self.session));
        self.session.identity.set_last_here(None);
        Ok(())
    }

    /// It has ended, and with it its options, its temporary tables and whoever it has acted as.
    pub(super) fn end_called(&mut self) -> Result<(), SqlError> {
        if let Some(settings) = self.callers.pop() {
            settings.restore(&mut self.session);
        }
        let dropped = self.drop_deeper_tables();
        self.leave().and(dropped)
    }
}
