//! LIMITATIONS.md says what isn't there: each row of its table about T-SQL has examples here, and
//! each of them must be refused with the row's error, naming what isn't there and its line.

use std::collections::BTreeSet;

use crate::support::Client;

const PAGE: &str = include_str!("../../../LIMITATIONS.md");

/// A row's first cell; an example, which stands on the second line of its batch; what the error
/// calls the construct.
const EXAMPLES: &[(&str, &str, &str)] = &[
    ("EXEC AT a linked server", "EXEC ('SELECT 1') AT far", "EXECUTE AT"),
    (
        "SET ROWCOUNT with MERGE and several rows of VALUES, beside TOP and WITH",
        "SET ROWCOUNT 1 INSERT t (a) VALUES (1), (2)",
        "SET ROWCOUNT with several rows",
    ),
    (
        "GOTO into a block that it stands outside of",
        "GOTO l IF 1 = 1 BEGIN l: PRINT 'x' END",
        "GOTO into a block",
    ),
    (
        "UPDATE … SET column.WRITE (…)",
        "UPDATE t SET b.WRITE (N'x', 0, 1)",
        "UPDATE … SET column.method()",
    ),
    (
        "INSERT … SELECT … FROM (MERGE … OUTPUT …) AS s",
        "INSERT t (a) SELECT a FROM (MERGE t USING t AS o ON 1 = 0 WHEN NOT MATCHED THEN INSERT (a) VALUES (1) OUTPUT inserted.a) AS s",
        "a change of rows in FROM",
    ),
    (
        "CURSOR parameters of procedures",
        "CREATE PROCEDURE c @c CURSOR VARYING OUTPUT AS PRINT 'x'",
        "CURSOR",
    ),
    (
        "SET ROWCOUNT with MERGE and several rows of VALUES, beside TOP and WITH",
        "SET ROWCOUNT 1 DELETE TOP (2) FROM t",
        "SET ROWCOUNT with TOP",
    ),
    (
        "SET ROWCOUNT with MERGE and several rows of VALUES, beside TOP and WITH",
        "SET ROWCOUNT 1 MERGE t USING t AS s ON 1 = 0 WHEN MATCHED THEN DELETE;",
        "SET ROWCOUNT with MERGE",
    ),
    (
        "SET ROWCOUNT with MERGE and several rows of VALUES, beside TOP and WITH",
        "SET ROWCOUNT 1; WITH c AS (SELECT 1 AS a) DELETE t FROM c",
        "SET ROWCOUNT with WITH",
    ),
    ("KILL", "KILL 60", "KILL"),
    (
        "UPDATE … SET @variable = … with OUTPUT or WHERE CURRENT OF, in MERGE or a function",
        "DECLARE @n int UPDATE t SET @n = a = 1 OUTPUT deleted.a",
        "UPDATE … SET @variable = … with OUTPUT",
    ),
    (
        "UPDATE … SET @variable = … with OUTPUT or WHERE CURRENT OF, in MERGE or a function",
        "DECLARE @n int; MERGE t USING t AS s ON 1 = 0 WHEN MATCHED THEN UPDATE SET @n = 1;",
        "MERGE … UPDATE SET @variable",
    ),
    ("BACKUP, RESTORE, BULK INSERT, SHUTDOWN", "BACKUP DATABASE d TO DISK = 'x'", "BACKUP"),
    ("BACKUP, RESTORE, BULK INSERT, SHUTDOWN", "RESTORE DATABASE d FROM DISK = 'x'", "RESTORE"),
    ("BACKUP, RESTORE, BULK INSERT, SHUTDOWN", "BULK INSERT t FROM 'x'", "BULK"),
    ("BACKUP, RESTORE, BULK INSERT, SHUTDOWN", "SHUTDOWN", "SHUTDOWN"),
    ("DBCC but CHECKIDENT and the caches' commands", "DBCC CHECKDB", "DBCC CHECKDB"),
    (
        "ALTER DATABASE; ALTER INDEX but REBUILD and REORGANIZE",
        "ALTER DATABASE d SET RECOVERY SIMPLE",
        "ALTER DATABASE",
    ),
    (
        "ALTER DATABASE; ALTER INDEX but REBUILD and REORGANIZE",
        "ALTER INDEX i ON t DISABLE",
        "ALTER INDEX",
    ),
    (
        "ALTER TABLE … NOCHECK CONSTRAINT",
        "ALTER TABLE t NOCHECK CONSTRAINT ALL",
        "ALTER TABLE … NOCHECK CONSTRAINT",
    ),
    (
        "IGNORE_DUP_KEY = ON",
        "CREATE UNIQUE INDEX i ON t (a) WITH (FILLFACTOR = 80, IGNORE_DUP_KEY = ON)",
        "IGNORE_DUP_KEY = ON",
    ),
    (
        "ALTER TABLE … SWITCH, ENABLE and DISABLE, SET but LOCK_ESCALATION; ALTER COLUMN … ADD and DROP but SPARSE",
        "ALTER TABLE t SWITCH TO u",
        "ALTER TABLE … SWITCH",
    ),
    (
        "ALTER TABLE … SWITCH, ENABLE and DISABLE, SET but LOCK_ESCALATION; ALTER COLUMN … ADD and DROP but SPARSE",
        "ALTER TABLE t SET (SYSTEM_VERSIONING = ON)",
        "ALTER TABLE … SET",
    ),
    (
        "ALTER TABLE … SWITCH, ENABLE and DISABLE, SET but LOCK_ESCALATION; ALTER COLUMN … ADD and DROP but SPARSE",
        "ALTER TABLE computed ALTER COLUMN b DROP PERSISTED",
        "ALTER COLUMN ADD or DROP",
    ),
    (
        "CREATE DATABASE … WITH, FOR ATTACH and AS SNAPSHOT OF",
        "CREATE DATABASE d WITH TRUSTWORTHY ON",
        "CREATE DATABASE … WITH",
    ),
    (
        "CREATE DATABASE … WITH, FOR ATTACH and AS SNAPSHOT OF",
        "CREATE DATABASE d ON (NAME = a) AS SNAPSHOT OF master",
        "AS SNAPSHOT OF",
    ),
    (
        "CREATE DATABASE … WITH, FOR ATTACH and AS SNAPSHOT OF",
        "CREATE DATABASE d ON (NAME = a) FOR ATTACH",
        "FOR ATTACH",
    ),
    (
        "columns with FILESTREAM, MASKED WITH and ENCRYPTED WITH, column sets",
        "CREATE TABLE u (a varbinary(max) FILESTREAM NULL)",
        "FILESTREAM",
    ),
    (
        "columns with FILESTREAM, MASKED WITH and ENCRYPTED WITH, column sets",
        "CREATE TABLE u (a int MASKED WITH (FUNCTION = 'default()'))",
        "MASKED WITH",
    ),
    (
        "columns with FILESTREAM, MASKED WITH and ENCRYPTED WITH, column sets",
        "ALTER TABLE t ADD cs xml COLUMN_SET FOR ALL_SPARSE_COLUMNS",
        "COLUMN_SET",
    ),
    ("an index of a view", "CREATE UNIQUE CLUSTERED INDEX i ON plain (a)", "An index of a view"),
    ("DROP STATISTICS", "DROP STATISTICS t.s", "DROP STATISTICS"),
    ("sp_updatestats", "EXEC sp_updatestats", "sp_updatestats"),
    (
        "rules and defaults as objects, assemblies, aggregates, XML schemas, certificates, keys and signatures, audits, endpoints, event sessions, security policies, external sources",
        "CREATE DEFAULT d AS 'unknown'",
        "CREATE DEFAULT",
    ),
    (
        "rules and defaults as objects, assemblies, aggregates, XML schemas, certificates, keys and signatures, audits, endpoints, event sessions, security policies, external sources",
        "CREATE SECURITY POLICY p ADD FILTER PREDICATE dbo.f(a) ON dbo.t",
        "CREATE SECURITY POLICY",
    ),
    (
        "AFFINITY but AUTO of a resource pool",
        "CREATE EXTERNAL RESOURCE POOL p WITH (AFFINITY CPU = (0 TO 3))",
        "AFFINITY but AUTO",
    ),
    ("numbered procedures, FOR REPLICATION", "CREATE PROCEDURE p;1 AS SELECT 1", "numbered"),
    (
        "numbered procedures, FOR REPLICATION",
        "CREATE PROCEDURE p FOR REPLICATION AS SELECT 1",
        "FOR REPLICATION",
    ),
    (
        "computed columns of a function's table",
        "SELECT * FROM doubled()",
        "computed column of a function's table",
    ),
    ("changes through a view of UNION ALL", "INSERT both_of VALUES (1)", "both_of"),
    ("TOP … PERCENT in INSERT, UPDATE, DELETE and MERGE", "DELETE TOP (50) PERCENT t", "PERCENT"),
    (
        "sys.dm_sql_referenced_entities, sys.dm_sql_referencing_entities",
        "SELECT * FROM sys.dm_sql_referenced_entities('dbo.plain', 'OBJECT')",
        "dm_sql_referenced_entities",
    ),
    ("SET SHOWPLAN_ALL, SHOWPLAN_TEXT, SHOWPLAN_XML", "SET SHOWPLAN_ALL ON", "SET SHOWPLAN_ALL"),
    ("SET SHOWPLAN_ALL, SHOWPLAN_TEXT, SHOWPLAN_XML", "SET SHOWPLAN_XML ON", "SET SHOWPLAN_XML"),
    (
        "columns and databases with another collation than `SQL_Latin1_General_CP1_CI_AS` or `Latin1_General_CI_AS`",
        "CREATE TABLE cs (a varchar(9) COLLATE Latin1_General_CS_AS)",
        "The collation Latin1_General_CS_AS",
    ),
    (
        "columns and databases with another collation than `SQL_Latin1_General_CP1_CI_AS` or `Latin1_General_CI_AS`",
        "CREATE DATABASE bin COLLATE Latin1_General_BIN2",
        "The collation Latin1_General_BIN2",
    ),
    (
        "distributed transactions, Service Broker",
        "BEGIN DISTRIBUTED TRANSACTION",
        "BEGIN DISTRIBUTED TRANSACTION",
    ),
    (
        "distributed transactions, Service Broker",
        "BEGIN DIALOG @h FROM SERVICE a TO SERVICE 'b'",
        "BEGIN DIALOG",
    ),
    (
        "keys, indexes and FOREIGN KEYs of computed columns",
        "CREATE TABLE u (a int, b AS a + 1, PRIMARY KEY (b))",
        "computed column",
    ),
    (
        "keys, indexes and FOREIGN KEYs of computed columns",
        "CREATE INDEX i ON computed (b)",
        "computed column",
    ),
    (
        "SET DEFAULT of a FOREIGN KEY",
        "CREATE TABLE u (a int DEFAULT 1 REFERENCES t (id) ON DELETE SET DEFAULT)",
        "SET DEFAULT",
    ),
    (
        "temporal, graph and partitioned tables",
        "CREATE TABLE u (a int, PERIOD FOR SYSTEM_TIME (b, c))",
        "PERIOD FOR SYSTEM_TIME",
    ),
    ("temporal, graph and partitioned tables", "CREATE TABLE u (a int) AS NODE", "NODE"),
    (
        "temporal, graph and partitioned tables",
        "CREATE PARTITION FUNCTION f (int) AS RANGE LEFT FOR VALUES (1)",
        "CREATE PARTITION FUNCTION",
    ),
    (
        "columnstore, XML, spatial and full-text indexes",
        "CREATE CLUSTERED COLUMNSTORE INDEX i ON t",
        "COLUMNSTORE",
    ),
    (
        "columnstore, XML, spatial and full-text indexes",
        "SELECT a FROM t WHERE CONTAINS (b, 'x')",
        "full-text",
    ),
    ("triggers", "ENABLE TRIGGER tr ON t", "TRIGGER"),
    ("triggers", "DROP TRIGGER tr", "DROP TRIGGER"),
    (
        "functions with table-valued parameters, memory-optimized table types",
        "CREATE TYPE tt AS TABLE (a int) WITH (MEMORY_OPTIMIZED = ON)",
        "WITH",
    ),
    (
        "global temporary procedures",
        "CREATE PROCEDURE ##p AS PRINT 1",
        "global temporary procedure",
    ),
    (
        "TOP or OFFSET with a column in its count",
        "SELECT x.b FROM t CROSS APPLY (SELECT TOP (t.id) u.b FROM t AS u) AS x",
        "TOP or OFFSET",
    ),
    (
        "window functions and correlated subqueries with ROLLUP, CUBE or GROUPING SETS",
        "SELECT a, SUM(SUM(a)) OVER () AS s FROM t GROUP BY ROLLUP (a)",
        "ROLLUP, CUBE or GROUPING SETS",
    ),
    (
        "FOR XML EXPLICIT, XMLSCHEMA, and AUTO of several tables",
        "SELECT 1 AS tag FOR XML EXPLICIT",
        "FOR XML EXPLICIT",
    ),
    (
        "FOR XML EXPLICIT, XMLSCHEMA, and AUTO of several tables",
        "SELECT a FROM t FOR XML RAW, XMLSCHEMA",
        "FOR XML XMLSCHEMA",
    ),
    (
        "FOR XML EXPLICIT, XMLSCHEMA, and AUTO of several tables",
        "SELECT t.a, u.a FROM t JOIN t AS u ON t.id = u.id FOR XML AUTO",
        "FOR XML AUTO",
    ),
    (
        "methods of XML, but `value('.')` of FOR XML … TYPE",
        "DECLARE @x xml = N'<a/>' SELECT @x.value('/a', 'int')",
        "method",
    ),
    (
        "methods of XML, but `value('.')` of FOR XML … TYPE",
        "SELECT (SELECT a FROM t FOR XML PATH('')).value('.', 'int')",
        "value()",
    ),
    (
        "methods of XML, but `value('.')` of FOR XML … TYPE",
        "SELECT (SELECT a FROM t FOR XML PATH(''), TYPE).value('(/a)[2]', 'int')",
        "XQuery",
    ),
    (
        "methods of XML, but `value('.')` of FOR XML … TYPE",
        "SELECT 1 FROM (SELECT CAST('<a/>' AS xml) AS x) AS t CROSS APPLY t.x.nodes('/a') AS n (c)",
        "nodes()",
    ),
    (
        "OPENROWSET, OPENQUERY, OPENXML, linked servers",
        "SELECT * FROM OPENROWSET (BULK 'x', SINGLE_CLOB) AS x",
        "OPENROWSET",
    ),
    (
        "OPENROWSET, OPENQUERY, OPENXML, linked servers",
        "SELECT * FROM OPENQUERY (s, 'x')",
        "OPENQUERY",
    ),
    ("OPENROWSET, OPENQUERY, OPENXML, linked servers", "SELECT * FROM s.d.dbo.t", "linked server"),
    (
        "DISTINCT in a SELECT that assigns a variable from itself",
        "DECLARE @n int = 0 SELECT DISTINCT @n = @n + a FROM t",
        "SELECT DISTINCT @v",
    ),
    ("INSERT TOP … VALUES", "INSERT TOP (1) t (a) VALUES (1)", "INSERT TOP"),
    (
        "changes through the right side of APPLY that uses the left",
        "UPDATE x SET a = 1 FROM t CROSS APPLY (SELECT a FROM t AS u WHERE u.id = t.id) AS x",
        "the right side of APPLY",
    ),
    (
        "INSERT … EXEC through a view WITH CHECK OPTION",
        "INSERT checked (a) EXEC (N'SELECT 9')",
        "WITH CHECK OPTION",
    ),
    (
        "OUTPUT of a window function in the view that rows are inserted through",
        "WITH c AS (SELECT a, ROW_NUMBER() OVER (ORDER BY a) AS n FROM t) \
         INSERT c (a) OUTPUT inserted.n VALUES (9)",
        "inserted.n",
    ),
    (
        "the types hierarchyid, geometry, geography, vector",
        "CREATE TABLE u (a hierarchyid)",
        "hierarchyid",
    ),
    (
        "the types hierarchyid, geometry, geography, vector",
        "SELECT CAST(NULL AS geography)",
        "geography",
    ),
    (
        "the types hierarchyid, geometry, geography, vector",
        "CREATE TABLE u (a vector(3))",
        "vector",
    ),
    (
        "sql_variant in DISTINCT, GROUP BY, UNION, MIN and MAX, and as a unique key",
        "SELECT DISTINCT CAST(a AS sql_variant) FROM t",
        "sql_variant",
    ),
    (
        "sql_variant in DISTINCT, GROUP BY, UNION, MIN and MAX, and as a unique key",
        "SELECT MAX(CAST(a AS sql_variant)) FROM t",
        "MAX of sql_variant",
    ),
    (
        "sql_variant in DISTINCT, GROUP BY, UNION, MIN and MAX, and as a unique key",
        "CREATE TABLE u (a sql_variant NOT NULL PRIMARY KEY)",
        "sql_variant",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_refused_by_its_name() {
    let mut client = Client::new().await;
    for batch in [
        "CREATE TABLE t (id int IDENTITY PRIMARY KEY, a int, b nvarchar(10)) INSERT t (a) VALUES (1), (2)",
        "CREATE TABLE computed (a int, b AS a + 1)",
        "CREATE VIEW checked AS SELECT a FROM t WHERE a > 3 WITH CHECK OPTION",
        "CREATE VIEW plain AS SELECT a FROM t",
        "CREATE VIEW both_of AS SELECT a FROM t UNION ALL SELECT a FROM t",
        "CREATE FUNCTION doubled () RETURNS @t TABLE (a int, b AS a * 2) AS BEGIN RETURN END",
    ] {
        let answer = client.run(batch).await;
        assert!(!answer.contains('!'), "{batch}: {answer}");
    }
    let mut wrong = Vec::new();
    for (row, example, name) in EXAMPLES {
        let Some(number) = rows().find(|(what, _)| what == row).map(|(_, number)| number) else {
            wrong.push(format!("no row of LIMITATIONS.md says {row:?}"));
            continue;
        };
        let text = format!("\n{example}").replace('\'', "''");
        let answer = client
            .run(&format!(
                "BEGIN TRY EXEC (N'{text}') END TRY BEGIN CATCH \
                 SELECT CONCAT(ERROR_NUMBER(), '@', ERROR_LINE(), ' ', ERROR_MESSAGE()) AS e END CATCH \
                 SET ROWCOUNT 0 IF @@TRANCOUNT > 0 ROLLBACK"
            ))
            .await;
        let told = answer.rsplit_once(": ").map_or("", |(_, told)| told);
        let expected = format!("{number}@2 ");
        if !answer.contains(&expected) || !answer.contains(name) {
            wrong
                .push(format!("{example}\n  expected {expected}… {name}\n  got {answer} ({told})"));
        }
    }
    let shown: BTreeSet<&str> = EXAMPLES.iter().map(|(row, ..)| *row).collect();
    wrong.extend(
        rows()
            .filter(|(what, _)| !shown.contains(what))
            .map(|(what, _)| format!("no example shows {what:?}")),
    );
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The rows of the table: what isn't there, and the error.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let (_, section) = PAGE.split_once("\n## T-SQL\n").expect("a section about T-SQL");
    let (table, _) = section.split_once("\nWhat is done differently").expect("its end");
    table.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let (what, error) = (cells.next()?, cells.next()?);
        error.chars().all(|c| c.is_ascii_digit()).then_some((what, error))
    })
}
