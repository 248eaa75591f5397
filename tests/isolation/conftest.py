import pytest

from harness import loopback
from harness.server import Server, both_backends


def pytest_generate_tests(metafunc):
    both_backends(metafunc)


@pytest.fixture(scope="module")
def small_server(module_server):
    """A server whose limits are soon hit."""
    return module_server(
        LAUNCHPOD_WORKER_MEMORY="256",
        LAUNCHPOD_WORKER_PROCESSES="64",
        LAUNCHPOD_SCRIPT_TIMEOUT="20",
        LAUNCHPOD_SCRATCH_FILES="1000",
        LAUNCHPOD_MESSAGE_SIZE="1",
        LAUNCHPOD_RESULT_SIZE="16",
        LAUNCHPOD_RESULT_ROWS="100000",
    )


@pytest.fixture(scope="module")
def module_server(tmp_path_factory, sandbox):
    """Starts servers for a module: `module_server(**environment)`."""
    made = []

    def make(**environment) -> Server:
        server = Server(tmp_path_factory.mktemp("server"), LAUNCHPOD_SANDBOX=sandbox, **environment)
        made.append(server)
        return server.start().enable_external_scripts()

    yield make
    for server in made:
        assert server.containers() == []
        server.clean_up()


@pytest.fixture(scope="module")
def lab(server):
    """A server with a database for connections of scripts."""
    yield from loopback.lab(server)


@pytest.fixture
def mary(lab):
    """A session of hers, who may read one table there."""
    with lab.connect(user="mary_lab", password=loopback.SECRET) as session:
        yield session


@pytest.fixture
def sa_in_lab(lab):
    """The administrator's session there."""
    with lab.connect(database="lab") as session:
        yield session
        session.run("IF @@TRANCOUNT > 0 ROLLBACK; DELETE seen WHERE x <> 1").check()
