"""A driver's pool: whoever takes a connection from it has the next request reset the session."""

import contextlib
import socket
import struct
import threading

# The packet types of a batch and a call, and RESETCONNECTION, [MS-TDS] 2.2.3.1.1 and 2.2.3.1.2.
REQUESTS, RESET = (1, 3), 8
HEADER = struct.Struct(">BBH4x")


class Pool:
    """Stands between clients and a server. No driver at hand sets the flag by itself."""

    host = "127.0.0.1"

    def __init__(self, server):
        self.server, self.user, self.password = server, server.user, server.password
        self.listener = socket.create_server((self.host, 0))
        self.port = self.listener.getsockname()[1]
        # Whether the next request resets.
        self.resets = False

    def __enter__(self) -> "Pool":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        # Wakes accept(), which closing alone doesn't.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection((self.server.host, self.server.port))
                threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answers, args=(server, client), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket):
        with contextlib.suppress(OSError), server, client.makefile("rb") as stream:
            while header := stream.read(HEADER.size):
                kind, status, length = HEADER.unpack(header)
                if self.resets and kind in REQUESTS:
                    self.resets = False
                    header = bytes([kind, status | RESET]) + header[2:]
                server.sendall(header + stream.read(length - HEADER.size))

    def _answers(self, server: socket.socket, client: socket.socket):
        with contextlib.suppress(OSError), client:
            while piece := server.recv(1 << 16):
                client.sendall(piece)
