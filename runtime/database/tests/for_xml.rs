//! FOR XML ("FOR XML (SQL Server)", "Use PATH mode with FOR XML", "Use RAW mode with FOR XML").

use crate::support::{Server, check, run};

#[tokio::test]
async fn rows_as_xml() {
    let server = Server::new();
    let mut session = server.session().await;
    let session = &mut *session;
    run(session, "CREATE TABLE t (id int, name nvarchar(20), note nvarchar(20))").await.unwrap();
    run(session, "INSERT t VALUES (1, N'a & b', NULL), (2, N'<c>', N'x')").await.unwrap();
    check(
        session,
        &[
            ("SELECT STUFF((SELECT N',' + name FROM t ORDER BY id FOR XML PATH('')), 1, 1, N'')", "nvarchar(max): a &amp; b,&lt;c&gt;"),
            ("SELECT STUFF((SELECT N',' + name FROM t FOR XML PATH(''), TYPE).value('.', 'nvarchar(10)'), 1, 1, N'')", "nvarchar(11): a & b,<c>"),
            ("SELECT (SELECT name AS [text()] FROM t WHERE id = 9 FOR XML PATH(''))", "nvarchar(max): NULL"),
            ("SELECT name FROM t WHERE id = 9 FOR XML PATH('')", "nvarchar(max): "),
            ("SELECT id AS [@id], name, note FROM t ORDER BY id DESC FOR XML PATH", "nvarchar(max): <row id=\"2\"><name>&lt;c&gt;</name><note>x</note></row><row id=\"1\"><name>a &amp; b</name></row>"),
            ("SELECT id AS [a/@i], name AS [a/b/c], note AS [a/b/d], 1 AS [e] FROM t WHERE id = 2 FOR XML PATH(N'r'), ROOT('all')", "nvarchar(max): <all><r><a i=\"2\"><b><c>&lt;c&gt;</c><d>x</d></b></a><e>1</e></r></all>"),
            ("SELECT id, note FROM t WHERE id = 1 FOR XML PATH('r'), ELEMENTS XSINIL", "nvarchar(max): <r xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><id>1</id><note xsi:nil=\"true\"/></r>"),
            ("SELECT id, (SELECT name FROM t AS u WHERE u.id = t.id FOR XML PATH('n'), TYPE) FROM t WHERE id = 2 FOR XML PATH('r')", "nvarchar(max): <r><id>2</id><n><name>&lt;c&gt;</name></n></r>"),
            ("SELECT id, name AS [a b] FROM t WHERE id = 1 FOR XML RAW", "nvarchar(max): <row id=\"1\" a_x0020_b=\"a &amp; b\"/>"),
            ("SELECT id, note FROM t FOR XML RAW('x'), ELEMENTS", "nvarchar(max): <x><id>1</id></x><x><id>2</id><note>x</note></x>"),
            ("SELECT id FROM t AS people FOR XML AUTO", "nvarchar(max): <people id=\"1\"/><people id=\"2\"/>"),
            ("SELECT id AS [data()] FROM t FOR XML PATH('')", "nvarchar(max): 12"),
            ("SELECT 1 AS [data()], 2 AS [data()], 'c' AS [comment()] FOR XML PATH('v')", "nvarchar(max): <v>1 2<!--c--></v>"),
            ("SELECT CAST('2024-01-02 03:04:05' AS datetime) AS d, CAST(1 AS bit) AS b, 0x0102 AS x, CAST(1.5 AS money) AS m FOR XML RAW", "nvarchar(max): <row d=\"2024-01-02T03:04:05\" b=\"1\" x=\"AQI=\" m=\"1.5000\"/>"),
            ("SELECT 1 AS [a b] FOR XML PATH", "6850"),
            ("SELECT 1 AS a, 2 AS [@b] FOR XML PATH", "6852"),
            ("SELECT 1 AS [@b] FOR XML PATH('')", "6864"),
            ("SELECT id + 1 FROM t FOR XML RAW", "6809"),
            ("SELECT t.id, u.id FROM t JOIN t AS u ON u.id = t.id FOR XML AUTO", "40517"),
            ("SELECT 1 AS tag FOR XML EXPLICIT", "40517"),
        ],
    )
    .await;
}
