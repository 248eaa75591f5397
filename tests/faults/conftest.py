import pytest

from harness.scripts import DOCUMENTED
from harness.server import both_backends


def pytest_generate_tests(metafunc):
    both_backends(metafunc)


@pytest.fixture
def survives(server):
    """After the test: no container is left, and the server runs the next script."""
    yield
    server.wait_for_no_containers()
    with server.connect() as session:
        assert session.run(DOCUMENTED).value == 1
    server.wait_for_no_containers()
