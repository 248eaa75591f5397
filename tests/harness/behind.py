"""A Launchpod with a SQL Server behind, for which a second Launchpod stands in."""

from pathlib import Path

from .server import Server


# Any certificate of the server behind is taken.
TRUST = ("--database-trust-server-certificate",)


class Front(Server):
    """Passes clients on to a server of its own, whose external scripts are off: those that run
    are the front's. `reach`: the flags that say how the server behind is reached."""

    def __init__(self, folder: Path, *arguments: str, reach: tuple[str, ...] = TRUST, behind_environment: dict | None = None, **environment):
        back = folder / "behind"
        back.mkdir()
        self.behind = Server(back, **(behind_environment or {}))
        # The address of another server that is behind; then its own isn't started.
        self.behind_address: str | None = None
        self.reach = reach
        super().__init__(folder, *arguments, **environment)

    def start(self) -> "Front":
        if self.behind.process is None and self.behind_address is None:
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
        return front or (self.behind.stop() if self.behind.process else 0)

    def clean_up(self):
        super().clean_up()
        self.behind.clean_up()
