"""Servers and sessions for every folder of tests."""

import itertools
import signal

import pytest

from harness import threats
from harness.attack import Attack
from harness.behind import Front
from harness.server import FAST, Server, shared


def pytest_addoption(parser):
    parser.addoption("--behind", action="store_true", help="run the shared server with a SQL Server behind it")


def pytest_configure(config):
    config.addinivalue_line("markers", "threat(*numbers): which threats of harness/threats.py the test proves")
    config.pluginmanager.register(threats.Table())
    # A shell's background job ignores SIGINT, and so would the clients that are cancelled by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def server(request, tmp_path_factory, sandbox):
    """One server for every test that doesn't harm it, with external scripts on."""
    kind = Front if request.config.getoption("--behind") else Server
    yield from shared(tmp_path_factory.mktemp("server"), kind, LAUNCHPOD_SANDBOX=sandbox)


@pytest.fixture(scope="session")
def front(tmp_path_factory, sandbox):
    """A server with a SQL Server behind it, for every test that doesn't harm it."""
    yield from shared(tmp_path_factory.mktemp("front"), Front, LAUNCHPOD_SANDBOX=sandbox)


@pytest.fixture(autouse=True)
def no_worker_left(request):
    """The next test on a shared server finds none of this one's workers, whatever this one did."""
    names = {"server", "front"} & set(request.fixturenames)
    servers = [request.getfixturevalue(name) for name in names]
    for server in servers if "sandbox" in request.fixturenames else []:
        assert server.is_fast == (request.getfixturevalue("sandbox") == FAST), "a server of another sandbox"
    yield
    for server in servers:
        try:
            server.wait_for_no_containers()
        except AssertionError:
            server.kill_workers()
            raise


@pytest.fixture
def sql(server):
    """A session on the shared server."""
    with server.connect() as session:
        yield session


@pytest.fixture(scope="session")
def sandbox(request):
    """How servers make workers; a test, module or folder may say otherwise, and say several."""
    return getattr(request, "param", FAST)


@pytest.fixture
def attack(record_property):
    """Runs hostile batches: `attack(server, batch, ended)`."""
    return Attack(lambda noted: record_property(threats.NOTED, noted))


@pytest.fixture
def make_server(tmp_path, sandbox):
    """Starts servers of the test's own: `make_server(*flags, **environment)`."""
    made = []
    numbers = itertools.count()

    def make(*arguments, enable: bool = True, **environment) -> Server:
        folder = tmp_path / f"server-{next(numbers)}"
        folder.mkdir()
        server = Server(folder, *arguments, **{"LAUNCHPOD_SANDBOX": sandbox, **environment})
        made.append(server)
        server.start()
        if enable:
            server.enable_external_scripts()
        return server

    yield make
    for server in made:
        server.clean_up()
