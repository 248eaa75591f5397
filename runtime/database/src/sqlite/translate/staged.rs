//! A change in steps in SQLite's SQL.

use launchpod_types::SqlError;

use super::{Sql, inline, quoted};
use crate::sqlite::bind::staged::{ROW, STAGE, STEP, Staged, Step};

/// Makes the stage, whose columns keep cells as they are.
pub(crate) fn create(staged: &Staged) -> String {
    let names: Vec<String> = staged.names.iter().map(|name| quoted(name)).collect();
    format!("CREATE TEMP TABLE {} ({})", quoted(STAGE), names.join(", "))
}

/// Takes the stage away.
pub(crate) fn drop() -> String {
    format!("DROP TABLE temp.{}", quoted(STAGE))
}

/// Writes the rows down.
pub(crate) fn fill(staged: &Staged) -> Result<Sql, SqlError> {
    let mut sql = Sql::default();
    sql.common_tables(&staged.rows)?;
    sql.push("INSERT INTO temp.");
    sql.name(STAGE);
    sql.push(" ");
    sql.rows(&staged.rows)?;
    sql.finish()
}

/// Finds a row of the table that comes twice.
pub(crate) fn find_twice() -> String {
    format!(
        "SELECT 1 FROM temp.{} WHERE \"{ROW}\" IS NOT NULL GROUP BY \"{ROW}\" \
         HAVING count(*) > 1 LIMIT 1",
        quoted(STAGE)
    )
}

/// Keeps one of the rows that come twice.
pub(crate) fn keep_once() -> String {
    let stage = quoted(STAGE);
    format!(
        "DELETE FROM temp.{stage} WHERE \"{ROW}\" IS NOT NULL AND rowid NOT IN \
         (SELECT min(rowid) FROM temp.{stage} GROUP BY \"{ROW}\")"
    )
}

/// Gives the rows to insert their numbers, so that OUTPUT finds them.
pub(crate) fn number(staged: &Staged) -> String {
    let (stage, table) = (quoted(STAGE), quoted(&staged.table.storage));
    format!(
        "UPDATE temp.{stage} SET \"{ROW}\" = rowid + \
         (SELECT coalesce(max({rowid}), 0) FROM {schema}.{table}) WHERE \"{ROW}\" IS NULL",
        rowid = staged.rowid,
        schema = staged.table.attached,
    )
}

/// Takes a step.
pub(crate) fn step(staged: &Staged, number: usize, step: &Step) -> Result<Sql, SqlError> {
    let mut sql = Sql::default();
    for check in &staged.checks {
        // Only for the functions in them.
        sql.functions.extend(inline(check)?.functions);
    }
    let (stage, rowid) = (quoted(STAGE), staged.rowid);
    let table = format!("{}.{}", staged.table.attached, quoted(&staged.table.storage));
    let own = format!("u.\"{STEP}\" = {number}");
    let text = match step {
        Step::Delete => format!(
            "DELETE FROM {table} WHERE {rowid} IN \
             (SELECT u.\"{ROW}\" FROM temp.{stage} AS u WHERE {own})"
        ),
        Step::Update(columns) => {
            let set: Vec<String> = columns
                .iter()
                .map(|(name, value)| format!("{} = u.{}", quoted(name), quoted(value)))
                .collect();
            format!(
                "UPDATE {table} AS t SET {} FROM temp.{stage} AS u \
                 WHERE t.{rowid} = u.\"{ROW}\" AND {own}",
                set.join(", ")
            )
        }
        Step::Insert(columns) => {
            let names: String =
                columns.iter().map(|(name, _)| format!(", {}", quoted(name))).collect();
            let values: String =
                columns.iter().map(|(_, value)| format!(", u.{}", quoted(value))).collect();
            format!(
                "INSERT INTO {table} ({rowid}{names}) SELECT u.\"{ROW}\"{values} \
                 FROM temp.{stage} AS u WHERE {own} ORDER BY u.rowid"
            )
        }
    };
    sql.push(&text);
    sql.finish()
}
