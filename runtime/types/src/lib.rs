//! The words that every part of Launchpod shares.
//!
//! A leaf crate: T-SQL's [types](SqlType), [values](Value) and [columns](Column), the
//! [messages](Message) that a client sees, and the [identity](Identity) that asks. No I/O, no
//! Arrow, no wire format.

mod catalog_type;
mod column;
mod decimal;
mod external_pool;
mod identity;
mod message;
mod sql_type;
mod value;
mod variant;

pub mod calendar;
pub mod call_errors;
pub mod message_format;

pub use catalog_type::CatalogType;
pub use column::{Column, Parameter};
pub use decimal::{Decimal, MAX_PRECISION};
pub use external_pool::ExternalPool;
pub use identity::Identity;
pub use message::{Message, SqlError};
pub use sql_type::{Length, SqlType};
pub use value::Value;
pub use variant::Variant;
