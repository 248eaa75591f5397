//! SET options that change what statements mean: QUOTED_IDENTIFIER, ANSI_NULLS,
//! CONCAT_NULL_YIELDS_NULL, ANSI_DEFAULTS.

use crate::support::Client;

/// "SET QUOTED_IDENTIFIER (Transact-SQL)", with its examples.
#[tokio::test(flavor = "multi_thread")]
async fn double_quotes_hold_texts_while_quoted_identifier_is_off() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("SELECT 1 AS \"a b\" SELECT @@OPTIONS & 256 AS o", "a b int: 1 o int: 256"),
            ("SET QUOTED_IDENTIFIER OFF", ""),
            ("SELECT @@OPTIONS & 256 AS o, SESSIONPROPERTY('QUOTED_IDENTIFIER') AS p", "o int, p int: 0|0"),
            ("CREATE TABLE \"select\" (\"identity\" int IDENTITY NOT NULL, \"order\" int NOT NULL)", "!102@1"),
            ("CREATE TABLE Test (ID int, String varchar(30))", ""),
            (
                "INSERT Test VALUES (1, \"'Text in single quotes'\"), (2, '''Text in single quotes'''),
                 (3, 'Text with 2 '''' single quotes'), (4, '\"Text in double quotes\"'),
                 (5, \"\"\"Text in double quotes\"\"\"), (6, \"Text with 2 \"\"\"\" double quotes\")",
                "(6)",
            ),
            ("SET QUOTED_IDENTIFIER ON", ""),
            ("INSERT \"Test\" VALUES (7, 'Text with a single '' quote')", "(1)"),
            (
                "SELECT ID, String FROM Test",
                "ID int, String varchar(30): 1|'Text in single quotes'; 2|'Text in single quotes'; \
                 3|Text with 2 '' single quotes; 4|\"Text in double quotes\"; 5|\"Text in double quotes\"; \
                 6|Text with 2 \"\" double quotes; 7|Text with a single ' quote",
            ),
            ("SELECT \"nosuch\" FROM Test", "!207@1"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quoted_identifier_counts_when_a_text_is_read() {
    let mut client = Client::new().await;
    client
        .check(&[
            // From where it stands, though it never runs; the last one stays.
            ("IF 1 = 0 SET QUOTED_IDENTIFIER OFF PRINT \"a\"", "a"),
            ("PRINT \"still\"\nPRINT \"it's\" + \" one\"", "still it's one"),
            ("SET QUOTED_IDENTIFIER ON SET NOCOUNT, QUOTED_IDENTIFIER OFF DECLARE @a varchar(9) = \"x\" SELECT @a AS a", "a varchar(9): x"),
            ("\nSELECT \"open", "!105@2"),
            // A text within a batch begins as its session is, and says it for itself.
            ("EXEC ('PRINT \"in\"')", "in"),
            ("EXEC sp_executesql N'SET QUOTED_IDENTIFIER ON SELECT 1 AS \"q\"' PRINT \"out\"", "q int: 1 out"),
            ("SET QUOTED_IDENTIFIER ON EXEC ('SET QUOTED_IDENTIFIER OFF PRINT \"in\"') SELECT 1 AS \"q\"", "in q int: 1"),
            ("SELECT 2 AS \"q\"", "q int: 2"),
        ])
        .await;
    client.run("SET QUOTED_IDENTIFIER OFF").await;
    client.reset().await;
    client.check(&[("SELECT 1 AS \"a b\"", "a b int: 1")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_keeps_the_options_it_was_made_with() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a int) INSERT t VALUES (1), (NULL)", "(2)"),
            ("SET QUOTED_IDENTIFIER OFF SET ANSI_NULLS OFF", ""),
            (
                "CREATE PROCEDURE off_proc @n int AS SET QUOTED_IDENTIFIER ON SET ANSI_NULLS ON \
                 SELECT \"text\" AS q, COUNT(*) AS n FROM t WHERE a = @n EXEC ('PRINT \"inner\"')",
                "",
            ),
            ("CREATE FUNCTION off_function (@n int) RETURNS int AS BEGIN RETURN CASE WHEN @n = NULL THEN 1 ELSE 0 END END", ""),
            ("CREATE FUNCTION off_loop (@n int) RETURNS int AS BEGIN DECLARE @i int = 0 WHILE @i < 1 SET @i += 1 IF @n = NULL RETURN 1 RETURN 0 END", ""),
            ("CREATE VIEW off_view AS SELECT a, \"v\" AS v FROM t WHERE a = NULL", ""),
            ("CREATE PROCEDURE #off_temporary AS EXEC ('PRINT \"temporary\"')", ""),
            ("SET QUOTED_IDENTIFIER ON SET ANSI_NULLS ON", ""),
            ("CREATE PROCEDURE on_proc @n int AS SET ANSI_NULLS OFF SELECT COUNT(*) AS n FROM t WHERE a = @n", ""),
            ("EXEC off_proc NULL SELECT 1 AS \"on again\"", "q varchar(4), n int: text|1 inner on again int: 1"),
            ("SELECT dbo.off_function(NULL) AS a, dbo.off_loop(NULL) AS b SELECT * FROM off_view", "a int, b int: 1|1 a int, v varchar(1): NULL|v"),
            ("EXEC #off_temporary", "temporary"),
            ("SET ANSI_NULLS OFF EXEC on_proc NULL SET ANSI_NULLS ON", "n int: 0"),
            (
                "SELECT OBJECT_NAME(object_id) AS m, uses_ansi_nulls AS a, uses_quoted_identifier AS q, \
                 OBJECTPROPERTY(object_id, 'ExecIsQuotedIdentOn') AS e FROM sys.sql_modules ORDER BY 1",
                "m nvarchar(128), a bit, q bit, e int: off_function|Bit(false)|Bit(false)|0; \
                 off_loop|Bit(false)|Bit(false)|0; off_proc|Bit(false)|Bit(false)|0; \
                 off_view|Bit(false)|Bit(false)|0; on_proc|Bit(true)|Bit(true)|1",
            ),
            // ALTER makes it anew.
            ("ALTER VIEW off_view AS SELECT a FROM t WHERE a = NULL", ""),
            ("SELECT COUNT(*) AS n FROM off_view", "n int: 0"),
            ("DROP PROCEDURE off_proc SELECT OBJECTPROPERTY(OBJECT_ID('t'), 'IsAnsiNullsOn') AS t", "t int: 1"),
        ])
        .await;
}

/// "SET ANSI_NULLS (Transact-SQL)", with its table.
#[tokio::test(flavor = "multi_thread")]
async fn null_is_equal_to_null_while_ansi_nulls_is_off() {
    let mut client = Client::new().await;
    let table = "DECLARE @n int, @one int = 1 SELECT \
                 CASE WHEN @n = NULL THEN 1 WHEN NOT @n = NULL THEN 0 END AS a, \
                 CASE WHEN @one = NULL THEN 1 WHEN NOT @one = NULL THEN 0 END AS b, \
                 CASE WHEN @n <> NULL THEN 1 WHEN NOT @n <> NULL THEN 0 END AS c, \
                 CASE WHEN 1 <> @n THEN 1 WHEN NOT 1 <> @n THEN 0 END AS d, \
                 CASE WHEN 1 > @n THEN 1 WHEN NOT 1 > @n THEN 0 END AS e, \
                 CASE @n WHEN NULL THEN 1 ELSE 0 END AS f";
    let columns = "a int, b int, c int, d int, e int, f int";
    client
        .check(&[
            ("CREATE TABLE t1 (a int NULL) INSERT t1 VALUES (NULL), (0), (1)", "(3)"),
            (table, &format!("{columns}: NULL|NULL|NULL|NULL|NULL|0")),
            ("SET ANSI_NULLS OFF SELECT @@OPTIONS & 32 AS o, SESSIONPROPERTY('ANSI_NULLS') AS p", "o int, p int: 0|0"),
            (table, &format!("{columns}: 1|0|0|1|NULL|1")),
            (
                "DECLARE @v int SELECT a FROM t1 WHERE a = @v SELECT a FROM t1 WHERE a <> @v SELECT a FROM t1 WHERE a IS NULL",
                "a int: NULL a int: 0; 1 a int: NULL",
            ),
            ("SELECT a FROM t1 WHERE a <> 1", "a int: 0"),
            // Between columns nothing changes.
            ("SELECT COUNT(*) AS n FROM t1 AS l JOIN t1 AS r ON l.a = r.a", "n int: 2"),
            ("IF NULL = NULL PRINT 'equal'", "equal"),
            ("EXEC ('SET ANSI_NULLS ON SELECT a FROM t1 WHERE a = NULL') SELECT a FROM t1 WHERE a = NULL", "a int:  a int: NULL"),
        ])
        .await;
}

/// "SET CONCAT_NULL_YIELDS_NULL (Transact-SQL)"
#[tokio::test(flavor = "multi_thread")]
async fn null_is_an_empty_text_while_concat_null_yields_null_is_off() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a varchar(5), b nvarchar(5), n int) INSERT t VALUES ('x', NULL, NULL), (NULL, N'y', 1)", "(2)"),
            ("SELECT 'abc' + NULL AS a", "a varchar(6): NULL"),
            ("SET CONCAT_NULL_YIELDS_NULL OFF SELECT @@OPTIONS & 4096 AS o", "o int: 0"),
            ("SELECT 'abc' + NULL AS a", "a varchar(6): abc"),
            ("SELECT a + '-' + b AS c, n + 1 AS n FROM t", "c nvarchar(11), n int: x-|NULL; -y|2"),
            ("UPDATE t SET b += N'!' SELECT b FROM t", "(2) b nvarchar(5): !; y!"),
            ("DECLARE @a varchar(9), @b varchar(9) = 'b' SET @a += @b SELECT @a AS a SELECT @b += @a, @a = NULL SELECT @b AS b", "a varchar(9): b b varchar(9): bb"),
            // A procedure is no exception.
            ("CREATE PROCEDURE p AS SELECT 'p' + NULL AS p SET CONCAT_NULL_YIELDS_NULL ON SELECT 'p' + NULL AS p", ""),
            ("EXEC p SELECT 'q' + NULL AS q", "p varchar(2): p p varchar(2): NULL q varchar(2): q"),
            ("SET CONCAT_NULL_YIELDS_NULL ON SELECT 'abc' + NULL AS a", "a varchar(6): NULL"),
        ])
        .await;
}

/// "SET ANSI_DEFAULTS (Transact-SQL)"
#[tokio::test(flavor = "multi_thread")]
async fn ansi_defaults_sets_others() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("SET ANSI_DEFAULTS OFF SELECT \"x\" AS x, @@OPTIONS & 290 AS o IF NULL = NULL PRINT 'equal'", "x varchar(1), o int: x|0 equal"),
            ("SET ANSI_DEFAULTS ON SELECT @@OPTIONS & 290 AS \"o\"", "o int: 290"),
            ("CREATE TABLE t (a int) SELECT @@TRANCOUNT AS n", "n int: 1"),
            ("ROLLBACK SET IMPLICIT_TRANSACTIONS OFF SELECT OBJECT_ID('t') AS t", "t int: NULL"),
        ])
        .await;
}
