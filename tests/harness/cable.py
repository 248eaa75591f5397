"""The engine's socket by way of one that can be cut, as if the engine had crashed."""

import contextlib
import socket
import threading
from pathlib import Path

ENGINE = "/var/run/docker.sock"


class Cable:
    """A Unix socket that leads to the engine's."""

    def __init__(self, path: Path):
        self._path = path
        self._open: set[socket.socket] = set()
        self.mend()

    @property
    def host(self) -> str:
        """What DOCKER_HOST is to be."""
        return f"unix://{self._path}"

    def mend(self):
        """Lets through again."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._listener.listen()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self):
        """Breaks every connection; nobody answers any more."""
        self._path.unlink(missing_ok=True)
        for one in (self._listener, *self._open):
            # accept and recv on another thread end by this, not by close.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket):
        with contextlib.suppress(OSError), listener:
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(ENGINE)
                self._open |= {near, far}
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket):
        with contextlib.suppress(OSError):
            while part := one.recv(1 << 16):
                other.sendall(part)
        # An engine may go on answering one that has said all.
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)
