"""Servers and sessions for every folder of tests."""

import itertools

import pytest

from harness import threats
from harness.server import Server


def pytest_configure(config):
    config.addinivalue_line("markers", "threat(*numbers): which threats of harness/threats.py the test proves")
    config.pluginmanager.register(threats.Table())


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for every test that doesn't harm it, with external scripts on."""
    server = Server(tmp_path_factory.mktemp("server"))
    try:
        server.start().enable_external_scripts()
        yield server
        assert server.stop() == 0, server.log_text()
        assert server.containers() == []
    finally:
        server.clean_up()


@pytest.fixture
def sql(server):
    """A session on the shared server."""
    with server.connect() as session:
        yield session
    server.wait_for_no_containers()


@pytest.fixture
def make_server(tmp_path):
    """Starts servers of the test's own: `make_server(*flags, **environment)`."""
    made = []
    numbers = itertools.count()

    def make(*arguments, enable: bool = True, **environment) -> Server:
        folder = tmp_path / f"server-{next(numbers)}"
        folder.mkdir()
        server = Server(folder, *arguments, **environment)
        made.append(server)
        server.start()
        if enable:
            server.enable_external_scripts()
        return server

    yield make
    for server in made:
        server.clean_up()
