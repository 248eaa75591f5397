//! Users' functions whose bodies run.

use std::collections::BTreeMap;

use crate::support::{Server, check, run, statements};
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread")]
async fn scalar_functions_loop_read_and_call_each_other() {
    let server = Server::new();
    let session = &mut *server.session().await;
    let definitions = [
        "CREATE TABLE stock (product int, quantity decimal(9, 2), note nvarchar(20))",
        "INSERT stock VALUES (1, 2.5, N'ä'), (1, 3, N'b'), (2, 7, NULL)",
        "CREATE FUNCTION dbo.digits (@n bigint) RETURNS int AS BEGIN
             DECLARE @sum int = 0
             WHILE 1 = 1 BEGIN
                 IF @n = 0 BREAK
                 SET @sum += @n % 10
                 SET @n = @n / 10
                 IF @n > 5 CONTINUE
                 SET @sum = @sum + 0
             END
             RETURN @sum
         END",
        "CREATE FUNCTION dbo.in_stock (@product int) RETURNS decimal(9, 2) AS BEGIN
             DECLARE @ret decimal(9, 2), @note nvarchar(20) = N'none'
             SELECT @ret = SUM(quantity), @note = MAX(note) FROM dbo.stock WHERE product = @product
             IF (@ret IS NULL) SET @ret = 0
             RETURN @ret
         END",
        "CREATE FUNCTION dbo.factorial (@n int) RETURNS bigint AS BEGIN
             IF @n <= 1 RETURN 1
             RETURN @n * dbo.factorial(@n - 1)
         END",
        "CREATE FUNCTION dbo.fib (@n int) RETURNS int AS BEGIN
             RETURN CASE WHEN @n < 2 THEN @n ELSE dbo.fib(@n - 1) + dbo.fib(@n - 2) END
         END",
        "CREATE FUNCTION dbo.endless (@n int) RETURNS int AS BEGIN
             RETURN dbo.endless(@n + 1)
         END",
        "CREATE FUNCTION dbo.scratch (@n int) RETURNS nvarchar(50) AS BEGIN
             DECLARE @t TABLE (id int IDENTITY, v nvarchar(10)), @i int = 0
             WHILE @i < @n BEGIN
                 INSERT @t (v) VALUES (N'r' + CAST(@i AS nvarchar(5)))
                 SET @i += 1
             END
             DELETE @t WHERE id = 1
             UPDATE @t SET v = UPPER(v) WHERE id = 2
             DECLARE @all nvarchar(50)
             SELECT @all = STRING_AGG(v, ',') FROM @t
             RETURN @all
         END",
        "CREATE FUNCTION dbo.writes () RETURNS int AS BEGIN DELETE s FROM dbo.stock AS s RETURN 1 END",
        "CREATE FUNCTION dbo.divides (@n int) RETURNS int AS BEGIN
             WHILE @n > 0 SET @n = @n / (@n - @n)
             RETURN @n
         END",
    ];
    for definition in definitions {
        run(session, definition).await.unwrap();
    }
    check(
        session,
        &[
            ("SELECT dbo.digits(98765432109)", "int: 54"),
            ("SELECT dbo.in_stock(1), dbo.in_stock(9)", "decimal(9,2), decimal(9,2): 5.50|0.00"),
            (
                "SELECT product, dbo.in_stock(product) FROM stock WHERE dbo.digits(product) = 2",
                "int, decimal(9,2): 2|7.00",
            ),
            ("SELECT dbo.factorial(20)", "bigint: 2432902008176640000"),
            ("SELECT dbo.fib(10)", "int: 55"),
            ("SELECT dbo.endless(1)", "217"),
            ("SELECT dbo.scratch(3), dbo.scratch(2)", "nvarchar(50), nvarchar(50): R1,r2|R1"),
            ("SELECT dbo.scratch(1)", "nvarchar(50): NULL"),
            ("SELECT dbo.writes()", "443"),
            ("SELECT dbo.divides(5)", "8134"),
            ("UPDATE stock SET quantity = dbo.in_stock(product) WHERE product = 2", ": "),
            ("SELECT COUNT(*) FROM stock", "int!: 3"),
            ("CREATE TABLE c (a int, d AS dbo.digits(a))", ": "),
            ("INSERT c VALUES (123), (5) SELECT d FROM c", "int: 6; 5"),
            (
                "ALTER FUNCTION dbo.digits (@n bigint) RETURNS int AS BEGIN
                  WHILE @n > 10 SET @n /= 10
                  RETURN @n END",
                ": ",
            ),
            ("SELECT d FROM c", "int: 1; 5"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_fill_a_table() {
    let server = Server::new();
    let session = &mut *server.session().await;
    let definitions = [
        "CREATE FUNCTION dbo.series (@from int, @to int)
         RETURNS @rows TABLE (n int PRIMARY KEY, half decimal(5, 1), name nvarchar(20),
             at datetime2, raw varbinary(4), f float) AS
         BEGIN
             DECLARE @i int = @from
             WHILE @i <= @to BEGIN
                 INSERT @rows VALUES (@i, @i / 2.0, N'n' + CAST(@i AS nvarchar(9)), '2024-01-01',
                     CAST(@i AS varbinary(4)), @i * 0.1e0)
                 SET @i += 1
             END
             UPDATE @rows SET name = NULL WHERE n = @to
             RETURN
         END",
        "CREATE TABLE bounds (a int, b int) INSERT bounds VALUES (1, 2), (7, 7), (9, 8)",
    ];
    for definition in definitions {
        run(session, definition).await.unwrap();
    }
    check(
        session,
        &[
            (
                "SELECT n, half, name, YEAR(at), raw, f FROM dbo.series(1, 3)",
                "int, decimal(5,1), nvarchar(20), int, varbinary(4), float: \
                 1|0.5|n1|2024|00000001|0.1; 2|1.0|n2|2024|00000002|0.2; \
                 3|1.5|NULL|2024|00000003|0.30000000000000004",
            ),
            ("SELECT COUNT(*) FROM dbo.series(3, 1)", "int!: 0"),
            (
                "SELECT b.a, s.n FROM bounds b CROSS APPLY dbo.series(b.a, b.b) AS s ORDER BY n",
                "int, int: 1|1; 1|2; 7|7",
            ),
            (
                "SELECT x.n, y.n FROM dbo.series(1, 2) x JOIN dbo.series(2, 3) AS y ON x.n = y.n",
                "int, int: 2|2",
            ),
            ("SELECT * FROM dbo.series(1)", "313"),
            ("INSERT bounds SELECT n, n FROM dbo.series(50, 51)", ": "),
            ("SELECT COUNT(*) FROM bounds WHERE a >= 50", "int!: 2"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_is_cancelled() {
    let server = Server::new();
    let mut session = server.session().await;
    let sql = "CREATE FUNCTION dbo.forever () RETURNS int AS BEGIN
                   DECLARE @i int = 0
                   WHILE 1 = 1 SET @i = 1 - @i
                   RETURN @i
               END";
    run(&mut *session, sql).await.unwrap();
    let cancel = CancellationToken::new();
    let execute = statements("SELECT dbo.forever()", &BTreeMap::new()).remove(0);
    let mut events = session.execute(execute, cancel.clone());
    assert!(events.recv().await.unwrap().is_ok());
    cancel.cancel();
    while events.recv().await.is_some() {}
    check(&mut *session, &[("SELECT 1", "int!: 1")]).await;
}
