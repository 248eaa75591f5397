"""Many looks from inside one worker: a container is dear, a look is not."""

import json

from .attack import Attack
from .scripts import script
from .server import Server

# What every snippet finds defined.
PRELUDE = """
import ctypes, errno, json, socket

libc = ctypes.CDLL(None, use_errno=True)

def syscall(number, *arguments):
    "A system call by its number: the name of its error, or 'allowed'."
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))
    return errno.errorcode[ctypes.get_errno()] if result == -1 else "allowed"

def attempt(action, *arguments):
    "An action of Python's: the name of its error, or 'allowed'."
    try:
        action(*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "allowed"
"""

# Each snippet in a namespace of its own; one that raises has no answer but its error.
RUN = """
answers = []
for snippet in SNIPPETS:
    namespace = dict(globals())
    try:
        exec(snippet, namespace)
        answers.append(namespace["answer"])
    except Exception as error:
        answers.append({"raised": repr(error)})
print("answers=" + json.dumps(answers))
"""


class Probes:
    """Snippets that run one after the other in a single worker; each assigns `answer`."""

    def __init__(self):
        self.snippets: list[str] = []
        # Those of each server, and what was noted when it was asked.
        self._found: dict[Server, tuple[list, list[str]]] = {}

    def add(self, snippet: str) -> int:
        """Adds a snippet; its answer is at the returned place of what `run` returns."""
        self.snippets.append(snippet)
        return len(self.snippets) - 1

    def answers(self, attack: Attack, server: Server) -> list:
        """The answers of all snippets, in order. A server is asked once."""
        if server not in self._found:
            noted: list[str] = []
            self._found[server] = (self._run(Attack(noted.append), server), noted)
        found, noted = self._found[server]
        for note in noted:
            attack.note(note)
        return found

    def _run(self, attack: Attack, server: Server) -> list:
        text = PRELUDE + f"SNIPPETS = {self.snippets!r}\n" + RUN
        printed = attack(server, script(text), "succeeded").printed()
        return json.loads(printed.rpartition("answers=")[2].replace("\n", ""))
