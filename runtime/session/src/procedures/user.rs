//! Procedures of users: their text is the database's, what runs it is here.

use launchpod_tsql::ast::{ObjectName, StatementKind};
use launchpod_types::{SqlError, Value};

use super::own::Placed;
use super::parameters::Callee;
use super::{Argument, Completion};
use crate::block::unsupported;
use crate::procedure_name::quoted;
use crate::reply::DonePlace;
use crate::run::{Run, Scope, Stop};

impl Run<'_> {
    /// Runs a procedure of a user; `None` when there is none of that name.
    ///
    /// `any_result` is false when the call has a WITH RESULT SETS that declares.
    pub async fn user_procedure(
        &mut self,
        name: &ObjectName,
        arguments: Vec<Argument>,
        any_result: bool,
    ) -> Result<Option<Completion>, Stop> {
        let Some(definition) = self.definition(name).await? else { return Ok(None) };
        if !any_result {
            return Err(unsupported("EXECUTE … WITH RESULT SETS for this procedure"));
        }
        let batch = launchpod_tsql::parse(&definition).map_err(SqlError::from)?;
        let Some(StatementKind::CreateProcedure(procedure)) =
            batch.statements.into_iter().next().map(|statement| statement.kind)
        else {
            return Ok(None);
        };
        let called = procedure.name.name.text;
        let mut scope = Scope::new(definition.clone().into(), DonePlace::InProcedure, 0);
        scope.procedure.clone_from(&called);
        scope.database = name.database.as_ref().map(|database| database.text.clone());
        let arguments: Vec<Placed> = arguments.into_iter().enumerate().collect();
        let (callee, parameters) = (Callee::Procedure(&called), &procedure.parameters);
        let outputs = self.bind(callee, &definition, parameters, &arguments, &mut scope).await?;
        let (scope, status) = self.nested_body(scope, &procedure.body).await?;
        Ok(Some(outputs.complete(scope, status)))
    }

    /// The text of a procedure.
    async fn definition(&mut self, name: &ObjectName) -> Result<Option<String>, Stop> {
        let literal = quoted(name).replace('\'', "''");
        let question = format!("SELECT OBJECT_DEFINITION(OBJECT_ID(N'{literal}', N'P'))");
        let row = self.ask(&question).await?;
        Ok(row.and_then(|row| match row.values.into_iter().next() {
            Some(Value::Text(definition)) => Some(definition),
            _ => None,
        }))
    }
}
