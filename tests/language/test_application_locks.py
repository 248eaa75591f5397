"""sp_getapplock between sessions: who waits, and who stops waiting."""

import threading

import pytest

GET = "DECLARE @r int; EXEC @r = sp_getapplock 'a lock', 'Exclusive', 'Session'; SELECT @r AS r"
RELEASE = "DECLARE @r int; EXEC @r = sp_releaseapplock 'a lock', 'Session'; SELECT @r AS r"
WAITS = "SELECT APPLOCK_TEST('public', 'a lock', 'Exclusive', 'Session') AS free"


@pytest.fixture
def other(server):
    with server.connect() as session:
        yield session


def test_who_waits_gets_the_lock(sql, other):
    assert sql.run(GET).value == 0
    got = []
    waiting = threading.Thread(target=lambda: got.append(other.run(GET).value))
    waiting.start()
    assert sql.run(RELEASE).value == 0
    waiting.join(60)
    # It had to wait, unless it came after the release.
    assert got in ([0], [1])
    assert other.run(RELEASE).value == 0


def test_waiting_can_be_cancelled(sql, other):
    assert sql.run(GET).value == 0
    other.begin(GET).cancel()
    assert sql.run(RELEASE).value == 0
    # Who was cancelled has nothing.
    assert sql.run(WAITS).value == 1


def test_a_call_from_outside_gets_the_status(sql, other):
    outcome = sql.call("sp_getapplock", Resource="a lock", LockMode="Exclusive", LockOwner="Session").check()
    assert outcome.return_status == 0
    outcome = other.call("sp_releaseapplock", Resource="a lock", LockOwner="Session")
    assert (outcome.numbers, outcome.return_status) == ([1223], -999)
    assert sql.call("sp_releaseapplock", Resource="a lock", LockOwner="Session").check().return_status == 0
