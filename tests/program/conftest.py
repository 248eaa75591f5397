import os
import subprocess
from collections.abc import Sequence

import pytest

from harness.docker import containers_of
from harness.server import BINARY


@pytest.fixture
def launchpod(tmp_path, tmp_path_factory):
    """Runs the program in an empty folder, `within` another that executes it, and checks that none of
    its containers is left."""
    run_dir = tmp_path_factory.mktemp("run")
    environment = {name: value for name, value in os.environ.items() if name != "MSSQL_SA_PASSWORD"}
    environment["LAUNCHPOD_RUN_DIR"] = str(run_dir)

    def run(*arguments, code: int = 0, within: Sequence[str] = (), **more: str) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [*within, BINARY, *arguments],
            cwd=tmp_path, env={**environment, **more}, capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done

    yield run
    assert containers_of(run_dir) == []
