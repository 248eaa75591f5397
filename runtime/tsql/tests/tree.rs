//! What stands in the tree.

use launchpod_tsql::ast::{
    Affinity, ArgumentValue, AssignOperator, ColumnSource, ConstraintKind, Declaration,
    DefineAction, Execute, ExprKind, FunctionBody, Governor, InsertSource, Literal, PermissionVerb,
    ProcedureName, QueryBody, ResultSet, ResultSets, Security, Select, SelectItem, SetValue,
    Setting, SettingValue, StatementKind, TableSourceKind, Target, TypeKind,
};
use launchpod_tsql::parse;
use launchpod_types::{Decimal, Length, SqlType};

/// The only statement of a batch.
fn only(text: &str) -> StatementKind {
    let mut batch = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(batch.statements.len(), 1, "{text}");
    batch.statements.remove(0).kind
}

fn execute(text: &str) -> Execute {
    match only(text) {
        StatementKind::Execute(execute) => *execute,
        other => panic!("{other:?}"),
    }
}

fn select(text: &str) -> Select {
    let StatementKind::Select(query) = only(text) else { panic!("{text} is no query") };
    match query.body {
        QueryBody::Select(select) => *select,
        other => panic!("{other:?}"),
    }
}

fn text(value: &str) -> ArgumentValue {
    ArgumentValue::Literal(Literal::String { text: value.to_owned(), unicode: true })
}

#[test]
fn a_call_has_its_arguments_in_order() {
    let call = execute(
        "EXEC @rc = db..p 1, -2.5, True, @v OUT, @@SPID, NULL, DEFAULT, @a = N'x', @b = @c OUTPUT",
    );
    assert_eq!(call.return_variable.as_deref(), Some("@rc"));
    let ProcedureName::Name(name) = &call.procedure else { panic!("no name") };
    assert_eq!(name.to_string(), "db..p");
    let values: Vec<_> = call.arguments.iter().map(|argument| argument.value.clone()).collect();
    let decimal = launchpod_types::Decimal::new(-25, 1);
    assert_eq!(
        values,
        [
            ArgumentValue::Literal(Literal::Integer(1)),
            ArgumentValue::Literal(Literal::Decimal(decimal)),
            text("True"),
            ArgumentValue::Variable("@v".to_owned()),
            ArgumentValue::GlobalVariable("@@SPID".to_owned()),
            ArgumentValue::Literal(Literal::Null),
            ArgumentValue::Default,
            text("x"),
            ArgumentValue::Variable("@c".to_owned()),
        ]
    );
    let outputs: Vec<_> = call.arguments.iter().map(|argument| argument.output).collect();
    assert_eq!(outputs, [false, false, false, true, false, false, false, false, true]);
    assert_eq!(call.arguments[7].name.as_deref(), Some("@a"));
}

#[test]
fn exec_may_be_left_out_at_the_beginning_only() {
    assert_eq!(execute("sp_who").arguments, []);
    assert_eq!(execute("; dbo.p 'x'").arguments.len(), 1);
    assert!(matches!(only("THROW 50000, 'x', 1"), StatementKind::Throw(Some(_))));
    assert!(matches!(only("x:"), StatementKind::Label(_)));
    assert!(parse("SELECT 1; sp_who").is_err());
}

#[test]
fn result_sets_have_columns_with_types() {
    assert_eq!(execute("EXEC p").result_sets, ResultSets::Unspecified);
    assert_eq!(execute("EXEC p WITH RESULT SETS NONE").result_sets, ResultSets::None);
    assert_eq!(execute("EXEC p WITH RESULT SETS UNDEFINED").result_sets, ResultSets::Undefined);
    let call = execute(
        "EXEC p 'x' WITH RECOMPILE, RESULT SETS ((a int NOT NULL, [b c] nvarchar(max) COLLATE \
         Latin1_General_BIN NULL, d varchar), (e float), AS OBJECT dbo.t)",
    );
    assert!(call.recompile);
    let ResultSets::Defined(sets) = call.result_sets else { panic!("not defined") };
    assert_eq!(sets.len(), 3);
    let ResultSet::Columns(columns) = &sets[0] else { panic!("no columns") };
    let types: Vec<_> = columns.iter().map(|column| column.type_name.declared()).collect();
    let varchar = SqlType::VarChar(Length::Limited(1));
    assert_eq!(types, [Some(SqlType::Int), Some(SqlType::NVARCHAR_MAX), Some(varchar)]);
    let nullable: Vec<_> = columns.iter().map(|column| column.nullable).collect();
    assert_eq!(nullable, [false, true, true]);
    assert_eq!(columns[1].name.text, "b c");
    assert!(columns[1].collation.as_ref().unwrap().is("latin1_general_bin"));
}

#[test]
fn types_have_synonyms_and_default_lengths() {
    let of = |name: &str| match only(&format!("DECLARE @a {name}")) {
        StatementKind::Declare(mut declarations) => match declarations.remove(0) {
            Declaration::Variable { type_name, .. } => type_name,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    for (name, declared) in [
        ("integer", SqlType::Int),
        ("INT", SqlType::Int),
        ("[int]", SqlType::Int),
        ("sys.bigint", SqlType::BigInt),
        ("dec", SqlType::Decimal { precision: 18, scale: 0 }),
        ("numeric(9)", SqlType::Decimal { precision: 9, scale: 0 }),
        ("decimal(38, 38)", SqlType::Decimal { precision: 38, scale: 38 }),
        ("float", SqlType::Float),
        ("float(24)", SqlType::Real),
        ("float(25)", SqlType::Float),
        ("double precision", SqlType::Float),
        ("character varying(5)", SqlType::VarChar(Length::Limited(5))),
        ("char varying(max)", SqlType::VARCHAR_MAX),
        ("national char(3)", SqlType::NChar(3)),
        ("national character varying(3)", SqlType::NVarChar(Length::Limited(3))),
        ("national text", SqlType::NText),
        ("binary varying(max)", SqlType::VARBINARY_MAX),
        ("time", SqlType::Time(7)),
        ("datetime2(3)", SqlType::DateTime2(3)),
        ("sysname", SqlType::SYSNAME),
        ("char", SqlType::Char(1)),
    ] {
        assert_eq!(of(name).declared(), Some(declared), "{name}");
    }
    assert_eq!(of("nvarchar").cast(), Some(SqlType::NVarChar(Length::Limited(30))));
    assert_eq!(of("nvarchar(1)").cast(), Some(SqlType::NVarChar(Length::Limited(1))));
    for name in ["hierarchyid", "geometry", "dbo.mytype", "dbo.int"] {
        assert!(matches!(of(name).kind, TypeKind::Named(_)), "{name}");
        assert_eq!(of(name).declared(), None, "{name}");
    }
}

#[test]
fn a_bulk_load_has_columns_and_options() {
    let bulk = |text: &str| match only(text) {
        StatementKind::InsertBulk(bulk) => *bulk,
        other => panic!("{other:?}"),
    };
    let load =
        bulk("INSERT BULK d..t ([a b] int NOT NULL, c nvarchar(5) COLLATE x) WITH (TABLOCK)");
    assert_eq!(load.target.to_string(), "d..t");
    let columns: Vec<_> = load
        .columns
        .iter()
        .map(|column| (column.name.text.as_str(), column.type_name.declared()))
        .collect();
    let text = SqlType::NVarChar(Length::Limited(5));
    assert_eq!(columns, [("a b", Some(SqlType::Int)), ("c", Some(text))]);
    assert!(!load.keep_nulls);
    let load = bulk("insert bulk #t with (ROWS_PER_BATCH = 5, ORDER (a, b DESC) keep_nulls)");
    assert!(load.columns.is_empty() && load.keep_nulls);
    for wrong in ["(a)", "WITH (NOLOCK)", "(a int", "WITH (ROWS_PER_BATCH)", "()"] {
        assert!(parse(&format!("INSERT BULK t {wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn options_are_kept_by_name_and_value() {
    let option = |text: &str| match only(text) {
        StatementKind::SetOption(option) => (option.names, option.value),
        other => panic!("{other:?}"),
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let words = |words: &str| SetValue::Words(words.to_owned());
    for (text, expected) in [
        ("set nocount on", (names(&["NOCOUNT"]), SetValue::On)),
        ("SET a, b OFF", (names(&["A", "B"]), SetValue::Off)),
        (
            "SET STATISTICS IO, TIME ON",
            (names(&["STATISTICS IO", "STATISTICS TIME"]), SetValue::On),
        ),
        (
            "SET LOCK_TIMEOUT -1",
            (names(&["LOCK_TIMEOUT"]), SetValue::Literal(Literal::Integer(-1))),
        ),
        ("SET DATEFORMAT dmy", (names(&["DATEFORMAT"]), words("DMY"))),
        ("SET DATEFORMAT @f", (names(&["DATEFORMAT"]), SetValue::Variable("@f".to_owned()))),
        (
            "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
            (names(&["TRANSACTION ISOLATION LEVEL"]), words("READ COMMITTED")),
        ),
    ] {
        assert_eq!(option(text), expected, "{text}");
    }
}

#[test]
fn assignments_have_operators() {
    let StatementKind::SetVariable(set) = only("SET @a += 1") else { panic!("no set") };
    assert_eq!((set.variable.as_str(), set.operator), ("@a", AssignOperator::Add));
    let items = select("SELECT @a = 1, @b -= 2 FROM t").items;
    let operators: Vec<_> = items
        .iter()
        .map(|item| match item {
            SelectItem::Assign { operator, .. } => *operator,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(operators, [AssignOperator::Assign, AssignOperator::Subtract]);
}

#[test]
fn items_have_aliases_however_they_are_written() {
    let items = select("SELECT 1 a, 2 AS [b], c = 3, 'd' = 4, 5 AS 'e', 6 'f', 7").items;
    let aliases: Vec<_> = items
        .iter()
        .map(|item| match item {
            SelectItem::Value { alias, .. } => alias.as_ref().map(|alias| alias.text.as_str()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(aliases, [Some("a"), Some("b"), Some("c"), Some("d"), Some("e"), Some("f"), None]);
}

#[test]
fn names_keep_their_spelling_and_compare_without_case() {
    let select = select("SELECT T.[My Col], db..t.x FROM DB..[a]]b] AS T");
    let SelectItem::Value { value, .. } = &select.items[0] else { panic!("no value") };
    let ExprKind::Column(column) = &value.kind else { panic!("no column") };
    assert_eq!(column.name.text, "My Col");
    assert!(column.name.is("my col"));
    assert_eq!(column.table.as_ref().unwrap().to_string(), "T");
    let SelectItem::Value { value, .. } = &select.items[1] else { panic!("no value") };
    let ExprKind::Column(column) = &value.kind else { panic!("no column") };
    assert_eq!(column.table.as_ref().unwrap().to_string(), "db..t");
    let TableSourceKind::Table { name, .. } = &select.from[0].kind else { panic!("no table") };
    assert_eq!(name.to_string(), "DB..a]b");
}

#[test]
fn inserts_take_rows_from_anywhere() {
    let source = |text: &str| match only(text) {
        StatementKind::Insert(insert) => insert.source,
        other => panic!("{other:?}"),
    };
    assert!(
        matches!(source("INSERT t VALUES (1), (2)"), InsertSource::Values(rows) if rows.len() == 2)
    );
    assert!(matches!(source("INSERT t SELECT 1"), InsertSource::Query(_)));
    assert!(matches!(source("INSERT t (SELECT 1)"), InsertSource::Query(_)));
    assert!(matches!(source("INSERT t (a) EXEC p 1"), InsertSource::Execute(_)));
    assert!(matches!(source("INSERT t EXEC ('x')"), InsertSource::ExecuteText(_)));
    assert!(matches!(source("INSERT t DEFAULT VALUES"), InsertSource::DefaultValues));
    let StatementKind::Insert(insert) = only("INSERT @t SELECT 1") else { panic!("no insert") };
    assert_eq!(insert.target, Target::Variable { name: "@t".to_owned(), line: 1 });
}

#[test]
fn updates_assign_to_variables_and_columns() {
    let text = "UPDATE t SET a = 1, @v = 2, @w = b = c + 1, @x = d, @y = e = 5";
    let StatementKind::Update(update) = only(text) else { panic!("no update") };
    let parts: Vec<_> = update
        .assignments
        .iter()
        .map(|a| (a.variable.as_deref(), a.column.as_ref().map(|column| column.name.text.as_str())))
        .collect();
    assert_eq!(
        parts,
        [
            (None, Some("a")),
            (Some("@v"), None),
            (Some("@w"), Some("b")),
            (Some("@x"), None),
            (Some("@y"), Some("e")),
        ]
    );
}

#[test]
fn tables_have_columns_and_constraints() {
    let text = "CREATE TABLE t (id int IDENTITY(5, -2) PRIMARY KEY, a varchar(5) NOT NULL DEFAULT \
                'x', b AS a + 'y' PERSISTED, CONSTRAINT uq UNIQUE (a DESC), CHECK (id > 0),)";
    let StatementKind::CreateTable(table) = only(text) else { panic!("no table") };
    let [id, a, b] = &table.definition.columns[..] else { panic!("not three columns") };
    let identity = id.identity.unwrap();
    assert_eq!((identity.seed, identity.increment), (5, -2));
    assert!(
        matches!(&id.constraints[0].kind, ConstraintKind::PrimaryKey { columns, .. } if columns.is_empty())
    );
    assert_eq!(a.nullable, Some(false));
    assert!(a.default.is_some());
    assert!(matches!(b.source, ColumnSource::Computed { persisted: true, .. }));
    let [unique, check] = &table.definition.constraints[..] else { panic!("not two") };
    assert_eq!(unique.name.as_ref().unwrap().text, "uq");
    assert!(
        matches!(&unique.kind, ConstraintKind::Unique { columns, .. } if columns[0].descending)
    );
    assert!(matches!(check.kind, ConstraintKind::Check(_)));
}

#[test]
fn procedures_have_parameters_and_a_body() {
    let text = "CREATE OR ALTER PROC dbo.p (@a int = -1, @b varchar(5) = abc OUT) WITH RECOMPILE, \
                EXECUTE AS OWNER AS SET NOCOUNT ON; SELECT @a RETURN 5";
    let StatementKind::CreateProcedure(procedure) = only(text) else { panic!("no procedure") };
    assert_eq!(procedure.action, DefineAction::CreateOrAlter);
    assert_eq!(procedure.options, ["RECOMPILE", "EXECUTE AS OWNER"]);
    assert_eq!(procedure.body.len(), 3);
    let defaults: Vec<_> = procedure.parameters.iter().map(|p| p.default.clone()).collect();
    let minus_one = ArgumentValue::Literal(Literal::Integer(-1));
    assert_eq!(defaults, [Some(minus_one), Some(self::text("abc"))]);
    assert!(procedure.parameters[1].output);
}

#[test]
fn functions_return_values_queries_or_tables() {
    let body = |text: &str| match only(text) {
        StatementKind::CreateFunction(function) => function.body,
        other => panic!("{other:?}"),
    };
    let scalar = body("CREATE FUNCTION f (@a int) RETURNS float AS BEGIN RETURN @a END");
    assert!(matches!(scalar, FunctionBody::Scalar { .. }));
    let inline = body("CREATE FUNCTION f () RETURNS TABLE AS RETURN (SELECT 1 AS a)");
    assert!(matches!(inline, FunctionBody::Inline(_)));
    let table = body("CREATE FUNCTION f () RETURNS @t TABLE (a int) AS BEGIN RETURN END");
    assert!(matches!(table, FunctionBody::Table { .. }));
}

#[test]
fn resource_pools_and_workload_groups_have_what_is_written() {
    let governed = |text: &str| match only(text) {
        StatementKind::Governor(governor) => *governor,
        other => panic!("{other:?}"),
    };
    let number = |name: &str, value: i32| Setting {
        name: name.to_owned(),
        value: SettingValue::Number(Decimal::new(value.into(), 0)),
    };
    let Governor::Pool(pool) = governed(
        "create external resource pool [my pool] with (max_cpu_percent = 50
         affinity cpu = (0 to 3, 7), max_processes = -1)",
    ) else {
        panic!("a pool")
    };
    assert!(pool.external && !pool.alter);
    assert_eq!(pool.name.text, "my pool");
    assert_eq!(pool.settings, [number("MAX_CPU_PERCENT", 50), number("MAX_PROCESSES", -1)]);
    assert_eq!(pool.affinity, Some(Affinity::Processors(vec![(0, 3), (7, 7)])));

    let Governor::Pool(pool) = governed("ALTER RESOURCE POOL \"default\"") else {
        panic!("a pool")
    };
    assert!(!pool.external && pool.alter && pool.settings.is_empty());

    for (text, pool, external) in [
        ("USING \"default\", EXTERNAL \"ds_ep\"", Some("default"), Some("ds_ep")),
        ("USING p EXTERNAL e", Some("p"), Some("e")),
        ("USING EXTERNAL e", None, Some("e")),
        ("USING p", Some("p"), None),
        // As SET QUOTED_IDENTIFIER OFF leaves it.
        ("USING 'default', EXTERNAL e", Some("default"), Some("e")),
        ("", None, None),
    ] {
        let text = format!("CREATE WORKLOAD GROUP g WITH (IMPORTANCE = high, MAX_DOP = 2) {text}");
        let Governor::Group(group) = governed(&text) else { panic!("a group") };
        let names = [group.pool, group.external_pool].map(|name| name.map(|name| name.text));
        assert_eq!(names, [pool, external].map(|name| name.map(str::to_owned)));
        let importance = SettingValue::Word("HIGH".to_owned());
        assert_eq!(group.settings[0].value, importance);
        assert_eq!(group.settings[1], number("MAX_DOP", 2));
    }

    let Governor::Classifier(Some(name)) =
        governed("ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = dbo.f)")
    else {
        panic!("a classifier")
    };
    assert_eq!(name.to_string(), "dbo.f");
    let none = governed("ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = NULL)");
    assert_eq!(none, Governor::Classifier(None));
}

#[test]
fn opaque_statements_say_what_they_are() {
    let opaque = |text: &str| match only(text) {
        StatementKind::Opaque(opaque) => (opaque.leading, opaque.construct.unwrap_or_default()),
        other => panic!("{other:?}"),
    };
    for (text, leading, construct) in [
        ("CREATE LOGIN x FROM WINDOWS", "CREATE LOGIN", "FROM"),
        ("create external library x", "CREATE EXTERNAL LIBRARY", ""),
        ("ALTER LOGIN x ADD CREDENTIAL c", "ALTER LOGIN", "CREDENTIAL"),
        ("SELECT * FROM OPENXML (1, '/') x", "SELECT", "OPENXML"),
        ("CREATE TRIGGER x ON t AFTER INSERT AS SELECT 1; SELECT 2", "CREATE TRIGGER", ""),
        ("IF UPDATE(a) SELECT 1 ELSE SELECT 2", "IF", "UPDATE()"),
    ] {
        assert_eq!(opaque(text), (leading.to_owned(), construct.to_owned()), "{text}");
    }
}

#[test]
fn a_grant_says_what_on_what_to_whom() {
    let change = |text: &str| match only(text) {
        StatementKind::Security(security) => match *security {
            Security::Permission(change) => change,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let grant =
        change("GRANT Select (a), exec ON SCHEMA::s (b) TO u, PUBLIC WITH GRANT OPTION AS dbo");
    assert_eq!((grant.verb, grant.grant_option), (PermissionVerb::Grant, true));
    let names: Vec<_> = grant.permissions.iter().map(|p| (&*p.name, p.columns.len())).collect();
    assert_eq!(names, [("SELECT", 1), ("EXECUTE", 0)]);
    let on = grant.on.expect("a securable");
    assert_eq!((on.class.as_deref(), on.columns.len()), (Some("SCHEMA"), 1));
    assert_eq!(grant.principals.iter().map(|p| &*p.text).collect::<Vec<_>>(), ["u", "PUBLIC"]);
    let revoke = change("REVOKE GRANT OPTION FOR CREATE TABLE FROM u CASCADE");
    assert!(revoke.grant_option && revoke.cascade && revoke.on.is_none());
    assert_eq!(revoke.permissions[0].name, "CREATE TABLE");
    let class = change("DENY EXECUTE EXTERNAL SCRIPT ON EXTERNAL LANGUAGE::Python TO u");
    assert_eq!(class.on.and_then(|on| on.class).as_deref(), Some("EXTERNAL LANGUAGE"));
}

#[test]
fn statements_know_their_text_and_line() {
    let batch =
        parse("SELECT 1 ;\r\n\r\n SET @a = 2\nWITH c AS (SELECT 1 AS x) SELECT x FROM c").unwrap();
    let texts: Vec<_> = batch.statements.iter().map(|s| (batch.text(s), s.line)).collect();
    assert_eq!(
        texts,
        [("SELECT 1", 1), ("SET @a = 2", 3), ("WITH c AS (SELECT 1 AS x) SELECT x FROM c", 4)]
    );
    let StatementKind::Select(query) = &batch.statements[2].kind else { panic!("no query") };
    assert_eq!((query.ctes.len(), query.line), (1, 4));
}

/// What a batch names, in order: `!` declares, `+` declares a table, `?` stands for a table.
#[test]
fn variables_are_mentioned_in_the_order_of_the_text() {
    use launchpod_tsql::ast::MentionKind;
    for (text, expected) in [
        ("DECLARE @a int = @b, @b int SET @a = @b", "@b !@a !@b @a @b"),
        ("DECLARE @t TABLE (a int) INSERT @t SELECT a FROM @u", "+@t ?@t ?@u"),
        ("EXEC @r = p @x = @a, @y = @b OUT", "@r @a @b"),
        ("SELECT @a = @b + 1", "@a @b"),
        ("CREATE PROCEDURE p @a int AS DELETE @t WHERE a = @a", "!@a ?@t @a"),
        ("SELECT @a; BACKUP DATABASE @b TO DISK = @c", "@a"),
    ] {
        let mentions = launchpod_tsql::parse(text).map(|batch| batch.mentions).unwrap_or_default();
        let shown: Vec<String> = mentions
            .iter()
            .map(|mention| {
                let mark = match mention.kind {
                    MentionKind::Declaration { table: Some(false) | None } => "!",
                    MentionKind::Declaration { table: Some(true) } => "+",
                    MentionKind::Scalar => "",
                    MentionKind::Table => "?",
                };
                format!("{mark}{}", mention.name)
            })
            .collect();
        assert_eq!(shown.join(" "), expected, "{text}");
    }
}
