import os
import subprocess
from collections.abc import Sequence

import pytest

from harness.docker import instances
from harness.server import BINARY


@pytest.fixture
def launchpod(tmp_path):
    """Runs the program in an empty folder, `within` another that executes it, and checks that no new
    container is left."""
    before = instances()
    environment = {name: value for name, value in os.environ.items() if name != "MSSQL_SA_PASSWORD"}

    def run(*arguments, code: int = 0, within: Sequence[str] = (), **more: str) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [*within, BINARY, *arguments],
            cwd=tmp_path, env={**environment, **more}, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done

    yield run
    assert instances() <= before
