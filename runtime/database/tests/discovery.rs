//! What a text would return and takes, told without running it.
//!
//! The cases are those of "sp_describe_first_result_set (Transact-SQL)", Examples of problems, and
//! of "sp_describe_undeclared_parameters (Transact-SQL)", Parameter Selection Algorithm.

use crate::support::{Server, run};
use launchpod_database::Session;

const TABLES: &str = "
CREATE TABLE t1 (a int NULL, b varchar(10) NULL, c nvarchar(10) NULL)
CREATE TABLE t2 (a smallint NOT NULL, d varchar(20) NOT NULL, e int NOT NULL)
CREATE TABLE typed (id int IDENTITY PRIMARY KEY, n decimal(9, 2), f char(30), m datetime2(3))";

const MODULES: [&str; 4] = [
    "CREATE PROCEDURE one (@x int = 1) AS SELECT @x AS x",
    "CREATE PROCEDURE dynamic AS DECLARE @s nvarchar(20) = N'SELECT 1' EXEC (@s)",
    "CREATE PROCEDURE again AS EXEC again",
    "CREATE FUNCTION f (@x bigint) RETURNS float AS BEGIN RETURN @x END",
];

async fn filled(server: &Server) -> Box<dyn Session> {
    let mut session = server.session().await;
    run(&mut *session, TABLES).await.unwrap();
    for module in MODULES {
        run(&mut *session, module).await.unwrap();
    }
    session
}

/// Asks about each text: the wanted columns of the answer's rows, or an error's number.
async fn check(procedure: &str, wanted: &[&str], cases: &[(&str, &str)]) {
    let server = Server::new();
    let mut session = filled(&server).await;
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let call = format!("EXEC {procedure} N'{}'", text.replace('\'', "''"));
        let got = match run(&mut *session, &call).await {
            Ok(output) => {
                let place = |name: &&str| output.columns.iter().position(|c| c.name == **name);
                let places: Vec<usize> = wanted.iter().filter_map(place).collect();
                let row = |row: &Vec<String>| {
                    places.iter().map(|at| row[*at].as_str()).collect::<Vec<_>>().join(" ")
                };
                output.rows.iter().map(row).collect::<Vec<_>>().join("; ")
            }
            Err(error) if error.number().to_string() == *expected => (*expected).to_owned(),
            Err(error) => format!("{} {}", error.number(), error.0.text),
        };
        if got != *expected {
            wrong.push(format!("{text}\n  expected {expected}\n  got      {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_result_set_is_that_of_every_path() {
    check(
        "sp_describe_first_result_set",
        &["name", "system_type_name", "is_nullable", "is_identity_column"],
        &[
            ("SELECT a, b AS text FROM t1", "a int 1 0; text varchar(10) 1 0"),
            ("SELECT id FROM typed", "id int 0 1"),
            ("DECLARE @x int = 1; SET @x = 2; PRINT @x", ""),
            ("IF(1=1) SELECT a FROM t1; ELSE SELECT a, b FROM t1;", "11509"),
            ("IF(1=1) SELECT a FROM t1; ELSE SELECT a FROM t2;", "11509"),
            ("IF(1=1) SELECT b FROM t1; ELSE SELECT d FROM t2;", "NULL varchar(20) 1 0"),
            ("IF(1=1) SELECT b FROM t1; ELSE SELECT d AS b FROM t2;", "b varchar(20) 1 0"),
            ("IF(1=1) SELECT b FROM t1; ELSE SELECT c FROM t1;", "11509"),
            ("IF(1=1) RAISERROR('Some Error', 16, 1); ELSE SELECT a FROM t1; SELECT a FROM t1;", "a int 1 0"),
            ("IF(1=1) RETURN; SELECT a FROM t1;", "a int 1 0"),
            ("EXEC(N'SELECT a FROM t1')", "a int 1 0"),
            ("DECLARE @s nvarchar(max) = N'SELECT a FROM t1'; EXEC(@s)", "11513"),
            ("DECLARE @s nvarchar(max); EXEC(@s) WITH RESULT SETS ((Column1 bigint NOT NULL))", "Column1 bigint 0 0"),
            ("EXEC one", "x int 1 0"),
            ("EXEC one WITH RESULT SETS NONE; SELECT 1 AS y", "y int 0 0"),
            ("IF 1 = 1 EXEC one ELSE SELECT a FROM t1", "NULL int 1 0"),
            ("IF 1 = 1 EXEC one ELSE SELECT a, b FROM t1", "11511"),
            ("EXEC dynamic", "11514"),
            ("EXEC again", "11524"),
            ("EXEC sp_executesql N'SELECT @p AS p', N'@p date'", "p date 1 0"),
            ("EXEC sp_pkeys 't1'", "TABLE_QUALIFIER nvarchar(128) 1 0; TABLE_OWNER nvarchar(128) 0 0; TABLE_NAME nvarchar(128) 0 0; COLUMN_NAME nvarchar(128) 1 0; KEY_SEQ smallint 0 0; PK_NAME nvarchar(128) 0 0"),
            ("EXEC sp_execute_external_script @language = N'Python', @script = N''", "11527"),
            ("EXEC sp_execute_external_script @language = N'Python', @script = N'' WITH RESULT SETS ((a float))", "a float 1 0"),
            ("INSERT t1 (a) OUTPUT inserted.a VALUES (1)", "a int 1 0"),
            ("WHILE 1 = 1 BEGIN SELECT d FROM t2 BREAK END", "d varchar(20) 0 0"),
            ("BEGIN TRY SELECT 1 AS x END TRY BEGIN CATCH THROW END CATCH", "x int 0 0"),
            ("CREATE TABLE #t (a int) SELECT a FROM #t", "11525"),
            ("SELECT nothing FROM t1", "207"),
            ("SELECT * FROM nothing", "208"),
            ("SELECT FROM", "156"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undeclared_parameters_get_the_type_of_what_they_stand_beside() {
    check(
        "sp_describe_undeclared_parameters",
        &["parameter_ordinal", "name", "suggested_system_type_name", "formal_parameter_name"],
        &[
            ("SELECT a FROM t1", ""),
            (
                "INSERT INTO typed (n, f, m) VALUES (@P1, @P2, @P3)",
                "1 @P1 decimal(9,2) NULL; 2 @P2 char(30) NULL; 3 @P3 datetime2(3) NULL",
            ),
            ("UPDATE typed SET f = @P1 WHERE id = @P2", "1 @P1 char(30) NULL; 2 @P2 int NULL"),
            ("SELECT * FROM typed WHERE f = @p", "1 @p char(30) NULL"),
            ("SELECT * FROM typed WHERE f > @p", "1 @p varchar(8000) NULL"),
            ("SELECT * FROM typed WHERE n > @p", "1 @p decimal(38,19) NULL"),
            ("SELECT * FROM t2 WHERE e = e + @p", "1 @p int NULL"),
            (
                "SELECT * FROM typed WHERE id IN (@a, @b) AND f LIKE @c",
                "1 @a int NULL; 2 @b int NULL; 3 @c varchar(8000) NULL",
            ),
            ("SELECT * FROM t1 WHERE @y BETWEEN 1 AND 2", "1 @y int NULL"),
            ("SELECT @p", "11502"),
            ("SELECT TOP (@n) CAST(@x AS date) FROM t1", "1 @n bigint NULL; 2 @x date NULL"),
            ("SELECT * FROM t1 WHERE a = dbo.f(@p)", "1 @p bigint NULL"),
            ("EXEC one @P1", "1 @P1 int @x"),
            ("DELETE FROM t1 WHERE a = @p1 AND b = @p1", "11508"),
            ("SELECT * FROM t1 WHERE @p1 = @p2", "11503"),
            ("SELECT * FROM t1 WHERE nothing = @p2", "207"),
        ],
    )
    .await;
}
