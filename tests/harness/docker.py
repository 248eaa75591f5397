"""Questions to Docker about Launchpod's containers, and nobody else's."""

import os
import subprocess
import time
from pathlib import Path

LABEL = "launchpod.instance"
# What workers are made from.
IMAGE = os.environ.get("LAUNCHPOD_TEST_IMAGE", "launchpod/python")


def docker(*arguments: str) -> str:
    """Runs `docker` and returns what it prints."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def containers(instance: str, *, running: bool = False) -> list[str]:
    """The IDs of an instance's containers; with `running`, of those only that have started."""
    states = ["--filter", "status=running"] if running else ["--all"]
    return docker("ps", "--quiet", "--no-trunc", *states, "--filter", f"label={LABEL}={instance}").split()


def gateway() -> str:
    """The address of the host as its containers would see it."""
    routes = subprocess.run(
        ["docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"],
        capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    return routes or "172.17.0.1"


def containers_of(run_dir: Path) -> list[str]:
    """The IDs of the containers that a program with this run folder has made: its workers' sockets are in it."""
    lines = docker("ps", "--all", "--no-trunc", "--filter", f"label={LABEL}", "--format", "{{.ID}} {{.Mounts}}").splitlines()
    return [line.split()[0] for line in lines if f"{run_dir}/" in line]


def remove_containers(instance: str) -> list[str]:
    """Removes what an instance left, and returns the IDs."""
    left = containers(instance)
    if left:
        subprocess.run(["docker", "rm", "--force", *left], capture_output=True, timeout=120)
    return left


def wait_until(condition, what: str, seconds: float = 60):
    """Waits until `condition()` is true and returns its value; generous, and no measurement."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"after {seconds:.0f} s still not: {what}")
