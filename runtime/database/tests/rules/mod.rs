//! The rules of T-SQL's types, over the real session: each table names the page of the
//! Transact-SQL reference that it is written from.

mod arithmetic;
mod comparison;
mod conversion;
mod dates;
mod json;
mod variants;
