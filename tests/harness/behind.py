"""A Launchpod with a SQL Server behind, for which a second Launchpod stands in."""

from pathlib import Path

from .server import Server


class Front(Server):
    """Passes clients on to a server of its own, whose external scripts are off: those that run
    are the front's."""

    def __init__(self, folder: Path, *arguments: str, behind_environment: dict | None = None, **environment):
        back = folder / "behind"
        back.mkdir()
        self.behind = Server(back, **(behind_environment or {}))
        super().__init__(folder, *arguments, **environment)

    def start(self) -> "Front":
        if self.behind.process is None:
            self.behind.start()
        server = ["--database-kind", "sqlserver", "--database-server", f"{self.behind.host},{self.behind.port}"]
        trust = ["--database-trust-server-certificate"]
        given = self.arguments
        self.arguments = (*server, *trust, *given)
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
        return front or self.behind.stop()

    def clean_up(self):
        super().clean_up()
        self.behind.clean_up()
