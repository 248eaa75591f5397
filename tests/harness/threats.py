"""Which test proves which threat, as a table at the end of a run.

A test says what it proves with `@pytest.mark.threat(N)`; the numbers are those of `THREATS`. It runs
what is hostile by the fixture `attack`, which looks at the history's row, at other callers and at
what is left, and notes how the script has ended: the table shows that. A test that can't run on a
host is skipped with its reason, and the run fails when that is none of `KNOWN_SKIPS`, when a test has
noted nothing, or when the folders that hold these tests are run as a whole and a threat has none
with one of the backends.
"""

from pathlib import Path

import pytest

from .server import DOCKER, FAST

THREATS = {
    1: "fork bomb",
    2: "memory bomb",
    3: "memory through tmpfs and shared memory",
    4: "CPU spin past the time limit",
    5: "disk fill in every writable path",
    6: "inode exhaustion",
    7: "descriptor exhaustion",
    8: "endless stdout and stderr, one endless line",
    9: "huge exception, deep recursion, __str__ that raises or hangs",
    10: "thread bomb",
    11: "writes to /proc and /sys",
    12: "mount, umount, pivot_root, chroot",
    13: "new user namespaces, setns",
    14: "ptrace and process_vm_* of PID 1",
    15: "bpf, perf, userfaultfd, io_uring",
    16: "AF_ALG, AF_VSOCK, AF_PACKET, AF_NETLINK, raw sockets",
    17: "kernel keyrings",
    18: "setuid files, file capabilities, no_new_privs",
    19: "mknod, /dev, TIOCSTI",
    20: "clocks, scheduling, rlimits",
    21: "signals, orphans, zombies, what ignores SIGTERM",
    22: "/proc/self/exe, leaked descriptors, the working directory",
    23: "network: metadata, gateway, DNS, host's ports and sockets",
    24: "another worker's files, environment, memory, processes",
    25: "what a call leaves for the next",
    26: "random state of two workers",
    27: "malformed Arrow",
    28: "results that don't fit what was declared",
    29: "pickle and other bytes that are no Arrow",
    30: "answers out of turn, twice, half, under another token",
    31: "links, FIFOs, devices and sparse files in scratch",
    32: "forged log lines, terminal escapes, NULs",
    33: "a harness that the script has changed",
    34: "SQL in column names and error texts",
}

# The property of a test that holds what `attack` noted.
NOTED = "script ended as"

# Where the tests stand that prove a threat.
FOLDERS = {"isolation", "faults"}

# Why a threat's test may be skipped; any other reason fails the run.
KNOWN_SKIPS = {"system calls are numbered for x86-64"}


def numbers(item: pytest.Item) -> list[int]:
    """The threats that a test proves something of."""
    return [number for mark in item.iter_markers("threat") for number in mark.args]


def backend(item: pytest.Item) -> str:
    """What makes the workers of a test."""
    return item.callspec.params.get("sandbox", FAST) if hasattr(item, "callspec") else FAST


class Table:
    """Collects outcomes by threat, and with each how scripts have ended."""

    def __init__(self):
        self.outcomes: dict[int, list[str]] = {}
        self.endings: dict[int, set[str]] = {}
        self.unexpected_skips: list[str] = []
        self.unseen: list[str] = []
        self.unproved: list[tuple[str, int]] = []

    def pytest_collection_finish(self, session):
        start = session.config.invocation_params.dir
        whole = FOLDERS <= {Path(item.path).parent.name for item in session.items}
        # Chosen files or tests prove what they prove.
        whole = whole and all((start / argument).is_dir() for argument in session.config.args)
        if whole and not session.config.getoption("keyword"):
            proved = {(backend(item), number) for item in session.items for number in numbers(item)}
            wanted = {(one, number) for one in (DOCKER, FAST) for number in THREATS}
            self.unproved = sorted(wanted - proved)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = (yield).get_result()
        threats = numbers(item)
        if not threats or (report.when != "call" and report.outcome == "passed"):
            return
        outcome = report.outcome
        if outcome == "skipped":
            reason = report.longrepr[2].removeprefix("Skipped: ")
            outcome = f"skipped: {reason}"
            if reason not in KNOWN_SKIPS:
                self.unexpected_skips.append(f"{item.nodeid}: {reason}")
        noted = {value for name, value in report.user_properties if name == NOTED}
        if outcome == "passed" and not noted:
            self.unseen.append(item.nodeid)
        for number in threats:
            self.outcomes.setdefault(number, []).append(f"{backend(item)} {outcome}")
            self.endings.setdefault(number, set()).update(noted)

    def pytest_terminal_summary(self, terminalreporter):
        if not self.outcomes and not self.unproved:
            return
        terminalreporter.section("threats")
        terminalreporter.write_line("Each beside another client's call that went well, with nothing left, and ended as the history says:")
        for number, name in THREATS.items():
            terminalreporter.write_line(f"{number:>2}  {name:<62}  {self._summary(number)}")
            if endings := sorted(self.endings.get(number, [])):
                terminalreporter.write_line(f"    {', '.join(endings)}")
        for skipped in self.unexpected_skips:
            terminalreporter.write_line(f"skipped without being known: {skipped}", red=True)
        for one in self.unseen:
            terminalreporter.write_line(f"how its scripts ended was not looked at: {one}", red=True)
        for one, number in self.unproved:
            terminalreporter.write_line(f"no test with {one}: {number} {THREATS[number]}", red=True)

    def _summary(self, number: int) -> str:
        outcomes = self.outcomes.get(number, [])
        if not outcomes:
            return "not run"
        counted = {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}
        return ", ".join(f"{outcome} ({count})" for outcome, count in counted.items())

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        if self.unexpected_skips or self.unseen or self.unproved:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
