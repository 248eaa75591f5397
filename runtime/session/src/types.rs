//! The types of variables that users have made ("CREATE TYPE"): alias types and table types, and
//! parameters of table types ("Use table-valued parameters").

use launchpod_database::{Variable, Variables};
use launchpod_tsql::ast::{
    Output, ParameterDefinition, StatementKind, Target, TypeKind, TypeName, fold_name,
};
use launchpod_types::{SqlError, SqlType, Value};

use crate::procedures::Argument;
use crate::run::{Run, Scope, Stop};
use crate::tables::bracketed;
use crate::variables::declared_type;

/// What a type is based on, as it is declared, or a table type's name after a `#`; `{}` is the
/// type's name as a constant.
const BASE: &str = "(SELECT CASE WHEN t.is_table_type = 1 THEN N'#' + SCHEMA_NAME(t.schema_id) + N'.' + t.name
        ELSE b.name END + CASE WHEN t.is_table_type = 1 THEN ''
        WHEN b.name IN ('char', 'varchar', 'binary', 'varbinary', 'nchar', 'nvarchar')
            THEN '(' + CASE WHEN t.max_length = -1 THEN 'max' WHEN b.name LIKE 'n%'
                THEN CAST(t.max_length / 2 AS varchar(9)) ELSE CAST(t.max_length AS varchar(9)) END + ')'
        WHEN b.name IN ('decimal', 'numeric') THEN '(' + CAST(t.precision AS varchar(9)) + ','
            + CAST(t.scale AS varchar(9)) + ')'
        WHEN b.name IN ('time', 'datetime2', 'datetimeoffset')
            THEN '(' + CAST(t.scale AS varchar(9)) + ')'
        ELSE '' END
    FROM sys.types t LEFT JOIN sys.types b ON b.user_type_id = t.system_type_id
    WHERE t.user_type_id = TYPE_ID({}) AND t.is_user_defined = 1)";

/// What a declaration's type is.
pub(crate) enum Declared {
    Scalar(SqlType),
    /// A table type, with its schema and name.
    Table(String),
}

// === impl Run ===

impl Run<'_> {
    /// The type of a declaration in `source`; what a user's type is based on, the database says.
    ///
    /// # Errors
    /// 2715 when there is no such type.
    pub async fn declared(&mut self, type_name: &TypeName, source: &str) -> Result<Declared, Stop> {
        let TypeKind::Named(name) = &type_name.kind else {
            return Ok(Declared::Scalar(declared_type(type_name, source)?));
        };
        let constant = format!("N'{}'", name.to_string().replace('\'', "''"));
        let is_open = self.session.globals.transaction.depth > 0;
        let base = self.value_of(&BASE.replace("{}", &constant), SqlType::NVARCHAR_MAX).await?;
        if !is_open {
            // A server's views begin one under IMPLICIT_TRANSACTIONS.
            self.roll_back().await?;
        }
        let Value::Text(base) = base else {
            return Ok(Declared::Scalar(declared_type(type_name, source)?));
        };
        if let Some(table) = base.strip_prefix('#') {
            return Ok(Declared::Table(table.to_owned()));
        }
        let declared = launchpod_tsql::parse_parameters(&format!("@v {base}")).ok();
        let based = declared.and_then(|declared| declared.first()?.type_name.declared());
        Ok(Declared::Scalar(based.map_or_else(|| declared_type(type_name, source), Ok)?))
    }

    /// Gives a parameter of a table type its argument's table, or an empty one.
    ///
    /// # Errors
    /// 352 when the parameter isn't READONLY, 206 for an argument of another type.
    pub async fn bind_table(
        &mut self,
        parameter: &ParameterDefinition,
        table_type: String,
        given: Option<&Argument>,
        scope: &mut Scope,
    ) -> Result<(), Stop> {
        let name = &parameter.name;
        if !parameter.read_only {
            return Err(not_read_only(name).into());
        }
        let value = match given.filter(|given| !given.is_default) {
            None => self.empty_table(name, &table_type, scope).await?,
            Some(Argument { table: Some(own), value, .. }) if *own == table_type => value.clone(),
            Some(Argument { table: Some(own), .. }) => {
                return Err(operand_clash(own, &table_type).into());
            }
            Some(given) => return Err(operand_clash(given.sql_type.name(), &table_type).into()),
        };
        let key = fold_name(name);
        scope.variables.insert(key.clone(), Variable { sql_type: SqlType::SYSNAME, value }.into());
        scope.table_types.insert(key.clone(), table_type);
        scope.read_only.insert(key);
        Ok(())
    }

    /// Makes a table of a type that ends with a scope; what a variable of it holds.
    async fn empty_table(
        &mut self,
        name: &str,
        table_type: &str,
        scope: &mut Scope,
    ) -> Result<Value, Stop> {
        let held = self.session.table_for(name);
        let text = format!("DECLARE {name} {}", quoted(table_type));
        let batch = launchpod_tsql::parse(&text).map_err(SqlError::from)?;
        let Some(statement) = batch.statements.into_iter().next() else { return Ok(Value::Null) };
        let value = Value::Text(held.clone());
        let own = Variable { sql_type: SqlType::SYSNAME, value: value.clone() };
        let variables = Variables::from([(fold_name(name), own.into())]);
        let outer = std::mem::replace(&mut self.scope.variables, variables);
        let mut events = self.start(statement, &text);
        self.scope.variables = outer;
        while let Some(event) = events.recv().await {
            event?;
        }
        scope.tables.push(bracketed(&held));
        Ok(value)
    }

    /// Refuses a change of a parameter that is READONLY.
    ///
    /// # Errors
    /// 10700
    pub fn check_read_only(&self, kind: &StatementKind) -> Result<(), SqlError> {
        let (target, outputs): (_, &[Output]) = match kind {
            StatementKind::Insert(insert) => (&insert.target, &insert.outputs),
            StatementKind::Update(update) => (&update.target, &update.outputs),
            StatementKind::Delete(delete) => (&delete.target, &delete.outputs),
            StatementKind::Merge(merge) => (&merge.target, &merge.outputs),
            _ => return Ok(()),
        };
        let targets = outputs.iter().filter_map(|output| output.into.as_ref());
        for target in targets.chain([target]) {
            if let Target::Variable { name, .. } = target
                && self.scope.read_only.contains(&fold_name(name))
            {
                return Err(read_only(name));
            }
        }
        Ok(())
    }
}

/// The variable that tells the database which table type a variable has.
pub(crate) fn variable_of(name: &str, table_type: &str) -> (String, Variable) {
    let value = Value::Text(quoted(table_type));
    (format!("@@table_type {name}"), Variable { sql_type: SqlType::SYSNAME, value })
}

/// A table type, by its schema and name, as T-SQL names it.
fn quoted(table_type: &str) -> String {
    let parts: Vec<String> = table_type.splitn(2, '.').map(bracketed).collect();
    parts.join(".")
}

/// An argument whose type isn't its parameter's, one of which is a table type.
pub(crate) fn operand_clash(given: &str, wanted: &str) -> SqlError {
    let bare = |name: &str| name.split_once('.').map_or(name, |(_, name)| name).to_owned();
    let text = format!("Operand type clash: {} is incompatible with {}", bare(given), bare(wanted));
    SqlError::new(206, text).state(2)
}

fn not_read_only(name: &str) -> SqlError {
    let text =
        format!("The table-valued parameter \"{name}\" must be declared with the READONLY option.");
    SqlError::with_class(352, 15, text)
}

fn read_only(name: &str) -> SqlError {
    let text = format!("The table-valued parameter \"{name}\" is READONLY and cannot be modified.");
    SqlError::with_class(10700, 16, text)
}
