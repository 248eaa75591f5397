//! Variables: declared, set, and assigned by SELECT and UPDATE.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use launchpod_database::Variable;
use launchpod_tsql::ast::{
    AssignOperator, Declaration, Expr, Mention, MentionKind, SetVariable, Statement, StatementKind,
    TypeName, fold_name,
};
use launchpod_types::{Message, SqlError, SqlType, Value};

use crate::block::done_kind;
use crate::run::{Run, Stop};
use crate::types::Declared;
use crate::walk::nested;

impl Run<'_> {
    /// A declared variable.
    ///
    /// # Errors
    /// 137 when there is none of that name.
    pub fn variable(&self, name: &str) -> Result<&Variable, SqlError> {
        let found = self.scope.variables.get(&fold_name(name));
        found.map(|variable| &**variable).ok_or_else(|| undeclared(name))
    }

    /// Gives a declared variable a value of its type.
    pub fn store(&mut self, name: &str, value: Value) -> Result<(), SqlError> {
        let variable =
            self.scope.variables.get_mut(&fold_name(name)).ok_or_else(|| undeclared(name))?;
        // Whoever still has the old value, a cursor for example, keeps it.
        *variable = Arc::new(Variable { sql_type: variable.sql_type, value });
        Ok(())
    }

    /// Checks that what a text names is declared before it, in the text or by its caller.
    ///
    /// # Errors
    /// 137 and 1087, each name once.
    pub fn check_mentions(&self, mentions: &[Mention]) -> Result<(), Vec<Message>> {
        let kind_of = |name: &String| match self.scope.table_types.contains_key(name) {
            true => None,
            false => Some(false),
        };
        let given = self.scope.variables.keys().map(|name| (name.clone(), kind_of(name)));
        // Of which kind a variable is; none when its type may be a table's.
        let mut known: BTreeMap<String, Option<bool>> = given.collect();
        let mut errors: Vec<(String, Message)> = Vec::new();
        for Mention { name, kind, line } in mentions {
            let folded = fold_name(name);
            let declared = known.get(&folded).copied();
            let error = match *kind {
                MentionKind::Declaration { table } => {
                    known.insert(folded, table);
                    continue;
                }
                MentionKind::Scalar if matches!(declared, Some(None | Some(false))) => continue,
                MentionKind::Table if matches!(declared, Some(None | Some(true))) => continue,
                MentionKind::Scalar => undeclared(name),
                MentionKind::Table => undeclared_table(name),
            };
            if errors.iter().all(|(reported, _)| *reported != folded) {
                errors.push((folded, error.or_line(*line).into()));
            }
        }
        if errors.is_empty() {
            return Ok(());
        }
        Err(errors.into_iter().map(|(_, error)| error).collect())
    }

    /// Declares all variables of a text, each NULL: a DECLARE counts where it stands, whether
    /// it is run once, many times (in a WHILE) or never (in an IF).
    ///
    /// # Errors
    /// 134 for a name declared twice, 2715 for an unknown type.
    pub async fn declare_all(&mut self, statements: &[Statement]) -> Result<(), Stop> {
        for statement in nested(statements) {
            let StatementKind::Declare(declarations) = &statement.kind else { continue };
            for declaration in declarations {
                match self.declare(declaration).await {
                    Err(Stop::Failed(errors)) => {
                        return Err(Stop::Failed(self.located(errors, statement.line)));
                    }
                    declared => declared?,
                }
            }
        }
        Ok(())
    }

    async fn declare(&mut self, declaration: &Declaration) -> Result<(), Stop> {
        if let Declaration::Cursor { name, .. } = declaration {
            if self.scope.cursors.has(name) || self.scope.variables.contains_key(&fold_name(name)) {
                return Err(declared_twice(name).into());
            }
            self.scope.cursors.declare_variable(name);
            return Ok(());
        }
        let (name, sql_type, value) = match declaration {
            Declaration::Variable { name, type_name, .. } => {
                let source = Arc::clone(&self.scope.source);
                match self.declared(type_name, &source).await? {
                    Declared::Scalar(sql_type) => (name, sql_type, Value::Null),
                    Declared::Table(table_type) => {
                        self.scope.table_types.insert(fold_name(name), table_type);
                        (name, SqlType::SYSNAME, self.session.table_for(name).into())
                    }
                }
            }
            Declaration::Table { name, .. } => {
                (name, SqlType::SYSNAME, self.session.table_for(name).into())
            }
            _ => return Ok(()),
        };
        match self.scope.variables.entry(fold_name(name)) {
            Entry::Vacant(entry) => {
                entry.insert(Variable { sql_type, value }.into());
                Ok(())
            }
            Entry::Occupied(_) => Err(declared_twice(name).into()),
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

    /// Runs a SELECT or UPDATE that assigns. The embedded database gives a row for each that is
    /// assigned, compound operators applied, of which the last counts; without a row the variables
    /// stay as they are. A server assigns to variables of its own, and gives one row: how many rows
    /// there were, and what the variables are then.
    pub async fn assign(&mut self, statement: &Statement, assigned: &[&str]) -> Result<(), Stop> {
        for variable in assigned {
            self.variable(variable)?;
        }
        self.begin_implicitly(statement).await?;
        let source = Arc::clone(&self.scope.source);
        let row = match self.limited(statement, &source)? {
            Some((limited, text)) => {
                let span = limited.span;
                self.last_row(limited, span.text(&text)).await?
            }
            None => self.last_row(statement.clone(), statement.span.text(&source)).await?,
        };
        let Some(row) = row else {
            self.session.globals.succeeded(0);
            return Ok(());
        };
        let mut cells = row.columns.iter().zip(row.values);
        let count = match self.session.database.is_server().then(|| cells.next()).flatten() {
            Some((_, Value::Int(count))) => u64::try_from(count).unwrap_or(0),
            _ => row.count,
        };
        self.session.globals.succeeded(count);
        for (name, (column, value)) in assigned.iter().zip(cells) {
            let declared = self.variable(name)?.sql_type;
            let value = self.convert(value, column.sql_type, declared).await?;
            self.store(name, value)?;
        }
        Ok(())
    }

    /// Runs an UPDATE that assigns, and tells how many rows it changed.
    pub async fn update_and_assign(
        &mut self,
        statement: &Statement,
        assigned: &[&str],
    ) -> Result<(), Stop> {
        if self.session.options.format_only {
            return self.done(done_kind(&statement.kind), None).await;
        }
        self.check_doomed(&statement.kind)?;
        self.check_within_insert(&statement.kind)?;
        self.assign(statement, assigned).await?;
        let count = self.session.globals.row_count;
        self.done(done_kind(&statement.kind), Some(count)).await
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

fn undeclared_table(name: &str) -> SqlError {
    SqlError::with_class(1087, 15, format!("Must declare the table variable \"{name}\".")).state(2)
}

fn undeclared(name: &str) -> SqlError {
    SqlError::with_class(137, 15, format!("Must declare the scalar variable \"{name}\".")).state(2)
}
