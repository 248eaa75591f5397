//! Which texts reach an external script.

use std::borrow::Cow;

use launchpod_tsql::ast::{
    Argument, ArgumentValue, Execute, Expr, ExprKind, InsertSource, Literal, ObjectName,
    ProcedureName, Statement, StatementKind,
};

/// The procedure that runs external scripts, in the form in which names compare.
pub(crate) const EXTERNAL_SCRIPT: &str = "sp_execute_external_script";
/// The procedures that run a text given to them.
const TEXT_RUNNERS: [&str; 3] = ["sp_executesql", "sp_prepexec", "sp_prepare"];
/// The procedures that open a cursor over a text given to them, now or later.
const CURSOR_OPENERS: [&str; 3] = ["sp_cursoropen", "sp_cursorprepare", "sp_cursorprepexec"];
/// How deep texts within texts are read.
const MAX_DEPTH: usize = 8;

/// What a text comes to, as far as it says so itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// It runs an external script.
    pub script: bool,
    /// The procedures that it calls, which may.
    pub calls: Vec<ObjectName>,
}

// === impl Reach ===

impl Reach {
    /// What a batch, or the definition of a procedure, comes to. What our parser can't read
    /// comes to nothing. Whether double quotes hold names or texts is the session's to say, so it
    /// is read both ways.
    pub fn of(text: &str) -> Self {
        let mut reach = Reach::default();
        for part in launchpod_tsql::split_batches(text) {
            reach.read(part.text, MAX_DEPTH);
            if let (Cow::Owned(requoted), _) = launchpod_tsql::requoted(part.text, false) {
                reach.read(&requoted, MAX_DEPTH);
            }
        }
        reach
    }

    /// What statements of a text come to.
    pub(crate) fn of_statements(statements: &[Statement], text: &str) -> Self {
        let mut reach = Reach::default();
        reach.statements(statements, text, MAX_DEPTH);
        reach
    }

    /// What a call of a procedure by its name comes to.
    pub fn of_call(name: &str) -> Self {
        Self::of(&format!("EXEC {name}"))
    }

    /// Whether no script can be reached.
    pub fn is_nothing(&self) -> bool {
        !self.script && self.calls.is_empty()
    }

    fn read(&mut self, text: &str, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        if let Ok(batch) = launchpod_tsql::parse(text) {
            self.statements(&batch.statements, text, depth);
        }
    }

    /// The parser bounds how deep statements stand in each other.
    fn statements(&mut self, statements: &[Statement], text: &str, depth: usize) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Execute(execute) => self.execute(execute, text, depth),
                StatementKind::ExecuteText(execute) => {
                    self.text(constant(&execute.text), text, depth)
                }
                StatementKind::Insert(insert) => match &insert.source {
                    InsertSource::Execute(execute) => self.execute(execute, text, depth),
                    InsertSource::ExecuteText(execute) => {
                        self.text(constant(&execute.text), text, depth);
                    }
                    _ => {}
                },
                StatementKind::Block(body) => self.statements(body, text, depth),
                StatementKind::If { then, otherwise, .. } => {
                    self.statements(std::slice::from_ref(then), text, depth);
                    if let Some(otherwise) = otherwise {
                        self.statements(std::slice::from_ref(otherwise), text, depth);
                    }
                }
                StatementKind::While { body, .. } => {
                    self.statements(std::slice::from_ref(body), text, depth);
                }
                StatementKind::TryCatch { body, handler } => {
                    self.statements(body, text, depth);
                    self.statements(handler, text, depth);
                }
                _ => {}
            }
        }
    }

    fn execute(&mut self, execute: &Execute, text: &str, depth: usize) {
        let name = match &execute.procedure {
            ProcedureName::Name(name) => name,
            // A name that isn't known before: the script may be named elsewhere in the text.
            ProcedureName::Variable(_) => return self.text(None, text, depth),
        };
        let folded = name.name.fold();
        if folded == EXTERNAL_SCRIPT {
            self.script = true;
        } else if TEXT_RUNNERS.contains(&folded.as_str()) {
            // Texts stand among the first three arguments; others are values.
            self.arguments(&execute.arguments, 3, text, depth);
        } else if CURSOR_OPENERS.contains(&folded.as_str()) {
            // Behind two handles and the declarations of parameters.
            self.arguments(&execute.arguments, 4, text, depth);
        } else if name.server.is_none() {
            self.calls.push(name.clone());
        }
    }

    /// What runs one of its first arguments.
    fn arguments(&mut self, arguments: &[Argument], first: usize, around: &str, depth: usize) {
        for argument in arguments.iter().take(first) {
            match written(argument) {
                Some(given) => self.read(given, depth),
                None => self.text(None, around, depth),
            }
        }
    }

    /// A text that is run: a constant is read; of one that is put together while it runs, it is
    /// known only whether the script's procedure is named around it.
    fn text(&mut self, constant: Option<&str>, around: &str, depth: usize) {
        match constant {
            Some(text) => self.read(text, depth),
            None => self.script |= around.to_lowercase().contains(EXTERNAL_SCRIPT),
        }
    }
}

fn constant(expression: &Expr) -> Option<&str> {
    match &expression.kind {
        ExprKind::Literal(Literal::String { text, .. }) => Some(text),
        _ => None,
    }
}

fn written(argument: &Argument) -> Option<&str> {
    match &argument.value {
        ArgumentValue::Literal(Literal::String { text, .. }) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(text: &str) -> Vec<String> {
        let reach = Reach::of(text);
        assert!(!reach.script, "{text}");
        reach.calls.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn scripts_are_found_wherever_they_stand() {
        for text in [
            "EXEC sp_execute_external_script @language = N'Python', @script = N''",
            "sys.SP_EXECUTE_EXTERNAL_SCRIPT N'Python', N''",
            "SELECT 1\nGO\nEXECUTE master..sp_execute_external_script N'Python', N''",
            "IF 1 = 1 BEGIN TRY EXEC sp_execute_external_script N'P', N'' END TRY BEGIN CATCH END CATCH",
            "WHILE 1 = 0 EXEC @r = sp_execute_external_script N'P', N''",
            "INSERT INTO t EXEC sp_execute_external_script N'P', N''",
            "EXEC ('EXEC sp_execute_external_script N''P'', N''''')",
            "EXEC sp_executesql N'EXEC sp_execute_external_script N''P'', N'''''",
            "DECLARE @q nvarchar(max) = N'EXEC sp_execute_external_script N''P'', N'''''; EXEC (@q)",
            "DECLARE @q nvarchar(max) = N'EXEC sp_execute_external_script'; EXEC sp_executesql @q",
            "DECLARE @c int; EXEC sp_cursoropen @c OUTPUT, N'EXEC sp_execute_external_script N''P'', N'''''",
            "DECLARE @h int, @c int; EXEC sys.sp_cursorprepexec @h OUTPUT, @c OUTPUT, NULL, N'EXEC sp_execute_external_script'",
            "EXEC (\"EXEC sp_execute_external_script N'P', N''\")",
            "CREATE PROCEDURE p AS EXEC sp_execute_external_script N'P', N''",
        ] {
            let expected = !text.starts_with("CREATE");
            assert_eq!(Reach::of(text).script, expected, "{text}");
        }
        assert!(Reach::of_call("[sys].[sp_execute_external_script]").script);
    }

    #[test]
    fn procedures_are_named_and_others_left_alone() {
        assert_eq!(calls("EXEC dbo.p 1; EXEC db..q; EXEC ('EXEC r')"), ["dbo.p", "db..q", "r"]);
        assert_eq!(calls("s 1"), ["s"]);
        assert_eq!(calls("EXEC far.db.dbo.p"), Vec::<String>::new());
        for text in [
            "SELECT 'sp_execute_external_script'",
            "-- EXEC sp_execute_external_script",
            "EXEC (@q)",
            "SELECT FROM WHERE",
            "",
        ] {
            assert!(Reach::of(text).is_nothing(), "{text}");
        }
    }
}
