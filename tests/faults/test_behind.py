"""The SQL Server behind is away, or goes away."""

import pymssql
import pytest

from harness.behind import Front
from harness.docker import wait_until
from harness.scripts import DOCUMENTED, ENDLESS


@pytest.fixture
def front(tmp_path):
    server = Front(tmp_path)
    yield server
    server.clean_up()


def test_away_at_start_and_there_later(front):
    front.behind.start()
    address = front.behind.port
    front.behind.kill()
    front.start()
    # Other drivers take 40613 for an error that passes, and try again until they are tired.
    with pytest.raises(pymssql.OperationalError, match="40613.*not currently available"):
        pymssql.connect(front.host, front.user, front.password, port=str(front.port))
    wait_until(lambda: "isn't there" in front.log_text(), "a word in the log")
    front.behind.listen = address
    front.behind.start()
    with front.connect() as session:
        assert session.run(DOCUMENTED).value == 1


def test_lost_while_a_script_runs(front):
    front.start()
    running = front.in_background(f"{ENDLESS} SELECT 1 AS never")
    front.wait_for_script()
    front.behind.kill()
    with front_closed():
        running.result(timeout=120).check()
    front.wait_for_no_containers()


def test_lost_between_requests(front):
    front.start()
    with front.connect() as session:
        assert session.run("SELECT 1 AS a").value == 1
        front.behind.kill()
        with front_closed():
            session.run("SELECT 1 AS a").check()


def test_sigterm_with_idle_and_busy_clients(front):
    front.start()
    with front.connect() as session:
        session.run("SELECT 1 AS a").check()
        assert super(Front, front).stop() == 0, front.log_text()


def front_closed():
    """The client sees an error, or its connection end."""
    return pytest.raises(Exception)
