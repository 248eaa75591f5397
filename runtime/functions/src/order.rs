//! How values of one type are ordered, where SQLite doesn't compare them itself.

use std::cmp::Ordering;

use launchpod_types::Value;

use super::{collation, variant};

/// Compares two values of one type, which is Unicode text or isn't; NULL comes first.
pub fn compare(left: &Value, right: &Value, unicode: bool) -> Ordering {
    match (left, right) {
        (Value::Int(l), Value::Int(r)) => l.cmp(r),
        (Value::Bit(l), Value::Bit(r)) => l.cmp(r),
        (Value::Real(l), Value::Real(r)) => l.total_cmp(r),
        (Value::Float(l), Value::Float(r)) => l.total_cmp(r),
        // Of one scale, since they are of one type.
        (Value::Decimal(l), Value::Decimal(r)) => l.unscaled.cmp(&r.unscaled),
        (Value::Text(l), Value::Text(r)) => collation::compare(l, r, unicode),
        (Value::Binary(l), Value::Binary(r)) => l.cmp(r),
        (Value::Date(l), Value::Date(r)) => l.cmp(r),
        (Value::Time(l), Value::Time(r)) | (Value::DateTime(l), Value::DateTime(r)) => l.cmp(r),
        (Value::DateTimeOffset { utc: l, .. }, Value::DateTimeOffset { utc: r, .. }) => l.cmp(r),
        (Value::Guid(l), Value::Guid(r)) => guid_key(l).cmp(&guid_key(r)),
        (Value::Variant(l), Value::Variant(r)) => variant::key(l).cmp(&variant::key(r)),
        _ => right.is_null().cmp(&left.is_null()),
    }
}

/// The bytes by which GUIDs are ordered: their last group first.
pub fn guid_key(guid: &[u8; 16]) -> [u8; 16] {
    [10, 11, 12, 13, 14, 15, 8, 9, 7, 6, 5, 4, 3, 2, 1, 0].map(|at: usize| guid[at])
}
