//! EXEC, and calls from outside a batch.

use launchpod_database::Variable;
use launchpod_tsql::ast::{
    self, ArgumentValue, Execute, ExecuteText, ProcedureName, ResultSets, fold_name,
};
use launchpod_types::{Parameter, SqlType, Value};

use crate::block::unsupported;
use crate::diversion::Diversion;
use crate::literal;
use crate::procedure_name;
use crate::procedures::{Argument, Completion, Invocation, Procedure, Shape};
use crate::reply::{DoneKind, DonePlace, Reply, ReturnValue, StatementDone};
use crate::run::{Run, Scope, Stop};
use crate::session::Call;

impl Run<'_> {
    /// `EXEC @rc = procedure arguments WITH RESULT SETS …`; of a function the variable gets the
    /// value.
    pub async fn execute_procedure(&mut self, execute: &Execute) -> Result<(), Stop> {
        let procedure = match &execute.procedure {
            ProcedureName::Name(name) => name.clone(),
            ProcedureName::Variable(variable) => match &self.variable(variable)?.value {
                Value::Text(name) => procedure_name::read(name)?,
                _ => return Err(procedure_name::not_found("").into()),
            },
        };
        let mut arguments = Vec::with_capacity(execute.arguments.len());
        for argument in &execute.arguments {
            arguments.push(self.argument(argument).await?);
        }
        let returned = match &execute.return_variable {
            Some(variable) => Some(self.variable(variable)?.sql_type),
            None => None,
        };
        let invocation = Invocation {
            procedure,
            arguments,
            result_sets: execute.result_sets.clone(),
            returned,
            source: std::sync::Arc::clone(&self.scope.source),
        };
        let completion = self.invoke(invocation).await.map_err(Stop::of_call)?;
        for (ordinal, output) in completion.outputs {
            if let ArgumentValue::Variable(name) = &execute.arguments[ordinal].value {
                let declared = self.variable(name)?.sql_type;
                let value = self.convert(output.value, output.sql_type, declared).await?;
                self.store(name, value)?;
            }
        }
        if let Some(variable) = &execute.return_variable {
            let declared = self.variable(variable)?.sql_type;
            let status = Value::Int(completion.status.into());
            let status = Variable { sql_type: SqlType::Int, value: status };
            let returned = completion.value.unwrap_or(status);
            let value = self.convert(returned.value, returned.sql_type, declared).await?;
            self.store(variable, value)?;
        }
        if let Some(failure) = completion.failure {
            return Err(failure.of_call());
        }
        self.procedure_done(completion.status).await
    }

    /// `EXEC ('text')`
    pub async fn execute_text(&mut self, execute: &ExecuteText) -> Result<(), Stop> {
        if execute.at.is_some() {
            return Err(unsupported("EXECUTE AT"));
        }
        let text = self.value(&execute.text, SqlType::NVARCHAR_MAX).await?;
        let Value::Text(text) = text else { return Ok(()) };
        let mut scope = Scope::new(text.into(), DonePlace::InProcedure, 0);
        scope.run_as.clone_from(&execute.run_as);
        let shape = Shape::of(&execute.result_sets, &self.scope.source)?;
        let Some(shape) = shape else {
            self.nested_text(scope).await.map_err(Stop::of_call)?;
            return Ok(());
        };
        let place = self.diversions.len();
        self.diversions.push(Diversion::Shape(shape));
        let result = self.nested_text(scope).await;
        self.end_shape(place, result).map_err(Stop::of_call)?;
        Ok(())
    }

    /// A call from outside a batch. Its failure is reported like a statement's.
    pub async fn remote_call(&mut self, call: Call) -> Result<(), Stop> {
        let arguments = call.arguments.iter().cloned().map(Argument::from).collect();
        match self.call_by_name(&call.procedure, arguments).await {
            Ok(Completion { status, failure: Some(failure), .. }) => {
                self.send(Reply::ReturnStatus(status)).await?;
                self.call_failed(failure).await
            }
            Ok(completion) => {
                self.send(Reply::ReturnStatus(completion.status)).await?;
                if let Some(value) = completion.value {
                    self.function_value(value).await?;
                }
                for (ordinal, output) in completion.outputs {
                    let declared = &call.arguments[ordinal].parameter;
                    self.return_value(ordinal, declared, output).await?;
                }
                self.call_done(false).await
            }
            Err(stop) => self.call_failed(stop).await,
        }
    }

    async fn call_failed(&mut self, stop: Stop) -> Result<(), Stop> {
        match stop {
            Stop::Failed(errors)
            | Stop::CallFailed(errors)
            | Stop::Unbound(errors)
            | Stop::Aborted { errors, .. } => {
                let errors = self.located(errors, 1);
                self.session.globals.error = errors.last().map_or(0, |error| error.number);
                for error in errors {
                    self.message(error).await?;
                }
                if self.session.options.abort_transaction {
                    self.roll_back().await?;
                }
                self.call_done(true).await
            }
            // The call ends even when an error has ended the batch within it.
            Stop::TextOver | Stop::Over => self.call_done(true).await,
        }
    }

    /// Sends an OUTPUT value in the type that the caller declared.
    async fn return_value(
        &mut self,
        ordinal: usize,
        parameter: &Parameter,
        output: Variable,
    ) -> Result<(), Stop> {
        let value = self.convert(output.value, output.sql_type, parameter.sql_type).await?;
        self.send(Reply::ReturnValue(ReturnValue {
            // A call has at most 2100 parameters.
            ordinal: u16::try_from(ordinal).unwrap_or(u16::MAX),
            name: parameter.name.clone(),
            sql_type: parameter.sql_type,
            value,
            of_function: false,
        }))
        .await
    }

    /// Sends the value of a function, which belongs to no parameter.
    async fn function_value(&mut self, value: Variable) -> Result<(), Stop> {
        let Variable { sql_type, value } = value;
        let name = String::new();
        let value = ReturnValue { ordinal: 0, name, sql_type, value, of_function: true };
        self.send(Reply::ReturnValue(value)).await
    }

    async fn procedure_done(&mut self, status: i32) -> Result<(), Stop> {
        self.send(Reply::ReturnStatus(status)).await?;
        self.call_done(false).await
    }

    async fn call_done(&mut self, error: bool) -> Result<(), Stop> {
        let done = StatementDone {
            rows: None,
            kind: DoneKind::Execute,
            place: DonePlace::Procedure,
            error,
        };
        self.send(Reply::Done(done)).await
    }

    /// An argument of EXEC with its value.
    async fn argument(&mut self, argument: &ast::Argument) -> Result<Argument, Stop> {
        let (variable, is_default) = match &argument.value {
            ArgumentValue::Default => {
                (Variable { sql_type: SqlType::Int, value: Value::Null }, true)
            }
            ArgumentValue::Literal(constant) => (literal::of(constant), false),
            ArgumentValue::Variable(name) => (self.variable(name)?.clone(), false),
            ArgumentValue::GlobalVariable(name) => (self.global(name).await?, false),
        };
        let table = match &argument.value {
            ArgumentValue::Variable(name) => self.scope.table_types.get(&fold_name(name)).cloned(),
            _ => None,
        };
        Ok(Argument {
            table,
            name: argument.name.clone(),
            sql_type: variable.sql_type,
            value: variable.value,
            output: argument.output,
            is_default,
        })
    }

    /// The value of a global variable (`@@SPID`).
    async fn global(&mut self, name: &str) -> Result<Variable, Stop> {
        let row = self.ask(&format!("SELECT {name}")).await?;
        let found = row.and_then(|row| {
            let column = row.columns.first()?.sql_type;
            Some(Variable { sql_type: column, value: row.values.into_iter().next()? })
        });
        Ok(found.unwrap_or(Variable { sql_type: SqlType::Int, value: Value::Null }))
    }

    /// Runs a procedure that a driver or another procedure names.
    pub async fn call_by_name(
        &mut self,
        procedure: &str,
        arguments: Vec<Argument>,
    ) -> Result<Completion, Stop> {
        let procedure = procedure_name::read(procedure)?;
        let result_sets = ResultSets::Unspecified;
        let source = "".into();
        let invocation = Invocation { procedure, arguments, result_sets, returned: None, source };
        self.invoke(invocation).await
    }

    /// Finds the procedure and runs it, its results as WITH RESULT SETS says.
    async fn invoke(&mut self, invocation: Invocation) -> Result<Completion, Stop> {
        // A system procedure is reachable by every database and schema.
        let is_server = self.session.database.is_server();
        let procedure = crate::procedures::find(&invocation.procedure.name.fold())
            .filter(|procedure| !(is_server && procedure.is_of_server()));
        if matches!(procedure, Some(Procedure::ExternalScript)) {
            // The controller converts the rows of a script.
            return self.invoke_found(procedure, invocation).await;
        }
        let shape = Shape::of(&invocation.result_sets, &invocation.source)?;
        let Some(shape) = shape else { return self.invoke_found(procedure, invocation).await };
        let place = self.diversions.len();
        self.diversions.push(Diversion::Shape(shape));
        let result = self.invoke_found(procedure, invocation).await;
        self.end_shape(place, result)
    }

    /// Takes away what converts the results of a call that has ended.
    fn end_shape<T>(&mut self, place: usize, result: Result<T, Stop>) -> Result<T, Stop> {
        let shape = self.diversions.pop();
        let result = result.map_err(|stop| self.own_abort(place, stop))?;
        if let Some(Diversion::Shape(shape)) = shape {
            shape.end()?;
        }
        Ok(result)
    }

    async fn invoke_found(
        &mut self,
        procedure: Option<Procedure>,
        invocation: Invocation,
    ) -> Result<Completion, Stop> {
        let outer = std::mem::replace(&mut self.scope.place, DonePlace::InProcedure);
        let completion = match procedure {
            Some(procedure) => self.run_procedure(procedure, invocation).await,
            None => self.stored_procedure(invocation).await,
        };
        self.scope.place = outer;
        completion
    }
}
