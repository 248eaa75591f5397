"""External scripts are off until somebody turns them on."""

from harness.scripts import DOCUMENTED
from harness.server import Server

DISABLED = (
    "'sp_execute_external_script' is disabled on this instance of SQL Server. "
    "Use sp_configure 'external scripts enabled' to enable it."
)


def test_39023_until_it_is_configured_and_again_after(tmp_path):
    server = Server(tmp_path)
    try:
        server.start()
        with server.connect() as session:
            outcome = session.run(DOCUMENTED)
            assert outcome.numbers[0] == 39023
            assert outcome.errors[0].text == DISABLED

            session.run("EXEC sp_configure 'external scripts enabled', 1").check()
            assert session.run(DOCUMENTED).numbers[0] == 39023, "not before RECONFIGURE"
            session.run("RECONFIGURE WITH OVERRIDE").check()
            assert session.run(DOCUMENTED).value == 1

        assert server.stop() == 0
        server.start()
        with server.connect() as session:
            assert session.run(DOCUMENTED).value == 1, "the option outlives the server"
            session.run("sp_configure 'external scripts enabled', 0; RECONFIGURE").check()
            assert session.run(DOCUMENTED).numbers[0] == 39023
    finally:
        server.clean_up()


def test_sp_configure_shows_the_option(sql):
    only = sql.run("EXEC sp_configure 'external scripts enabled'").only
    assert only.names == ["name", "minimum", "maximum", "config_value", "run_value"]
    assert only.rows == [("external scripts enabled", 0, 1, 1, 1)]


def test_an_option_that_does_not_exist(sql):
    assert sql.run("EXEC sp_configure 'no such option', 1").numbers == [15123]


def test_sys_configurations_follows_sp_configure(sql):
    query = "SELECT value, value_in_use FROM sys.configurations WHERE name = 'show advanced options'"
    seen = [sql.run(query).only.rows]
    for change in ["EXEC sp_configure 'show advanced options', 1", "RECONFIGURE"]:
        sql.run(change).check()
        seen.append(sql.run(query).only.rows)
    sql.run("EXEC sp_configure 'show advanced options', 0; RECONFIGURE").check()
    assert seen == [[(0, 0)], [(1, 0)], [(1, 1)]]
