//! Sessions on SQLite: threads, transactions, definitions, logins.

pub(crate) mod alter;
pub(crate) mod batch;
pub(crate) mod called;
pub(crate) mod catalog;
mod command;
pub(crate) mod conflict;
pub(crate) mod connection;
pub(crate) mod constrain;
pub(crate) mod constraints;
pub(crate) mod context;
pub(crate) mod define;
mod describe;
pub(crate) mod environment;
pub(crate) mod failure;
pub(crate) mod indexes;
pub(crate) mod insert;
pub(crate) mod login;
mod module_parameters;
pub(crate) mod modules;
pub(crate) mod parameters;
pub(crate) mod reset;
pub(crate) mod schemas;
mod staged;
pub(crate) mod statement;
pub(crate) mod storage;
pub(crate) mod thread;
pub(crate) mod transaction;
