//! Sequences in batches ("NEXT VALUE FOR", "sp_sequence_get_range").

use crate::support::Client;

#[tokio::test(flavor = "multi_thread")]
async fn variables_take_values() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE SEQUENCE s AS int START WITH 1", ""),
            ("DECLARE @a bigint = NEXT VALUE FOR s, @b bigint, @c bigint SET @b = NEXT VALUE FOR s SELECT @c = NEXT VALUE FOR s SELECT @a AS a, @b AS b, @c AS c", "a bigint, b bigint, c bigint: 1|2|3"),
            ("DECLARE @a int, @b int\nSELECT @a = NEXT VALUE FOR s, @b = NEXT VALUE FOR s", "!11736@2"),
            ("CREATE PROCEDURE p AS SELECT NEXT VALUE FOR s AS n", ""),
            ("EXEC p EXEC p", "n int: 4 n int: 5"),
            ("SELECT 1 AS a\nCREATE SEQUENCE x CACHE 300 MINVALUE 1 MAXVALUE 9", "a int: 1 The sequence object 'x' cache size is greater than the number of available values."),
            ("SET ROWCOUNT 1 UPDATE p SET a = NEXT VALUE FOR s", "!208@1"),
        ])
        .await;
}

/// The documentation's example: a sequence that begins again.
#[tokio::test(flavor = "multi_thread")]
async fn ranges_of_values() {
    let mut client = Client::new().await;
    let all = "DECLARE @f sql_variant, @l sql_variant, @c int, @i sql_variant, @n sql_variant, @x sql_variant EXEC sys.sp_sequence_get_range @sequence_name = N'RangeSeq', @range_size = 75, @range_first_value = @f OUTPUT, @range_last_value = @l OUTPUT, @range_cycle_count = @c OUTPUT, @sequence_increment = @i OUTPUT, @sequence_min_value = @n OUTPUT, @sequence_max_value = @x OUTPUT SELECT CAST(@f AS int) AS f, CAST(@l AS int) AS l, @c AS c, CAST(@i AS int) AS i, CAST(@n AS int) AS n, CAST(@x AS int) AS x";
    client
        .check(&[
            ("CREATE SEQUENCE RangeSeq AS int START WITH 1 INCREMENT BY 1 MINVALUE 1 MAXVALUE 25 CYCLE CACHE 10", ""),
            ("DECLARE @f sql_variant EXEC sys.sp_sequence_get_range N'dbo.RangeSeq', 4, @f OUTPUT SELECT CAST(@f AS int) AS f, CAST(SQL_VARIANT_PROPERTY(@f, 'BaseType') AS varchar(9)) AS t", "f int, t varchar(9): 1|int"),
            ("SELECT NEXT VALUE FOR RangeSeq AS n", "n int: 5"),
            (all, "f int, l int, c int, i int, n int, x int: 6|5|3|1|1|25"),
            ("ALTER SEQUENCE RangeSeq NO CYCLE", ""),
            (all, "!11732@1 f int, l int, c int, i int, n int, x int: NULL|NULL|NULL|NULL|NULL|NULL"),
            ("SELECT NEXT VALUE FOR RangeSeq AS n", "n int: 6"),
            ("DECLARE @f sql_variant EXEC sp_sequence_get_range N'RangeSeq', 0, @f OUTPUT", "!11733@1"),
            ("DECLARE @f sql_variant EXEC sp_sequence_get_range N'gone', 1, @f OUTPUT", "!208@1"),
        ])
        .await;
}
