//! Procedures of users: their text is the database's, what runs it is here.

use launchpod_tsql::ast::{Identifier, ObjectName, StatementKind};
use launchpod_types::{SqlError, Value};

use super::own::Placed;
use super::parameters::Callee;
use super::{Argument, Completion, Invocation};
use crate::procedure_name::quoted;
use crate::reply::DonePlace;
use crate::run::{Run, Scope, Stop};

impl Run<'_> {
    /// Runs a procedure that isn't the interpreter's: a user's, or else the database's.
    pub(crate) async fn stored_procedure(
        &mut self,
        invocation: Invocation,
    ) -> Result<Completion, Stop> {
        let Invocation { procedure, arguments, .. } = invocation;
        // Boxed: a procedure can call a procedure.
        match Box::pin(self.user_procedure(&procedure, &arguments)).await? {
            Some(completion) => Ok(completion),
            None => self.database_procedure(&procedure, arguments).await,
        }
    }

    /// Runs a procedure of a user; `None` when there is none of that name.
    pub async fn user_procedure(
        &mut self,
        name: &ObjectName,
        arguments: &[Argument],
    ) -> Result<Option<Completion>, Stop> {
        let Some((id, definition)) = self.definition(name).await? else { return Ok(None) };
        let batch = launchpod_tsql::parse(&definition).map_err(SqlError::from)?;
        let Some(StatementKind::CreateProcedure(procedure)) =
            batch.statements.into_iter().next().map(|statement| statement.kind)
        else {
            return Ok(None);
        };
        let called = procedure.name.name.text;
        let mut scope = Scope::new(definition.clone().into(), DonePlace::InProcedure, 0);
        scope.procedure.clone_from(&called);
        scope.procedure_id = id;
        scope.database = name.database.as_ref().map(|database| database.text.clone());
        let arguments: Vec<Placed> = arguments.iter().cloned().enumerate().collect();
        let (callee, parameters) = (Callee::Procedure(&called), &procedure.parameters);
        let outputs = self.bind(callee, &definition, parameters, &arguments, &mut scope).await?;
        let (scope, status) = self.nested_body(scope, &procedure.body).await?;
        Ok(Some(outputs.complete(scope, status)))
    }

    /// The id and the text of a procedure. One whose name begins with `sp_` is looked for in
    /// master too, and runs in the current database ("System stored procedures").
    async fn definition(&mut self, name: &ObjectName) -> Result<Option<(i64, String)>, Stop> {
        if name.is_temporary() {
            let temporary = self.session.temporary_procedures.definition(name);
            return Ok(temporary.map(|text| (0, text.to_owned())));
        }
        let found = self.definition_of(&quoted(name)).await?;
        if found.is_some() || name.database.is_some() || !name.name.fold().starts_with("sp_") {
            return Ok(found);
        }
        let in_master = ObjectName { database: Some(Identifier::new("master")), ..name.clone() };
        self.definition_of(&quoted(&in_master)).await
    }

    async fn definition_of(&mut self, quoted: &str) -> Result<Option<(i64, String)>, Stop> {
        let id = format!("OBJECT_ID(N'{}', N'P')", quoted.replace('\'', "''"));
        let row = self.ask(&format!("SELECT {id}, OBJECT_DEFINITION({id})")).await?;
        Ok(row.and_then(|row| match <[Value; 2]>::try_from(row.values) {
            Ok([Value::Int(id), Value::Text(definition)]) => Some((id, definition)),
            _ => None,
        }))
    }
}
