"""Ways to a server that can be cut, as if the server had crashed."""

import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from pathlib import Path

ENGINE = "/var/run/docker.sock"


class Cable(ABC):
    """A socket that leads to another."""

    def __init__(self):
        self._open: set[socket.socket] = set()
        self.mend()

    @abstractmethod
    def _listen(self) -> socket.socket:
        """The near end."""

    @abstractmethod
    def _reach(self) -> socket.socket:
        """A connection to the far end."""

    def mend(self):
        """Lets through again."""
        self._listener = self._listen()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self):
        """Breaks every connection; nobody answers any more."""
        for one in (self._listener, *self._open):
            # accept and recv on another thread end by this, not by close.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket):
        with contextlib.suppress(OSError), listener:
            while True:
                near, _ = listener.accept()
                far = self._reach()
                self._open |= {near, far}
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket):
        with contextlib.suppress(OSError):
            while part := one.recv(1 << 16):
                other.sendall(part)
        # A server may go on answering one that has said all.
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)


class EngineCable(Cable):
    """A Unix socket that leads to the engine's."""

    def __init__(self, path: Path):
        self._path = path
        super().__init__()

    @property
    def host(self) -> str:
        """What DOCKER_HOST is to be."""
        return f"unix://{self._path}"

    def cut(self):
        self._path.unlink(missing_ok=True)
        super().cut()

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._path))
        listener.listen()
        return listener

    def _reach(self) -> socket.socket:
        far = socket.socket(socket.AF_UNIX)
        far.connect(ENGINE)
        return far


class TcpCable(Cable):
    """A port of this machine that leads to an address."""

    host = "127.0.0.1"

    def __init__(self, address: tuple[str, int]):
        self._address = address
        # The same one after it was mended.
        self.port = 0
        super().__init__()

    def _listen(self) -> socket.socket:
        listener = socket.create_server((self.host, self.port))
        self.port = listener.getsockname()[1]
        return listener

    def _reach(self) -> socket.socket:
        return socket.create_connection(self._address)
