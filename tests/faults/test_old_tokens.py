"""A worker's token: whoever has it is let in once, at its own socket, and nowhere else."""

import itertools
import json
import os
import socket
import struct
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from harness.attack import Requests
from harness.docker import wait_until
from harness.scripts import DOCUMENTED, script
from harness.server import Server

WAITS = script("import time\ntime.sleep(3600)")
HELLO = 0x01
REFUSED, TURNED_AWAY = "refused", "turned away"


def dial(path: Path, token: str, uid: int) -> str:
    """Says HELLO with a token as a worker's supervisor does, from a process of that uid; how that
    ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # The interpreter's own files may be root's alone: nothing is loaded any more.
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.write(writing, hello(path, token).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading) as said:
        answer = said.read()
    os.waitpid(child, 0)
    return answer


def hello(path: Path, token: str) -> str:
    message = json.dumps({"version": 1, "token": token, "role": "data"}).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        try:
            connection.connect(str(path))
            connection.sendall(struct.pack("<IB", len(message), HELLO) + message)
            return TURNED_AWAY if connection.recv(1) == b"" else "let in"
        except ConnectionRefusedError:
            return REFUSED
        except (ConnectionResetError, BrokenPipeError):
            return TURNED_AWAY


class Door(NamedTuple):
    """A worker's socket, by a path that is its worker's uid's to open, and what opens it."""

    socket: Path
    token: str
    uid: int


class Lookout:
    """Sees workers' sockets and tokens while these are there: from a worker's making until both
    of its connections stand."""

    def __init__(self, server: Server, folder: Path):
        self._workers = Path("/run/launchpod", server.instance.replace("-", "")[:8])
        # Links to sockets, which go on when the sockets' own names are gone.
        self._links = folder
        self._numbers = itertools.count()

    def sees_nothing(self) -> bool:
        """Whether no worker is expected to connect."""
        return not list(self._workers.glob("*/token"))

    def next(self) -> Door:
        """The next worker's; its call runs already, on another thread."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            # No pause: they are there for some tenths of a second.
            for token in self._workers.glob("*/token"):
                link = self._links / str(next(self._numbers))
                try:
                    uid = token.stat().st_uid
                    if uid == 0:
                        # Not handed over yet.
                        continue
                    os.link(token.with_name("controller.sock"), link)
                    return Door(link, token.read_text(), uid)
                except FileNotFoundError:
                    # Gone meanwhile.
                    continue
        raise AssertionError("no worker's token was to be seen")


@pytest.mark.threat(30)
def test_a_token_that_was_said_is_of_no_use(attack, server):
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        Path(folder).chmod(0o755)
        lookout = Lookout(server, Path(folder))
        requests = Requests(server, WAITS)
        waiting = server.in_background(WAITS)
        used = lookout.next()
        worker = server.wait_for_script()
        wait_until(lookout.sees_nothing, "the worker's connections stand")

        # At its own socket: nobody listens there any more.
        assert dial(*used) == REFUSED

        # At another worker's, as that worker's uid: late ones find nobody there, either.
        for _ in range(20):
            call = server.in_background(DOCUMENTED)
            other = lookout.next()
            said = dial(other.socket, used.token, other.uid)
            assert call.result(timeout=120).value == 1
            if said == TURNED_AWAY:
                break
            assert said == REFUSED
        assert said == TURNED_AWAY
        assert "turned a connection to a worker's socket away" in server.log_text()

        server.kill_worker(worker)
        outcome = waiting.result(timeout=120)
    server.wait_for_nothing_left()
    attack.check(*requests.ended(), "runtime lost", outcome)
