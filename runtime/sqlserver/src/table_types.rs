//! Variables of table types ("CREATE TYPE", "Use table-valued parameters").
//!
//! Each statement of the interpreter's is a batch of its own at the server, where a variable ends
//! with it; so a variable of a table type is a temporary table, as any table variable is. The server
//! makes it of a variable of the type, which needs no look into its catalog, and gives it the
//! columns with their types, collations, nullability and IDENTITY (SELECT … INTO). What that leaves
//! out, the catalog tells: keys, unique indexes, CHECK, DEFAULT and computed columns.
//!
//! A procedure of the server's gets a variable of the type again, filled within the text that calls
//! it.

use std::io;

use launchpod_database::{Variable, Variables};
use launchpod_tds::client::request::Passing;
use launchpod_tsql::ast::{
    Argument as Given, ArgumentValue, Declaration, Execute, ProcedureName, TypeKind, fold_name,
};
use launchpod_types::{SqlError, SqlType, Value};

use crate::job::{Broken, Job, Talk};
use crate::literal;
use crate::statement::{
    Argument, RETURNED, Request, TABLE_TYPE, argument, bracketed, call_execute_sql, quoted,
    table_of, unsendable,
};

/// The variable that a table is made of.
const EMPTY: &str = "@launchpod_table";

/// A variable of a table type.
#[derive(Debug, PartialEq)]
pub(crate) struct Typed {
    /// The temporary table that it is.
    pub table: String,
    /// The type as T-SQL names it.
    pub type_name: String,
}

/// A call of a procedure with variables of table types.
#[derive(Debug)]
pub(crate) struct TableCall {
    /// As T-SQL names it.
    procedure: String,
    /// The variables, by the names that the call's text has for them.
    tables: Vec<(String, Typed)>,
    /// The other arguments that have a value.
    values: Vec<Argument>,
    /// Declarations of these.
    declarations: Vec<String>,
    /// The arguments as EXEC has them.
    arguments: Vec<String>,
    /// Whether an error ends it, for a TRY around it.
    guarded: bool,
}

/// What SELECT … INTO leaves out of a table type.
#[derive(Debug, Default, PartialEq)]
struct Rest {
    /// The number of the last column.
    last_column: i64,
    computed: Vec<Computed>,
    /// `ADD …` of keys, CHECK and DEFAULT.
    constraints: Vec<String>,
    keys: Vec<Key>,
}

/// A computed column.
#[derive(Debug, PartialEq)]
struct Computed {
    place: i64,
    name: String,
    definition: String,
    persisted: bool,
}

/// A key or a unique index.
#[derive(Debug, PartialEq)]
struct Key {
    number: i64,
    /// `PRIMARY KEY`, `UNIQUE` or nothing for an index.
    constraint: &'static str,
    clustered: bool,
    ignores_duplicates: bool,
    filter: Option<String>,
    columns: Vec<String>,
}

// === impl Typed ===

impl Typed {
    /// Those among the variables of a DECLARE.
    pub fn of(variables: &Variables, declarations: &[Declaration]) -> Vec<Typed> {
        let typed = |declaration: &Declaration| {
            let Declaration::Variable { name, type_name, .. } = declaration else { return None };
            let TypeKind::Named(type_name) = &type_name.kind else { return None };
            let table = table_of(variables, name)?.to_owned();
            Some(Typed { table, type_name: quoted(type_name) })
        };
        declarations.iter().filter_map(typed).collect()
    }
}

// === impl TableCall ===

impl TableCall {
    /// The call of a procedure, when any argument is of a table type; `guarded`: it ends with its
    /// first error.
    ///
    /// # Errors
    /// When a value can't be sent.
    pub fn of(
        execute: &Execute,
        variables: &Variables,
        guarded: bool,
    ) -> Result<Option<Self>, SqlError> {
        let ProcedureName::Name(name) = &execute.procedure else { return Ok(None) };
        let mut call = TableCall {
            procedure: quoted(name),
            tables: Vec::new(),
            values: Vec::new(),
            declarations: Vec::new(),
            arguments: Vec::new(),
            guarded,
        };
        for argument in &execute.arguments {
            call.push(argument, variables)?;
        }
        if call.tables.is_empty() {
            return Ok(None);
        }
        let status = Variable { sql_type: SqlType::Int, value: Value::Null };
        let returned = variables.get(RETURNED).map_or(&status, |returned| &**returned);
        call.pass(RETURNED, returned, true)?;
        Ok(Some(call))
    }

    fn push(&mut self, given: &Given, variables: &Variables) -> Result<(), SqlError> {
        let parameter = given.name.as_ref().map_or(String::new(), |name| format!("{name} = "));
        let ArgumentValue::Variable(variable) = &given.value else {
            self.arguments.push(format!("{parameter}DEFAULT"));
            return Ok(());
        };
        let key = fold_name(variable);
        let value = variables.get(&key).ok_or_else(|| unsendable(variable))?;
        let table_type = variables.get(&format!("{TABLE_TYPE}{key}"));
        match (&value.value, table_type.map(|of| &of.value)) {
            (Value::Text(table), Some(Value::Text(type_name))) => {
                let typed = Typed { table: table.clone(), type_name: type_name.clone() };
                self.tables.push((variable.clone(), typed));
                self.arguments.push(format!("{parameter}{variable}"));
            }
            _ => {
                let output = self.pass(variable, value, given.output)?;
                self.arguments.push(format!("{parameter}{variable}{output}"));
            }
        }
        Ok(())
    }

    /// Notes a parameter of the text, whose value comes back when it is an OUTPUT; what stands behind
    /// it then.
    fn pass(
        &mut self,
        name: &str,
        variable: &Variable,
        output: bool,
    ) -> Result<&'static str, SqlError> {
        let mut value = argument(name, variable)?;
        let (passing, output) =
            if output { (Passing::Output, " OUTPUT") } else { (Passing::In, "") };
        value.passing = passing;
        self.values.push(value);
        let declared = literal::declared(variable.sql_type);
        self.declarations.push(format!("{name} {declared}{output}"));
        Ok(output)
    }

    /// The call as a text for `sp_executesql`; `columns` are those of each table that a value may be
    /// given for. What the procedure returns is the last of the values that come back.
    fn into_request(self, columns: &[Vec<String>]) -> Request {
        let mut text = "SET NOCOUNT ON; ".to_owned();
        for ((name, Typed { table, type_name }), columns) in self.tables.iter().zip(columns) {
            let table = bracketed(table);
            let list = columns.iter().map(|name| bracketed(name)).collect::<Vec<_>>().join(", ");
            let insert = match list.is_empty() {
                true => format!("INSERT INTO {name} SELECT * FROM {table}"),
                false => format!("INSERT INTO {name} ({list}) SELECT {list} FROM {table}"),
            };
            text.push_str(&format!("DECLARE {name} {type_name}; {insert}; "));
        }
        let (procedure, given) = (self.procedure, self.arguments.join(", "));
        text.push_str(&format!("SET NOCOUNT OFF; EXEC {RETURNED} = {procedure} {given}"));
        if self.guarded {
            text = format!("BEGIN TRY {text} END TRY BEGIN CATCH THROW END CATCH");
        }
        call_execute_sql(text, &self.declarations, self.values)
    }
}

// === impl Talk ===

impl Talk {
    /// Makes the tables of variables of table types.
    pub async fn make_typed(&mut self, job: &Job, typed: &[Typed]) -> Result<(), Broken> {
        let broken = |error| Broken { events: job.events.clone(), error };
        for one in typed {
            if let Err(error) = self.make_one(one).await.map_err(broken)? {
                // Nobody need listen any more.
                let _ = job.events.send(Err(error)).await;
                break;
            }
        }
        Ok(())
    }

    async fn make_one(&mut self, typed: &Typed) -> io::Result<Result<(), SqlError>> {
        let rest = match self.asked(&question(&typed.type_name)).await? {
            Ok(rows) => Rest::of(&typed.type_name, rows),
            // What a server can't tell, its variables may have all the same.
            Err(error) => Err(error),
        };
        let rest = match rest.and_then(|rest| rest.statements(typed)) {
            Ok(statements) => statements,
            Err(error) => return Ok(Err(error)),
        };
        let Typed { table, type_name } = typed;
        let make =
            format!("DECLARE {EMPTY} {type_name}; SELECT * INTO {} FROM {EMPTY}", bracketed(table));
        for statement in std::iter::once(make).chain(rest) {
            if let Err(error) = self.row(&statement).await? {
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    /// The request for a call with variables of table types.
    pub async fn fill_in(&mut self, call: TableCall) -> io::Result<Result<Request, SqlError>> {
        let mut columns = Vec::with_capacity(call.tables.len());
        for (_, Typed { table, .. }) in &call.tables {
            let id = format!("OBJECT_ID(N'tempdb..{}')", bracketed(table).replace('\'', "''"));
            // All but IDENTITY, computed columns and rowversion (189).
            let question = format!(
                "SELECT name FROM tempdb.sys.columns WHERE object_id = {id} AND is_identity = 0 AND is_computed = 0 AND system_type_id <> 189 ORDER BY column_id"
            );
            let names = match self.asked(&question).await? {
                Ok(rows) => rows,
                Err(error) => return Ok(Err(error)),
            };
            columns.push(names.iter().filter_map(|row| text(row.first())).collect());
        }
        Ok(Ok(call.into_request(&columns)))
    }
}

/// The query for what SELECT … INTO leaves out: of each part its kind, two numbers that order it, a
/// column's name, its text, and a number.
fn question(type_name: &str) -> String {
    let table = format!(
        "(SELECT type_table_object_id FROM sys.table_types WHERE user_type_id = TYPE_ID(N'{}'))",
        type_name.replace('\'', "''")
    );
    let column = |of: &str| {
        format!(
            "JOIN sys.columns c ON c.object_id = {of}.parent_object_id AND c.column_id = {of}.parent_column_id"
        )
    };
    format!(
        "SELECT 0 AS kind, MAX(c.column_id) AS a, 0 AS b, CAST(NULL AS nvarchar(128)) AS name, CAST(NULL AS nvarchar(max)) AS text, 0 AS flags FROM sys.columns c WHERE c.object_id = {table} \
         UNION ALL SELECT 1, c.column_id, 0, c.name, c.definition, CAST(c.is_persisted AS int) FROM sys.computed_columns c WHERE c.object_id = {table} \
         UNION ALL SELECT 2, d.parent_column_id, 0, c.name, d.definition, 0 FROM sys.default_constraints d {} WHERE d.parent_object_id = {table} \
         UNION ALL SELECT 3, k.object_id, 0, NULL, k.definition, 0 FROM sys.check_constraints k WHERE k.parent_object_id = {table} \
         UNION ALL SELECT 4, i.index_id, x.key_ordinal, c.name, i.filter_definition, CAST(i.is_primary_key AS int) + 2 * CAST(i.is_unique_constraint AS int) + 4 * CASE i.type WHEN 1 THEN 1 ELSE 0 END + 8 * CAST(i.ignore_dup_key AS int) + 16 * CAST(x.is_descending_key AS int) FROM sys.indexes i JOIN sys.index_columns x ON x.object_id = i.object_id AND x.index_id = i.index_id AND x.key_ordinal > 0 JOIN sys.columns c ON c.object_id = i.object_id AND c.column_id = x.column_id WHERE i.object_id = {table} AND i.is_unique = 1 \
         ORDER BY kind, a, b",
        column("d")
    )
}

// === impl Rest ===

impl Rest {
    /// What the rows of the [`question`] say.
    ///
    /// # Errors
    /// 40510 when a part may not be read.
    fn of(type_name: &str, rows: Vec<Vec<Value>>) -> Result<Self, SqlError> {
        let mut rest = Rest::default();
        for row in rows {
            let number = |place: usize| match row.get(place) {
                Some(Value::Int(number)) => *number,
                _ => 0,
            };
            let name = text(row.get(3)).unwrap_or_default();
            let definition = text(row.get(4));
            let readable = definition.clone().ok_or_else(|| unreadable(type_name));
            let (place, flags) = (number(1), number(5));
            match number(0) {
                0 => rest.last_column = place,
                1 => rest.computed.push(Computed {
                    place,
                    name,
                    definition: readable?,
                    persisted: flags != 0,
                }),
                2 => {
                    let default = format!("DEFAULT {} FOR {}", readable?, bracketed(&name));
                    rest.constraints.push(default);
                }
                3 => rest.constraints.push(format!("CHECK {}", readable?)),
                _ => rest.add_key(place, flags, &name, definition),
            }
        }
        Ok(rest)
    }

    fn add_key(&mut self, number: i64, flags: i64, name: &str, filter: Option<String>) {
        let has = |flag: i64| flags & flag != 0;
        let order = if has(16) { " DESC" } else { "" };
        let column = format!("{}{order}", bracketed(name));
        if let Some(key) = self.keys.last_mut().filter(|key| key.number == number) {
            return key.columns.push(column);
        }
        let constraint = match (has(1), has(2)) {
            (true, _) => "PRIMARY KEY",
            (_, true) => "UNIQUE",
            _ => "",
        };
        self.keys.push(Key {
            number,
            constraint,
            clustered: has(4),
            ignores_duplicates: has(8),
            filter,
            columns: vec![column],
        });
    }

    /// The statements that give a table what it has not yet.
    ///
    /// # Errors
    /// 40510 when a computed column isn't among the last: what is added comes last.
    fn statements(self, typed: &Typed) -> Result<Vec<String>, SqlError> {
        let table = bracketed(&typed.table);
        let mut statements = Vec::new();
        let first = self.computed.first().map_or(i64::MAX, |column| column.place);
        if self.computed.iter().zip(first..).any(|(column, place)| column.place != place)
            || self.computed.last().is_some_and(|column| column.place != self.last_column)
        {
            return Err(computed_first(&typed.type_name));
        }
        for column in self.computed.iter().rev() {
            let name = bracketed(&column.name);
            statements.push(format!("ALTER TABLE {table} DROP COLUMN {name}"));
        }
        for Computed { name, definition, persisted, .. } in &self.computed {
            let persisted = if *persisted { " PERSISTED" } else { "" };
            let column = format!("{} AS {definition}{persisted}", bracketed(name));
            statements.push(format!("ALTER TABLE {table} ADD {column}"));
        }
        for constraint in &self.constraints {
            statements.push(format!("ALTER TABLE {table} ADD {constraint}"));
        }
        statements.extend(self.keys.iter().map(|key| key.statement(&table)));
        Ok(statements)
    }
}

// === impl Key ===

impl Key {
    fn statement(&self, table: &str) -> String {
        let kind = if self.clustered { "CLUSTERED" } else { "NONCLUSTERED" };
        let columns = self.columns.join(", ");
        let filter =
            self.filter.as_ref().map_or(String::new(), |filter| format!(" WHERE {filter}"));
        let with = if self.ignores_duplicates { " WITH (IGNORE_DUP_KEY = ON)" } else { "" };
        match self.constraint {
            "" => {
                let name = format!("[launchpod {}]", self.number);
                format!("CREATE UNIQUE {kind} INDEX {name} ON {table} ({columns}){filter}{with}")
            }
            key => format!("ALTER TABLE {table} ADD {key} {kind} ({columns}){with}"),
        }
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

fn unreadable(type_name: &str) -> SqlError {
    let text = format!(
        "A CHECK, DEFAULT or computed column of the table type {type_name} may not be read, which a variable of it beside an external script needs: GRANT VIEW DEFINITION ON TYPE::{type_name}, or declare the variable in a procedure without a script."
    );
    SqlError::new(40510, text)
}

fn computed_first(type_name: &str) -> SqlError {
    let text = format!(
        "A variable of the table type {type_name}, whose computed columns aren't its last ones, is not supported beside an external script; declare it in a procedure without one."
    );
    SqlError::new(40510, text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use launchpod_tds::types::Value as WireValue;
    use launchpod_tsql::ast::StatementKind;

    use super::*;

    fn row(kind: i64, a: i64, b: i64, name: &str, definition: &str, flags: i64) -> Vec<Value> {
        let text = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
        let (name, definition) = (text(name), text(definition));
        vec![Value::Int(kind), Value::Int(a), Value::Int(b), name, definition, Value::Int(flags)]
    }

    fn statements(rows: Vec<Vec<Value>>) -> Result<Vec<String>, SqlError> {
        let typed = Typed { table: "#@t 1".to_owned(), type_name: "[dbo].[T]".to_owned() };
        Rest::of(&typed.type_name, rows)?.statements(&typed)
    }

    #[test]
    fn what_is_asked_is_t_sql() {
        let question = question("[dbo].[it's]");
        assert_eq!(launchpod_tsql::parse(&question).unwrap().statements.len(), 1, "{question}");
    }

    #[test]
    fn what_select_into_leaves_out_is_added() {
        let added = statements(vec![
            row(0, 4, 0, "", "", 0),
            row(1, 4, 0, "twice", "([a]*(2))", 1),
            row(2, 1, 0, "a]", "((7))", 0),
            row(3, 99, 0, "", "([a]>(0))", 0),
            row(4, 1, 1, "a", "", 1 + 4),
            row(4, 1, 2, "b", "", 1 + 4 + 16),
            row(4, 2, 1, "c", "", 2),
            row(4, 3, 1, "c", "([c]>(1))", 8),
        ]);
        assert_eq!(
            added.unwrap(),
            [
                "ALTER TABLE [#@t 1] DROP COLUMN [twice]",
                "ALTER TABLE [#@t 1] ADD [twice] AS ([a]*(2)) PERSISTED",
                "ALTER TABLE [#@t 1] ADD DEFAULT ((7)) FOR [a]]]",
                "ALTER TABLE [#@t 1] ADD CHECK ([a]>(0))",
                "ALTER TABLE [#@t 1] ADD PRIMARY KEY CLUSTERED ([a], [b] DESC)",
                "ALTER TABLE [#@t 1] ADD UNIQUE NONCLUSTERED ([c])",
                "CREATE UNIQUE NONCLUSTERED INDEX [launchpod 3] ON [#@t 1] ([c]) WHERE ([c]>(1)) WITH (IGNORE_DUP_KEY = ON)",
            ]
        );
    }

    #[test]
    fn what_cannot_be_added_is_refused() {
        let before = vec![row(0, 4, 0, "", "", 0), row(1, 3, 0, "c", "(1)", 0)];
        let apart =
            vec![row(0, 4, 0, "", "", 0), row(1, 2, 0, "c", "(1)", 0), row(1, 4, 0, "d", "(1)", 0)];
        let hidden = vec![row(3, 99, 0, "", "", 0)];
        for rows in [before, apart, hidden] {
            assert_eq!(statements(rows).unwrap_err().number(), 40510);
        }
    }

    #[test]
    fn a_call_fills_variables_of_the_types() {
        let batch = launchpod_tsql::parse("EXEC p @a, @n = @b OUTPUT, @d = DEFAULT").unwrap();
        let StatementKind::Execute(call) = &batch.statements[0].kind else { panic!("no call") };
        let variable =
            |name: &str, sql_type, value| (name.to_owned(), Arc::new(Variable { sql_type, value }));
        let mut variables = Variables::from([
            variable("@a", SqlType::SYSNAME, Value::from("#@x 2")),
            variable("@b", SqlType::Int, Value::Int(5)),
        ]);
        let of = |variables: &Variables, guarded| TableCall::of(call, variables, guarded).unwrap();
        assert!(of(&variables, false).is_none());
        variables.extend([variable("@@table_type @a", SqlType::SYSNAME, Value::from("[dbo].[T]"))]);
        let columns = [vec!["x".to_owned(), "y z".to_owned()]];
        let Request::Call { arguments, .. } = of(&variables, false).unwrap().into_request(&columns)
        else {
            panic!("no call")
        };
        let sent = |place: usize| match &arguments[place].value {
            WireValue::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            sent(0),
            "SET NOCOUNT ON; DECLARE @a [dbo].[T]; INSERT INTO @a ([x], [y z]) SELECT [x], [y z] FROM [#@x 2]; SET NOCOUNT OFF; EXEC @launchpod_returned = [p] @a, @n = @b OUTPUT, @d = DEFAULT"
        );
        assert_eq!(sent(1), "@b int OUTPUT, @launchpod_returned int OUTPUT");
        let passed: Vec<_> = arguments[2..].iter().map(|one| (&*one.name, one.passing)).collect();
        assert_eq!(passed, [("@b", Passing::Output), ("@launchpod_returned", Passing::Output)]);
    }
}
