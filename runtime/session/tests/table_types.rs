//! Table types and table-valued parameters ("CREATE TYPE", "Use table-valued parameters").

use crate::support::Client;

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_handed_on() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TYPE Phone FROM varchar(9) CREATE TYPE dbo.Lines AS TABLE (id int PRIMARY KEY, a Phone DEFAULT 'x', CHECK (id > 0)) CREATE TYPE Other AS TABLE (id int)", ""),
            ("DECLARE @t dbo.Lines INSERT @t (id) VALUES (1), (2) UPDATE @t SET a = 'y' WHERE id = 2 SELECT id, a FROM @t", "(2) (1) id int, a varchar(9): 1|x; 2|y"),
            ("DECLARE @t dbo.Lines INSERT @t (id) VALUES (0)", "!547@1 The statement has been terminated."),
            ("CREATE PROCEDURE p @t dbo.Lines READONLY, @n int = 0 AS SELECT COUNT(*) + @n AS c, MAX(a) AS a FROM @t", ""),
            ("DECLARE @t Lines INSERT @t (id) VALUES (1), (2) EXEC p @t EXEC p @n = 5, @t = @t SELECT COUNT(*) AS c FROM @t", "(2) c int, a varchar(9): 2|x c int, a varchar(9): 7|x c int: 2"),
            // A parameter is handed on.
            ("CREATE PROCEDURE passes @t Lines READONLY AS EXEC p @t, 1", ""),
            ("DECLARE @t Lines INSERT @t (id) VALUES (4) EXEC passes @t", "(1) c int, a varchar(9): 2|x"),
            // Without an argument the table is empty.
            ("EXEC p EXEC p DEFAULT, 1", "c int, a varchar(9): 0|NULL c int, a varchar(9): 1|NULL"),
            ("DECLARE @t Lines INSERT @t (id) VALUES (7) EXEC sp_executesql N'SELECT id FROM @x', N'@x dbo.Lines READONLY', @t", "(1) id int: 7"),
            ("DECLARE @o Other EXEC p @o", "!206@1"),
            ("EXEC p 5", "!206@1"),
            ("DECLARE @t TABLE (id int) EXEC p @t", "!137@1"),
            ("CREATE PROCEDURE q @t Lines AS SELECT 1 AS a", "!352@1"),
            ("CREATE PROCEDURE q @t int READONLY AS SELECT 1 AS a", "!346@1"),
            ("CREATE PROCEDURE q @t Lines READONLY AS INSERT @t (id) VALUES (3)", ""),
            ("EXEC q", "!10700@1"),
            ("CREATE FUNCTION f (@t Lines READONLY) RETURNS int AS BEGIN RETURN 1 END", "!40517@1"),
            ("DECLARE @n int = 1 SELECT * FROM @n", "!1087@1"),
            ("SELECT name, system_type_id, CAST(is_table_type AS int) AS t FROM sys.table_types ORDER BY name", "name nvarchar(128), system_type_id tinyint, t int: Lines|243|1; Other|243|1"),
            ("SELECT name, CAST(is_readonly AS int) AS r, TYPE_NAME(user_type_id) AS t FROM sys.parameters WHERE object_id = OBJECT_ID('p') ORDER BY parameter_id", "name nvarchar(128), r int, t nvarchar(128): @t|1|Lines; @n|0|int"),
            ("DROP TYPE Lines", "!3732@1"),
            ("DROP TYPE Other", ""),
            ("CREATE TYPE Bad AS TABLE (a nothing)", "!2715@1"),
        ])
        .await;
}
