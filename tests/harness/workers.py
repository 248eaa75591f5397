"""Questions to the kernel about workers of the fast backend, which no engine knows."""

import os
import signal
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def cgroups(instance: str) -> list[Path]:
    """The cgroups of an instance's workers, one for each worker."""
    # Version 1 has a hierarchy for each controller, version 2 one for all.
    roots = [root for root in (CGROUPS / "memory", CGROUPS) if (root / "launchpod").is_dir()]
    found = [path for root in roots[:1] for path in (root / "launchpod" / instance[:8]).glob("*/*/")]
    return sorted(found)


def leftovers(instance: str) -> list[str]:
    """Every cgroup folder of an instance, in whatever hierarchy, and every folder of a worker."""
    folders = [*CGROUPS.glob(f"*/launchpod/{instance[:8]}"), *CGROUPS.glob(f"launchpod/{instance[:8]}")]
    return [str(path) for path in folders] + [str(path) for path in Path(f"/run/launchpod/{instance[:8]}").glob("*/")]


def processes(cgroup: Path) -> list[int]:
    """The processes of a worker, as the host numbers them."""
    try:
        return [int(line) for line in (cgroup / "cgroup.procs").read_text().split()]
    except FileNotFoundError:
        return []


def kill(cgroup: Path):
    """Kills every process of a worker."""
    for process in processes(cgroup):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass


def uid(process: int) -> int:
    """The uid of a process on the host."""
    return Path(f"/proc/{process}").stat().st_uid
