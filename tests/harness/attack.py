"""Hostile batches, and what is looked at after each: the history's row, others' calls, what is left."""

import hashlib
import re
from collections.abc import Callable, Collection
from typing import NamedTuple
from uuid import UUID

from .docker import wait_until
from .scripts import DOCUMENTED
from .server import Server
from .tds import Outcome

ENDED = """
SELECT external_script_request_id, outcome, error_number FROM sys.dm_external_script_request_history WHERE script_hash = '{}' ORDER BY start_time
"""
REQUEST = re.compile(r"request id(?: is|:) ([0-9A-Fa-f-]{36})")
SCRIPT = re.compile(r"@script = N'((?:[^']|'')*)'")


class Ended(NamedTuple):
    """How a request ended, as the history has it."""

    request: UUID
    outcome: str
    error: int | None


class Requests:
    """The requests of a batch's script that end from now on."""

    def __init__(self, server: Server, batch: str):
        (text,) = SCRIPT.findall(batch)
        self._server = server
        self._query = ENDED.format(hashlib.sha256(text.replace("''", "'").encode()).hexdigest())
        self._known = len(self._all())

    def _all(self) -> list[Ended]:
        with self._server.connect() as session:
            return [Ended(*row) for row in session.run(self._query).rows]

    def ended(self, count: int = 1) -> list[Ended]:
        """So many, and no more; they are written a moment after their ends."""
        found = wait_until(lambda: (new := self._all()[self._known :])[count - 1 :] and new, f"{count} rows of history")
        assert len(found) == count, found
        return found


class Attack:
    """Runs hostile batches; what was seen of each is noted."""

    def __init__(self, note: Callable[[str], None]):
        self.note = note

    def __call__(self, server: Server, batch: str, ended: str | Collection[str], *, beside: str = DOCUMENTED) -> Outcome:
        """What a batch with one script comes to.

        The history has it as `ended`, with the error that the caller sees. Another client's call
        of the same time goes well, and nothing is left of either.
        """
        requests = Requests(server, batch)
        hostile = server.in_background(batch)
        bystander = server.in_background(beside)
        outcome = hostile.result(timeout=240)
        assert bystander.result(timeout=240).value == 1
        server.wait_for_nothing_left()
        (row,) = requests.ended()
        self.check(row, ended, outcome)
        return outcome

    def check(self, row: Ended, ended: str | Collection[str], outcome: Outcome):
        """Compares what the history and the caller were told."""
        assert row.outcome in ({ended} if isinstance(ended, str) else ended), (row, outcome.errors)
        assert row.error == (outcome.numbers[0] if outcome.numbers else None), (row, outcome.errors)
        for request in REQUEST.findall("".join(error.text for error in outcome.errors)):
            assert UUID(request) == row.request
        self.note(row.outcome if row.error is None else f"{row.error} {row.outcome}")
