"""Transactions when others are there too, and when the server dies in the middle of one."""

import pytest

from harness.docker import wait_until
from harness.server import ONE_BACKEND

pytestmark = ONE_BACKEND

IDLE = 100


@pytest.fixture
def table(sql):
    sql.run("CREATE TABLE kept (id int PRIMARY KEY, a int); INSERT kept VALUES (1, 0)").check()
    yield sql
    sql.run("IF @@TRANCOUNT > 0 ROLLBACK; DROP TABLE kept").check()


def test_idle_transactions_block_nobody(server, table):
    sessions = [server.connect() for _ in range(IDLE)]
    try:
        for session in sessions:
            session.run("BEGIN TRAN").check()
        assert sessions[0].run("SELECT a FROM kept").value == 0
        table.run("UPDATE kept SET a = 1").check()
        # The others read what was committed, in transactions that began before it.
        assert {session.run("SELECT a FROM kept").value for session in sessions} == {1}
        assert sessions[-1].run("UPDATE kept SET a = 2; COMMIT").check().counts == [1]
    finally:
        for session in sessions:
            session.close()


def test_who_reads_before_writing_never_fails_for_being_second(server, table):
    batch = """
DECLARE @n int = 0, @seen int
WHILE @n < 10
BEGIN
    BEGIN TRAN
    SELECT @seen = a FROM kept WHERE id = 1
    UPDATE kept SET a = a + 1 WHERE id = 1
    COMMIT
    SET @n += 1
END
"""
    running = [server.in_background(batch) for _ in range(5)]
    for writer in running:
        writer.result(timeout=120).check()
    assert table.run("SELECT a FROM kept").value == 50


def test_a_procedure_reads_the_table_that_it_fills(table):
    table.run("CREATE PROCEDURE next_rows AS SELECT id + (SELECT MAX(id) FROM kept), a FROM kept").check()
    try:
        for expected in (2, 4, 8, 16):
            table.run("INSERT INTO kept EXEC next_rows").check()
            assert table.run("SELECT COUNT(*) FROM kept").value == expected
    finally:
        table.run("DROP PROCEDURE next_rows").check()


def test_a_writer_waits_no_longer_than_its_lock_timeout(server, table):
    with server.connect() as other:
        table.run("BEGIN TRAN; UPDATE kept SET a = 5").check()
        outcome = other.run("SET LOCK_TIMEOUT 100; UPDATE kept SET a = 6")
        assert [(error.number, error.text) for error in outcome.errors] == [
            (1222, "Lock request time out period exceeded.")
        ]
        waiting = server.in_background("UPDATE kept SET a = a + 1")
        table.run("COMMIT").check()
        waiting.result(timeout=60).check()
    assert table.run("SELECT a FROM kept").value == 6


def test_sigkill_loses_only_the_open_transaction(make_server):
    server = make_server(enable=False)
    with server.connect() as session:
        session.run("CREATE TABLE kept (id int IDENTITY PRIMARY KEY, a nvarchar(20))").check()
        session.run("INSERT kept VALUES (N'alone')").check()
        session.run("BEGIN TRAN; INSERT kept VALUES (N'committed'), (N'too'); COMMIT").check()
        session.run("BEGIN TRAN; INSERT kept VALUES (N'lost'); DELETE kept WHERE a = N'alone'").check()
        # Another commits nothing more before the end: the writer's lock is held.
        server.kill()
    server.start()
    with server.connect() as session:
        assert session.run("SELECT a FROM kept ORDER BY id").rows == [("alone",), ("committed",), ("too",)]
        session.run("INSERT kept VALUES (N'after')").check()


def test_sigkill_while_rows_are_written(make_server):
    server = make_server(enable=False)
    with server.connect() as session:
        session.run("CREATE TABLE kept (a int)").check()
    loop = "DECLARE @n int = 0; WHILE 1 = 1 BEGIN BEGIN TRAN INSERT kept VALUES (@n) INSERT kept VALUES (@n) COMMIT SET @n += 1 END"
    running = server.in_background(loop)

    def has_rows() -> bool:
        with server.connect() as session:
            return session.run("SELECT COUNT(*) FROM kept").value > 20

    wait_until(has_rows, "some committed rows")
    server.kill()
    with pytest.raises(Exception):
        running.result(timeout=60)
    server.start()
    with server.connect() as session:
        count, distinct, last = session.run("SELECT COUNT(*), COUNT(DISTINCT a), MAX(a) FROM kept").rows[0]
        # Every transaction is there whole, and none is missing before the last.
        assert (count, distinct) == (2 * (last + 1), last + 1)
