//! PIVOT and UNPIVOT ("FROM - Using PIVOT and UNPIVOT").

use crate::support::{Server, check, run};

const ORDERS: &str = "
CREATE TABLE orders (vendor int, employee int, number int, total money)
INSERT orders VALUES (1, 250, 10, 5), (1, 250, 11, 7), (1, 251, 12, 1), (2, 251, 13, 2),
    (2, 256, 14, NULL), (3, NULL, 15, 9)
CREATE TABLE counts (vendor int, e1 int, e2 int, [e]]3] int, remark varchar(9))
INSERT counts VALUES (1, 4, 3, 5, 'x'), (2, 4, NULL, 5, 'y'), (3, NULL, NULL, NULL, 'z')";

#[tokio::test(flavor = "multi_thread")]
async fn values_become_columns() {
    let server = Server::new();
    let mut session = server.session().await;
    run(&mut *session, ORDERS).await.unwrap();
    check(
        &mut *session,
        &[
            ("SELECT vendor, [250] AS a, [251] AS b, [256] AS c FROM (SELECT number, employee, vendor FROM orders) p
              PIVOT (COUNT(number) FOR employee IN ([250], [251], [256])) AS pvt ORDER BY pvt.vendor",
             "int, int!, int!, int!: 1|2|1|0; 2|0|1|1; 3|0|0|0"),
            // Without another column there is one row.
            ("SELECT 'total' AS what, [250], [999] FROM (SELECT employee, total FROM orders) s
              PIVOT (SUM(total) FOR employee IN ([250], [999])) p", "varchar(5)!, money, money: total|12.0000|NULL"),
            // All columns that neither PIVOT names are grouped by.
            ("SELECT * FROM orders PIVOT (MAX(total) FOR employee IN ([250], [251])) p WHERE vendor = 1 ORDER BY number",
             "int, int, money, money: 1|10|5.0000|NULL; 1|11|7.0000|NULL; 1|12|NULL|1.0000"),
            ("SELECT p.* FROM (SELECT o.vendor, c.remark, o.total FROM orders o JOIN counts c ON c.vendor = o.vendor) s
              PIVOT (SUM(total) FOR remark IN (x, [Y], w)) AS p (v, x, y, w) ORDER BY v",
             "int, money, money, money: 1|13.0000|NULL|NULL; 2|NULL|2.0000|NULL; 3|NULL|NULL|NULL"),
            ("WITH c AS (SELECT vendor, employee, number FROM orders) SELECT q.vendor, n.[250] FROM counts q
              JOIN (SELECT * FROM c PIVOT (COUNT(number) FOR employee IN ([250])) p) n ON n.vendor = q.vendor ORDER BY 1",
             "int, int!: 1|2; 2|0; 3|0"),
            ("SELECT [250] FROM (SELECT employee, number FROM orders) s PIVOT (COUNT(number) FOR employee IN ([250], [x])) p", "473"),
            ("SELECT [250] FROM orders PIVOT (COUNT(nothing) FOR employee IN ([250])) p", "207"),
            ("SELECT [250] FROM orders PIVOT (COUNT(number) FOR nothing IN ([250])) p", "207"),
            ("SELECT [250] FROM orders PIVOT (COUNT(*) FOR employee IN ([250])) p", "102"),
            ("SELECT 1 FROM orders PIVOT (COUNT(number) FOR employee IN ([250], [250])) p", "8156"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_become_rows() {
    let server = Server::new();
    let mut session = server.session().await;
    run(&mut *session, ORDERS).await.unwrap();
    check(
        &mut *session,
        &[
            ("SELECT vendor, employee, orders FROM (SELECT vendor, e1, e2, [e]]3] FROM counts) p
              UNPIVOT (orders FOR employee IN (e1, e2, [e]]3])) AS u ORDER BY vendor, employee",
             "int, nvarchar(128)!, int: 1|e]3|5; 1|e1|4; 1|e2|3; 2|e]3|5; 2|e1|4"),
            ("SELECT * FROM counts UNPIVOT (n FOR name IN (e1, E2)) u WHERE vendor = 1",
             "int, int, varchar(9), int, nvarchar(128)!: 1|5|x|4|e1; 1|5|x|3|e2"),
            // "FROM": APPLY of VALUES, which each have the row beside them.
            ("SELECT vendor, v.n FROM counts OUTER APPLY (VALUES (e1, 'a'), (e2, 'b')) v (n, name) WHERE vendor < 3",
             "int, int: 1|4; 1|3; 2|4; 2|NULL"),
            // One column alone, too, has the name that it is given.
            ("SELECT n FROM counts UNPIVOT (n FOR name IN (e1)) u WHERE vendor = 1", "int: 4"),
            ("SELECT n FROM (SELECT r.n FROM counts CROSS APPLY (SELECT e1 AS n) r) q WHERE n = 4", "int: 4; 4"),
            ("SELECT * FROM counts UNPIVOT (n FOR name IN (e1, remark)) u", "8167"),
            ("SELECT * FROM counts UNPIVOT (n FOR name IN (e1, nothing)) u", "207"),
            ("SELECT name, [1], [2] FROM (SELECT vendor, name, n FROM counts UNPIVOT (n FOR name IN (e1, e2)) u) s
              PIVOT (SUM(n) FOR vendor IN ([1], [2])) p ORDER BY name",
             "nvarchar(128)!, int, int: e1|4|4; e2|3|NULL"),
        ],
    )
    .await;
}
