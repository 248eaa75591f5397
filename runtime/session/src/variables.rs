//! Variables: declared, set, and assigned by SELECT.

use std::collections::btree_map::Entry;

use launchpod_database::Variable;
use launchpod_tsql::ast::{
    AssignOperator, Declaration, Expr, Query, QueryBody, SelectItem, SetVariable, Statement,
    StatementKind, TypeName, fold_name,
};
use launchpod_types::{SqlError, SqlType, Value};

use crate::evaluate::OPERAND;
use crate::run::{Run, Stop};

/// One `@variable = value` of a SELECT.
pub(crate) struct Assigned<'q> {
    variable: &'q str,
    operator: AssignOperator,
}

impl Run<'_> {
    /// A declared variable.
    ///
    /// # Errors
    /// 137 when there is none of that name.
    pub fn variable(&self, name: &str) -> Result<&Variable, SqlError> {
        self.scope.variables.get(&fold_name(name)).ok_or_else(|| undeclared(name))
    }

    /// Gives a declared variable a value of its type.
    pub fn store(&mut self, name: &str, value: Value) -> Result<(), SqlError> {
        let variable =
            self.scope.variables.get_mut(&fold_name(name)).ok_or_else(|| undeclared(name))?;
        variable.value = value;
        Ok(())
    }

    /// Declares all variables of a text, each NULL: a DECLARE counts where it stands, whether
    /// it is run once, many times (in a WHILE) or never (in an IF).
    ///
    /// # Errors
    /// 134 for a name declared twice, 2715 for an unknown type.
    pub fn declare_all(&mut self, statements: &[Statement]) -> Result<(), Stop> {
        for statement in statements {
            match &statement.kind {
                StatementKind::Declare(declarations) => {
                    for declaration in declarations {
                        self.declare(declaration).map_err(|error| {
                            Stop::Failed(self.located(vec![error.into()], statement.line))
                        })?;
                    }
                }
                StatementKind::Block(statements) => self.declare_all(statements)?,
                StatementKind::If { then, otherwise, .. } => {
                    self.declare_all(std::slice::from_ref(then))?;
                    if let Some(otherwise) = otherwise {
                        self.declare_all(std::slice::from_ref(otherwise))?;
                    }
                }
                StatementKind::While { body, .. } => {
                    self.declare_all(std::slice::from_ref(body))?;
                }
                StatementKind::TryCatch { body, handler } => {
                    self.declare_all(body)?;
                    self.declare_all(handler)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn declare(&mut self, declaration: &Declaration) -> Result<(), SqlError> {
        // What else can be declared is refused when it is run.
        let Declaration::Variable { name, type_name, .. } = declaration else { return Ok(()) };
        let sql_type = declared_type(type_name, &self.scope.source)?;
        match self.scope.variables.entry(fold_name(name)) {
            Entry::Vacant(entry) => {
                entry.insert(Variable { sql_type, value: Value::Null });
                Ok(())
            }
            Entry::Occupied(_) => Err(declared_twice(name)),
        }
    }

    /// Gives a declared variable the value that its DECLARE names, if it names one.
    pub async fn initialise(&mut self, name: &str, value: Option<&Expr>) -> Result<(), Stop> {
        let Some(value) = value else { return Ok(()) };
        let sql_type = self.variable(name)?.sql_type;
        let value = self.value(value, sql_type).await?;
        self.store(name, value)?;
        self.session.globals.succeeded(1);
        Ok(())
    }

    pub async fn set_variable(&mut self, set: &SetVariable) -> Result<(), Stop> {
        let sql_type = self.variable(&set.variable)?.sql_type;
        let text = self.source(&set.value);
        let value = match arithmetic(set.operator) {
            None => self.value_of(&text, sql_type).await?,
            Some(sign) => {
                self.value_of(&format!("{} {sign} ({text})", set.variable), sql_type).await?
            }
        };
        self.store(&set.variable, value)?;
        self.session.globals.succeeded(1);
        Ok(())
    }

    /// What a SELECT assigns, when it assigns.
    pub fn assignments(query: &Query) -> Option<Vec<Assigned<'_>>> {
        let QueryBody::Select(select) = &query.body else { return None };
        let assigned = |item| match item {
            &SelectItem::Assign { ref variable, operator, .. } => {
                Some(Assigned { variable, operator })
            }
            _ => None,
        };
        select.items.iter().map(assigned).collect()
    }

    /// Runs a SELECT that assigns: its last row gives the values; without a row the variables
    /// stay as they are.
    pub async fn assign(
        &mut self,
        statement: &Statement,
        assignments: &[Assigned<'_>],
    ) -> Result<(), Stop> {
        for assignment in assignments {
            self.variable(assignment.variable)?;
        }
        self.begin_implicitly(statement).await?;
        let source = std::sync::Arc::clone(&self.scope.source);
        let row = self.last_row(statement.clone(), statement.span.text(&source)).await?;
        self.session.globals.succeeded(row.as_ref().map_or(0, |row| row.count));
        let Some(row) = row else { return Ok(()) };
        for ((assignment, column), value) in assignments.iter().zip(&*row.columns).zip(row.values) {
            let name = assignment.variable;
            let declared = self.variable(name)?.sql_type;
            let value = match arithmetic(assignment.operator) {
                None => self.convert(value, column.sql_type, declared).await?,
                Some(sign) => self.combine(name, sign, value, column.sql_type).await?,
            };
            self.store(name, value)?;
        }
        Ok(())
    }

    /// `@variable sign value`, in the variable's type.
    async fn combine(
        &mut self,
        name: &str,
        sign: &str,
        value: Value,
        from: SqlType,
    ) -> Result<Value, Stop> {
        let declared = self.variable(name)?.sql_type;
        self.value_with(value, from, &format!("{name} {sign} {OPERAND}"), declared).await
    }
}

/// The operator within a compound assignment; `None` for a plain one.
fn arithmetic(operator: AssignOperator) -> Option<&'static str> {
    Some(match operator {
        AssignOperator::Assign => return None,
        AssignOperator::Add => "+",
        AssignOperator::Subtract => "-",
        AssignOperator::Multiply => "*",
        AssignOperator::Divide => "/",
        AssignOperator::Modulo => "%",
        AssignOperator::BitAnd => "&",
        AssignOperator::BitOr => "|",
        AssignOperator::BitXor => "^",
    })
}

/// The type of a declaration.
///
/// # Errors
/// 2715 for a type that isn't built in.
pub(crate) fn declared_type(type_name: &TypeName, source: &str) -> Result<SqlType, SqlError> {
    type_name.declared().ok_or_else(|| {
        SqlError::new(
            2715,
            format!(
                "Column, parameter, or variable #1: Cannot find data type {}.",
                type_name.span.text(source)
            ),
        )
    })
}

fn declared_twice(name: &str) -> SqlError {
    let text = format!(
        "The variable name '{name}' has already been declared. Variable names must be unique within a query batch or stored procedure."
    );
    SqlError::with_class(134, 15, text)
}

fn undeclared(name: &str) -> SqlError {
    SqlError::with_class(137, 15, format!("Must declare the scalar variable \"{name}\".")).state(2)
}
