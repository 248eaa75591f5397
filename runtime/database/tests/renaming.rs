//! `sp_rename` and extended properties.

use crate::support::{Server, check, run};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_renamed_works_on_under_its_new_name() {
    let server = Server::new();
    let mut session = server.session().await;
    let script = "
        CREATE TABLE parent (id int NOT NULL CONSTRAINT pk PRIMARY KEY, n nvarchar(20) CONSTRAINT uq UNIQUE,
            c int CONSTRAINT ck CHECK (c > 0))
        CREATE TABLE child (p int CONSTRAINT fk REFERENCES parent (id), v int)
        CREATE INDEX ix ON child (v DESC, p)
        INSERT parent VALUES (1, N'x', 1)";
    run(&mut *session, script).await.unwrap();
    run(&mut *session, "CREATE VIEW seen AS SELECT id FROM parent").await.unwrap();
    check(
        &mut *session,
        &[
            ("EXEC sp_rename 'child', 'kid'", ": "),
            ("EXEC sp_rename 'kid.v', 'w', 'COLUMN'", ": "),
            ("EXEC sp_rename 'dbo.parent.id', 'key', 'column'", ": "),
            ("EXEC sp_rename 'kid.ix', 'jx', 'INDEX'", ": "),
            ("EXEC sp_rename 'uq', 'unique name', 'OBJECT'", ": "),
            ("EXEC sp_rename 'dbo.ck', 'positive'", ": "),
            ("EXEC sp_rename 'seen', 'view of ids'", ": "),
            // A table of the old name is another table.
            ("CREATE TABLE child (z int)", ": "),
            ("INSERT child VALUES (7) SELECT z FROM child", "int: 7"),
            ("INSERT kid (p, w) VALUES (1, 5) SELECT * FROM kid", "int, int: 1|5"),
            ("INSERT kid (p, w) VALUES (2, 5)", "547"),
            ("INSERT parent ([key], n) VALUES (2, N'x')", "2627"),
            ("INSERT parent ([key], n, c) VALUES (2, N'y', 0)", "547"),
            ("SELECT v FROM kid", "207"),
            ("SELECT name FROM sys.indexes WHERE object_id = OBJECT_ID('kid') AND index_id > 0", "nvarchar(128): jx"),
            ("SELECT COL_NAME(object_id, column_id), is_descending_key FROM sys.index_columns WHERE object_id = OBJECT_ID('kid') ORDER BY key_ordinal",
             "nvarchar(128), bit!: w|1; p|0"),
            ("SELECT name FROM sys.key_constraints ORDER BY name", "nvarchar(128)!: pk; unique name"),
            ("SELECT COL_NAME(parent_object_id, parent_column_id), COL_NAME(referenced_object_id, referenced_column_id) FROM sys.foreign_key_columns",
             "nvarchar(128), nvarchar(128): p|key"),
            ("SELECT COUNT(*) FROM sys.views WHERE name = 'view of ids'", "int!: 1"),
            ("DROP INDEX jx ON kid", ": "),
            ("ALTER TABLE parent DROP CONSTRAINT [unique name]", ": "),
            ("EXEC sp_rename 'nothing', 'x'", "15225"),
            ("EXEC sp_rename 'parent.nothing', 'x', 'COLUMN'", "15248"),
            ("EXEC sp_rename 'parent', 'kid'", "15335"),
            ("EXEC sp_rename 'parent.n', 'key', 'COLUMN'", "15335"),
            ("EXEC sp_rename 'parent.c', 'd', 'COLUMN'", "15336"),
            ("EXEC sp_rename 'parent', 'x', 'nonsense'", "15249"),
            ("EXEC sp_rename 'parent', NULL", "15223"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn extended_properties_belong_to_what_they_describe() {
    let server = Server::new();
    let mut session = server.session().await;
    run(&mut *session, "CREATE TABLE t (a int CONSTRAINT pk PRIMARY KEY, b int)").await.unwrap();
    let listed = "SELECT class, name, value FROM sys.extended_properties ORDER BY class, minor_id";
    check(
        &mut *session,
        &[
            ("EXEC sp_addextendedproperty 'about', 'this database'", ": "),
            ("EXEC sp_addextendedproperty N'MS_Description', N'a table', 'SCHEMA', 'dbo', 'TABLE', 't'", ": "),
            ("EXEC sys.sp_addextendedproperty @name = 'MS_Description', @value = 'a column', @level0type = 'schema', @level0name = 'dbo', @level1type = 'table', @level1name = 't', @level2type = 'column', @level2name = 'b'", ": "),
            (listed, "tinyint!, nvarchar(128)!, nvarchar(4000): 0|about|this database; 1|MS_Description|a table; 1|MS_Description|a column"),
            ("SELECT * FROM fn_listextendedproperty('MS_Description', 'schema', 'dbo', 'table', 't', NULL, NULL)",
             "nvarchar(128), nvarchar(128), nvarchar(128)!, nvarchar(4000): TABLE|t|MS_Description|a table"),
            ("SELECT objname, value FROM sys.fn_listextendedproperty(DEFAULT, 'schema', 'dbo', 'table', 't', 'column', DEFAULT)",
             "nvarchar(128), nvarchar(4000): b|a column"),
            ("SELECT objname, value FROM fn_listextendedproperty(NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
             "nvarchar(128), nvarchar(4000): NULL|this database"),
            ("EXEC sp_addextendedproperty 'About', 'again'", "15233"),
            ("EXEC sp_addextendedproperty 'x', 'y', 'SCHEMA', 'dbo', 'TABLE', 'nothing'", "15135"),
            ("EXEC sp_addextendedproperty 'x', 'y', 'SCHEMA', 'dbo', 'VIEW', 't'", "15135"),
            ("EXEC sp_updateextendedproperty 'x', 'y'", "15217"),
            ("EXEC sp_updateextendedproperty 'about', 'all of it'", ": "),
            ("EXEC sp_dropextendedproperty 'MS_Description', 'schema', 'dbo', 'table', 't'", ": "),
            (listed, "tinyint!, nvarchar(128)!, nvarchar(4000): 0|about|all of it; 1|MS_Description|a column"),
            ("EXEC sp_dropextendedproperty 'MS_Description', 'schema', 'dbo', 'table', 't'", "15217"),
            ("ALTER TABLE t DROP COLUMN b", ": "),
            ("SELECT COUNT(*) FROM sys.extended_properties WHERE class = 1", "int!: 0"),
        ],
    )
    .await;
}
