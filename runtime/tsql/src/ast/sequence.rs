//! Sequences.

use launchpod_types::Decimal;

use super::{ObjectName, TypeName};

/// `CREATE SEQUENCE name …`, `ALTER SEQUENCE name …`
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceDefinition {
    /// The sequence.
    pub name: ObjectName,
    /// Whether one that is there is changed.
    pub alter: bool,
    /// `AS type`; only of CREATE.
    pub type_name: Option<TypeName>,
    /// `START WITH`; only of CREATE.
    pub start: Option<Decimal>,
    /// `RESTART`, `RESTART WITH`; only of ALTER.
    pub restart: Option<SequenceRestart>,
    /// `INCREMENT BY`
    pub increment: Option<Decimal>,
    /// `MINVALUE`, `NO MINVALUE`
    pub minimum: Option<SequenceLimit>,
    /// `MAXVALUE`, `NO MAXVALUE`
    pub maximum: Option<SequenceLimit>,
    /// `CYCLE`, `NO CYCLE`
    pub cycle: Option<bool>,
    /// `CACHE`, `NO CACHE`
    pub cache: Option<SequenceCache>,
}

/// Where a sequence begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceRestart {
    /// `RESTART`: where it began.
    Start,
    /// `RESTART WITH value`
    With(Decimal),
}

/// How far a sequence counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceLimit {
    /// `NO MINVALUE`, `NO MAXVALUE`: as far as its type goes.
    OfType,
    /// `MINVALUE value`, `MAXVALUE value`
    Value(Decimal),
}

/// How many values a sequence takes ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceCache {
    /// `NO CACHE`
    None,
    /// `CACHE`: as many as the server likes.
    Default,
    /// `CACHE size`
    Size(Decimal),
}
