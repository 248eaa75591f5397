//! Functions and procedures about files, global variables of the server, and errors that are one of
//! a kind.

use crate::support::Client;

/// "FILE_NAME (Transact-SQL)" and its neighbours, "sp_helpfile (Transact-SQL)"
#[tokio::test(flavor = "multi_thread")]
async fn files_have_names_and_properties() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("SELECT FILE_NAME(1) AS a, FILE_NAME(9) AS b, FILE_ID('master') AS c, FILE_IDEX('nosuch') AS d",
             "a nvarchar(128), b nvarchar(128), c smallint, d int: master|NULL|1|NULL"),
            ("SELECT FILEPROPERTY('master', 'IsPrimaryFile') AS a, FILEPROPERTY('master', 'IsLogFile') AS b, FILEPROPERTY('master', 'x') AS c",
             "a int, b int, c int: 1|0|NULL"),
            ("SELECT FILEGROUP_NAME(1) AS a, FILEGROUP_ID('PRIMARY') AS b, FILEGROUPPROPERTY('PRIMARY', 'IsDefault') AS c",
             "a nvarchar(128), b int, c int: PRIMARY|1|1"),
            ("CREATE TABLE t (a int PRIMARY KEY) SELECT STATS_DATE(OBJECT_ID('t'), 1) AS s", "s datetime: NULL"),
            ("DECLARE @f TABLE (name sysname, fileid smallint, filename nchar(260), filegroup sysname, size nvarchar(15), \
              maxsize nvarchar(15), growth nvarchar(15), usage varchar(9)) INSERT @f EXEC sp_helpfile \
              SELECT name, fileid, filegroup, maxsize, usage FROM @f",
             "(1) name nvarchar(128), fileid smallint, filegroup nvarchar(128), maxsize nvarchar(15), usage varchar(9): \
              master|1|PRIMARY|Unlimited|data only"),
            ("EXEC sp_helpfile 'nosuch'", "!15325@0"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_of_the_server_are_there() {
    let mut client = Client::new().await;
    client.another().await;
    client
        .check(&[
            (
                "SELECT @@CONNECTIONS AS c, @@TIMETICKS AS t, @@PACKET_ERRORS AS e",
                "c int, t int, e int: 2|31250|0",
            ),
            (
                "SELECT ORIGINAL_DB_NAME() AS a USE tempdb SELECT ORIGINAL_DB_NAME() AS a",
                "a nvarchar(128): master a nvarchar(128): master",
            ),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_that_are_one_of_a_kind() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE TABLE t (a varchar(9)) INSERT t VALUES ('x')", "(1)"),
            ("SELECT NTILE(0) OVER (ORDER BY a) AS n FROM t", "!4116@1"),
            ("SELECT NTILE('x') OVER (ORDER BY a) AS n FROM t", "!4116@1"),
            ("SELECT NTILE(2) OVER (ORDER BY a) AS n FROM t", "n bigint: 1"),
            ("SELECT a FROM t ORDER BY a COLLATE nosuch", "!448@1"),
            ("CREATE TABLE u (a varchar(9) COLLATE nosuch_CI)", "!448@1"),
            // One that is there, but not here.
            ("SELECT a FROM t ORDER BY a COLLATE Japanese_CI_AS", "!40517@1"),
        ])
        .await;
}
