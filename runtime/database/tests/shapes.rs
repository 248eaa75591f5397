//! The columns of the catalog's views: names, order, types, and whether NULL can occur.

use std::collections::BTreeMap;

use crate::support::{Server, run};

/// Each view with the page that describes it, and its columns; `!` after a type means NOT NULL.
///
/// Names, order and types are those of the pages (SQL Server 2022) but for `sql_variant`, which
/// isn't there: its columns have the type that their values have. Whether NULL can occur, the
/// pages seldom say.
const SHAPES: &str = include_str!("catalog/views.txt");

const COLUMNS: &str = "
SELECT s.name + '.' + v.name, c.name, t.name, c.max_length, c.precision, c.scale, c.is_nullable
FROM sys.system_views v JOIN sys.schemas s ON s.schema_id = v.schema_id
JOIN sys.system_columns c ON c.object_id = v.object_id
JOIN sys.types t ON t.user_type_id = c.user_type_id ORDER BY 1, c.column_id";

/// A type as a declaration has it.
fn declared(row: &[String]) -> String {
    let [_, _, name, length, precision, scale, nullable] = row else { panic!("{row:?}") };
    let length: i64 = length.parse().unwrap();
    let arguments = match name.as_str() {
        "nchar" | "nvarchar" if length > 0 => format!("({})", length / 2),
        "char" | "varchar" | "binary" | "varbinary" if length > 0 => format!("({length})"),
        "nvarchar" | "varchar" | "varbinary" => "(max)".to_owned(),
        "decimal" => format!("({precision},{scale})"),
        _ => String::new(),
    };
    let not_null = if nullable == "0" { "!" } else { "" };
    format!("{name}{arguments}{not_null}")
}

#[tokio::test(flavor = "multi_thread")]
async fn views_have_the_columns_of_their_pages() {
    let server = Server::new();
    let mut session = server.session().await;
    let mut views: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in run(&mut *session, COLUMNS).await.unwrap().rows {
        let column = format!("{} {}", row[1], declared(&row));
        views.entry(row[0].clone()).or_default().push(column);
    }
    let mut wrong = Vec::new();
    for shape in SHAPES.split("\n\n") {
        let mut lines = shape.lines().filter(|line| !line.starts_with('#'));
        let Some(header) = lines.next() else { continue };
        let (view, page) = header.split_once(": ").unwrap();
        let expected: Vec<&str> = lines.flat_map(|line| line.split("; ")).collect();
        match views.remove(view) {
            Some(columns) if columns == expected => {}
            found => wrong.push(format!("{view}\n  page {page}\n  got {found:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
