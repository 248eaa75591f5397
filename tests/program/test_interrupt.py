"""Programs that are ended early leave nothing behind."""

import os
import signal
import subprocess

import pytest

from harness.docker import containers_of, wait_until
from harness.server import BINARY, DOCKER


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("command", ["quickstart", "run"])
def test_an_end_by_signal(tmp_path, command, name):
    script, temporary, run_dir = tmp_path / "script.py", tmp_path / "temporary", tmp_path / "run"
    script.write_text("import time\ntime.sleep(60)\n")
    temporary.mkdir()
    arguments = ["run", script, "--query", "SELECT 1 AS a"] if command == "run" else ["quickstart"]
    process = subprocess.Popen(
        [BINARY, *arguments, "--run-dir", run_dir],
        # A worker that is a container can be seen to begin.
        env={**os.environ, "TMPDIR": str(temporary), "LAUNCHPOD_SANDBOX": DOCKER}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(lambda: containers_of(run_dir), "a container")
    process.send_signal(signal.Signals[name])
    _, said = process.communicate(timeout=30)
    assert (process.returncode, "interrupted" in said) == (1, True), said
    assert list(temporary.iterdir()) == []
    assert list(run_dir.iterdir()) == []
    wait_until(lambda: not containers_of(run_dir), "no container left")
