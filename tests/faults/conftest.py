import pytest

from harness.scripts import DOCUMENTED
from harness.server import DOCKER, shared


@pytest.fixture(scope="session")
def sandbox(request):
    """How workers are made: as a test's module says, else containers."""
    return getattr(request, "param", DOCKER)


@pytest.fixture(scope="session")
def server(sandbox, tmp_path_factory):
    yield from shared(tmp_path_factory.mktemp("server"), LAUNCHPOD_SANDBOX=sandbox)


@pytest.fixture
def survives(server):
    """After the test: no container is left, and the server runs the next script."""
    yield
    server.wait_for_no_containers()
    with server.connect() as session:
        assert session.run(DOCUMENTED).value == 1
    server.wait_for_no_containers()
