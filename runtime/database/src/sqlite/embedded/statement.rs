//! Runs one statement of a session.

use std::sync::Arc;

use launchpod_tsql::ast::{
    DropKind, InsertBulk, Literal, ObjectName, Output, Query, QueryBody, SetOption, SetValue,
    StatementKind, Target, Transaction as TransactionStatement, TransactionName,
};
use launchpod_types::{Column, SqlError, Value};

use super::batch::Batches;
use super::catalog::{Catalog, Identity, Table};
use super::conflict::Failed;
use super::environment::Environment;
use super::failure;
use super::identity_column::IdentityColumn;
use super::thread::{Job, Stop, Worker};
use crate::Event;
use crate::sqlite::bind::Binder;
use crate::sqlite::bind::tree::{BoundQuery, BoundWrite, QueryColumn};
use crate::sqlite::bind::write::{Change, Write};
use crate::sqlite::{errors, translate};

// === impl Worker ===

impl Worker {
    /// Runs a statement and sends what it yields.
    pub(crate) fn statement(&mut self, job: &Job) -> Result<(), Stop> {
        let was_writing = !self.connection.is_autocommit();
        let statement = Arc::clone(&job.execute.statement);
        if job.execute.describe {
            return self.describe(job, &statement.kind);
        }
        let result = self.dispatch(job, &statement.kind);
        let asked = matches!(statement.kind, StatementKind::Transaction(_));
        if !asked && self.transaction.lost(&self.connection, was_writing) {
            self.send(job, Event::Transaction(self.transaction.state()))?;
        }
        result
    }

    pub(crate) fn dispatch(&mut self, job: &Job, kind: &StatementKind) -> Result<(), Stop> {
        match kind {
            StatementKind::Select(query) => match into(query) {
                Some(table) => self.select_into(job, query, table),
                None => self.select(job, query),
            },
            StatementKind::Insert(insert) => {
                let temporary = is_temporary(&insert.target, &insert.outputs);
                self.write(job, temporary, "INSERT", |binder| binder.insert(insert))
            }
            StatementKind::InsertBulk(bulk) => self.announce_bulk(job, bulk),
            StatementKind::Update(update) => {
                let temporary = is_temporary(&update.target, &update.outputs);
                self.write(job, temporary, "UPDATE", |binder| binder.update(update))
            }
            StatementKind::Delete(delete) => {
                let temporary = is_temporary(&delete.target, &delete.outputs);
                self.write(job, temporary, "DELETE", |binder| binder.delete(delete))
            }
            StatementKind::Merge(merge) => {
                let temporary = is_temporary(&merge.target, &merge.outputs);
                self.write(job, temporary, "MERGE", |binder| {
                    Ok(Change::Staged(Box::new(binder.merge(merge)?)))
                })
            }
            StatementKind::Truncate(name) => {
                self.change(job, name.is_temporary(), |worker, _| worker.truncate(name))
            }
            StatementKind::Declare(declarations) => self.change(job, true, |worker, job| {
                worker.declare_tables(job, declarations).map_err(Stop::from)
            }),
            StatementKind::CreateTable(create) => {
                self.change(job, create.name.is_temporary(), |worker, job| {
                    worker.create_table(job, create).map_err(Stop::from)
                })
            }
            StatementKind::Drop(drop) if drop.kind == DropKind::Table => {
                let temporary = drop.names.iter().all(ObjectName::is_temporary);
                self.change(job, temporary, |worker, _| {
                    worker.drop_tables(drop).map_err(Stop::from)
                })
            }
            StatementKind::Drop(drop) if drop.kind == DropKind::Database => {
                self.outside_transaction("DROP DATABASE")?;
                self.change(job, false, |worker, _| worker.drop_databases(drop).map_err(Stop::from))
            }
            StatementKind::AlterTable(alter) => {
                self.change(job, alter.name.is_temporary(), |worker, job| {
                    worker.alter_table(job, alter).map_err(Stop::from)
                })
            }
            StatementKind::CreateIndex(create) => {
                self.change(job, create.table.is_temporary(), |worker, _| {
                    worker.create_index(create).map_err(Stop::from)
                })
            }
            StatementKind::Drop(drop) if drop.kind == DropKind::Index => {
                let temporary = drop.tables.first().is_some_and(ObjectName::is_temporary);
                self.change(job, temporary, |worker, _| {
                    worker.drop_indexes(drop).map_err(Stop::from)
                })
            }
            StatementKind::Sequence(definition) => {
                self.change(job, false, |worker, job| worker.define_sequence(job, definition))
            }
            StatementKind::CreateType(create) => self.change(job, false, |worker, job| {
                worker.create_type(job, create).map_err(Stop::from)
            }),
            StatementKind::Drop(drop) if drop.kind == DropKind::Type => {
                self.change(job, false, |worker, _| worker.drop_types(drop).map_err(Stop::from))
            }
            StatementKind::CreateSynonym(create) => self
                .change(job, false, |worker, _| worker.create_synonym(create).map_err(Stop::from)),
            StatementKind::CreateProcedure(_)
            | StatementKind::CreateView(_)
            | StatementKind::CreateFunction(_) => self.change(job, false, |worker, job| {
                worker.define_module(job, kind).map_err(Stop::from)
            }),
            StatementKind::Drop(drop)
                if matches!(
                    drop.kind,
                    DropKind::Procedure
                        | DropKind::View
                        | DropKind::Function
                        | DropKind::Sequence
                        | DropKind::Synonym
                ) =>
            {
                self.change(job, false, |worker, _| worker.drop_modules(drop).map_err(Stop::from))
            }
            StatementKind::CreateSchema(create) => self.change(job, false, |worker, job| {
                worker.create_schema(job, create).map_err(Stop::from)
            }),
            StatementKind::Drop(drop) if drop.kind == DropKind::Schema => {
                self.change(job, false, |worker, _| worker.drop_schemas(drop).map_err(Stop::from))
            }
            StatementKind::CreateDatabase(create) => {
                self.outside_transaction("CREATE DATABASE")?;
                self.change(job, false, |worker, _| {
                    worker.create_database(create).map_err(Stop::from)
                })
            }
            StatementKind::AlterIndex(alter) => Ok(self.alter_index(alter)?),
            StatementKind::Maintain(table) => self.maintain(table.as_ref()),
            StatementKind::Dbcc(dbcc) => self.dbcc(job, dbcc),
            StatementKind::Security(security) => self.security(job, security),
            StatementKind::Governor(governor) => self.govern(job, governor),
            StatementKind::Execute(execute) => self.call(job, execute),
            StatementKind::Use(name) => self.use_database(job, &name.text),
            StatementKind::Transaction(statement) => self.transaction(job, statement),
            StatementKind::SetOption(option) => self.set_option(job, option),
            StatementKind::Opaque(opaque) => {
                let construct = opaque.construct.as_ref().unwrap_or(&opaque.leading);
                Err(errors::unsupported(construct).into())
            }
            other => Err(errors::unsupported(name_of(other)).into()),
        }
    }

    pub(crate) fn environment(&self) -> Environment<'_> {
        Environment {
            connection: &self.connection,
            registry: &self.registry,
            session: &self.session,
            database: &self.session.database,
            now: Some(super::environment::now()),
            schema: None,
            chain: self.session.execution.chain(),
            options: self.session.options,
        }
    }

    pub(super) fn failed(&self, job: &Job, error: &rusqlite::Error) -> Stop {
        if job.is_cancelled() || failure::is_interrupted(error) {
            let _ = self.registry.take_raised();
            return Stop::Cancelled;
        }
        failure::translate(&self.registry, error, None).into()
    }

    // --- queries ---

    fn select(&self, job: &Job, query: &Query) -> Result<(), Stop> {
        let environment = self.environment();
        let bound = Binder::new(&environment, &job.execute.variables).statement_query(query)?;
        self.select_bound(job, &bound)
    }

    /// Runs a query and sends its rows; its columns alone when no more is asked.
    pub(crate) fn select_bound(&self, job: &Job, bound: &BoundQuery) -> Result<(), Stop> {
        let columns = columns_of(&bound.columns);
        if job.execute.describe {
            return self.send(job, Event::Columns(columns));
        }
        let sql = translate::query(bound)?;
        sql.register(&self.connection, &self.registry)?;
        let failed = |error| self.failed(job, &error);
        let mut statement = self.connection.prepare_cached(&sql.text).map_err(failed)?;
        sql.bind(&mut statement).map_err(failed)?;
        let count = self.stream(job, columns, statement.raw_query(), failed)?;
        self.send(job, Event::RowsAffected(count))
    }

    /// Sends rows as they come, and counts them.
    pub(super) fn stream(
        &self,
        job: &Job,
        columns: Arc<[Column]>,
        mut rows: rusqlite::Rows<'_>,
        failed: impl Fn(rusqlite::Error) -> Stop,
    ) -> Result<u64, Stop> {
        let mut batches = Batches::new(&columns);
        self.send(job, Event::Columns(columns))?;
        let mut count = 0;
        while let Some(row) = rows.next().map_err(&failed)? {
            count += 1;
            if batches.push(row)?
                && let Some(batch) = batches.take()?
            {
                self.send(job, Event::Batch(batch))?;
            }
        }
        if let Some(batch) = batches.take()? {
            self.send(job, Event::Batch(batch))?;
        }
        Ok(count)
    }

    fn select_into(&mut self, job: &Job, query: &Query, name: &ObjectName) -> Result<(), Stop> {
        self.change(job, name.is_temporary(), |worker, job| {
            let (query, identity) = IdentityColumn::take(query)?;
            let bound = {
                let environment = worker.environment();
                let variables = Arc::clone(&job.execute.variables);
                Binder::new(&environment, &variables).statement_query(&query)?
            };
            let table = worker.create_from_columns(name, &bound, identity.as_ref())?;
            let environment = worker.environment();
            let variables = Arc::clone(&job.execute.variables);
            let write = Binder::new(&environment, &variables).insert_query(table, bound)?;
            let count = worker.run_write(job, &write, "INSERT")?;
            if let Some(identity) = identity {
                worker.set_counter(&write.table, identity.after(count))?;
            }
            worker.send(job, Event::RowsAffected(count))
        })
    }

    // --- changes ---

    /// Runs a change as one statement: all of it or nothing.
    pub(crate) fn change(
        &mut self,
        job: &Job,
        temporary: bool,
        change: impl FnOnce(&mut Self, &Job) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        if self.session.waits_for_caller && !(temporary && self.transaction.state().depth == 0) {
            return Err(errors::deadlock(self.session.spid).into());
        }
        self.transaction.begin_statement(
            &self.connection,
            temporary,
            self.session.lock_timeout,
            &|| job.is_cancelled(),
        )?;
        let result = change(self, job);
        self.quiet();
        match result {
            Ok(()) => {
                let ended = self.transaction.end_statement(&self.connection);
                if ended.is_err() {
                    self.transaction.undo_statement(&self.connection);
                }
                Ok(ended?)
            }
            Err(stop) => {
                self.transaction.undo_statement(&self.connection);
                Err(stop)
            }
        }
    }

    fn write(
        &mut self,
        job: &Job,
        temporary: bool,
        word: &'static str,
        bind: impl FnOnce(&mut Binder<'_>) -> Result<Change, SqlError>,
    ) -> Result<(), Stop> {
        let mut count = 0;
        self.change(job, temporary, |worker, job| {
            let environment = worker.environment();
            let variables = Arc::clone(&job.execute.variables);
            let change = bind(&mut Binder::new(&environment, &variables))?;
            count = match change {
                Change::Plain(write) => worker.run_write(job, &write, word)?,
                Change::Staged(staged) => worker.run_staged(job, &staged, word)?,
            };
            Ok(())
        })?;
        // After the commit: who sees the count can rely on it.
        self.send(job, Event::RowsAffected(count))
    }

    pub(super) fn run_write(
        &self,
        job: &Job,
        write: &Write,
        word: &'static str,
    ) -> Result<u64, Stop> {
        let sql = translate::write(write)?;
        sql.register(&self.connection, &self.registry)?;
        let failed = |error| self.write_failed(job, write, word, &error);
        self.counting(write, || {
            let mut statement = self.connection.prepare_cached(&sql.text).map_err(failed)?;
            sql.bind(&mut statement).map_err(failed)?;
            match &write.output {
                None => match statement.raw_execute() {
                    Ok(count) => Ok(count as u64),
                    Err(error) if word == "UPDATE" && failure::is_unique(&error) => {
                        drop(statement);
                        self.update_keys(job, write, &error)
                    }
                    Err(error) => Err(failed(error)),
                },
                Some((_, columns)) => {
                    self.stream(job, columns_of(columns), statement.raw_query(), failed)
                }
            }
        })
    }

    /// Runs an UPDATE again that has failed because a key was taken, perhaps by a row that it
    /// changes too.
    fn update_keys(&self, job: &Job, write: &Write, error: &rusqlite::Error) -> Result<u64, Stop> {
        match self.update_at_once(&write.table, &mut || self.run_again(write))? {
            Some(count) => Ok(count as u64),
            None => Err(self.write_failed(job, write, "UPDATE", error)),
        }
    }

    /// Runs a write once more, without its OUTPUT.
    fn run_again(&self, write: &Write) -> rusqlite::Result<usize> {
        let catalog = Catalog::new(&self.connection);
        if let Ok(Some(identity)) = catalog.identity(&write.table) {
            self.session.identity.begin(write.table.object_id, identity);
        }
        let sql = translate::changes_only(write).map_err(|_| rusqlite::Error::InvalidQuery)?;
        let mut statement = self.connection.prepare(&sql.text)?;
        sql.bind(&mut statement)?;
        statement.raw_execute()
    }

    /// Runs an INSERT while its table's identity counts.
    pub(super) fn counting<T>(
        &self,
        write: &Write,
        run: impl FnOnce() -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let catalog = Catalog::new(&self.connection);
        let table = &write.table;
        let counter = match &write.bound {
            BoundWrite::Insert { .. } => catalog.identity(table)?,
            _ => None,
        };
        if let Some(identity) = counter {
            self.session.identity.begin(table.object_id, identity);
        }
        let result = self.versioning(table, run);
        let counted = self.session.identity.end(table.object_id);
        if result.is_ok() && counted != counter {
            catalog.set_identity(table, counted)?;
        }
        result
    }

    /// Why a change of rows ended.
    pub(super) fn write_failed(
        &self,
        job: &Job,
        write: &Write,
        word: &'static str,
        error: &rusqlite::Error,
    ) -> Stop {
        if failure::is_interrupted(error) {
            return self.failed(job, error);
        }
        let write_failed = Failed { table: &write.table, word, step: word, error };
        self.explain(&write_failed, &mut || self.run_again(write).map(|_| ())).into()
    }

    /// Tells the columns of a bulk load, whose rows come with [`crate::Session::insert`].
    fn announce_bulk(&self, job: &Job, bulk: &InsertBulk) -> Result<(), Stop> {
        let environment = self.environment();
        let variables = Arc::clone(&job.execute.variables);
        let (table, given) = Binder::new(&environment, &variables).bulk_target(bulk)?;
        let columns = given.iter().map(|at| &table.columns[*at]).map(|column| Column {
            name: column.name.clone(),
            sql_type: column.sql_type,
            nullable: column.nullable,
            identity: column.identity,
        });
        self.send(job, Event::Columns(columns.collect()))
    }

    pub(super) fn truncate(&self, name: &ObjectName) -> Result<(), Stop> {
        let environment = self.environment();
        let table = environment
            .table_to_change(name)
            .map_err(|_| errors::cannot_find_object(&name.name.text))?;
        if !environment.may_table(&table, "AL")? {
            return Err(errors::cannot_find_object(&name.name.text).into());
        }
        let referencing = Catalog::new(&self.connection).referencing(&table)?;
        if referencing.iter().any(|key| key.table != table.label()) {
            return Err(errors::truncate_referenced(&name.to_string()).into());
        }
        let storage = translate::quoted(&table.storage);
        self.connection
            .execute_batch(&format!("DELETE FROM {}.{storage}", table.attached))
            .map_err(|error| failure::translate(&self.registry, &error, None))?;
        let catalog = Catalog::new(&self.connection);
        if let Some(identity) = catalog.identity(&table)? {
            self.set_counter(&table, Identity { last: None, ..identity })?;
        }
        Ok(())
    }

    /// Sets the counter of a table's IDENTITY column.
    pub(super) fn set_counter(&self, table: &Table, identity: Identity) -> Result<(), SqlError> {
        self.session.identity.restart(table.object_id, identity.last);
        Catalog::new(&self.connection).set_identity(table, Some(identity))
    }

    // --- the session ---

    pub(crate) fn outside_transaction(&self, statement: &str) -> Result<(), SqlError> {
        match self.transaction.state().depth {
            0 => Ok(()),
            _ => Err(errors::not_in_transaction(statement)),
        }
    }

    fn use_database(&mut self, job: &Job, name: &str) -> Result<(), Stop> {
        let database = Catalog::new(&self.connection)
            .database(name)?
            .ok_or_else(|| errors::no_such_database(name))?;
        self.environment().context_in(&database)?;
        self.session.database = database.clone();
        self.identity.lock().unwrap_or_else(std::sync::PoisonError::into_inner).database =
            database.name.clone();
        self.send(job, Event::Database(database.name))
    }

    fn transaction(&mut self, job: &Job, statement: &TransactionStatement) -> Result<(), Stop> {
        let name_of = |name: &TransactionName| match name {
            TransactionName::Name(name) => Ok(name.text.clone()),
            TransactionName::Variable(variable) => {
                match job.execute.variables.get(&variable.to_lowercase()).map(|v| &v.value) {
                    Some(Value::Text(name)) => Ok(name.clone()),
                    _ => Err(errors::undeclared_variable(variable)),
                }
            }
        };
        let optional = |name: &Option<TransactionName>| name.as_ref().map(name_of).transpose();
        // The end of a transaction isn't stopped halfway.
        self.quiet();
        match statement {
            TransactionStatement::Begin { name } => self.transaction.begin(optional(name)?),
            TransactionStatement::Commit { .. } => self.transaction.commit(&self.connection)?,
            TransactionStatement::Rollback { name } => {
                let name = optional(name)?;
                self.roll_back(name.as_deref())?;
            }
            TransactionStatement::Save { name } => {
                self.transaction.save(&self.connection, &name_of(name)?)?;
            }
        }
        self.send(job, Event::Transaction(self.transaction.state()))
    }

    fn set_option(&mut self, job: &Job, option: &SetOption) -> Result<(), Stop> {
        for name in &option.names {
            match (name.as_str(), &option.value) {
                ("DATEFORMAT" | "DATEFIRST" | "LANGUAGE" | "CONTEXT_INFO", value) => {
                    self.set_session_value(job, name, value)?;
                }
                ("LOCK_TIMEOUT", SetValue::Literal(Literal::Integer(milliseconds))) => {
                    self.session.lock_timeout = i64::from(*milliseconds);
                }
                ("TEXTSIZE", SetValue::Literal(Literal::Integer(bytes))) => {
                    self.session.text_size = super::settings::text_size(*bytes);
                }
                ("SHOWPLAN_ALL" | "SHOWPLAN_TEXT" | "SHOWPLAN_XML", SetValue::On) => {
                    return Err(errors::unsupported(format_args!("SET {name}")).into());
                }
                ("IDENTITY_INSERT", value) => {
                    let Some(object) = &option.object else { continue };
                    self.set_identity_insert(object, *value == SetValue::On)?;
                }
                (name, _) => super::settings::check_option(name)?,
            }
        }
        Ok(())
    }
}

/// A query's columns as a client is told them.
pub(super) fn columns_of(columns: &[QueryColumn]) -> Arc<[Column]> {
    columns
        .iter()
        .map(|column| Column {
            name: column.name.clone(),
            sql_type: column.sql_type,
            nullable: column.nullable,
            identity: column.identity,
        })
        .collect()
}

/// The table of SELECT … INTO.
pub(super) fn into(query: &Query) -> Option<&ObjectName> {
    match &query.body {
        QueryBody::Select(select) => select.into.as_ref(),
        QueryBody::SetOperation { operands, .. } => match operands.first() {
            Some(QueryBody::Select(select)) => select.into.as_ref(),
            _ => None,
        },
        QueryBody::Nested(_) => None,
    }
}

/// Whether a statement changes temporary tables only.
pub(super) fn is_temporary(target: &Target, outputs: &[Output]) -> bool {
    let temporary = |target: &Target| match target {
        Target::Table(name) => name.is_temporary(),
        Target::Variable { .. } => true,
    };
    temporary(target) && outputs.iter().filter_map(|output| output.into.as_ref()).all(temporary)
}

/// A statement's name in messages.
fn name_of(kind: &StatementKind) -> &'static str {
    match kind {
        StatementKind::Drop(_) => "This DROP",
        StatementKind::ExecuteText(_) => "EXEC",
        StatementKind::Kill(_) => "KILL",
        StatementKind::WaitFor(_) => "WAITFOR",
        _ => "This statement",
    }
}
