//! The type sql_variant ("sql_variant (Transact-SQL)", "SQL_VARIANT_PROPERTY (Transact-SQL)").

use crate::support::{Server, check, select};

/// "Converting sql_variant data": everything but (max) types goes in, and comes out by CAST alone.
#[tokio::test(flavor = "multi_thread")]
async fn values_keep_their_type_and_come_out_by_cast() {
    select(&[
        ("CAST(CAST(7 AS sql_variant) AS int), CAST(CAST('x' AS sql_variant) AS nvarchar(max))", "int!, nvarchar(max)!: 7|x"),
        ("CAST(NULL AS sql_variant), ISNULL(CAST(NULL AS sql_variant), 5)", "sql_variant, sql_variant!: NULL|5"),
        ("CAST(CAST(CAST('1.50' AS decimal(5,2)) AS sql_variant) AS varchar(9))", "varchar(9)!: 1.50"),
        ("CAST(CAST('abc' AS sql_variant) AS int)", "245"),
        ("CAST(CAST(CAST('2024-01-01' AS date) AS sql_variant) AS int)", "529"),
        ("TRY_CAST(CAST('abc' AS sql_variant) AS int)", "int: NULL"),
        ("CAST(CAST('x' AS varchar(max)) AS sql_variant)", "529"),
        ("CAST(CAST(1 AS sql_variant) AS xml)", "529"),
        ("CAST(1 AS sql_variant) + 1", "8117"),
        ("-CAST(1 AS sql_variant)", "8117"),
        ("SUM(CAST(1 AS sql_variant))", "8117"),
        ("LEN(CAST('x' AS sql_variant))", "8116"),
        ("1 WHERE CAST('x' AS sql_variant) LIKE 'x'", "8116"),
        ("DATALENGTH(CAST(1 AS sql_variant)), DATALENGTH(CAST(N'abc' AS sql_variant))", "int!, int!: 4|6"),
        ("COUNT(CAST(1 AS sql_variant)), COUNT(DISTINCT x) FROM (VALUES (CAST(1 AS sql_variant)), (1.0), ('1')) t(x)", "int!, int!: 3|2"),
        ("CAST(1 AS sql_variant) AS v FOR JSON PATH", "nvarchar(max): [{\"v\":1}]"),
    ])
    .await;
}

/// "SQL_VARIANT_PROPERTY", with the example's decimal.
#[tokio::test(flavor = "multi_thread")]
async fn properties_are_those_of_the_base_type() {
    select(&[
        (
            "SQL_VARIANT_PROPERTY(CAST(46279.1 AS decimal(8,2)), 'BaseType'), SQL_VARIANT_PROPERTY(CAST(46279.1 AS decimal(8,2)), 'Precision'), SQL_VARIANT_PROPERTY(CAST(46279.1 AS decimal(8,2)), 'Scale')",
            "sql_variant, sql_variant, sql_variant: decimal|8|2",
        ),
        (
            "SQL_VARIANT_PROPERTY(5, 'BaseType'), SQL_VARIANT_PROPERTY(5, 'TotalBytes'), SQL_VARIANT_PROPERTY(5, 'MaxLength'), SQL_VARIANT_PROPERTY(5, 'Collation')",
            "sql_variant, sql_variant, sql_variant, sql_variant: int|6|4|NULL",
        ),
        (
            "SQL_VARIANT_PROPERTY(N'abc', 'BaseType'), SQL_VARIANT_PROPERTY(N'abc', 'MaxLength'), SQL_VARIANT_PROPERTY('abc', 'Collation'), SQL_VARIANT_PROPERTY(N'abc', 'TotalBytes')",
            "sql_variant, sql_variant, sql_variant, sql_variant: nvarchar|6|SQL_Latin1_General_CP1_CI_AS|14",
        ),
        ("SQL_VARIANT_PROPERTY(NULL, 'BaseType'), SQL_VARIANT_PROPERTY(1, 'nothing')", "sql_variant, sql_variant: NULL|NULL"),
        ("1 WHERE SQL_VARIANT_PROPERTY(GETDATE(), 'BaseType') = 'datetime'", "int!: 1"),
    ])
    .await;
}

/// "Comparing sql_variant values": by family, and within one by value.
#[tokio::test(flavor = "multi_thread")]
async fn comparisons_go_by_family() {
    select(&[
        ("1 WHERE CAST(1 AS sql_variant) = 1.00 AND CAST(1 AS sql_variant) = CAST(1 AS bigint)", "int!: 1"),
        ("1 WHERE CAST('123' AS sql_variant) < CAST(111 AS sql_variant)", "int!: 1"),
        ("1 WHERE CAST(1e0 AS sql_variant) > CAST(50000 AS sql_variant)", "int!: 1"),
        ("1 WHERE CAST('a' AS sql_variant) = N'A '", "int!: 1"),
        ("1 WHERE CAST(2 AS sql_variant) IN (1, 2.0) AND CAST(2 AS sql_variant) BETWEEN 1 AND 3", "int!: 1"),
        (
            "SQL_VARIANT_PROPERTY(x, 'BaseType') FROM (VALUES (CAST(1 AS sql_variant)), ('b'), (0.5), (1e0), (CAST('2024-01-01' AS date)), (0x01)) t(x) ORDER BY x",
            "sql_variant: varbinary; varchar; decimal; int; float; date",
        ),
    ])
    .await;
}

/// Tables, defaults, keys and procedures' parameters.
#[tokio::test(flavor = "multi_thread")]
async fn columns_and_parameters_hold_them() {
    let server = Server::new();
    let mut session = server.session().await;
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (id int, v sql_variant DEFAULT 5)", ": "),
            ("INSERT t VALUES (1, N'text'), (2, 7), (3, NULL), (4, CAST(1 AS bit))", ": "),
            ("INSERT t (id) VALUES (5)", ": "),
            ("SELECT id, v, SQL_VARIANT_PROPERTY(v, 'BaseType') FROM t ORDER BY id", "int, sql_variant, sql_variant: 1|text|nvarchar; 2|7|int; 3|NULL|NULL; 4|1|bit; 5|5|int"),
            ("SELECT id FROM t WHERE v = 7", "int: 2"),
            ("UPDATE t SET v = CAST('2024-01-01' AS date) WHERE id = 3", ": "),
            ("INSERT t VALUES (6, CAST('x' AS varchar(max)))", "206"),
            ("SELECT id + v FROM t", "8117"),
            ("SELECT DISTINCT v FROM t", "40517"),
            ("SELECT COUNT(*) FROM t GROUP BY v", "40517"),
            ("SELECT v FROM t UNION SELECT 1", "40517"),
            ("SELECT MAX(v) FROM t", "40517"),
            ("CREATE INDEX i ON t (v)", ": "),
            ("CREATE UNIQUE INDEX u ON t (v)", "40517"),
            ("CREATE TABLE n (i int)", ": "),
            ("INSERT n SELECT v FROM t", "257"),
            ("SELECT TYPE_NAME(system_type_id), max_length FROM sys.columns WHERE object_id = OBJECT_ID('t') AND name = 'v'", "nvarchar(128), smallint!: sql_variant|8016"),
        ],
    )
    .await;
}
