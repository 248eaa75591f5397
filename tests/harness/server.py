"""A `launchpod serve` of a test's own."""

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from . import workers
from .docker import containers, docker, remove_containers, wait_until
from .tds import Outcome, Session

REPOSITORY = Path(__file__).parents[2]
BINARY = Path(os.environ.get("LAUNCHPOD_BIN", REPOSITORY / "target/debug/launchpod"))
PASSWORD = "Launch-pod-2026"
READY = "launchpod: ready on "
# The values of the setting `sandbox` that tests run with.
DOCKER, FAST = "docker", "fast"
# For tests in which no worker matters, where the others run with both.
ONE_BACKEND = pytest.mark.parametrize("sandbox", [DOCKER], indirect=True, scope="session")
FAST_ALONE = pytest.mark.parametrize("sandbox", [FAST], indirect=True, scope="session")
DOCKER_ALONE = ONE_BACKEND


def both_backends(metafunc):
    """Runs a test with both backends, unless its marks say otherwise: a folder's `pytest_generate_tests`.

    A fixture of the folder's own, named `sandbox` too, would not do: pytest keeps the shared server
    that it made for another folder's `sandbox`.
    """
    said = any("sandbox" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "sandbox" in metafunc.fixturenames and not said:
        metafunc.parametrize("sandbox", [DOCKER, FAST], indirect=True, scope="session")


class Server:
    """A server process on a free port, with its data in a folder of its own."""

    host = "127.0.0.1"
    user = "sa"
    password = PASSWORD

    def __init__(self, folder: Path, *arguments: str, **environment: str | None):
        self.folder = folder
        self.data = folder / "data"
        self.arguments = arguments
        self.environment = environment
        # The port to listen on; 0 takes a free one.
        self.listen = 0
        self.port = 0
        self.process: subprocess.Popen | None = None

    def start(self) -> "Server":
        """Starts the process and waits for its ready line."""
        self.log = open(self.folder / "server.log", "ab")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--listen", f"{self.host}:{self.listen}", "--data-dir", self.data, *self.arguments],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        try:
            while not (line := lines.get(timeout=60)).startswith(READY):
                if not line:
                    raise AssertionError(f"launchpod serve ended\n{self.log_text()}")
        except queue.Empty:
            self.process.kill()
            raise AssertionError(f"launchpod serve isn't ready after a minute\n{self.log_text()}") from None
        self.port = int(line.strip().rpartition(":")[2])
        return self

    @property
    def was_started(self) -> bool:
        return self.process is not None

    def _environment(self) -> dict[str, str]:
        """The test's own environment with changes; None takes a variable away."""
        named = {
            **os.environ,
            "MSSQL_SA_PASSWORD": self.password,
            "LAUNCHPOD_LOG": "info",
            # A worker is a call's: tests count them. Those made ahead have tests of their own.
            "LAUNCHPOD_READY_WORKERS_MAX": "0",
            "LAUNCHPOD_SANDBOX": DOCKER,
            **self.environment,
        }
        return {name: value for name, value in named.items() if value is not None}

    def _read(self, lines: queue.Queue):
        for line in self.process.stdout:
            lines.put(line)
        lines.put("")

    def stop(self) -> int:
        """Ends the process as a service manager does, and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)

    def kill(self):
        """Ends the process as the kernel does when memory is short."""
        self.process.kill()
        self.process.wait(timeout=60)

    def clean_up(self):
        """Leaves nothing behind, whatever a test did."""
        if self.was_started and self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=60)
        if (self.data / "instance-id").exists():
            remove_containers(self.instance)

    def connect(self, **options) -> Session:
        """A new session as the administrator."""
        return Session(self, **options)

    def in_background(self, batch: str, **options) -> Future[Outcome]:
        """Runs a batch in a session of its own, on another thread."""

        def run() -> Outcome:
            with self.connect(**options) as session:
                return session.run(batch)

        return ThreadPoolExecutor(max_workers=1).submit(run)

    def enable_external_scripts(self) -> "Server":
        with self.connect() as session:
            session.run("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE").check()
        return self

    @property
    def instance(self) -> str:
        """What the label `launchpod.instance` says on this server's containers."""
        return (self.data / "instance-id").read_text().strip()

    @property
    def is_fast(self) -> bool:
        """Whether workers are the fast backend's, which are no containers."""
        return self.environment.get("LAUNCHPOD_SANDBOX") == FAST

    def containers(self, *, running: bool = False) -> list[str]:
        """The workers: containers by ID, or the fast backend's by cgroup; with `running`, of those
        only that have a script or soon will."""
        if not self.is_fast:
            return containers(self.instance, running=running)
        cgroups = workers.cgroups(self.instance)
        if running:
            leases = [line for line in self.log_text().splitlines() if "worker leased" in line]
            cgroups = [cgroup for cgroup in cgroups if any(cgroup.name in line for line in leases)]
        return [str(cgroup) for cgroup in cgroups]

    def kill_worker(self, worker: str):
        """Ends a worker from outside."""
        if self.is_fast:
            workers.kill(Path(worker))
        else:
            docker("rm", "--force", worker)

    def worker_name(self, worker: str) -> str:
        """What the log and the history call a worker."""
        if self.is_fast:
            return f"launchpod-{Path(worker).name}"
        return docker("inspect", "--format", "{{.Name}}", worker).strip().removeprefix("/")

    def worker_uid(self, worker: str) -> int:
        """The uid of a worker's script on the host."""
        if self.is_fast:
            _, script = workers.supervisor_and_script(Path(worker))
            return int(workers.status(script)["Uid"].split()[0])
        return int(docker("inspect", "--format", "{{.Config.User}}", worker).partition(":")[0])

    def supervisor(self, worker: str) -> int:
        """A worker's first process, as the host numbers it."""
        if self.is_fast:
            return workers.supervisor_and_script(Path(worker))[0]
        return int(docker("inspect", "--format", "{{.State.Pid}}", worker))

    def worker_processors(self, worker: str) -> float:
        """How many processors a worker may use; 0 for all of a container's host."""
        if self.is_fast:
            return workers.processors(Path(worker))
        return int(docker("inspect", "--format", "{{.HostConfig.NanoCpus}}", worker)) / 1e9

    def kill_workers(self):
        """Ends every worker from outside, those too that are ending already."""
        if not self.is_fast:
            remove_containers(self.instance)
            return
        for worker in self.containers():
            workers.kill(Path(worker))

    def wait_for_script(self) -> str:
        """Waits until a script has its worker, and returns the worker."""
        return wait_until(lambda: self.containers(running=True), "a running worker")[0]

    def wait_for_no_containers(self):
        wait_until(lambda: not self.containers(), "no worker left")

    def worker_folders(self) -> list[Path]:
        """The folders of workers' sockets."""
        return list(Path("/run/launchpod", self.instance[:8]).glob("*/"))

    def wait_for_nothing_left(self):
        """Waits until there is no worker, no cgroup and no folder of one."""
        self.wait_for_no_containers()
        wait_until(lambda: not self.worker_folders(), "no worker's folder left")
        wait_until(lambda: not workers.every_cgroup(self.instance), "no worker's cgroup left")

    def reset_memory_peak(self):
        """Makes `memory_peak` count from now (proc_pid_clear_refs(5))."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def memory_peak(self) -> int:
        """The most memory that the process has held at once, in bytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmHWM in /proc: is the server gone?")

    def descriptors(self) -> Counter[str]:
        """How many the process has open of each kind, but those of its own data: SQLite keeps them a while."""
        names = []
        for path in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                names.append(os.readlink(path).partition(":[")[0])
        return Counter(name for name in names if not name.startswith(str(self.data)))

    def wait_for_no_more_descriptors(self, before: Counter[str]):
        """Waits until it has no more than it had; a few connections to the engine may have been added."""
        kept = before + Counter({"socket": 8})
        wait_until(lambda: self.descriptors() <= kept, f"no more descriptors than {kept}")

    def log_text(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")


def shared(folder: Path, kind: type[Server] = Server, **environment: str):
    """A server for every test that doesn't harm it, with external scripts on: for a fixture."""
    server = kind(folder, **environment)
    try:
        server.start().enable_external_scripts()
        yield server
        assert server.stop() == 0, server.log_text()
        assert server.containers() == []
    finally:
        server.clean_up()
