//! The rules of T-SQL's types, over the real session: each table names the page of the
//! Transact-SQL reference that it is written from.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod arithmetic;
mod comparison;
mod conversion;
mod dates;
mod json;
#[path = "../support/mod.rs"]
mod support;
mod variants;

use support::select;
