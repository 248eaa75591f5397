//! INSERT, UPDATE and DELETE.

use launchpod_functions::{Body, Function};
use launchpod_tsql::ast::{
    Assignment, ColumnName, Delete, Expr, ExprKind, Identifier, Insert, InsertSource, Output,
    Query, QueryBody, Target as TargetName, Top, Update,
};
use launchpod_types::{SqlError, SqlType, Value};

use super::changed::Changed;
use super::coerce::{self, Target};
use super::sequence::Sequences;
use super::source::uses;
use super::staged::{Rows, Staged, StagedOutput, Step, Twice};
use super::stored::parse_value;
use super::through::Touched;
use super::tree::{
    Bound, BoundBody, BoundCte, BoundQuery, BoundSelect, BoundSource, BoundWrite, DeleteHow, Kind,
    QueryColumn, SourceId, UpdateHow,
};
use super::write_sources::{Sources, assigned_columns, touched_by};
use super::{Binder, types};
use crate::sqlite::embedded::catalog::{Table, TableColumn};
use crate::sqlite::errors;

/// The number of a source whose columns are named without it.
pub(crate) const BARE: SourceId = 0;

/// A bound write and the table that it changes.
pub(crate) struct Write {
    pub(crate) bound: BoundWrite,
    pub(crate) table: Table,
    /// The table's CHECK constraints: SQLite needs to know their functions.
    pub(crate) checks: Vec<Bound>,
    /// What OUTPUT returns of each row.
    pub(crate) output: Option<OutputRows>,
}

/// A bound change of rows.
pub(crate) enum Change {
    /// One statement of SQLite's.
    Plain(Box<Write>),
    Staged(Box<Staged>),
}

// === impl Change ===

impl Change {
    /// The columns of the rows that its OUTPUT sends to the client.
    pub(crate) fn returned(self) -> Option<Vec<QueryColumn>> {
        match self {
            Change::Plain(write) => write.output.map(|(_, columns)| columns),
            Change::Staged(staged) => staged.outputs.into_iter().find_map(|output| match output {
                StagedOutput::Client(query) => Some(query.columns),
                StagedOutput::Into(_) => None,
            }),
        }
    }
}

/// What an INSERT stores: the columns' names, and their values row by row.
struct Stored {
    columns: Vec<String>,
    types: Vec<QueryColumn>,
    body: BoundBody,
}

/// Values of OUTPUT, and the columns that a client sees.
pub(crate) type OutputRows = (Vec<Bound>, Vec<QueryColumn>);

// === impl Change ===

impl From<Write> for Change {
    fn from(write: Write) -> Self {
        Change::Plain(Box::new(write))
    }
}

// === impl Binder ===

impl Binder<'_> {
    pub(crate) fn insert(&mut self, insert: &Insert) -> Result<Change, SqlError> {
        self.heed_hints(&insert.options)?;
        self.sequences = Sequences::Refused(errors::next_value_in_clause);
        self.limited = insert.top.is_some();
        if let InsertSource::Query(query) = &insert.source {
            // They stand behind the query, and hold for the CTEs in front of INSERT.
            self.heed_hints(&query.options)?;
        }
        let ctes = self.common_tables(&insert.ctes)?;
        let (changed, given) = self.insert_target(insert, &ctes)?;
        let listed = !insert.columns.is_empty();
        let top = self.write_top(insert.top.as_ref())?;
        // What the source gives, one value per given column, and how it is queried.
        let (values, mut query) = match &insert.source {
            InsertSource::DefaultValues => {
                self.check_identity(&changed.table, &[], false, 0)?;
                (Vec::new(), None)
            }
            InsertSource::Values(_) if top.is_some() => {
                return Err(errors::unsupported("INSERT TOP … VALUES"));
            }
            InsertSource::Values(rows) => {
                let count = rows.first().map_or(0, Vec::len);
                self.check_identity(&changed.table, &given, listed, count)?;
                let rule = self.sequences_of_rows(errors::next_value_limited);
                let table = &changed.table;
                let rows = self
                    .with_sequences(rule, |binder| binder.value_rows(table, &given, rows, listed));
                (rows?, None)
            }
            InsertSource::Query(query) => {
                self.limited |= is_limited(query);
                let mut query = self.statement_query(query)?;
                if top.is_some() {
                    if query.limit.is_some() || query.offset.is_some() {
                        return Err(errors::unsupported(
                            "INSERT TOP of a query with TOP or OFFSET",
                        ));
                    }
                    query.limit = top;
                }
                let (have, want) = (query.columns.len(), given.len());
                self.check_identity(&changed.table, &given, listed, have)?;
                if have != want {
                    return Err(if listed {
                        errors::select_list_count(have < want)
                    } else {
                        errors::column_count_mismatch()
                    });
                }
                (Vec::new(), Some(query))
            }
            InsertSource::Execute(_) | InsertSource::ExecuteText(_) => {
                return Err(errors::unsupported("INSERT … EXEC below the session"));
            }
        };
        let given = match insert.source {
            InsertSource::DefaultValues => Vec::new(),
            _ => given,
        };
        let stored = self.stored_rows(&changed.table, &given, values, query.take())?;
        let checked = changed.checked().is_some();
        match &insert.outputs[..] {
            [] if !checked => self.insert_plain(changed.table, ctes, stored, None),
            [output] if output.into.is_none() && !checked => {
                let output = self.returning(output, &changed, "inserted")?;
                self.insert_plain(changed.table, ctes, stored, Some(output))
            }
            outputs => self.insert_staged(changed, ctes, stored, outputs),
        }
    }

    /// What an INSERT puts rows in, and the places of the table's columns that it gives.
    pub(super) fn insert_target(
        &mut self,
        insert: &Insert,
        ctes: &[BoundCte],
    ) -> Result<(Changed, Vec<usize>), SqlError> {
        self.scopes.clear();
        let (id, mut source) = self.put_target(&insert.target, None)?;
        let line = match &insert.target {
            TargetName::Table(name) => name.line,
            TargetName::Variable { line, .. } => *line,
        };
        let names = insert.columns.iter().map(|name| (name.text.as_str(), line));
        let touched = match (&insert.source, &insert.columns[..]) {
            (InsertSource::DefaultValues, _) => Touched::NewRows,
            (_, []) => Touched::EveryColumn,
            _ => Touched::Columns(names.collect()),
        };
        let changed = self.changed(&insert.target, id, &mut source, ctes, &touched)?;
        self.scopes.clear();
        let names = changed.given(&insert.columns)?;
        self.check_changed(&changed, ("IN", &[]), !insert.outputs.is_empty())?;
        let given = self.insert_columns(&changed.table, &names)?;
        let row = Bound::constant(Value::Null, SqlType::BigInt);
        Ok((Changed { row, ..changed }, given))
    }

    fn insert_plain(
        &mut self,
        table: Table,
        ctes: Vec<BoundCte>,
        stored: Stored,
        output: Option<OutputRows>,
    ) -> Result<Change, SqlError> {
        let bound = BoundWrite::Insert {
            schema: table.attached,
            table: table.storage.clone(),
            columns: stored.columns,
            query: plain_query(ctes, stored.body, None),
        };
        let checks = self.checks(&table)?;
        Ok(Write { bound, table, checks, output }.into())
    }

    fn insert_staged(
        &mut self,
        changed: Changed,
        ctes: Vec<BoundCte>,
        stored: Stored,
        outputs: &[Output],
    ) -> Result<Change, SqlError> {
        let id = self.source_id();
        let named = |index: usize| format!("v{index}");
        let columns = stored.columns.iter().enumerate();
        let step = columns.map(|(index, name)| (name.clone(), named(index))).collect();
        let types = stored.types.iter().enumerate();
        let values = types.map(|(index, column)| (named(index), derived_column(id, index, column)));
        let values: Vec<_> = values.collect();
        let query =
            BoundQuery { columns: stored.types, ..plain_query(Vec::new(), stored.body, None) };
        // A row of nothing but what is absent has no values to take from a query.
        let some = !values.is_empty();
        let source = some.then(|| BoundSource::Derived { query: Box::new(query), id });
        let rows = Rows {
            changed,
            ctes,
            source,
            filter: None,
            limit: None,
            step: super::int(0),
            steps: vec![Step::Insert(step)],
            values,
            twice: Twice::Once,
            assigned: Vec::new(),
        };
        self.scopes.clear();
        Ok(Change::Staged(Box::new(self.staged(rows, outputs)?)))
    }

    /// An INSERT of a query's rows into some of a table's columns.
    pub(crate) fn insert_given(
        &mut self,
        table: Table,
        given: &[usize],
        source: BoundQuery,
    ) -> Result<Write, SqlError> {
        let stored = self.stored_rows(&table, given, Vec::new(), Some(source))?;
        let bound = BoundWrite::Insert {
            schema: table.attached,
            table: table.storage.clone(),
            columns: stored.columns,
            query: plain_query(Vec::new(), stored.body, None),
        };
        let checks = self.checks(&table)?;
        Ok(Write { bound, table, checks, output: None })
    }

    /// Brings rows to a table's types and adds what its other columns get: defaults and
    /// identities.
    fn stored_rows(
        &mut self,
        table: &Table,
        given: &[usize],
        values: Vec<Vec<Bound>>,
        source: Option<BoundQuery>,
    ) -> Result<Stored, SqlError> {
        let mut columns: Vec<&TableColumn> = given.iter().map(|at| &table.columns[*at]).collect();
        let mut others = Vec::new();
        let mentioned = self.mentions();
        for (index, column) in table.columns.iter().enumerate() {
            if given.contains(&index) {
                continue;
            }
            if let Some(value) = self.absent(table, column)? {
                columns.push(column);
                others.push(value);
            }
        }
        let again = |(id, count)| mentioned.get(&id).is_some_and(|before| *before != count);
        if values.len() > 1 && self.mentions().into_iter().any(again) {
            return Err(errors::next_value_default_left_out());
        }
        let body = match source {
            Some(source) => {
                let id = self.source_id();
                let mut items = Vec::with_capacity(columns.len());
                for (index, (at, column)) in given.iter().zip(&source.columns).enumerate() {
                    let value = derived_column(id, index, column);
                    items.push(self.stored(table, &table.columns[*at], value)?);
                }
                items.extend(others);
                // "INSERT queries that use SELECT with ORDER BY to populate rows guarantees how
                // identity values are computed" ("INSERT (Transact-SQL)").
                let numbers = columns[given.len()..].iter().any(|column| column.identity);
                let ordered = numbers && !source.order_by.is_empty();
                let query = Box::new(source);
                let from = match ordered {
                    true => BoundSource::Ordered { query, id },
                    false => BoundSource::Derived { query, id },
                };
                BoundBody::Select(Box::new(plain_select(items, Some(from), None)))
            }
            None => {
                let rows = if values.is_empty() { vec![Vec::new()] } else { values };
                let rows = rows.into_iter().map(|mut row| {
                    row.extend(others.iter().cloned());
                    row
                });
                BoundBody::Values(rows.collect())
            }
        };
        let types = columns.iter().map(|column| QueryColumn {
            name: column.name.clone(),
            sql_type: column.sql_type,
            nullable: true,
            identity: false,
        });
        let types = types.collect();
        let columns = columns.iter().map(|column| column.name.clone()).collect();
        Ok(Stored { columns, types, body })
    }

    /// The rows of a query that SELECT … INTO stores in a new table.
    pub(crate) fn insert_query(
        &mut self,
        table: Table,
        source: BoundQuery,
    ) -> Result<Write, SqlError> {
        let id = self.source_id();
        let items = source
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| derived_column(id, index, column))
            .collect();
        let from = Some(BoundSource::Derived { query: Box::new(source), id });
        let body = BoundBody::Select(Box::new(plain_select(items, from, None)));
        let bound = BoundWrite::Insert {
            schema: table.attached,
            table: table.storage.clone(),
            columns: table.columns.iter().map(|column| column.name.clone()).collect(),
            query: plain_query(Vec::new(), body, None),
        };
        Ok(Write { bound, table, checks: Vec::new(), output: None })
    }

    pub(crate) fn insert_columns(
        &self,
        table: &Table,
        names: &[Identifier],
    ) -> Result<Vec<usize>, SqlError> {
        if names.is_empty() {
            let all = table.columns.iter().enumerate();
            return Ok(all
                .filter(|(_, column)| !column.identity && column.computed.is_none())
                .map(|(index, _)| index)
                .collect());
        }
        let explicit = self.environment.session.identity_insert == Some(table.object_id);
        let mut given = Vec::with_capacity(names.len());
        for name in names {
            let index = table
                .columns
                .iter()
                .position(|column| name.is(&column.name))
                .ok_or_else(|| errors::invalid_column(&name.text))?;
            if given.contains(&index) {
                return Err(errors::column_twice(&name.text));
            }
            if table.columns[index].computed.is_some() {
                return Err(errors::computed_change(&name.text));
            }
            if table.columns[index].identity && !explicit {
                return Err(errors::identity_insert(&table.name));
            }
            given.push(index);
        }
        Ok(given)
    }

    /// Checks that rows have a value for the identity column when IDENTITY_INSERT asks for one,
    /// and only in a list of columns; `count`: how many values a row has.
    ///
    /// # Errors
    /// 8101, 545.
    pub(super) fn check_identity(
        &self,
        table: &Table,
        given: &[usize],
        listed: bool,
        count: usize,
    ) -> Result<(), SqlError> {
        let Some(identity) = table.columns.iter().position(|column| column.identity) else {
            return Ok(());
        };
        if !listed && count == given.len() + 1 {
            return Err(errors::identity_without_list(&table.name));
        }
        let explicit = self.environment.session.identity_insert == Some(table.object_id);
        if explicit && !given.contains(&identity) {
            return Err(errors::identity_missing(&table.name));
        }
        Ok(())
    }

    fn value_rows(
        &mut self,
        table: &Table,
        given: &[usize],
        rows: &[Vec<Expr>],
        listed: bool,
    ) -> Result<Vec<Vec<Bound>>, SqlError> {
        self.row_by_row_mentions(rows, |binder, row| {
            if row.len() != given.len() {
                return Err(match (listed, row.len() < given.len()) {
                    (false, _) => errors::column_count_mismatch(),
                    (true, true) => errors::more_columns_than_values(),
                    (true, false) => errors::fewer_columns_than_values(),
                });
            }
            let mut values = Vec::with_capacity(row.len());
            for (value, at) in row.iter().zip(given) {
                let column = &table.columns[*at];
                values.push(binder.assigned_value(table, column, value)?);
            }
            Ok(values)
        })
    }

    /// `value` or `DEFAULT` for a column.
    pub(crate) fn assigned_value(
        &mut self,
        table: &Table,
        column: &TableColumn,
        value: &Expr,
    ) -> Result<Bound, SqlError> {
        if matches!(value.kind, ExprKind::Default) {
            let default = self.absent(table, column)?;
            return Ok(default.unwrap_or_else(|| Bound::constant(Value::Null, column.sql_type)));
        }
        let value = self.value_for(value, column.sql_type)?;
        self.stored(table, column, value)
    }

    pub(crate) fn stored(
        &self,
        table: &Table,
        column: &TableColumn,
        value: Bound,
    ) -> Result<Bound, SqlError> {
        if column.is_version() {
            return Err(errors::version_insert());
        }
        let value = coerce::store(
            value,
            &Target {
                table: format!("{}.{}.{}", table.database, table.schema, table.name),
                column: column.name.clone(),
                sql_type: column.sql_type,
            },
        )?;
        if !column.identity {
            return Ok(value);
        }
        let state = self.environment.session.identity.clone();
        let object_id = table.object_id;
        let (sql_type, nullable) = (value.sql_type, value.nullable);
        let function = Function {
            name: format!("identity_given({object_id},{sql_type})"),
            arguments: vec![SqlType::BigInt],
            strict: true,
            deterministic: false,
            body: Body::Values(Box::new(move |values| {
                if let Value::Int(number) = values[0] {
                    state.given(object_id, number);
                }
                Ok(values[0].clone())
            })),
        };
        let whole = types::as_decimal(sql_type).is_some() && sql_type.is_integer();
        if whole { Ok(coerce::call(function, vec![value], sql_type, nullable)) } else { Ok(value) }
    }

    /// What a column gets when nothing is given; `None` for NULL.
    pub(crate) fn absent(
        &mut self,
        table: &Table,
        column: &TableColumn,
    ) -> Result<Option<Bound>, SqlError> {
        if column.identity {
            let state = self.environment.session.identity.clone();
            let object_id = table.object_id;
            let function = Function {
                name: format!("identity({object_id})"),
                arguments: Vec::new(),
                strict: false,
                deterministic: false,
                body: Body::Values(Box::new(move |_| {
                    state
                        .next(object_id)
                        .map(Value::Int)
                        .ok_or_else(|| errors::internal("an identity column without a counter"))
                })),
            };
            let number = coerce::call(function, Vec::new(), SqlType::BigInt, false);
            return coerce::implicit(number, column.sql_type).map(Some);
        }
        if column.is_version() {
            return Ok(Some(self.version()));
        }
        let Some(text) = &column.default else { return Ok(None) };
        let value = parse_value(text)?;
        let bound = self.default_of(table, &value)?;
        self.stored(table, column, bound).map(Some)
    }

    /// The next number of the database for a row that changes.
    pub(crate) fn version(&self) -> Bound {
        let state = self.environment.session.versions.clone();
        let function = Function {
            name: "rowversion".to_owned(),
            arguments: Vec::new(),
            strict: false,
            deterministic: false,
            body: Body::Values(Box::new(move |_| state.next().map(Value::Binary))),
        };
        coerce::call(function, Vec::new(), SqlType::Binary(8), false)
    }

    /// The column that an UPDATE of a table raises, and its value.
    pub(super) fn raised_version(&self, table: &Table) -> Option<(String, Bound)> {
        let column = table.columns.iter().find(|column| column.is_version())?;
        Some((column.name.clone(), self.version()))
    }

    pub(crate) fn update(&mut self, update: &Update) -> Result<Change, SqlError> {
        self.heed_hints(&update.options)?;
        self.sequences = Sequences::Refused(errors::next_value_in_clause);
        self.limited = update.top.is_some();
        let touched = touched_by(&update.assignments);
        let sources = self.write_sources(&update.target, &update.from, &update.ctes, &touched)?;
        if update.sets_variables() {
            return self.update_and_assign(update, sources);
        }
        let Sources { changed, ctes, source } = sources;
        let rule = self.sequences_of_rows(errors::next_value_limited);
        let (columns, values) =
            self.with_sequences(rule, |binder| binder.set_clauses(&changed, &update.assignments))?;
        let reads = update.filter.is_some()
            || !update.outputs.is_empty()
            || values.iter().any(|value| uses(value, changed.id));
        self.check_changed(&changed, ("UP", &assigned_columns(&update.assignments)), reads)?;
        let joined = !update.from.is_empty() || changed.through.is_some();
        let filter = self.filter(update.filter.as_ref())?;
        let filter = if joined { there(&changed.row, filter) } else { filter };
        let limit = self.write_top(update.top.as_ref())?;
        let told = !update.outputs.is_empty();
        if changed.checked().is_some()
            || (told && (joined || !self.returns(&update.outputs, &changed)))
        {
            let named = |index: usize| format!("v{index}");
            let step = columns.into_iter().enumerate().map(|(index, name)| (name, named(index)));
            let rows = Rows {
                changed,
                ctes,
                source: Some(source),
                filter,
                limit,
                step: super::int(0),
                steps: vec![Step::Update(step.collect())],
                values: (0..).map(named).zip(values).collect(),
                twice: Twice::Once,
                assigned: Vec::new(),
            };
            return Ok(Change::Staged(Box::new(self.staged(rows, &update.outputs)?)));
        }
        let output = match update.outputs.first() {
            Some(output) => Some(self.returning(output, &changed, "inserted")?),
            None => None,
        };
        let Changed { table, id, row, .. } = changed;
        let rowid = table.rowid()?;
        let how = if !joined && limit.is_none() && ctes.is_empty() {
            UpdateHow::Direct { values, filter }
        } else {
            let mut items = vec![row];
            items.extend(values);
            let select = plain_select(items, Some(source), filter);
            UpdateHow::Query(plain_query(ctes, BoundBody::Select(Box::new(select)), limit))
        };
        self.scopes.clear();
        let (schema, storage) = (table.attached, table.storage.clone());
        let bound = BoundWrite::Update { schema, table: storage, id, rowid, columns, how };
        let checks = self.checks(&table)?;
        Ok(Write { bound, table, checks, output }.into())
    }

    /// What `SET a = x, b = y` assigns: the columns' names and the values.
    pub(crate) fn set_clauses(
        &mut self,
        changed: &Changed,
        assignments: &[Assignment],
    ) -> Result<(Vec<String>, Vec<Bound>), SqlError> {
        let mut columns = Vec::with_capacity(assignments.len());
        let mut values = Vec::with_capacity(assignments.len());
        for assignment in assignments {
            let (index, value) = self
                .set_clause(changed, assignment)
                .map_err(|error| error.or_line(assignment.line))?;
            let name = changed.table.columns[index].name.clone();
            if columns.contains(&name) {
                return Err(errors::column_twice(&name));
            }
            columns.push(name);
            values.push(value);
        }
        if let Some((name, value)) = self.raised_version(&changed.table) {
            columns.push(name);
            values.push(value);
        }
        Ok((columns, values))
    }

    pub(crate) fn delete(&mut self, delete: &Delete) -> Result<Change, SqlError> {
        self.heed_hints(&delete.options)?;
        self.sequences = Sequences::Refused(errors::next_value_in_clause);
        let touched = Touched::Rows;
        let sources = self.write_sources(&delete.target, &delete.from, &delete.ctes, &touched)?;
        let Sources { changed, ctes, source } = sources;
        let reads = delete.filter.is_some() || !delete.outputs.is_empty();
        self.check_changed(&changed, ("DL", &[]), reads)?;
        let joined = !delete.from.is_empty() || changed.through.is_some();
        let filter = self.filter(delete.filter.as_ref())?;
        let filter = if joined { there(&changed.row, filter) } else { filter };
        let limit = self.write_top(delete.top.as_ref())?;
        let stays = matches!(&delete.outputs[..], [] | [Output { into: None, .. }]);
        if !stays || (joined && !delete.outputs.is_empty()) {
            let rows = Rows {
                changed,
                ctes,
                source: Some(source),
                filter,
                limit,
                step: super::int(0),
                steps: vec![Step::Delete],
                values: Vec::new(),
                twice: Twice::Once,
                assigned: Vec::new(),
            };
            return Ok(Change::Staged(Box::new(self.staged(rows, &delete.outputs)?)));
        }
        let output = match delete.outputs.first() {
            Some(output) => Some(self.returning(output, &changed, "deleted")?),
            None => None,
        };
        let Changed { table, id, row, .. } = changed;
        let rowid = table.rowid()?;
        let how = if !joined && limit.is_none() && ctes.is_empty() {
            DeleteHow::Direct { filter }
        } else {
            let select = plain_select(vec![row], Some(source), filter);
            DeleteHow::Query(plain_query(ctes, BoundBody::Select(Box::new(select)), limit))
        };
        self.scopes.clear();
        let (schema, storage) = (table.attached, table.storage.clone());
        let bound = BoundWrite::Delete { schema, table: storage, id, rowid, how };
        Ok(Write { bound, table, checks: Vec::new(), output }.into())
    }

    pub(crate) fn write_top(&mut self, top: Option<&Top>) -> Result<Option<Bound>, SqlError> {
        top.map(|top| self.top(top)).transpose()
    }

    fn set_clause(
        &mut self,
        changed: &Changed,
        assignment: &Assignment,
    ) -> Result<(usize, Bound), SqlError> {
        let (Some(name), None) = (&assignment.column, &assignment.variable) else {
            return Err(errors::unsupported("MERGE … UPDATE SET @variable = …"));
        };
        self.set_column(changed, assignment, name)
    }

    /// The place of the column that is assigned, and the value that it gets.
    pub(super) fn set_column(
        &mut self,
        changed: &Changed,
        assignment: &Assignment,
        name: &ColumnName,
    ) -> Result<(usize, Bound), SqlError> {
        let table = &changed.table;
        let (index, old) = changed.place(&name.name.text)?;
        let column = &table.columns[index];
        if column.identity {
            return Err(errors::identity_update(&column.name));
        }
        if column.is_version() {
            return Err(errors::version_update());
        }
        if column.computed.is_some() {
            return Err(errors::computed_change(&column.name));
        }
        let value = match assignment.operator.binary() {
            None => self.assigned_value(table, column, &assignment.value)?,
            Some(infix) => {
                if let Some(reads) = &changed.reads {
                    reads.check_named(&name.name.text)?;
                }
                let value = self.value(&assignment.value)?;
                let value = self.infix(infix, old, value)?;
                self.stored(table, column, value)?
            }
        };
        Ok((index, value))
    }

    pub(crate) fn target(&self, target: &TargetName) -> Result<Table, SqlError> {
        match target {
            TargetName::Table(name) => self.environment.table_to_change(name),
            TargetName::Variable { name, line } => {
                self.table_variable(name).map_err(|error| error.or_line(*line))
            }
        }
    }
}

/// A condition, and that there is a row: outer joins may find none.
pub(super) fn there(row: &Bound, filter: Option<Bound>) -> Option<Bound> {
    let (left, right) = (Box::new(row.clone()), Box::new(Bound::written(Value::Null)));
    let there = Kind::Infix { operator: "IS NOT", left, right, collate: false };
    let operands: Vec<Bound> =
        std::iter::once(Bound::predicate(there, false)).chain(filter).collect();
    let nullable = operands.iter().any(|operand| operand.nullable);
    Some(Bound::predicate(Kind::Chain { operator: "AND", operands }, nullable))
}

/// Whether TOP or OFFSET says how many rows a query gives.
fn is_limited(query: &Query) -> bool {
    let top = |body: &QueryBody| matches!(body, QueryBody::Select(select) if select.top.is_some());
    query.offset.is_some() || top(&query.body)
}

/// A column of a query in FROM.
pub(crate) fn derived_column(source: SourceId, index: usize, column: &QueryColumn) -> Bound {
    let kind = Kind::Column { source, name: format!("c{index}") };
    Bound { kind, sql_type: column.sql_type, nullable: column.nullable }
}

pub(crate) fn row_id(source: SourceId, rowid: &str) -> Bound {
    Bound {
        kind: Kind::Column { source, name: rowid.to_owned() },
        sql_type: SqlType::BigInt,
        nullable: true,
    }
}

pub(crate) fn plain_select(
    items: Vec<Bound>,
    from: Option<BoundSource>,
    filter: Option<Bound>,
) -> BoundSelect {
    BoundSelect { distinct: false, items, from, filter, group_by: Vec::new(), having: None }
}

pub(crate) fn plain_query(
    ctes: Vec<BoundCte>,
    body: BoundBody,
    limit: Option<Bound>,
) -> BoundQuery {
    let columns: Vec<QueryColumn> = Vec::new();
    BoundQuery { ctes, body, order_by: Vec::new(), limit, offset: None, columns }
}
