//! Statements as the reference's pages on them write them (docs/t-sql/statements).

use crate::support::{Server, check};

#[tokio::test]
async fn a_target_is_the_table_of_from_that_it_names() {
    let server = Server::new();
    let mut session = server.session().await;
    let quotas = "SELECT COUNT(*), SUM(quota) FROM q";
    check(
        &mut *session,
        &[
            ("CREATE SCHEMA s", ": "),
            ("CREATE TABLE q (id int, quota int); INSERT q VALUES (1, 10), (2, 20), (3, 30)", ": "),
            ("CREATE TABLE s.q (id int); INSERT s.q VALUES (1)", ": "),
            ("CREATE TABLE p (id int PRIMARY KEY, ytd int); INSERT p VALUES (1, 5), (2, 50)", ": "),
            // "DELETE (Transact-SQL)", examples D and J.
            ("BEGIN TRAN; DELETE FROM q FROM q AS a INNER JOIN p ON a.id = p.id WHERE p.ytd > 9", ": "),
            (quotas, "int!, int: 2|40"),
            ("ROLLBACK; BEGIN TRAN; DELETE dbo.q OUTPUT deleted.id, p.ytd FROM q AS a JOIN p ON a.id = p.id", "int, int: 1|5; 2|50"),
            ("ROLLBACK; BEGIN TRAN; DELETE q FROM p JOIN (q AS a JOIN p AS b ON a.id = b.id) ON p.id = 1 WHERE b.id = 2", ": "),
            (quotas, "int!, int: 2|40"),
            ("ROLLBACK; BEGIN TRAN; UPDATE q SET quota = p.ytd FROM dbo.q AS a JOIN p ON a.id = p.id", ": "),
            (quotas, "int!, int: 3|85"),
            // Another table of the same name is another table.
            ("ROLLBACK; BEGIN TRAN; UPDATE q SET quota = 0 FROM s.q AS a WHERE a.id = q.id", ": "),
            (quotas, "int!, int: 3|50"),
            // Of several references the one without an alias is meant, or else none.
            ("ROLLBACK; BEGIN TRAN; DELETE q FROM q JOIN q AS a ON a.id = q.id + 1", ": "),
            (quotas, "int!, int: 1|30"),
            ("ROLLBACK; UPDATE q SET quota = 0 FROM q AS a JOIN q AS b ON a.id = b.id", "8154"),
        ],
    )
    .await;
}

#[tokio::test]
async fn identity_values_follow_the_order_of_the_rows() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE names (n varchar(9)); INSERT names VALUES ('c'), ('a'), ('b')", ": "),
            ("CREATE TABLE t (id int IDENTITY(1, 5), n varchar(9))", ": "),
            ("INSERT t SELECT n FROM names ORDER BY n DESC; SELECT * FROM t ORDER BY id", "int!, varchar(9): 1|c; 6|b; 11|a"),
            ("TRUNCATE TABLE t; INSERT t SELECT TOP (2) n FROM names ORDER BY n; SELECT * FROM t ORDER BY id", "int!, varchar(9): 1|a; 6|b"),
            // "INSERT (Transact-SQL)", example U.
            ("TRUNCATE TABLE t; INSERT t OUTPUT inserted.* SELECT n FROM names ORDER BY n", "int!, varchar(9): 1|a; 6|b; 11|c"),
            ("CREATE TABLE #o (id int, n varchar(9)); TRUNCATE TABLE t; INSERT t OUTPUT inserted.* INTO #o SELECT n FROM names ORDER BY n; SELECT * FROM #o ORDER BY id", "int, varchar(9): 1|a; 6|b; 11|c"),
            ("TRUNCATE TABLE t; WITH c AS (SELECT n FROM names) INSERT t SELECT n FROM c UNION ALL SELECT 'd' ORDER BY n DESC; SELECT * FROM t ORDER BY id", "int!, varchar(9): 1|d; 6|c; 11|b; 16|a"),
        ],
    )
    .await;
}

#[tokio::test]
async fn identity_insert_asks_for_a_value_and_a_list() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (id int IDENTITY, a varchar(9)); CREATE TABLE u (id int IDENTITY, a int)", ": "),
            ("CREATE TABLE plain (a int)", ": "),
            ("INSERT t VALUES (1, 'x')", "8101"),
            ("INSERT t SELECT 1, 'x'", "8101"),
            ("SET IDENTITY_INSERT plain ON", "8106"),
            ("SET IDENTITY_INSERT nothing ON", "1088"),
            ("SET IDENTITY_INSERT t ON; SET IDENTITY_INSERT u ON", "8107"),
            // That of another table stays.
            ("SET IDENTITY_INSERT u OFF; INSERT t (id, a) VALUES (7, 'x'); SELECT id FROM t", "int!: 7"),
            ("INSERT t (a) VALUES ('y')", "545"),
            ("INSERT t VALUES ('y')", "545"),
            ("INSERT t DEFAULT VALUES", "545"),
            ("INSERT t (a) SELECT 'y'", "545"),
            ("INSERT t VALUES (8, 'y')", "8101"),
            ("DROP TABLE t; SET IDENTITY_INSERT u ON; INSERT u (id) VALUES (3); SELECT id FROM u", "int!: 3"),
            ("SET IDENTITY_INSERT u OFF; INSERT u VALUES (5); SELECT MAX(id) FROM u", "int: 4"),
            ("SET NOTHING_KNOWN ON", "195"),
            ("SET STATISTICS IO, TIME ON; SET OFFSETS SELECT, FROM OFF", ": "),
        ],
    )
    .await;
}

#[tokio::test]
async fn tables_and_indexes_are_defined_as_the_reference_says() {
    let server = Server::new();
    let mut session = server.session().await;
    let keys = "SELECT c.name, ic.is_descending_key FROM sys.index_columns ic JOIN sys.columns c \
                ON c.object_id = ic.object_id AND c.column_id = ic.column_id \
                JOIN sys.indexes i ON i.object_id = ic.object_id AND i.index_id = ic.index_id \
                WHERE i.name = 'IX_FF' ORDER BY ic.key_ordinal";
    check(
        &mut *session,
        &[
            // "CREATE INDEX (Transact-SQL)", examples D and G.
            ("CREATE TABLE f (FinanceKey int, DateKey int, OrganizationKey int)", ": "),
            ("CREATE INDEX IX_FF ON f (FinanceKey ASC, DateKey ASC); CREATE INDEX IX_FF ON f (FinanceKey, OrganizationKey DESC) WITH (DROP_EXISTING = ON, FILLFACTOR = 80)", ": "),
            (keys, "nvarchar(128), bit!: FinanceKey|0; OrganizationKey|1"),
            ("CREATE INDEX IX_FF ON f (DateKey)", "1913"),
            ("CREATE INDEX nothing ON f (DateKey) WITH (DROP_EXISTING = ON)", "7999"),
            ("CREATE INDEX old ON f (DateKey) WITH FILLFACTOR = 80, PAD_INDEX", ": "),
            ("CREATE INDEX twice ON f (DateKey, DateKey)", "1909"),
            ("ALTER INDEX old ON f REBUILD; ALTER INDEX ALL ON f REORGANIZE", ": "),
            ("ALTER INDEX nothing ON f REBUILD", "2727"),
            ("ALTER INDEX ALL ON nothing REBUILD", "1088"),
            ("CREATE TABLE k (id int CONSTRAINT PK_k PRIMARY KEY, u int CONSTRAINT UQ_k UNIQUE)", ": "),
            ("ALTER INDEX PK_k ON k REBUILD", ": "),
            ("DROP INDEX PK_k ON k", "3723"),
            ("DROP INDEX k.UQ_k", "3723"),
            // "CREATE TABLE (Transact-SQL)", sections "CHECK constraints" and "Arguments".
            ("CREATE TABLE x (a int CHECK (b > 0), b int)", "8141"),
            ("CREATE TABLE x (a varchar(9) IDENTITY)", "2749"),
            ("CREATE TABLE x (a int, PRIMARY KEY (a, a))", "1909"),
            // "ALTER TABLE (Transact-SQL)".
            ("ALTER TABLE k REBUILD WITH (DATA_COMPRESSION = PAGE); ALTER TABLE k REBUILD PARTITION = ALL", ": "),
            ("ALTER TABLE k SET (LOCK_ESCALATION = AUTO); ALTER TABLE k ALTER COLUMN u ADD SPARSE", ": "),
            ("ALTER TABLE k ALTER COLUMN nothing DROP SPARSE", "4924"),
            ("DROP INDEX old ON f; ALTER TABLE f ALTER COLUMN DateKey decimal(5, 2) WITH (ONLINE = ON); INSERT f VALUES (1, 2, 3); SELECT DateKey FROM f", "decimal(5,2): 2.00"),
            // "TRUNCATE TABLE (Transact-SQL)", section "Restrictions".
            ("CREATE TABLE self (id int PRIMARY KEY, p int REFERENCES self); INSERT self VALUES (1, 1); TRUNCATE TABLE self; SELECT COUNT(*) FROM self", "int!: 0"),
            ("CREATE TABLE child (p int REFERENCES self); TRUNCATE TABLE self", "4712"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_schema_is_made_with_its_elements() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE USER Annik WITHOUT LOGIN; CREATE USER Mandar WITHOUT LOGIN; CREATE USER Prasanna WITHOUT LOGIN", ": "),
            // "CREATE SCHEMA (Transact-SQL)", example A.
            ("CREATE SCHEMA Sprockets AUTHORIZATION Annik \
                 CREATE TABLE NineProngs (source int, cost int, partnumber int) \
                 CREATE VIEW Costs AS SELECT cost FROM NineProngs \
                 GRANT SELECT ON SCHEMA::Sprockets TO Mandar \
                 DENY SELECT ON SCHEMA::Sprockets TO Prasanna", ": "),
            ("INSERT Sprockets.NineProngs VALUES (1, 2, 3); SELECT * FROM Sprockets.Costs", "int: 2"),
            ("EXECUTE AS USER = 'Mandar'; SELECT cost FROM Sprockets.Costs; REVERT; SELECT 1", "int!: 1"),
            ("EXECUTE AS USER = 'Prasanna'; SELECT cost FROM Sprockets.Costs", "229"),
            ("REVERT; CREATE SCHEMA one; CREATE TABLE two (a int); SELECT OBJECT_SCHEMA_NAME(OBJECT_ID('two'))", "nvarchar(128): dbo"),
            // All of it or nothing.
            ("CREATE SCHEMA broken CREATE TABLE t (a int) CREATE VIEW v AS SELECT nothing FROM t", "207"),
            ("SELECT SCHEMA_ID('broken')", "int: NULL"),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_columns_of_views_and_functions_have_names() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE VIEW v AS SELECT 1", "4511"),
            ("CREATE VIEW v AS SELECT 1 AS a, 2 AS A", "4506"),
            ("CREATE VIEW v (x, y) AS SELECT 1 AS a", "4502"),
            ("CREATE VIEW v (x) AS SELECT 1 AS a, 2 AS b", "8158"),
            ("CREATE FUNCTION f () RETURNS TABLE AS RETURN SELECT 1", "4514"),
            ("CREATE FUNCTION f () RETURNS TABLE AS RETURN SELECT 1 AS a, 2 AS a", "4506"),
            ("SELECT * FROM (SELECT 1) AS d", "8155"),
            ("CREATE FUNCTION f (@a int) RETURNS int WITH SCHEMABINDING, INLINE = OFF AS BEGIN RETURN @a + 1 END", ": "),
            ("SELECT dbo.f(1)", "int: 2"),
        ],
    )
    .await;
}

#[tokio::test]
async fn how_to_pages_run() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            // "IDENTITY (Property)", example B.
            ("CREATE TABLE img (id_num int IDENTITY(1, 1), name sysname); INSERT img VALUES ('a'), ('b'), ('c'); DELETE img WHERE name = 'b'", ": "),
            ("SELECT MIN($IDENTITY) + IDENT_INCR('img') FROM img t1 WHERE $IDENTITY BETWEEN IDENT_SEED('img') AND 32766 \
                  AND NOT EXISTS (SELECT * FROM img t2 WHERE t2.$IDENTITY = t1.$IDENTITY + IDENT_INCR('img'))", "decimal(38,0): 2"),
            ("SELECT $IDENTITY FROM img", "int!: 1; 3"),
            ("SELECT [$IDENTITY] FROM img", "207"),
            ("CREATE TABLE plain (a int); SELECT $IDENTITY FROM plain", "207"),
            // "JSON data in SQL Server": neither of the two has an alias.
            ("SELECT id, skill FROM OPENJSON(N'[{\"id\":2},{\"id\":5,\"skills\":[\"SQL\",\"C#\"]}]') \
                  WITH (id int 'strict $.id', skills nvarchar(max) AS JSON) \
                  OUTER APPLY OPENJSON(skills) WITH (skill nvarchar(8) '$')", "int, nvarchar(8): 2|NULL; 5|SQL; 5|C#"),
            ("SELECT COUNT(*) FROM STRING_SPLIT('a b', ' '), STRING_SPLIT('c d', ' ')", "int!: 4"),
            ("SELECT STRING_SPLIT.value FROM STRING_SPLIT('a b', ' ')", "varchar(3): a; b"),
            // "Find tables without an index".
            ("CREATE INDEX i ON img (name); SELECT name FROM sys.tables WHERE OBJECTPROPERTY(object_id, 'IsIndexed') = 0", "nvarchar(128)!: plain"),
            ("SELECT OBJECTPROPERTY(OBJECT_ID('img'), 'IsIndexed'), OBJECTPROPERTY(OBJECT_ID('img'), 'IsIndexable')", "int, int: 1|1"),
        ],
    )
    .await;
}
