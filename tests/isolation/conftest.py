import pytest

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
