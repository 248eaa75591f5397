//! Indexes and ALTER TABLE.

use crate::support::{Server, check};

#[tokio::test(flavor = "multi_thread")]
async fn indexes_keep_their_keys() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (a int, b varchar(5), c int)", ": "),
            ("INSERT t VALUES (1, 'x', 1), (2, 'y', 1)", ": "),
            ("CREATE UNIQUE NONCLUSTERED INDEX ix ON dbo.t (a, b DESC) INCLUDE (c)", ": "),
            ("CREATE INDEX ix ON t (c)", "1913"),
            ("CREATE INDEX plain ON t (c) WHERE c > 5", ": "),
            ("CREATE UNIQUE INDEX twice ON t (c)", "1505"),
            ("CREATE INDEX i ON missing (a)", "1088"),
            ("CREATE INDEX i ON t (nothing)", "1911"),
            ("INSERT t VALUES (1, 'X ', 2)", "2601"),
            ("INSERT t VALUES (1, 'z', 2)", ": "),
            ("CREATE UNIQUE INDEX partial ON t (c) WHERE c > 1", ": "),
            ("INSERT t VALUES (5, 'z', 1)", ": "),
            ("INSERT t VALUES (6, 'z', 2)", "2601"),
            ("DROP INDEX missing ON t", "3701"),
            ("DROP INDEX IF EXISTS missing ON t", ": "),
            ("DROP INDEX ix ON t WITH (ONLINE = ON, MAXDOP = 2)", ": "),
            ("DROP INDEX t.plain", ": "),
            ("CREATE INDEX i ON t (a) CREATE TABLE u (a int) CREATE INDEX i ON u (a)", ": "),
            ("DROP INDEX IF EXISTS i ON t, i ON u DROP TABLE u", ": "),
            ("SELECT COUNT(*) FROM sys.indexes WHERE name = 'i'", "int!: 0"),
            ("INSERT t VALUES (1, 'x', 1)", ": "),
            ("CREATE TABLE #t (a int) CREATE UNIQUE INDEX ix ON #t (a) INSERT #t VALUES (1)", ": "),
            ("INSERT #t VALUES (1)", "2601"),
            ("DROP TABLE t CREATE TABLE t (a int) CREATE INDEX partial ON t (a)", ": "),
        ],
    )
    .await;
}

/// "ALTER TABLE (Transact-SQL)": "Drop columns and constraints".
#[tokio::test(flavor = "multi_thread")]
async fn columns_and_constraints_go_at_once() {
    let server = Server::new();
    let mut session = server.session().await;
    let table = "CREATE TABLE t (a int NOT NULL CONSTRAINT ck CHECK (a > 0), b int, c int, CONSTRAINT pk PRIMARY KEY (a))";
    check(
        &mut *session,
        &[
            (table, ": "),
            ("ALTER TABLE t DROP CONSTRAINT ck, pk, COLUMN b", ": "),
            (
                "SELECT name FROM sys.columns WHERE object_id = OBJECT_ID('t')",
                "nvarchar(128): a; c",
            ),
            ("SELECT COUNT(*) FROM sys.objects WHERE parent_object_id = OBJECT_ID('t')", "int!: 0"),
            ("ALTER TABLE t DROP COLUMN IF EXISTS b, CONSTRAINT pk", "3728"),
            ("DROP TABLE t", ": "),
            (table, ": "),
            ("ALTER TABLE t DROP pk WITH (ONLINE = ON), COLUMN b, c", ": "),
            ("SELECT name FROM sys.columns WHERE object_id = OBJECT_ID('t')", "nvarchar(128): a"),
        ],
    )
    .await;
}

/// "CREATE DATABASE", "SELECT - INTO", "CREATE TABLE": files and filegroups are read, and there are
/// none.
#[tokio::test(flavor = "multi_thread")]
async fn files_are_the_data_folder_s() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE DATABASE d CONTAINMENT = NONE ON PRIMARY (NAME = a, FILENAME = 'a.mdf', SIZE = 10MB, FILEGROWTH = 15%),
              FILEGROUP more DEFAULT (NAME = b, FILENAME = 'b.ndf', MAXSIZE = UNLIMITED)
              LOG ON (NAME = l, FILENAME = 'l.ldf') COLLATE SQL_Latin1_General_CP1_CI_AS", ": "),
            ("CREATE DATABASE e CONTAINMENT = PARTIAL", "40517"),
            ("CREATE DATABASE e ON (NAME = a, FILENAME = 'a.mdf') FOR ATTACH", "40517"),
            ("SELECT name FROM sys.databases WHERE name IN ('d', 'e')", "nvarchar(128)!: d"),
            ("SELECT 1 AS a INTO t ON [PRIMARY]", ": "),
            ("SELECT a FROM t", "int!: 1"),
        ],
    )
    .await;
}

/// "CREATE TABLE (Transact-SQL)": <column_index> and <table_index>.
#[tokio::test(flavor = "multi_thread")]
async fn indexes_in_a_table_s_definition() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            (
                "CREATE TABLE t (a int INDEX ia, b int NOT NULL INDEX ib UNIQUE NONCLUSTERED,
                     c varchar(9), INDEX ic NONCLUSTERED (c DESC, a) INCLUDE (b) WITH (FILLFACTOR = 80),
                     INDEX few UNIQUE (c) WHERE c IS NOT NULL ON [PRIMARY],)",
                ": ",
            ),
            (
                "SELECT name, is_unique, has_filter FROM sys.indexes WHERE object_id = OBJECT_ID('t') AND name IS NOT NULL ORDER BY index_id",
                "nvarchar(128), bit!, bit!: ia|0|0; ib|1|0; ic|0|0; few|1|1",
            ),
            ("INSERT t VALUES (1, 1, NULL), (1, 2, NULL)", ": "),
            ("INSERT t VALUES (1, 1, 'x')", "2601"),
            ("INSERT t VALUES (1, 3, 'x'), (1, 4, 'x')", "2601"),
            ("CREATE TABLE u (a int, INDEX i (b))", "1911"),
            ("CREATE TABLE u (a int INDEX i, INDEX i (a))", "1913"),
            ("SELECT OBJECT_ID('u')", "int: NULL"),
            ("CREATE TABLE #t (a int INDEX i) INSERT #t VALUES (1), (1) SELECT COUNT(*) FROM #t", "int!: 2"),
            ("ALTER TABLE t ADD INDEX late (a)", "40517"),
            ("ALTER TABLE t ADD CONSTRAINT small CHECK (a < 9)", ": "),
            ("ALTER TABLE t CHECK CONSTRAINT small ALTER TABLE t WITH CHECK CHECK CONSTRAINT ALL", ": "),
            ("ALTER TABLE t CHECK CONSTRAINT small, nothing", "4917"),
            ("ALTER TABLE t NOCHECK CONSTRAINT small", "40517"),
            ("CREATE TABLE cs (a varchar(9) COLLATE Latin1_General_CS_AS)", "40517"),
            ("CREATE TABLE ci (a varchar(9) COLLATE Latin1_General_100_CI_AS_SC)", ": "),
            ("ALTER TABLE ci ALTER COLUMN a varchar(9) COLLATE Latin1_General_BIN2", "40517"),
            ("ALTER TABLE ci ADD b varchar(9) COLLATE Latin1_General_CI_AI", "40517"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_added_and_dropped() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (a int CHECK (a LIKE '[0-9]%'))", ": "),
            ("INSERT t VALUES (1), (2)", ": "),
            ("ALTER TABLE missing ADD b int", "4902"),
            ("ALTER TABLE t ADD b varchar(5), c float NOT NULL CONSTRAINT d DEFAULT 1 + 0.5", ": "),
            ("ALTER TABLE t ADD A int", "2705"),
            ("ALTER TABLE t ADD d int NOT NULL", "4901"),
            ("ALTER TABLE t ADD id int IDENTITY(10, 5)", ": "),
            ("INSERT t (a, b) VALUES (3, 'z')", ": "),
            (
                "SELECT * FROM t",
                "int, varchar(5), float!, int!: 1|NULL|1.5|10; 2|NULL|1.5|15; 3|z|1.5|20",
            ),
            ("ALTER TABLE t ADD other int IDENTITY", "2744"),
            ("UPDATE t SET c = NULL", "515"),
            ("SELECT COUNT(*) FROM t WHERE b = 'Z '", "int!: 1"),
            ("ALTER TABLE t DROP COLUMN b, c", "4922"),
            ("ALTER TABLE t DROP CONSTRAINT d ALTER TABLE t DROP COLUMN b, c", ": "),
            ("ALTER TABLE t DROP COLUMN b", "4924"),
            ("ALTER TABLE t DROP COLUMN IF EXISTS b", ": "),
            ("ALTER TABLE t DROP COLUMN a", "4922"),
            ("SELECT * FROM t WHERE a = 3", "int, int!: 3|20"),
            ("ALTER TABLE t ALTER COLUMN a bigint", ": "),
            ("INSERT t VALUES (5000000000)", ": "),
            ("SELECT MAX(a) FROM t", "bigint: 5000000000"),
            ("ALTER TABLE t ALTER COLUMN a varchar(10)", "4922"),
            ("CREATE TABLE u (a int) ALTER TABLE u ADD b int NOT NULL", ": "),
            ("INSERT u (a) VALUES (1)", "515"),
            ("INSERT u VALUES (1, 2)", ": "),
            ("ALTER TABLE u DROP COLUMN b ALTER TABLE u DROP COLUMN a", "4923"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn constraints_are_added_and_dropped() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (a int NOT NULL, b varchar(5), c int)", ": "),
            ("INSERT t VALUES (1, 'x', 1), (2, 'y', 1)", ": "),
            ("ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY CLUSTERED (a)", ": "),
            ("ALTER TABLE t ADD PRIMARY KEY (a)", "1779"),
            ("ALTER TABLE t ADD CONSTRAINT pk UNIQUE (b)", "2714"),
            ("ALTER TABLE t ADD UNIQUE (c)", "1505"),
            ("INSERT t VALUES (1, 'z', 3)", "2627"),
            ("ALTER TABLE t ADD CONSTRAINT short CHECK (LEN(b) < 4 AND c > 0)", ": "),
            ("ALTER TABLE t ADD CONSTRAINT wrong CHECK (c > 1)", "547"),
            ("INSERT t VALUES (3, 'long', 3)", "547"),
            ("INSERT t VALUES (3, 'z', 0)", "547"),
            ("INSERT t VALUES (3, NULL, 3)", ": "),
            ("UPDATE t SET c = -c", "547"),
            ("ALTER TABLE t ADD CONSTRAINT df DEFAULT 7 FOR c", ": "),
            ("ALTER TABLE t ADD DEFAULT 8 FOR c", "1781"),
            ("INSERT t (a) VALUES (4)", ": "),
            ("SELECT c FROM t WHERE a = 4", "int: 7"),
            ("CREATE TABLE child (a int REFERENCES t)", ": "),
            ("INSERT child VALUES (9)", "547"),
            ("INSERT child VALUES (4)", ": "),
            ("CREATE TABLE orphan (a int REFERENCES child)", "1773"),
            ("ALTER TABLE t DROP CONSTRAINT short", ": "),
            ("ALTER TABLE t DROP CONSTRAINT short", "3728"),
            ("ALTER TABLE t DROP CONSTRAINT IF EXISTS short", ": "),
            ("INSERT t VALUES (5, 'long', -3)", ": "),
            ("CREATE TABLE u (a int CONSTRAINT key_of_u UNIQUE) INSERT u VALUES (1)", ": "),
            ("INSERT u VALUES (1)", "2627"),
            ("ALTER TABLE u DROP CONSTRAINT key_of_u INSERT u VALUES (1)", ": "),
            ("SELECT COUNT(*) FROM u", "int!: 2"),
        ],
    )
    .await;
}
