import pytest

from harness.scripts import DOCUMENTED
from harness.server import DOCKER, FAST


@pytest.fixture(scope="session", params=[DOCKER, FAST])
def sandbox(request):
    """Every test runs with both backends, unless it says otherwise."""
    return request.param


@pytest.fixture
def survives(server):
    """After the test: no container is left, and the server runs the next script."""
    yield
    server.wait_for_no_containers()
    with server.connect() as session:
        assert session.run(DOCUMENTED).value == 1
    server.wait_for_no_containers()
