"""A Launchpod with a SQL Server behind, for which a second Launchpod stands in, or a server that is given."""

import os
from pathlib import Path

from .cable import TcpCable
from .server import PASSWORD, Server
from .tds import Session

# Any certificate of the server behind is taken.
TRUST = ("--database-trust-server-certificate",)
# Where a server stands that the tests are to use: `host,port`, and who its administrator is.
ADDRESS = os.environ.get("LAUNCHPOD_TEST_BEHIND")
USER = os.environ.get("LAUNCHPOD_TEST_BEHIND_USER", Server.user)
GIVEN_PASSWORD = os.environ.get("LAUNCHPOD_TEST_BEHIND_PASSWORD", PASSWORD)


class Given:
    """The server that is given. Nobody here can end it: what leads to it is cut instead."""

    user = USER
    password = GIVEN_PASSWORD
    host = TcpCable.host

    def __init__(self, address: str):
        host, _, port = address.rpartition(",")
        self.address = host, int(port)
        self.cable: TcpCable | None = None

    @property
    def was_started(self) -> bool:
        return self.cable is not None

    @property
    def port(self) -> int:
        return self.cable.port

    def start(self) -> "Given":
        if self.cable is None:
            self.cable = TcpCable(self.address)
        else:
            self.cable.mend()
        return self

    def kill(self):
        self.cable.cut()

    def stop(self) -> int:
        self.kill()
        return 0

    def clean_up(self):
        if self.cable is not None:
            self.cable.cut()

    def connect(self, **options) -> Session:
        """A new session as the administrator."""
        return Session(self, **options)


class Front(Server):
    """Passes clients on to a server of its own, whose external scripts are off: those that run
    are the front's. `reach`: the flags that say how the server behind is reached."""

    def __init__(self, folder: Path, *arguments: str, reach: tuple[str, ...] = TRUST, behind_environment: dict | None = None, **environment):
        if ADDRESS:
            self.behind = Given(ADDRESS)
        else:
            back = folder / "behind"
            back.mkdir()
            self.behind = Server(back, **(behind_environment or {}))
        self.user, self.password = self.behind.user, self.behind.password
        # The address of another server that is behind; then its own isn't started.
        self.behind_address: str | None = None
        self.reach = reach
        super().__init__(folder, *arguments, **environment)

    def start(self) -> "Front":
        if not self.behind.was_started and self.behind_address is None:
            self.behind.start()
        address = self.behind_address or f"{self.behind.host},{self.behind.port}"
        given = self.arguments
        self.arguments = ("--database-kind", "sqlserver", "--database-server", address, *self.reach, *given)
        try:
            super().start()
        finally:
            self.arguments = given
        return self

    def enable_external_scripts(self) -> "Front":
        """They are on: the front's setting says so."""
        return self

    def stop(self) -> int:
        front = super().stop()
        return front or (self.behind.stop() if self.behind.was_started else 0)

    def clean_up(self):
        super().clean_up()
        self.behind.clean_up()
