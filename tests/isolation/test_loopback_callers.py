"""The way back of a script is its caller's, whether the data is here or at a SQL Server behind."""

import pytest

from harness import loopback
from harness.loopback import answers
from harness.scripts import script
from harness.server import PASSWORD


@pytest.fixture(scope="module", params=["server", "front"])
def lab(request, server, front):
    yield from loopback.lab(server if request.param == "server" else front)


def test_a_script_is_its_caller(mary):
    said = answers(mary, """
print(ask("SELECT SUSER_SNAME(), USER_NAME(), ORIGINAL_LOGIN(), DB_NAME()"))
print(ask("SELECT x FROM seen"), ask("SELECT x FROM secret"), ask("DELETE seen"))
print(ask("SELECT SUSER_SNAME(), DB_NAME()", open_connection("tempdb")))
for database in ("closed", "nowhere"):
    try:
        print(open_connection(database))
    except pymssql.OperationalError as error:
        print(18456 in [error.args[0], *(error.args[0] if isinstance(error.args[0], tuple) else ())])
""")  # fmt: skip
    assert said == ["('mary_lab', 'mary', 'mary_lab', 'lab')", "(1,) 229 229", "('mary_lab', 'tempdb')", "True", "True"]


def test_a_login_with_another_name_is_still_the_caller(mary):
    said = answers(mary, f"""
connection = pymssql.connect("127.0.0.1", "sa", {PASSWORD!r}, autocommit=True)
print(ask("SELECT SUSER_SNAME()", connection), ask("SELECT x FROM secret", connection))
""")  # fmt: skip
    assert said == ["('mary_lab',) 229"]


def test_a_script_is_in_its_callers_database(sa_in_lab):
    sa_in_lab.run("USE tempdb").check()
    assert answers(sa_in_lab, "print(ask('SELECT DB_NAME()'))") == ["('tempdb',)"]
    sa_in_lab.run("USE lab").check()


def test_a_script_within_a_script(sa_in_lab):
    inner = script("OutputDataSet = pandas.DataFrame({'n': [6 * 7]})", clause="WITH RESULT SETS ((n int))")
    assert answers(sa_in_lab, f"print(ask({inner!r}))") == ["(42,)"]
