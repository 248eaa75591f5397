"""A Docker engine beside the host's own, configured otherwise, with the workers' image in it."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from .docker import IMAGE, wait_until


class SecondEngine:
    """An engine with all of its files in a folder; `configuration` is what daemon.json says.

    It has a network namespace of its own, with nothing in it.
    """

    def __init__(self, configuration: dict):
        # pytest's own folders are closed to others, and so to users that an engine maps its root to.
        self.folder = Path(tempfile.mkdtemp(prefix="launchpod-engine-"))
        self.folder.chmod(0o711)
        self.host = f"unix://{self.folder}/docker.sock"
        (self.folder / "daemon.json").write_text(json.dumps(configuration))

    def __enter__(self) -> "SecondEngine":
        with open(self.folder / "engine.log", "wb") as log:
            self.process = subprocess.Popen(
                [
                    # An engine without a bridge removes docker0, the host engine's.
                    "unshare", "--net", "dockerd", "--host", self.host, "--config-file", self.folder / "daemon.json",
                    "--data-root", self.folder / "data", "--exec-root", self.folder / "exec",
                    "--pidfile", self.folder / "pid", "--bridge=none", "--iptables=false", "--ip-forward=false",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            wait_until(self._answers, "an engine that answers")
            self._take_image()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)
        # As large as the image.
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "engine.log").read_text()
        return subprocess.run(["docker", "--host", self.host, "version"], capture_output=True).returncode == 0

    def _take_image(self):
        with subprocess.Popen(["docker", "save", IMAGE], stdout=subprocess.PIPE) as saved:
            subprocess.run(
                ["docker", "--host", self.host, "load", "--quiet"],
                stdin=saved.stdout, stdout=subprocess.DEVNULL, check=True,
            )  # fmt: skip
