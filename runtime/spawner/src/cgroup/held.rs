//! A cgroup as a hierarchy of its own, whose folders are reached by descriptors: the spawner leaves
//! the host's file system, where a path would lead to them.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cgroups_rs::fs::cpu::CpuController;
use cgroups_rs::fs::cpuacct::CpuAcctController;
use cgroups_rs::fs::memory::MemController;
use cgroups_rs::fs::pid::PidController;
use cgroups_rs::fs::{Cgroup, Hierarchy, Subsystem};

use super::{CgroupError, failed};

/// A cgroup's folders, open, in every hierarchy that it is in.
#[derive(Clone, Debug)]
pub(super) struct Held {
    subsystems: Vec<Subsystem>,
    version_2: bool,
    /// What the paths lead to.
    _folders: Arc<[File]>,
}

// === impl Held ===

impl Held {
    /// Opens a cgroup that is there.
    pub(super) fn open(cgroup: &Cgroup) -> Result<Self, CgroupError> {
        let (mut subsystems, mut folders) = (Vec::new(), Vec::new());
        for subsystem in cgroup.subsystems() {
            let path = subsystem.to_controller().path();
            let folder = File::open(path).map_err(failed(path))?;
            let by_descriptor = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
            subsystems.extend(moved(subsystem, by_descriptor));
            folders.push(folder);
        }
        Ok(Held { subsystems, version_2: cgroup.v2(), _folders: folders.into() })
    }
}

impl Hierarchy for Held {
    fn subsystems(&self) -> Vec<Subsystem> {
        self.subsystems.clone()
    }

    fn root(&self) -> PathBuf {
        let first = self.subsystems.first();
        first.map(|first| first.to_controller().path().to_owned()).unwrap_or_default()
    }

    fn root_control_group(&self) -> Cgroup {
        Cgroup::load(Box::new(self.clone()), "")
    }

    fn parent_control_group(&self, path: &str) -> Cgroup {
        let above = Path::new(path).parent().unwrap_or(Path::new(""));
        Cgroup::load(Box::new(self.clone()), above)
    }

    fn v2(&self) -> bool {
        self.version_2
    }
}

/// The same controller at another path; none for one that is never asked for.
fn moved(subsystem: &Subsystem, path: PathBuf) -> Option<Subsystem> {
    let controller = subsystem.to_controller();
    let (base, version_2) = (controller.base().to_owned(), controller.v2());
    match subsystem {
        Subsystem::Mem(_) => Some(Subsystem::Mem(MemController::new(path, base, version_2))),
        Subsystem::Pid(_) => Some(Subsystem::Pid(PidController::new(path, base, version_2))),
        Subsystem::Cpu(_) => Some(Subsystem::Cpu(CpuController::new(path, base, version_2))),
        Subsystem::CpuAcct(_) => Some(Subsystem::CpuAcct(CpuAcctController::new(path, base))),
        _ => None,
    }
}
