//! What is written down anew: "sp_recompile", "sp_refreshview" and "sp_refreshsqlmodule
//! (Transact-SQL)".

use crate::support::{Server, check};

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_follows_what_a_view_reads() {
    let server = Server::new();
    let mut session = server.session().await;
    let columns = "SELECT COUNT(*) FROM sys.columns WHERE object_id = OBJECT_ID(N'v')";
    check(
        &mut *session,
        &[
            ("CREATE TABLE t (a int)", ": "),
            ("CREATE VIEW v AS SELECT * FROM t", ": "),
            ("ALTER TABLE t ADD b int", ": "),
            (columns, "int!: 1"),
            ("EXEC sp_refreshview N'v'", ": "),
            (columns, "int!: 2"),
            ("ALTER TABLE t ADD c int", ": "),
            ("EXEC sp_refreshsqlmodule N'v'", ": "),
            (columns, "int!: 3"),
            ("EXEC sp_recompile N't'", ": "),
            ("EXEC sp_recompile N'nowhere'", "15165"),
            ("EXEC sp_refreshview N't'", "15165"),
            ("EXEC sp_refreshsqlmodule N't'", "15165"),
        ],
    )
    .await;
}
