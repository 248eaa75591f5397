//! Text that is made to hurt: deep, long, cut off or scrambled.

// A test may panic, its helpers too.
#![allow(clippy::unwrap_used)]

use launchpod_tsql::ast::{Expr, ExprKind, QueryBody, SelectItem, StatementKind};
use launchpod_tsql::{
    MAX_EXPRESSION_HEIGHT, MAX_NESTING, MAX_TOKENS, parse, parse_column_list, parse_input_query,
    parse_order_list, parse_parameters, split_batches,
};

/// The stack of a thread that parses: half of what tokio's and libtest's threads have.
const STACK: usize = 1024 * 1024;

/// Everything public that reads text.
fn read_everything(text: &str) {
    let _ = parse(text);
    let _ = parse_input_query(text);
    let _ = parse_parameters(text);
    let _ = parse_column_list(text);
    let _ = parse_order_list(text);
    for batch in split_batches(text) {
        let _ = parse(batch.text);
    }
}

/// The number of the error that a text ends in; 0 for none. The tree is also cloned, compared
/// and dropped, all on a small stack.
fn number(text: String) -> i32 {
    let read = move || match parse(&text) {
        Ok(batch) => {
            assert!(batch.clone() == batch);
            0
        }
        Err(error) => error.number(),
    };
    std::thread::Builder::new().stack_size(STACK).spawn(read).unwrap().join().unwrap()
}

/// Texts of the corpus.
fn corpus() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn depth_is_refused_before_the_stack_ends() {
    let deep = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(100_000), close.repeat(100_000))
    };
    for text in [
        format!("SELECT {}", deep("(", "1", ")")),
        format!("SELECT {}", "(".repeat(100_000)),
        format!("SELECT {}", deep("- ", "1", "")),
        format!("SELECT {}", deep("~", "1", "")),
        format!("SELECT 1 WHERE {}", deep("NOT ", "1 = 1", "")),
        format!("SELECT 1 WHERE {}", deep("(", "1 = 1", ")")),
        format!("SELECT 1 WHERE {}", deep("(1 = 1 AND ", "1 = 1", ")")),
        format!("SELECT {}", deep("CASE WHEN 1 = 1 THEN ", "1", " END")),
        format!("SELECT {}", deep("ABS(", "1", ")")),
        format!("SELECT {}", deep("CAST(", "1", " AS int)")),
        format!("SELECT {}", deep("{fn ABS(", "1", ")}")),
        format!("SELECT {}", deep("(SELECT ", "1", ")")),
        format!("SELECT * FROM {}", deep("(SELECT * FROM ", "t", ") AS t")),
        format!("SELECT * FROM {}", deep("(", "t", ")")),
        format!("SELECT * FROM {}", deep("a JOIN ", "b", " ON 1 = 1")),
        format!("SELECT 1 GROUP BY {}", deep("ROLLUP(", "a", ")")),
        format!("SELECT 1 GROUP BY {}", deep("(", "a", ")")),
        format!("SELECT 1 WHERE EXISTS {}", deep("(SELECT 1 WHERE EXISTS ", "(SELECT 1)", ")")),
        format!("SELECT 1 WHERE 1 IN {}", deep("(SELECT 1 WHERE 1 IN ", "(1)", ")")),
        deep("(", "SELECT 1", ")"),
        deep("BEGIN ", "SELECT 1", " END"),
        deep("BEGIN TRY ", "SELECT 1", " END TRY BEGIN CATCH END CATCH"),
        deep("IF 1 = 1 ", "SELECT 1", ""),
        deep("IF 1 = 1 SELECT 1 ELSE ", "SELECT 1", ""),
        deep("WHILE 1 = 1 ", "SELECT 1", ""),
        format!("CREATE TABLE t (a int CHECK {})", deep("(", "1 = 1", ")")),
    ] {
        let start: String = text.chars().take(60).collect();
        assert_eq!(number(text), 191, "{start}");
    }
}

#[test]
fn what_is_as_deep_as_allowed_fits_a_small_stack() {
    // One level is the statement's own, one is NOT's.
    let depth = MAX_NESTING - 2;
    let deep = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    for text in [
        format!("SELECT {}", deep("(", "1", ")")),
        format!("SELECT 1 WHERE {}", deep("(1 = 1 AND NOT 1 = 1 OR ", "1 = 1", ")")),
        format!("SELECT {}", deep("CASE WHEN 1 = 1 THEN ", "1", " END")),
        format!("SELECT {}{}", "1 + 2 * (SELECT ".repeat(31), "1".to_owned() + &")".repeat(31)),
        format!("SELECT * FROM {}t{}", "(SELECT * FROM ".repeat(31), ") AS t".repeat(31)),
        deep("BEGIN ", "SELECT 1", " END"),
        deep("IF 1 = 1 ", "SELECT 1", ""),
    ] {
        let start: String = text.chars().take(60).collect();
        assert_eq!(number(text), 0, "{start}");
    }
}

#[test]
fn chains_of_operators_are_bounded_but_lists_are_not() {
    let chain = |n: usize| format!("SELECT 1{}", " + 1".repeat(n));
    assert_eq!(number(chain(MAX_EXPRESSION_HEIGHT)), 0);
    assert_eq!(number(chain(MAX_EXPRESSION_HEIGHT + 1)), 191);
    assert_eq!(number(chain(100_000)), 191);
    let repeat = |what: &str| what.repeat(50_000);
    for text in [
        format!("SELECT 1{}", repeat(", 1")),
        format!("SELECT 1 WHERE a = 1{}", repeat(" OR a = 1")),
        format!("SELECT 1 WHERE a = 1{}", repeat(" AND a = 1 + 1")),
        format!("SELECT 1 WHERE a = 1{}", repeat(" OR a = 1 AND b = 2")),
        format!("SELECT 1 WHERE a IN (1{})", repeat(", 1 + 1")),
        format!("INSERT t VALUES (1){}", repeat(", (-1)")),
        format!("SELECT 1{}", repeat(" UNION ALL SELECT 1")),
        format!("SELECT CASE {} END", repeat("WHEN a = 1 THEN 2 ")),
        format!("EXEC p 1{}", repeat(", 1")),
        repeat("SELECT 1 "),
        repeat(";"),
    ] {
        let start: String = text.chars().take(60).collect();
        assert_eq!(number(text), 0, "{start}");
    }
    for text in [
        format!("SELECT 1{}", repeat(" UNION SELECT 1 UNION ALL SELECT 1")),
        format!("SELECT a{}", repeat(" COLLATE b")),
        format!("SELECT a{}", repeat(" AT TIME ZONE b")),
        format!("SELECT * FROM a{}", repeat(" CROSS JOIN b")),
        format!("EXEC ('a'{})", repeat(" + 'a'")),
    ] {
        let start: String = text.chars().take(60).collect();
        assert_eq!(number(text), 191, "{start}");
    }
}

/// How high the tree of an expression is.
fn height(expr: &Expr) -> usize {
    1 + match &expr.kind {
        ExprKind::Binary { left, right, .. } => height(left).max(height(right)),
        ExprKind::Unary { operand, .. } => height(operand),
        ExprKind::Subquery(query) => match &query.body {
            QueryBody::Select(select) => match &select.items[0] {
                SelectItem::Value { value, .. } => height(value),
                _ => 0,
            },
            _ => 0,
        },
        _ => 0,
    }
}

#[test]
fn the_height_holds_across_parentheses_and_subqueries() {
    // Each level's chain is short; all levels together are not.
    let chain = " + 1".repeat(50);
    let subqueries = |levels: usize| {
        format!("SELECT {}1{}", "(SELECT ".repeat(levels), format!("){chain}").repeat(levels))
    };
    assert_eq!(number(subqueries(7)), 0);
    assert_eq!(number(subqueries(9)), 191);
    // A chain to the right of a parenthesis grows on top of what is in it.
    let left = |levels: usize| {
        format!("SELECT {}1{}", "(".repeat(levels), format!("{chain})").repeat(levels))
    };
    assert_eq!(number(left(60)), 191);
    let batch = parse(&left(7)).unwrap();
    let StatementKind::Select(query) = &batch.statements[0].kind else { panic!("no query") };
    let QueryBody::Select(select) = &query.body else { panic!("no select") };
    let SelectItem::Value { value, .. } = &select.items[0] else { panic!("no value") };
    assert_eq!(height(value), 7 * 50 + 1);
}

#[test]
fn too_many_tokens_are_refused() {
    assert_eq!(number(";".repeat(MAX_TOKENS)), 8632);
    assert_eq!(split_batches(&";".repeat(MAX_TOKENS)).len(), 1);
}

#[test]
fn time_grows_with_the_length_only() {
    // Quadratic work on these would take minutes.
    for text in [
        "/*".repeat(500_000),
        "'".repeat(1_000_001),
        "[".repeat(1_000_000),
        "\n".repeat(1_000_000),
        "GO ".repeat(300_000),
        "GO\n".repeat(300_000),
        format!("SELECT {}", "a.".repeat(200_000)),
        format!("{}(", "SELECT ((".repeat(100)),
        format!("GRANT {}", "SELECT ".repeat(300_000)),
        "CREATE LOGIN a ".repeat(100_000),
        "MERGE ".repeat(300_000),
        format!("SELECT * FROM t {}", "PIVOT ".repeat(300_000)),
        "INSERT t ((((((".repeat(10_000),
        format!("INSERT t {}", "(".repeat(300_000)),
        format!("SELECT 1 GROUP BY {}", "((((a, b".repeat(10_000)),
        "0x".to_owned() + &"f".repeat(1_000_000),
        "1".repeat(1_000_000),
    ] {
        read_everything(&text);
    }
}

#[test]
fn every_beginning_of_every_text_is_read_without_a_panic() {
    for text in corpus() {
        for batch in split_batches(&text) {
            for (end, _) in batch.text.char_indices() {
                let _ = parse(&batch.text[..end]);
            }
        }
    }
}

/// A small generator (splitmix64), so that a failure repeats.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    }
}

#[test]
fn scrambled_texts_are_read_without_a_panic() {
    let pieces: Vec<String> = corpus()
        .iter()
        .flat_map(|text| text.split_inclusive([' ', '\n', '(', ')', ',']).map(str::to_owned))
        .collect();
    let odd =
        ["'", "[", "\"", "/*", "*/", "--", "\u{0}", "é", "\u{feff}", "@", "$", "0x", ".", "\\"];
    let mut random = Random(20_221_116);
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..random.next(40) {
            if random.next(12) == 0 {
                text.push_str(odd[random.next(odd.len())]);
            } else {
                text.push_str(&pieces[random.next(pieces.len())]);
            }
        }
        read_everything(&text);
    }
}
