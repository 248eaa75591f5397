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


def every_cgroup(instance: str) -> list[Path]:
    """The cgroups of an instance's workers in whatever hierarchy."""
    ours = f"launchpod/{instance[:8]}/*/*/"
    return [*CGROUPS.glob(f"*/{ours}"), *CGROUPS.glob(ours)]


def leftovers(instance: str) -> list[str]:
    """Every cgroup folder of an instance, in whatever hierarchy, and every folder of a worker."""
    folders = [*CGROUPS.glob(f"*/launchpod/{instance[:8]}"), *CGROUPS.glob(f"launchpod/{instance[:8]}")]
    return [str(path) for path in folders] + [str(path) for path in Path(f"/run/launchpod/{instance[:8]}").glob("*/")]


def processors(cgroup: Path) -> float:
    """How many processors a worker may use; its cgroup is the one that counts memory."""
    own = cgroup.relative_to(CGROUPS)
    version_1 = CGROUPS / "cpu" / own.relative_to("memory") if own.parts[0] == "memory" else None
    if version_1 is None:
        quota, period = (cgroup / "cpu.max").read_text().split()
    else:
        quota, period = ((version_1 / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
    return int(quota) / int(period)


def processes(cgroup: Path) -> list[int]:
    """The processes of a worker, as the host numbers them."""
    try:
        return [int(line) for line in (cgroup / "cgroup.procs").read_text().split()]
    except FileNotFoundError:
        return []


def supervisor_and_script(cgroup: Path) -> tuple[int, int]:
    """A worker's first process, and that of its script."""
    (supervisor,) = (pid for pid in processes(cgroup) if Path(f"/proc/{pid}/comm").read_text().strip() == "supervisor")
    (script,) = children(supervisor)
    return supervisor, script


def kill(cgroup: Path):
    """Kills every process of a worker."""
    for process in processes(cgroup):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass


def status(process: int) -> dict[str, str]:
    """What the kernel says of a process (proc_pid_status(5))."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def children(parent: int) -> list[int]:
    """The children of all threads of a process."""
    lists = [path.read_text() for path in Path(f"/proc/{parent}/task").glob("*/children")]
    return [int(pid) for pid in " ".join(lists).split()]


def makers(server: int) -> dict[str, int]:
    """The processes from a server down to the template, by what they are."""
    (outer,) = children(server)
    (spawner,) = children(outer)
    (template,) = children(spawner)
    return {"outer": outer, "spawner": spawner, "template": template}
