//! Procedures of users: their text is the database's, what runs it is here.

use std::sync::Arc;

use launchpod_database::ProcedureText;
use launchpod_tsql::ast::{ObjectName, StatementKind};
use launchpod_types::SqlError;

use super::own::Placed;
use super::parameters::Callee;
use super::{Argument, Completion, Invocation};
use crate::reply::DonePlace;
use crate::run::{Run, Scope, Stop};

impl Run<'_> {
    /// Runs a procedure that isn't the interpreter's: a user's, or else the database's.
    pub(crate) async fn stored_procedure(
        &mut self,
        invocation: Invocation,
    ) -> Result<Completion, Stop> {
        let Invocation { procedure, arguments, returned, .. } = invocation;
        // Boxed: a procedure can call a procedure.
        match Box::pin(self.user_procedure(&procedure, &arguments)).await? {
            Some(completion) => Ok(completion),
            None => self.database_procedure(&procedure, arguments, returned).await,
        }
    }

    /// Runs a procedure of a user; `None` when there is none of that name.
    pub async fn user_procedure(
        &mut self,
        name: &ObjectName,
        arguments: &[Argument],
    ) -> Result<Option<Completion>, Stop> {
        let Some(procedure) = self.definition(name).await? else { return Ok(None) };
        let ProcedureText { object_id: id, definition, options } = procedure;
        let text = Arc::new(launchpod_tsql::parse(&definition).map_err(SqlError::from)?);
        let Some(StatementKind::CreateProcedure(procedure)) =
            text.statements.first().map(|statement| &statement.kind)
        else {
            return Ok(None);
        };
        let called = procedure.name.name.text.clone();
        let mut scope = Scope::new(definition.clone().into(), DonePlace::InProcedure, 0);
        scope.procedure.clone_from(&called);
        scope.procedure_id = id;
        scope.options = Some(options);
        scope.database = name.database.as_ref().map(|database| database.text.clone());
        let arguments: Vec<Placed> = arguments.iter().cloned().enumerate().collect();
        let (callee, parameters) = (Callee::Procedure(&called), &procedure.parameters);
        let outputs = self.bind(callee, &definition, parameters, &arguments, &mut scope).await?;
        let (scope, status) = self.nested_body(scope, &text, &procedure.body).await?;
        Ok(Some(outputs.complete(scope, status)))
    }

    /// The text of a procedure that may be called; a temporary one is the session's own.
    async fn definition(&mut self, name: &ObjectName) -> Result<Option<ProcedureText>, Stop> {
        if name.is_temporary() {
            return Ok(self.session.temporary_procedures.definition(name));
        }
        Ok(self.session.database.procedure(name).await?)
    }
}
