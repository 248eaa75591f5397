//! Catalog views and system procedures.

use crate::support::{Server, check, login, run, statements};
use launchpod_database::{Database, Event, Execute, Login, Session};
use tokio_util::sync::CancellationToken;

const SCRIPT: &str = "
CREATE TABLE parent (id int IDENTITY(5, 2) PRIMARY KEY, name nvarchar(20) NOT NULL DEFAULT N'x',
    amount decimal(9, 2) CHECK (amount > 0), CONSTRAINT uq UNIQUE (name))
CREATE TABLE child (a int, b int, parent int NOT NULL,
    CONSTRAINT pk PRIMARY KEY (b, a), CONSTRAINT fk FOREIGN KEY (parent) REFERENCES parent (id)
    ON DELETE CASCADE)
CREATE INDEX ix ON child (parent DESC, a)
INSERT parent (amount) VALUES (1)
CREATE TABLE #temporary (x float)";

const MODULES: [&str; 4] = [
    "CREATE VIEW v AS SELECT id, name FROM parent",
    "CREATE PROCEDURE p (@a int, @b nvarchar(10) = N'x' OUTPUT) AS\r\nSELECT @a AS a",
    "CREATE FUNCTION f (@a decimal(5, 1)) RETURNS int AS BEGIN RETURN 1 END",
    "CREATE FUNCTION g (@a int) RETURNS TABLE AS RETURN SELECT @a AS a",
];

async fn filled(server: &Server) -> Box<dyn Session> {
    let mut session = server.session().await;
    run(&mut *session, SCRIPT).await.unwrap();
    for module in MODULES {
        run(&mut *session, module).await.unwrap();
    }
    session
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_can_be_read() {
    let server = Server::new();
    let mut session = filled(&server).await;
    let views = "SELECT SCHEMA_NAME(schema_id) + '.' + name FROM sys.system_views";
    let views = run(&mut *session, views).await.unwrap().rows;
    assert!(views.len() > 50, "{views:?}");
    let mut wrong = Vec::new();
    for view in views.concat() {
        if let Err(error) = run(&mut *session, &format!("SELECT * FROM {view}")).await {
            wrong.push(format!("{view}: {} {}", error.number(), error.0.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// "IDENT_SEED", "IDENT_CURRENT", "COLUMNS_UPDATED", "DATABASEPROPERTYEX", "SCHEMA_ID", "DB_ID",
/// "INDEXKEY_PROPERTY": of columns as of constants.
#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_asked_for_each_row() {
    let server = Server::new();
    let mut session = filled(&server).await;
    check(
        &mut *session,
        &[
            ("SELECT TABLE_NAME, IDENT_SEED(TABLE_SCHEMA + '.' + TABLE_NAME) AS seed,
              IDENT_INCR(TABLE_SCHEMA + '.' + TABLE_NAME) AS step, IDENT_CURRENT(TABLE_NAME) AS last
              FROM INFORMATION_SCHEMA.TABLES WHERE IDENT_SEED(TABLE_SCHEMA + '.' + TABLE_NAME) IS NOT NULL",
             "nvarchar(128)!, decimal(38,0), decimal(38,0), decimal(38,0): parent|5|2|5"),
            ("SELECT COLUMN_NAME, COLUMNPROPERTY(OBJECT_ID(TABLE_SCHEMA + '.' + TABLE_NAME), COLUMN_NAME, 'ColumnID')
              FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'child' ORDER BY 2",
             "nvarchar(128), int: a|1; b|2; parent|3"),
            ("SELECT OBJECT_ID(name) - object_id, OBJECT_ID('dbo.' + name, 'U'), OBJECT_ID(DB_NAME() + '..' + name) - object_id,
              OBJECT_ID('other.dbo.' + name) FROM sys.views", "int, int, int, int: 0|NULL|0|NULL"),
            ("SELECT DB_ID(name) - database_id, DATABASEPROPERTYEX(name, 'Recovery'), DATABASEPROPERTYEX(name, 'IsAutoShrink')
              FROM sys.databases WHERE name = 'tempdb'", "int, nvarchar(128), nvarchar(128): 0|SIMPLE|0"),
            ("SELECT SCHEMA_ID(name) - schema_id FROM sys.schemas WHERE name = 'dbo'", "int: 0"),
            ("SELECT DATABASEPROPERTYEX('master', 'IsAutoShrink'), DATABASEPROPERTYEX('none', 'IsAutoShrink')", "int, nvarchar(128): 0|NULL"),
            ("SELECT c.name, INDEXKEY_PROPERTY(OBJECT_ID('child'), 2, 1, 'IsDescending') FROM sys.columns c
              WHERE c.object_id = OBJECT_ID('child') AND c.column_id = INDEXKEY_PROPERTY(OBJECT_ID('child'), 2, 1, 'ColumnId')",
             "nvarchar(128), int: parent|1"),
            ("SELECT HAS_PERMS_BY_NAME(name, 'OBJECT', 'SELECT') FROM sys.tables", "40517"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_have_columns_keys_and_parameters() {
    let server = Server::new();
    let mut session = filled(&server).await;
    check(
        &mut *session,
        &[
            ("SELECT name FROM sys.objects WHERE type IN ('U', 'V', 'P', 'FN', 'IF') ORDER BY name",
             "nvarchar(128)!: child; f; g; p; parent; v"),
            ("SELECT name, type_desc FROM tempdb.sys.tables", "nvarchar(128)!, nvarchar(60): #temporary|USER_TABLE"),
            ("SELECT k.name, k.type, OBJECT_NAME(k.parent_object_id) FROM sys.objects k WHERE type IN ('PK', 'UQ', 'F') AND name IN ('pk', 'uq', 'fk') ORDER BY name",
             "nvarchar(128)!, char(2), nvarchar(128): fk|F |child; pk|PK|child; uq|UQ|parent"),
            ("SELECT c.name, t.name, c.max_length, c.is_identity FROM sys.columns c JOIN sys.types t ON t.user_type_id = c.user_type_id WHERE c.object_id = OBJECT_ID('parent') ORDER BY column_id",
             "nvarchar(128), nvarchar(128)!, smallint!, bit!: id|int|4|1; name|nvarchar|40|0; amount|decimal|5|0"),
            ("SELECT name FROM sys.columns WHERE object_id = OBJECT_ID('v')", "nvarchar(128): id; name"),
            ("SELECT name, index_id, type_desc, is_unique, is_primary_key FROM sys.indexes WHERE object_id = OBJECT_ID('child') ORDER BY index_id",
             "nvarchar(128), int!, nvarchar(60)!, bit!, bit!: pk|1|CLUSTERED|1|1; ix|2|NONCLUSTERED|0|0"),
            ("SELECT i.name, COL_NAME(c.object_id, c.column_id), c.key_ordinal, c.is_descending_key FROM sys.indexes i JOIN sys.index_columns c ON c.object_id = i.object_id AND c.index_id = i.index_id WHERE i.object_id = OBJECT_ID('child') ORDER BY i.index_id, c.key_ordinal",
             "nvarchar(128), nvarchar(128), tinyint!, bit!: pk|b|1|0; pk|a|2|0; ix|parent|1|1; ix|a|2|0"),
            ("SELECT f.name, OBJECT_NAME(f.referenced_object_id), f.delete_referential_action_desc, c.parent_column_id, c.referenced_column_id FROM sys.foreign_keys f JOIN sys.foreign_key_columns c ON c.constraint_object_id = f.object_id",
             "nvarchar(128)!, nvarchar(128), nvarchar(60), int!, int!: fk|parent|CASCADE|3|1"),
            ("SELECT definition FROM sys.default_constraints", "nvarchar(max): (N'x')"),
            ("SELECT definition FROM sys.check_constraints", "nvarchar(max): (amount > 0)"),
            ("SELECT seed_value, increment_value, last_value FROM sys.identity_columns", "bigint, bigint, bigint: 5|2|5"),
            ("SELECT OBJECT_NAME(object_id), parameter_id, name, TYPE_NAME(user_type_id), max_length, is_output FROM sys.parameters ORDER BY 1, 2",
             "nvarchar(128), int!, nvarchar(128)!, nvarchar(128), smallint!, bit!: f|0||int|4|1; f|1|@a|decimal|5|0; g|1|@a|int|4|0; p|1|@a|int|4|0; p|2|@b|nvarchar|20|1"),
            ("SELECT SUM(row_count) FROM sys.dm_db_partition_stats WHERE object_id = OBJECT_ID('parent') AND index_id < 2", "bigint: 1"),
            ("SELECT name FROM sysobjects WHERE xtype = 'U' ORDER BY name", "nvarchar(128)!: child; parent"),
            ("SELECT name FROM master..sysdatabases WHERE dbid = 1", "nvarchar(128)!: master"),
            ("SELECT TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE WHERE CONSTRAINT_NAME IN ('pk', 'fk') ORDER BY CONSTRAINT_NAME, 3",
             "nvarchar(128)!, nvarchar(128), int!: child|parent|1; child|b|1; child|a|2"),
            ("SELECT UNIQUE_CONSTRAINT_SCHEMA, DELETE_RULE FROM INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS",
             "nvarchar(128)!, varchar(11): dbo|CASCADE"),
            ("SELECT session_id, IIF(login_time BETWEEN DATEADD(hour, -1, GETDATE()) AND GETDATE(), 1, 0) FROM sys.dm_exec_sessions",
             "smallint!, int!: 51|1"),
            ("SELECT * FROM catalog.objects", "208"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_session_is_shown_while_it_lives() {
    let server = Server::new();
    let mut session = server.session().await;
    let mut other =
        server.database.login(Login { spid: 60, ..login("sa", "pass", "tempdb") }).await.unwrap();
    run(&mut *other, "BEGIN TRAN").await.unwrap();
    check(
        &mut *session,
        &[
            ("SELECT session_id, status, DB_NAME(database_id), open_transaction_count FROM sys.dm_exec_sessions ORDER BY 1",
             "smallint!, nvarchar(30)!, nvarchar(128), int!: 51|running|master|0; 60|sleeping|tempdb|1"),
            ("SELECT session_id, command FROM sys.dm_exec_requests", "smallint!, nvarchar(32)!: 51|SELECT"),
            ("SELECT spid, RTRIM(cmd) FROM sys.sysprocesses WHERE spid = 60", "smallint!, nvarchar(52)!: 60|AWAITING COMMAND"),
            // No client is at the other end.
            ("SELECT COUNT(*) FROM sys.dm_exec_connections", "int!: 0"),
        ],
    )
    .await;
    drop(other);
    // The session's thread ends by and by.
    let gone = async {
        let count = "SELECT COUNT(*) FROM sys.dm_exec_sessions";
        while run(&mut *session, count).await.unwrap().rows != [["1"]] {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), gone).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_systems_own_objects_are_listed_with_columns_and_parameters() {
    let server = Server::new();
    let mut session = filled(&server).await;
    check(
        &mut *session,
        &[
            ("SELECT OBJECT_NAME(object_id), name, TYPE_NAME(user_type_id) FROM sys.all_columns WHERE object_id = OBJECT_ID('sys.schemas')",
             "nvarchar(128), nvarchar(128), nvarchar(128): schemas|name|nvarchar; schemas|schema_id|int; schemas|principal_id|int"),
            ("SELECT COL_NAME(OBJECT_ID('sys.schemas'), 2), COL_NAME(OBJECT_ID('parent'), 2)", "nvarchar(128), nvarchar(128): schema_id|name"),
            ("SELECT name FROM sys.all_parameters WHERE object_id = OBJECT_ID('sys.sp_who')", "nvarchar(128)!: @loginame"),
            ("SELECT OBJECT_ID('sys.nothing'), OBJECT_ID('sys.schemas', 'P')", "int, int: NULL|NULL"),
            ("SELECT COUNT(*) FROM sys.columns WHERE object_id < 0", "int!: 0"),
            ("SELECT OBJECT_NAME(referencing_id), referenced_entity_name, OBJECT_NAME(referenced_id) FROM sys.sql_expression_dependencies",
             "nvarchar(128), nvarchar(128)!, nvarchar(128): v|parent|parent"),
        ],
    )
    .await;
}

/// What the statements of a batch yield, a line per event.
async fn events(session: &mut dyn Session, sql: &str) -> Vec<String> {
    let mut all = Vec::new();
    for execute in statements(sql, &Default::default()) {
        all.extend(lines(session, execute).await);
    }
    all
}

async fn lines(session: &mut dyn Session, execute: Execute) -> Vec<String> {
    let mut lines = Vec::new();
    let mut events = session.execute(execute, CancellationToken::new());
    while let Some(event) = events.recv().await {
        lines.push(match event {
            Ok(Event::Columns(columns)) => {
                columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>().join(" ")
            }
            Ok(Event::Batch(batch)) => format!("{} rows", batch.num_rows()),
            Ok(Event::Message(message)) => format!("{} {}", message.number, message.text),
            Ok(Event::ReturnStatus(status)) => format!("status {status}"),
            Ok(Event::RowsAffected(_)) => continue,
            Ok(other) => format!("{other:?}"),
            Err(error) => {
                format!("{} {} in {}", error.number(), error.0.text, error.0.procedure)
            }
        });
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn procedures_take_arguments() {
    let server = Server::new();
    let mut session = filled(&server).await;
    let text = ["Text", "2 rows", "status 0"].map(str::to_owned);
    for call in [
        "EXEC sp_helptext 'p'",
        "EXEC sys.sp_helptext @objname = N'dbo.p'",
        "sp_helptext p",
        "EXEC master.dbo.sp_helptext 'p', DEFAULT",
        "EXEC sp_helptext @columnname = NULL, @OBJNAME = 'p'",
    ] {
        assert_eq!(events(&mut *session, call).await, text, "{call}");
    }
    for (call, expected) in [
        ("EXEC sp_nothing", "2812 Could not find stored procedure 'sp_nothing'. in "),
        (
            "EXEC other.sp_helptext 'p'",
            "2812 Could not find stored procedure 'other.sp_helptext'. in ",
        ),
        (
            "EXEC nowhere..sp_helptext 'p'",
            "2812 Could not find stored procedure 'nowhere..sp_helptext'. in ",
        ),
        (
            "EXEC sp_helptext",
            "201 Procedure or function 'sp_helptext' expects parameter '@objname', which was not supplied. in sp_helptext",
        ),
        (
            "EXEC sp_helptext 1, 2, 3",
            "8144 Procedure or function sp_helptext has too many arguments specified. in sp_helptext",
        ),
        (
            "EXEC sp_helptext @x = 1",
            "8145 @x is not a parameter for procedure sp_helptext. in sp_helptext",
        ),
        (
            "EXEC sp_helptext 'p', @objname = 'p'",
            "8143 Parameter '@objname' was supplied multiple times. in sp_helptext",
        ),
        (
            "EXEC sp_helptext 'q'",
            "15009 The object 'q' does not exist in database 'master' or is invalid for this operation. in sp_helptext",
        ),
        ("EXEC sp_helptext 'parent'", "15197 There is no text for object 'parent'. in sp_helptext"),
    ] {
        assert_eq!(events(&mut *session, call).await, [expected], "{call}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_read_the_catalog_by_procedures() {
    let server = Server::new();
    let mut session = filled(&server).await;
    check(
        &mut *session,
        &[
            ("EXEC sp_tables @table_owner = 'dbo'",
             "nvarchar(128), nvarchar(128)!, nvarchar(128)!, varchar(32)!, varchar(254): master|dbo|child|TABLE|NULL; master|dbo|parent|TABLE|NULL; master|dbo|v|VIEW|NULL"),
            ("EXEC sp_tables 'p%', 'dbo', NULL, \"'TABLE'\"",
             "nvarchar(128), nvarchar(128)!, nvarchar(128)!, varchar(32)!, varchar(254): master|dbo|parent|TABLE|NULL"),
            ("EXEC sp_pkeys 'child'",
             "nvarchar(128), nvarchar(128)!, nvarchar(128)!, nvarchar(128), smallint!, nvarchar(128)!: master|dbo|child|b|1|pk; master|dbo|child|a|2|pk"),
            ("EXEC sp_special_columns 'parent'",
             "smallint!, nvarchar(128), smallint!, nvarchar(128)!, int!, int!, smallint, smallint!: 1|id|4|int identity|10|4|0|1"),
            ("EXEC sp_columns parent, @column_name = 'amount', @ODBCVer = 3",
             "nvarchar(128), nvarchar(128)!, nvarchar(128)!, nvarchar(128), smallint!, nvarchar(128)!, int!, int!, smallint, smallint, smallint!, varchar(254), nvarchar(4000), smallint!, smallint, int, int!, varchar(254)!, tinyint!: master|dbo|parent|amount|3|decimal|9|11|2|10|1|NULL|NULL|3|NULL|NULL|3|YES|106"),
            ("EXEC sp_stored_procedures 'p'",
             "nvarchar(128), nvarchar(128)!, nvarchar(134)!, int!, int!, int!, varchar(254), smallint!: master|dbo|p;1|-1|-1|-1|NULL|2"),
            ("EXEC sp_helpindex 'child'",
             "nvarchar(128), varchar(210)!, nvarchar(2126): ix|nonclustered located on PRIMARY|parent(-), a; pk|clustered, unique, primary key located on PRIMARY|b, a"),
            ("EXEC sp_tablecollations_100 'parent'",
             "int!, nvarchar(128), binary(5), nvarchar(128): 1|id|NULL|NULL; 2|name|0904d00034|SQL_Latin1_General_CP1_CI_AS; 3|amount|NULL|NULL"),
            ("EXEC sp_columns t, @table_qualifier = 'other'", "15250"),
        ],
    )
    .await;
    for (call, expected) in [
        ("EXEC sp_fkeys 'parent'", "1 rows"),
        ("EXEC sp_statistics 'child'", "5 rows"),
        ("EXEC sp_sproc_columns 'p'", "3 rows"),
        ("EXEC sp_sproc_columns_100 'p', 'dbo', NULL, NULL, @ODBCVer = 3", "3 rows"),
        ("EXEC sp_columns_90 'child', 'dbo'", "3 rows"),
        ("EXEC sp_depends 'parent'", "1 rows"),
        ("EXEC sp_databases", "4 rows"),
        ("EXEC sp_server_info 2", "1 rows"),
        ("EXEC sp_table_privileges 'v'", "5 rows"),
        ("EXEC sp_column_privileges 'child', @column_name = 'a'", "4 rows"),
        (
            "EXEC sp_columns_100 N'par%', N'dbo', NULL, NULL, @NameScope = 0, @fUsePattern = 1",
            "3 rows",
        ),
        ("EXEC sp_helpdb 'tempdb'", "1 rows"),
        ("EXEC sp_spaceused 'parent'", "1 rows"),
        ("EXEC sp_who", "1 rows"),
    ] {
        let got = events(&mut *session, call).await;
        assert_eq!(got[1..], [expected, "status 0"], "{call}");
    }
    let help = events(&mut *session, "EXEC sp_help 'parent'").await;
    let sets = help.iter().filter(|line| !line.ends_with(" rows")).count();
    assert_eq!(sets, 9, "{help:#?}");
    assert_eq!(
        events(&mut *session, "EXEC sp_helpconstraint 'child'").await.last().unwrap(),
        "status 0"
    );
    // The result sets can be had without their rows.
    let mut spaceused = statements("EXEC sp_spaceused", &Default::default()).remove(0);
    spaceused.describe = true;
    assert_eq!(
        lines(&mut *session, spaceused).await,
        [
            "database_name database_size unallocated space",
            "reserved data index_size unused",
            "status 0"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn helptext_cuts_long_lines() {
    let server = Server::new();
    let mut session = server.session().await;
    let line = format!("SELECT '{}' AS x", "y".repeat(500));
    let text = format!("CREATE PROCEDURE long AS\n{line}\nSELECT 2");
    run(&mut *session, &text).await.unwrap();
    let output = run(&mut *session, "EXEC sp_helptext 'long'").await.unwrap();
    let lengths: Vec<usize> = output.rows.iter().map(|row| row[0].len()).collect();
    assert_eq!(lengths, [25, 255, 255, line.len() + 1 - 510, 8]);
    assert_eq!(output.rows.concat().concat(), text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_described_statement_does_not_run() {
    let server = Server::new();
    let mut session = filled(&server).await;
    for (sql, expected) in [
        ("SELECT id, name AS n FROM parent", vec!["id n"]),
        ("INSERT parent (amount) OUTPUT inserted.id VALUES (3)", vec!["id"]),
        ("DELETE parent OUTPUT deleted.*", vec!["id name amount"]),
        ("UPDATE parent SET amount = 7", vec![]),
        ("SELECT id INTO copy FROM parent", vec![]),
        ("DROP TABLE child", vec![]),
        ("SELECT nothing FROM parent", vec!["207 Invalid column name 'nothing'. in "]),
    ] {
        let mut execute = statements(sql, &Default::default()).remove(0);
        execute.describe = true;
        assert_eq!(lines(&mut *session, execute).await, expected, "{sql}");
    }
    let cases = [
        ("SELECT id, amount FROM parent", "int!, decimal(9,2): 5|1.00"),
        ("SELECT COUNT(*) FROM child", "int!: 0"),
    ];
    check(&mut *session, &cases).await;
}
