//! Cursors ("DECLARE CURSOR", "FETCH", "@@FETCH_STATUS" and their kin).

use crate::support::Client;

const FIVE: &str = "CREATE TABLE t (id int PRIMARY KEY, name nvarchar(10)) \
    INSERT t VALUES (1, N'a'), (2, N'b'), (3, N'c'), (4, N'd'), (5, N'e')";

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_over_rows() {
    let mut client = Client::new().await;
    client
        .check(&[
            (FIVE, "(5)"),
            (
                "DECLARE @id int, @name nvarchar(10), @all nvarchar(max) = N''
DECLARE c CURSOR LOCAL FAST_FORWARD FOR SELECT id, name FROM t WHERE id > 2 ORDER BY id DESC
OPEN c
FETCH NEXT FROM c INTO @id, @name
WHILE @@FETCH_STATUS = 0
BEGIN
    SET @all = @all + CAST(@id AS nvarchar(5)) + @name + N' '
    FETCH NEXT FROM c INTO @id, @name
END
CLOSE c
DEALLOCATE c
SELECT @all AS a, @@FETCH_STATUS AS s, @id AS last",
                "a nvarchar(max), s int, last int: 5e 4d 3c |-1|3",
            ),
            // A local cursor ends with its batch, a global one with the session.
            ("DECLARE c CURSOR LOCAL FOR SELECT 1", ""),
            ("OPEN c", "!16916@1"),
            ("DECLARE c CURSOR FOR SELECT id FROM t OPEN c", ""),
            ("FETCH c FETCH FROM c", "id int: 1 id int: 2"),
            ("EXEC ('FETCH NEXT FROM GLOBAL c')", "id int: 3"),
            (
                "FETCH NEXT FROM c FETCH NEXT FROM c FETCH NEXT FROM c SELECT @@ROWCOUNT AS n",
                "id int: 4 id int: 5 id int:  n int: 0",
            ),
            ("DEALLOCATE c", ""),
            ("FETCH c", "!16916@1"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_direction() {
    let mut client = Client::new().await;
    client
        .check(&[
            (FIVE, "(5)"),
            ("DECLARE c SCROLL CURSOR FOR SELECT id FROM t ORDER BY id OPEN c SELECT @@CURSOR_ROWS AS n", "n int: -1"),
            ("FETCH LAST FROM c FETCH PRIOR FROM c FETCH FIRST FROM c", "id int: 5 id int: 4 id int: 1"),
            ("FETCH PRIOR FROM c SELECT @@FETCH_STATUS AS s", "id int:  s int: -1"),
            ("FETCH NEXT FROM c", "id int: 1"),
            ("FETCH ABSOLUTE 3 FROM c FETCH RELATIVE -2 FROM c FETCH ABSOLUTE -1 FROM c", "id int: 3 id int: 1 id int: 5"),
            ("DECLARE @n int = 2 FETCH ABSOLUTE @n FROM c FETCH RELATIVE 0 FROM c", "id int: 2 id int: 2"),
            ("FETCH ABSOLUTE 9 FROM c FETCH PRIOR FROM c", "id int:  id int: 5"),
            ("FETCH ABSOLUTE -9 FROM c FETCH NEXT FROM c", "id int:  id int: 1"),
            ("CLOSE c DEALLOCATE c", ""),
            ("DECLARE c CURSOR STATIC FOR SELECT id FROM t OPEN c SELECT @@CURSOR_ROWS AS n DELETE t FETCH LAST FROM c DEALLOCATE c", "n int: 5 (5) id int: 5"),
            ("DECLARE c CURSOR STATIC LOCAL FOR SELECT id FROM t OPEN c FETCH LAST FROM c FETCH FIRST FROM c SELECT @@FETCH_STATUS AS s", "id int:  id int:  s int: -1"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_of_a_query_are_those_of_its_declaration() {
    let mut client = Client::new().await;
    client
        .check(&[
            (FIVE, "(5)"),
            ("DECLARE @n int = 4 DECLARE c CURSOR LOCAL FOR SELECT id FROM t WHERE id >= @n SET @n = 1 OPEN c FETCH c", "id int: 4"),
            ("DECLARE @c CURSOR, @d CURSOR SET @c = CURSOR STATIC FOR SELECT id FROM t OPEN @c SET @d = @c FETCH @c DEALLOCATE @c FETCH NEXT FROM @d FETCH @c", "id int: 1 id int: 2 !16950@1"),
            ("DECLARE c CURSOR LOCAL FOR SELECT name FROM t DECLARE @c CURSOR SET @c = c OPEN c FETCH NEXT FROM @c", "name nvarchar(10): a"),
            ("DECLARE @c CURSOR SET @c = 1", "!16949@1"),
            ("DECLARE @x int OPEN @x", "!16948@1"),
            ("DECLARE @x tinyint DECLARE c CURSOR LOCAL FOR SELECT N'12' OPEN c FETCH c INTO @x SELECT @x AS x", "x tinyint: 12"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_current_row_is_changed() {
    let mut client = Client::new().await;
    client
        .check(&[
            (FIVE, "(5)"),
            (
                "DECLARE @id int
DECLARE c CURSOR LOCAL FOR SELECT id FROM t ORDER BY id FOR UPDATE OF name
OPEN c
FETCH c INTO @id
WHILE @@FETCH_STATUS = 0
BEGIN
    IF @id % 2 = 0 UPDATE t SET name = name + N'!' WHERE CURRENT OF c
    ELSE IF @id = 3 DELETE FROM t WHERE CURRENT OF c
    FETCH NEXT FROM c INTO @id
END",
                "(1) (1) (1)",
            ),
            ("SELECT * FROM t", "id int, name nvarchar(10): 1|a; 2|b!; 4|d!; 5|e"),
            ("DECLARE c CURSOR FOR SELECT * FROM t AS x FOR UPDATE OF name OPEN c FETCH c", "id int, name nvarchar(10): 1|a"),
            ("UPDATE t SET name = N'z' WHERE CURRENT OF c\nDELETE u WHERE CURRENT OF c", "(1) !16933@2"),
            ("UPDATE t SET id = 9 WHERE CURRENT OF c", "!16932@1"),
            ("DELETE t WHERE id = 1 UPDATE t SET name = N'y' WHERE CURRENT OF c", "(1) (0) !16947@1"),
            ("CLOSE c UPDATE t SET name = N'y' WHERE CURRENT OF c", "!16917@1"),
            ("OPEN c UPDATE t SET name = N'y' WHERE CURRENT OF c", "!16931@1"),
            ("DECLARE r CURSOR STATIC FOR SELECT id FROM t OPEN r FETCH r DELETE t WHERE CURRENT OF r", "id int: 2 !16929@1"),
            ("DECLARE g CURSOR FOR SELECT COUNT(*) AS n FROM t GROUP BY id OPEN g FETCH g DELETE t WHERE CURRENT OF g", "n int: 1 !16929@1"),
            ("CREATE VIEW v AS SELECT id FROM t WHERE id > 2", ""),
            ("DECLARE v CURSOR LOCAL FOR SELECT id FROM v OPEN v FETCH v", "id int: 4"),
            ("DECLARE @v TABLE (a int) INSERT @v VALUES (1), (2) DECLARE c CURSOR LOCAL FOR SELECT a FROM @v OPEN c FETCH c DELETE @v WHERE CURRENT OF c SELECT a FROM @v", "(2) a int: 1 (1) a int: 2"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cursor_cannot_do_is_said() {
    let mut client = Client::new().await;
    client
        .check(&[
            (FIVE, "(5)"),
            ("DECLARE c CURSOR FOR SELECT id FROM t", ""),
            ("DECLARE c CURSOR FOR SELECT id FROM t", "!16915@1"),
            ("FETCH c", "!16917@1"),
            ("CLOSE c", "!16917@1"),
            ("OPEN c\nOPEN c", "!16905@2"),
            ("FETCH PRIOR FROM c", "!16911@1"),
            ("DECLARE @a int, @b int FETCH c INTO @a, @b", "!16924@1"),
            ("FETCH c INTO @nosuch", "!137@1"),
            ("DECLARE d CURSOR FOR SELECT nosuch FROM t", "!207@1"),
            ("DECLARE d CURSOR SCROLL FAST_FORWARD FOR SELECT id FROM t", "!1048@1"),
            ("DECLARE d CURSOR READ_ONLY FOR SELECT id FROM t FOR UPDATE", "!16957@1"),
            ("DECLARE d CURSOR DYNAMIC FOR SELECT id FROM t OPEN d FETCH ABSOLUTE 1 FROM d", "!16925@1"),
            ("BEGIN TRY FETCH nosuch END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n, ERROR_MESSAGE() AS m END CATCH", "n int, m nvarchar(4000): 16916|A cursor with the name 'nosuch' does not exist."),
            ("CREATE PROCEDURE p AS DECLARE l CURSOR LOCAL FOR SELECT id FROM t OPEN l FETCH l", ""),
            ("EXEC p EXEC p", "id int: 1 id int: 1"),
        ])
        .await;
    client.reset().await;
    client.check(&[("FETCH c", "!16916@1")]).await;
}
