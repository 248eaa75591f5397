"""What a server that is not ours has answered, byte for byte."""

import json
from pathlib import Path

from .tds_server import BATCH, batch_text, error


class Recording:
    """The answers of a file: a line of JSON that says where they come from, then one for each request, in
    their order, with its text and the tokens in hexadecimal."""

    def __init__(self, file: Path):
        self.origin, *exchanges = map(json.loads, file.read_text().splitlines())
        self.login = bytes.fromhex(self.origin["login"])
        self.exchanges = exchanges
        self.next = 0

    def answer(self, kind: int, payload: bytes) -> bytes:
        """The next answer that was recorded to such a request."""
        for place, exchange in enumerate(self.exchanges[self.next :], self.next):
            asked = exchange["asked"]
            # The text of a call is its first argument, behind what the driver is free in.
            if batch_text(payload) == asked if kind == BATCH else asked.encode("utf-16-le") in payload:
                self.next = place + 1
                return bytes.fromhex(exchange["answer"])
        return error(50000, "The recording has no answer to this.")
