//! What external scripts share.

/// An external resource pool: the limits that all requests in it share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternalPool {
    /// Its number, as `sys.resource_governor_external_resource_pools` shows it.
    pub id: i32,
    /// Its name.
    pub name: String,
    /// How much of the host's processors its scripts may use together, in percent (1 to 100).
    pub max_cpu_percent: u32,
    /// How much of the host's memory, in percent (1 to 100).
    pub max_memory_percent: u32,
    /// How many processes they may have together; 0 for no limit.
    pub max_processes: u32,
}

// === impl ExternalPool ===

impl ExternalPool {
    /// The number of the pool that every server has.
    pub const DEFAULT_ID: i32 = 2;
    /// And its name.
    pub const DEFAULT_NAME: &'static str = "default";
}

impl Default for ExternalPool {
    /// The pool that every server has, which limits nothing until it is altered. (SQL Server's has
    /// 20 percent of memory; here a worker has limits of its own.)
    fn default() -> Self {
        ExternalPool {
            id: Self::DEFAULT_ID,
            name: Self::DEFAULT_NAME.to_owned(),
            max_cpu_percent: 100,
            max_memory_percent: 100,
            max_processes: 0,
        }
    }
}
