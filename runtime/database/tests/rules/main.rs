//! The rules of T-SQL's types, over the real session: each table names the page of the
//! Transact-SQL reference that it is written from.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod arithmetic;
mod comparison;
mod conversion;
mod dates;
#[path = "../support/mod.rs"]
mod support;

use support::{Server, check};

/// Cases of `(what is selected, the line that it gives)`, in one session.
async fn select(cases: &[(&str, &str)]) {
    let server = Server::new();
    let mut session = server.session().await;
    let texts: Vec<String> = cases.iter().map(|(sql, _)| format!("SELECT {sql}")).collect();
    let cases: Vec<(&str, &str)> =
        texts.iter().zip(cases).map(|(sql, (_, expected))| (sql.as_str(), *expected)).collect();
    check(&mut *session, &cases).await;
}
