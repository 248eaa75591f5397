//! Data types and values, [MS-TDS] 2.2.5.4 to 2.2.5.6.

mod codepage;
pub mod collation;
pub mod datetime;
pub mod decimal;
pub(crate) mod encode;
pub mod info;
pub mod value;
pub mod variant;

pub use self::{
    collation::Collation,
    datetime::{Date, DateTime, DateTime2, DateTimeOffset, SmallDateTime, Time},
    decimal::Decimal,
    encode::EncodeError,
    info::{FixedType, Length, TypeInfo},
    value::Value,
    variant::Variant,
};
