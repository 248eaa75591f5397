//! Calls of users' functions that run, rather than being put into the query.

use std::hash::{DefaultHasher, Hash, Hasher};

use launchpod_functions::cell;
use launchpod_functions::{Body, Function};
use launchpod_tsql::ast::{
    ColumnSource, CreateFunction, FunctionBody, FunctionCall, TableDefinition,
};
use launchpod_types::{SqlError, SqlType, Value};

use super::module::{changed, function, parameter_type};
use super::scope::SourceColumn;
use super::tree::{Bound, BoundSource, Kind, QueryColumn, SourceId};
use super::{Binder, coerce};
use crate::sqlite::embedded::called::{self, Program};
use crate::sqlite::embedded::modules::Module;
use crate::sqlite::errors;

// === impl Binder ===

impl Binder<'_> {
    /// A call of a scalar function that runs.
    pub(super) fn scalar_program(
        &mut self,
        module: &Module,
        create: &CreateFunction,
        arguments: Vec<Bound>,
    ) -> Result<Bound, SqlError> {
        let FunctionBody::Scalar { returns, .. } = &create.body else {
            return Err(changed(module));
        };
        let returns = self.environment.declared_type(returns, 1)?;
        Ok(coerce::call(self.program(module, create)?, arguments, returns, true))
    }

    /// The rows of a function that fills a table.
    pub(super) fn table_program(
        &mut self,
        module: &Module,
        call: &FunctionCall,
    ) -> Result<(BoundSource, Vec<SourceColumn>, SourceId), SqlError> {
        let create = function(module)?;
        let FunctionBody::Table { definition, .. } = &create.body else {
            return Err(changed(module));
        };
        let arguments = self.arguments(&create, call)?;
        let function = self.program(module, &create)?;
        let array = coerce::call(function, arguments, SqlType::NVARCHAR_MAX, true);
        let id = self.source_id();
        let columns = self.filled_columns(definition)?.into_iter().enumerate();
        let columns = columns.map(|(index, column)| SourceColumn {
            name: column.name,
            storage: "value".to_owned(),
            sql_type: column.sql_type,
            nullable: column.nullable,
            identity: column.identity,
            value: Some(element(id, index, column.sql_type)),
        });
        Ok((BoundSource::Rows { array: Box::new(array), id }, columns.collect(), id))
    }

    /// The columns of the table that a function fills.
    pub(super) fn filled_columns(
        &self,
        definition: &TableDefinition,
    ) -> Result<Vec<QueryColumn>, SqlError> {
        let columns = definition.columns.iter().zip(1..).map(|(column, place)| {
            let ColumnSource::Stored(type_name) = &column.source else {
                return Err(errors::unsupported("A computed column of a function's table"));
            };
            Ok(QueryColumn {
                name: column.name.text.clone(),
                sql_type: self.environment.declared_type(type_name, place)?,
                nullable: true,
                identity: false,
            })
        });
        columns.collect()
    }

    /// The function that runs a definition.
    fn program(&self, module: &Module, create: &CreateFunction) -> Result<Function, SqlError> {
        let mut hasher = DefaultHasher::new();
        (&module.definition, &module.name, module.database.id).hash(&mut hasher);
        let key = format!("{}-{:016x}", module.object_id, hasher.finish());
        let arguments = create.parameters.iter();
        let arguments = arguments.map(|parameter| parameter_type(self.environment, parameter));
        let arguments = arguments.collect::<Result<_, _>>()?;
        let strict = create.options.iter().any(|option| option == "RETURNS NULL ON NULL INPUT");
        let program = Program {
            create: create.clone(),
            database: module.database.clone(),
            text: module.definition.clone(),
            key: key.clone(),
            chain: self.environment.chain_of(module)?,
            run_as: self.environment.runs_as(module)?,
            options: self.environment.catalog().module_options(module.object_id)?,
        };
        Ok(Function {
            name: format!("user({key})"),
            arguments,
            strict,
            deterministic: false,
            body: Body::Values(Box::new(move |values| called::call(&program, values))),
        })
    }
}

/// An element of a row, which is a JSON array: see [`called::call`].
fn element(source: SourceId, index: usize, sql_type: SqlType) -> Bound {
    let row = Bound {
        kind: Kind::Column { source, name: "value".to_owned() },
        sql_type: SqlType::NVARCHAR_MAX,
        nullable: true,
    };
    let path = Bound::constant(Value::from(format!("$[{index}]").as_str()), SqlType::SYSNAME);
    let extract = Kind::Native { name: "json_extract", arguments: vec![row, path] };
    let extracted = Bound { kind: extract, sql_type, nullable: true };
    if cell::affinity(sql_type) != "BLOB" {
        return extracted;
    }
    let kind = Kind::Native { name: "unhex", arguments: vec![extracted] };
    Bound { kind, sql_type, nullable: true }
}
