//! What a worker's cgroup is limited to.

use cgroups_rs::fs::cpu::CpuController;
use cgroups_rs::fs::error::Result;
use cgroups_rs::fs::{Controller as _, MaxValue, Subsystem};

use crate::message::Spawn;

/// The period of the processor limit, in microseconds (the kernel's default).
const PERIOD: i64 = 100_000;

/// Sets what a controller limits. Not by `Controller::apply`, which ignores that a limit of memory
/// is refused.
pub(super) fn set(subsystem: &Subsystem, spawn: &Spawn) -> Result<()> {
    match subsystem {
        Subsystem::Mem(memory) => {
            let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
            let most = bytes(spawn.memory);
            memory.set_limit(most)?;
            // Version 2 counts it as memory; there this does nothing.
            memory.set_tcp_limit(bytes(spawn.tcp_memory))?;
            // No swap: version 1 limits memory and swap together, version 2 swap alone.
            memory.set_memswap_limit(if memory.v2() { 0 } else { most })
        }
        Subsystem::Pid(pids) => pids.set_pid_max(MaxValue::Value(spawn.processes.into())),
        Subsystem::Cpu(cpu) => {
            let shares = spawn.cpu_weight;
            cpu.set_shares(if cpu.v2() { weight(shares) } else { shares.into() })?;
            match spawn.millicpus {
                Some(millis) => set_processors(cpu, millis),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Gives a cgroup so many processors, in thousandths.
pub(super) fn set_processors(cpu: &CpuController, millis: u32) -> Result<()> {
    cpu.set_cfs_quota(i64::from(millis) * PERIOD / 1000)
}

/// Version 2's weight (1 to 10,000) for version 1's shares (2 to 262,144), as engines convert them.
fn weight(shares: u32) -> u64 {
    1 + u64::from(shares.clamp(2, 262_144) - 2) * 9_999 / 262_142
}
