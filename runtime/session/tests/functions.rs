//! EXEC of scalar functions ("EXECUTE (Transact-SQL)", "Execute a scalar user-defined function").

use crate::support::Client;

async fn client() -> Client {
    let mut client = Client::new().await;
    for definition in [
        "CREATE TABLE t (a int) INSERT t VALUES (1), (2)",
        "CREATE FUNCTION added (@a int, @b int = 10) RETURNS bigint AS BEGIN RETURN @a + @b END",
        "CREATE FUNCTION total () RETURNS nvarchar(20) AS BEGIN \
         DECLARE @n int = 0, @i int = 0 WHILE @i < 3 BEGIN SET @i += 1 SET @n += @i END \
         RETURN CONCAT(N'total ', @n + (SELECT SUM(a) FROM t)) END",
        "CREATE FUNCTION halved (@a int) RETURNS int AS BEGIN RETURN 1 / @a END",
        "CREATE FUNCTION listed () RETURNS TABLE AS RETURN SELECT a FROM t",
        "CREATE FUNCTION filled () RETURNS @r TABLE (a int) AS BEGIN INSERT @r VALUES (1) RETURN END",
        "CREATE VIEW shown AS SELECT a FROM t",
        "CREATE SCHEMA s",
        "CREATE FUNCTION s.name () RETURNS varchar(9) AS BEGIN RETURN 's' END",
    ] {
        let answer = client.run(definition).await;
        assert!(!answer.contains('!'), "{definition}: {answer}");
    }
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_gives_a_variable_the_value_of_a_function() {
    client()
        .await
        .check(&[
            ("DECLARE @r bigint EXEC @r = dbo.added 1, 2 SELECT @r AS r", "r bigint: 3"),
            ("DECLARE @r int EXEC @r = added @b = 5, @a = 1 SELECT @r AS r", "r int: 6"),
            // A default may be left out, other than in a query.
            ("DECLARE @r int EXEC @r = added 1 SELECT @r AS r", "r int: 11"),
            ("DECLARE @r int EXEC @r = added 1, DEFAULT SELECT @r AS r", "r int: 11"),
            ("DECLARE @r int, @a smallint = 7 EXEC @r = added @a SELECT @r AS r", "r int: 17"),
            ("DECLARE @r int EXEC @r = added NULL SELECT @r AS r", "r int: NULL"),
            ("DECLARE @r varchar(9) EXEC @r = total SELECT @r AS r", "r varchar(9): total 9"),
            ("DECLARE @r varchar(9) EXEC @r = master.s.name SELECT @r AS r", "r varchar(9): s"),
            (
                "DECLARE @f sysname = N'dbo.added', @r int EXEC @r = @f 1, 1 SELECT @r AS r",
                "r int: 2",
            ),
            ("EXEC dbo.added 1, 2", ""),
            ("CREATE PROCEDURE p AS DECLARE @r int EXEC @r = added 2, 3 RETURN @r", ""),
            ("EXEC p", "=5"),
            ("DECLARE @r int EXEC sp_executesql N'EXEC @r = added 4', N'@r int OUTPUT', @r OUTPUT SELECT @r AS r", "r int: 14"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_exec_refuses_of_functions() {
    client()
        .await
        .check(&[
            ("\nEXEC added", "!201@0"),
            ("\nEXEC added 1, 2, 3", "!8144@0"),
            ("\nEXEC added @c = 1", "!8145@0"),
            ("\nEXEC added @a = 1, @a = 1", "!8143@0"),
            ("\nEXEC added 'x'", "!8114@0"),
            ("\nDECLARE @a int EXEC added @a OUTPUT", "!8162@2"),
            ("DECLARE @r int = 5\nEXEC @r = halved 0 SELECT @r AS r", "!8134@2 r int: 5"),
            ("\nEXEC listed", "!2809@2"),
            ("\nEXEC filled", "!2809@2"),
            ("\nEXEC shown", "!2809@2"),
            ("\nEXEC dbo.t", "!2809@2"),
            ("\nEXEC s.added", "!2812@2"),
            ("EXEC nowhere.dbo.added 1", "!2812@1"),
            ("BEGIN TRY EXEC listed END TRY BEGIN CATCH SELECT ERROR_MESSAGE() AS m END CATCH",
             "m nvarchar(4000): The request for procedure 'listed' failed because 'listed' is a table valued function object."),
        ])
        .await;
}
