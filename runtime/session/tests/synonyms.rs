//! Synonyms of procedures ("CREATE SYNONYM").

use crate::support::Client;

#[tokio::test(flavor = "multi_thread")]
async fn a_synonym_is_called() {
    let mut client = Client::new().await;
    client
        .check(&[
            ("CREATE PROCEDURE p @a int = 5, @b int OUTPUT AS SET @b = @a * 2", ""),
            ("CREATE SYNONYM s FOR dbo.p", ""),
            (
                "DECLARE @b int EXEC s 4, @b OUTPUT EXEC dbo.s @b = @b OUTPUT SELECT @b AS b",
                "b int: 10",
            ),
            ("CREATE FUNCTION f (@a int) RETURNS int AS BEGIN RETURN @a + 1 END", ""),
            ("CREATE SYNONYM sf FOR dbo.f", ""),
            ("DECLARE @r int EXEC @r = sf 4 SELECT @r AS r", "r int: 5"),
            ("CREATE SYNONYM gone FOR nothing", ""),
            ("EXEC gone", "!5313@1"),
        ])
        .await;
}
