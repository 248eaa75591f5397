//! Views and users' functions: each is put into the query where it is named.

use std::collections::BTreeMap;

use launchpod_tsql::ast::{
    CreateFunction, Expr, ExprKind, FunctionBody, FunctionCall, Identifier, ParameterDefinition,
    Query, Statement, StatementKind,
};
use launchpod_types::{SqlError, Value};

use super::expression::{literal, unknown_type};
use super::tree::{Bound, BoundQuery, QueryColumn};
use super::{Binder, coerce};
use crate::Variable;
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::modules::{Module, ModuleKind};
use crate::sqlite::errors;

/// How deep views and functions may name each other, as in SQL Server.
const MOST_NESTED: u32 = 32;
/// How large arguments may be that are put into a function's body, in nodes of the tree: a
/// parameter that is used twice doubles its argument.
const MOST_NODES: usize = 10_000;

// === impl Binder ===

impl Binder<'_> {
    /// The columns of a view or inline function, for the catalog; finds its errors.
    pub(crate) fn module_columns(&mut self, module: &Module) -> Result<Vec<QueryColumn>, SqlError> {
        match module.kind {
            ModuleKind::View => self.view(module).map(|query| query.columns),
            ModuleKind::Inline => {
                let create = function(module)?;
                let nulls = create.parameters.iter().map(|parameter| {
                    let sql_type = parameter_type(parameter)?;
                    Ok(Bound { nullable: true, ..Bound::constant(Value::Null, sql_type) })
                });
                let nulls = nulls.collect::<Result<Vec<_>, SqlError>>()?;
                self.inline(module, &create, nulls).map(|query| query.columns)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The rows of a view.
    pub(crate) fn view(&mut self, module: &Module) -> Result<BoundQuery, SqlError> {
        let StatementKind::CreateView(view) = parsed(module)? else { return Err(changed(module)) };
        let mut query =
            self.within(module, BTreeMap::new(), |binder| binder.module_query(&view.query))?;
        rename(&mut query, &view.columns, &module.name)?;
        Ok(query)
    }

    /// The rows of an inline function.
    pub(crate) fn inline_call(
        &mut self,
        module: &Module,
        call: &FunctionCall,
    ) -> Result<BoundQuery, SqlError> {
        let create = function(module)?;
        let arguments = self.arguments(&create, call)?;
        self.inline(module, &create, arguments)
    }

    fn inline(
        &mut self,
        module: &Module,
        create: &CreateFunction,
        arguments: Vec<Bound>,
    ) -> Result<BoundQuery, SqlError> {
        let FunctionBody::Inline(query) = &create.body else { return Err(changed(module)) };
        let parameters = named(create, arguments);
        let query = self.within(module, parameters, |binder| binder.module_query(query))?;
        // The names must do for a table.
        super::query::named_columns(&query.columns, &[], &module.name)?;
        Ok(query)
    }

    /// A call of a scalar function, whose body must be one RETURN.
    pub(crate) fn scalar_call(
        &mut self,
        module: &Module,
        call: &FunctionCall,
    ) -> Result<Bound, SqlError> {
        let create = function(module)?;
        let FunctionBody::Scalar { returns, body } = &create.body else {
            return Err(changed(module));
        };
        let Some(value) = single_return(body) else {
            return Err(errors::unsupported(format_args!(
                "The function {}, which does more than RETURN one expression,",
                call.name
            )));
        };
        let arguments = self.arguments(&create, call)?;
        let size: usize = arguments.iter().map(nodes).sum();
        if size > MOST_NODES {
            return Err(errors::too_complex());
        }
        let returns = returns.declared().ok_or_else(|| unknown_type(returns))?;
        let parameters = named(&create, arguments);
        let value = self.within(module, parameters, |binder| binder.value(value))?;
        coerce::implicit(value, returns)
    }

    fn arguments(
        &mut self,
        create: &CreateFunction,
        call: &FunctionCall,
    ) -> Result<Vec<Bound>, SqlError> {
        let launchpod_tsql::ast::FunctionArguments::List(list) = &call.arguments else {
            return Err(errors::syntax_near("*"));
        };
        if list.len() != create.parameters.len() {
            return Err(errors::function_arguments(
                list.len() < create.parameters.len(),
                &call.name.to_string(),
            ));
        }
        list.iter()
            .zip(&create.parameters)
            .map(|(value, parameter)| {
                let sql_type = parameter_type(parameter)?;
                let value = match (&value.kind, &parameter.default) {
                    (ExprKind::Default, Some(default)) => match default {
                        launchpod_tsql::ast::ArgumentValue::Literal(constant) => literal(constant),
                        _ => return Err(errors::unsupported("A default that isn't a constant")),
                    },
                    _ => self.value(value)?,
                };
                let value = coerce::implicit(value, sql_type)?;
                Ok(Bound { nullable: true, ..value })
            })
            .collect()
    }

    /// The query of a module: its last ORDER BY means nothing without TOP.
    fn module_query(&mut self, query: &Query) -> Result<BoundQuery, SqlError> {
        let top = matches!(&query.body, launchpod_tsql::ast::QueryBody::Select(select)
            if select.top.is_some());
        if !query.order_by.is_empty()
            && !top
            && query.offset.is_none()
            && query.for_clause.is_none()
        {
            return Err(errors::order_by_in_view());
        }
        self.bind_query(query)
    }

    /// Binds what stands in a module: it sees its own parameters, no variable and no source
    /// of the query around it, and its names are those of its own database.
    fn within<T>(
        &mut self,
        module: &Module,
        parameters: BTreeMap<String, Bound>,
        bind: impl FnOnce(&mut Binder<'_>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        if self.depth >= MOST_NESTED {
            return Err(errors::nested_too_deep());
        }
        let environment = Environment { database: &module.database, ..*self.environment };
        let variables: BTreeMap<String, Variable> = BTreeMap::new();
        let mut inner = Binder::new(&environment, &variables);
        inner.parameters = parameters;
        inner.depth = self.depth + 1;
        inner.next_source = self.next_source;
        let bound = bind(&mut inner);
        self.next_source = inner.next_source;
        bound
    }
}

/// Gives a query's columns the names of a list, and refuses columns without one.
fn rename(query: &mut BoundQuery, names: &[Identifier], module: &str) -> Result<(), SqlError> {
    let named = super::query::named_columns(&query.columns, names, module)?;
    for (column, named) in query.columns.iter_mut().zip(named) {
        column.name = named.name;
    }
    Ok(())
}

fn parsed(module: &Module) -> Result<StatementKind, SqlError> {
    let batch = launchpod_tsql::parse(&module.definition).map_err(|_| changed(module))?;
    batch.statements.into_iter().next().map(|first| first.kind).ok_or_else(|| changed(module))
}

fn function(module: &Module) -> Result<Box<CreateFunction>, SqlError> {
    match parsed(module)? {
        StatementKind::CreateFunction(create) => Ok(create),
        _ => Err(changed(module)),
    }
}

/// What is stored was read before.
fn changed(module: &Module) -> SqlError {
    errors::internal(format_args!("the definition of {} doesn't parse", module.name))
}

fn parameter_type(parameter: &ParameterDefinition) -> Result<launchpod_types::SqlType, SqlError> {
    parameter.type_name.declared().ok_or_else(|| unknown_type(&parameter.type_name))
}

fn named(create: &CreateFunction, arguments: Vec<Bound>) -> BTreeMap<String, Bound> {
    let names = create.parameters.iter().map(|parameter| parameter.name.to_lowercase());
    names.zip(arguments).collect()
}

/// The value of a body that only returns one.
fn single_return(body: &[Statement]) -> Option<&Expr> {
    match body {
        [Statement { kind: StatementKind::Return(Some(value)), .. }] => Some(value),
        [Statement { kind: StatementKind::Block(body), .. }] => single_return(body),
        _ => None,
    }
}

fn nodes(bound: &Bound) -> usize {
    1 + bound.children().into_iter().map(nodes).sum::<usize>()
}
