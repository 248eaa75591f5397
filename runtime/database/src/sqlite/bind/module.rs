//! Views and users' functions: each is put into the query where it is named.

use std::collections::BTreeMap;

use launchpod_tsql::ast::{
    ColumnDefinition, ColumnSource, CreateFunction, Declaration, ExprKind, FunctionBody,
    FunctionCall, Identifier, ParameterDefinition, Statement, StatementKind, TypeName,
};
use launchpod_types::{SqlError, SqlType, Value};

use super::expression::literal;
use super::query::{ColumnsOf, named_columns};
use super::tree::{Bound, BoundQuery, Kind, QueryColumn};
use super::{Binder, coerce};
use crate::Variables;
use crate::options;
use crate::sqlite::embedded::catalog::DatabaseName;
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::modules::{Module, ModuleKind};
use crate::sqlite::security::context::Chain;
use crate::sqlite::{errors, system};

/// How deep views and functions may name each other, as in SQL Server.
const MOST_NESTED: u32 = 32;
/// How large a parameter or variable of a function may be, in nodes of the tree: one that is
/// used twice doubles.
const MOST_NODES: usize = 10_000;
/// How many statements of a function's body are looked at: what follows an IF with a RETURN is
/// looked at twice.
const MOST_STATEMENTS: usize = 1_000;

// === impl Binder ===

impl Binder<'_> {
    /// The columns of a view or of a function's rows, for the catalog; finds its errors.
    pub(crate) fn module_columns(&mut self, module: &Module) -> Result<Vec<QueryColumn>, SqlError> {
        match module.kind {
            ModuleKind::View => self.view(module).map(|query| query.columns),
            ModuleKind::Inline => {
                let create = function(module)?;
                let nulls = create.parameters.iter().map(|parameter| {
                    let sql_type = parameter_type(self.environment, parameter)?;
                    Ok(Bound { nullable: true, ..Bound::constant(Value::Null, sql_type) })
                });
                let nulls = nulls.collect::<Result<Vec<_>, SqlError>>()?;
                self.inline(module, &create, nulls).map(|query| query.columns)
            }
            ModuleKind::Table => match &function(module)?.body {
                FunctionBody::Table { definition, .. } => {
                    let stored = |column: &ColumnDefinition| {
                        matches!(column.source, ColumnSource::Stored(_))
                    };
                    // Whoever calls one with a computed column is refused.
                    match definition.columns.iter().all(stored) {
                        true => self.filled_columns(definition),
                        false => Ok(Vec::new()),
                    }
                }
                _ => Err(changed(module)),
            },
            _ => Ok(Vec::new()),
        }
    }

    /// The rows of a view.
    pub(crate) fn view(&mut self, module: &Module) -> Result<BoundQuery, SqlError> {
        let StatementKind::CreateView(view) = parsed(module)? else { return Err(changed(module)) };
        let home = self.home(module)?;
        let mut query =
            self.within(home, BTreeMap::new(), |binder| binder.inner_query(&view.query))?;
        rename(&mut query, &view.columns, ColumnsOf::View(&module.name))?;
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

    /// The rows of an inline function of the system's; `None` when the name is another's.
    pub(super) fn system_rows(
        &mut self,
        call: &FunctionCall,
    ) -> Result<Option<BoundQuery>, SqlError> {
        let name = &call.name;
        if name.schema.as_ref().is_some_and(|schema| !schema.is("sys")) {
            return Ok(None);
        }
        let Some(create) = system::function(&name.name.text) else { return Ok(None) };
        let FunctionBody::Inline(query) = &create.body else { return Ok(None) };
        let parameters = named(create, self.arguments(create, call)?);
        let database = self.environment.database_of(name)?;
        let query = self.within(Home::of_system(&database), parameters, |binder| {
            binder.system = true;
            binder.bind_query(query)
        })?;
        Ok(Some(query))
    }

    fn inline(
        &mut self,
        module: &Module,
        create: &CreateFunction,
        arguments: Vec<Bound>,
    ) -> Result<BoundQuery, SqlError> {
        let FunctionBody::Inline(query) = &create.body else { return Err(changed(module)) };
        let parameters = named(create, arguments);
        let home = self.home(module)?;
        let query = self.within(home, parameters, |binder| binder.inner_query(query))?;
        // The names must do for a table.
        named_columns(&query.columns, &[], ColumnsOf::Function(&module.name))?;
        Ok(query)
    }

    /// A call of a scalar function.
    pub(crate) fn scalar_call(
        &mut self,
        module: &Module,
        call: &FunctionCall,
    ) -> Result<Bound, SqlError> {
        let create = function(module)?;
        let arguments = self.arguments(&create, call)?;
        self.scalar_result(module, &create, arguments)
    }

    /// The value of a scalar function, whose arguments are of its parameters' types.
    pub(crate) fn scalar_result(
        &mut self,
        module: &Module,
        create: &CreateFunction,
        arguments: Vec<Bound>,
    ) -> Result<Bound, SqlError> {
        let FunctionBody::Scalar { returns, body } = &create.body else {
            return Err(changed(module));
        };
        let runs_as = self.environment.catalog().context_of(module.object_id)?;
        if self.inlined.contains(&module.object_id) || !is_expression(body) || runs_as.is_some() {
            return self.scalar_program(module, create, arguments);
        }
        let home = self.home(module)?;
        self.inlined.push(module.object_id);
        let value = self.scalar_value(create, home, false, arguments.clone(), returns, body);
        self.inlined.pop();
        match value {
            // As an expression it is too large.
            Err(error) if error.number() == 8631 => self.scalar_program(module, create, arguments),
            value => value,
        }
    }

    /// A call of a metadata function: those of its parameters that have a default may be left
    /// out.
    pub(super) fn system_function(
        &mut self,
        create: &CreateFunction,
        mut arguments: Vec<Bound>,
    ) -> Result<Bound, SqlError> {
        let FunctionBody::Scalar { returns, body } = &create.body else {
            return Err(errors::internal("a metadata function that isn't scalar"));
        };
        let name = create.name.name.text.to_ascii_lowercase();
        let (least, most) = system::arity(create);
        if !(least..=most).contains(&arguments.len()) {
            let count = if least == most { most.to_string() } else { format!("{least} to {most}") };
            return Err(errors::argument_count(&name, &count));
        }
        for parameter in &create.parameters[arguments.len()..] {
            if let Some(launchpod_tsql::ast::ArgumentValue::Literal(default)) = &parameter.default {
                arguments.push(literal(default));
            }
        }
        let converted = arguments.into_iter().zip(&create.parameters).map(|(value, parameter)| {
            let value = coerce::implicit(value, parameter_type(self.environment, parameter)?)?;
            Ok(Bound { nullable: true, ..value })
        });
        let converted = converted.collect::<Result<Vec<_>, SqlError>>()?;
        let home = Home::of_system(self.environment.database);
        self.scalar_value(create, home, true, converted, returns, body)
    }

    /// The value of a scalar function, as one expression.
    fn scalar_value(
        &mut self,
        create: &CreateFunction,
        home: Home<'_>,
        system: bool,
        arguments: Vec<Bound>,
        returns: &TypeName,
        body: &[Statement],
    ) -> Result<Bound, SqlError> {
        let returns = self.environment.declared_type(returns, 1)?;
        let types = create.parameters.iter().map(|parameter| {
            Ok((parameter.name.to_lowercase(), parameter_type(self.environment, parameter)?))
        });
        let types = types.collect::<Result<BTreeMap<_, _>, SqlError>>()?;
        let parameters = named(create, arguments);
        let value = self.within(home, parameters, |binder| {
            binder.system = system;
            let body: Vec<&Statement> = body.iter().collect();
            let name = &create.name.name.text;
            Body { binder, types, returns, name, steps: 0 }.run(&body)
        })?;
        Ok(value.unwrap_or_else(|| Bound::constant(Value::Null, returns)))
    }

    pub(super) fn arguments(
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
                let sql_type = parameter_type(self.environment, parameter)?;
                let value = match (&value.kind, &parameter.default) {
                    (ExprKind::Default, Some(default)) => match default {
                        launchpod_tsql::ast::ArgumentValue::Literal(constant) => literal(constant),
                        _ => return Err(errors::unsupported("A default that isn't a constant")),
                    },
                    _ => self.value_for(value, sql_type)?,
                };
                let value = coerce::implicit(value, sql_type)?;
                check_size(&value)?;
                Ok(Bound { nullable: true, ..value })
            })
            .collect()
    }

    /// Where a module's names are looked for, and whose it is.
    pub(super) fn home<'h>(&self, module: &'h Module) -> Result<Home<'h>, SqlError> {
        let chain = Some(self.environment.chain_of(module)?);
        let set = self.environment.catalog().module_options(module.object_id)?;
        let options = set.within(self.environment.options);
        Ok(Home { database: &module.database, schema: Some(&module.schema), chain, options })
    }

    /// Binds what stands in a module: it sees its own parameters, no variable and no source
    /// of the query around it, and its names are those of its own database and schema.
    pub(super) fn within<T>(
        &mut self,
        home: Home<'_>,
        parameters: BTreeMap<String, Bound>,
        bind: impl FnOnce(&mut Binder<'_>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        if self.depth >= MOST_NESTED {
            return Err(errors::nested_too_deep());
        }
        let Home { database, schema, chain, options } = home;
        let environment = Environment { database, schema, chain, options, ..*self.environment };
        let variables = Variables::new();
        let mut inner = Binder::new(&environment, &variables);
        inner.parameters = parameters;
        inner.depth = self.depth + 1;
        inner.inlined.clone_from(&self.inlined);
        inner.next_source = self.next_source;
        inner.without_rows = self.without_rows;
        inner.most_recursions = self.most_recursions;
        inner.origins = std::mem::take(&mut self.origins);
        let bound = bind(&mut inner);
        self.next_source = inner.next_source;
        self.origins = inner.origins;
        bound
    }
}

/// Where the names of a module are looked for, and whose it is.
#[derive(Clone, Copy)]
pub(super) struct Home<'h> {
    database: &'h DatabaseName,
    schema: Option<&'h str>,
    chain: Option<Chain>,
    options: i64,
}

// === impl Home ===

impl<'h> Home<'h> {
    /// A text of the system's, over a database.
    pub(super) fn of_system(database: &'h DatabaseName) -> Self {
        Home { database, schema: None, chain: None, options: options::INITIAL }
    }
}

/// The body of a scalar function as one expression: a variable is the expression that it was
/// set to, IF is CASE.
struct Body<'b, 'a> {
    binder: &'b mut Binder<'a>,
    /// The types of parameters and variables, by their names in lower case.
    types: BTreeMap<String, SqlType>,
    returns: SqlType,
    name: &'b str,
    /// How many statements were looked at, some of them more than once.
    steps: usize,
}

// === impl Body ===

impl Body<'_, '_> {
    /// What the statements return; `None` when they come to their end without RETURN.
    fn run(&mut self, statements: &[&Statement]) -> Result<Option<Bound>, SqlError> {
        let Some((first, rest)) = statements.split_first() else { return Ok(None) };
        self.steps += 1;
        if self.steps > MOST_STATEMENTS {
            return Err(errors::too_complex());
        }
        let error_line = |error: SqlError| error.or_line(first.line);
        match &first.kind {
            StatementKind::Block(body) => {
                let all: Vec<&Statement> = body.iter().chain(rest.iter().copied()).collect();
                return self.run(&all);
            }
            StatementKind::Return(Some(value)) => {
                let value = self.binder.value(value).map_err(error_line)?;
                return coerce::implicit(value, self.returns).map(Some);
            }
            StatementKind::If { condition, then, otherwise } => {
                let condition = self.binder.predicate(condition).map_err(error_line)?;
                let before = self.binder.parameters.clone();
                let otherwise = otherwise.as_deref();
                if returns(then) || otherwise.is_some_and(returns) {
                    let yes: Vec<&Statement> =
                        std::iter::once(&**then).chain(rest.iter().copied()).collect();
                    let no: Vec<&Statement> =
                        otherwise.into_iter().chain(rest.iter().copied()).collect();
                    let yes = self.run(&yes)?;
                    self.binder.parameters = before;
                    let no = self.run(&no)?;
                    let null = Bound::constant(Value::Null, self.returns);
                    let yes = yes.unwrap_or_else(|| null.clone());
                    return choose(condition, yes, no.unwrap_or(null)).map(Some);
                }
                self.run(&[then])?;
                let after_yes = std::mem::replace(&mut self.binder.parameters, before);
                if let Some(otherwise) = otherwise {
                    self.run(&[otherwise])?;
                }
                self.merge(&condition, after_yes)?;
            }
            StatementKind::Declare(declarations) => {
                for declaration in declarations {
                    self.declare(declaration).map_err(error_line)?;
                }
            }
            StatementKind::SetVariable(set) => {
                let mut value = self.binder.value(&set.value).map_err(error_line)?;
                if let Some(infix) = set.operator.binary() {
                    let old = self.binder.variable(&set.variable)?;
                    value = self.binder.infix(infix, old, value)?;
                }
                self.assign(&set.variable, value).map_err(error_line)?;
            }
            _ => return Err(self.refused("a statement other than DECLARE, SET, IF and RETURN")),
        }
        self.run(rest)
    }

    fn declare(&mut self, declaration: &Declaration) -> Result<(), SqlError> {
        let Declaration::Variable { name, type_name, value, .. } = declaration else {
            return Err(self.refused("a table variable"));
        };
        let sql_type = self.binder.environment.declared_type(type_name, 1)?;
        self.types.insert(name.to_lowercase(), sql_type);
        let value = match value {
            Some(value) => self.binder.value(value)?,
            None => Bound::constant(Value::Null, sql_type),
        };
        self.assign(name, value)
    }

    fn assign(&mut self, name: &str, value: Bound) -> Result<(), SqlError> {
        let key = name.to_lowercase();
        let sql_type = *self.types.get(&key).ok_or_else(|| errors::undeclared_variable(name))?;
        let value = coerce::implicit(value, sql_type)?;
        check_size(&value)?;
        self.binder.parameters.insert(key, Bound { nullable: true, ..value });
        Ok(())
    }

    /// After an IF each variable is what the branch made of it that was taken.
    fn merge(
        &mut self,
        condition: &Bound,
        after_yes: BTreeMap<String, Bound>,
    ) -> Result<(), SqlError> {
        for (name, yes) in after_yes {
            let merged = match self.binder.parameters.remove(&name) {
                Some(no) if no == yes => yes,
                Some(no) => choose(condition.clone(), yes, no)?,
                None => {
                    let null = Bound::constant(Value::Null, yes.sql_type);
                    choose(condition.clone(), yes, null)?
                }
            };
            self.binder.parameters.insert(name, merged);
        }
        Ok(())
    }

    fn refused(&self, what: &str) -> SqlError {
        errors::unsupported(format_args!("The function {}, whose body has {what},", self.name))
    }
}

/// Whether a body can be one expression: see [`Body::run`].
fn is_expression(body: &[Statement]) -> bool {
    body.iter().all(|statement| match &statement.kind {
        StatementKind::Block(body) => is_expression(body),
        StatementKind::Return(Some(_)) | StatementKind::SetVariable(_) => true,
        StatementKind::Declare(declarations) => declarations
            .iter()
            .all(|declaration| matches!(declaration, Declaration::Variable { .. })),
        StatementKind::If { then, otherwise, .. } => {
            is_expression(std::slice::from_ref(then))
                && otherwise
                    .as_deref()
                    .is_none_or(|other| is_expression(std::slice::from_ref(other)))
        }
        _ => false,
    })
}

/// Whether a RETURN is in it.
fn returns(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Return(_) => true,
        StatementKind::Block(body) => body.iter().any(returns),
        StatementKind::If { then, otherwise, .. } => {
            returns(then) || otherwise.as_deref().is_some_and(returns)
        }
        _ => false,
    }
}

fn choose(condition: Bound, yes: Bound, no: Bound) -> Result<Bound, SqlError> {
    let sql_type = yes.sql_type;
    let kind = Kind::Case { branches: vec![(condition, yes)], otherwise: Some(Box::new(no)) };
    let chosen = Bound { kind, sql_type, nullable: true };
    check_size(&chosen)?;
    Ok(chosen)
}

/// Gives a query's columns the names of a list, and refuses columns without one.
fn rename(query: &mut BoundQuery, names: &[Identifier], of: ColumnsOf<'_>) -> Result<(), SqlError> {
    let named = named_columns(&query.columns, names, of)?;
    for (column, named) in query.columns.iter_mut().zip(named) {
        column.name = named.name;
    }
    Ok(())
}

pub(super) fn parsed(module: &Module) -> Result<StatementKind, SqlError> {
    let batch = launchpod_tsql::parse(&module.definition).map_err(|_| changed(module))?;
    batch.statements.into_iter().next().map(|first| first.kind).ok_or_else(|| changed(module))
}

pub(crate) fn function(module: &Module) -> Result<Box<CreateFunction>, SqlError> {
    match parsed(module)? {
        StatementKind::CreateFunction(create) => Ok(create),
        _ => Err(changed(module)),
    }
}

/// What is stored was read before.
pub(super) fn changed(module: &Module) -> SqlError {
    errors::internal(format_args!("the definition of {} doesn't parse", module.name))
}

pub(super) fn parameter_type(
    environment: &Environment<'_>,
    parameter: &ParameterDefinition,
) -> Result<SqlType, SqlError> {
    environment.declared_type(&parameter.type_name, 1)
}

fn named(create: &CreateFunction, arguments: Vec<Bound>) -> BTreeMap<String, Bound> {
    let names = create.parameters.iter().map(|parameter| parameter.name.to_lowercase());
    names.zip(arguments).collect()
}

/// A value that is used twice doubles: past a size there would be no end.
fn check_size(value: &Bound) -> Result<(), SqlError> {
    if value.nodes() > MOST_NODES { Err(errors::too_complex()) } else { Ok(()) }
}
