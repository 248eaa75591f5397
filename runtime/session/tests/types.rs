//! Variables and parameters of types that users have made ("CREATE TYPE").

use crate::support::Client;

#[tokio::test(flavor = "multi_thread")]
async fn variables_and_parameters() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE SCHEMA s", ""),
            ("CREATE TYPE s.Phone FROM nvarchar(5) NOT NULL CREATE TYPE Price FROM numeric(9, 2) CREATE TYPE Big FROM varbinary(max) CREATE TYPE Moment FROM datetime2(3)", ""),
            ("DECLARE @a s.Phone = N'1234567', @b Price = 1.005, @c Big = 0x01, @d Moment SELECT @a AS a, @b AS b, DATALENGTH(@c) AS c, @d AS d", "a nvarchar(5), b decimal(9,2), c bigint, d datetime2(3): 12345|1.01|1|NULL"),
            ("CREATE PROCEDURE p @a s.Phone, @b Price = 2 OUTPUT AS SELECT @a AS a SET @b = @b * 2", ""),
            ("DECLARE @x Price = 4 EXEC p N'1234567', @x OUTPUT SELECT @x AS x", "a nvarchar(5): 12345 x decimal(9,2): 8.00"),
            ("EXEC sp_executesql N'SELECT @a AS a', N'@a s.Phone', N'1234567'", "a nvarchar(5): 12345"),
            ("SELECT 1 AS a\nDECLARE @a Phone", "!2715@2"),
            ("DECLARE @t TABLE (a s.Phone) INSERT @t VALUES (N'1') SELECT a FROM @t", "(1) a nvarchar(5): 1"),
        ])
        .await;
}
