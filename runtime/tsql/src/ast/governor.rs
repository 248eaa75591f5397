//! The Resource Governor: resource pools, workload groups, ALTER RESOURCE GOVERNOR.

use launchpod_types::Decimal;

use super::{Identifier, ObjectName};

/// A statement about the Resource Governor.
#[derive(Clone, Debug, PartialEq)]
pub enum Governor {
    /// `{ CREATE | ALTER } [EXTERNAL] RESOURCE POOL name [WITH (…)]`
    Pool(PoolDefinition),
    /// `DROP [EXTERNAL] RESOURCE POOL name`
    DropPool {
        /// `EXTERNAL`
        external: bool,
        /// The pool.
        name: Identifier,
    },
    /// `{ CREATE | ALTER } WORKLOAD GROUP name [WITH (…)] [USING …]`
    Group(GroupDefinition),
    /// `DROP WORKLOAD GROUP name`
    DropGroup(Identifier),
    /// `ALTER RESOURCE GOVERNOR RECONFIGURE`
    Reconfigure,
    /// `ALTER RESOURCE GOVERNOR DISABLE`
    Disable,
    /// `ALTER RESOURCE GOVERNOR RESET STATISTICS`
    ResetStatistics,
    /// `ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = { schema.function | NULL })`
    Classifier(Option<ObjectName>),
    /// `ALTER RESOURCE GOVERNOR WITH (MAX_OUTSTANDING_IO_PER_VOLUME = value)`
    MaxOutstandingIo(Setting),
}

/// What CREATE or ALTER says of a resource pool.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolDefinition {
    /// ALTER, not CREATE.
    pub alter: bool,
    /// Whether it is a pool of external processes.
    pub external: bool,
    /// Its name.
    pub name: Identifier,
    /// What stands in WITH (…), in order.
    pub settings: Vec<Setting>,
    /// `AFFINITY`
    pub affinity: Option<Affinity>,
}

/// `NAME = value`
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The name, in upper case.
    pub name: String,
    /// The value, with its sign.
    pub value: SettingValue,
}

/// The value of a [`Setting`].
#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    /// A number.
    Number(Decimal),
    /// A word, in upper case: `MEDIUM`.
    Word(String),
}

/// Which processors a pool is tied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Affinity {
    /// `AUTO`: none in particular.
    Auto,
    /// `CPU = (…)` of a pool of external processes, `SCHEDULER = (…)` of others.
    Processors(Vec<(i32, i32)>),
    /// `NUMANODE = (…)`
    Nodes(Vec<(i32, i32)>),
}

/// What CREATE or ALTER says of a workload group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupDefinition {
    /// ALTER, not CREATE.
    pub alter: bool,
    /// Its name.
    pub name: Identifier,
    /// What stands in WITH (…), in order.
    pub settings: Vec<Setting>,
    /// `USING pool`
    pub pool: Option<Identifier>,
    /// `USING … EXTERNAL pool`
    pub external_pool: Option<Identifier>,
}
