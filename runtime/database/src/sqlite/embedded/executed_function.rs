//! EXEC of a scalar function ("EXECUTE (Transact-SQL)"): unlike a query, it may name the
//! parameters, and leave out those that have a default.

use launchpod_tsql::ast::{Argument, ObjectName, ParameterDefinition, fold_name};
use launchpod_types::SqlError;

use super::modules::{Module, ModuleKind};
use super::thread::{Job, Stop, Worker};
use crate::sqlite::bind::tree::Bound;
use crate::sqlite::bind::{Binder, module};
use crate::sqlite::errors;
use crate::sqlite::system::run::arguments;
use crate::{Event, Variable, Variables};

// === impl Worker ===

impl Worker {
    /// `EXEC @value = function arguments`: yields the function's value.
    ///
    /// # Errors
    /// 2812 when there is nothing of that name, 2809 when it is no function of that kind, 229 when
    /// the caller may not execute it, those of a synonym that stands for nothing; 8162 for an OUTPUT
    /// argument, those of [`arguments`] and of the function itself.
    pub(crate) fn call_function(
        &self,
        job: &Job,
        name: &ObjectName,
        given: &[Argument],
    ) -> Result<(), Stop> {
        let function = self.function_to_call(name)?;
        let environment = self.environment();
        let create = module::function(&function)?;
        check_outputs(&create.parameters, given)?;
        let values = arguments(&environment, job, &function.name, &create.parameters, given)?;
        let values = create.parameters.iter().map(|parameter| argument(&values, parameter));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let variables = Variables::new();
        let result =
            Binder::new(&environment, &variables).scalar_result(&function, &create, values)?;
        let value = Variable { sql_type: result.sql_type, value: environment.evaluate(&result)? };
        self.send(job, Event::Returned(value))?;
        self.send(job, Event::ReturnStatus(0))
    }

    /// The function of a name or of what its synonym stands for, which the caller may execute.
    fn function_to_call(&self, name: &ObjectName) -> Result<Module, SqlError> {
        let (found, environment) = self.environment().used_module(name, "EX")?;
        let kind = match found {
            Some(module) if module.kind == ModuleKind::Scalar => {
                environment.check_module(&module, "EX")?;
                return Ok(module);
            }
            Some(module) if module.kind == ModuleKind::View => "view",
            Some(_) => "table valued function",
            None if environment.table(name).is_ok() => "table",
            None => return Err(errors::no_procedure(&name.to_string())),
        };
        Err(errors::not_callable(&name.name.text, kind))
    }
}

/// A parameter's value, of its type.
fn argument(values: &Variables, parameter: &ParameterDefinition) -> Result<Bound, SqlError> {
    let value = values.get(&fold_name(&parameter.name));
    let value = value.ok_or_else(|| errors::internal("a parameter without a value"))?;
    Ok(Bound { nullable: true, ..Bound::constant(value.value.clone(), value.sql_type) })
}

/// A function has no OUTPUT parameters.
fn check_outputs(parameters: &[ParameterDefinition], given: &[Argument]) -> Result<(), SqlError> {
    let Some(place) = given.iter().position(|argument| argument.output) else { return Ok(()) };
    let name = given[place].name.as_deref();
    let name = name.or_else(|| parameters.get(place).map(|parameter| parameter.name.as_str()));
    name.map_or(Ok(()), |name| Err(errors::not_an_output(name)))
}
