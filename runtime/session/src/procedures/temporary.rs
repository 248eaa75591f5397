//! Temporary procedures (`#p`): the session's own, kept by the interpreter.

use std::collections::BTreeMap;

use launchpod_database::ProcedureText;
use launchpod_tsql::ast::{CreateProcedure, DefineAction, Drop, DropKind, ObjectName};
use launchpod_types::SqlError;

use crate::block::unsupported;
use crate::run::{Run, Stop};

/// The temporary procedures of a session.
#[derive(Debug, Default)]
pub(crate) struct TemporaryProcedures {
    /// By folded name: what it is, and how many calls deep it was defined.
    definitions: BTreeMap<String, (ProcedureText, u32)>,
}

/// Whether a DROP is of temporary procedures.
pub(crate) fn drops_temporary(drop: &Drop) -> bool {
    drop.kind == DropKind::Procedure && drop.names.iter().all(ObjectName::is_temporary)
}

// === impl TemporaryProcedures ===

impl TemporaryProcedures {
    /// A procedure, which has no number.
    pub fn definition(&self, name: &ObjectName) -> Option<ProcedureText> {
        self.definitions.get(&name.name.fold()).map(|(procedure, _)| procedure.clone())
    }

    /// Forgets what a call has defined that has ended.
    pub fn forget_deeper_than(&mut self, depth: u32) {
        self.definitions.retain(|_, (_, defined)| *defined <= depth);
    }
}

// === impl Run ===

impl Run<'_> {
    /// `CREATE PROCEDURE #p`
    ///
    /// # Errors
    /// 2714 when there is one, 208 for ALTER when there is none.
    pub fn define_temporary(&mut self, procedure: &CreateProcedure) -> Result<(), Stop> {
        let name = &procedure.name.name;
        let (definition, options) = (self.scope.source.to_string(), self.session.options.module);
        if procedure.name.is_global_temporary() {
            return Err(unsupported("CREATE PROCEDURE of a global temporary procedure"));
        }
        let depth = self.scope.depth;
        let definitions = &mut self.session.temporary_procedures.definitions;
        match (procedure.action, definitions.contains_key(&name.fold())) {
            (DefineAction::Create, true) => {
                let text = format!("There is already an object named '{name}' in the database.");
                return Err(SqlError::new(2714, text).state(3).into());
            }
            (DefineAction::Alter, false) => {
                let text = format!("Invalid object name '{name}'.");
                return Err(SqlError::new(208, text).state(6).into());
            }
            _ => {}
        }
        let procedure = ProcedureText { object_id: 0, definition, options };
        definitions.insert(name.fold(), (procedure, depth));
        self.session.globals.succeeded(0);
        Ok(())
    }

    /// `DROP PROCEDURE #p`
    ///
    /// # Errors
    /// 3701 when there is none.
    pub fn drop_temporary(&mut self, drop: &Drop) -> Result<(), Stop> {
        for name in &drop.names {
            let definitions = &mut self.session.temporary_procedures.definitions;
            if definitions.remove(&name.name.fold()).is_none() && !drop.if_exists {
                let text = format!(
                    "Cannot drop the procedure '{}', because it does not exist or you do not have permission.",
                    name.name
                );
                return Err(SqlError::with_class(3701, 11, text).state(5).into());
            }
        }
        self.session.globals.succeeded(0);
        Ok(())
    }
}
