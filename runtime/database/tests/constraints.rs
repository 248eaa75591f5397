//! Keys, CHECKs, FOREIGN KEYs and computed columns, and what is said of rows that break them.

use crate::support::{Server, check, run};
use launchpod_database::Session;

/// Each case is T-SQL and the text of its error.
async fn check_texts(session: &mut dyn Session, cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        let error = run(session, sql).await.expect_err(sql);
        assert_eq!(error.0.text, *expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_key_is_told_with_its_value() {
    let server = Server::new();
    let session = &mut *server.session().await;
    let sql = "CREATE TABLE t (a int CONSTRAINT pk PRIMARY KEY, b varchar(5), c decimal(5, 2),
                   CONSTRAINT u UNIQUE (b, c))
               CREATE UNIQUE INDEX ix ON t (c DESC) WHERE c > 5
               INSERT t VALUES (1, 'x', 1.5), (2, NULL, NULL), (3, 'x', NULL), (4, 'z', 7)";
    run(session, sql).await.unwrap();
    let start = "Violation of UNIQUE KEY constraint 'u'. Cannot insert duplicate key in object \
                 'dbo.t'. The duplicate key value is";
    check_texts(
        session,
        &[
            (
                "INSERT t SELECT a + 2, b, c + 1 FROM t WHERE a = 1",
                "Violation of PRIMARY KEY constraint 'pk'. Cannot insert duplicate key in object \
                 'dbo.t'. The duplicate key value is (3).",
            ),
            ("INSERT t VALUES (5, 'y', 1), (6, 'X ', 1.5)", &format!("{start} (X , 1.50).")),
            ("INSERT t VALUES (5, NULL, NULL)", &format!("{start} (<NULL>, <NULL>).")),
            ("UPDATE t SET b = 'x' WHERE a = 2", &format!("{start} (x, <NULL>).")),
            (
                "INSERT t (a, c) OUTPUT inserted.a VALUES (9, 7)",
                "Cannot insert duplicate key row in object 'dbo.t' with unique index 'ix'. The \
                 duplicate key value is (7.00).",
            ),
            (
                "CREATE UNIQUE INDEX other ON t (b)",
                "The CREATE UNIQUE INDEX statement terminated because a duplicate key was found \
                 for the object name 'dbo.t' and the index name 'other'. The duplicate key value \
                 is (x).",
            ),
        ],
    )
    .await;
    check(
        session,
        &[
            // Rows may take each other's place.
            ("UPDATE t SET a = a + 1", ": "),
            ("UPDATE t SET a = 7 - a", ": "),
            ("SELECT a, b FROM t ORDER BY a", "int!, varchar(5): 2|z; 3|x; 4|NULL; 5|x"),
            ("UPDATE t SET a = 1", "2627"),
            ("INSERT t VALUES (5, 'q', 3)", "2627"),
            ("CREATE TABLE n (a int UNIQUE) INSERT n VALUES (NULL), (1)", ": "),
            ("INSERT n VALUES (NULL)", "2627"),
            ("CREATE TABLE m (a int) CREATE UNIQUE INDEX i ON m (a) WHERE a IS NOT NULL", ": "),
            ("INSERT m VALUES (NULL), (NULL), (1)", ": "),
            ("INSERT m VALUES (1)", "2601"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_names_constraint_table_and_column() {
    let server = Server::new();
    let session = &mut *server.session().await;
    let sql = "CREATE TABLE p (id int PRIMARY KEY, a int, b int, UNIQUE (a, b))
               CREATE TABLE q (id int PRIMARY KEY)
               CREATE TABLE c (id int PRIMARY KEY, p int CONSTRAINT to_p REFERENCES p,
                   q int CONSTRAINT to_q REFERENCES q, up int CONSTRAINT to_c REFERENCES c (id),
                   a int CONSTRAINT positive CHECK (a > 0), b int,
                   CONSTRAINT pair FOREIGN KEY (a, b) REFERENCES p (a, b),
                   CONSTRAINT both CHECK (a < b))
               INSERT p VALUES (1, 1, 2) INSERT q VALUES (1)
               INSERT c VALUES (1, 1, 1, 1, 1, 2)";
    run(session, sql).await.unwrap();
    let text = |statement: &str, kind: &str, rest: &str| {
        format!(
            "The {statement} statement conflicted with the {kind}. The conflict occurred in \
             database \"master\", table \"dbo.{rest}."
        )
    };
    check_texts(
        session,
        &[
            (
                "INSERT c (id, q, p) VALUES (2, 1, 5)",
                &text("INSERT", "FOREIGN KEY constraint \"to_p\"", "p\", column 'id'"),
            ),
            (
                "UPDATE c SET q = 5",
                &text("UPDATE", "FOREIGN KEY constraint \"to_q\"", "q\", column 'id'"),
            ),
            (
                "INSERT c (id, up) VALUES (2, 5)",
                &text("INSERT", "FOREIGN KEY SAME TABLE constraint \"to_c\"", "c\", column 'id'"),
            ),
            (
                "INSERT c (id, a, b) VALUES (2, 5, 6)",
                &text("INSERT", "FOREIGN KEY constraint \"pair\"", "p\""),
            ),
            ("DELETE q", &text("DELETE", "REFERENCE constraint \"to_q\"", "c\", column 'q'")),
            ("UPDATE p SET b = 7", &text("UPDATE", "REFERENCE constraint \"pair\"", "c\"")),
            (
                "INSERT c (id, a) VALUES (2, 0)",
                &text("INSERT", "CHECK constraint \"positive\"", "c\", column 'a'"),
            ),
            ("UPDATE c SET b = 1", &text("UPDATE", "CHECK constraint \"both\"", "c\"")),
            (
                "DROP TABLE p",
                "Could not drop object 'p' because it is referenced by a FOREIGN KEY constraint.",
            ),
            (
                "TRUNCATE TABLE q",
                "Cannot truncate table 'q' because it is being referenced by a FOREIGN KEY \
                 constraint.",
            ),
        ],
    )
    .await;
    check(session, &[("DROP TABLE c DROP TABLE p, q", ": ")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_keys_are_added_and_dropped() {
    let server = Server::new();
    let session = &mut *server.session().await;
    check(
        session,
        &[
            ("CREATE TABLE p (id int NOT NULL, b int, CONSTRAINT pk PRIMARY KEY (id))", ": "),
            ("CREATE TABLE c (id int IDENTITY, p int, q bigint CHECK (q > 0))", ": "),
            ("INSERT p VALUES (1, 1), (2, 2) INSERT c (p) VALUES (1), (NULL)", ": "),
            ("ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES p", "1769"),
            ("ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p) REFERENCES p (x)", "1770"),
            ("ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p) REFERENCES p (b)", "1776"),
            ("ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (q) REFERENCES p (id)", "1778"),
            ("ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p, q) REFERENCES p (id)", "8139"),
            ("ALTER TABLE c ADD CONSTRAINT f FOREIGN KEY (p) REFERENCES nowhere", "1767"),
            (
                "ALTER TABLE c WITH CHECK ADD CONSTRAINT f FOREIGN KEY (p) REFERENCES p ON DELETE \
              CASCADE ON UPDATE SET NULL",
                ": ",
            ),
            ("INSERT c (p) VALUES (9)", "547"),
            ("INSERT c (p, q) VALUES (2, 0)", "547"),
            ("INSERT c (p) VALUES (2)", ": "),
            ("ALTER TABLE p DROP CONSTRAINT pk", "3725"),
            ("UPDATE p SET id = 5 WHERE id = 2", ": "),
            ("DELETE p WHERE id = 1", ": "),
            ("SELECT id, p FROM c", "int!, int: 2|NULL; 5|NULL"),
            ("BEGIN TRAN ALTER TABLE c DROP CONSTRAINT f INSERT c (p) VALUES (9) ROLLBACK", ": "),
            ("INSERT c (p) VALUES (9)", "547"),
            ("ALTER TABLE c DROP CONSTRAINT f", ": "),
            ("INSERT c (p) VALUES (9)", ": "),
            ("ALTER TABLE c ADD FOREIGN KEY (p) REFERENCES p", "547"),
            ("ALTER TABLE p DROP CONSTRAINT pk", ": "),
            ("INSERT p VALUES (5, 1)", ": "),
            // Temporary tables have no foreign keys.
            ("CREATE TABLE #t (a int REFERENCES p (id)) INSERT #t VALUES (77)", ": "),
        ],
    )
    .await;
    let other = &mut *server.session().await;
    check(other, &[("INSERT c (p, q) VALUES (10, 0)", "547"), ("DROP TABLE p", ": ")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_change_their_type_and_take_null() {
    let server = Server::new();
    let session = &mut *server.session().await;
    check(
        session,
        &[
            ("CREATE TABLE t (a int, b varchar(10) NOT NULL, c float CHECK (c > 0), d int)", ": "),
            ("INSERT t VALUES (1, '12', 1.5, NULL), (2, '-3', 2, NULL)", ": "),
            ("ALTER TABLE t ALTER COLUMN b int NOT NULL", ": "),
            ("SELECT * FROM t", "int, int!, float, int: 1|12|1.5|NULL; 2|-3|2|NULL"),
            ("ALTER TABLE t ALTER COLUMN a nvarchar(3) NULL", ": "),
            ("UPDATE t SET a = 'abc', b = b * 2", ": "),
            ("SELECT a, b, c FROM t", "nvarchar(3), int!, float: abc|24|1.5; abc|-6|2"),
            ("ALTER TABLE t ALTER COLUMN a int", "245"),
            ("ALTER TABLE t ALTER COLUMN a nvarchar(2)", "2628"),
            ("ALTER TABLE t ALTER COLUMN d int NOT NULL", "515"),
            ("UPDATE t SET d = 1 ALTER TABLE t ALTER COLUMN d int NOT NULL", ": "),
            ("UPDATE t SET d = NULL", "515"),
            ("ALTER TABLE t ALTER COLUMN d int NULL UPDATE t SET d = NULL", ": "),
            ("UPDATE t SET c = 0", "547"),
            ("ALTER TABLE t ADD e int DEFAULT 5, f int DEFAULT 6 WITH VALUES", ": "),
            ("SELECT TOP 1 e, f FROM t", "int, int: NULL|6"),
            ("ALTER TABLE t ADD g uniqueidentifier NOT NULL DEFAULT NEWID()", ": "),
            ("SELECT COUNT(DISTINCT g) FROM t", "int!: 2"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn computed_columns_follow_their_row() {
    let server = Server::new();
    let session = &mut *server.session().await;
    check(
        session,
        &[
            (
                "CREATE TABLE t (a int, b decimal(5, 2) NOT NULL, total AS a * b PERSISTED,
                    name AS 'n' + CAST(a AS varchar(3)), zero AS ISNULL(a, 0), \
                    year_of AS YEAR(GETDATE()), CHECK (total < 100))",
                ": ",
            ),
            ("INSERT t VALUES (2, 1.5), (NULL, 3)", ": "),
            (
                "SELECT a, total, name, zero FROM t",
                "int, decimal(16,2), varchar(4), int!: 2|3.00|n2|2; NULL|NULL|NULL|0",
            ),
            ("SELECT total FROM t WHERE name = 'N2'", "decimal(16,2): 3.00"),
            ("UPDATE t SET a = 3 OUTPUT inserted.total WHERE total = 3", "decimal(16,2): 4.50"),
            ("SELECT COUNT(*) FROM t WHERE year_of = YEAR(GETDATE())", "int!: 2"),
            ("INSERT t (a, b, total) VALUES (1, 1, 1)", "271"),
            ("UPDATE t SET name = 'x'", "271"),
            ("INSERT t VALUES (90, 5)", "547"),
            ("SELECT t.zero FROM (SELECT 1 AS x) s LEFT JOIN t ON t.a = 77", "int: NULL"),
            ("DELETE t WHERE zero = 0", ": "),
            ("ALTER TABLE t ADD twice AS a * 2, again AS a + 1", ": "),
            ("SELECT twice, again FROM t", "int, int: 6|4"),
            ("ALTER TABLE t DROP COLUMN a", "4922"),
            ("ALTER TABLE t DROP COLUMN twice", ": "),
            ("ALTER TABLE t ALTER COLUMN again int", "4928"),
            ("CREATE TABLE w (a int, b AS a + 1, c AS b + 1)", "1759"),
            ("CREATE TABLE w (a AS GETDATE() PERSISTED)", "4936"),
            ("CREATE TABLE w (a AS nothing + 1)", "207"),
            ("CREATE TABLE w (a AS 'x' + 1, PRIMARY KEY (a))", "40517"),
            ("SELECT * INTO v FROM t", ": "),
            ("SELECT a, total, again FROM v", "int, decimal(16,2), int: 3|4.50|4"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_asks_for_the_time_of_each_row() {
    let server = Server::new();
    let session = &mut *server.session().await;
    let sql = "CREATE TABLE t (a datetime2 CHECK (a > GETDATE()), b datetime2 DEFAULT GETDATE())";
    run(session, sql).await.unwrap();
    check(
        session,
        &[
            ("INSERT t (a) VALUES (DATEADD(minute, 1, GETDATE()))", ": "),
            ("INSERT t (a) VALUES (DATEADD(minute, -1, GETDATE()))", "547"),
            ("SELECT COUNT(*) FROM t WHERE DATEDIFF(hour, b, GETDATE()) < 2", "int!: 1"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_constraints_are_the_schemas() {
    let server = Server::new();
    let session = &mut *server.session().await;
    check(
        session,
        &[
            (
                "CREATE TABLE t (a int CONSTRAINT x DEFAULT 1, b int CONSTRAINT y CHECK (b > 0))",
                ": ",
            ),
            ("CREATE TABLE u (a int CONSTRAINT x UNIQUE)", "2714"),
            ("CREATE TABLE u (a int, CONSTRAINT t UNIQUE (a))", "2714"),
            ("ALTER TABLE t ADD CONSTRAINT Y DEFAULT 5 FOR b", "2714"),
            ("ALTER TABLE t DROP CONSTRAINT x", ": "),
            ("INSERT t (b) VALUES (1)", ": "),
            ("SELECT a FROM t", "int: NULL"),
            ("CREATE TABLE i (a int IDENTITY DEFAULT 1)", "1754"),
        ],
    )
    .await;
}
